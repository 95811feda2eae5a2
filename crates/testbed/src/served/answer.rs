//! What the served catalog sends: bodies that are made while they are sent, and error documents.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::{Body, Frame};
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Bytes of a body that are sent at a time, about.
const PIECE: usize = 64 * 1024;

/// The end of a request that failed.
pub(super) struct Failure {
    status: u16,
    name: &'static str,
    message: String,
}

impl Failure {
    /// By the name of the error, which decides the status.
    pub(super) fn new(name: &'static str, message: impl Into<String>) -> Self {
        let status = match name {
            "InputError" => 400,
            "AuthenticationError" => 401,
            "NotAllowedError" => 403,
            "NotFoundError" => 404,
            "PayloadTooLargeError" => 413,
            "NotImplementedError" => 501,
            _ => 500,
        };
        Self {
            status,
            name,
            message: message.into(),
        }
    }

    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::new("InputError", message)
    }

    /// Backstage's error document.
    pub(super) fn response(&self, method: &str, url: &str) -> Response<Pieces> {
        let document = json!({
            "error": {"name": self.name, "message": self.message},
            "request": {"method": method, "url": url},
            "response": {"statusCode": self.status},
        });
        let text = Bytes::from(document.to_string());
        let mut response = Response::new(Pieces::new(std::iter::once(text.clone())));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::CONTENT_LENGTH, text.len().into());
        response
    }
}

/// An answer without a body, which is what a real one gives for a route that it does not have.
pub(super) fn empty(status: StatusCode) -> Response<Pieces> {
    let mut response = Response::new(Pieces::new(std::iter::empty()));
    *response.status_mut() = status;
    response
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

/// JSON in chunks, made while it is sent: `before`, the items with commas between them, `after`.
pub(super) fn json_response(
    before: &'static str,
    items: impl Iterator<Item = Bytes> + Send + 'static,
    after: String,
    coding: Coding,
) -> Response<Pieces> {
    let mut first = true;
    let items = items.flat_map(move |item| {
        let comma = if std::mem::take(&mut first) { "" } else { "," };
        [Bytes::from_static(comma.as_bytes()), item]
    });
    let all = std::iter::once(Bytes::from_static(before.as_bytes()))
        .chain(items)
        .chain(std::iter::once(Bytes::from(after)));
    let body = match coding {
        Coding::Identity => Pieces::new(all),
        Coding::Gzip => Pieces::new(Gzipped {
            source: all,
            encoder: Some(GzEncoder::new(Vec::new(), Compression::default())),
        }),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if coding == Coding::Gzip {
        let gzip = HeaderValue::from_static("gzip");
        headers.insert(header::CONTENT_ENCODING, gzip);
    }
    response
}

/// A body from pieces that are made when they are sent.
pub(super) struct Pieces(Box<dyn Iterator<Item = Bytes> + Send>);

impl Pieces {
    fn new(pieces: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        Self(Box::new(pieces))
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut piece = Vec::new();
        while piece.len() < PIECE {
            match self.0.next() {
                Some(bytes) => piece.extend_from_slice(&bytes),
                None => break,
            }
        }
        Poll::Ready((!piece.is_empty()).then(|| Ok(Frame::data(piece.into()))))
    }
}

/// The same, compressed.
struct Gzipped<I> {
    source: I,
    /// `None` once all is sent.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<I: Iterator<Item = Bytes>> Iterator for Gzipped<I> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut encoder = self.encoder.take()?;
        let written = match self.source.next() {
            Some(bytes) => {
                let written = encoder.write_all(&bytes);
                let compressed = std::mem::take(encoder.get_mut());
                self.encoder = Some(encoder);
                written.map(|()| compressed)
            }
            None => encoder.finish(),
        };
        // Writing to memory does not fail.
        Some(written.unwrap_or_default().into())
    }
}
