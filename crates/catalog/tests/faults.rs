//! S22: whatever goes wrong between a Backstage and its reader, a read is either an error that says what to do, or the
//! whole truth; and where the catalog itself lies in a way that no reader can see, what it lies about is held back (S23).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use backstage_client::{Client, Credentials, Settings};
use catalog::backstage::{self, ReadError};
use serde_json::{Value, json};
use testbed::proxy::{Announced, Answer, Fault, FaultProxy, Loop, Point, RetryAfter, Total};
use testbed::served::{Age, Catalog, Changed, Generated, Options, Permission};
use topology::fact::{CatalogGeneration, EntityFact};
use topology::generation::{Decision, RemovalPolicy, judge};
use topology::label_map::LabelMap;

const TOKEN: &str = "reads-static-token-0123456789";
/// Two pages, kinds mixed.
const GENERATED: Generated = Generated {
    components: 1_100,
    groups: 60,
    users: 60,
    seed: 5,
};
/// For faults in which nothing comes: long enough for what does come on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// One page, for what is tried many times.
const SMALL: Generated = Generated {
    components: 40,
    groups: 8,
    users: 8,
    seed: 5,
};

struct Bed {
    catalog: Catalog<Changed>,
    proxy: FaultProxy,
}

impl Bed {
    async fn of(age: Age, generated: Generated) -> Self {
        let options = Options {
            age,
            tokens: vec![(TOKEN.to_owned(), Permission::Read)],
        };
        let catalog = Catalog::generated(generated, options)
            .await
            .expect("a catalog");
        let proxy = FaultProxy::start(&catalog.url()).await.expect("a proxy");
        Self { catalog, proxy }
    }

    async fn new() -> Self {
        Self::of(Age::Current, GENERATED).await
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.proxy.url().parse().expect("a URL"));
        settings.credentials = Credentials::Token(TOKEN.into());
        settings.max_page_bytes = 32 * 1024 * 1024;
        settings
    }

    async fn read(&self) -> Result<CatalogGeneration, ReadError> {
        read(self.settings()).await
    }

    async fn truth(&self) -> CatalogGeneration {
        let truth = self.read().await.expect("a generation");
        assert_eq!(truth.entities.len() as u64, GENERATED.len());
        assert_eq!(truth.faults, []);
        truth
    }
}

/// The one place that knows how a catalog is read.
async fn read(settings: Settings) -> Result<CatalogGeneration, ReadError> {
    let client = Client::new(settings).expect("settings");
    let map = LabelMap::default();
    backstage::read(&client, &backstage::kinds(), &map, &mut |_| {}).await
}

/// An error as people see it, with the proxy's address as `http://backstage`. Fails where the token is in it.
fn report(error: &ReadError, address: &str) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(text, "\n  {error}");
        cause = error.source();
    }
    let remedy = error.remedy();
    let _ = write!(text, "\nhint: {}", remedy.as_deref().unwrap_or("-"));
    assert!(
        !text.contains(TOKEN) && !format!("{error:?}").contains(TOKEN),
        "{text}"
    );
    text.replace(address, "http://backstage")
}

fn html(status: u16) -> Fault {
    Fault::Status(Answer::html(status, "an error"))
}

/// Every fault from the first page on: what it was, and how the read failed.
async fn failures(faults: Vec<(&str, Fault)>) -> String {
    let bed = Bed::new().await;
    let truth = bed.truth().await;
    let mut text = String::new();
    for (name, fault) in faults {
        bed.proxy.set(fault).await;
        let mut settings = bed.settings();
        settings.timeouts.idle = PATIENCE;
        settings.gzip = name.contains("gzip");
        match read(settings).await {
            Ok(generation) => panic!("{name}: {} entities", generation.entities.len()),
            Err(error) => {
                let _ = writeln!(text, "{name}: {}", report(&error, &bed.proxy.url()));
            }
        }
        // What went wrong leaves nothing behind.
        bed.proxy.clear().await;
        assert_eq!(bed.truth().await, truth, "after {name}");
    }
    text
}

