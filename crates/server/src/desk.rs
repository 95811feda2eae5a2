//! Where a request hands something in that another part of the program does, and waits for what comes of it.
//!
//! It owns how long is waited and how many may wait. It must not know what is asked.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::problem::Refusal;

/// Bound on the requests that wait.
const WAITING: usize = 64;
/// How long a request waits for the loop, which waits for the disk.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where wishes are handed in.
#[derive(Debug)]
pub struct Desk<W, A>(mpsc::Sender<Request<W, A>>);

/// What is asked, and where the answer goes.
#[derive(Debug)]
pub struct Request<W, A> {
    /// What is asked.
    pub wish: W,
    /// Where the answer goes.
    pub answer: oneshot::Sender<A>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// The other side is gone.
    GoingDown,
    /// It did not come in time; what was asked may be done later.
    Late,
}

impl NoAnswer {
    /// What that means, in words; `late` is what it means that it did not come in time.
    pub(crate) fn detail(self, late: impl Into<String>) -> String {
        match self {
            Self::GoingDown => "the server is going down".to_owned(),
            Self::Late => late.into(),
        }
    }

    /// What it means where the store was to keep something; `list` shows whether it did.
    pub(crate) fn undecided(self, list: &str) -> Refusal {
        let detail = self.detail("the store did not take it in time; it may be done later");
        Refusal::undecided(detail).hint(format!("look at `{list}` before you ask again"))
    }
}

impl<W, A> Clone for Desk<W, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W, A> Desk<W, A> {
    /// A desk, and the end at which whoever does it sits.
    pub fn open() -> (Self, mpsc::Receiver<Request<W, A>>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    pub(crate) async fn ask(&self, wish: W) -> Result<A, NoAnswer> {
        asked(&self.0, PATIENCE, |answer| Request { wish, answer }).await
    }
}

/// Hands in what `request` makes of the place for the answer, and waits for that so long.
pub(crate) async fn asked<R, A>(
    sender: &mpsc::Sender<R>,
    patience: Duration,
    request: impl FnOnce(oneshot::Sender<A>) -> R,
) -> Result<A, NoAnswer> {
    let (answer, answered) = oneshot::channel();
    let asked = async {
        sender.send(request(answer)).await.ok()?;
        answered.await.ok()
    };
    match timeout(patience, asked).await {
        Ok(answer) => answer.ok_or(NoAnswer::GoingDown),
        Err(_) => Err(NoAnswer::Late),
    }
}
