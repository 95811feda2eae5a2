//! Everything that may go wrong, and what the status has to say of it.

use std::time::Duration;

use serde_json::{Value, json};
use testbed::proxy::{Announced, Answer, Fault, Loop, RetryAfter, Total};

use crate::bed::{PAGE_SIZE, Packing};
use crate::catalog::{COMPONENTS, ENTITIES, TEAMS};

/// One thing that goes wrong.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) when: When,
    pub(crate) fault: Fault,
    pub(crate) packing: Packing,
    pub(crate) outcome: Outcome,
}

/// Which answers are broken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// All of them.
    Always,
    /// That page of each crawl.
    Page(usize),
    /// That page, so many times.
    Times(usize, usize),
}

/// What has to come of it.
pub(crate) enum Outcome {
    /// The read failed, or a part of it.
    Fails(Failing),
    /// It would remove so many entities, and is held back.
    Held(usize),
    /// Nothing is wrong: the read is the truth.
    Passes,
    /// So many entities at most say something else, as far as anybody can tell; of the others nothing changes.
    Says(usize),
}

/// What the status says of a failure.
pub(crate) struct Failing {
    /// A part of the message.
    pub(crate) says: &'static str,
    /// A part of the remedy.
    pub(crate) remedy: &'static str,
    /// For how many seconds at least the server is left alone.
    pub(crate) rest: u64,
}

fn case(name: &str, fault: Fault, outcome: Outcome) -> Case {
    Case {
        name: name.to_owned(),
        when: When::Always,
        fault,
        packing: Packing::Plain,
        outcome,
    }
}

impl Case {
    fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    fn packed(self) -> Self {
        let name = format!("{}, packed", self.name);
        Self {
            name,
            packing: Packing::Gzip,
            ..self
        }
    }
}

fn fails(says: &'static str, remedy: &'static str) -> Outcome {
    Outcome::Fails(Failing {
        says,
        remedy,
        rest: 0,
    })
}

fn rests(says: &'static str, remedy: &'static str, rest: u64) -> Outcome {
    Outcome::Fails(Failing { says, remedy, rest })
}

/// A size far beyond what a page may have, in bytes.
const HUGE: u64 = 300 << 20;
/// A place in the midst of every page, in bytes.
const MIDST: usize = 1_000;
/// Every how many entities of a page one has a wrong type, and how many that are at most: pages begin with one.
const EVERY: usize = 3;
const AFFECTED: usize = ENTITIES / EVERY + ENTITIES.div_ceil(PAGE_SIZE);
/// A day, and ten years, in seconds.
const JUMPS: [i64; 4] = [86_400, -86_400, 315_360_000, -315_360_000];

/// All of it.
pub(crate) fn cases() -> Vec<Case> {
    let groups = [
        connections(),
        answers(),
        bodies(),
        packed(),
        pages(),
        less(),
        clocks(),
        harmless(),
        fields(),
    ];
    groups.into_iter().flatten().collect()
}

fn connections() -> Vec<Case> {
    let stuck = "look at the load of Backstage";
    vec![
        case(
            "refused",
            Fault::Refused,
            fails("cannot connect to", "check host and port"),
        ),
        case(
            "reset",
            Fault::Reset { after: MIDST },
            fails("was cut off", "Backstage's own log"),
        ),
        case(
            "cut off",
            Fault::CutOff {
                after: MIDST,
                announced: Announced::Chunks,
            },
            fails("was cut off", "Backstage's own log"),
        ),
        case(
            "hanging mid-body",
            Fault::HangMidBody { after: MIDST },
            fails("took longer than 4s", stuck),
        ),
        case(
            "slow",
            Fault::Slow {
                bytes: 2_000,
                pause: Duration::from_millis(20),
            },
            Outcome::Passes,
        ),
    ]
}

