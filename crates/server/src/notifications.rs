//! What is counted of the notifications that go out, for `/metrics`. It must not know how one is made or sent.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counts by receiver; whoever clones them counts in the same.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    sent: Family<Receiver, Counter>,
    failed: Family<Receiver, Counter>,
    dropped: Family<Receiver, Counter>,
    left_out: Family<Receiver, Counter>,
    failures: Family<Receiver, Counter>,
    waiting: Family<Receiver, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Receiver {
    receiver: String,
}

/// The counts of one receiver.
#[derive(Clone, Debug)]
pub struct ReceiverCounters {
    /// Messages that it took.
    pub sent: Counter,
    /// Messages that were given up.
    pub failed: Counter,
    /// Messages that made room for newer ones, or had nobody to go to.
    pub dropped: Counter,
    /// Events that the rate limit left out of messages; the next message has their number.
    pub left_out: Counter,
    /// Attempts that failed.
    pub failures: Counter,
    /// Messages that wait.
    pub waiting: Gauge,
}

impl Counters {
    /// The counts of that receiver, which are exported from now on.
    pub fn of(&self, receiver: &str) -> ReceiverCounters {
        let labels = Receiver {
            receiver: receiver.to_owned(),
        };
        ReceiverCounters {
            sent: self.sent.get_or_create_owned(&labels),
            failed: self.failed.get_or_create_owned(&labels),
            dropped: self.dropped.get_or_create_owned(&labels),
            left_out: self.left_out.get_or_create_owned(&labels),
            failures: self.failures.get_or_create_owned(&labels),
            waiting: self.waiting.get_or_create_owned(&labels),
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        for (name, help, counters) in [
            (
                "notifications_sent",
                "Notifications that the receiver took",
                &self.sent,
            ),
            (
                "notifications_failed",
                "Notifications that were given up",
                &self.failed,
            ),
            (
                "notifications_dropped",
                "Notifications that made room for newer ones, or had nobody to go to",
                &self.dropped,
            ),
            (
                "notifications_left_out_events",
                "Events that the rate limit left out of notifications",
                &self.left_out,
            ),
            (
                "notifications_failures",
                "Attempts to send a notification that failed",
                &self.failures,
            ),
        ] {
            registry.register(name, help, counters.clone());
        }
        registry.register(
            "notifications_queue_length",
            "Notifications that wait to be sent",
            self.waiting.clone(),
        );
    }
}
