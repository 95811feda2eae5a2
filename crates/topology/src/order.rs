//! Ids in the order of their names, for lists that go on from a key.
//!
//! A list of short runs: adding one id among a million moves a few hundred, and no run is ever sorted again.

use std::cmp::Ordering;

const RUN: usize = 512;

/// Ids kept in the order of a comparison that the caller gives each time (and that must not change for ids held).
#[derive(Debug, Default)]
pub(crate) struct Order {
    runs: Vec<Vec<u32>>,
    len: usize,
}

impl Order {
    /// Adds many at once; `ids` must be sorted already and none may be held.
    pub(crate) fn extend_sorted(&mut self, ids: &[u32], compare: impl Fn(u32, u32) -> Ordering) {
        let few = ids.len() < self.len / 16;
        if few {
            for id in ids {
                self.insert(*id, |other| compare(other, *id));
            }
            return;
        }
        let old = std::mem::take(&mut self.runs);
        let mut old = old.into_iter().flatten().peekable();
        let mut new = ids.iter().copied().peekable();
        let mut runs: Vec<Vec<u32>> = Vec::with_capacity((self.len + ids.len()) / RUN + 1);
        loop {
            let next = match (old.peek(), new.peek()) {
                (Some(a), Some(b)) if compare(*a, *b) == Ordering::Greater => new.next(),
                (Some(_), _) => old.next(),
                (None, _) => new.next(),
            };
            let Some(id) = next else { break };
            match runs.last_mut() {
                Some(run) if run.len() < RUN => run.push(id),
                _ => {
                    let mut run = Vec::with_capacity(RUN);
                    run.push(id);
                    runs.push(run);
                }
            }
        }
        self.runs = runs;
        self.len += ids.len();
    }

    /// Adds `id`; `compare` holds another id against it.
    pub(crate) fn insert(&mut self, id: u32, compare: impl Fn(u32) -> Ordering) {
        self.len += 1;
        let run = self.run_of(&compare);
        let Some(ids) = self.runs.get_mut(run) else {
            self.runs.push(vec![id]);
            return;
        };
        let at = ids.partition_point(|other| compare(*other) == Ordering::Less);
        ids.insert(at, id);
        if ids.len() > 2 * RUN {
            let tail = ids.split_off(RUN);
            self.runs.insert(run + 1, tail);
        }
    }

    /// Takes out the id that `compare` calls equal.
    pub(crate) fn remove(&mut self, compare: impl Fn(u32) -> Ordering) {
        let run = self.run_of(&compare);
        let Some(ids) = self.runs.get_mut(run) else {
            return;
        };
        if let Ok(at) = ids.binary_search_by(|other| compare(*other)) {
            ids.remove(at);
            self.len -= 1;
            if ids.is_empty() {
                self.runs.remove(run);
            }
        }
    }

    /// The ids from the first that `compare` does not call less.
    pub(crate) fn from(&self, compare: impl Fn(u32) -> Ordering) -> impl Iterator<Item = u32> {
        let run = self.run_of(&compare);
        let skip = self.runs.get(run).map_or(0, |ids| {
            ids.partition_point(|other| compare(*other) == Ordering::Less)
        });
        self.runs[run.min(self.runs.len())..]
            .iter()
            .flatten()
            .copied()
            .skip(skip)
    }

    /// Every id in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        self.runs.iter().flatten().copied()
    }

    /// The run in which the searched place is: the last one that does not start behind it.
    fn run_of(&self, compare: &impl Fn(u32) -> Ordering) -> usize {
        self.runs
            .partition_point(|ids| {
                ids.last()
                    .is_some_and(|last| compare(*last) == Ordering::Less)
            })
            .min(self.runs.len().saturating_sub(1))
    }
}

/// Sorts many ids at once: by the rank of their group, then by the first bytes of their names, and only those that
/// agree in both by the comparison itself, which has to fetch both names.
pub(crate) fn sort_by_names<'t>(
    ids: &mut [u32],
    rank: impl Fn(u32) -> u32,
    name: impl Fn(u32) -> &'t str,
    compare: impl Fn(u32, u32) -> Ordering,
) {
    let mut keyed: Vec<(u32, u128, u32)> = ids
        .iter()
        .map(|id| (rank(*id), first_bytes(name(*id)), *id))
        .collect();
    keyed.sort_unstable_by_key(|(rank, bytes, _)| (*rank, *bytes));
    let agree = |a: &(u32, u128, u32), b: &(u32, u128, u32)| (a.0, a.1) == (b.0, b.1);
    for run in keyed.chunk_by_mut(agree) {
        run.sort_unstable_by(|a, b| compare(a.2, b.2));
    }
    for (id, (_, _, sorted)) in ids.iter_mut().zip(keyed) {
        *id = sorted;
    }
}

fn first_bytes(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Order;

    proptest! {
        #[test]
        fn behaves_as_a_sorted_set(
            bulk in prop::collection::btree_set(0_u32..5000, 0..3000),
            steps in prop::collection::vec((any::<bool>(), 0_u32..5000), 0..300),
            from in 0_u32..5000,
        ) {
            let mut order = Order::default();
            let mut model = BTreeSet::new();
            for (add, id) in steps.iter().take(20) {
                if *add && model.insert(*id) {
                    order.insert(*id, |other| other.cmp(id));
                }
            }
            let fresh: Vec<u32> = bulk.difference(&model).copied().collect();
            order.extend_sorted(&fresh, |a, b| a.cmp(&b));
            model.extend(fresh);
            for (add, id) in steps {
                if add {
                    if model.insert(id) {
                        order.insert(id, |other| other.cmp(&id));
                    }
                } else {
                    model.remove(&id);
                    order.remove(|other| other.cmp(&id));
                }
            }
            prop_assert_eq!(order.iter().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(order.len, model.len());
            prop_assert_eq!(
                order.from(|other| other.cmp(&from)).collect::<Vec<_>>(),
                model.range(from..).copied().collect::<Vec<_>>()
            );
        }
    }
}
