//! Asks Backstage, judges what comes back, and reads it to the end: text that is whole, or an
//! error. It knows what Backstage's errors look like, but nothing of entities.

use std::time::SystemTime;

use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use reqwest::{Request, Response};
use secrecy::SecretString;
use url::Url;

use crate::answer::{Hidden, content_type};
use crate::base_url::{BaseUrl, redacted};
use crate::bearer::{Bearer, Token};
use crate::exchange::{Answered, Exchange};
use crate::headers::default_headers;
use crate::http_client::for_backstage;
use crate::retry_after::retry_after;
use crate::{Answer, AuthFailure, Error, Settings, SettingsError, Traffic, fields};

pub(crate) struct Transport {
    exchange: Exchange,
    base: BaseUrl,
    bearer: Bearer,
    /// Values of headers, which nobody may see.
    header_values: Vec<SecretString>,
    /// Whether one of the headers is `Authorization`.
    authorization_given: bool,
    fields: Option<String>,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base = BaseUrl::new(settings.base_url.clone())?;
        let bearer = Bearer::new(settings)?;
        let headers = default_headers(&settings.headers, bearer.is_some())?;
        let http = for_backstage(settings, base.as_url(), &headers)?;
        let header_values = settings.headers.iter().map(|(_, value)| value.clone());
        let fields = settings.fields.as_deref().map(fields::parameter);
        Ok(Self {
            exchange: Exchange::new(http, settings.timeouts, settings.max_page_bytes),
            base,
            bearer,
            header_values: header_values.collect(),
            authorization_given: headers.contains_key(AUTHORIZATION),
            fields: fields.transpose()?,
        })
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.base
    }

    pub(crate) fn has_token(&self) -> bool {
        self.bearer.is_some()
    }

    /// The value of `fields=` to ask with, where not all are asked for.
    pub(crate) fn fields(&self) -> Option<&str> {
        self.fields.as_deref()
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.exchange.sent(),
            bytes_received: self.exchange.received(),
            token_requests: self.bearer.token_requests(),
        }
    }

    pub(crate) fn clock_ahead(&self) -> Option<i64> {
        self.exchange.clock_ahead()
    }

    /// The whole JSON text that this URL gives.
    pub(crate) async fn get(&self, url: Url) -> Result<String, Error> {
        self.ask(url, None).await
    }

    /// The whole JSON text that this URL gives for a JSON body.
    pub(crate) async fn post(&self, url: Url, json: Vec<u8>) -> Result<String, Error> {
        self.ask(url, Some(json)).await
    }

    /// Asks, and once more with another token where one that was kept is no longer accepted.
    async fn ask(&self, url: Url, json: Option<Vec<u8>>) -> Result<String, Error> {
        let token = self.bearer.token(None).await?;
        let answered = self
            .exchange(request(&url, json.clone()), token.as_ref())
            .await;
        let refused = |error: &Error| {
            error.status() == Some(StatusCode::UNAUTHORIZED) || error.is_expired_token()
        };
        match answered {
            Err(error) if self.bearer.is_renewed() && refused(&error) => {
                let token = self.bearer.token(token.as_ref()).await?;
                self.exchange(request(&url, json), token.as_ref()).await
            }
            answered => answered,
        }
    }

    async fn exchange(&self, mut request: Request, token: Option<&Token>) -> Result<String, Error> {
        if let Some(token) = token {
            let header = token.header.clone();
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let answered = self.exchange.send(request).await?;
        if !is_json_success(&answered.response) {
            return Err(self.judge(answered, token).await);
        }
        let url = answered.url.clone();
        let body = self.exchange.read(answered).await?;
        String::from_utf8(body).map_err(|error| Error::NotUtf8 {
            url,
            offset: error.utf8_error().valid_up_to(),
        })
    }

    /// What an answer means that is not JSON with status 200.
    async fn judge(&self, answered: Answered, token: Option<&Token>) -> Error {
        let Answered { response, url, .. } = answered;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_redirection()
            && let Some(to) = headers.get(LOCATION).and_then(|to| to.to_str().ok())
        {
            let to = response
                .url()
                .join(to)
                .map_or_else(|_| "?".to_owned(), |to| redacted(&to));
            return Error::Redirected { url, to };
        }
        let body = self.exchange.read_error(response).await;
        let mut hidden: Vec<&SecretString> = self.header_values.iter().collect();
        hidden.extend(self.bearer.secret());
        hidden.extend(token.map(|token| &token.secret));
        let answer = Box::new(Answer::read(status, &headers, &body, &Hidden::new(hidden)));
        let retry_after = retry_after(&headers, SystemTime::now());
        match status {
            StatusCode::UNAUTHORIZED => {
                let failure = self.auth_failure(&answer);
                Error::Unauthorized {
                    url,
                    failure,
                    answer,
                }
            }
            StatusCode::FORBIDDEN => Error::Forbidden { url, answer },
            StatusCode::TOO_MANY_REQUESTS => Error::RateLimited {
                url,
                retry_after,
                answer,
            },
            StatusCode::NOT_FOUND if answer.is_empty() => Error::NoRoute { url, answer },
            StatusCode::NOT_FOUND => Error::NotBackstage { url, answer },
            status if status.is_success() => Error::NotBackstage { url, answer },
            _ => Error::Status {
                url,
                retry_after,
                answer,
            },
        }
    }

    fn auth_failure(&self, answer: &Answer) -> AuthFailure {
        let document = answer.document.as_ref();
        let missing =
            document.is_some_and(|document| document.message.contains("Missing credentials"));
        let sent = self.bearer.is_some() || self.authorization_given;
        match (sent, missing) {
            (false, _) => AuthFailure::NoToken,
            (true, true) => AuthFailure::TokenLost,
            (true, false) if self.bearer.is_renewed() => AuthFailure::IllegalAccessToken,
            (true, false) => AuthFailure::IllegalToken,
        }
    }
}

/// A request for JSON, without what shows who asks.
fn request(url: &Url, json: Option<Vec<u8>>) -> Request {
    let Some(json) = json else {
        return Request::new(Method::GET, url.clone());
    };
    let mut request = Request::new(Method::POST, url.clone());
    let json_type = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json_type);
    *request.body_mut() = Some(json.into());
    request
}

/// An answer without a content type is taken for JSON, and parsed as such.
fn is_json_success(response: &Response) -> bool {
    response.status() == StatusCode::OK
        && content_type(response.headers())
            .is_none_or(|media| media.ends_with("/json") || media.ends_with("+json"))
}