fn answers() -> Vec<Case> {
    let limited = "limits the rate of requests";
    let limit = "raise `backend.rateLimit`";
    let refused = |status, name: &str| Fault::Status(Answer::error_document(status, name, "no"));
    vec![
        case(
            "429",
            Fault::RateLimited(RetryAfter::Seconds(90)),
            rests(limited, limit, 90),
        ),
        case(
            "429 without sense",
            Fault::RateLimited(RetryAfter::Text("soon")),
            fails(limited, limit),
        ),
        case(
            "500",
            Fault::database_gone(),
            fails("status 500", "its own log"),
        ),
        case(
            "502 HTML",
            Fault::bad_gateway(),
            fails("titled `502 Bad Gateway`", "a proxy answers"),
        ),
        case("503", Fault::starting(), fails("status 503", "starting")),
        case(
            "431",
            Fault::head_too_large(),
            fails("status 431", "shorten the filter"),
        ),
        case(
            "401",
            refused(401, "AuthenticationError"),
            rests("does not accept the token", "externalAccess", 15),
        ),
        case(
            "403",
            refused(403, "NotAllowedError"),
            rests("is forbidden", "accessRestrictions", 15),
        ),
        case(
            "a sign-in page",
            Fault::HtmlWith200,
            fails("titled `Sign in`", "backend.baseUrl"),
        ),
        case(
            "a redirect",
            Fault::Redirect("http://127.0.0.1:1/login".to_owned()),
            fails(
                "redirects to `http://127.0.0.1:1/login`",
                "nothing is sent to another address",
            ),
        ),
        case(
            "another content type",
            Fault::WrongContentType,
            fails("text/plain", "backend.baseUrl"),
        ),
    ]
}

fn bodies() -> Vec<Case> {
    let smaller = "have it made smaller";
    vec![
        case(
            "truncated JSON",
            Fault::TruncatedJson { after: MIDST },
            fails("is not whole JSON", "Backstage's own log"),
        ),
        case(
            "no body",
            Fault::TruncatedJson { after: 0 },
            fails("is not whole JSON", "Backstage's own log"),
        ),
        case(
            "invalid UTF-8",
            Fault::InvalidUtf8 { offset: MIDST },
            fails("is not UTF-8 at byte 1000", "look at what stands between"),
        ),
        case(
            "a 300 MB entity",
            Fault::HugeEntity { bytes: HUGE },
            fails("is larger than", smaller),
        ),
    ]
}

/// What changes when answers are packed.
fn packed() -> Vec<Case> {
    let bomb = Fault::GzipBomb { decompressed: HUGE };
    vec![
        case(
            "a gzip bomb",
            bomb,
            fails("is larger than", "have it made smaller"),
        )
        .packed(),
        case(
            "truncated",
            Fault::TruncatedJson { after: 300 },
            fails("was cut off", "Backstage's own log"),
        )
        .packed(),
        case(
            "a broken byte",
            Fault::InvalidUtf8 { offset: 300 },
            fails("was cut off", "Backstage's own log"),
        )
        .packed(),
        case(
            "hanging",
            Fault::HangMidBody { after: 300 },
            fails("took longer than 4s", "look at the load"),
        )
        .packed(),
        case(
            "half the catalog gone",
            half(Total::Matching),
            Outcome::Held(COMPONENTS),
        )
        .packed(),
    ]
}

fn pages() -> Vec<Case> {
    vec![
        case(
            "500 on page 3",
            Fault::database_gone(),
            fails("page 3", "its own log"),
        )
        .when(When::Page(3)),
        case(
            "500 twice on page 3",
            Fault::database_gone(),
            Outcome::Passes,
        )
        .when(When::Times(3, 2)),
        case(
            "429 on page 4",
            Fault::RateLimited(RetryAfter::Seconds(1)),
            Outcome::Passes,
        )
        .when(When::Times(4, 1)),
        case("refused on page 2", Fault::Refused, Outcome::Passes).when(When::Times(2, 1)),
        case(
            "truncated on page 6",
            Fault::TruncatedJson { after: MIDST },
            Outcome::Passes,
        )
        .when(When::Times(6, 1)),
        case(
            "a cursor to itself",
            Fault::LoopingCursor(Loop::Same),
            fails("back to a page", "look at what stands between"),
        ),
        case(
            "a cursor to the page before",
            Fault::LoopingCursor(Loop::OfTwo),
            fails("back to a page", "look at what stands between"),
        ),
        case(
            "cursors without an end",
            Fault::LoopingCursor(Loop::Fresh),
            fails("have no end", "look at what stands between"),
        ),
        case(
            "totalItems too small",
            Fault::TotalItems(7),
            Outcome::Passes,
        ),
        case("totalItems of none", Fault::TotalItems(0), Outcome::Passes),
        case(
            "totalItems too large",
            Fault::TotalItems(1_000_000),
            fails(
                "announces 1000000 entities and shows 49",
                "nothing is removed",
            ),
        ),
        case(
            "entities twice",
            Fault::DuplicateItems { every: 3 },
            Outcome::Passes,
        ),
        case(
            "entities not processed yet",
            Fault::NullItems { every: 3 },
            fails("not processed yet", "nothing is removed meanwhile"),
        ),
    ]
}

