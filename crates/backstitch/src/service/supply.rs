//! What a Kubernetes Secret says of an instance at the moment, on its way from who watches Secrets to who reads the catalog.

use std::sync::Arc;

use tokio::sync::watch;

use crate::secrets::{Problem, Reached};

/// What is known of the Secret of an instance.
#[derive(Clone, Debug)]
pub(super) enum Supply {
    /// Nothing yet.
    Awaited,
    /// How the Backstage is reached.
    Given(Arc<Reached>),
    /// It cannot be used, or cannot be read. What the instance gave stays.
    Refused(Problem),
    /// It is gone, and what the instance gave may go too (S30).
    Gone(Problem),
}

/// The end that the task of the instance has.
#[derive(Debug)]
pub(super) struct Supplied {
    supply: watch::Receiver<Supply>,
    /// Whether the task was told before that the Secret is gone.
    pub(super) gone_before: bool,
}

impl Supplied {
    pub(super) fn new(supply: watch::Receiver<Supply>) -> Self {
        Self {
            supply,
            gone_before: false,
        }
    }

    /// What is known now.
    pub(super) fn now(&mut self) -> Supply {
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
