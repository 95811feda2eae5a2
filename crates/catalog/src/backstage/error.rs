//! Why a catalog could not be read, what to do about it, and when to try again.

use std::time::Duration;

use super::{MAX_BARREN_PAGES, MAX_PASSES};
use crate::schedule::Hint;

/// Why a catalog could not be read completely. Nothing of such a read may be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A page could not be read.
    #[error("page {page} of the catalog could not be read")]
    Page {
        /// The page, counted from 1.
        page: usize,
        /// Why, with the URL.
        source: Box<backstage_client::Error>,
    },
    /// The catalog changed so much during the read that no two passes agreed.
    #[error(
        "the catalog at `{url}` changed while it was read: {MAX_PASSES} passes found {counts} entities"
    )]
    Unstable {
        /// The catalog API.
        url: String,
        /// What each pass found, and what was announced.
        counts: String,
    },
    /// The pages go on and bring nothing new.
    #[error(
        "the pages of the catalog at `{url}` have no end: {MAX_BARREN_PAGES} in a row brought nothing new"
    )]
    Endless {
        /// The catalog API.
        url: String,
    },
    /// The read took longer than it may.
    #[error("reading the catalog at `{url}` took longer than {limit:?}")]
    TooLong {
        /// The catalog API.
        url: String,
        /// The limit.
        limit: Duration,
    },
    /// The catalog is larger than it may be.
    #[error("the catalog at `{url}` has more than {limit} entities")]
    TooMany {
        /// The catalog API.
        url: String,
        /// The limit.
        limit: usize,
    },
}

impl ReadError {
    /// What a person can do about it, where something can be done.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Page { source, .. } => source.remedy(),
            Self::Unstable { .. } => Some(
                "wait until Backstage has finished importing; it is read again by itself".to_owned(),
            ),
            Self::Endless { .. } => Some(
                "Backstage does not answer so: look at what stands between and changes its answers, such as a cache"
                    .to_owned(),
            ),
            Self::TooLong { .. } => Some(
                "look at the load of Backstage and its database: a read takes seconds for 100,000 entities"
                    .to_owned(),
            ),
            Self::TooMany { .. } => Some("narrow the instance by a `filter`".to_owned()),
        }
    }

    /// How long the server asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Page { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// What [`schedule`](crate::schedule) needs to know of it.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Page { source, .. } => hint(source),
            _ => Hint::Transient,
        }
    }
}

/// When a request that failed so is worth another try.
pub(super) fn hint(error: &backstage_client::Error) -> Hint {
    if let Some(asked) = error.retry_after() {
        return Hint::RetryAfter(asked);
    }
    if error.is_refused() {
        Hint::Refused
    } else {
        Hint::Transient
    }
}