fn half(total: Total) -> Fault {
    Fault::Fraction { part: 0.4, total }
}

/// A catalog that says less than there is.
fn less() -> Vec<Case> {
    vec![
        case(
            "an empty catalog",
            Fault::EmptyCatalog,
            Outcome::Held(ENTITIES),
        ),
        case(
            "half the catalog gone",
            half(Total::Matching),
            Outcome::Held(COMPONENTS),
        ),
        case(
            "half the catalog gone, and not said so",
            half(Total::Unchanged),
            Outcome::Held(COMPONENTS),
        ),
        case(
            "no Groups",
            Fault::HideKinds(vec!["group"]),
            Outcome::Held(TEAMS),
        ),
        case(
            "no Users",
            Fault::HideKinds(vec!["user"]),
            Outcome::Held(ENTITIES - COMPONENTS - TEAMS),
        ),
        case(
            "no Components",
            Fault::HideKinds(vec!["component"]),
            Outcome::Held(COMPONENTS),
        ),
        case(
            "nothing but Groups",
            Fault::HideKinds(vec!["component", "user"]),
            Outcome::Held(ENTITIES - TEAMS),
        ),
    ]
}

fn clocks() -> Vec<Case> {
    let jump = |seconds: i64| {
        case(
            &format!("a clock off by {seconds} s"),
            Fault::ClockSkew { seconds },
            Outcome::Passes,
        )
    };
    let limited = |skew: i64| {
        let date = RetryAfter::Date { ahead: 60, skew };
        let outcome = rests("limits the rate", "raise `backend.rateLimit`", 58);
        case(
            &format!("429 until a time of a clock off by {skew} s"),
            Fault::RateLimited(date),
            outcome,
        )
    };
    let past = RetryAfter::Date {
        ahead: -3_600,
        skew: 0,
    };
    let past = case(
        "429 until an hour ago",
        Fault::RateLimited(past),
        fails("limits the rate", "raise"),
    );
    JUMPS
        .into_iter()
        .map(jump)
        .chain(JUMPS.into_iter().map(limited))
        .chain([past])
        .collect()
}

fn harmless() -> Vec<Case> {
    vec![case(
        "an unknown apiVersion",
        Fault::UnknownApiVersion,
        Outcome::Passes,
    )]
}

/// Wrong types in fields that decide nothing, and in those that decide everything.
fn fields() -> Vec<Case> {
    let wrong = [
        None,
        Some(Value::Null),
        Some(json!(-7.5e300)),
        Some(json!([[], {}, null, 3])),
        Some(json!({"": {"a": []}, "kind": 3})),
    ];
    let unused = [
        "/apiVersion",
        "/metadata/title",
        "/metadata/uid",
        "/metadata/etag",
        "/metadata/labels",
        "/metadata/tags",
        "/spec/children",
        "/spec/memberOf",
        "/relations",
    ];
    // Without these an entity cannot be told from others: it stays as it was.
    let naming = ["/kind", "/metadata", "/metadata/name"];
    // These are what it says of itself: in a shape that Backstage never gives, it stays as it was.
    let saying = [
        "/metadata/namespace",
        "/metadata/annotations",
        "/spec",
        "/spec/owner",
    ];
    // Backstage may give an entity without it, or with a `spec` that has none.
    let absent = |pointer: &str, value: Option<&Value>| match pointer {
        "/spec" => value.is_some_and(Value::is_object),
        _ => value.is_none_or(Value::is_null),
    };
    let passes = unused
        .into_iter()
        .chain(naming)
        .map(|pointer| (pointer, true));
    let says = saying.into_iter().map(|pointer| (pointer, false));
    let mut cases = Vec::new();
    for (at, (pointer, passes)) in passes.chain(says).enumerate() {
        for value in wrong.iter().skip(at % 2).step_by(2).cloned() {
            let outcome = if passes || !absent(pointer, value.as_ref()) {
                Outcome::Passes
            } else {
                Outcome::Says(AFFECTED)
            };
            let name = format!(
                "{pointer} is {}",
                value
                    .as_ref()
                    .map_or("missing".to_owned(), Value::to_string)
            );
            let fault = Fault::MutateField {
                pointer,
                value,
                every: EVERY,
            };
            cases.push(case(&name, fault, outcome));
        }
    }
    cases
}
