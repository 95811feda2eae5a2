//! Events in batches: many small changes of a watched cluster cost one transaction.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::event::Event;
use super::write::BATCH;

/// How long small changes wait for others.
const PATIENCE: Duration = Duration::from_millis(50);

/// The loop's end of the channel.
#[derive(Debug)]
pub(super) struct Gather {
    events: mpsc::Receiver<Event>,
    stop: watch::Receiver<bool>,
}

impl Gather {
    /// Gathers until the channel is empty and nobody can write to it, or the service goes down.
    pub(super) fn new(events: mpsc::Receiver<Event>, stop: watch::Receiver<bool>) -> Self {
        Self { events, stop }
    }

    /// The next events: small ones for as long as they come in quick succession. When the service goes down, what is in
    /// the channel comes out still; `None` after that.
    pub(super) async fn next(&mut self) -> Option<Vec<Event>> {
        let first = tokio::select! {
            biased;
            event = self.events.recv() => event?,
            _ = self.stop.wait_for(|stop| *stop) => {
                self.events.close();
                self.events.recv().await?
            }
        };
        let mut events = vec![first];
        let patience = Instant::now() + PATIENCE;
        while events.len() < BATCH && events.last().is_some_and(Event::is_small) {
            match timeout_at(patience, self.events.recv()).await {
                Ok(Some(event)) => events.push(event),
                Ok(None) | Err(_) => break,
            }
        }
        Some(events)
    }
}

#[cfg(test)]
mod tests {
    use topology::fact::{ObjectKey, ObjectKind};

    use super::*;
    use crate::service::event::{Health, Said, SourceNo};

    fn small(name: &str) -> Event {
        let key = ObjectKey {
            kind: ObjectKind::Service,
            namespace: "shop".into(),
            name: name.into(),
        };
        Event {
            source: SourceNo(0),
            said: Said::Deleted(key, 0),
        }
    }

    fn big() -> Event {
        let health = Health {
            complete: true,
            failure: None,
            next_attempt: None,
        };
        Event {
            source: SourceNo(0),
            said: Said::Health(health),
        }
    }

    #[tokio::test]
    async fn small_events_come_together_up_to_a_large_one() {
        let (sender, receiver) = mpsc::channel(BATCH + 8);
        let stop = watch::Sender::new(false);
        let mut gather = Gather::new(receiver, stop.subscribe());
        for event in [small("a"), small("b"), big(), small("c")] {
            sender.send(event).await.expect("room");
        }
        let sizes = [gather.next().await, gather.next().await]
            .map(|events| events.map_or(0, |events| events.len()));
        assert_eq!(sizes, [3, 1]);

        for number in 0..=BATCH {
            sender.send(small(&number.to_string())).await.expect("room");
        }
        assert_eq!(gather.next().await.map(|events| events.len()), Some(BATCH));
    }

    #[tokio::test]
    async fn what_was_said_before_the_end_is_taken() {
        let (sender, receiver) = mpsc::channel(8);
        let stop = watch::Sender::new(false);
        let mut gather = Gather::new(receiver, stop.subscribe());
        sender.send(big()).await.expect("room");
        sender.send(small("a")).await.expect("room");
        stop.send_replace(true);
        assert_eq!(gather.next().await.map(|events| events.len()), Some(1));
        assert_eq!(gather.next().await.map(|events| events.len()), Some(1));
        assert!(gather.next().await.is_none());
        assert!(sender.send(big()).await.is_err(), "nothing more is taken");
    }
}
