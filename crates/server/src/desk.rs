//! Where a request hands something in that another part of the program does, and waits for what comes of it.
//!
//! It owns how long is waited and how many may wait. It must not know what is asked.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

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
    /// What that means, in words.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::GoingDown => "the server is going down",
            Self::Late => "the store did not take it in time; it may be done later",
        }
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
        let (answer, answered) = oneshot::channel();
        let asked = async {
            self.0.send(Request { wish, answer }).await.ok()?;
            answered.await.ok()
        };
        match timeout(PATIENCE, asked).await {
            Ok(answer) => answer.ok_or(NoAnswer::GoingDown),
            Err(_) => Err(NoAnswer::Late),
        }
    }
}
