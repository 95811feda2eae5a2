//! Whether a complete generation may remove what it no longer has (S22–S24).

/// When removals are held back (S23).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RemovalPolicy {
    /// Share of what the source gave before that one generation may remove.
    pub max_removal_ratio: f64,
    /// Fewer removals than this are never held back.
    pub min_removals: usize,
    /// How many times in a row the same result is taken as true.
    pub confirmations: u32,
}

impl Default for RemovalPolicy {
    fn default() -> Self {
        Self {
            max_removal_ratio: 0.5,
            min_removals: 10,
            confirmations: 3,
        }
    }
}

/// Removals that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// How many objects would be removed.
    pub removals: usize,
    /// What identifies the result: a hash over the keys that would be removed.
    pub fingerprint: u64,
    /// How many times in a row it came.
    pub times: u32,
}

impl Held {
    /// The same with one time less, so that a read which is none of a row does not add to it.
    #[must_use]
    pub fn once_less(self) -> Self {
        Self {
            times: self.times.saturating_sub(1),
            ..self
        }
    }
}

/// What is to be done with the removals of a complete generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Remove them.
    Apply,
    /// Keep the last good generation and wait.
    Hold(Held),
}

/// Judges the removals of one complete generation: `live` is what the source gave before, `removals` how much of that is
/// gone, `fingerprint` tells one set of removals from another, `held` is what the last generation was held back for.
pub fn judge(
    policy: &RemovalPolicy,
    live: usize,
    removals: usize,
    fingerprint: u64,
    held: Option<&Held>,
) -> Decision {
    if !is_too_much(policy, live, removals) {
        return Decision::Apply;
    }
    let same = held.filter(|held| held.fingerprint == fingerprint && held.removals == removals);
    let times = same.map_or(0, |held| held.times).saturating_add(1);
    if times >= policy.confirmations {
        return Decision::Apply;
    }
    Decision::Hold(Held {
        removals,
        fingerprint,
        times,
    })
}

/// Whether so many removals of what was there are suspicious.
pub fn is_too_much(policy: &RemovalPolicy, live: usize, removals: usize) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let too_many = removals as f64 > policy.max_removal_ratio * live as f64;
    removals >= policy.min_removals && too_many
}

/// A number for a set of keys in their order, to be given to [`judge`].
pub fn fingerprint<T: std::hash::Hash>(keys: &[T]) -> u64 {
    use std::hash::BuildHasher;
    foldhash::quality::FixedState::with_seed(0).hash_one(keys)
}

#[cfg(test)]
mod tests {
    use super::{Decision, Held, RemovalPolicy, judge};

    #[test]
    fn s23_large_removals_wait_for_confirmation() {
        let policy = RemovalPolicy::default();
        let table = [
            // live, removals, times held before, applied
            (100, 0, None, true),
            (100, 50, None, true),
            (100, 51, None, false),
            (100, 51, Some(1), false),
            (100, 51, Some(2), true),
            (100, 100, None, false),
            (9, 9, None, true),
            (10, 10, None, false),
            (0, 0, None, true),
        ];
        for (live, removals, times, applied) in table {
            let held = times.map(|times| Held {
                removals,
                fingerprint: 7,
                times,
            });
            let decision = judge(&policy, live, removals, 7, held.as_ref());
            assert_eq!(
                decision == Decision::Apply,
                applied,
                "{live} {removals} {times:?}"
            );
        }
    }

    #[test]
    fn s23_a_read_that_is_none_of_a_row_does_not_add_to_it() {
        let policy = RemovalPolicy::default();
        let mut held = None;
        for _ in 0..10 {
            let before = held.map(Held::once_less);
            let decision = judge(&policy, 100, 60, 7, before.as_ref());
            held = Some(Held {
                removals: 60,
                fingerprint: 7,
                times: 1,
            });
            assert_eq!(held.map(Decision::Hold), Some(decision));
        }
        let row = held.map(|held| Held { times: 2, ..held });
        let unchanged = judge(&policy, 100, 60, 7, row.map(Held::once_less).as_ref());
        assert_eq!(row.map(Decision::Hold), Some(unchanged));
    }

    #[test]
    fn s23_another_result_starts_the_count_again() {
        let held = Held {
            removals: 60,
            fingerprint: 7,
            times: 2,
        };
        let decision = judge(&RemovalPolicy::default(), 100, 60, 8, Some(&held));
        assert_eq!(
            decision,
            Decision::Hold(Held {
                removals: 60,
                fingerprint: 8,
                times: 1
            })
        );
    }
}
