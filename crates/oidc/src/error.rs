//! Why somebody could not be signed in.

use std::fmt;

/// What of a provider was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`.
    Discovery,
    /// Its public keys.
    Keys,
    /// Where a code becomes tokens.
    Token,
    /// Where further claims are.
    UserInfo,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery document",
            Self::Keys => "keys",
            Self::Token => "token endpoint",
            Self::UserInfo => "userinfo endpoint",
        })
    }
}

/// Why somebody could not be signed in. No message holds a code, a token or a secret.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// There was no answer.
    #[error("the provider's {endpoint} cannot be reached")]
    Unreachable {
        /// What was asked.
        endpoint: Endpoint,
        /// Why.
        source: reqwest::Error,
    },
    /// The answer is a refusal.
    #[error("the provider's {endpoint} answers with status {status}{}", with_code(said.as_deref()))]
    Refused {
        /// What was asked.
        endpoint: Endpoint,
        /// The status.
        status: u16,
        /// The code of the error as OAuth 2.0 has it, such as `invalid_client`.
        said: Option<String>,
    },
    /// The answer is larger than any such answer is.
    #[error("the answer of the provider's {endpoint} is over {bound} bytes")]
    TooLarge {
        /// What was asked.
        endpoint: Endpoint,
        /// The bound.
        bound: usize,
    },
    /// The answer cannot be read.
    #[error("the answer of the provider's {endpoint} cannot be read: {what}")]
    Unreadable {
        /// What was asked.
        endpoint: Endpoint,
        /// What is wrong; nothing of the answer is in it.
        what: String,
    },
    /// The discovery document is another provider's.
    #[error(
        "the discovery document is of issuer `{found}`, expected `{expected}`, letter by letter"
    )]
    OtherIssuer {
        /// What it says.
        found: String,
        /// What is configured.
        expected: String,
    },
    /// An address of the provider would be asked without TLS.
    #[error("`{key}` of the discovery document is `{url}`, expected an address with https")]
    NotHttps {
        /// The key of the discovery document.
        key: &'static str,
        /// What it says.
        url: String,
    },
    /// The ID token cannot be believed.
    #[error("the ID token cannot be believed: {0}")]
    IdToken(#[from] TokenFault),
    /// The userinfo is somebody else's.
    #[error("the userinfo endpoint answers about somebody else than the ID token does")]
    OtherSubject,
}

fn with_code(code: Option<&str>) -> String {
    code.map_or_else(String::new, |code| format!(", `{code}`"))
}

/// Why an ID token cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is no signed token.
    #[error("it is no signed JSON Web Token")]
    Shape,
    /// It is signed in a way that is not accepted: by a shared secret, or not at all.
    #[error("it is signed by `{0}`, expected a signature by a key pair such as RS256 or ES256")]
    Algorithm(String),
    /// The provider has no key of that name.
    #[error("the provider has no key that it could be signed with")]
    NoKey,
    /// The signature does not fit.
    #[error("its signature does not fit")]
    Signature,
    /// It is of another issuer.
    #[error("its issuer is `{0}`")]
    Issuer(String),
    /// It was made for another client.
    #[error("it was made for another client")]
    Audience,
    /// It is over.
    #[error("it is over since {0} seconds: do the clocks agree?")]
    Expired(i64),
    /// It begins later.
    #[error("it begins in {0} seconds: do the clocks agree?")]
    Early(i64),
    /// It belongs to another attempt.
    #[error("it belongs to another attempt to sign in")]
    Nonce,
}
