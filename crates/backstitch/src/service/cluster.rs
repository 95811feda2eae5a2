//! One task per cluster: watches or reads it at its own pace, and its failures are its own (S22, S25). How a cluster is reached
//! is known from the configuration, or from a Secret that comes, changes and goes.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use catalog::backstage::Taken;
use catalog::schedule::{Hint, after_success};
use cluster::live::{Pace, Reach, Update};
use cluster::manifests;
use server::refresh::{Bell, Rest};
use server::status::FailureKind;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use topology::fact::ObjectKind;

use super::event::{Ended, Event, Health, Hides, Reading, Said};
use super::gone::gone;
use super::kinds::Kinds;
use super::supply::{Supplied, Supply};
use super::task::{Begun, Closed, Task, Unread, Woken, least_rest};
use super::{next_attempt, told};
use crate::secrets::{Problem, ReachedCluster};

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
                let unread = unread(FailureKind::Files, told(&error), Some(remedy));
                task.failed(failures, unread, ended).await
            }
            Err(error) => {
                failures += 1;
                let message = format!("reading the manifests did not finish: {error}");
                let unread = unread(FailureKind::Program, message, None);
                task.failed(failures, unread, ended).await
            }
        };
        let Ok(pause) = told else {
            return;
        };
        woken = task.rest(pause, took, pending()).await;
    }
}

fn unread(kind: FailureKind, message: String, remedy: Option<String>) -> Unread {
    Unread {
        kind,
        message,
        remedy,
        hint: Hint::Transient,
    }
}

/// Watches a live cluster on a thread of its own: a credential command that hangs, or a list that takes all of a
/// processor, then keeps nobody else from working (S25). The thread ends when nobody listens. `recheck` says whether
/// something of it is held back.
pub(super) fn live(
    mut task: Task,
    mut recheck: watch::Receiver<bool>,
    reach: Reach,
    name: &str,
) -> io::Result<()> {
    // The thread tells nobody that it ended.
    let (ended, _) = oneshot::channel();
    on_a_thread(name, task.events.clone(), ended, async move {
        let _ = connections(&mut task, &mut recheck, &reach, &[]).await;
    })
}

/// Watches a live cluster as its Secret says that it is reached, in the same way. The thread ends as well, and says so, once
/// the Secret is gone and all that the cluster gave; that is judged at every `interval`.
pub(super) fn supplied(
    task: Task,
    recheck: watch::Receiver<bool>,
    supply: watch::Receiver<Supply<ReachedCluster>>,
    interval: Duration,
    name: &str,
) -> io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    let events = task.events.clone();
    let supplied = Supplied::new(supply);
    on_a_thread(name, events, ended, async move {
        let _ = follow(task, recheck, supplied, interval).await;
    })?;
    Ok(end)
}

/// Does so until it is done, or nobody hears of it.
fn on_a_thread(
    name: &str,
    events: mpsc::Sender<Event>,
    ended: oneshot::Sender<()>,
    work: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let thread = std::thread::Builder::new().name(format!("cluster {name}"));
    let until_nobody_hears = async move {
        tokio::select! {
            () = work => {}
            // The loop has ended, and a watch may be waiting for a quiet cluster.
            () = events.closed() => {}
        }
        // Nobody waits for the end of a cluster of the configuration.
        let _ = ended.send(());
    };
    thread.spawn(move || runtime.block_on(until_nobody_hears))?;
    Ok(())
}

/// Follows what the Secret says, until it is gone and nothing is left of the cluster.
async fn follow(
    mut task: Task,
    mut recheck: watch::Receiver<bool>,
    mut supplied: Supplied<ReachedCluster>,
    interval: Duration,
) -> Result<(), Closed> {
    let mut failures = 0;
    let mut woken = Woken::Due;
    loop {
        supplied.known().await;
        match supplied.now() {
            Supply::Awaited => {}
            Supply::Paused => {
                task.pause().await?;
                supplied.changed().await;
            }
            Supply::Given(reached) => {
                failures = 0;
                for warning in &reached.warnings {
                    tracing::warn!("{warning}");
                }
                tokio::select! {
                    closed = connections(&mut task, &mut recheck, &reached.reach, &reached.warnings) => closed?,
                    // The watch ends, and is begun by what the Secret says now.
                    () = supplied.changed() => {}
                }
            }
            Supply::Refused(Problem { message, remedy }) => {
                failures += 1;
                let unread = Unread {
                    kind: FailureKind::Settings,
                    message,
                    remedy,
                    hint: Hint::Refused,
                };
                let ended = task.begin().ended();
                let pause = task.failed(failures, unread, ended).await?;
                woken = task.rest(pause, Duration::ZERO, supplied.changed()).await;
            }
            Supply::Gone(problem) => {
                let begun = task.begin();
                let judged = gone(&mut task, interval, begun, problem, woken, &mut supplied);
                let (pause, taken) = judged.await?;
                if taken == Some(Taken::Replaced) {
                    return Ok(());
                }
                woken = task.rest(pause, Duration::ZERO, supplied.changed()).await;
            }
        }
    }
}

async fn connections(
    task: &mut Task,
    recheck: &mut watch::Receiver<bool>,
    reach: &Reach,
    warnings: &[String],
) -> Result<(), Closed> {
    let mut failures = 0;
    let mut woken = Woken::Due;
    loop {
        let begun = task.begin();
        match cluster::live::connect(&reach.access).await {
            Ok(server) => {
                tracing::info!(address = server.address(), "watching a cluster");
                let server = server.within(reach.namespaces.clone());
                match watched(task, recheck, server, begun, woken, warnings).await? {
                    Again::Recheck | Again::Expired => (failures, woken) = (0, Woken::Due),
                    Again::Asked => (failures, woken) = (0, Woken::Early),
                    Again::Ended => {
                        failures += 1;
                        let message = "the watch ended".to_owned();
                        let unread = unread(FailureKind::Program, message, None);
                        let ended = begun.ended();
                        let took = ended.took;
                        let pause = task.failed(failures, unread, ended).await?;
                        woken = task.rest(pause, took, pending()).await;
                    }
                }
            }
            Err(error) => {
                failures += 1;
                let unread = unread(FailureKind::Settings, told(&error), error.hint());
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
    /// The credentials end, and are had anew with a new connection.
    Expired,
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
    warnings: &[String],
) -> Result<Again, Closed> {
    let pace = Pace::default();
    let expired = expired(server.expires(), (task.clock)());
    tokio::pin!(expired);
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
            () = &mut expired => {
                return Ok(Again::Expired);
            }
        }
        let health = kinds.health();
        let ended = reading.take_if(|_| kinds.all_tried()).map(|begun| Ended {
            warnings: warnings.to_vec(),
            ..begun.ended()
        });
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

/// Waits until credentials are good no more, and some time in any case: what expires at once must not be had again and again.
async fn expired(at: Option<jiff::Timestamp>, now: i64) {
    match at {
        Some(at) => {
            let seconds = u64::try_from(at.as_second() - now).unwrap_or_default();
            sleep(Duration::from_secs(seconds).max(RECHECK)).await;
        }
        None => pending().await,
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
