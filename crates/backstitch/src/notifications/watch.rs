//! The task that reads history as it grows, and makes messages of it. It stands beside the loop and never in its way: what a
//! receiver has not taken, and what was gathered when the process ended, is in history or in a queue.

use std::sync::Arc;
use std::time::Duration;

use server::events::Events;
use server::status::Sources;
use store::{HistoryEntry, NewEntry, Reader, Recent, StoreError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::deliver::Outbox;
use super::gather::{Gathered, Memo, Rules};
use super::look::{Known, all_answered, of_sources};
use super::message::{About, Message};
use super::{cloud_event, mail, slack};
use crate::blocking::blocking;
use crate::config::{Addressee, Channel, Receiver};
use crate::report::told;
use crate::service::Random;

/// Changes that are read at once.
const PAGE: usize = 1_000;
/// Rest after the disk refused.
const DISK_REST: Duration = Duration::from_secs(5);
/// How long the first read of every source is waited for, the first time that there are notifications. What is there by then is
/// no news.
const FIRST_READS: Duration = Duration::from_mins(10);
/// So much of history may be read again after a start without need.
const READ_AGAIN: u64 = 1_000;

/// What it needs.
pub(super) struct Watcher {
    pub(super) history: Option<Reader>,
    pub(super) known: Known,
    pub(super) sources: Arc<Sources>,
    pub(super) events: Arc<Events>,
    pub(super) receivers: Vec<Gathering>,
    pub(super) random: Random,
    pub(super) clock: fn() -> i64,
}

/// A receiver, and what is gathered for it.
pub(super) struct Gathering {
    pub(super) receiver: Receiver,
    pub(super) outbox: Arc<Outbox>,
    /// What is remembered of before the start; `None`: there was nothing before.
    pub(super) memo: Option<Memo>,
    /// The number of history up to which the disk knows that all was told.
    pub(super) kept: Option<i64>,
}

impl Gathering {
    /// While nothing is gathered: keeps how far history was read, the first time at once, so that a start begins there.
    async fn keep_up(&mut self, gathered: &Gathered, now: i64) -> Result<(), StoreError> {
        let upto = gathered.memo().upto;
        let is_near = |kept: i64| kept.abs_diff(upto) < READ_AGAIN;
        if gathered.is_idle() && !self.kept.is_some_and(is_near) {
            put(&self.outbox, Vec::new(), gathered.memo(), now).await?;
            self.kept = Some(upto);
        }
        Ok(())
    }
}

/// Watches until the service goes down.
pub(super) async fn watch(watcher: Watcher, mut stop: watch::Receiver<bool>) {
    tokio::select! {
        // Whoever could stop it is gone, which is as good as a stop.
        _ = stop.wait_for(|stop| *stop) => {}
        () = watcher.run() => {}
    }
}

impl Watcher {
    async fn run(mut self) {
        let mut news = self.events.subscribe();
        if self.receivers.iter().any(|it| it.memo.is_none()) {
            self.first_reads(&mut news).await;
        }
        let Some(end) = self.end_of_history().await else {
            return;
        };
        let mut gathered = Vec::new();
        for it in &mut self.receivers {
            it.kept = it.memo.as_ref().map(|memo| memo.upto);
            let memo = it.memo.take().unwrap_or_else(|| Memo::from_here(end));
            gathered.push(Gathered::after(rules(&it.receiver), memo));
        }
        while let Err(error) = self.keep_up(&gathered).await {
            tracing::error!("cannot make notifications: {}", told(&error));
            sleep(DISK_REST).await;
        }
        tracing::info!("notifications begin with what changes from now on, or since they ended");
        loop {
            // Whatever comes while this is read is seen in the next round.
            news.borrow_and_update();
            if let Err(error) = self.round(&mut gathered).await {
                tracing::error!("cannot make notifications: {}", told(&error));
                sleep(DISK_REST).await;
                continue;
            }
            let due = gathered.iter().filter_map(Gathered::due).min();
            let pause = due.map_or(Duration::MAX, |due| {
                let seconds = due.saturating_sub((self.clock)());
                // The clock shows whole seconds.
                Duration::from_secs(u64::try_from(seconds).unwrap_or(0).max(1))
            });
            tokio::select! {
                changed = news.changed() => if changed.is_err() { return },
                () = sleep(pause) => {}
            }
        }
    }

    /// Waits until every source has answered once.
    async fn first_reads(&mut self, news: &mut watch::Receiver<u64>) {
        let patience = Instant::now() + FIRST_READS;
        while !(self.sources.is_loaded() && all_answered(&self.sources.list())) {
            match timeout_at(patience, news.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    async fn end_of_history(&mut self) -> Option<i64> {
        loop {
            // Beyond every number, so that only the end is told.
            match self.read(i64::MAX).await {
                Ok(recent) => return Some(recent.upto),
                Err(error) => {
                    tracing::error!("cannot make notifications: {}", told(&error));
                    sleep(DISK_REST).await;
                }
            }
        }
    }

    async fn read(&mut self, after: i64) -> Result<Recent, StoreError> {
        let Some(mut history) = self.history.take() else {
            return Ok(Recent {
                entries: Vec::new(),
                upto: 0,
                more: false,
            });
        };
        let (history, recent) = blocking(move || {
            let recent = history.services_after(after, PAGE);
            (history, recent)
        })
        .await;
        self.history = Some(history);
        recent
    }

    async fn keep_up(&mut self, gathered: &[Gathered]) -> Result<(), StoreError> {
        let now = (self.clock)();
        for (it, gathering) in gathered.iter().zip(&mut self.receivers) {
            gathering.keep_up(it, now).await?;
        }
        Ok(())
    }

    /// Gathers what is new, and closes the windows that are over.
    async fn round(&mut self, gathered: &mut [Gathered]) -> Result<(), StoreError> {
        loop {
            let after = gathered.iter().map(Gathered::upto).min().unwrap_or(0);
            let Recent {
                entries,
                upto,
                more,
            } = self.read(after).await?;
            let now = (self.clock)();
            for it in gathered.iter_mut() {
                let known = it.upto();
                for HistoryEntry { cursor, change, .. } in &entries {
                    if cursor.id > known {
                        it.change(cursor.id, cursor.at, change, now);
                    }
                }
                if !more || upto > known {
                    it.all_upto(upto);
                }
            }
            if !more {
                break;
            }
        }
        let sources = of_sources(&self.sources.list());
        let now = (self.clock)();
        for (it, gathering) in gathered.iter_mut().zip(&mut self.receivers) {
            if it.sources(&sources, now) {
                put(&gathering.outbox, Vec::new(), it.memo(), now).await?;
            }
            if it.due().is_none_or(|due| due > now) {
                gathering.keep_up(it, now).await?;
                continue;
            }
            let mut next = it.clone();
            let (messages, left_out) = next.close(&sources, &self.known, now);
            let bodies = bodies(
                &gathering.receiver,
                &messages,
                &self.known,
                &mut self.random,
            );
            put(&gathering.outbox, bodies, next.memo(), now).await?;
            gathering.kept = Some(next.memo().upto);
            gathering.outbox.counters.left_out.inc_by(left_out);
            // Only now: what the disk refused is closed anew.
            *it = next;
        }
        Ok(())
    }
}

fn rules(receiver: &Receiver) -> Rules {
    let each_team = matches!(&receiver.channel, Channel::Email(email) if email.is_to_owners());
    Rules {
        filter: receiver.filter.clone(),
        window: i64::try_from(receiver.window.as_secs()).unwrap_or(i64::MAX),
        most_per_hour: receiver.most_per_hour as usize,
        each_team,
    }
}

/// What is sent, or `None` where there is nobody to send it to.
pub(super) type Body = Option<(Vec<u8>, u64)>;

/// The messages as they are sent.
fn bodies(
    receiver: &Receiver,
    messages: &[Message],
    known: &Known,
    random: &mut Random,
) -> Vec<Body> {
    let mut bodies = Vec::new();
    for message in messages {
        let address = match &message.about {
            About::Team(team) => known.address(&team.reference),
            _ => None,
        };
        let id = format!("{:x}-{:016x}", message.at, random.next());
        bodies.extend(rendered(receiver, message, address.as_deref(), &id));
    }
    bodies
}

/// One message as it is sent; `address` is that of the team. Pure.
pub(super) fn rendered(
    receiver: &Receiver,
    message: &Message,
    address: Option<&str>,
    id: &str,
) -> Vec<Body> {
    let whole = |body: Vec<u8>| vec![Some((body, message.items()))];
    match &receiver.channel {
        Channel::Slack(_) => whole(slack::body(message).to_string().into_bytes()),
        Channel::Webhook(_) => cloud_event::bodies(message, &receiver.name, id)
            .into_iter()
            .map(|(body, items)| Some((body.to_string().into_bytes(), items)))
            .collect(),
        Channel::Email(email) => {
            let mut to: Vec<String> = Vec::new();
            for addressee in &email.to {
                let address = match addressee {
                    Addressee::Owner => address.map(str::to_owned),
                    Addressee::Address(address) => Some(address.to_string()),
                };
                to.extend(address.filter(|address| !to.contains(address)));
            }
            if to.is_empty() {
                return vec![None];
            }
            let mail = mail::mail(message, to, id);
            // Strings and numbers always encode.
            whole(serde_json::to_vec(&mail).unwrap_or_default())
        }
    }
}

/// Puts messages into the queue, and with them what is remembered.
async fn put(
    outbox: &Arc<Outbox>,
    bodies: Vec<Body>,
    memo: &Memo,
    now: i64,
) -> Result<(), StoreError> {
    let all = bodies.len();
    let bodies: Vec<(Vec<u8>, u64)> = bodies.into_iter().flatten().collect();
    let nobody = (all - bodies.len()) as u64;
    if nobody > 0 {
        let receiver = &outbox.name;
        tracing::warn!(
            receiver,
            "{nobody} notifications have nobody to go to: no address of the team is known"
        );
    }
    // Strings and numbers with string keys always encode.
    let memo = serde_json::to_vec(memo).unwrap_or_default();
    let dropped = outbox
        .step(move |queue| {
            let entries: Vec<NewEntry<'_>> = bodies
                .iter()
                .map(|(body, items)| NewEntry {
                    line: 0,
                    taken_at: now,
                    items: u32::try_from(*items).unwrap_or(u32::MAX),
                    body,
                })
                .collect();
            queue.push_all(&entries, &memo)
        })
        .await?;
    if dropped > 0 {
        let receiver = &outbox.name;
        tracing::warn!(receiver, "{dropped} notifications made room for newer ones");
    }
    outbox.counters.dropped.inc_by(dropped + nobody);
    outbox.arrived.notify_one();
    Ok(())
}
