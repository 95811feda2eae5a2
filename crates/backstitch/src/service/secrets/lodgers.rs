//! The sources of one purpose that only Secrets configure: who they are, and what each is told of its Secret.

use std::collections::BTreeMap;

use cluster::live::secrets::Secret;
use tokio::sync::watch;

use super::fed::{Fed, Read};
use super::seen::Seen;
use crate::secrets::{Found, Purpose};
use crate::service::event::SourceNo;
use crate::service::supply::Supply;

/// See the module; `T` is how such a source is reached.
pub(super) struct Lodgers<T> {
    purpose: Purpose,
    read: Read<T>,
    /// What labels and annotations begin with.
    prefix: String,
    all: BTreeMap<String, Lodger<T>>,
}

struct Lodger<T> {
    source: SourceNo,
    fed: Fed<T>,
}

impl<T> Lodgers<T> {
    pub(super) fn new(purpose: Purpose, read: Read<T>, prefix: &str) -> Self {
        Self {
            purpose,
            read,
            prefix: prefix.to_owned(),
            all: BTreeMap::new(),
        }
    }

    /// Those for whom a Secret is found, and who are not here yet.
    pub(super) fn missing(&self, found: &[Found<'_>]) -> Vec<String> {
        let names = found.iter().map(|found| found.name);
        names
            .filter(|name| !self.all.contains_key(*name))
            .map(str::to_owned)
            .collect()
    }

    /// One more; what it is told comes here.
    pub(super) fn add(&mut self, name: &str, source: SourceNo) -> watch::Receiver<Supply<T>> {
        let supply = watch::Sender::new(Supply::Awaited);
        let receiver = supply.subscribe();
        let fed = Fed::new(self.read, supply, &self.prefix);
        self.all.insert(name.to_owned(), Lodger { source, fed });
        receiver
    }

    /// One less: its place in the book.
    pub(super) fn remove(&mut self, name: &str) -> Option<SourceNo> {
        self.all.remove(name).map(|lodger| lodger.source)
    }

    /// Passes on what was found; one of whom nothing was is told that its Secret is gone, where that can be said.
    pub(super) fn feed(&mut self, found: &[(String, Secret)], seen: &Seen) {
        for (name, secret) in found {
            if let Some(lodger) = self.all.get_mut(name) {
                lodger.fed.give(secret);
            }
        }
        for (name, lodger) in &mut self.all {
            if found.iter().any(|(found, _)| found == name) {
                continue;
            }
            match seen.failure(self.purpose) {
                Some(problem) => lodger.fed.wait(problem),
                None if seen.is_complete(self.purpose) => {
                    lodger.fed.end(self.purpose.gone(name, &self.prefix));
                }
                None => {}
            }
        }
    }
}
