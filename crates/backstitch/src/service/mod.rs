//! The long-running service: sources at their own pace, one loop that writes, a server that reads.
//!
//! ```text
//!  a task per catalog ──┐                                              ┌─▶ store (facts, history)
//!  (reads, by schedule) ├─▶ one bounded channel of `Event` ──▶ engine ─┼─▶ topology ──────┐
//!  a task per cluster ──┘                                    (the loop)└─▶ status, events ├─▶ server
//!  (watch, or files)                                                                      │  (reads only)
//!  start: store ── load ──▶ topology, served at once ── catch_up ──▶ history ─────────────┘
//! ```
//!
//! What is known is a function of the facts, and facts are on the disk before anybody sees what follows from them. The loop
//! has a thread of its own and is the only writer (S26). It owns how sources, store, core and server are put together,
//! and the life of the process. What may be removed is decided in `decide`, what is stitched to what in the core, and
//! how a source is read in its crate.
//!
//! What people decide comes to the loop by a desk of its own (`decisions`). Who tries settings out asks at another, behind
//! which a catalog is read once more (`preview`); who adds a Backstage or changes one, at a third (`integrations`).
//!
//! Somebody who asks for a read rings the [`Bell`] of the source's task, which comes to the loop as any read does. A large
//! generation is taken in batches, and between two of them the loop takes what others have said (S25).

mod account;
mod api_tokens;
mod catalog;
mod catch_up;
mod cluster;
mod come_and_go;
mod counts;
mod decide;
mod decisions;
mod engine;
mod event;
mod faults;
mod forget;
mod gather;
mod gone;
mod integrations;
mod kinds;
mod load;
mod mapping;
mod net;
mod preview;
mod random;
mod secrets;
mod signals;
mod standing;
mod supply;
mod task;
mod tell;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use ::catalog::backstage::Memory;
use ::cluster::live::Reach;
use anyhow::{Context as _, Result};
use server::alerts::Alerts;
use server::api_tokens::{ApiTokens, Known};
use server::decisions::Desk;
use server::events::Events;
use server::refresh::Bell;
use server::status::{NextAttempt, Sources};
use server::{Access, AppState};
use store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use topology::topology::Topology;

use self::catalog::Stay;
use self::engine::{Engine, Going, Shared, Surroundings};
use self::event::{Event, SourceNo};
use self::forget::Forgetting;
use self::gather::{Desks, Gather, Heard};
use self::load::Expected;
use self::net::Net;
pub(crate) use self::random::Random;
pub(crate) use self::signals::Signals;
use self::standing::Standing;
use self::supply::Supply;
use self::task::Task;
use crate::alerts::{Deliverer, deliver};
use crate::config::{Cluster, ClusterSource, Config, Forward, InstanceSource};
use crate::notifications::{Lent, Notifications};
use crate::report::told;

/// Bound on the events that wait for the loop; a source that says more is slowed down.
const QUEUE: usize = 4_096;
/// How long everything may take to end after a signal.
const GRACE: Duration = Duration::from_secs(4);

/// The service, running.
pub(crate) struct Service {
    state: AppState,
    stop: watch::Sender<bool>,
    notice: watch::Receiver<u64>,
    /// Ends with the loop; an error where the store could not be read at start.
    ended: oneshot::Receiver<Result<(), StoreError>>,
    sources: JoinHandle<()>,
    /// Read catalogs by other maps.
    readers: JoinSet<()>,
    /// Reads and writes the Secrets of integrations, where that is enabled.
    keeper: JoinSet<()>,
    /// Hands alerts on, where they are taken.
    deliverer: Option<JoinHandle<()>>,
    /// Tell of what happens, where that is wanted.
    notifiers: JoinSet<()>,
}

