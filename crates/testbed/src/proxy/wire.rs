//! HTTP/1.1 on a socket, to the byte.
//!
//! It owns reading a request and writing an answer in exactly the pieces that it is told, because a proxy that breaks
//! answers must be able to stop at any byte, and no well-behaved server lets it. It must not know of faults.

use std::io;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bound on the head of a request.
const MAX_HEAD: usize = 256 * 1024;
/// Bound on the headers of a request.
const MAX_HEADERS: usize = 128;
/// Bound on the body of a request.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) method: Method,
    /// Path and query, as sent.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// `Content-Length`, whatever is then really sent.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// One connection of a client.
pub(super) struct Connection {
    stream: TcpStream,
    /// Read, and not yet used.
    buffer: Vec<u8>,
    framing: Framing,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
            framing: Framing::Chunked,
        }
    }

    /// The next request, or `None` where the client has closed the connection.
    pub(super) async fn request(&mut self) -> io::Result<Option<Incoming>> {
        let (mut incoming, head, length) = loop {
            if let Some(parsed) = parse(&self.buffer)? {
                break parsed;
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(invalid("the head of the request is too large"));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        };
        if length > MAX_BODY {
            return Err(invalid("the body of the request is too large"));
        }
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
        incoming.body = self.buffer[head..head + length].to_vec();
        self.buffer.drain(..head + length);
        Ok(Some(incoming))
    }

    pub(super) async fn head(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        framing: Framing,
    ) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status}\r\n").into_bytes();
        for (name, value) in headers {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        let end = match framing {
            Framing::Length(length) => format!("content-length: {length}\r\n\r\n"),
            Framing::Chunked => "transfer-encoding: chunked\r\n\r\n".to_owned(),
        };
        head.extend_from_slice(end.as_bytes());
        self.framing = framing;
        self.write(&head).await
    }

    /// A part of the body.
    pub(super) async fn part(&mut self, bytes: &[u8]) -> io::Result<()> {
        // An empty chunk would be the end of the body.
        if bytes.is_empty() {
            return Ok(());
        }
        match self.framing {
            Framing::Length(_) => self.write(bytes).await,
            Framing::Chunked => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend_from_slice(bytes);
                chunk.extend_from_slice(b"\r\n");
                self.write(&chunk).await
            }
        }
    }

    /// The proper end of the body.
    pub(super) async fn end(&mut self) -> io::Result<()> {
        match self.framing {
            Framing::Length(_) => Ok(()),
            Framing::Chunked => self.write(b"0\r\n\r\n").await,
        }
    }

    /// Ends the connection with a TCP reset instead of a proper close.
    pub(super) fn reset(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }

    /// Ready when the client has closed its side; what it may send meanwhile is kept.
    pub(super) async fn closed_by_client(&mut self) {
        while self.buffer.len() <= MAX_HEAD {
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }
}

/// The request at the start of these bytes without its body, the length of its head, and that of its body; `None` where
/// the head is not whole yet.
fn parse(bytes: &[u8]) -> io::Result<Option<(Incoming, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(bytes).map_err(invalid)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let method = request.method.unwrap_or_default();
    let mut incoming = Incoming {
        method: Method::from_bytes(method.as_bytes()).map_err(invalid)?,
        target: request.path.unwrap_or_default().to_owned(),
        headers: HeaderMap::new(),
        body: Vec::new(),
    };
    for header in request.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(invalid)?;
        let value = HeaderValue::from_bytes(header.value).map_err(invalid)?;
        incoming.headers.append(name, value);
    }
    if incoming
        .headers
        .contains_key(http::header::TRANSFER_ENCODING)
    {
        return Err(invalid("a request with a chunked body is not understood"));
    }
    let length = match incoming.headers.get(http::header::CONTENT_LENGTH) {
        Some(length) => length
            .to_str()
            .map_err(invalid)?
            .parse()
            .map_err(|error: std::num::ParseIntError| invalid(error))?,
        None => 0,
    };
    Ok(Some((incoming, head, length)))
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
