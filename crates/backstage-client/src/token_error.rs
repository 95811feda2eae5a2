//! Why a token endpoint gave no token.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::{Answer, Error};

/// What stood in the way of a token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The request did not come to an answer.
    #[error(transparent)]
    Transfer(Box<Error>),
    /// The token endpoint refuses, in the words of OAuth 2.0.
    #[error("status {}, {error}{}", .status.as_u16(), Described(.description.as_deref()))]
    Refused {
        /// The status of the answer.
        status: StatusCode,
        /// The code of the error, such as `invalid_client`.
        error: String,
        /// What the server says about it (`error_description`), at most 200 characters.
        description: Option<String>,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Whatever answers there does not speak OAuth 2.0.
    #[error("{answer}")]
    NotOAuth2 {
        /// What came instead.
        answer: Box<Answer>,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// A token came that cannot be sent to Backstage.
    #[error("the token that came cannot be used: {0}")]
    Unusable(&'static str),
}

impl TokenError {
    pub(crate) fn is_transient(&self) -> bool {
        let passing = |status: StatusCode| {
            status.is_server_error()
                || status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::REQUEST_TIMEOUT
        };
        match self {
            Self::Transfer(error) => error.is_transient(),
            Self::Refused { status, error, .. } => {
                passing(*status) || error == "temporarily_unavailable" || error == "slow_down"
            }
            Self::NotOAuth2 { answer, .. } => passing(answer.status),
            Self::Unusable(_) => false,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } | Self::NotOAuth2 { retry_after, .. } => *retry_after,
            Self::Transfer(_) | Self::Unusable(_) => None,
        }
    }
}

struct Described<'a>(Option<&'a str>);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, ": {text}"),
            None => Ok(()),
        }
    }
}
