//! A cluster read from its API server.
//!
//! ```text
//!  Access ── connect ──▶ ApiServer ─┬─ list_once ──▶ ClusterGeneration, once, whole
//!                                   ├─ annotated, annotate ──▶ what we wrote back, and writing it
//!                                   ├─ examine ───▶ what it is and what may be read of it
//!                                   └─ watch ──▶ Update, Update, … into a bounded channel, for as long as somebody listens
//! ```
//!
//! Every request has a time limit, every kind is read on its own, and nothing counts as gone unless the API server said so:
//! by a complete list or by a deletion event (S22).

mod annotations;
mod backoff;
mod body;
mod connect;
mod connect_error;
mod examine;
mod exec;
mod inline;
mod list;
mod namespaces;
mod part;
mod proxy;
mod request;
pub mod secrets;
mod stream;
mod update;
mod watch;

use std::time::Duration;

pub use self::annotations::{
    AnnotateError, Annotated, Annotations, FIELD_MANAGER, Held, annotate, annotated,
};
pub use self::connect::{Access, ApiServer, Reach, connect, contexts};
pub use self::connect_error::ConnectError;
pub use self::examine::{
    Examination, Excess, KindAccess, Standing, examine, secrets_denied, secrets_unwritable,
};
pub use self::exec::ExecError;
pub use self::inline::InlineKubeconfig;
pub use self::list::{Listing, list_once};
pub use self::namespaces::Namespaces;
pub use self::request::{Asked, RequestError};
pub use self::update::{Cause, Update};
pub use self::watch::watch;
pub use crate::kinds::{kinds, stood_in_for};

/// How fast an API server is read, and how long an answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Objects asked for per page of a list.
    pub page_size: u32,
    /// The longest a page of a list, or the beginning of a watch, may take.
    pub answer_timeout: Duration,
    /// The longest a streaming list may bring no further object before pages are asked for instead.
    pub stream_silence: Duration,
    /// How long one watch request lasts before it is renewed; the server ends it.
    pub watch_timeout: Duration,
    /// The pause after the first failure; it doubles with each further one.
    pub first_retry: Duration,
    /// The longest pause between failures.
    pub longest_retry: Duration,
    /// The pause before a kind that is not permitted or not served is asked for again.
    pub refused_retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            page_size: 250,
            answer_timeout: Duration::from_mins(1),
            // A server waits at most 3 s for its cache before it sends the first object.
            stream_silence: Duration::from_secs(10),
            watch_timeout: Duration::from_secs(290),
            first_retry: Duration::from_millis(800),
            longest_retry: Duration::from_secs(30),
            refused_retry: Duration::from_mins(1),
        }
    }
}