impl Service {
    /// Starts the loop and, once the last state is loaded, the sources.
    ///
    /// # Errors
    /// When the store cannot be opened for reading, or no thread can be had.
    pub(crate) fn start(config: &Config, store: Store, random: Random) -> Result<Self> {
        let started = now();
        let (desk, decisions) = Desk::open();
        let (token_desk, tokens) = server::api_tokens::Desk::open();
        let topology = Arc::new(RwLock::new(Topology::new(&config.label_prefix)));
        let shared = Shared {
            topology: Arc::clone(&topology),
            sources: Arc::new(Sources::default()),
            events: Arc::new(Events::new(started)),
            api_tokens: Arc::new(Known::default()),
            notice: watch::Sender::new(0),
        };
        let expected = Expected::of(config, &store)?;
        let book = load::book(config, &expected, started);
        let bells = book.iter().map(|standing| Arc::clone(&standing.bell));
        let (previews, readers) = preview::open(config.instances.iter().zip(bells));
        let (integrations, keeper) = integrations::open(config).unzip();
        let state = AppState {
            topology,
            sources: Arc::clone(&shared.sources),
            events: Arc::clone(&shared.events),
            history: Some(Arc::new(Mutex::new(store.reader()?))),
            decisions: Some(desk),
            api_tokens: Some(ApiTokens {
                known: Arc::clone(&shared.api_tokens),
                desk: token_desk,
            }),
            previews,
            integrations,
            owner_info: config.metrics.clone(),
            alerts: None,
            notifications: None,
            clock: now,
        };
        let notice = shared.notice.subscribe();
        let stop = watch::Sender::new(false);
        let (loaded, is_loaded) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let (sender, receiver) = mpsc::channel(QUEUE);
        let ears: Vec<Ears> = book.iter().map(Ears::of).collect();
        let places = book.len();
        // Those that have a task; what cannot start comes after them in the book.
        let of_secrets = expected.instances.len() + expected.clusters.len();
        let read = config.instances.len() + config.clusters.len() + of_secrets;
        for standing in book.iter().take(read) {
            let bell = Arc::clone(&standing.bell);
            shared.sources.hang_up(&standing.id, bell);
        }
        let mut engine = Engine {
            store,
            shared,
            policy: config.removal,
            surroundings: Surroundings {
                clock: now,
                pause: Box::new(pauser(stop.subscribe())),
            },
            book,
            net: Net::default(),
            gather: Gather::new(receiver, Desks { decisions, tokens }, stop.subscribe()),
            under_way: Vec::new(),
            store_failure: None,
            decisions: Vec::new(),
            forgetting: Forgetting::new(config.history),
        };
        engine.publish_all();
        let runs = Loop {
            engine,
            config: config.clone(),
            expected: expected.clone(),
            loaded,
        };
        runs.start(ending)?;
        let begins = Begins {
            config: config.clone(),
            expected,
            places,
            previews: state.previews.clone(),
        };
        let sources = tokio::spawn(sources(
            begins,
            sender,
            ears,
            random,
            is_loaded,
            stop.subscribe(),
        ));
        Ok(Self {
            state,
            stop,
            notice,
            ended,
            sources,
            readers: preview::start(readers),
            keeper: keeper.map(integrations::Keeper::start).unwrap_or_default(),
            deliverer: None,
            notifiers: JoinSet::new(),
        })
    }

    /// Takes alerts from now on, and hands them on.
    pub(crate) fn take_alerts(&mut self, alerts: Arc<Alerts>, forward: Forward, random: Random) {
        let deliverer = Deliverer {
            alerts: Arc::clone(&alerts),
            forward,
            random,
            clock: now,
        };
        self.state.alerts = Some(alerts);
        self.deliverer = Some(tokio::spawn(deliver(deliverer, self.stop.subscribe())));
    }

    /// Tells of what happens from now on.
    pub(crate) fn notify(&mut self, notifications: Notifications, random: Random) {
        let lent = Lent {
            topology: Arc::clone(&self.state.topology),
            sources: Arc::clone(&self.state.sources),
            events: Arc::clone(&self.state.events),
            clock: now,
        };
        self.state.notifications = Some(notifications.counters());
        self.notifiers = notifications.start(lent, random, &self.stop.subscribe());
    }

    /// What is served.
    pub(crate) fn state(&self) -> &AppState {
        &self.state
    }

    /// Waits until every source has answered once, whatever it said.
    pub(crate) async fn settled(&mut self) {
        let all_answered = || {
            let states = self.state.sources.list();
            states.iter().all(|(_, state)| state.has_answered())
        };
        while !all_answered() && self.notice.changed().await.is_ok() {}
    }

