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

/// What a source gave before and a read does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing<K> {
    /// How much the source gave before.
    pub(super) live: usize,
    /// What of that is missing, sorted.
    pub(super) keys: Vec<K>,
    /// The same by kind, where a kind alone may be hidden by a permission.
    pub(super) kinds: Vec<Share>,
}

/// A part of what a source gave, and how much of it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) live: usize,
    pub(super) missing: usize,
}

impl Share {
    /// Of several nothing is left, which a permission or a broken provider does more often than people do.
    fn has_vanished(self) -> bool {
        self.live > 1 && self.missing >= self.live
    }
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

/// Decides what a read does, given what is `missing` from it, and what was held back `before`.
///
/// What is too much is judged of all and of each kind alone: the Groups of a catalog are few beside its components, and
/// without them nobody owns anything. A kind of which nothing is left is held back however few there were.
///
/// A whole generation that removes too much is held back as a whole: half of it applied, such as a catalog whose every
/// entity moved to another namespace, would leave each component twice and in conflict with itself. Of one kind of a
/// watched cluster what is there is taken, because the watch goes on from there.
///
/// A read with faults may have lost what it does not show, so its removals wait for confirmation however few they are.
pub(super) fn decide<K: Hash>(
    policy: &RemovalPolicy,
    trust: Trust,
    missing: Missing<K>,
    before: Option<&Held>,
) -> Decision<K> {
    if trust == Trust::Partial {
        return Decision::Keep(before.copied());
    }
    let Missing { live, keys, kinds } = missing;
    let fingerprint = generation::fingerprint(&keys);
    let judge =
        |policy: &RemovalPolicy| generation::judge(policy, live, keys.len(), fingerprint, before);
    let any = RemovalPolicy {
        max_removal_ratio: 0.0,
        min_removals: 1,
        ..*policy
    };
    let of_a_kind = kinds.iter().any(|kind| {
        kind.has_vanished() || generation::is_too_much(policy, kind.live, kind.missing)
    });
    let policy = if of_a_kind { &any } else { policy };
    match (judge(policy), trust) {
        (generation::Decision::Hold(held), Trust::Part) => Decision::Keep(Some(held)),
        (generation::Decision::Hold(held), _) => Decision::Hold(held),
        (generation::Decision::Apply, Trust::Faulty) => match judge(&any) {
            generation::Decision::Hold(held) => Decision::Keep(Some(held)),
            generation::Decision::Apply => Decision::Apply(keys),
        },
        (generation::Decision::Apply, _) => Decision::Apply(keys),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: usize) -> Vec<usize> {
        (0..count).collect()
    }

    fn missing(live: usize, count: usize) -> Missing<usize> {
        Missing {
            live,
            keys: keys(count),
            kinds: Vec::new(),
        }
    }

    /// What the same read comes to, time after time.
    fn times(trust: Trust, live: usize, count: usize, reads: usize) -> Vec<&'static str> {
        let policy = RemovalPolicy::default();
        let mut held = None;
        (0..reads)
            .map(
                |_| match decide(&policy, trust, missing(live, count), held.as_ref()) {
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
    fn s23_a_kind_alone_can_be_too_much() {
        // Of 1,220: how much of each kind was there, and is missing.
        let components = |missing: usize| (1_100_usize, missing);
        let table = [
            ("some of each", [components(500), (60, 20), (60, 9)], false),
            ("all Groups", [components(0), (60, 60), (60, 0)], true),
            ("most Groups", [components(0), (60, 31), (60, 0)], true),
            (
                "half of the Groups",
                [components(0), (60, 30), (60, 0)],
                false,
            ),
            ("all of few Groups", [components(0), (3, 3), (60, 0)], true),
            ("the only Group", [components(0), (1, 1), (60, 0)], false),
            ("few of few Groups", [components(0), (3, 2), (60, 0)], false),
        ];
        for (name, shares, is_held) in table {
            let gone = shares.iter().map(|(_, missing)| missing).sum();
            let kinds = shares
                .map(|(live, missing)| Share { live, missing })
                .to_vec();
            let missing = Missing {
                kinds,
                ..missing(1_220, gone)
            };
            let decision = decide(
                &RemovalPolicy::default(),
                Trust::Whole,
                missing.clone(),
                None,
            );
            assert_eq!(matches!(decision, Decision::Hold(_)), is_held, "{name}");
            let Decision::Hold(held) = decision else {
                continue;
            };
            let twice = Held { times: 2, ..held };
            let confirmed = decide(
                &RemovalPolicy::default(),
                Trust::Whole,
                missing,
                Some(&twice),
            );
            assert_eq!(confirmed, Decision::Apply(keys(gone)), "{name}");
        }
    }

    #[test]
    fn s22_a_partial_read_neither_confirms_nor_forgets_what_is_held() {
        let policy = RemovalPolicy::default();
        let held = Held {
            removals: 60,
            fingerprint: generation::fingerprint(&keys(60)),
            times: 2,
        };
        let decision = decide(&policy, Trust::Partial, missing(100, 60), Some(&held));
        assert_eq!(decision, Decision::Keep(Some(held)));
        let decision = decide(&policy, Trust::Whole, missing(100, 60), Some(&held));
        assert_eq!(decision, Decision::Apply(keys(60)));
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
            missing(100, 0),
            Some(&held),
        );
        assert_eq!(decision, Decision::Apply(Vec::new()));
    }
}
