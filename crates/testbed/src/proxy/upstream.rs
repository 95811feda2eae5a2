//! The server behind the proxy, asked over a connection of its own each time.
//!
//! A server may close an idle connection at any moment, and that fault would not be one that a test asked for.

use std::io;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming as Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::wire::Incoming;

/// What is about one connection alone, and so is not passed on; the length is told anew.
const OF_ONE_CONNECTION: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
    HeaderName::from_static("keep-alive"),
];

/// The headers that are passed on.
pub(super) fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in &OF_ONE_CONNECTION {
        headers.remove(name);
    }
    headers
}

/// An origin of plain HTTP.
pub(super) struct Upstream {
    authority: String,
    host: HeaderValue,
}

impl Upstream {
    pub(super) fn at(origin: &str) -> io::Result<Self> {
        let uri: Uri = origin.parse().map_err(io::Error::other)?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(authority)) => Ok(Self {
                authority: authority.to_string(),
                host: authority.as_str().parse().map_err(io::Error::other)?,
            }),
            _ => Err(io::Error::other(format!(
                "`{origin}` is not an origin such as `http://127.0.0.1:7007`"
            ))),
        }
    }

    /// Passes the request on, for this target.
    pub(super) async fn ask(
        &self,
        incoming: &Incoming,
        target: &str,
    ) -> io::Result<Response<Body>> {
        let mut request = Request::builder()
            .method(incoming.method.clone())
            .uri(target)
            .body(Full::new(Bytes::from(incoming.body.clone())))
            .map_err(io::Error::other)?;
        *request.headers_mut() = passed_on(&incoming.headers);
        request
            .headers_mut()
            .insert(header::HOST, self.host.clone());
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(io::Error::other)
    }
}
