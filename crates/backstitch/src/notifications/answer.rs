//! What an answer of a receiver means for the message that was sent. Pure.

use std::time::Duration;

use catalog::schedule::{Hint, after_failure};

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was taken.
    Taken,
    /// It never will be; why, in words.
    Refused(String),
    /// It may be later; why, and how long the receiver wants to be left alone.
    Later(String, Option<Duration>),
}

/// What to do with the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It arrived.
    Delivered,
    /// It is tried again after that pause.
    Retry(Duration),
    /// It never will arrive.
    GiveUp,
}

/// How old a message may become: what is older is no news.
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
/// The backoff doubles so often: from one second to 32.
const DOUBLINGS: u32 = 6;

impl Answer {
    /// An answer by HTTP.
    pub(super) fn of_status(status: u16, wait: Option<Duration>, said: Option<String>) -> Self {
        let mut words = format!("it answered with status {status}");
        if let Some(said) = said {
            words = format!("{words}: {said}");
        }
        match status {
            200..=299 => Self::Taken,
            408 | 425 | 429 | 500..=599 => Self::Later(words, wait),
            // Redirects are not followed: they would take the message elsewhere.
            _ => Self::Refused(words),
        }
    }

    /// A reply of a mail server: the second half of the permanent ones is about this mail.
    pub(super) fn of_reply(code: u16, words: String) -> Self {
        match code {
            500..=599 => Self::Refused(words),
            _ => Self::Later(words, None),
        }
    }
}

/// `attempts` with this one, on a message of that age.
pub(super) fn decide(answer: &Answer, attempts: u32, age: Duration, random: u64) -> Decision {
    match answer {
        Answer::Taken => Decision::Delivered,
        Answer::Refused(_) => Decision::GiveUp,
        Answer::Later(..) if age >= GIVE_UP_AFTER => Decision::GiveUp,
        Answer::Later(_, wait) => {
            let hint = wait.map_or(Hint::Transient, Hint::RetryAfter);
            Decision::Retry(after_failure(attempts.min(DOUBLINGS), hint, random))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_what_they_mean() {
        use Decision::{Delivered, GiveUp, Retry};
        let status = |status, wait| Answer::of_status(status, wait, None);
        let reply = |code| Answer::of_reply(code, String::new());
        let young = Duration::ZERO;
        let after = |seconds| Retry(Duration::from_secs(seconds));
        let minute = Some(Duration::from_mins(1));
        let table = [
            (status(200, None), 1, young, Delivered),
            (status(204, minute), 1, GIVE_UP_AFTER, Delivered),
            (status(500, None), 1, young, after(1)),
            (status(503, None), 3, young, after(4)),
            (status(502, None), u32::MAX, young, after(32)),
            (status(429, minute), 1, young, after(61)),
            (status(408, None), 2, young, after(2)),
            (status(500, None), 2, GIVE_UP_AFTER, GiveUp),
            (status(301, None), 1, young, GiveUp),
            (status(400, None), 1, young, GiveUp),
            (status(403, minute), 1, young, GiveUp),
            (status(404, None), 1, young, GiveUp),
            (status(410, None), 1, young, GiveUp),
            (reply(421), 1, young, after(1)),
            (reply(451), 2, young, after(2)),
            (reply(535), 1, young, GiveUp),
            (reply(550), 1, young, GiveUp),
            (Answer::Later(String::new(), None), 6, young, after(32)),
        ];
        for (answer, attempts, age, expected) in table {
            let decided = decide(&answer, attempts, age, u64::MAX);
            assert_eq!(decided, expected, "{answer:?} {attempts}");
        }
    }

    #[test]
    fn what_a_receiver_said_is_told() {
        let said = Some("no_service".to_owned());
        assert_eq!(
            Answer::of_status(404, None, said),
            Answer::Refused("it answered with status 404: no_service".to_owned())
        );
    }
}
