//! Work on a thread of its own: a command that gives the credentials of a cluster may hang, and must hold up nobody else.

use std::io;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Why nothing came of it.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// It could not begin.
    NoThread(io::Error),
    /// It panicked, which has been told of.
    Failed,
    /// It is not waited for any more.
    Late,
}

/// What comes of the work within that time. The thread is called so.
pub(crate) async fn apart<T: Send + 'static>(
    name: &str,
    patience: Duration,
    work: impl AsyncFnOnce() -> T + Send + 'static,
) -> Result<T, Unfinished> {
    let (sender, receiver) = oneshot::channel();
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread
        .spawn(move || {
            // Whoever waited may have given up.
            let _ = sender.send(runtime.block_on(work()));
        })
        .map_err(Unfinished::NoThread)?;
    match timeout(patience, receiver).await {
        Ok(done) => done.map_err(|_| Unfinished::Failed),
        Err(_) => Err(Unfinished::Late),
    }
}
