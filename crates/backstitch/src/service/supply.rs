//! What a Kubernetes Secret says of a source at the moment, on its way from who watches Secrets to who reads the source.

use std::sync::Arc;

use tokio::sync::watch;

use crate::secrets::Problem;

/// What is known of the Secret of a source; `T` is how the source is reached.
#[derive(Debug)]
pub(super) enum Supply<T> {
    /// Nothing yet.
    Awaited,
    /// How the source is reached.
    Given(Arc<T>),
    /// It cannot be used, or cannot be read. What the source gave stays.
    Refused(Problem),
    /// A person wants the source left alone. What it gave stays.
    Paused,
    /// It is gone, and what the source gave may go too (S30).
    Gone(Problem),
}

impl<T> Clone for Supply<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Awaited => Self::Awaited,
            Self::Given(reached) => Self::Given(Arc::clone(reached)),
            Self::Refused(problem) => Self::Refused(problem.clone()),
            Self::Paused => Self::Paused,
            Self::Gone(problem) => Self::Gone(problem.clone()),
        }
    }
}

/// The end that the task of the source has.
#[derive(Debug)]
pub(super) struct Supplied<T> {
    supply: watch::Receiver<Supply<T>>,
    /// Whether the task was told before that the Secret is gone.
    pub(super) gone_before: bool,
}

impl<T> Supplied<T> {
    pub(super) fn new(supply: watch::Receiver<Supply<T>>) -> Self {
        Self {
            supply,
            gone_before: false,
        }
    }

    /// What is known now.
    pub(super) fn now(&mut self) -> Supply<T> {
        let now = self.supply.borrow_and_update().clone();
        if !matches!(now, Supply::Gone(_)) {
            self.gone_before = false;
        }
        now
    }

    /// Waits until something is known.
    pub(super) async fn known(&mut self) {
        let known = self
            .supply
            .wait_for(|supply| !matches!(supply, Supply::Awaited));
        if known.await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until something else is known.
    pub(super) async fn changed(&mut self) {
        if self.supply.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
