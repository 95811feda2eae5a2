//! Follows the Secrets that hold configuration: which instances there are, and how each is reached (S28–S31).
//!
//! ```text
//!  a thread: watch by label, per namespace ──▶ Heard ──▶ supervisor: merge ──┬─▶ Supply ──▶ the task of each instance
//!            look one up by name          ◀── asks ─────                    ├─▶ opens and closes instances
//!                                                                            └─▶ status, per namespace
//! ```
//!
//! Everything follows from what is seen now: after each piece of news the whole is worked out again, so that a Secret that
//! was renamed, labelled late, or is back needs no case of its own. What cannot be read says nothing: while a watch fails,
//! instances go on as they were, and nothing gets old by it (S22).

mod look;
mod seen;

use ::catalog::backstage::Memory;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use cluster::live::secrets::{Secret, Selector, Update};
use server::refresh::Bell;
use server::status::Failure;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use self::look::Heard;
use self::seen::{Looked, Seen};
use super::catalog::{self, Stay};
use super::event::{Event, Opening, Said, SourceNo};
use super::supply::Supply;
use super::task::{Closed, Task};
use super::{Random, next_attempt, now};
use crate::config::{Config, Instance, InstanceOptions, InstanceSource, SecretRef, Secrets};
use crate::secrets::{Problem, endpoint, merge, missing, unlabelled};

/// How often a Secret is looked for that the configuration names and no label shows.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// News of Secrets that wait to be taken.
const WAITING: usize = 64;

/// Who reads an instance as its Secret says.
struct Fed {
    supply: watch::Sender<Supply>,
    /// The Secret that was given last.
    given: Option<Secret>,
}

impl Fed {
    fn new(supply: watch::Sender<Supply>) -> Self {
        Self {
            supply,
            given: None,
        }
    }

    /// Passes on what the Secret says, if it is not what was passed on last.
    fn give(&mut self, secret: &Secret) {
        if self.given.as_ref() == Some(secret) {
            return;
        }
        self.given = Some(secret.clone());
        self.supply.send_replace(match endpoint(secret) {
            Ok(reached) => Supply::Given(Arc::new(reached)),
            Err(problem) => Supply::Refused(problem),
        });
    }

    /// Passes on that it cannot be used.
    fn refuse(&mut self, problem: Problem) {
        self.given = None;
        self.supply.send_if_modified(|supply| {
            let same = matches!(supply, Supply::Refused(before) if *before == problem);
            if !same {
                *supply = Supply::Refused(problem);
            }
            !same
        });
    }

    /// Passes on that it is gone.
    fn end(&mut self, problem: Problem) {
        self.given = None;
        self.supply.send_if_modified(|supply| {
            let same = matches!(supply, Supply::Gone(_));
            if !same {
                *supply = Supply::Gone(problem);
            }
            !same
        });
    }

    /// Secrets cannot be read. Whoever was given one goes on; nothing gets old by it.
    fn wait(&mut self, problem: &Problem) {
        let waits = !matches!(&*self.supply.borrow(), Supply::Given(_));
        if waits && self.given.is_none() {
            self.refuse(problem.clone());
        }
    }
}

