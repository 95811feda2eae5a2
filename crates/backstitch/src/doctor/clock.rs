//! Clocks that differ: tokens and certificates are good for a time, and whose time that is decides.

use super::Check;

/// Clocks may differ by so many seconds.
const MOST: u64 = 60;

/// What the clock of a server comes to that is ahead of ours by so many seconds; nothing where it did not say.
pub(super) fn check(ahead: Option<i64>) -> Option<Check> {
    let ahead = ahead?;
    let apart = ahead.unsigned_abs();
    if apart <= MOST {
        // A second comes of the request itself, and of what a date cannot say.
        return Some(Check::ok("clock", "agrees with that of this machine"));
    }
    let which = if ahead < 0 { "behind" } else { "ahead of" };
    let message = format!("the server's is {apart} s {which} that of this machine");
    let remedy = "set both by NTP (`timedatectl` says where this machine stands): tokens and certificates count as expired, or not yet valid, by it";
    Some(Check::warn("clock", message).remedy(Some(remedy)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn a_minute_is_allowed() {
        for (ahead, outcome) in [
            (0, Outcome::Ok),
            (60, Outcome::Ok),
            (-60, Outcome::Ok),
            (61, Outcome::Warn),
            (-61, Outcome::Warn),
            (i64::MIN + 1, Outcome::Warn),
        ] {
            assert_eq!(check(Some(ahead)).map(|it| it.outcome), Some(outcome));
        }
        assert_eq!(check(None), None);
        insta::assert_snapshot!(check(Some(-90)).expect("a check").message, @"the server's is 90 s behind that of this machine");
    }
}