#[tokio::test]
async fn s22_connections_that_fail_are_errors() {
    let cut_off = |announced| Fault::CutOff {
        after: 5_000,
        announced,
    };
    let text = failures(vec![
        ("refused", Fault::Refused),
        ("reset at once", Fault::Reset { after: 0 }),
        ("reset midway", Fault::Reset { after: 5_000 }),
        ("cut off, by length", cut_off(Announced::Length)),
        ("cut off, by chunks", cut_off(Announced::Chunks)),
        ("hanging", Fault::HangMidBody { after: 5_000 }),
    ])
    .await;
    insta::assert_snapshot!(text, @"
    refused: page 1 of the catalog could not be read
      cannot connect to `http://backstage/api/catalog/entities/by-query`
      Connection refused (os error 111)
    hint: nothing listens there: check host and port, and that Backstage runs
    reset at once: page 1 of the catalog could not be read
      the answer of `http://backstage/api/catalog/entities/by-query` was cut off after 0 bytes
      Connection reset by peer (os error 104)
    hint: Backstage's own log says why it stopped in the midst of an answer, if it did; else a proxy cuts off what is long or slow
    reset midway: page 1 of the catalog could not be read
      the answer of `http://backstage/api/catalog/entities/by-query` was cut off after 5000 bytes
      Connection reset by peer (os error 104)
    hint: Backstage's own log says why it stopped in the midst of an answer, if it did; else a proxy cuts off what is long or slow
    cut off, by length: page 1 of the catalog could not be read
      the answer of `http://backstage/api/catalog/entities/by-query` was cut off after 5000 bytes
      end of file before message length reached
    hint: Backstage's own log says why it stopped in the midst of an answer, if it did; else a proxy cuts off what is long or slow
    cut off, by chunks: page 1 of the catalog could not be read
      the answer of `http://backstage/api/catalog/entities/by-query` was cut off after 5000 bytes
      unexpected EOF during chunk size line
    hint: Backstage's own log says why it stopped in the midst of an answer, if it did; else a proxy cuts off what is long or slow
    hanging: page 1 of the catalog could not be read
      a pause within the answer of `http://backstage/api/catalog/entities/by-query` took longer than 5s
    hint: look at the load of Backstage and its database, and at what stands between; smaller pages are answered sooner
    ");
}

#[tokio::test]
async fn s22_answers_of_others_are_errors() {
    let limited = |retry_after| Fault::RateLimited(retry_after);
    let text = failures(vec![
        ("429", limited(RetryAfter::Seconds(90))),
        ("429 without sense", limited(RetryAfter::Text("soon"))),
        ("500", Fault::database_gone()),
        ("502 HTML", Fault::bad_gateway()),
        ("503", Fault::starting()),
        ("504 HTML", html(504)),
        ("431", Fault::head_too_large()),
        ("404 HTML", html(404)),
        (
            "401",
            Fault::Status(Answer::error_document(
                401,
                "AuthenticationError",
                "Illegal token",
            )),
        ),
        (
            "403",
            Fault::Status(Answer::error_document(
                403,
                "NotAllowedError",
                "This token's access is restricted",
            )),
        ),
        (
            "expired",
            Fault::Status(Answer::error_document(
                500,
                "JWTExpired",
                "\"exp\" claim timestamp check failed",
            )),
        ),
        ("sign-in page", Fault::HtmlWith200),
    ])
    .await;
    insta::assert_snapshot!(text, @r#"
    429: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` limits the rate of requests: status 429, Error: Too many requests, please try again later
    hint: read less often or in larger pages, or raise `backend.rateLimit` in Backstage's app-config
    429 without sense: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` limits the rate of requests: status 429, Error: Too many requests, please try again later
    hint: read less often or in larger pages, or raise `backend.rateLimit` in Backstage's app-config
    500: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` failed: status 500, Error: connect ECONNREFUSED 127.0.0.1:5432
    hint: Backstage failed: its own log says more
    502 HTML: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` failed: status 502, an HTML page titled `502 Bad Gateway`
    hint: a proxy answers in Backstage's place: Backstage is starting, down or overloaded, or the proxy cannot reach it
    503: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` failed: status 503, ServiceUnavailableError: Backend has not started yet
    hint: Backstage is starting, down or overloaded: its own log says more
    504 HTML: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` failed: status 504, an HTML page titled `an error`
    hint: a proxy answers in Backstage's place: Backstage is starting, down or overloaded, or the proxy cannot reach it
    431: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` failed: status 431, an empty body
    hint: the URL is too long for the server: shorten the filter
    404 HTML: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` is not the Backstage catalog API: status 404, an HTML page titled `an error`
    hint: the endpoint must be the URL of Backstage's backend (`backend.baseUrl` in its app-config, such as `https://backstage.example.com`): the catalog is read below `<endpoint>/api/catalog`; a sign-in page in front of it must let this client through
    401: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` does not accept the token: status 401, AuthenticationError: Illegal token
    hint: the token must be the same, to the letter, as one under `backend.auth.externalAccess` of Backstage's app-config, which is read when Backstage starts; if this Backstage needs no token, give none; a Backstage before 1.26 knows no static tokens, but JWTs signed with a secret of its `backend.auth.keys` (HS256, `sub: backstage-server`); a static token is listed so:
      backend:
        auth:
          externalAccess:
            - type: static
              options:
                token: <the token: at least 8 characters, no white space>
                subject: <a name for this client>
              accessRestrictions:
                - plugin: catalog
                  permission: catalog.entity.read
    403: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` is forbidden for this token: status 403, NotAllowedError: This token's access is restricted
    hint: a token of a person is subject to the permission policy; the entry of any other under `backend.auth.externalAccess` of Backstage's app-config must allow to read the catalog:
      accessRestrictions:
        - plugin: catalog
          permission: catalog.entity.read
    expired: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` failed: status 500, JWTExpired: "exp" claim timestamp check failed
    hint: the token is a JWT that has expired: give a new one, or a static token, which does not expire, under `backend.auth.externalAccess` of Backstage's app-config:
      backend:
        auth:
          externalAccess:
            - type: static
              options:
                token: <the token: at least 8 characters, no white space>
                subject: <a name for this client>
              accessRestrictions:
                - plugin: catalog
                  permission: catalog.entity.read
    sign-in page: page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` is not the Backstage catalog API: status 200, an HTML page titled `Sign in`
    hint: the endpoint must be the URL of Backstage's backend (`backend.baseUrl` in its app-config, such as `https://backstage.example.com`): the catalog is read below `<endpoint>/api/catalog`; a sign-in page in front of it must let this client through
    "#);
}

#[tokio::test]
async fn s22_answers_that_are_no_whole_page_are_errors() {
    let text = failures(vec![
        ("truncated", Fault::TruncatedJson { after: 5_000 }),
        ("truncated to nothing", Fault::TruncatedJson { after: 0 }),
        ("not UTF-8", Fault::InvalidUtf8 { offset: 5_000 }),
        (
            "gzip bomb",
            Fault::GzipBomb {
                decompressed: 300_000_000,
            },
        ),
        ("huge entity", Fault::HugeEntity { bytes: 300_000_000 }),
        ("a cursor to itself", Fault::LoopingCursor(Loop::Same)),
        ("cursors without an end", Fault::LoopingCursor(Loop::Fresh)),
    ])
    .await;
    insta::assert_snapshot!(text, @"
    truncated: page 1 of the catalog could not be read
      the answer of `http://backstage/api/catalog/entities/by-query` is not whole JSON (5000 bytes)
      EOF while parsing a string at line 1 column 5000
    hint: Backstage's own log says why it stopped in the midst of an answer, if it did; else a proxy cuts off what is long or slow
    truncated to nothing: page 1 of the catalog could not be read
      the answer of `http://backstage/api/catalog/entities/by-query` is not whole JSON (0 bytes)
      EOF while parsing a value at line 1 column 0
    hint: Backstage's own log says why it stopped in the midst of an answer, if it did; else a proxy cuts off what is long or slow
    not UTF-8: page 1 of the catalog could not be read
      the answer of `http://backstage/api/catalog/entities/by-query` is not UTF-8 at byte 5000
    hint: Backstage does not answer so: look at what stands between and changes its answers, such as a cache
    gzip bomb: page 1 of the catalog could not be read
      an entity is larger than 33554432 bytes: number 1 in `http://backstage/api/catalog/entities/by-query`, on page 1
    hint: find it in Backstage and have it made smaller, or allow larger answers
    huge entity: page 1 of the catalog could not be read
      an entity is larger than 33554432 bytes: number 1 in `http://backstage/api/catalog/entities/by-query`, on page 1
    hint: find it in Backstage and have it made smaller, or allow larger answers
    a cursor to itself: page 2 of the catalog could not be read
      `http://backstage/api/catalog/entities` leads from page 2 back to a page that was already read
    hint: Backstage does not answer so: look at what stands between and changes its answers, such as a cache
    cursors without an end: the pages of the catalog at `http://backstage/api/catalog` have no end: 100 in a row brought nothing new
    hint: Backstage does not answer so: look at what stands between and changes its answers, such as a cache
    ");
}

#[tokio::test]
async fn s22_what_passes_is_the_truth() {
    let bed = Bed::new().await;
    let truth = bed.truth().await;
    let slow = Fault::Slow {
        bytes: 200_000,
        pause: Duration::from_millis(20),
    };
    let harmless = [
        slow,
        Fault::ClockSkew { seconds: 86_400 },
        Fault::ClockSkew { seconds: -86_400 },
        Fault::UnknownApiVersion,
        Fault::DuplicateItems { every: 7 },
        // Two passes that agree on what they saw are believed.
        Fault::TotalItems(7),
        Fault::TotalItems(1_000_000),
        Fault::TotalItems(0),
    ];
    for fault in harmless {
        bed.proxy.set(fault.clone()).await;
        assert_eq!(bed.read().await.expect("a generation"), truth, "{fault:?}");
    }
}

#[tokio::test]
async fn s22_a_page_that_fails_once_is_asked_for_again() {
    let bed = Bed::new().await;
    let truth = bed.truth().await;
    let faults = [
        Fault::Reset { after: 5_000 },
        Fault::CutOff {
            after: 5_000,
            announced: Announced::Chunks,
        },
        Fault::TruncatedJson { after: 5_000 },
        Fault::database_gone(),
        Fault::bad_gateway(),
        Fault::starting(),
        Fault::RateLimited(RetryAfter::Seconds(1)),
    ];
    for fault in faults {
        bed.proxy.clear().await;
        bed.proxy.forget_requests();
        bed.proxy.on_page_times(2, 1, fault.clone());
        assert_eq!(bed.read().await.expect("a generation"), truth, "{fault:?}");
        let pages: Vec<_> = bed
            .proxy
            .requests()
            .iter()
            .map(|request| request.page)
            .collect();
        assert_eq!(pages, [Some(1), Some(2), Some(2)], "{fault:?}");
    }
}

#[tokio::test]
async fn s22_a_token_goes_nowhere_else() {
    let bed = Bed::new().await;
    let elsewhere = Bed::new().await;
    bed.proxy
        .set(Fault::Redirect(format!(
            "{}/api/catalog/entities/by-query",
            elsewhere.proxy.url()
        )))
        .await;
    let error = bed.read().await.expect_err("a redirect");
    let text = report(&error, &bed.proxy.url()).replace(&elsewhere.proxy.url(), "http://elsewhere");
    insta::assert_snapshot!(text, @"
    page 1 of the catalog could not be read
      `http://backstage/api/catalog/entities/by-query` redirects to `http://elsewhere/api/catalog/entities/by-query`, which is not followed
    hint: nothing is sent to another address: if `http://elsewhere/api/catalog/entities/by-query` belongs to the same Backstage, give its address as the endpoint; if it is a sign-in page, let this client through
    ");
    let asked = elsewhere.proxy.requests();
    assert!(
        asked
            .iter()
            .all(|request| !request.has_header("authorization")),
        "{asked:?}"
    );
}

fn references(generation: &CatalogGeneration) -> BTreeSet<String> {
    let references = generation
        .entities
        .iter()
        .map(|entity| entity.reference().to_string());
    references.collect()
}

/// What a catalog that lies consistently would remove is held back.
#[tokio::test]
async fn s23_a_catalog_that_suddenly_shows_less_is_held_back() {
    let bed = Bed::new().await;
    let truth = bed.truth().await;
    let faults = [
        Fault::EmptyCatalog,
        Fault::Fraction {
            part: 0.4,
            total: Total::Matching,
        },
        Fault::HideKinds(vec!["component"]),
    ];
    for fault in faults {
        bed.proxy.set(fault.clone()).await;
        let shown = bed.read().await.expect("a generation");
        let removals = references(&truth).difference(&references(&shown)).count();
        let decision = judge(
            &RemovalPolicy::default(),
            truth.entities.len(),
            removals,
            0,
            None,
        );
        assert!(
            matches!(decision, Decision::Hold(_)),
            "{fault:?}: {removals} removals"
        );
    }
    // A part that does not match its `totalItems` is read again; read twice the same, it is believed, and judged so.
    bed.proxy
        .set(Fault::Fraction {
            part: 0.4,
            total: Total::Unchanged,
        })
        .await;
    bed.proxy.forget_requests();
    let shown = bed.read().await.expect("a generation");
    assert!(shown.entities.len() < truth.entities.len() / 2);
    assert_eq!(bed.proxy.requests().len(), 4, "two passes");
}

#[tokio::test]
async fn s22_entities_not_yet_processed_are_never_taken_for_gone_in_silence() {
    let bed = Bed::new().await;
    bed.proxy.set(Fault::NullItems { every: 100 }).await;
    match bed.read().await {
        Ok(generation) => assert!(!generation.faults.is_empty()),
        Err(error) => assert!(error.remedy().is_some()),
    }
}

/// Wrong types in any field: the others are as they were, and one that cannot be used is told of.
#[tokio::test]
async fn s22_a_field_of_a_wrong_type_loses_no_other_entity() {
    let bed = Bed::of(Age::Current, SMALL).await;
    let truth = bed.read().await.expect("a generation");
    let by_reference = |generation: &CatalogGeneration| -> BTreeMap<String, EntityFact> {
        let entities = generation.entities.iter();
        entities
            .map(|entity| (entity.reference().to_string(), entity.clone()))
            .collect()
    };
    let truth = by_reference(&truth);
    let pointers = [
        "",
        "/kind",
        "/apiVersion",
        "/metadata",
        "/metadata/name",
        "/metadata/namespace",
        "/metadata/title",
        "/metadata/annotations",
        "/metadata/labels",
        "/spec",
        "/spec/owner",
        "/spec/type",
        "/spec/profile",
        "/spec/memberOf",
        "/spec/children",
        "/relations",
    ];
    let values = [
        None,
        Some(Value::Null),
        Some(json!(true)),
        Some(json!(-7.5e300)),
        Some(json!("")),
        Some(json!("x/y:z\u{0}\u{fffd}")),
        Some(json!([[], {}, null, 3])),
        Some(json!({"": {"a": []}, "kind": 3})),
    ];
    let every = 10;
    for pointer in pointers {
        for value in &values {
            let (value, what) = (value.clone(), format!("{pointer} {value:?}"));
            if pointer.is_empty() && value.is_none() {
                continue;
            }
            bed.proxy
                .set(Fault::MutateField {
                    pointer,
                    value,
                    every,
                })
                .await;
            let read = bed
                .read()
                .await
                .unwrap_or_else(|error| panic!("{what}: {}", report(&error, &bed.proxy.url())));
            let found = by_reference(&read);
            let same = truth
                .iter()
                .filter(|(reference, fact)| found.get(*reference) == Some(fact));
            // Six of them are changed.
            assert!(same.count() >= truth.len() - 6, "{what}");
        }
    }
}

#[tokio::test]
async fn s22_changes_between_pages_lose_nothing_that_stays() {
    for age in [Age::Current, Age::BeforeByQuery] {
        let bed = Bed::of(age, GENERATED).await;
        let truth = bed.truth().await;
        let mut hold = bed.proxy.hold(2, Point::Asking);
        let removed: Vec<u64> = (0..200).collect();
        let change = async {
            hold.reached().await;
            for index in &removed {
                bed.catalog.remove(*index);
            }
            hold.release();
        };
        let (read, ()) = tokio::join!(bed.read(), change);
        let found = references(&read.expect("a generation"));
        let gone: BTreeSet<String> = removed
            .iter()
            .map(|index| GENERATED.reference(*index))
            .collect();
        let missing: BTreeSet<String> = references(&truth).difference(&found).cloned().collect();
        assert!(
            missing.is_subset(&gone),
            "{age:?}: lost {:?}",
            missing.difference(&gone)
        );
    }
}
