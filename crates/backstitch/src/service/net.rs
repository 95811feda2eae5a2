//! What several slices of one batch changed in the end.
//!
//! A batch is applied in slices, and between two of them a Service may be nobody's for a moment. That is no history: of
//! one subject only the first `before` and the last `after` count, and nothing if they are the same.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use topology::change::{Change, Ownership, VerdictState};
use topology::verdict::{ComponentKey, ServiceKey};

type Sides<T> = (Option<T>, Option<T>);

/// Changes of different subjects.
#[derive(Debug, Default)]
pub(super) struct Net {
    verdicts: HashMap<(ComponentKey, Box<str>), Sides<VerdictState>>,
    services: HashMap<ServiceKey, Sides<Ownership>>,
}

impl Net {
    /// Adds changes that came after those added before.
    pub(super) fn extend(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Verdict {
                    component,
                    cluster,
                    before,
                    after,
                } => merge(&mut self.verdicts, (component, cluster), before, after),
                Change::Service {
                    service,
                    before,
                    after,
                } => merge(&mut self.services, service, before, after),
            }
        }
    }

    /// Takes over what a batch that is still under way changed before of the same subjects: history then goes on from where
    /// it ended, whichever of the two ends first.
    pub(super) fn take_over(&mut self, earlier: &mut Self) {
        take_over(&mut self.verdicts, &mut earlier.verdicts);
        take_over(&mut self.services, &mut earlier.services);
    }

    /// How many subjects changed.
    pub(super) fn len(&self) -> usize {
        self.verdicts.len() + self.services.len()
    }

    /// All of it, sorted by subject.
    pub(super) fn take(&mut self) -> Vec<Change> {
        let verdicts = std::mem::take(&mut self.verdicts);
        let services = std::mem::take(&mut self.services);
        let verdicts = verdicts
            .into_iter()
            .map(|((component, cluster), (before, after))| Change::Verdict {
                component,
                cluster,
                before,
                after,
            });
        let services = services
            .into_iter()
            .map(|(service, (before, after))| Change::Service {
                service,
                before,
                after,
            });
        let mut changes: Vec<Change> = verdicts.chain(services).collect();
        changes.sort_unstable_by(|a, b| a.subject().cmp(&b.subject()));
        changes
    }
}

fn take_over<K: Eq + std::hash::Hash, T: PartialEq>(
    all: &mut HashMap<K, Sides<T>>,
    earlier: &mut HashMap<K, Sides<T>>,
) {
    if earlier.is_empty() {
        return;
    }
    all.retain(|key, sides| {
        if let Some((before, _)) = earlier.remove(key) {
            sides.0 = before;
        }
        sides.0 != sides.1
    });
}

fn merge<K: Eq + std::hash::Hash, T: PartialEq>(
    all: &mut HashMap<K, Sides<T>>,
    key: K,
    before: Option<T>,
    after: Option<T>,
) {
    match all.entry(key) {
        Entry::Vacant(place) => {
            if before != after {
                place.insert((before, after));
            }
        }
        Entry::Occupied(mut known) => {
            known.get_mut().1 = after;
            if known.get().0 == known.get().1 {
                known.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use topology::verdict::ServiceState;

    use super::*;

    fn change(name: &str, before: Option<&str>, after: Option<&str>) -> Change {
        let ownership = |owner: &str| Ownership {
            state: ServiceState::Owned,
            component: None,
            owner: Some(owner.into()),
        };
        Change::Service {
            service: ServiceKey {
                cluster: "prod".into(),
                namespace: "shop".into(),
                name: name.into(),
            },
            before: before.map(ownership),
            after: after.map(ownership),
        }
    }

    #[test]
    fn s27_only_what_differs_in_the_end_is_history() {
        let mut net = Net::default();
        net.extend(vec![
            change("moved", Some("a"), None),
            change("kept", Some("a"), None),
            change("brief", None, Some("a")),
        ]);
        net.extend(vec![
            change("kept", None, Some("a")),
            change("moved", None, Some("b")),
            change("brief", Some("a"), None),
            change("new", None, Some("c")),
        ]);
        assert_eq!(net.len(), 2);
        let expected = [
            change("moved", Some("a"), Some("b")),
            change("new", None, Some("c")),
        ];
        assert_eq!(net.take(), expected);
        assert_eq!(net.take(), []);
    }

    #[test]
    fn s27_a_batch_in_between_takes_over_what_is_not_history_yet() {
        let mut large = Net::default();
        large.extend(vec![
            change("both", Some("a"), Some("b")),
            change("undone", Some("a"), None),
            change("large", None, Some("b")),
        ]);
        let mut small = Net::default();
        small.extend(vec![
            change("both", Some("b"), Some("c")),
            change("undone", None, Some("a")),
            change("small", None, Some("c")),
        ]);
        small.take_over(&mut large);
        let expected = [
            change("both", Some("a"), Some("c")),
            change("small", None, Some("c")),
        ];
        assert_eq!(small.take(), expected);
        large.extend(vec![change("both", Some("c"), Some("d"))]);
        let expected = [
            change("both", Some("c"), Some("d")),
            change("large", None, Some("b")),
        ];
        assert_eq!(large.take(), expected);
    }
}
