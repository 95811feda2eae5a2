//! The books of one source: how its reads went, what they cost and what they changed. Pure: what happened in, numbers out.
//!
//! Durations come from a clock that only goes forward; times of day are only passed on.

use std::collections::BTreeMap;
use std::time::Duration;

use api::{GenerationDelta, SourceRead, SourceTotals};
use server::status::{Failing, FailureKind};
use store::Committed;

use super::event::Ended;

/// What is written down of one source since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Number of the last read that ended.
    pub(super) reads: u64,
    /// What it cost.
    pub(super) last_read: Option<SourceRead>,
    /// The reads that failed, by the sort of failure.
    pub(super) failures: BTreeMap<FailureKind, u64>,
    /// The reads that failed in a row, up to now.
    pub(super) failing: Option<Failing>,
    /// What the last generation that was taken changed.
    pub(super) delta: Option<GenerationDelta>,
    /// Sums.
    pub(super) totals: SourceTotals,
    /// What is no failure and should be known.
    pub(super) warnings: Vec<String>,
}

impl Account {
    /// A read has ended, however it went.
    pub(super) fn ended(&mut self, ended: Ended) {
        let Ended {
            number,
            took,
            cost,
            warnings,
        } = ended;
        self.reads = self.reads.max(number);
        self.last_read = Some(SourceRead {
            duration_milliseconds: milliseconds(took),
            cost,
        });
        self.warnings = warnings;
        if let Some(cost) = cost {
            let totals = &mut self.totals;
            totals.requests = totals.requests.saturating_add(cost.requests);
            totals.bytes = totals.bytes.saturating_add(cost.bytes);
            totals.repaired = totals.repaired.saturating_add(cost.repaired);
        }
    }

    /// It failed, wholly or in part, at that time (seconds since the Unix epoch), by such a failure.
    pub(super) fn failed(&mut self, at: i64, kind: FailureKind) {
        let count = self.failures.entry(kind).or_default();
        *count = count.saturating_add(1);
        let before = self.failing.unwrap_or(Failing {
            since: at,
            times: 0,
        });
        self.failing = Some(Failing {
            times: before.times.saturating_add(1),
            ..before
        });
        self.totals.failures = self.totals.failures.saturating_add(1);
    }

    /// It did not fail.
    pub(super) fn went_well(&mut self) {
        self.failing = None;
    }

    /// A part of a generation was taken; `size` is what the whole of it has, where that is known.
    pub(super) fn took(&mut self, generation: u32, committed: Committed, size: Option<u64>) {
        let Committed {
            added,
            changed,
            removed,
            ..
        } = committed;
        let [added, changed, removed] = [added, changed, removed].map(|count| count as u64);
        let same = self.delta.filter(|delta| delta.generation == generation);
        let mut delta = same.unwrap_or(GenerationDelta {
            generation,
            ..GenerationDelta::default()
        });
        delta.added = delta.added.saturating_add(added);
        delta.changed = delta.changed.saturating_add(changed);
        delta.removed = delta.removed.saturating_add(removed);
        delta.unchanged = size.map(|size| size.saturating_sub(delta.added + delta.changed));
        self.delta = Some(delta);
        let totals = &mut self.totals;
        totals.added = totals.added.saturating_add(added);
        totals.changed = totals.changed.saturating_add(changed);
        totals.removed = totals.removed.saturating_add(removed);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(number: u64, requests: u64) -> Ended {
        Ended {
            number,
            took: Duration::from_millis(1_500),
            cost: (requests > 0).then_some(api::ReadCost {
                requests,
                bytes: 100,
                ..api::ReadCost::default()
            }),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn failures_in_a_row_are_told_since_the_first() {
        let mut account = Account::default();
        for at in [10, 20, 5] {
            account.failed(at, FailureKind::Refused);
        }
        assert_eq!(
            account.failing,
            Some(Failing {
                since: 10,
                times: 3
            })
        );
        account.went_well();
        account.failed(40, FailureKind::Answer);
        let failing = account.failing.expect("it fails again");
        assert_eq!((failing.since, failing.times), (40, 1));
        assert_eq!(account.totals.failures, 4);
        let failures = [(FailureKind::Refused, 3), (FailureKind::Answer, 1)];
        assert_eq!(account.failures, failures.into());
    }

    #[test]
    fn costs_add_up_and_the_number_of_reads_never_falls() {
        let mut account = Account::default();
        account.ended(ended(1, 3));
        account.ended(ended(2, 0));
        account.ended(ended(1, 2));
        assert_eq!(account.reads, 2);
        assert_eq!((account.totals.requests, account.totals.bytes), (5, 200));
        let read = account.last_read.expect("it ended");
        assert_eq!(read.duration_milliseconds, 1_500);
    }

    #[test]
    fn parts_of_one_generation_are_one_change() {
        let committed = |added, changed, removed| Committed {
            added,
            changed,
            removed,
            unchanged: 7,
        };
        let mut account = Account::default();
        account.took(1, committed(10, 0, 0), Some(12));
        account.took(1, committed(2, 0, 0), Some(12));
        let delta = account.delta.expect("it took some");
        assert_eq!((delta.added, delta.unchanged), (12, Some(0)));
        account.took(2, committed(0, 1, 3), Some(9));
        let delta = account.delta.expect("it took some");
        assert_eq!((delta.added, delta.changed, delta.removed), (0, 1, 3));
        assert_eq!(delta.unchanged, Some(8));
        assert_eq!((account.totals.added, account.totals.removed), (12, 3));
    }
}
