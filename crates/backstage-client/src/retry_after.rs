//! The `Retry-After` header: seconds, or a date.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The longest wait that a server can ask for; more counts as this.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// How long the server wants to be left alone, as of `now` by our clock. A date that has passed is no wait; what
/// is neither seconds nor a date counts as absent.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are more than the maximum.
        text.parse().map_or(MAX_RETRY_AFTER, Duration::from_secs)
    } else {
        let until = httpdate::parse_http_date(text).ok()?;
        // A date is one of the server's clock, which its answer shows where it can: ours may be hours from it.
        let dated = headers.get(DATE).and_then(|date| date.to_str().ok());
        let now = dated
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or(now);
        until.duration_since(now).unwrap_or(Duration::ZERO)
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn reads_seconds_and_dates() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (given, expected) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("86400", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:49:07 GMT", Some(3600)),
            ("-1", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            let value = HeaderValue::from_str(given).expect("a header value");
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{given:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_date_is_one_of_the_servers_clock() {
        let header = |text| HeaderValue::from_static(text);
        let headers = HeaderMap::from_iter([
            (DATE, header("Tue, 08 Nov 1994 08:49:37 GMT")),
            (RETRY_AFTER, header("Tue, 08 Nov 1994 08:50:07 GMT")),
        ]);
        for ours in [0, 784_111_777, 4_000_000_000] {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(ours);
            assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(30)));
        }
    }
}
