//! Events in batches: many small changes of a watched cluster cost one transaction.

use std::collections::VecDeque;
use std::time::Duration;

use server::{api_tokens, decisions};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::event::{Event, SourceNo};
use super::write::BATCH;

/// How long small changes wait for others.
const PATIENCE: Duration = Duration::from_millis(50);

/// Events that are put off at most while a large generation is taken.
const PUT_OFF: usize = 256;

/// What the loop hears.
#[derive(Debug)]
pub(super) enum Heard {
    /// What sources say.
    Events(Vec<Event>),
    /// What a person wants decided.
    Wish(decisions::Request),
    /// What is asked about the tokens of programs.
    Token(api_tokens::Request),
    /// Nothing, for as long as was given.
    Silence,
}

/// The loop's end of the channel.
#[derive(Debug)]
pub(super) struct Gather {
    events: mpsc::Receiver<Event>,
    desks: Desks,
    stop: watch::Receiver<bool>,
    /// Taken from the channel already, and to be taken first.
    put_off: VecDeque<Event>,
}

/// The ends at which the loop sits.
#[derive(Debug)]
pub(super) struct Desks {
    /// What people want decided.
    pub(super) decisions: mpsc::Receiver<decisions::Request>,
    /// What is asked about the tokens of programs.
    pub(super) tokens: mpsc::Receiver<api_tokens::Request>,
}

#[cfg(test)]
impl Desks {
    /// Desks that nobody comes to.
    pub(super) fn nobody() -> Self {
        Self {
            decisions: decisions::Desk::open().1,
            tokens: api_tokens::Desk::open().1,
        }
    }
}

impl Gather {
    /// Gathers until the channel is empty and nobody can write to it, or the service goes down.
    pub(super) fn new(
        events: mpsc::Receiver<Event>,
        desks: Desks,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            events,
            desks,
            stop,
            put_off: VecDeque::new(),
        }
    }

    /// Whether the service is going down.
    pub(super) fn is_going_down(&self) -> bool {
        *self.stop.borrow()
    }

    /// What waits already, of sources none of which is busy; of each source in its order, and nothing after a large event,
    /// which lets others come in between itself. What busy sources say is put off.
    pub(super) fn waiting(&mut self, busy: &[SourceNo]) -> Vec<Event> {
        let more =
            |events: &[Event]| events.len() < BATCH && events.last().is_none_or(Event::is_small);
        let mut events = Vec::new();
        let mut index = 0;
        while more(&events) && index < self.put_off.len() {
            if busy.contains(&self.put_off[index].source) {
                index += 1;
            } else {
                events.extend(self.put_off.remove(index));
            }
        }
        while more(&events) && self.put_off.len() < PUT_OFF {
            let Ok(event) = self.events.try_recv() else {
                break;
            };
            if busy.contains(&event.source) {
                self.put_off.push_back(event);
            } else {
                events.push(event);
            }
        }
        events
    }

    /// What a person asked for and waits already.
    pub(super) fn wish(&mut self) -> Option<decisions::Request> {
        self.desks.decisions.try_recv().ok()
    }

    /// What comes next: what a person asks for, or events, small ones for as long as they come in quick succession; or nothing
    /// within the time of `idle`. When the service goes down, what is in the channel of events comes out still; `None`
    /// after that.
    pub(super) async fn next(&mut self, idle: Duration) -> Option<Heard> {
        if let Some(event) = self.put_off.pop_front() {
            return Some(Heard::Events(vec![event]));
        }
        let first = tokio::select! {
            biased;
            Some(request) = self.desks.decisions.recv() => return Some(Heard::Wish(request)),
            Some(request) = self.desks.tokens.recv() => return Some(Heard::Token(request)),
            event = self.events.recv() => event?,
            _ = self.stop.wait_for(|stop| *stop) => {
                self.events.close();
                self.events.recv().await?
            }
            () = sleep(idle) => return Some(Heard::Silence),
        };
        let mut events = vec![first];
        let patience = Instant::now() + PATIENCE;
        while events.len() < BATCH && events.last().is_some_and(Event::is_small) {
            match timeout_at(patience, self.events.recv()).await {
                Ok(Some(event)) => events.push(event),
                Ok(None) | Err(_) => break,
            }
        }
        Some(Heard::Events(events))
    }
}

#[cfg(test)]
mod tests {
    use topology::fact::{ObjectKey, ObjectKind};

    use server::decisions::Wish;

    use super::*;

