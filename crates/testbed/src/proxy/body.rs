//! Bodies, and the ways in which they fail to arrive.
//!
//! It owns where the bytes of an answer come from and at which byte what goes wrong. It must not know of catalogs.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::wire::Connection;

/// Bytes of a generated body at a time.
const PIECE: usize = 64 * 1024;

const ENTITY_BEFORE: &str = r#"{"items":[{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"namespace":"default","name":"huge","uid":"00000000-0000-4000-8000-000000000000","description":""#;
const ENTITY_AFTER: &str = r#""},"spec":{"type":"service","lifecycle":"production","owner":"team-0"},"relations":[]}],"totalItems":1,"pageInfo":{}}"#;

/// Where the bytes of an answer come from.
pub(super) enum Source {
    /// All of them are here.
    Whole(Bytes),
    /// The upstream is still sending.
    Upstream(Incoming),
    /// One entity with a long description: how much of it is still to come, and what comes after it.
    HugeEntity {
        before: bool,
        left: u64,
        after: bool,
    },
}

impl Source {
    pub(super) fn huge_entity(bytes: u64) -> Self {
        Self::HugeEntity {
            before: true,
            left: bytes,
            after: true,
        }
    }

    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                Ok((!bytes.is_empty()).then_some(bytes))
            }
            Self::Upstream(body) => loop {
                match body.frame().await {
                    // Trailers are not passed on.
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            break Ok(Some(bytes));
                        }
                    }
                    Some(Err(error)) => break Err(io::Error::other(error)),
                    None => break Ok(None),
                }
            },
            Self::HugeEntity {
                before,
                left,
                after,
            } => Ok(if std::mem::take(before) {
                Some(Bytes::from_static(ENTITY_BEFORE.as_bytes()))
            } else if *left > 0 {
                let length = usize::try_from(*left).unwrap_or(PIECE).min(PIECE);
                *left -= length as u64;
                Some(Bytes::from(vec![b'x'; length]))
            } else if std::mem::take(after) {
                Some(Bytes::from_static(ENTITY_AFTER.as_bytes()))
            } else {
                None
            }),
        }
    }

    /// All of it.
    pub(super) async fn whole(mut self) -> io::Result<Bytes> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            whole.extend_from_slice(&bytes);
        }
        Ok(whole.into())
    }
}

/// The entity of a [`Source::HugeEntity`], compressed, in the time of one piece however large it is: after a full flush
/// the same bytes compress to the same bytes, so those of one piece are repeated, and checksums can be combined.
pub(super) fn gzip_bomb(decompressed: u64) -> io::Result<Bytes> {
    let mut deflate = Compress::new(Compression::best(), false);
    let mut deflated = |bytes: &[u8], flush| {
        let mut out = Vec::with_capacity(bytes.len() + 1024);
        deflate
            .compress_vec(bytes, &mut out, flush)
            .map_err(io::Error::other)?;
        let mut sum = Crc::new();
        sum.update(bytes);
        Ok::<_, io::Error>((out, sum))
    };
    let before = deflated(ENTITY_BEFORE.as_bytes(), FlushCompress::Full)?;
    let piece = deflated(&vec![b'x'; PIECE], FlushCompress::Full)?;
    let after = deflated(ENTITY_AFTER.as_bytes(), FlushCompress::Finish)?;
    // The magic number, deflate, no flags, no time, best compression, unknown system.
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    let mut sum = Crc::new();
    let pieces = usize::try_from(decompressed.div_ceil(PIECE as u64)).map_err(io::Error::other)?;
    let parts = std::iter::once(&before)
        .chain(std::iter::repeat_n(&piece, pieces))
        .chain(std::iter::once(&after));
    for (bytes, part) in parts {
        gzip.extend_from_slice(bytes);
        sum.combine(part);
    }
    gzip.extend_from_slice(&sum.sum().to_le_bytes());
    gzip.extend_from_slice(&sum.amount().to_le_bytes());
    Ok(gzip.into())
}

/// What happens to a body on its way.
pub(super) enum Manner {
    /// Nothing.
    Plain,
    /// A pause after each few bytes.
    Slow { bytes: usize, pause: Duration },
    /// A byte at this offset that UTF-8 never has.
    Corrupt { offset: usize },
    /// Something happens after so many bytes, or at the end of a body that has fewer.
    Stop { after: usize, how: Stop },
}

/// How a body stops.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// It ends as if that were all.
    End,
    /// The connection closes.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing comes until the fault is cleared.
    Hang,
}

/// Sends the body. Gives the connection back where it can take another request.
///
/// # Errors
/// When the client or the upstream closed its connection.
pub(super) async fn send(
    mut connection: Connection,
    mut source: Source,
    manner: Manner,
    cleared: impl Future<Output = ()>,
) -> io::Result<Option<Connection>> {
    match manner {
        Manner::Plain => {
            while let Some(bytes) = source.next().await? {
                connection.part(&bytes).await?;
            }
        }
        Manner::Slow { bytes, pause } => {
            while let Some(piece) = source.next().await? {
                for few in piece.chunks(bytes.max(1)) {
                    connection.part(few).await?;
                    tokio::time::sleep(pause).await;
                }
            }
        }
        Manner::Corrupt { offset } => {
            let mut sent = 0;
            while let Some(piece) = source.next().await? {
                let mut piece = piece.to_vec();
                let at = offset.checked_sub(sent);
                if let Some(byte) = at.and_then(|at| piece.get_mut(at)) {
                    *byte = 0xff;
                }
                sent += piece.len();
                connection.part(&piece).await?;
            }
        }
        Manner::Stop { after, how } => {
            let mut left = after;
            let mut rest = Bytes::new();
            while left > 0
                && let Some(mut piece) = source.next().await?
            {
                rest = piece.split_off(left.min(piece.len()));
                left -= piece.len();
                connection.part(&piece).await?;
            }
            match how {
                Stop::End => {}
                Stop::Close => return Ok(None),
                Stop::Reset => {
                    connection.reset()?;
                    return Ok(None);
                }
                Stop::Hang => {
                    tokio::select! {
                        () = cleared => {}
                        () = connection.closed_by_client() => return Ok(None),
                    }
                    connection.part(&rest).await?;
                    while let Some(piece) = source.next().await? {
                        connection.part(&piece).await?;
                    }
                }
            }
        }
    }
    connection.end().await?;
    Ok(Some(connection))
}
