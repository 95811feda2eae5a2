//! Everything that can go wrong with a request.

use std::time::Duration;

use http::StatusCode;

use crate::connect::causes;
use crate::{Answer, ConnectFailure, TokenError};

/// Why a request gave no answer that can be used.
///
/// Each message names the URL without its query; what a person can do is [`Error::remedy`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection came about.
    #[error("cannot connect to `{url}`")]
    Connect {
        /// What was asked.
        url: String,
        /// What stood in the way.
        failure: ConnectFailure,
        /// The system's or the library's words for it.
        source: Cause,
    },
    /// The server took too long.
    #[error("{phase} `{url}` took longer than {limit:?}")]
    Timeout {
        /// What was asked.
        url: String,
        /// What was being waited for.
        phase: TimeoutPhase,
        /// The time allowed for it.
        limit: Duration,
    },
    /// The connection broke before an answer began.
    #[error("the connection to `{url}` broke before an answer came")]
    Disconnected {
        /// What was asked.
        url: String,
        /// The system's or the library's words for it.
        source: Cause,
    },
    /// The server wants a token, or another one (401).
    #[error("`{url}` does not accept {}: {answer}", .failure.refused())]
    Unauthorized {
        /// What was asked.
        url: String,
        /// What is wrong with the credentials.
        failure: AuthFailure,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// The server knows the token and does not let it read the catalog (403).
    #[error("`{url}` is forbidden for this token: {answer}")]
    Forbidden {
        /// What was asked.
        url: String,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// The server wants fewer requests (429).
    #[error("`{url}` limits the rate of requests: {answer}")]
    RateLimited {
        /// What was asked.
        url: String,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// Any other status that is not success.
    #[error("`{url}` failed: {answer}")]
    Status {
        /// What was asked.
        url: String,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// Whoever answers there is not a Backstage catalog.
    #[error("`{url}` is not the Backstage catalog API: {answer}")]
    NotBackstage {
        /// What was asked.
        url: String,
        /// What came instead.
        answer: Box<Answer>,
    },
    /// There is no such route, and who says so may be a Backstage: it answers so while it starts, until the catalog has its
    /// routes, and for what is not below its base URL.
    #[error("`{url}` does not exist, or not yet: {answer}")]
    NoRoute {
        /// What was asked.
        url: String,
        /// What came instead: status 404 and nothing else.
        answer: Box<Answer>,
    },
    /// This Backstage is too old for `POST /entities/by-refs`.
    #[error("`{url}` is not offered by this Backstage: {answer}")]
    NoByRefs {
        /// What was asked.
        url: String,
        /// What the server said.
        answer: Box<Answer>,
    },
    /// The server sends its callers elsewhere: to another origin, or round and round.
    #[error("`{url}` redirects to `{to}`, which is not followed")]
    Redirected {
        /// What was asked.
        url: String,
        /// Where it was sent to, without the query.
        to: String,
    },
    /// The token endpoint gave no token, so that Backstage was not asked.
    #[error("cannot get a token from `{url}`")]
    TokenEndpoint {
        /// The token endpoint.
        url: String,
        /// Why not.
        source: TokenError,
    },
    /// The answer is larger than the settings allow.
    #[error("the answer of `{url}` is larger than {limit} bytes")]
    TooLarge {
        /// What was asked.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// One entity alone is larger than the settings allow.
    #[error(
        "{} is larger than {limit} bytes: number {position} in `{url}`, on page {page}",
        .entity.as_deref().map_or_else(|| "an entity".to_owned(), |name| format!("the entity `{name}`"))
    )]
    EntityTooLarge {
        /// What was asked.
        url: String,
        /// The limit, in bytes.
        limit: usize,
        /// Which of the entities that the crawl finds, counted from 1.
        position: usize,
        /// The page, counted from 1.
        page: usize,
        /// Its reference, where the server gave it.
        entity: Option<String>,
    },
    /// The transfer of the answer did not come to its end.
    #[error("the answer of `{url}` was cut off after {received} bytes")]
    CutOff {
        /// What was asked.
        url: String,
        /// How much came, in bytes after decompression.
        received: usize,
        /// The library's words for it.
        source: Cause,
    },
    /// The answer ends in the midst of its JSON, or is none.
    #[error("the answer of `{url}` is not whole JSON ({received} bytes)")]
    Json {
        /// What was asked.
        url: String,
        /// How much came, in bytes.
        received: usize,
        /// Where and what.
        source: serde_json::Error,
    },
    /// The answer is not UTF-8.
    #[error("the answer of `{url}` is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// What was asked.
        url: String,
        /// The first byte that is not.
        offset: usize,
    },
    /// The server leads back to a page that was already read, so that the pages have no end.
    #[error("`{url}` leads from page {page} back to a page that was already read")]
    PageLoop {
        /// What was asked.
        url: String,
        /// The page that led back, counted from 1.
        page: usize,
    },
    /// There are more pages than a crawl may have.
    #[error("`{url}` has more than {limit} pages")]
    TooManyPages {
        /// What was asked.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// An answer about some references does not have as many items as were asked for.
    #[error("`{url}` answered {found} items for {asked} entity references")]
    WrongCount {
        /// What was asked.
        url: String,
        /// How many references were asked for.
        asked: usize,
        /// How many items came.
        found: usize,
    },
}

impl Error {
    /// How long the server wants to be left alone, where it said so; at most
    /// [`MAX_RETRY_AFTER`](crate::MAX_RETRY_AFTER).
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Status { retry_after, .. } => {
                *retry_after
            }
            Self::TokenEndpoint { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// Whether who asks was refused, by Backstage or by the token endpoint: nothing but other
    /// settings, here or there, will change that.
    pub fn is_refused(&self) -> bool {
        match self {
            Self::Unauthorized { .. } | Self::Forbidden { .. } => true,
            Self::TokenEndpoint { source, .. } => {
                !matches!(source, TokenError::Transfer(_)) && !source.is_transient()
            }
            _ => self.is_expired_token(),
        }
    }

    /// Whether the same request may well succeed a little later, with nobody changing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connect { failure, .. } => matches!(
                failure,
                ConnectFailure::Refused | ConnectFailure::Dns | ConnectFailure::Other
            ),
            Self::Timeout { .. }
            | Self::Disconnected { .. }
            | Self::RateLimited { .. }
            | Self::CutOff { .. }
            | Self::Json { .. }
            | Self::NoRoute { .. } => true,
            Self::TokenEndpoint { source, .. } => source.is_transient(),
            Self::Status { answer, .. } => {
                answer.status.is_server_error() && !self.is_expired_token()
                    || answer.status == StatusCode::REQUEST_TIMEOUT
            }
            _ => false,
        }
    }

    /// The status of Backstage's answer, where the answer is what went wrong.
    pub fn status(&self) -> Option<StatusCode> {
        self.answer().map(|answer| answer.status)
    }

    /// What Backstage answered, where the answer is what went wrong.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Unauthorized { answer, .. }
            | Self::Forbidden { answer, .. }
            | Self::RateLimited { answer, .. }
            | Self::Status { answer, .. }
            | Self::NotBackstage { answer, .. }
            | Self::NoRoute { answer, .. }
            | Self::NoByRefs { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// Whether the token has expired. Backstage answers an expired JWT of its own making with
    /// status 500, which would otherwise look like a fault of the server.
    pub fn is_expired_token(&self) -> bool {
        let document = self.answer().and_then(|answer| answer.document.as_ref());
        document.is_some_and(|document| document.name == "JWTExpired")
    }
}

/// What is wrong with the credentials of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthFailure {
    /// No token was given, and the server wants one.
    NoToken,
    /// A token was sent, but did not arrive: Backstage says `Missing credentials`.
    TokenLost,
    /// A token was sent, and the server does not know it.
    IllegalToken,
    /// A fresh token of the token endpoint was sent, and the server does not accept it.
    IllegalAccessToken,
}

impl AuthFailure {
    fn refused(self) -> &'static str {
        match self {
            Self::NoToken => "requests without a token",
            Self::TokenLost => "the request, whose token did not arrive",
            Self::IllegalToken => "the token",
            Self::IllegalAccessToken => "the token that the token endpoint gave",
        }
    }
}

/// What was being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// A connection, the TLS handshake included.
    Connect,
    /// The beginning of the answer.
    Answer,
    /// The next bytes of the answer.
    Body,
    /// The whole request.
    Request,
}

impl std::fmt::Display for TimeoutPhase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting to",
            Self::Answer => "the first byte of the answer of",
            Self::Body => "a pause within the answer of",
            Self::Request => "the whole answer of",
        })
    }
}

/// The innermost reason of a failure below HTTP, in the words of whoever met it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

impl Cause {
    /// Keeps the text alone: the outer layers say little, and they may name the URL in full.
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let error = error.without_url();
        Self(
            causes(&error)
                .last()
                .map_or_else(|| error.to_string(), ToString::to_string),
        )
    }
}
