//! The body of one answer, bounded in time and size.

use futures::AsyncReadExt as _;

use super::Pace;
use super::connect::ApiServer;
use super::request::{Asked, RequestError};

/// Sends the request and reads the whole answer.
///
/// # Errors
/// When there is none in time, the server refuses, or the answer has more than `most` bytes.
pub(super) async fn fetch(
    server: &ApiServer,
    request: http::Request<Vec<u8>>,
    pace: &Pace,
    most: u64,
    asked: impl Fn() -> Asked,
) -> Result<Vec<u8>, RequestError> {
    let answer = async {
        let mut body = Vec::new();
        let stream = server.client.request_stream(request).await?;
        stream
            .take(most + 1)
            .read_to_end(&mut body)
            .await
            .map_err(kube::Error::ReadEvents)?;
        Ok(body)
    };
    let body = tokio::time::timeout(pace.answer_timeout, answer)
        .await
        .map_err(|_| RequestError::TimedOut {
            asked: asked(),
            after: pace.answer_timeout,
        })?
        .map_err(|error| RequestError::from_kube(asked(), &error))?;
    if body.len() as u64 > most {
        return Err(RequestError::Malformed {
            asked: asked(),
            cause: format!("found a page of more than {most} bytes"),
        });
    }
    Ok(body)
}
