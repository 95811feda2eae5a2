//! When to look after something stirred. Pure: instants in, an instant out.

use std::time::{Duration, Instant};

/// How long nothing may have stirred before it is looked at: an editor that saves, or a tool that unpacks, has done by
/// then.
pub(super) const QUIET: Duration = Duration::from_millis(200);
/// After how long it is looked at whatever goes on stirring.
pub(super) const AT_LAST: Duration = Duration::from_secs(1);

/// A burst of changes, for as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Burst {
    first: Instant,
    last: Instant,
}

impl Burst {
    /// The first change of a burst.
    pub(super) fn begun(now: Instant) -> Self {
        Self {
            first: now,
            last: now,
        }
    }

    /// One more of it.
    pub(super) fn goes_on(self, now: Instant) -> Self {
        Self { last: now, ..self }
    }

    /// When it is over, unless it goes on.
    pub(super) fn over(self) -> Instant {
        self.last + QUIET
    }

    /// When to look at the latest.
    pub(super) fn due(self) -> Instant {
        self.over().min(self.first + AT_LAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_looked_at_when_it_is_over_and_at_last_while_it_lasts() {
        let start = Instant::now();
        let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
        let table: [(&[u64], u64); 5] = [
            (&[0], 200),
            (&[0, 1, 2, 3], 203),
            (&[0, 150, 300], 500),
            (&[0, 199, 398, 597, 796, 995], 1_000),
            (&[0, 5_000], 1_000),
        ];
        for (changes, due) in table {
            let burst = changes
                .iter()
                .skip(1)
                .fold(Burst::begun(at(changes[0])), |burst, change| {
                    burst.goes_on(at(*change))
                });
            assert_eq!(burst.due(), at(due), "{changes:?}");
            let last = changes.last().expect("there is one");
            assert_eq!(burst.over(), at(last + 200), "{changes:?}");
        }
    }
}
