//! What of a source could not be used: as a whole, or by kind where each kind is listed on its own.

use std::collections::{BTreeMap, BTreeSet};

use api::{ReadFault, SourceFaults};
use topology::fact::{Fault, ObjectKind};
use topology::generation;

/// Faults that are told one by one.
pub(super) const TOLD: usize = 20;
/// Bound on the faults of one kind that are told apart between two lists of it.
const KNOWN: usize = 10_000;

/// The faults of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    of: BTreeMap<Option<ObjectKind>, Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    /// What identifies each.
    seen: BTreeSet<u64>,
    first: Vec<ReadFault>,
}

impl Faults {
    /// All of the source, or of one kind of it, was read; whether that gave other faults than before.
    pub(super) fn replace(&mut self, scope: Option<ObjectKind>, faults: &[Fault]) -> bool {
        let before = self.of.remove(&scope).unwrap_or_default();
        let mut now = Known::default();
        now.add(faults);
        let other = now.seen != before.seen;
        if !faults.is_empty() {
            self.of.insert(scope, now);
        }
        other
    }

    /// Something of a kind has changed, and has these; whether any of them is new.
    pub(super) fn add(&mut self, scope: Option<ObjectKind>, faults: &[Fault]) -> bool {
        self.of.entry(scope).or_default().add(faults)
    }

    /// How many there are, and the first of them.
    pub(super) fn told(&self) -> SourceFaults {
        SourceFaults {
            total: self.of.values().map(|known| known.seen.len() as u64).sum(),
            first: self
                .of
                .values()
                .flat_map(|known| known.first.iter().cloned())
                .take(TOLD)
                .collect(),
        }
    }
}

impl Known {
    fn add(&mut self, faults: &[Fault]) -> bool {
        let mut any = false;
        for fault in faults {
            if self.seen.len() >= KNOWN {
                break;
            }
            if !self
                .seen
                .insert(generation::fingerprint(&[&fault.place, &fault.message]))
            {
                continue;
            }
            any = true;
            if self.first.len() < TOLD {
                self.first.push(ReadFault {
                    place: fault.place.clone(),
                    message: fault.message.clone(),
                });
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(range: std::ops::Range<usize>) -> Vec<Fault> {
        range
            .map(|number| Fault {
                place: format!("entity {number}"),
                message: "no name".to_owned(),
            })
            .collect()
    }

    #[test]
    fn the_first_are_told_and_all_are_counted() {
        let mut known = Faults::default();
        assert!(known.replace(None, &faults(0..50)));
        assert!(!known.replace(None, &faults(0..50)), "the same as before");
        let told = known.told();
        assert_eq!((told.total, told.first.len()), (50, TOLD));
        assert_eq!(told.first[0].place, "entity 0");
        assert!(known.replace(None, &[]));
        assert_eq!(known.told(), SourceFaults::default());
    }

    #[test]
    fn kinds_are_told_together_and_an_object_that_changes_often_once() {
        let mut known = Faults::default();
        known.replace(Some(ObjectKind::Service), &faults(0..1));
        assert!(known.add(Some(ObjectKind::Namespace), &faults(1..3)));
        assert!(!known.add(Some(ObjectKind::Namespace), &faults(1..3)));
        assert_eq!(known.told().total, 3);
        known.replace(Some(ObjectKind::Namespace), &[]);
        assert_eq!(known.told().total, 1);
    }
}
