//! Sends a request and reads the answer's body, bounded in size and time, and counts both. What an
//! answer means is not known here.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use reqwest::{Request, Response};

use crate::base_url::redacted;
use crate::clock::Clock;
use crate::{Cause, ConnectFailure, Error, TimeoutPhase, Timeouts};

/// How much of the body of an error is read.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// The most room that is made for a body before it comes. A length that is announced costs the
/// server nothing; what came before says more, where it came.
const MAX_ROOM: usize = 4 * 1024 * 1024;

/// The way to one peer.
pub(crate) struct Exchange {
    http: reqwest::Client,
    timeouts: Timeouts,
    max_bytes: usize,
    sent: AtomicU64,
    received: AtomicU64,
    /// The size of the last body, which pages in a row have nearly in common.
    last_size: AtomicUsize,
    clock: Clock,
}

/// An answer whose body has not been read.
pub(crate) struct Answered {
    pub(crate) response: Response,
    /// What was asked, as it may be shown.
    pub(crate) url: String,
    started: Instant,
}

impl Exchange {
    pub(crate) fn new(http: reqwest::Client, timeouts: Timeouts, max_bytes: usize) -> Self {
        Self {
            http,
            timeouts,
            max_bytes,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            last_size: AtomicUsize::new(0),
            clock: Clock::new(),
        }
    }

    /// How many requests were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many bytes of bodies came, after decompression.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// How far the peer's clock was ahead of ours when it answered last, in seconds.
    pub(crate) fn clock_ahead(&self) -> Option<i64> {
        self.clock.ahead()
    }

    /// Sends the request, and once more if the connection broke before anything came: an idle
    /// connection may be closed by the server just as it is used again.
    pub(crate) async fn send(&self, request: Request) -> Result<Answered, Error> {
        let (url, started) = (redacted(request.url()), Instant::now());
        let again = request.try_clone();
        let broke = |error: &reqwest::Error| {
            error.is_request()
                && !error.is_connect()
                && !error.is_timeout()
                && ConnectFailure::by_alert(error).is_none()
        };
        let answered = match (self.execute(request).await, again) {
            (Err(error), Some(again)) if broke(&error) => self.execute(again).await,
            (answered, _) => answered,
        };
        match answered {
            Ok(response) => Ok(Answered {
                response,
                url,
                started,
            }),
            Err(error) => Err(self.send_error(url, started, error)),
        }
    }

    async fn execute(&self, request: Request) -> reqwest::Result<Response> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let response = self.http.execute(request).await?;
        self.clock.note(response.headers(), SystemTime::now());
        Ok(response)
    }

    fn send_error(&self, url: String, started: Instant, error: reqwest::Error) -> Error {
        if error.is_timeout() {
            let phase = if error.is_connect() {
                TimeoutPhase::Connect
            } else {
                TimeoutPhase::Answer
            };
            return self.timeout(url, started, phase);
        }
        // A server that wants a client certificate says so after the connection came about.
        let failure = match ConnectFailure::by_alert(&error) {
            None if error.is_connect() => Some(ConnectFailure::of(&error)),
            failure => failure,
        };
        let source = Cause::of(error);
        match failure {
            Some(failure) => Error::Connect {
                url,
                failure,
                source,
            },
            None => Error::Disconnected { url, source },
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

    /// The whole body. Decompression is by the chunk, so that what a few bytes expand to is given
    /// up at the limit, too.
    pub(crate) async fn read(&self, answered: Answered) -> Result<Vec<u8>, Error> {
        let Answered {
            mut response,
            url,
            started,
        } = answered;
        let limit = self.max_bytes;
        let announced = response.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > limit {
            return Err(Error::TooLarge { url, limit });
        }
        let expected = announced.max(self.last_size.load(Ordering::Relaxed));
        let mut body = Vec::with_capacity(expected.min(MAX_ROOM).min(limit));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    self.received
                        .fetch_add(chunk.len() as u64, Ordering::Relaxed);
                    if chunk.len() > limit - body.len() {
                        return Err(Error::TooLarge { url, limit });
                    }
                    body.extend_from_slice(&chunk);
                }
                Ok(None) => {
                    self.last_size.store(body.len(), Ordering::Relaxed);
                    return Ok(body);
                }
                Err(error) if error.is_timeout() => {
                    return Err(self.timeout(url, started, TimeoutPhase::Body));
                }
                Err(error) => {
                    return Err(Error::CutOff {
                        url,
                        received: body.len(),
                        source: Cause::of(error),
                    });
                }
            }
        }
    }

    /// As much of the body as helps to say what came; what fails here is no further news.
    pub(crate) async fn read_error(&self, mut response: Response) -> Vec<u8> {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            self.received
                .fetch_add(chunk.len() as u64, Ordering::Relaxed);
            let room = MAX_ERROR_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == MAX_ERROR_BYTES {
                break;
            }
        }
        body
    }
}
