//! What is passed on of a Secret to whoever reads the source that it configures.

use std::sync::Arc;

use cluster::live::secrets::Secret;
use tokio::sync::watch;

use crate::secrets::{Problem, is_paused};
use crate::service::supply::Supply;

/// How a source is reached, as its Secret says it.
pub(super) type Read<T> = fn(&Secret) -> Result<T, Problem>;

/// Who reads a source as its Secret says.
pub(super) struct Fed<T> {
    read: Read<T>,
    supply: watch::Sender<Supply<T>>,
    /// The Secret that was given last.
    given: Option<Secret>,
    /// What labels and annotations begin with.
    prefix: String,
}

impl<T> Fed<T> {
    pub(super) fn new(read: Read<T>, supply: watch::Sender<Supply<T>>, prefix: &str) -> Self {
        Self {
            read,
            supply,
            given: None,
            prefix: prefix.to_owned(),
        }
    }

    /// Passes on what the Secret says, if it is not what was passed on last.
    pub(super) fn give(&mut self, secret: &Secret) {
        // Whatever else it is labelled with says nothing of the source.
        let same = |given: &Secret| {
            given.namespace == secret.namespace
                && given.name == secret.name
                && given.data == secret.data
                && is_paused(given, &self.prefix) == is_paused(secret, &self.prefix)
        };
        if self.given.as_ref().is_some_and(same) {
            return;
        }
        self.given = Some(secret.clone());
        if is_paused(secret, &self.prefix) {
            self.supply.send_replace(Supply::Paused);
            return;
        }
        self.supply.send_replace(match (self.read)(secret) {
            Ok(reached) => Supply::Given(Arc::new(reached)),
            Err(problem) => Supply::Refused(problem),
        });
    }

    /// Passes on that it cannot be used.
    pub(super) fn refuse(&mut self, problem: Problem) {
        self.given = None;
        self.supply.send_if_modified(|supply| {
            let same = matches!(supply, Supply::Refused(before) if *before == problem);
            if !same {
                *supply = Supply::Refused(problem);
            }
            !same
        });
    }

    /// Passes on that it is gone.
    pub(super) fn end(&mut self, problem: Problem) {
        self.given = None;
        self.supply.send_if_modified(|supply| {
            let same = matches!(supply, Supply::Gone(_));
            if !same {
                *supply = Supply::Gone(problem);
            }
            !same
        });
    }

    /// Secrets cannot be read. Whoever was given one goes on; nothing gets old by it.
    pub(super) fn wait(&mut self, problem: &Problem) {
        let waits = !matches!(&*self.supply.borrow(), Supply::Given(_) | Supply::Paused);
        if waits && self.given.is_none() {
            self.refuse(problem.clone());
        }
    }
}