    /// Serves until a signal comes, then ends in order: what was taken from sources is committed, requests under way are
    /// answered. A second signal ends at once.
    ///
    /// # Errors
    /// When the loop ended by itself: the store could not be read at start, or the program has a fault.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        access: Access,
        signals: &mut Signals,
    ) -> Result<()> {
        let Self {
            state,
            stop,
            notice: _notice,
            mut ended,
            sources,
            readers: _readers,
            keeper: _keeper,
            deliverer,
            notifiers,
        } = self;
        let events = Arc::clone(&state.events);
        let mut going_down = stop.subscribe();
        let server = tokio::spawn(server::serve::serve(
            listener,
            server::router(state, access),
            async move {
                // Whoever could stop it is gone, which is as good as a stop.
                let _ = going_down.wait_for(|stop| *stop).await;
            },
        ));
        let by_itself = tokio::select! {
            signal = signals.next() => {
                tracing::info!(signal, "going down");
                None
            }
            end = &mut ended => Some(end),
        };
        stop.send_replace(true);
        events.close();
        if let Some(end) = by_itself {
            return match end {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(error.into()),
                Err(_) => {
                    anyhow::bail!("the loop ended by a fault of the program; the log has more")
                }
            };
        }
        let in_order = async {
            let _ = ended.await;
            let _ = sources.await;
            let _ = server.await;
            if let Some(deliverer) = deliverer {
                let _ = deliverer.await;
            }
            notifiers.join_all().await;
        };
        tokio::select! {
            () = in_order => tracing::info!("everything is committed"),
            () = tokio::time::sleep(GRACE) => tracing::warn!("not everything ended in time; what was not committed is read again at the next start"),
            signal = signals.next() => tracing::warn!(signal, "ending at once; what was not committed is read again at the next start"),
        }
        Ok(())
    }
}

/// What is remembered of each catalog, by the place of its source.
type Memories = BTreeMap<usize, Memory>;

/// The loop's thread.
struct Loop {
    engine: Engine,
    config: Config,
    expected: Expected,
    loaded: oneshot::Sender<Memories>,
}

impl Loop {
    /// Runs on a thread of its own, and says what came of it.
    fn start(self, ending: oneshot::Sender<Result<(), StoreError>>) -> Result<()> {
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("loop".to_owned())
            .spawn(move || {
                // Nobody waits for the end of a service that is given up.
                let _ = ending.send(self.run(&runtime));
            })
            .context("cannot start a thread")?;
        Ok(())
    }

    fn run(mut self, runtime: &tokio::runtime::Handle) -> Result<(), StoreError> {
        let Some(understood) = self.engine.load(&self.config, &self.expected)? else {
            return Ok(());
        };
        self.engine.shared.sources.set_loaded();
        self.engine.publish_all();
        if self.engine.catch_up().is_err() {
            return Ok(());
        }
        let mut memories = Memories::new();
        for source in understood {
            if self.engine.gather.is_going_down() {
                return Ok(());
            }
            if let Some(memory) = self.engine.remember(source) {
                memories.insert(source.0, memory);
            }
        }
        // Nobody waits where the service is going down already.
        let _ = self.loaded.send(memories);
        loop {
            if self.engine.end_overdue().is_err() {
                break;
            }
            let overdue = self.engine.until_overdue().unwrap_or(Duration::MAX);
            let idle = overdue.min(self.engine.until_forgetting());
            let done = match runtime.block_on(self.engine.gather.next(idle)) {
                None => break,
                Some(Heard::Events(events)) => self.engine.take(events),
                Some(Heard::Wish(request)) => self.engine.wish(request),
                Some(Heard::Token(request)) => self.engine.token(request),
                Some(Heard::Silence) => Ok(()),
            };
            if done.is_err() {
                break;
            }
            self.engine.forget();
        }
        Ok(())
    }
}

/// What the task of a source hears from others.
struct Ears {
    /// Somebody asks for a read.
    bell: Arc<Bell>,
    /// Something of it is held back.
    recheck: watch::Receiver<bool>,
}

impl Ears {
    fn of(standing: &Standing) -> Self {
        Self {
            bell: Arc::clone(&standing.bell),
            recheck: standing.recheck.subscribe(),
        }
    }
}

/// What the sources begin with.
struct Begins {
    config: Config,
    expected: Expected,
    /// How many places the book has.
    places: usize,
    /// Where it is asked what other maps read.
    previews: server::preview::Desk,
}

