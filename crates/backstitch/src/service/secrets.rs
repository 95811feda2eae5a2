//! Follows the Secrets that hold configuration: which instances and clusters there are, and how each is reached (S28–S31).
//!
//! ```text
//!  a thread: watch by label, per namespace ──▶ Heard ──▶ supervisor: merge ──┬─▶ Supply ──▶ the task of each source
//!            look one up by name          ◀── asks ─────                    ├─▶ opens and closes instances and clusters
//!                                                                            └─▶ status, per namespace
//! ```
//!
//! Everything follows from what is seen now: after each piece of news the whole is worked out again, so that a Secret that
//! was renamed, labelled late, or is back needs no case of its own. What cannot be read says nothing: while a watch fails,
//! sources go on as they were, and nothing gets old by it (S22).

mod fed;
mod lodgers;
mod look;
mod seen;

use ::catalog::backstage::Memory;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ::cluster::live::secrets::{Secret, Update};
use server::preview::Desk;
use server::refresh::Bell;
use server::status::{Failure, FailureKind};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use self::fed::Fed;
use self::lodgers::Lodgers;
use self::look::{Heard, Wanted};
use self::seen::{Looked, Seen};
use super::catalog::{self, Stay};
use super::event::{Event, Opened, Opening, Said, SourceNo};
use super::supply::Supply;
use super::task::{Closed, Task};
use super::{Random, cluster, next_attempt, now, preview};
use crate::config::{Config, Instance, InstanceOptions, InstanceSource, SecretRef, Secrets};
use crate::secrets::{
    self, Found, Problem, Purpose, Reached, ReachedCluster, endpoint, kubeconfig, missing,
    unlabelled,
};

/// How often a Secret is looked for that the configuration names and no label shows.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// News of Secrets that wait to be taken.
const WAITING: usize = 64;

/// See the module.
pub(super) struct Supervisor {
    config: Config,
    secrets: Secrets,
    events: mpsc::Sender<Event>,
    random: Random,
    /// The number of the next source that is opened.
    next: usize,
    seen: Seen,
    /// The namespaces and their places in the book, with what was told of each last.
    namespaces: BTreeMap<String, SourceNo>,
    named: Vec<(SecretRef, Fed<Reached>)>,
    instances: Lodgers<Reached>,
    clusters: Lodgers<ReachedCluster>,
    /// The tasks of lodgers; each ends when its Secret and what it gave are gone.
    tasks: JoinSet<()>,
    names: HashMap<tokio::task::Id, (Purpose, String)>,
    asks: mpsc::Sender<SecretRef>,
    /// Where it is asked what other maps read, and who reads the catalogs of lodgers for that.
    previews: Desk,
    readers: JoinSet<()>,
}

/// What a supervisor begins with.
pub(super) struct Beginning {
    pub(super) config: Config,
    pub(super) secrets: Secrets,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) random: Random,
    /// The namespaces that are looked in, and their places in the book.
    pub(super) namespaces: Vec<(String, SourceNo)>,
    /// Secrets that the configuration names, and who waits for what they say.
    pub(super) named: Vec<(SecretRef, watch::Sender<Supply<Reached>>)>,
    /// Instances that had a Secret when the last state was kept, and their places in the book.
    pub(super) instances: Vec<(InstanceOptions, SourceNo, Arc<Bell>, Option<Memory>)>,
    /// Clusters of that kind; the last says whether something of them is held back.
    pub(super) clusters: Vec<(String, SourceNo, Arc<Bell>, watch::Receiver<bool>)>,
    /// How many places the book has.
    pub(super) next: usize,
    /// Where it is asked what other maps read.
    pub(super) previews: Desk,
}

