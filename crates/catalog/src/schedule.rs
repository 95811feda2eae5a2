//! When a catalog is read next (S22). Pure: what happened and a random number in, a pause out.

use std::time::Duration;

/// What is known after a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// It failed in a way that may pass by itself.
    Transient,
    /// The server said how long to wait (`Retry-After`).
    RetryAfter(Duration),
    /// It was refused (401, 403): nothing will change until a person does something, so asking is kept rare.
    Refused,
}

/// Bound on the exponential backoff.
pub const MAX_BACKOFF: Duration = Duration::from_mins(5);
/// The first pause after a failure, before jitter.
pub const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause that a server may ask for; a longer one is cut to it.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);
/// The first pause after a refusal, and the longest: a new token should not take an hour to be noticed.
pub const REFUSED_BACKOFF: (Duration, Duration) =
    (Duration::from_secs(30), Duration::from_mins(15));
/// By how much a pause between good reads differs from the interval, as a divisor: a tenth either way, so that many
/// instances do not read at the same moment.
const JITTER_DIVISOR: u32 = 10;

/// The pause after a complete read.
pub fn after_success(sync_interval: Duration, random: u64) -> Duration {
    let spread = sync_interval / JITTER_DIVISOR;
    let shortest = sync_interval.saturating_sub(spread);
    shortest.saturating_add(part(spread.saturating_mul(2), random))
}

/// The pause after the `failures`th failure in a row, counted from 1.
///
/// The backoff doubles from [`FIRST_BACKOFF`] to [`MAX_BACKOFF`] and is spread over its upper half. `Retry-After` is kept
/// to at least, with jitter on top, and never beyond [`MAX_RETRY_AFTER`].
pub fn after_failure(failures: u32, hint: Hint, random: u64) -> Duration {
    match hint {
        Hint::Transient => halved(doubled(FIRST_BACKOFF, MAX_BACKOFF, failures), random),
        Hint::Refused => {
            let (first, longest) = REFUSED_BACKOFF;
            halved(doubled(first, longest, failures), random)
        }
        Hint::RetryAfter(asked) => {
            let asked = asked.min(MAX_RETRY_AFTER);
            let own = doubled(FIRST_BACKOFF, MAX_BACKOFF, failures);
            let longest = MAX_RETRY_AFTER.saturating_sub(asked);
            asked.saturating_add(part(own.min(longest), random))
        }
    }
}

fn doubled(first: Duration, longest: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1);
    2_u32
        .checked_pow(doublings)
        .and_then(|factor| first.checked_mul(factor))
        .map_or(longest, |backoff| backoff.min(longest))
}

/// Between one half and the whole.
fn halved(whole: Duration, random: u64) -> Duration {
    let half = whole / 2;
    half.saturating_add(part(whole.saturating_sub(half), random))
}

/// The share of `whole` that `random` stands for: none at 0, all at the largest.
fn part(whole: Duration, random: u64) -> Duration {
    let nanoseconds = whole.as_nanos().min(u128::from(u64::MAX));
    let scaled = (nanoseconds * u128::from(random)) / u128::from(u64::MAX);
    Duration::from_nanos(u64::try_from(scaled).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOWEST: u64 = 0;
    const HIGHEST: u64 = u64::MAX;

    #[test]
    fn s22_good_reads_follow_the_interval_with_jitter() {
        let interval = Duration::from_mins(5);
        assert_eq!(after_success(interval, LOWEST), Duration::from_secs(270));
        assert_eq!(after_success(interval, HIGHEST), Duration::from_secs(330));
        assert_eq!(after_success(Duration::ZERO, HIGHEST), Duration::ZERO);
        assert!(after_success(Duration::MAX, HIGHEST) > Duration::from_hours(1));
    }

    #[test]
    fn s22_failures_back_off_exponentially() {
        let pauses = |random| {
            [0, 1, 2, 3, 9, 10, 33, u32::MAX]
                .map(|failures| after_failure(failures, Hint::Transient, random).as_millis())
        };
        let longest = [1, 1, 2, 4, 256, 300, 300, 300].map(|seconds| seconds * 1_000);
        assert_eq!(pauses(HIGHEST), longest);
        assert_eq!(pauses(LOWEST), longest.map(|milliseconds| milliseconds / 2));
    }

    #[test]
    fn s22_retry_after_is_a_floor_and_capped() {
        let cases = [
            (1, 60, LOWEST, 60),
            (1, 60, HIGHEST, 61),
            (10, 60, HIGHEST, 360),
            (1, 3_600, HIGHEST, 3_600),
            (1, 1_000_000, LOWEST, 3_600),
        ];
        for (failures, asked, random, expected) in cases {
            let hint = Hint::RetryAfter(Duration::from_secs(asked));
            let pause = after_failure(failures, hint, random);
            assert_eq!(
                pause,
                Duration::from_secs(expected),
                "{failures} {asked} {random}"
            );
        }
    }

    #[test]
    fn s22_refusals_are_retried_slowly() {
        assert_eq!(
            after_failure(1, Hint::Refused, LOWEST),
            Duration::from_secs(15)
        );
        assert_eq!(
            after_failure(1, Hint::Refused, HIGHEST),
            Duration::from_secs(30)
        );
        assert_eq!(
            after_failure(50, Hint::Refused, HIGHEST),
            Duration::from_mins(15)
        );
    }
}
