//! Sends a request, judges what comes back, and reads it to the end: text that is whole, or an
//! error. It knows HTTP and what Backstage's errors look like, but nothing of entities.

use std::time::{Duration, Instant, SystemTime};

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::{Request, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use url::{Origin, Url};

use crate::answer::content_type;
use crate::base_url::{BaseUrl, redacted};
use crate::retry_after::retry_after;
use crate::{
    Answer, AuthFailure, Cause, ConnectFailure, Error, Settings, SettingsError, TimeoutPhase,
    Timeouts,
};

/// Node closes a connection that was idle for 5 s: ours must be given up before that.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// How many redirects within the origin are followed.
const MAX_REDIRECTS: usize = 5;

/// How much of the body of an error is read.
const MAX_ERROR_BYTES: usize = 64 * 1024;

pub(crate) struct Transport {
    http: reqwest::Client,
    base: BaseUrl,
    token: Option<SecretString>,
    timeouts: Timeouts,
    max_page_bytes: usize,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let base = BaseUrl::new(settings.base_url.clone())?;
        let token = settings
            .token
            .as_ref()
            .map(|token| token.expose_secret().trim());
        let token = token.filter(|token| !token.is_empty());
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(SettingsError::Token);
            }
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| SettingsError::Token)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let token = token.map(SecretString::from);
        let http = http_client(settings, &base, &headers)?;
        Ok(Self {
            http,
            base,
            token,
            timeouts: settings.timeouts,
            max_page_bytes: settings.max_page_bytes,
        })
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.base
    }

    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// The whole JSON text that this URL gives.
    pub(crate) async fn get(&self, url: Url) -> Result<String, Error> {
        let request = Request::new(http::Method::GET, url);
        self.exchange(request).await
    }

    /// The whole JSON text that this URL gives for a JSON body. The request must be one that can
    /// be sent twice.
    pub(crate) async fn post(&self, url: Url, json: Vec<u8>) -> Result<String, Error> {
        let mut request = Request::new(http::Method::POST, url);
        let json_type = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json_type);
        *request.body_mut() = Some(json.into());
        self.exchange(request).await
    }

    async fn exchange(&self, request: Request) -> Result<String, Error> {
        let url = redacted(request.url());
        let started = Instant::now();
        let answered = self.send(request).await;
        let response = answered.map_err(|error| self.send_error(&url, started, error))?;
        if is_json_success(&response) {
            let body = self.read(&url, started, response).await?;
            return String::from_utf8(body).map_err(|error| Error::NotUtf8 {
                url,
                offset: error.utf8_error().valid_up_to(),
            });
        }
        Err(self.judge(url, response).await)
    }

    /// Sends the request, and once more if the connection broke before anything came: an idle
    /// connection may be closed by the server just as it is used again.
    async fn send(&self, request: Request) -> reqwest::Result<Response> {
        let again = request.try_clone();
        let broke = |error: &reqwest::Error| {
            error.is_request() && !error.is_connect() && !error.is_timeout()
        };
        match (self.http.execute(request).await, again) {
            (Err(error), Some(again)) if broke(&error) => self.http.execute(again).await,
            (answered, _) => answered,
        }
    }

    fn send_error(&self, url: &str, started: Instant, error: reqwest::Error) -> Error {
        let url = url.to_owned();
        if error.is_timeout() {
            let phase = if error.is_connect() {
                TimeoutPhase::Connect
            } else {
                TimeoutPhase::Answer
            };
            return self.timeout(url, started, phase);
        }
        if error.is_connect() {
            let failure = ConnectFailure::of(&error);
            return Error::Connect {
                url,
                failure,
                source: Cause::of(error),
            };
        }
        Error::Disconnected {
            url,
            source: Cause::of(error),
        }
    }

    fn timeout(&self, url: String, started: Instant, phase: TimeoutPhase) -> Error {
        let (phase, limit) = match phase {
            _ if started.elapsed() >= self.timeouts.request => {
                (TimeoutPhase::Request, self.timeouts.request)
            }
            TimeoutPhase::Connect => (phase, self.timeouts.connect),
            _ => (phase, self.timeouts.idle),
        };
        Error::Timeout { url, phase, limit }
    }

    async fn read(
        &self,
        url: &str,
        started: Instant,
        mut response: Response,
    ) -> Result<Vec<u8>, Error> {
        let limit = self.max_page_bytes;
        let too_large = || Error::TooLarge {
            url: url.to_owned(),
            limit,
        };
        let announced = response.content_length().map(usize::try_from);
        let announced = announced.unwrap_or(Ok(0)).map_err(|_| too_large())?;
        if announced > limit {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if chunk.len() > limit - body.len() => return Err(too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) if error.is_timeout() => {
                    return Err(self.timeout(url.to_owned(), started, TimeoutPhase::Body));
                }
                Err(error) => {
                    let (url, received) = (url.to_owned(), body.len());
                    return Err(Error::CutOff {
                        url,
                        received,
                        source: Cause::of(error),
                    });
                }
            }
        }
    }

    /// What an answer means that is not JSON with status 200.
    async fn judge(&self, url: String, response: Response) -> Error {
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
        let body = error_body(response).await;
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        let answer = Box::new(Answer::read(status, &headers, &body, token));
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
        let missing = answer
            .document
            .as_ref()
            .is_some_and(|document| document.message.contains("Missing credentials"));
        match (self.has_token(), missing) {
            (false, _) => AuthFailure::NoToken,
            (true, true) => AuthFailure::TokenLost,
            (true, false) => AuthFailure::IllegalToken,
        }
    }
}