/// Follows the Secrets until nobody listens.
///
/// # Errors
/// When no thread can be had.
pub(super) async fn supervise(beginning: Beginning) -> std::io::Result<()> {
    let Beginning {
        config,
        secrets,
        events,
        mut random,
        namespaces,
        named,
        instances,
        clusters,
        next,
        previews,
    } = beginning;
    let (heard, mut news) = mpsc::channel(WAITING);
    let (asks, asked) = mpsc::channel(WAITING);
    let prefix = config.label_prefix.clone();
    // The channels of further clusters stay open until this ends.
    let (seen, _idle) = look_everywhere(&secrets, &prefix, &mut random, asked, &heard)?;
    drop(heard);
    let mut supervisor = Supervisor {
        config,
        secrets,
        events,
        random,
        next,
        seen,
        namespaces: namespaces.into_iter().collect(),
        named: named
            .into_iter()
            .map(|(secret, supply)| (secret, Fed::new(endpoint, supply, &prefix)))
            .collect(),
        instances: Lodgers::new(Purpose::Backstage, endpoint, &prefix),
        clusters: Lodgers::new(Purpose::Cluster, kubeconfig, &prefix),
        tasks: JoinSet::new(),
        names: HashMap::new(),
        asks,
        previews,
        readers: JoinSet::new(),
    };
    for (options, source, bell, memory) in instances {
        supervisor.lodge_instance(options, source, bell, memory);
    }
    for (name, source, bell, recheck) in clusters {
        supervisor.lodge_cluster(name, source, bell, recheck);
    }
    let mut look_again = interval(LOOK_AGAIN);
    look_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let settled = tokio::select! {
            heard = news.recv() => match heard {
                Some(heard) => supervisor.hear(heard).await,
                None => return Ok(()),
            },
            Some(ended) = supervisor.tasks.join_next_with_id(), if !supervisor.tasks.is_empty() => {
                let id = match &ended {
                    Ok((id, ())) => *id,
                    Err(error) => error.id(),
                };
                supervisor.ended(id).await
            }
            _ = look_again.tick() => {
                supervisor.seen.forget_looked();
                supervisor.settle().await
            }
        };
        if settled.is_err() {
            return Ok(());
        }
    }
}

/// Begins to read Secrets wherever they are looked for, a thread for each cluster: what is known of them, which is nothing yet, and
/// the channels by which nothing is asked.
fn look_everywhere(
    secrets: &Secrets,
    prefix: &str,
    random: &mut Random,
    asked: mpsc::Receiver<SecretRef>,
    heard: &mpsc::Sender<Heard>,
) -> std::io::Result<(Seen, Vec<mpsc::Sender<SecretRef>>)> {
    let purposes: Vec<Purpose> = [
        (Purpose::Backstage, secrets.backstages),
        (Purpose::Cluster, secrets.clusters),
    ]
    .into_iter()
    .filter_map(|(purpose, wanted)| wanted.then_some(purpose))
    .collect();
    let places = secrets.places();
    // In further clusters only Backstages are looked for: a kubeconfig is of the cluster that has the configuration.
    let purposes_in = |cluster: &str| {
        let home = cluster == secrets.cluster;
        let here = |purpose: &&Purpose| home || **purpose == Purpose::Backstage;
        purposes.iter().filter(here).copied().collect::<Vec<_>>()
    };
    let seen = Seen::of(
        places
            .iter()
            .map(|place| (place.key.clone(), purposes_in(&place.cluster))),
    );
    // Nobody names a Secret of a further cluster, so that nothing is looked up there; its thread goes on for as long as somebody could.
    let mut idle = Vec::new();
    let mut asked = Some(asked);
    let home = (secrets.cluster.clone(), secrets.access.clone());
    for (cluster, access) in std::iter::once(&home).chain(&secrets.further) {
        let of_cluster = places.iter().filter(|place| place.cluster == *cluster);
        let wanted = Wanted {
            purposes: purposes_in(cluster),
            places: of_cluster
                .map(|place| (place.namespace.clone(), place.key.clone()))
                .collect(),
            prefix: prefix.to_owned(),
        };
        let asked = asked.take().unwrap_or_else(|| {
            let (sender, receiver) = mpsc::channel(1);
            idle.push(sender);
            receiver
        });
        look::begin(access.clone(), wanted, random.next(), asked, heard.clone())?;
    }
    Ok((seen, idle))
}

