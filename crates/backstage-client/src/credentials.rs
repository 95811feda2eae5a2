//! What a request may say to be let in. It knows which forms there are and what makes one usable,
//! but not how any of them is sent.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::SettingsError;
use crate::base_url::redacted;

/// What the client shows to be let in.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Credentials {
    /// Nothing: for a Backstage without authentication, or one where a header of the
    /// [`Settings`](crate::Settings) does it.
    #[default]
    None,
    /// A token sent as `Authorization: Bearer …`. White space around it is dropped; a blank one is
    /// as none.
    Token(SecretString),
    /// Tokens of a token endpoint, by the client credentials grant of OAuth 2.0 (RFC 6749, 4.4).
    /// Backstage accepts them by an entry of type `jwks`, or a proxy in front of it does.
    ClientCredentials(Box<OAuth2>),
}

/// Where tokens come from, and what to show there.
///
/// A token is kept until shortly before it expires, and another one is asked for once where the
/// server refuses it. The token endpoint's certificate is always verified, and it gets none of the
/// headers that Backstage gets.
#[derive(Clone)]
#[non_exhaustive]
pub struct OAuth2 {
    /// The token endpoint, in full.
    pub token_url: Url,
    /// Who the client is.
    pub client_id: String,
    /// What proves it.
    pub client_secret: SecretString,
    /// How the two are sent; in the header unless set.
    pub client_authentication: ClientAuthentication,
    /// What to ask permission for; nothing unless set.
    pub scopes: Vec<String>,
    /// Whom the token is for, where the token endpoint wants to know (`audience`).
    pub audience: Option<String>,
    /// Further parameters of the request, such as `resource`. Their values are taken for secrets.
    pub extra: Vec<(String, SecretString)>,
}

/// How the token endpoint learns who asks. Every endpoint must take the header; a few do not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `Authorization: Basic …` (`client_secret_basic`).
    #[default]
    Header,
    /// Two parameters of the request (`client_secret_post`).
    Body,
}

/// Parameters that have a field of their own.
const OWN_PARAMETERS: [&str; 5] = [
    "grant_type",
    "client_id",
    "client_secret",
    "scope",
    "audience",
];

impl OAuth2 {
    /// Tokens from this endpoint for this client, without scopes and with the defaults.
    pub fn new(
        token_url: Url,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        Self {
            token_url,
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            client_authentication: ClientAuthentication::default(),
            scopes: Vec::new(),
            audience: None,
            extra: Vec::new(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let url = &self.token_url;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(SettingsError::TokenUrl {
                url: redacted(url),
                reason: "it must begin with `http://` or `https://` and name a host",
            });
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(SettingsError::TokenUrl {
                url: redacted(url),
                reason: "it must carry neither a user name nor what follows `#`",
            });
        }
        if self.client_id.is_empty() || self.client_secret.expose_secret().is_empty() {
            return Err(SettingsError::ClientCredentials);
        }
        let own = |(name, _): &&(String, SecretString)| OWN_PARAMETERS.contains(&name.as_str());
        match self.extra.iter().find(own) {
            Some((name, _)) => Err(SettingsError::TokenParameter(name.clone())),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for OAuth2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra: Vec<&str> = self.extra.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OAuth2")
            .field("token_url", &redacted(&self.token_url))
            .field("client_id", &self.client_id)
            .field("client_authentication", &self.client_authentication)
            .field("scopes", &self.scopes)
            .field("audience", &self.audience)
            .field("extra", &extra)
            .finish_non_exhaustive()
    }
}
