//! Tokens of a token endpoint (OAuth 2.0, client credentials grant): asked for when needed, kept
//! until shortly before they expire.
//!
//! The crate `oauth2` does this and much that is not needed here. In version 5 it brings a second
//! `reqwest` (0.12), `rand`, `thiserror` and `getrandom`, and `chrono`, for the one request below.

use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::Request;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::answer::{Hidden, excerpt};
use crate::base_url::redacted;
use crate::bearer::Token;
use crate::exchange::{Answered, Exchange};
use crate::http_client::for_token_endpoint;
use crate::retry_after::retry_after;
use crate::{
    Answer, ClientAuthentication, Error, OAuth2, Settings, SettingsError, Timeouts, TokenError,
};

/// Bound on the answer of a token endpoint, in bytes.
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Bound on the time for one token.
const MAX_REQUEST: Duration = Duration::from_secs(30);

/// How long before it expires a token is no longer used; a quarter of its life where that is less.
const MARGIN: Duration = Duration::from_mins(1);

pub(crate) struct TokenSource {
    exchange: Exchange,
    oauth2: OAuth2,
    /// Who asks, where a header says it.
    client: Option<HeaderValue>,
    /// Held while a token is asked for, so that many requests ask for one token.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<Token>,
    /// When the token is no longer to be used; by the monotonic clock, so that a clock that is set
    /// cannot make an old token look new.
    until: Option<Instant>,
    /// How many tokens there were.
    count: u64,
}

impl TokenSource {
    pub(crate) fn new(oauth2: &OAuth2, settings: &Settings) -> Result<Self, SettingsError> {
        oauth2.check()?;
        let http = for_token_endpoint(settings, &oauth2.token_url)?;
        let timeouts = Timeouts {
            request: settings.timeouts.request.min(MAX_REQUEST),
            ..settings.timeouts
        };
        Ok(Self {
            exchange: Exchange::new(http, timeouts, MAX_ANSWER_BYTES),
            client: match oauth2.client_authentication {
                ClientAuthentication::Header => Some(basic(oauth2)?),
                ClientAuthentication::Body => None,
            },
            oauth2: oauth2.clone(),
            kept: Mutex::default(),
        })
    }

    /// How many requests were sent to the token endpoint.
    pub(crate) fn requests(&self) -> u64 {
        self.exchange.sent()
    }

    pub(crate) fn client_secret(&self) -> &SecretString {
        &self.oauth2.client_secret
    }

    /// A token that is not the one that was `refused`, which may have been kept until now.
    pub(crate) async fn token(&self, refused: Option<&Token>) -> Result<Token, Error> {
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        if let Some(token) = &kept.token
            && kept.until.is_none_or(|until| now < until)
            && refused.is_none_or(|refused| refused.number != token.number)
        {
            return Ok(token.clone());
        }
        kept.token = None;
        let (secret, lifetime) = self.ask().await?;
        let token = Token::new(secret, kept.count + 1).ok_or_else(|| {
            self.error(TokenError::Unusable(
                "it is not printable ASCII without white space",
            ))
        })?;
        kept.count += 1;
        kept.until = lifetime.and_then(|lifetime| usable_until(now, lifetime));
        kept.token = Some(token.clone());
        Ok(token)
    }

    async fn ask(&self) -> Result<(SecretString, Option<Duration>), Error> {
        let exchanged = async {
            let answered = self.exchange.send(self.request()).await?;
            let status = answered.response.status();
            let headers = answered.response.headers().clone();
            let body = self.read(answered).await?;
            Ok((status, headers, body))
        };
        let exchanged = exchanged.await;
        let (status, headers, body) =
            exchanged.map_err(|error| self.error(TokenError::Transfer(Box::new(error))))?;
        let sent = self.sent();
        judge(status, &headers, &body, &Hidden::new(&sent)).map_err(|error| self.error(error))
    }

    /// The secrets as they are, and as they are written in a request, which an answer may quote.
    fn sent(&self) -> Vec<SecretString> {
        let secrets = self.oauth2.extra.iter().map(|(_, value)| value);
        let mut sent = vec![SecretString::from(pair(&self.oauth2))];
        for secret in secrets.chain([&self.oauth2.client_secret]) {
            sent.push(form_encoded(secret.expose_secret()).into());
            sent.push(secret.clone());
        }
        sent
    }

    async fn read(&self, answered: Answered) -> Result<Vec<u8>, Error> {
        if answered.response.status().is_success() {
            self.exchange.read(answered).await
        } else {
            Ok(self.exchange.read_error(answered.response).await)
        }
    }