    /// Longer than any test.
    const LONG: Duration = Duration::from_hours(1);
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
            said: Said::Health(health, None),
        }
    }

    async fn next(gather: &mut Gather) -> Vec<Event> {
        match gather.next(LONG).await {
            Some(Heard::Events(events)) => events,
            other => panic!("expected events, heard {other:?}"),
        }
    }

    #[tokio::test]
    async fn small_events_come_together_up_to_a_large_one() {
        let (sender, receiver) = mpsc::channel(BATCH + 8);
        let stop = watch::Sender::new(false);
        let mut gather = Gather::new(receiver, Desks::nobody(), stop.subscribe());
        for event in [small("a"), small("b"), big(), small("c")] {
            sender.send(event).await.expect("room");
        }
        let sizes = [next(&mut gather).await, next(&mut gather).await].map(|events| events.len());
        assert_eq!(sizes, [3, 1]);

        for number in 0..=BATCH {
            sender.send(small(&number.to_string())).await.expect("room");
        }
        assert_eq!(next(&mut gather).await.len(), BATCH);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_told_of_and_loses_nothing() {
        let (sender, receiver) = mpsc::channel(8);
        let stop = watch::Sender::new(false);
        let mut gather = Gather::new(receiver, Desks::nobody(), stop.subscribe());
        assert!(matches!(gather.next(LONG).await, Some(Heard::Silence)));
        sender.send(small("a")).await.expect("room");
        assert!(matches!(
            gather.next(Duration::ZERO).await,
            Some(Heard::Events(_))
        ));
        assert!(matches!(
            gather.next(Duration::ZERO).await,
            Some(Heard::Silence)
        ));
    }

    #[tokio::test]
    async fn what_was_said_before_the_end_is_taken() {
        let (sender, receiver) = mpsc::channel(8);
        let stop = watch::Sender::new(false);
        let mut gather = Gather::new(receiver, Desks::nobody(), stop.subscribe());
        sender.send(big()).await.expect("room");
        sender.send(small("a")).await.expect("room");
        stop.send_replace(true);
        assert_eq!(next(&mut gather).await.len(), 1);
        assert_eq!(next(&mut gather).await.len(), 1);
        assert!(gather.next(LONG).await.is_none());
        assert!(sender.send(big()).await.is_err(), "nothing more is taken");
    }

    #[tokio::test]
    async fn what_a_busy_source_says_is_put_off_in_its_order() {
        let (sender, receiver) = mpsc::channel(BATCH);
        let stop = watch::Sender::new(false);
        let mut gather = Gather::new(receiver, Desks::nobody(), stop.subscribe());
        let of = |source: usize, name: &str| Event {
            source: SourceNo(source),
            ..small(name)
        };
        for (source, name) in [(0, "a"), (1, "b"), (0, "c"), (2, "d"), (1, "e")] {
            sender.send(of(source, name)).await.expect("room");
        }
        let sources = |events: Vec<Event>| -> Vec<usize> {
            events.iter().map(|event| event.source.0).collect()
        };
        let busy = [SourceNo(0)];
        assert_eq!(sources(gather.waiting(&busy)), [1, 2, 1]);
        // Not busy any more: first what was put off.
        sender.send(of(0, "f")).await.expect("room");
        assert_eq!(sources(gather.waiting(&[])), [0, 0, 0]);
        // Nothing comes along with a large event, because others may be heard before its end.
        for event in [of(0, "g"), big(), of(2, "h")] {
            sender.send(event).await.expect("room");
        }
        assert_eq!(sources(gather.waiting(&[])), [0, 0]);
        assert_eq!(sources(gather.waiting(&[])), [2]);
        sender.send(of(0, "i")).await.expect("room");
        assert!(gather.waiting(&busy).is_empty());
        let next = sources(next(&mut gather).await);
        assert_eq!(next, [0], "what was put off comes out");
        for _ in 0..=PUT_OFF {
            sender.send(of(0, "g")).await.expect("room");
        }
        assert!(gather.waiting(&busy).is_empty());
        assert_eq!(
            gather.put_off.len(),
            PUT_OFF,
            "the rest stays in the channel"
        );
    }

    #[tokio::test]
    async fn s26_a_person_is_heard_before_sources_that_say_much() {
        let (sender, receiver) = mpsc::channel(8);
        let (desk, decisions) = mpsc::channel(8);
        let desks = Desks {
            decisions,
            ..Desks::nobody()
        };
        let stop = watch::Sender::new(false);
        let mut gather = Gather::new(receiver, desks, stop.subscribe());
        sender.send(big()).await.expect("room");
        let (answer, _answered) = tokio::sync::oneshot::channel();
        let wish = Wish::End {
            id: 1,
            by: "ann".into(),
            why: "".into(),
        };
        desk.send(decisions::Request { wish, answer })
            .await
            .expect("room");
        assert!(matches!(gather.next(LONG).await, Some(Heard::Wish(_))));
        assert_eq!(next(&mut gather).await.len(), 1);
        let none = gather.next(Duration::ZERO).await;
        assert!(matches!(none, Some(Heard::Silence)));
    }
}
