//! One task per cluster: watches or reads it at its own pace, and its failures are its own (S22, S25).

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use catalog::schedule::{Hint, after_success};
use cluster::live::{Access, Namespaces, Pace, Update};
use cluster::manifests;
use server::refresh::{Bell, Rest};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use topology::fact::ObjectKind;

use super::event::{Health, Hides, Reading, Said};
use super::kinds::Kinds;
use super::task::{Begun, Closed, Task, Unread, Woken, least_rest};
use super::{next_attempt, told};

/// How often manifest files are read.
const FILES_INTERVAL: Duration = Duration::from_secs(30);
/// Updates of a watch that wait to be passed on.
const WAITING: usize = 256;
/// How often a watched cluster says that all is well, so that its age is told.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// After how long removals that are held back are looked at again (S23).
const RECHECK: Duration = Duration::from_mins(1);
/// A watch that was begun again and did not fail until so long after its time works.
const QUIET_MARGIN: Duration = Duration::from_secs(5);

/// Reads manifest files again and again, until nobody listens.
pub(super) async fn files(mut task: Task, paths: Vec<PathBuf>) {
    let mut failures = 0;
    let mut woken = Woken::Due;
    loop {
        let begun = task.begin();
        let given = paths.clone();
        let reading = tokio::task::spawn_blocking(move || manifests::read(&given, &mut |_| {}));
        let reading = reading.await;
        let ended = begun.ended();
        let took = ended.took;
        let told = match reading {
            Ok(Ok(generation)) => {
                failures = 0;
                let now = (task.clock)();
                let pause = after_success(FILES_INTERVAL, task.random.next());
                let reading = Reading {
                    read_at: now,
                    next_attempt: next_attempt(now, pause),
                    faults_hide: Hides::Documents,
                    woken,
                    incomplete: None,
                    contents: None,
                    ended,
                };
                task.succeeded();
                let said = task.say(Said::Cluster(generation, reading)).await;
                said.map(|()| pause)
            }
            Ok(Err(error)) => {
                failures += 1;
                let remedy =
                    "look at the path; nothing that is known is removed meanwhile".to_owned();
                let unread = unread(told(&error), Some(remedy));
                task.failed(failures, unread, ended).await
            }
            Err(error) => {
                failures += 1;
                let message = format!("reading the manifests did not finish: {error}");
                task.failed(failures, unread(message, None), ended).await
            }
        };
        let Ok(pause) = told else {
            return;
        };
        woken = task.rest(pause, took, pending()).await;
    }
}

fn unread(message: String, remedy: Option<String>) -> Unread {
    Unread {
        message,
        remedy,
        hint: Hint::Transient,
    }
}

/// How a live cluster is reached, and what of it is read.
pub(super) struct Reach {
    pub(super) access: Access,
    pub(super) namespaces: Namespaces,
}

/// Watches a live cluster on a thread of its own: a credential command that hangs, or a list that takes all of a
/// processor, then keeps nobody else from working (S25). The thread ends when nobody listens. `recheck` says whether
/// something of it is held back.
pub(super) fn live(
    task: Task,
    recheck: watch::Receiver<bool>,
    reach: Reach,
    name: &str,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new().name(format!("cluster {name}"));
    thread.spawn(move || runtime.block_on(follow(task, recheck, &reach)))?;
    Ok(())
}

async fn follow(mut task: Task, mut recheck: watch::Receiver<bool>, reach: &Reach) {
    let gone = task.events.clone();
    tokio::select! {
        _ = connections(&mut task, &mut recheck, reach) => {}
        // The loop has ended, and a watch may be waiting for a quiet cluster.
        () = gone.closed() => {}
    }
}

async fn connections(
    task: &mut Task,
    recheck: &mut watch::Receiver<bool>,
    reach: &Reach,
) -> Result<(), Closed> {
    let mut failures = 0;
    let mut woken = Woken::Due;
    loop {
        let begun = task.begin();
        match cluster::live::connect(&reach.access).await {
            Ok(server) => {
                tracing::info!(address = server.address(), "watching a cluster");
                let server = server.within(reach.namespaces.clone());
                match watched(task, recheck, server, begun, woken).await? {
                    Again::Recheck => (failures, woken) = (0, Woken::Due),
                    Again::Asked => (failures, woken) = (0, Woken::Early),
                    Again::Ended => {
                        failures += 1;
                        let unread = unread("the watch ended".to_owned(), None);
                        let ended = begun.ended();
                        let took = ended.took;
                        let pause = task.failed(failures, unread, ended).await?;
                        woken = task.rest(pause, took, pending()).await;
                    }
                }
            }
            Err(error) => {
                failures += 1;
                let unread = unread(told(&error), error.hint());
                let ended = begun.ended();
                let took = ended.took;
                let pause = task.failed(failures, unread, ended).await?;
                woken = task.rest(pause, took, pending()).await;
            }
        }
    }
}

