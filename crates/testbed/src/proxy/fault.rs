//! What can go wrong between a Backstage and its reader, as data.
//!
//! It owns the vocabulary; how a fault is done is the business of the modules beside it.

use std::time::Duration;

use serde_json::Value;

/// Something that goes wrong with an answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing listens: connections are refused, and open ones are closed. For all requests, so not for a single page.
    Refused,
    /// The answer, a few bytes at a time.
    Slow {
        /// Bytes of the body before each pause.
        bytes: usize,
        /// The pause.
        pause: Duration,
    },
    /// The first bytes of the body, and then nothing until the fault is cleared; the rest comes then.
    HangMidBody {
        /// How many bytes of the body come first.
        after: usize,
    },
    /// The first bytes of the body, and then its proper end: what is left of a server that failed while it streamed.
    TruncatedJson {
        /// How many bytes of the body come.
        after: usize,
    },
    /// The first bytes of the body, and then the end of the connection though more was announced.
    CutOff {
        /// How many bytes of the body come.
        after: usize,
        /// How more was announced.
        announced: Announced,
    },
    /// The first bytes of the body, and then a TCP reset.
    Reset {
        /// How many bytes of the body come.
        after: usize,
    },
    /// 429, with a time to wait.
    RateLimited(RetryAfter),
    /// Another status.
    Status(Answer),
    /// A small gzip body that is a large JSON document.
    GzipBomb {
        /// Bytes of the description after decompression, rounded up to 64 KiB.
        decompressed: u64,
    },
    /// A page of one entity with a description of this many bytes, which is never held in memory here.
    HugeEntity {
        /// Bytes of its description.
        bytes: u64,
    },
    /// The byte at this offset of the body is one that UTF-8 never has.
    InvalidUtf8 {
        /// Offset in the body.
        offset: usize,
    },
    /// Pages without an end.
    LoopingCursor(Loop),
    /// A `totalItems` that is not true.
    TotalItems(u64),
    /// Status 200 and no entity: a Backstage that has just started, or a token that may not read.
    EmptyCatalog,
    /// Only a part of the entities, always the same ones: a Backstage that is still importing.
    Fraction {
        /// The part, from 0 to 1.
        part: f64,
        /// What `totalItems` says.
        total: Total,
    },
    /// No entity of these kinds, `totalItems` to match: a change of permissions.
    HideKinds(Vec<&'static str>),
    /// One field of some entities has another value.
    MutateField {
        /// A JSON pointer into the entity. Its parent must be there for anything to happen.
        pointer: &'static str,
        /// The value; `None` removes the field.
        value: Option<Value>,
        /// Every how many entities; 1 is all of them.
        every: usize,
    },
    /// All entities have an `apiVersion` that nobody knows.
    UnknownApiVersion,
    /// Some items are `null`, as a Backstage before 1.34 has them for entities that it has not finished processing.
    NullItems {
        /// Every how many entities.
        every: usize,
    },
    /// Some entities come twice in a row.
    DuplicateItems {
        /// Every how many entities.
        every: usize,
    },
    /// A sign-in page, with status 200.
    HtmlWith200,
    /// 302 to this URL.
    Redirect(String),
    /// The true answer, called `text/plain`.
    WrongContentType,
    /// The true answer of a server whose clock is off.
    ClockSkew {
        /// By how much, in seconds; negative where it is slow.
        seconds: i64,
    },
}

/// How a body announces how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// By `Content-Length`.
    Length,
    /// By chunks, the last of which is empty.
    Chunks,
}

/// A `Retry-After`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// In seconds.
    Seconds(u64),
    /// As a date, by the server's clock.
    Date {
        /// Seconds from now.
        ahead: i64,
        /// By how much the server's clock is off, in seconds. Its `Date` header is off as well.
        skew: i64,
    },
    /// Any text.
    Text(&'static str),
}

/// How pages have no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// Every page leads to the second one.
    Same,
    /// The second page leads to the third, and the third to the second.
    OfTwo,
    /// The cursor is always a new one, and the page always the first.
    Fresh,
}

/// What `totalItems` says of a part of the entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// How many there are in the part.
    Matching,
    /// How many there are in truth.
    Unchanged,
}

/// An answer that somebody else than the catalog gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The content type; `None` for none.
    pub content_type: Option<&'static str>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// An error document of Backstage's.
    pub fn error_document(status: u16, name: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "error": {"name": name, "message": message},
            "request": {"method": "GET", "url": "/entities/by-query"},
            "response": {"statusCode": status},
        });
        Self {
            status,
            content_type: Some("application/json; charset=utf-8"),
            headers: Vec::new(),
            body: body.to_string(),
        }
    }

    /// The page that a reverse proxy shows.
    pub fn html(status: u16, title: &str) -> Self {
        Self {
            status,
            content_type: Some("text/html"),
            headers: Vec::new(),
            body: format!(
                "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
                 </body>\r\n</html>\r\n"
            ),
        }
    }

    /// A status with nothing to it.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

impl Fault {
    /// 500 with Backstage's error document, as when its database is gone.
    pub fn database_gone() -> Self {
        let message = "connect ECONNREFUSED 127.0.0.1:5432";
        Self::Status(Answer::error_document(500, "Error", message))
    }

    /// 502 with a reverse proxy's page.
    pub fn bad_gateway() -> Self {
        Self::Status(Answer::html(502, "502 Bad Gateway"))
    }

    /// 503 as a Backstage gives that is starting.
    pub fn starting() -> Self {
        let message = "Backend has not started yet";
        Self::Status(Answer::error_document(
            503,
            "ServiceUnavailableError",
            message,
        ))
    }

    /// 431 without a body, as Node gives for a head past 16 KiB.
    pub fn head_too_large() -> Self {
        Self::Status(Answer::empty(431))
    }
}
