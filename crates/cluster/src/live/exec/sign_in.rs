//! Requests that bear the token that a command gave, and a new one once that is good no more.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use tower::{BoxError, Layer, Service, ServiceExt as _};

use super::{ExecError, Plugin};

/// A token is renewed so long before it expires: a request under way must not outlive it, and clocks differ.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// A layer that adds the token. Its clones share it, so that one command runs for all requests.
#[derive(Clone, Debug)]
pub(in crate::live) struct SignIn {
    plugin: Arc<Plugin>,
    token: Arc<Mutex<Token>>,
}

#[derive(Debug)]
struct Token {
    header: HeaderValue,
    expires: Option<Timestamp>,
    /// How often it was renewed.
    number: u64,
    /// A server does not accept it.
    refused: bool,
}

impl SignIn {
    /// Goes on from the token that the command gave first.
    ///
    /// # Errors
    /// When it cannot be sent.
    pub(in crate::live) fn new(
        plugin: Plugin,
        token: &SecretString,
        expires: Option<Timestamp>,
    ) -> Result<Self, ExecError> {
        let token = Token {
            header: header(&plugin, token)?,
            expires,
            number: 0,
            refused: false,
        };
        Ok(Self {
            plugin: Arc::new(plugin),
            token: Arc::new(Mutex::new(token)),
        })
    }

    /// A token that is good, and its number. Whoever comes while it is being renewed waits for that.
    async fn token(&self) -> Result<(HeaderValue, u64), ExecError> {
        let mut token = self.token.lock().await;
        let now = Timestamp::now();
        let is_over = token.expires.is_some_and(|at| now + MARGIN >= at);
        if token.refused || is_over {
            let given = self.plugin.run().await?;
            let Some(new) = given.token else {
                return Err(ExecError::Malformed {
                    command: self.plugin.command.clone(),
                    found: "a certificate where there was a token before".to_owned(),
                });
            };
            *token = Token {
                header: header(&self.plugin, &new)?,
                expires: given.expires,
                number: token.number + 1,
                refused: false,
            };
        }
        Ok((token.header.clone(), token.number))
    }

    /// The server did not accept the token of that number.
    async fn refused(&self, number: u64) {
        let mut token = self.token.lock().await;
        // Another request may have had it renewed in the meantime.
        token.refused |= token.number == number;
    }
}

fn header(plugin: &Plugin, token: &SecretString) -> Result<HeaderValue, ExecError> {
    let bearer = format!("Bearer {}", token.expose_secret());
    let Ok(mut value) = HeaderValue::try_from(bearer) else {
        return Err(ExecError::Malformed {
            command: plugin.command.clone(),
            found: "a token that cannot be sent".to_owned(),
        });
    };
    value.set_sensitive(true);
    Ok(value)
}

impl<S> Layer<S> for SignIn {
    type Service = SignedIn<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SignedIn {
            sign_in: self.clone(),
            inner: Arc::new(Mutex::new(inner)),
        }
    }
}

/// A service whose requests bear the token.
pub(in crate::live) struct SignedIn<S> {
    sign_in: SignIn,
    /// It is held only until a request is on its way.
    inner: Arc<Mutex<S>>,
}

impl<S, B> Service<Request<Body>> for SignedIn<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError> + Send + 'static,
    S::Future: Send,
    B: Send,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // The inner one is waited for once the token is there.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (sign_in, inner) = (self.sign_in.clone(), Arc::clone(&self.inner));
        Box::pin(async move {
            let (header, number) = sign_in.token().await?;
            request.headers_mut().insert(AUTHORIZATION, header);
            let sent = {
                let mut inner = inner.lock().await;
                inner.ready().await?.call(request)
            };
            let response = sent.await?;
            if response.status() == StatusCode::UNAUTHORIZED {
                sign_in.refused(number).await;
            }
            Ok(response)
        })
    }
}
