//! What changed of late: a bounded ring from which every event stream reads at its own pace.
//!
//! There is no queue per stream: a stream remembers the number of the last event it sent, and reads on from the ring
//! when it is told that there is more. Who falls behind the ring is told so and reads the state anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use topology::change::Change;

use crate::render;

/// Bound on the events that can be read again.
pub const CAPACITY: usize = 16_384;
/// Bound on the events that a stream takes at once.
const BATCH: usize = 256;

/// The ring.
#[derive(Debug)]
pub struct Events {
    /// Tells one run of the server from another: sequence numbers begin anew in each.
    run: i64,
    ring: Mutex<Ring>,
    last: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    kept: VecDeque<Entry>,
    /// Number of the last event there was; the first is 1.
    last: u64,
    closed: bool,
}

/// One event, encoded once for all streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: Arc<str>,
    pub(crate) kind: &'static str,
    pub(crate) data: Arc<str>,
}

/// What a stream finds after its position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Events; the position after them.
    Events(Vec<Entry>, u64),
    /// Nothing yet.
    Nothing,
    /// Some events are no longer kept.
    Missed,
    /// There will be nothing more.
    Closed,
}

impl Events {
    /// An empty ring of a run that began at that time: seconds since the Unix epoch.
    pub fn new(started: i64) -> Self {
        Self {
            run: started,
            ring: Mutex::default(),
            last: watch::Sender::new(0),
        }
    }

    /// Publishes what a batch changed, in its order. What would be pushed out of the ring by its own batch is counted
    /// and not encoded.
    pub fn publish(&self, time: i64, changes: &[Change]) {
        let skipped = changes.len().saturating_sub(CAPACITY);
        let rendered = changes[skipped..].iter().map(render::change);
        self.push(time, skipped as u64, rendered);
    }

    /// Publishes where a source stands.
    pub fn publish_source(&self, time: i64, status: api::SourceStatus) {
        self.push(
            time,
            0,
            std::iter::once(api::Change::Source(Box::new(status))),
        );
    }

    /// Ends every stream: the server goes down.
    pub fn close(&self) {
        self.ring().closed = true;
        self.last.send_modify(|_| ());
    }

    fn push(&self, time: i64, skipped: u64, changes: impl Iterator<Item = api::Change>) {
        let time = render::time(time);
        let mut ring = self.ring();
        ring.last += skipped;
        if skipped > 0 {
            ring.kept.clear();
        }
        for change in changes {
            ring.last += 1;
            let id = self.id(ring.last);
            let kind = change.type_word();
            let event = api::Event {
                id,
                time: time.clone(),
                change,
            };
            // Strings and numbers with string keys always encode.
            let data = serde_json::to_string(&event).unwrap_or_default();
            if ring.kept.len() == CAPACITY {
                ring.kept.pop_front();
            }
            ring.kept.push_back(Entry {
                id: event.id.into(),
                kind,
                data: data.into(),
            });
        }
        let last = ring.last;
        drop(ring);
        self.last.send_replace(last);
    }

    /// Told whenever there is another event; its value is the number of the last one.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.last.subscribe()
    }

    /// Number of the last event.
    pub(crate) fn last(&self) -> u64 {
        self.ring().last
    }

    /// The id of an event of this run.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// The number of an event of this run, if it is one that there was.
    pub(crate) fn number(&self, id: &str) -> Option<u64> {
        let (run, number) = id.rsplit_once('-')?;
        let number = number.parse().ok()?;
        (run.parse() == Ok(self.run) && number <= self.last()).then_some(number)
    }

    /// The next events after that number.
    pub(crate) fn read_after(&self, number: u64) -> Read {
        let ring = self.ring();
        let Some(missing) = ring.last.checked_sub(number) else {
            return Read::Missed;
        };
        if ring.closed {
            return Read::Closed;
        }
        if missing == 0 {
            return Read::Nothing;
        }
        let kept = ring.kept.len();
        let Some(start) = usize::try_from(missing)
            .ok()
            .and_then(|missing| kept.checked_sub(missing))
        else {
            return Read::Missed;
        };
        let end = kept.min(start + BATCH);
        let events = ring.kept.range(start..end).cloned().collect();
        Read::Events(events, number + (end - start) as u64)
    }

    /// Entries are put in whole: a writer that panicked leaves nothing to repair.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use topology::verdict::ServiceKey;

    use super::*;

    fn changes(count: usize) -> Vec<Change> {
        let change = |index: usize| Change::Service {
            service: ServiceKey {
                cluster: "eu1".into(),
                namespace: "shop".into(),
                name: format!("s{index}").into(),
            },
            before: None,
            after: None,
        };
        (0..count).map(change).collect()
    }

    fn ids(read: Read) -> Vec<String> {
        match read {
            Read::Events(entries, _) => entries.iter().map(|entry| entry.id.to_string()).collect(),
            other => panic!("expected events, found {other:?}"),
        }
    }

    #[test]
    fn reading_goes_on_where_it_stopped() {
        let events = Events::new(7);
        assert_eq!(events.read_after(0), Read::Nothing);
        events.publish(0, &changes(3));
        assert_eq!(ids(events.read_after(0)), ["7-1", "7-2", "7-3"]);
        assert_eq!(ids(events.read_after(2)), ["7-3"]);
        assert_eq!(events.read_after(3), Read::Nothing);
    }

    #[test]
    fn ids_of_another_run_or_of_the_future_are_not_ours() {
        let events = Events::new(7);
        events.publish(0, &changes(3));
        for (id, number) in [
            ("7-0", Some(0)),
            ("7-3", Some(3)),
            ("7-4", None),
            ("6-2", None),
            ("2", None),
            ("", None),
            ("7-x", None),
        ] {
            assert_eq!(events.number(id), number, "{id}");
        }
    }

    #[test]
    fn who_falls_behind_the_ring_is_told() {
        let events = Events::new(7);
        events.publish(0, &changes(CAPACITY));
        assert_eq!(ids(events.read_after(0)).len(), BATCH);
        events.publish(0, &changes(1));
        assert_eq!(events.read_after(0), Read::Missed);
        assert_eq!(ids(events.read_after(1)).len(), BATCH);
    }

    #[test]
    fn a_batch_larger_than_the_ring_counts_whole() {
        let events = Events::new(7);
        events.publish(0, &changes(1));
        events.publish(0, &changes(CAPACITY + 2));
        assert_eq!(events.last(), CAPACITY as u64 + 3);
        assert_eq!(events.read_after(2), Read::Missed);
        assert_eq!(ids(events.read_after(3))[0], "7-4");
    }

    #[test]
    fn closing_ends_reading() {
        let events = Events::new(7);
        events.publish(0, &changes(1));
        events.close();
        assert_eq!(events.read_after(0), Read::Closed);
    }
}