fn http_client(
    settings: &Settings,
    base: &BaseUrl,
    headers: &HeaderMap,
) -> Result<reqwest::Client, SettingsError> {
    let agent = HeaderValue::from_str(&settings.user_agent)
        .map_err(|_| SettingsError::UserAgent(settings.user_agent.escape_debug().to_string()))?;
    let mut roots = Vec::new();
    if let Some(pem) = &settings.tls.extra_roots_pem {
        roots = reqwest::Certificate::from_pem_bundle(pem)
            .ok()
            .filter(|roots| !roots.is_empty())
            .ok_or(SettingsError::ExtraRoots)?;
    }
    let builder = || {
        reqwest::Client::builder()
            .user_agent(agent.clone())
            .default_headers(headers.clone())
            .gzip(settings.gzip)
            .redirect(within(base.as_url().origin()))
            .referer(false)
            .connect_timeout(settings.timeouts.connect)
            .read_timeout(settings.timeouts.idle)
            .timeout(settings.timeouts.request)
            .pool_idle_timeout(POOL_IDLE)
            .tls_danger_accept_invalid_certs(settings.tls.insecure_skip_verify)
    };
    let built = builder().tls_certs_merge(roots.clone()).build();
    if built.is_err() && base.as_url().scheme() == "http" {
        // Plain HTTP must work in an image without any root certificates, where TLS cannot be set
        // up. No TLS server is then trusted, and none is needed: redirects stay in the origin.
        let built = builder().tls_certs_only(roots).build();
        return built.map_err(|error| SettingsError::Tls(Cause::of(error)));
    }
    built.map_err(|error| SettingsError::Tls(Cause::of(error)))
}

/// Follows redirects within the origin; others come back as they are, so that the error can say
/// where they lead, and nothing of ours is sent there.
fn within(origin: Origin) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() <= MAX_REDIRECTS && attempt.url().origin() == origin {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

/// An answer without a content type is taken for JSON, and parsed as such.
fn is_json_success(response: &Response) -> bool {
    response.status() == StatusCode::OK
        && content_type(response.headers())
            .is_none_or(|media| media.ends_with("/json") || media.ends_with("+json"))
}

/// As much of the body as helps to say what came; what fails here is no further news.
async fn error_body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_ERROR_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_ERROR_BYTES {
            break;
        }
    }
    body
}