/// An instance that only its Secret configures.
struct Lodger {
    source: SourceNo,
    fed: Fed,
}

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
    named: Vec<(SecretRef, Fed)>,
    lodgers: BTreeMap<String, Lodger>,
    /// The tasks of lodgers; each ends when its Secret and what it gave are gone.
    tasks: JoinSet<()>,
    names: HashMap<tokio::task::Id, String>,
    asks: mpsc::Sender<SecretRef>,
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
    pub(super) named: Vec<(SecretRef, watch::Sender<Supply>)>,
    /// Instances that had a Secret when the last state was kept, and their places in the book.
    pub(super) expected: Vec<(InstanceOptions, SourceNo, Arc<Bell>, Option<Memory>)>,
    /// How many places the book has.
    pub(super) next: usize,
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
        expected,
        next,
    } = beginning;
    let (heard, mut news) = mpsc::channel(WAITING);
    let (asks, asked) = mpsc::channel(WAITING);
    let names: Vec<String> = namespaces.iter().map(|(name, _)| name.clone()).collect();
    look::begin(
        secrets.access.clone(),
        Selector::backstages(&config.label_prefix),
        names.clone(),
        random.next(),
        asked,
        heard,
    )?;
    let mut supervisor = Supervisor {
        config,
        secrets,
        events,
        random,
        next,
        seen: Seen::of(names),
        namespaces: namespaces.into_iter().collect(),
        named: named
            .into_iter()
            .map(|(secret, supply)| (secret, Fed::new(supply)))
            .collect(),
        lodgers: BTreeMap::new(),
        tasks: JoinSet::new(),
        names: HashMap::new(),
        asks,
    };
    for (options, source, bell, memory) in expected {
        supervisor.lodge(options, source, bell, memory);
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

impl Supervisor {
    async fn hear(&mut self, heard: Heard) -> Result<(), Closed> {
        match heard {
            Heard::Of(namespace, Update::Seen(secrets)) => {
                self.seen.listed(&namespace, secrets);
                // The status of a namespace is told with what the Secrets of all of them come to.
            }
            Heard::Of(
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
                self.seen.failed(&namespace, problem.clone());
                self.tell_failure(&namespace, problem, retry_in).await?;
            }
            Heard::Unreachable { problem, retry_in } => {
                let names: Vec<String> = self.namespaces.keys().cloned().collect();
                for namespace in names {
                    self.seen.failed(&namespace, problem.clone());
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
        let (found, clashes) = if self.secrets.backstages {
            merge(&self.config, self.seen.labelled())
        } else {
            (Vec::new(), Vec::new())
        };
        let found: BTreeMap<String, Secret> = found
            .into_iter()
            .map(|found| (found.name.to_owned(), found.secret.clone()))
            .collect();
        for (name, secret) in &found {
            if !self.lodgers.contains_key(name) {
                self.open(name).await?;
            }
            if let Some(lodger) = self.lodgers.get_mut(name) {
                lodger.fed.give(secret);
            }
        }
        for (name, lodger) in &mut self.lodgers {
            if found.contains_key(name) {
                continue;
            }
            match self.seen.failure() {
                Some(problem) => lodger.fed.wait(problem),
                None if self.seen.is_complete() => {
                    lodger.fed.end(gone(name, &self.config.label_prefix));
                }
                None => {}
            }
        }
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
            if let Some(problem) = self.seen.failure_of(&secret.namespace) {
                fed.wait(problem);
                continue;
            }
            if !self.seen.is_listed(&secret.namespace) {
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

    async fn open(&mut self, name: &str) -> Result<(), Closed> {
        let options = self.secrets.options_of(name);
        let source = SourceNo(self.next);
        self.next += 1;
        let bell: Arc<Bell> = Arc::default();
        let opening = Opening {
            settings: options.settings.clone(),
            bell: Arc::clone(&bell),
        };
        self.say(source, Said::Open(Box::new(opening))).await?;
        self.lodge(options, source, bell, None);
        Ok(())
    }

    fn lodge(
        &mut self,
        options: InstanceOptions,
        source: SourceNo,
        bell: Arc<Bell>,
        memory: Option<Memory>,
    ) {
        let name = options.settings.name.to_string();
        let task = Task {
            source,
            clock: now,
            random: Random::of(self.random.next()),
            events: self.events.clone(),
            bell,
        };
        let supply = watch::Sender::new(Supply::Awaited);
        let instance = Instance {
            options,
            // Its Secret is found by the label, in whichever namespace it is.
            source: InstanceSource::Secret(SecretRef {
                namespace: String::new(),
                name: name.clone(),
            }),
        };
        let receiver = Some(supply.subscribe());
        let handle = self.tasks.spawn(catalog::run(
            task,
            instance,
            receiver,
            Stay::WithItsSecret,
            memory,
        ));
        self.names.insert(handle.id(), name.clone());
        let fed = Fed::new(supply);
        self.lodgers.insert(name, Lodger { source, fed });
    }

    /// The task of an instance has ended: its Secret is gone, and all that it gave.
    async fn ended(&mut self, id: tokio::task::Id) -> Result<(), Closed> {
        let name = self.names.remove(&id);
        let Some(lodger) = name.and_then(|name| self.lodgers.remove(&name)) else {
            return Ok(());
        };
        self.say(lodger.source, Said::Close).await?;
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

fn gone(name: &str, prefix: &str) -> Problem {
    Problem {
        message: format!(
            "no Secret `{name}` with the label `{prefix}/scraper: Backstage` is there any more; what the instance gave goes as \
             removals do"
        ),
        remedy: Some(
            "nothing is to be done if that is meant; otherwise create the Secret again, or give it the label again".to_owned(),
        ),
    }
}