    fn request(&self) -> Request {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !self.oauth2.scopes.is_empty() {
            form.append_pair("scope", &self.oauth2.scopes.join(" "));
        }
        if let Some(audience) = &self.oauth2.audience {
            form.append_pair("audience", audience);
        }
        for (name, value) in &self.oauth2.extra {
            form.append_pair(name, value.expose_secret());
        }
        let mut request = Request::new(Method::POST, self.oauth2.token_url.clone());
        if let Some(client) = &self.client {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, client.clone());
        } else {
            let secret = self.oauth2.client_secret.expose_secret();
            form.append_pair("client_id", &self.oauth2.client_id);
            form.append_pair("client_secret", secret);
        }
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form_type);
        *request.body_mut() = Some(form.finish().into());
        request
    }

    fn error(&self, source: TokenError) -> Error {
        let url = redacted(&self.oauth2.token_url);
        Error::TokenEndpoint { url, source }
    }
}

fn form_encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
fn pair(oauth2: &OAuth2) -> String {
    let secret = form_encoded(oauth2.client_secret.expose_secret());
    BASE64.encode(format!("{}:{secret}", form_encoded(&oauth2.client_id)))
}

fn basic(oauth2: &OAuth2) -> Result<HeaderValue, SettingsError> {
    let mut value = HeaderValue::try_from(format!("Basic {}", pair(oauth2)))
        .map_err(|_| SettingsError::ClientCredentials)?;
    value.set_sensitive(true);
    Ok(value)
}

/// What the answer of a token endpoint means.
fn judge(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    hidden: &Hidden<'_>,
) -> Result<(SecretString, Option<Duration>), TokenError> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: SecretString,
        token_type: Option<String>,
        expires_in: Option<serde_json::Value>,
    }
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        error_description: Option<String>,
    }
    let retry_after = retry_after(headers, SystemTime::now());
    if status == StatusCode::OK
        && let Ok(granted) = serde_json::from_slice::<Granted>(body)
    {
        let bearer = |kind: &String| kind.eq_ignore_ascii_case("bearer");
        if !granted.token_type.as_ref().is_none_or(bearer) {
            return Err(TokenError::Unusable("its type is not `Bearer`"));
        }
        let lifetime = granted.expires_in.as_ref().and_then(lifetime);
        return Ok((granted.access_token, lifetime));
    }
    if let Ok(refusal) = serde_json::from_slice::<Refusal>(body) {
        let shown = |text: String| excerpt(&hidden.hide(&text));
        return Err(TokenError::Refused {
            status,
            error: shown(refusal.error),
            description: refusal
                .error_description
                .map(shown)
                .filter(|text| !text.is_empty()),
            retry_after,
        });
    }
    // A success that is no OAuth 2.0 may be a token all the same: none of it is shown.
    let body = if status.is_success() { &[] } else { body };
    let answer = Box::new(Answer::read(status, headers, body, hidden));
    Err(TokenError::NotOAuth2 {
        answer,
        retry_after,
    })
}

/// A number of seconds, which some servers send as text.
fn lifetime(value: &serde_json::Value) -> Option<Duration> {
    let seconds = match value {
        serde_json::Value::Number(number) => number.as_f64(),
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    // What is no time at all is as good as none left.
    seconds
        .map(|seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
}

/// Until when a token is used that was asked for at `asked`; for ever where that is beyond what
/// the clock can count.
fn usable_until(asked: Instant, lifetime: Duration) -> Option<Instant> {
    asked.checked_add(lifetime.saturating_sub(MARGIN.min(lifetime / 4)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_given_up_before_it_expires() {
        let now = Instant::now();
        for (seconds, used) in [(0, 0), (8, 6), (240, 180), (3600, 3540), (86_400, 86_340)] {
            let until = usable_until(now, Duration::from_secs(seconds)).expect("a time");
            assert_eq!(until - now, Duration::from_secs(used), "{seconds}");
        }
        assert_eq!(usable_until(now, Duration::MAX), None);
    }

    #[test]
    fn a_lifetime_is_a_number_however_it_is_written() {
        for (value, expected) in [
            (json!(3600), Some(3600)),
            (json!(3599.0), Some(3599)),
            (json!("3600"), Some(3600)),
            (json!(" 60 "), Some(60)),
            (json!(-5), Some(0)),
            (json!(1e300), Some(Duration::MAX.as_secs())),
            (json!(null), None),
            (json!("soon"), None),
            (json!([1]), None),
        ] {
            let seconds = lifetime(&value).map(|lifetime| lifetime.as_secs());
            assert_eq!(seconds, expected, "{value}");
        }
        // "NaN" is a number to some.
        assert_eq!(lifetime(&json!("NaN")), Some(Duration::ZERO));
    }
}