/// Why a watch is begun anew.
enum Again {
    /// Something is held back, and a new list shows whether it still is missing.
    Recheck,
    /// Somebody asked for it.
    Asked,
    /// The watch came to an end, which it does not by itself.
    Ended,
}

/// Passes on what a watch says. The read that has begun, for the reason that it was `woken` for, ends once every kind was
/// listed, or one could not be.
async fn watched(
    task: &mut Task,
    waits: &mut watch::Receiver<bool>,
    server: cluster::live::ApiServer,
    begun: Begun,
    woken: Woken,
) -> Result<Again, Closed> {
    let pace = Pace::default();
    let (sender, mut updates) = mpsc::channel(WAITING);
    // Dropped with this future, which ends the watch.
    let mut watching = tokio::task::JoinSet::new();
    watching.spawn(cluster::live::watch(
        server,
        pace,
        task.random.next(),
        sender,
    ));

    let mut kinds = Kinds::new();
    let mut said: Option<Health> = None;
    let mut quiet: BTreeMap<ObjectKind, Instant> = BTreeMap::new();
    let recheck_at = |waits: bool| waits.then(|| Instant::now() + RECHECK);
    let mut recheck = recheck_at(*waits.borrow_and_update());
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reading = Some(begun);
    let mut rested = Instant::now();
    loop {
        let next_quiet = quiet
            .iter()
            .min_by_key(|(_, at)| **at)
            .map(|(kind, at)| (*kind, *at));
        tokio::select! {
            update = updates.recv() => {
                let Some(update) = update else {
                    return Ok(Again::Ended);
                };
                let now = (task.clock)();
                let (kind, pause) = kinds.note(&update, now);
                match pause {
                    // The watch does not say when it works again. What fails, fails within the time of an answer.
                    Some(pause) => quiet.insert(kind, Instant::now() + pause + pace.answer_timeout + QUIET_MARGIN),
                    // Another namespace of the kind may still be failing.
                    None if kinds.fails(kind) => None,
                    None => quiet.remove(&kind),
                };
                // Once the read has ended, lists come when the watch needs them.
                let woken = if reading.is_some() { woken } else { Woken::Due };
                if let Some(what) = translated(update, now, woken) {
                    task.say(what).await?;
                }
            }
            () = sleep_until(next_quiet.map_or_else(Instant::now, |(_, at)| at)), if next_quiet.is_some() => {
                if let Some((kind, _)) = next_quiet {
                    quiet.remove(&kind);
                    kinds.quiet(kind);
                }
            }
            _ = heartbeat.tick() => {
                if kinds.health().complete {
                    said = None;
                }
            }
            changed = waits.changed() => {
                if changed.is_err() {
                    return Err(Closed);
                }
                recheck = recheck_at(*waits.borrow_and_update());
            }
            () = sleep_until(recheck.unwrap_or_else(Instant::now)), if recheck.is_some() => {
                return Ok(Again::Recheck);
            }
            () = asked(&task.bell, rested), if reading.is_none() => {
                return Ok(Again::Asked);
            }
        }
        let health = kinds.health();
        let ended = reading.take_if(|_| kinds.all_tried()).map(Begun::ended);
        if said.as_ref() != Some(&health) || ended.is_some() {
            said = Some(health.clone());
            if let Some(ended) = &ended {
                rested = Instant::now() + least_rest(ended.took);
                task.bell.rest(Rest::Planned);
            }
            task.say(Said::Health(health, ended)).await?;
        }
    }
}

/// Waits until a new list is asked for, but some time in any case.
async fn asked(bell: &Bell, rested: Instant) {
    sleep_until(rested).await;
    bell.rung().await;
}

fn translated(update: Update, now: i64, woken: Woken) -> Option<Said> {
    match update {
        Update::Restarted {
            kind,
            objects,
            faults,
        } => Some(Said::Listed {
            kind,
            objects,
            faults,
            read_at: now,
            woken,
        }),
        Update::Applied(fact) => Some(Said::Applied(fact, now)),
        Update::Deleted(key) => Some(Said::Deleted(key, now)),
        Update::Faulty { kind, faults } => Some(Said::Faulty(kind, faults)),
        // These are part of the cluster's health.
        Update::Failed { .. } | Update::Forbidden { .. } | Update::NotServed { .. } => None,
    }
}
