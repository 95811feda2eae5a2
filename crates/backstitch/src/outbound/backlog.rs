//! What waits, and whose turn it is. Pure: times are arguments.
//!
//! Entries of one line go in their order, so that an alert that is resolved does not come before it fires. An entry that is
//! refused again and again holds up its own line and no other. After a failure all of them rest for a while, so that a target
//! that is down is not asked once for each line.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use store::Waiting;
use tokio::time::Instant;

/// The backlog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backlog {
    entries: VecDeque<Entry>,
    /// The last entry that was added.
    last: i64,
    /// Nothing is sent before.
    rest: Option<Instant>,
}

/// An entry and what came of it so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) waiting: Waiting,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// It is not sent before.
    not_before: Option<Instant>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send this.
    Send(Entry),
    /// Wait until then, or until something comes.
    Until(Instant),
    /// Wait until something comes.
    Nothing,
}

impl Backlog {
    /// The last entry that is known.
    pub(crate) fn last(&self) -> i64 {
        self.last
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// More that waits.
    pub(crate) fn add(&mut self, waiting: impl IntoIterator<Item = Waiting>) {
        for waiting in waiting {
            self.last = self.last.max(waiting.id);
            self.entries.push_back(Entry {
                waiting,
                attempts: 0,
                not_before: None,
            });
        }
    }

    pub(crate) fn next(&self, now: Instant) -> Next {
        if self.entries.is_empty() {
            return Next::Nothing;
        }
        if let Some(rest) = self.rest.filter(|rest| *rest > now) {
            return Next::Until(rest);
        }
        let mut held_up = HashSet::new();
        let mut soonest = None;
        for entry in &self.entries {
            if held_up.contains(&entry.waiting.line) {
                continue;
            }
            match entry.not_before.filter(|not_before| *not_before > now) {
                None => return Next::Send(*entry),
                Some(not_before) => {
                    held_up.insert(entry.waiting.line);
                    soonest = Some(soonest.map_or(not_before, |it: Instant| it.min(not_before)));
                }
            }
        }
        soonest.map_or(Next::Nothing, Next::Until)
    }

    /// It arrived, or is given up.
    pub(crate) fn settle(&mut self, id: i64) {
        // Most often it is the first.
        let mut entries = self.entries.iter();
        if let Some(index) = entries.position(|entry| entry.waiting.id == id) {
            self.entries.remove(index);
        }
        self.rest = None;
    }

    /// It is tried again after that pause; the others rest as long, or as long as `rest` where that is shorter.
    pub(crate) fn put_off(&mut self, id: i64, now: Instant, pause: Duration, rest: Duration) {
        let mut entries = self.entries.iter_mut();
        if let Some(entry) = entries.find(|entry| entry.waiting.id == id) {
            entry.attempts = entry.attempts.saturating_add(1);
            entry.not_before = now.checked_add(pause);
        }
        self.rest = now.checked_add(rest.min(pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(id: i64, line: i64) -> Waiting {
        Waiting {
            id,
            line,
            taken_at: 0,
            items: 1,
        }
    }

    /// `3` for an entry to be sent, `5s` for a wait, `-` for nothing.
    fn next(backlog: &Backlog, start: Instant, at: u64) -> String {
        match backlog.next(start + Duration::from_secs(at)) {
            Next::Send(entry) => entry.waiting.id.to_string(),
            Next::Until(until) => format!("{}s", until.duration_since(start).as_secs()),
            Next::Nothing => "-".to_owned(),
        }
    }

    #[test]
    fn lines_keep_their_order_and_do_not_wait_for_others() {
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let mut backlog = Backlog::default();
        assert_eq!(next(&backlog, start, 0), "-");
        backlog.add([waiting(1, 7), waiting(2, 7), waiting(3, 8), waiting(4, 9)]);
        assert_eq!((backlog.last(), backlog.len()), (4, 4));
        assert_eq!(next(&backlog, start, 0), "1");
        // The first of line 7 fails: all rest for a second, then the others go on.
        backlog.put_off(1, start, seconds(10), seconds(1));
        assert_eq!(next(&backlog, start, 0), "1s");
        assert_eq!(next(&backlog, start, 1), "3");
        backlog.settle(3);
        assert_eq!(next(&backlog, start, 1), "4");
        backlog.settle(4);
        // The second of line 7 does not overtake it.
        assert_eq!(next(&backlog, start, 1), "10s");
        assert_eq!(next(&backlog, start, 10), "1");
        backlog.settle(1);
        assert_eq!(next(&backlog, start, 10), "2");
        backlog.settle(2);
        assert_eq!(next(&backlog, start, 10), "-");
    }

    #[test]
    fn a_target_that_is_down_is_asked_once_a_rest() {
        let start = Instant::now();
        let seconds = Duration::from_secs;
        let mut backlog = Backlog::default();
        backlog.add((1..=3).map(|id| waiting(id, id)));
        backlog.put_off(1, start, seconds(2), seconds(32));
        assert_eq!(next(&backlog, start, 1), "2s");
        // A success ends the rest, and another entry's own pause stays.
        backlog.put_off(1, start, seconds(20), seconds(5));
        assert_eq!(next(&backlog, start, 4), "5s");
        assert_eq!(next(&backlog, start, 5), "2");
        backlog.settle(2);
        assert_eq!(next(&backlog, start, 5), "3");
        backlog.settle(3);
        assert_eq!(next(&backlog, start, 5), "20s");
        let Next::Send(entry) = backlog.next(start + seconds(20)) else {
            panic!("it is its turn");
        };
        assert_eq!(entry.attempts, 2);
    }
}
