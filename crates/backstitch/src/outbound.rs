//! What alerts and notifications have in common on their way out: whose turn it is, a client that is bounded in time and follows
//! nobody elsewhere, and what is kept of an answer. It must not know what is sent.

mod backlog;

use std::path::Path;
use std::time::Duration;

use reqwest::{Certificate, Client, Response};
use tokio::sync::Notify;
use tokio::time::sleep_until;

pub(crate) use self::backlog::{Backlog, Entry, Next};
use crate::report::told;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Characters of what a receiver says that are kept.
const SAID: usize = 200;
/// Bound on a file of root certificates, in bytes.
const MAX_ROOTS: u64 = 1024 * 1024;

/// The entry to be sent now. `None`, after a while: something came, or it is time to look again.
pub(crate) async fn due(next: Next, arrived: &Notify) -> Option<Entry> {
    match next {
        Next::Send(entry) => return Some(entry),
        Next::Nothing => arrived.notified().await,
        Next::Until(until) => {
            tokio::select! {
                () = sleep_until(until) => {}
                () = arrived.notified() => {}
            }
        }
    }
    None
}

/// What the receiver says of a failure, such as which label it does not take; as much of it as a line can bear.
pub(crate) async fn said(mut response: Response) -> Option<String> {
    if response.status().is_success() {
        return None;
    }
    // The first piece is enough, and that there is none is no failure of its own.
    let piece = response.chunk().await.ok().flatten()?;
    line(&String::from_utf8_lossy(&piece))
}

/// As much of a text as a line can bear; `None` of nothing.
pub(crate) fn line(text: &str) -> Option<String> {
    let text = text.trim().chars().take(SAID);
    let text: String = text
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    (!text.is_empty()).then_some(text)
}

/// A client that trusts these roots too.
///
/// # Errors
/// When the roots cannot be used; in words.
pub(crate) fn client(ca_file: Option<&Path>, timeout: Duration) -> Result<Client, String> {
    let roots = match ca_file {
        None => Vec::new(),
        Some(path) => {
            let roots = Certificate::from_pem_bundle(&roots(path)?);
            roots
                .ok()
                .filter(|roots| !roots.is_empty())
                .ok_or_else(|| unusable(path, "it holds no certificates"))?
        }
    };
    let builder = || {
        Client::builder()
            .user_agent(concat!("backstitch/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIME)
            .timeout(timeout)
            .referer(false)
            // A redirect would take what is sent and the token along.
            .redirect(reqwest::redirect::Policy::none())
    };
    let built = builder().tls_certs_merge(roots.clone()).build();
    // Plain HTTP has to work where there are no root certificates at all; then no TLS server is trusted.
    let built = built.or_else(|_| builder().tls_certs_only(roots).build());
    built.map_err(|error| told(&error))
}

/// The text of a file of root certificates, up to its bound.
///
/// # Errors
/// When it cannot be read; in words.
pub(crate) fn roots(path: &Path) -> Result<Vec<u8>, String> {
    let length = std::fs::metadata(path).map_err(|error| unusable(path, &error.to_string()))?;
    if length.len() > MAX_ROOTS {
        return Err(unusable(path, "it is too large"));
    }
    std::fs::read(path).map_err(|error| unusable(path, &error.to_string()))
}

fn unusable(path: &Path, why: &str) -> String {
    format!("cannot use `{}`: {why}", path.display())
}
