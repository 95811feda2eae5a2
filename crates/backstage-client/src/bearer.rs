//! What a request shows to be let in, as it is sent.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::token_source::TokenSource;
use crate::{Credentials, Error, Settings, SettingsError};

/// A token that can be sent.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    pub(crate) header: HeaderValue,
    /// Which of the tokens that there were.
    pub(crate) number: u64,
}

impl Token {
    /// `None` where a header cannot carry it.
    pub(crate) fn new(secret: SecretString, number: u64) -> Option<Self> {
        let text = secret.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
        header.set_sensitive(true);
        Some(Self {
            secret,
            header,
            number,
        })
    }
}

/// Where the token of a request comes from.
pub(crate) enum Bearer {
    None,
    Static(Token),
    Renewed(Box<TokenSource>),
}

impl Bearer {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(match &settings.credentials {
            Credentials::None => Self::None,
            Credentials::Token(token) => match token.expose_secret().trim() {
                "" => Self::None,
                token => Self::Static(Token::new(token.into(), 0).ok_or(SettingsError::Token)?),
            },
            Credentials::ClientCredentials(oauth2) => {
                Self::Renewed(Box::new(TokenSource::new(oauth2, settings)?))
            }
        })
    }

    pub(crate) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Whether another token can be had where one is refused.
    pub(crate) fn is_renewed(&self) -> bool {
        matches!(self, Self::Renewed(_))
    }

    /// The token to send, which is not the one that was refused if there can be another.
    pub(crate) async fn token(&self, refused: Option<&Token>) -> Result<Option<Token>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Static(token) => Ok(Some(token.clone())),
            Self::Renewed(source) => source.token(refused).await.map(Some),
        }
    }

    pub(crate) fn token_requests(&self) -> u64 {
        match self {
            Self::Renewed(source) => source.requests(),
            Self::None | Self::Static(_) => 0,
        }
    }

    /// What nobody may see, but for the token of the request itself.
    pub(crate) fn secret(&self) -> Option<&SecretString> {
        match self {
            Self::Renewed(source) => Some(source.client_secret()),
            Self::Static(token) => Some(&token.secret),
            Self::None => None,
        }
    }
}
