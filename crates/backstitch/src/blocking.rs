//! Work that waits for the disk, beside the tasks that must not.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

/// What comes of the work. Where it panics this does, and where the runtime goes down it does not return, as the task that
/// asks goes down as well.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}