/// Starts every source and waits until the service goes down.
async fn sources(
    begins: Begins,
    events: mpsc::Sender<Event>,
    ears: Vec<Ears>,
    mut random: Random,
    loaded: oneshot::Receiver<Memories>,
    mut stop: watch::Receiver<bool>,
) {
    let Ok(mut memories) = loaded.await else {
        return;
    };
    let Begins {
        config,
        expected,
        places,
        previews,
    } = begins;
    let mut tasks = JoinSet::new();
    let mut ears = ears.into_iter();
    let mut number = 0;
    let mut next = |random: &mut Random, bell: Arc<Bell>| {
        let source = SourceNo(number);
        number += 1;
        Task {
            source,
            clock: now,
            random: Random::of(random.next()),
            events: events.clone(),
            bell,
        }
    };
    let mut named = Vec::new();
    for (instance, ears) in config.instances.iter().zip(ears.by_ref()) {
        let supply = match &instance.source {
            InstanceSource::Secret(secret) if config.secrets.is_some() => {
                let supply = watch::Sender::new(Supply::Awaited);
                let receiver = supply.subscribe();
                named.push((secret.clone(), supply));
                let (desk, options) = (previews.clone(), instance.options.clone());
                let bell = Arc::clone(&ears.bell);
                tasks.spawn(preview::follow(desk, options, receiver.clone(), bell));
                Some(receiver)
            }
            _ => None,
        };
        let task = next(&mut random, ears.bell);
        let memory = memories.remove(&task.source.0);
        let run = catalog::run(task, instance.clone(), supply, Stay::Always, memory);
        tasks.spawn(run);
    }
    for (cluster, ears) in config.clusters.iter().zip(ears.by_ref()) {
        let task = next(&mut random, ears.bell);
        begin_cluster(cluster, task, ears.recheck, &mut tasks);
    }
    if let Some(found_in) = config.secrets.clone() {
        let first_instance = config.instances.len() + config.clusters.len();
        let first_cluster = first_instance + expected.instances.len();
        let first_namespace = first_cluster + expected.clusters.len();
        let numbered = |from: usize| (from..).map(SourceNo);
        let beginning = secrets::Beginning {
            secrets: found_in,
            events: events.clone(),
            random: Random::of(random.next()),
            namespaces: expected
                .namespaces
                .into_iter()
                .zip(numbered(first_namespace))
                .collect(),
            named,
            instances: expected
                .instances
                .into_iter()
                .zip(numbered(first_instance))
                .zip(ears.by_ref())
                .map(|((options, source), ears)| {
                    let memory = memories.remove(&source.0);
                    (options, source, ears.bell, memory)
                })
                .collect(),
            clusters: expected
                .clusters
                .into_iter()
                .zip(numbered(first_cluster))
                .zip(ears)
                .map(|((name, source), ears)| (name, source, ears.bell, ears.recheck))
                .collect(),
            next: places,
            previews,
            config,
        };
        tasks.spawn(async move {
            if let Err(error) = secrets::supervise(beginning).await {
                tracing::error!("cannot read Secrets: {error}");
            }
        });
    }
    drop(events);
    // Whoever could stop it is gone, which is as good as a stop.
    let _ = stop.wait_for(|stop| *stop).await;
    tasks.shutdown().await;
}

/// Starts to watch a cluster of the configuration, or to read its files.
fn begin_cluster(
    cluster: &Cluster,
    task: Task,
    recheck: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) {
    match &cluster.source {
        ClusterSource::Files(paths) => {
            tasks.spawn(cluster::files(task, paths.clone()));
        }
        ClusterSource::Live(access) => {
            let reach = Reach {
                access: access.clone(),
                namespaces: cluster.namespaces.clone(),
            };
            if let Err(error) = cluster::live(task, recheck, reach, &cluster.name) {
                tracing::error!(source = %cluster.name, "cannot watch the cluster: {error}");
            }
        }
    }
}

/// How the loop waits.
fn pauser(mut stop: watch::Receiver<bool>) -> impl FnMut(Duration) -> Going + Send {
    let runtime = tokio::runtime::Handle::current();
    move |pause| {
        runtime.block_on(async {
            tokio::select! {
                biased;
                // Whoever could stop it is gone, which is as good as a stop.
                _ = stop.wait_for(|stop| *stop) => Going::Down,
                () = tokio::time::sleep(pause) => Going::On,
            }
        })
    }
}

/// Seconds since the Unix epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The attempt that follows a pause which begins now: seconds since the Unix epoch.
fn next_attempt(now: i64, pause: Duration) -> NextAttempt {
    let pause = pause.as_secs();
    NextAttempt {
        at: now.saturating_add(i64::try_from(pause).unwrap_or(i64::MAX)),
        pause,
    }
}
