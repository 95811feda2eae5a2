//! The server's clock, as the `Date` header of its answers shows it, against ours. Tokens and certificates fail where the two
//! differ.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use http::HeaderMap;
use http::header::DATE;

/// Nothing is known.
const UNKNOWN: i64 = i64::MIN;

/// How far the server's clock was ahead of ours when it answered last.
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }

    /// Notes what an answer says that came at `now`. One without a date says nothing.
    pub(crate) fn note(&self, headers: &HeaderMap, now: SystemTime) {
        if let Some(ahead) = ahead(headers, now) {
            self.0.store(ahead, Ordering::Relaxed);
        }
    }

    /// In seconds; less than zero where it is behind.
    pub(crate) fn ahead(&self) -> Option<i64> {
        let ahead = self.0.load(Ordering::Relaxed);
        (ahead != UNKNOWN).then_some(ahead)
    }
}

fn ahead(headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(date).ok()?;
    let seconds = |from: SystemTime, to: SystemTime| {
        let passed = to.duration_since(from).ok()?;
        i64::try_from(passed.as_secs()).ok()
    };
    seconds(now, date).or_else(|| seconds(date, now).map(|behind| -behind))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_date_of_an_answer_says_how_far_the_clocks_are_apart() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (date, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:50:38 GMT", Some(61)),
            ("Sun, 06 Nov 1994 07:49:37 GMT", Some(-3600)),
            ("today", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, HeaderValue::from_static(date));
            let clock = Clock::new();
            clock.note(&headers, now);
            assert_eq!(clock.ahead(), expected, "{date}");
        }
        assert_eq!(Clock::new().ahead(), None);
    }
}