impl Supervisor {
    async fn hear(&mut self, heard: Heard) -> Result<(), Closed> {
        match heard {
            Heard::Of(purpose, namespace, Update::Seen(secrets)) => {
                self.seen.listed(purpose, &namespace, secrets);
                // The status of a namespace is told with what the Secrets of all of them come to.
            }
            Heard::Of(
                purpose,
                namespace,
                Update::Failed {
                    error,
                    hint,
                    retry_in,
                },
            ) => {
                let problem = Problem {
                    message: error,
                    remedy: hint,
                };
                self.seen.failed(purpose, &namespace, problem.clone());
                self.tell_failure(&namespace, problem, retry_in).await?;
            }
            Heard::Unreachable {
                places,
                problem,
                retry_in,
            } => {
                for namespace in places {
                    for purpose in [Purpose::Backstage, Purpose::Cluster] {
                        self.seen.failed(purpose, &namespace, problem.clone());
                    }
                    self.tell_failure(&namespace, problem.clone(), retry_in)
                        .await?;
                }
            }
            Heard::Looked(secret, looked) => self.seen.looked(secret, looked),
        }
        self.settle().await
    }

    /// Works out what follows from what is seen, and passes on what is new of it.
    async fn settle(&mut self) -> Result<(), Closed> {
        self.feed_named();
        let (instances, mut clashes) =
            secrets::instances(&self.config, self.seen.labelled(Purpose::Backstage));
        let (clusters, of_clusters) =
            secrets::clusters(&self.config, self.seen.labelled(Purpose::Cluster));
        clashes.extend(of_clusters);
        let new_instances = self.instances.missing(&instances);
        let new_clusters = self.clusters.missing(&clusters);
        let owned = |found: Vec<Found<'_>>| -> Vec<(String, Secret)> {
            let found = found.into_iter();
            found
                .map(|found| (found.name.to_owned(), found.secret.clone()))
                .collect()
        };
        let (instances, clusters) = (owned(instances), owned(clusters));
        for name in new_instances {
            self.open_instance(&name).await?;
        }
        for name in new_clusters {
            self.open_cluster(name).await?;
        }
        self.instances.feed(&instances, &self.seen);
        self.clusters.feed(&clusters, &self.seen);
        let namespaces: Vec<(String, SourceNo)> = self
            .namespaces
            .iter()
            .map(|(name, source)| (name.clone(), *source))
            .collect();
        for (namespace, source) in namespaces {
            let warnings: Vec<String> = clashes
                .iter()
                .filter(|clash| clash.secret.namespace == namespace)
                .map(|clash| clash.message.clone())
                .collect();
            let Some(count) = self.seen.news_of(&namespace, &warnings) else {
                continue;
            };
            let said = Said::Secrets {
                count: Some(count),
                failure: None,
                next_attempt: None,
                warnings,
            };
            self.say(source, said).await?;
        }
        Ok(())
    }

    /// The instances that the configuration names with their Secrets.
    fn feed_named(&mut self) {
        let prefix = &self.config.label_prefix;
        for (secret, fed) in &mut self.named {
            if let Some(seen) = self.seen.find(secret) {
                fed.give(seen);
                continue;
            }
            let namespace = &secret.namespace;
            if let Some(problem) = self.seen.failure_of(Purpose::Backstage, namespace) {
                fed.wait(problem);
                continue;
            }
            if !self.seen.is_listed(Purpose::Backstage, namespace) {
                continue;
            }
            match self.seen.looked_for(secret) {
                Some(Looked::Missing) => fed.end(missing(secret, prefix)),
                Some(Looked::Unlabelled) => fed.refuse(unlabelled(secret, prefix)),
                Some(Looked::Failed(problem)) => fed.wait(problem),
                Some(Looked::Asked) => {}
                None => {
                    // A full queue is asked again by the clock.
                    if self.asks.try_send(secret.clone()).is_ok() {
                        self.seen.looked(secret.clone(), Looked::Asked);
                    }
                }
            }
        }
    }

    async fn open_instance(&mut self, name: &str) -> Result<(), Closed> {
        let options = self.secrets.options_of(name);
        let what = Opened::Instance(options.settings.clone());
        let (source, bell, _) = self.open(what).await?;
        self.lodge_instance(options, source, bell, None);
        Ok(())
    }

    async fn open_cluster(&mut self, name: String) -> Result<(), Closed> {
        let (source, bell, recheck) = self.open(Opened::Cluster(name.clone())).await?;
        self.lodge_cluster(name, source, bell, recheck);
        Ok(())
    }

    /// Has a source added to the book: its place there, and what its task hears.
    async fn open(
        &mut self,
        what: Opened,
    ) -> Result<(SourceNo, Arc<Bell>, watch::Receiver<bool>), Closed> {
        let source = SourceNo(self.next);
        self.next += 1;
        let bell: Arc<Bell> = Arc::default();
        let recheck = watch::Sender::new(false);
        let is_held_back = recheck.subscribe();
        let opening = Opening {
            what,
            bell: Arc::clone(&bell),
            recheck,
        };
        self.say(source, Said::Open(Box::new(opening))).await?;
        Ok((source, bell, is_held_back))
    }

    fn task(&mut self, source: SourceNo, bell: Arc<Bell>) -> Task {
        Task {
            source,
            clock: now,
            random: Random::of(self.random.next()),
            events: self.events.clone(),
            bell,
        }
    }

    fn lodge_instance(
        &mut self,
        options: InstanceOptions,
        source: SourceNo,
        bell: Arc<Bell>,
        memory: Option<Memory>,
    ) {
        let name = options.settings.name.to_string();
        let supply = self.instances.add(&name, source);
        while self.readers.try_join_next().is_some() {}
        self.readers.spawn(preview::follow(
            self.previews.clone(),
            options.clone(),
            supply.clone(),
            Arc::clone(&bell),
        ));
        let task = self.task(source, bell);
        let instance = Instance {
            options,
            // Its Secret is found by the label, in whichever namespace it is.
            source: InstanceSource::Secret(SecretRef {
                namespace: String::new(),
                name: name.clone(),
            }),
        };
        let handle = self.tasks.spawn(catalog::run(
            task,
            instance,
            Some(supply),
            Stay::WithItsSecret,
            memory,
        ));
        self.names.insert(handle.id(), (Purpose::Backstage, name));
    }

    fn lodge_cluster(
        &mut self,
        name: String,
        source: SourceNo,
        bell: Arc<Bell>,
        recheck: watch::Receiver<bool>,
    ) {
        let task = self.task(source, bell);
        let supply = self.clusters.add(&name, source);
        let interval = self.secrets.sync_interval;
        let end = match cluster::supplied(task, recheck, supply, interval, &name) {
            Ok(end) => end,
            // It stays as it is known, and is tried again with the next start.
            Err(error) => {
                tracing::error!(source = %name, "cannot watch the cluster: {error}");
                return;
            }
        };
        let handle = self.tasks.spawn(async move {
            // A thread that ended by a fault of its own has ended as well.
            let _ = end.await;
        });
        self.names.insert(handle.id(), (Purpose::Cluster, name));
    }

    /// The task of a source has ended: its Secret is gone, and all that it gave.
    async fn ended(&mut self, id: tokio::task::Id) -> Result<(), Closed> {
        let Some((purpose, name)) = self.names.remove(&id) else {
            return Ok(());
        };
        let source = match purpose {
            Purpose::Backstage => self.instances.remove(&name),
            Purpose::Cluster => self.clusters.remove(&name),
        };
        let Some(source) = source else {
            return Ok(());
        };
        self.say(source, Said::Close).await?;
        // A Secret of that name may be back by now.
        self.settle().await
    }

    async fn tell_failure(
        &mut self,
        namespace: &str,
        problem: Problem,
        retry_in: Duration,
    ) -> Result<(), Closed> {
        let Some(source) = self.namespaces.get(namespace).copied() else {
            return Ok(());
        };
        let now = now();
        let said = Said::Secrets {
            count: None,
            failure: Some(Failure {
                kind: FailureKind::Settings,
                at: now,
                message: problem.message,
                remedy: problem.remedy,
            }),
            next_attempt: Some(next_attempt(now, retry_in)),
            warnings: Vec::new(),
        };
        self.say(source, said).await
    }

    async fn say(&self, source: SourceNo, said: Said) -> Result<(), Closed> {
        let event = Event { source, said };
        self.events.send(event).await.map_err(|_| Closed)
    }
}
