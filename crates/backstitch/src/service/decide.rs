//! What one read of a source may do to what is known: the rules of S22–S24, without any reading or storing.

use std::hash::Hash;

use topology::generation::{self, Held, RemovalPolicy};

/// How far the absence of something from a read can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The source gave all it has.
    Whole,
    /// All of a part of the source that is watched on its own, such as one kind of a cluster.
    Part,
    /// It gave all it has, and some of that could not be read: what is absent may stand there.
    Faulty,
    /// A part of the source could not be read at all (S22).
    Partial,
}

/// What is to be done with a read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision<K> {
    /// All of it counts: what it has is there, and these are gone (S24).
    Apply(Vec<K>),
    /// What it has is there. What it does not have stays too, because nothing can be said of that (S22), or until the
    /// absence is confirmed.
    Keep(Option<Held>),
    /// Nothing of it counts: the last good generation stays as it is (S23).
    Hold(Held),
}

/// Decides what a read does, given how much the source gave before (`live`), what of that is `missing` from the read
/// (sorted), and what was held back `before`.
///
/// A whole generation that removes too much is held back as a whole: half of it applied, such as a catalog whose every
/// entity moved to another namespace, would leave each component twice and in conflict with itself. Of one kind of a
/// watched cluster what is there is taken, because the watch goes on from there.
///
/// A read with faults may have lost what it does not show, so its removals wait for confirmation however few they are.
pub(super) fn decide<K: Hash>(
    policy: &RemovalPolicy,
    trust: Trust,
    live: usize,
    missing: Vec<K>,
    before: Option<&Held>,
) -> Decision<K> {
    if trust == Trust::Partial {
        return Decision::Keep(before.copied());
    }
    let fingerprint = generation::fingerprint(&missing);
    let judge = |policy| generation::judge(policy, live, missing.len(), fingerprint, before);
    match (judge(policy), trust) {
        (generation::Decision::Hold(held), Trust::Part) => Decision::Keep(Some(held)),
        (generation::Decision::Hold(held), _) => Decision::Hold(held),
        (generation::Decision::Apply, Trust::Faulty) => {
            let any = RemovalPolicy {
                max_removal_ratio: 0.0,
                min_removals: 1,
                ..*policy
            };
            match judge(&any) {
                generation::Decision::Hold(held) => Decision::Keep(Some(held)),
                generation::Decision::Apply => Decision::Apply(missing),
            }
        }
        (generation::Decision::Apply, _) => Decision::Apply(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(count: usize) -> Vec<usize> {
        (0..count).collect()
    }

    /// What the same read comes to, time after time.
    fn times(trust: Trust, live: usize, count: usize, reads: usize) -> Vec<&'static str> {
        let policy = RemovalPolicy::default();
        let mut held = None;
        (0..reads)
            .map(
                |_| match decide(&policy, trust, live, missing(count), held.as_ref()) {
                    Decision::Apply(removals) => {
                        assert_eq!(removals.len(), count);
                        held = None;
                        "apply"
                    }
                    Decision::Keep(now) => {
                        held = now;
                        "keep"
                    }
                    Decision::Hold(now) => {
                        held = Some(now);
                        "hold"
                    }
                },
            )
            .collect()
    }

    #[test]
    fn s22_s23_s24_what_a_read_may_remove() {
        let table: [(Trust, usize, usize, &[&str]); 12] = [
            (Trust::Whole, 100, 0, &["apply"]),
            (Trust::Whole, 100, 50, &["apply"]),
            (Trust::Whole, 100, 51, &["hold", "hold", "apply"]),
            (Trust::Whole, 100, 100, &["hold", "hold", "apply"]),
            (Trust::Whole, 9, 9, &["apply"]),
            (Trust::Part, 100, 50, &["apply"]),
            (Trust::Part, 100, 51, &["keep", "keep", "apply"]),
            (Trust::Faulty, 100, 0, &["apply"]),
            (Trust::Faulty, 100, 1, &["keep", "keep", "apply"]),
            (Trust::Faulty, 100, 51, &["hold", "hold", "apply"]),
            (Trust::Partial, 100, 1, &["keep", "keep", "keep", "keep"]),
            (Trust::Partial, 100, 100, &["keep", "keep", "keep", "keep"]),
        ];
        for (trust, live, count, expected) in table {
            let seen = times(trust, live, count, expected.len());
            assert_eq!(seen, expected, "{trust:?}: {count} of {live}");
        }
    }

    #[test]
    fn s22_a_partial_read_neither_confirms_nor_forgets_what_is_held() {
        let policy = RemovalPolicy::default();
        let held = Held {
            removals: 60,
            fingerprint: generation::fingerprint(&missing(60)),
            times: 2,
        };
        let decision = decide(&policy, Trust::Partial, 100, missing(60), Some(&held));
        assert_eq!(decision, Decision::Keep(Some(held)));
        let decision = decide(&policy, Trust::Whole, 100, missing(60), Some(&held));
        assert_eq!(decision, Decision::Apply(missing(60)));
    }

    #[test]
    fn s23_what_comes_back_ends_the_waiting() {
        let held = Held {
            removals: 60,
            fingerprint: 7,
            times: 2,
        };
        let decision = decide(
            &RemovalPolicy::default(),
            Trust::Whole,
            100,
            missing(0),
            Some(&held),
        );
        assert_eq!(decision, Decision::Apply(Vec::new()));
    }
}
