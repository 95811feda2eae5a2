//! What an answer of the target means for the entry that was sent. Pure.

use std::time::Duration;

use catalog::schedule::{Hint, after_failure};

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// A status, and how long the target wants to be left alone.
    Status(u16, Option<Duration>),
    /// None.
    Unreachable,
    /// The request could not be made, for want of a token or a certificate.
    Unprepared,
}

/// What to do with the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It arrived.
    Delivered,
    /// It is tried again after that pause.
    Retry(Duration),
    /// It never will arrive.
    GiveUp,
}

/// What is known of the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tried {
    /// How often it was sent, this attempt included.
    pub(super) attempts: u32,
    /// How long ago it was taken.
    pub(super) age: Duration,
    /// How old it may become.
    pub(super) give_up_after: Duration,
}

/// Attempts on an entry that the target refuses for a reason that is not the entry's: with the pauses between them, a token that
/// is rotated or a route that is mended within some ten minutes costs no alert.
const MAX_REFUSALS: u32 = 25;
/// The backoff doubles so often: from one second to 32.
const DOUBLINGS: u32 = 6;

pub(super) fn decide(answer: Answer, tried: Tried, random: u64) -> Decision {
    let again = |hint| {
        if tried.age >= tried.give_up_after {
            return Decision::GiveUp;
        }
        Decision::Retry(after_failure(tried.attempts.min(DOUBLINGS), hint, random))
    };
    match answer {
        Answer::Status(200..=299, _) => Decision::Delivered,
        Answer::Status(408 | 425 | 429 | 500..=599, Some(wait)) => again(Hint::RetryAfter(wait)),
        Answer::Status(408 | 425 | 429 | 500..=599, None)
        | Answer::Unreachable
        | Answer::Unprepared => again(Hint::Transient),
        // Of the token, the URL or a proxy, and not of what was sent.
        // Redirects are not followed: they would take the alerts and the token elsewhere.
        Answer::Status(300..=399 | 401 | 403 | 404 | 405 | 407, _)
            if tried.attempts < MAX_REFUSALS =>
        {
            again(Hint::Transient)
        }
        Answer::Status(..) => Decision::GiveUp,
    }
}

/// What went wrong, in words.
pub(super) fn words(answer: Answer) -> String {
    match answer {
        Answer::Status(status, Some(wait)) => format!(
            "the target answered with status {status}, and wants to be left alone for {} s",
            wait.as_secs()
        ),
        Answer::Status(status, None) => format!("the target answered with status {status}"),
        Answer::Unreachable => "the target cannot be reached".to_owned(),
        Answer::Unprepared => "the request cannot be made".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn answers_and_what_they_mean() {
        use Answer::{Status, Unprepared, Unreachable};
        use Decision::{Delivered, GiveUp, Retry};
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        let after = |seconds| Retry(Duration::from_secs(seconds));
        let young = Duration::ZERO;
        let table = [
            (Status(200, None), 1, young, Delivered),
            (Status(204, seconds(9)), 1, HOUR, Delivered),
            // Twice as long each time, up to a bound.
            (Status(500, None), 1, young, after(1)),
            (Status(503, None), 2, young, after(2)),
            (Unreachable, 3, young, after(4)),
            (Unprepared, 6, young, after(32)),
            (Status(502, None), 7, young, after(32)),
            (Status(502, None), u32::MAX, young, after(32)),
            (Status(408, None), 1, young, after(1)),
            (Status(429, None), 1, young, after(1)),
            // As long as asked for, and at most an hour.
            (Status(429, seconds(60)), 1, young, after(61)),
            (Status(503, seconds(0)), 1, young, after(1)),
            (Status(503, seconds(1_000_000)), 1, young, after(3_600)),
            // Nothing is tried for ever.
            (Status(500, None), 9, HOUR, GiveUp),
            (Status(429, seconds(5)), 9, HOUR, GiveUp),
            (Unreachable, 9, HOUR, GiveUp),
            // What is wrong with the entry stays wrong.
            (Status(400, None), 1, young, GiveUp),
            (Status(413, seconds(5)), 1, young, GiveUp),
            (Status(422, None), 1, young, GiveUp),
            (Status(301, None), 25, young, GiveUp),
            (Status(100, None), 1, young, GiveUp),
            (Status(999, None), 1, young, GiveUp),
            // What is wrong with the way to it may be mended.
            (Status(401, None), 1, young, after(1)),
            (Status(308, None), 2, young, after(2)),
            (Status(403, None), 24, young, after(32)),
            (Status(404, None), 25, young, GiveUp),
            (Status(401, None), 1, HOUR, GiveUp),
        ];
        for (answer, attempts, age, expected) in table {
            let tried = Tried {
                attempts,
                age,
                give_up_after: HOUR,
            };
            assert_eq!(
                decide(answer, tried, u64::MAX),
                expected,
                "{answer:?} {attempts}"
            );
        }
    }
}
