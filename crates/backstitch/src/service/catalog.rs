//! One task per catalog: reads it at its own pace, and its failures are its own (S22, S25).

use std::path::PathBuf;
use std::time::Duration;

use api::ReadCost;
use backstage_client::Error;
use catalog::backstage::{Contents, Cost, Memory, ReadError, Reader, Taken};
use catalog::schedule::{Hint, after_success};
use catalog::watch::{FollowError, Follower};
use server::status::{Failure, FailureKind};
use tokio::sync::{oneshot, watch};
use topology::fact::CatalogGeneration;
use topology::packed::PackedEntities;

use super::event::{Ended, Hides, Reading, Said};
use super::gone::gone;
use super::supply::{Supplied, Supply};
use super::task::{Closed, Task, Unread, Woken};
use super::{next_attempt, told};
use crate::config::{
    DEFAULT_PAGE_SIZE, Endpoint, Instance, InstanceOptions, InstanceSource, NO_LIVE_CLUSTER,
};
use crate::secrets::{Problem, Reached};
use crate::sources::backstage::{BackstageError, Clients};

/// What a read gave, and what of it could not be read at all.
struct Read {
    generation: CatalogGeneration,
    contents: Option<Contents>,
    incomplete: Option<(FailureKind, String, &'static str)>,
    faults_hide: Hides,
    cost: Option<ReadCost>,
}

/// Where the catalog is, and what is kept of it from read to read.
enum Means {
    /// A live Backstage: its client with its connections, and what it gave.
    Live(Box<Endpoint>, Box<Clients>, Box<Reader>),
    /// Files, and how they looked.
    Files(Vec<PathBuf>, Follower),
    /// A live Backstage as its Secret says that it is reached.
    Supplied(Supplied<Reached>, Box<Clients>, Box<Reader>),
}

impl Means {
    fn of(
        source: &InstanceSource,
        supply: Option<watch::Receiver<Supply<Reached>>>,
        memory: Option<Memory>,
    ) -> Self {
        let reader = |page_size| {
            Box::new(match memory {
                Some(memory) => Reader::remembering(page_size, memory),
                None => Reader::new(page_size),
            })
        };
        match source {
            InstanceSource::Endpoint(endpoint) => {
                Self::Live(endpoint.clone(), Box::default(), reader(endpoint.page_size))
            }
            InstanceSource::Files(paths) => {
                Self::Files(paths.clone(), Follower::new(paths.clone()))
            }
            InstanceSource::Secret(_) => Self::Supplied(
                Supplied::new(supply.unwrap_or_else(nowhere)),
                Box::default(),
                reader(DEFAULT_PAGE_SIZE),
            ),
        }
    }

    /// Waits until it is known where the catalog is; what its Secret says, where it has one. That is looked at once per
    /// read, so that a token that was rotated is never mixed with the one before.
    async fn known(&mut self) -> Option<Supply<Reached>> {
        let Self::Supplied(supplied, ..) = self else {
            return None;
        };
        supplied.known().await;
        Some(supplied.now())
    }

    /// What is worth a warning at every read, and no failure of it (S29).
    fn warnings(&self, known: Option<&Supply<Reached>>) -> Vec<String> {
        match (self, known) {
            (Self::Live(endpoint, ..), _) => warnings(endpoint),
            (_, Some(Supply::Given(reached))) => {
                let mut all = reached.warnings.clone();
                all.extend(warnings(&reached.endpoint));
                all
            }
            _ => Vec::new(),
        }
    }

    async fn read(
        &mut self,
        options: &InstanceOptions,
        known: Option<Supply<Reached>>,
    ) -> Result<Read, Unread> {
        match self {
            Self::Live(endpoint, clients, reader) => live(options, endpoint, clients, reader).await,
            Self::Files(paths, follower) => files(options, paths, follower).await,
            Self::Supplied(_, clients, reader) => match known.unwrap_or(Supply::Awaited) {
                Supply::Given(reached) => live(options, &reached.endpoint, clients, reader).await,
                Supply::Refused(Problem { message, remedy })
                | Supply::Gone(Problem { message, remedy }) => Err(Unread {
                    kind: FailureKind::Settings,
                    message,
                    remedy,
                    hint: Hint::Refused,
                }),
                Supply::Awaited | Supply::Paused => Err(Unread {
                    kind: FailureKind::Settings,
                    message: "its Secret was not read yet".to_owned(),
                    remedy: None,
                    hint: Hint::Transient,
                }),
            },
        }
    }

    /// What became of the generation read last.
    fn taken(&mut self, taken: Taken) {
        if let Self::Live(.., reader) | Self::Supplied(.., reader) = self {
            reader.taken(taken);
        }
    }

    /// Waits until the catalog, or what is known of its Secret, is known to have changed, which of a live one is never.
    async fn changed(&mut self) {
        if let Self::Supplied(supplied, ..) = self {
            return supplied.changed().await;
        }
        if let Self::Files(_, follower) = self {
            match follower.changed().await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!("the files are read by the interval alone: {}", told(&error));
                }
            }
        }
        std::future::pending::<()>().await;
    }
}

/// Reads the catalog again and again, by its interval, when somebody asks, and whenever it is known to have changed, until
/// nobody listens. `supply` says what its Secret says, where it has one; one that only its Secret configures ends with it.
/// What was kept of an earlier process spares the first read what did not change.
pub(super) async fn run(
    mut task: Task,
    instance: Instance,
    supply: Option<watch::Receiver<Supply<Reached>>>,
    stay: Stay,
    memory: Option<Memory>,
) {
    let mut options = instance.options.clone();
    // How the loop was told that the instance is stitched, where its Secret may say something of that.
    let mut told = None;
    let mut means = Means::of(&instance.source, supply, memory);
    let mut failures = 0;
    let mut woken = Woken::Due;
    loop {
        let known = means.known().await;
        if let Means::Supplied(supplied, ..) = &mut means
            && let Some(Supply::Paused) = known
        {
            if task.pause().await.is_err() {
                return;
            }
            supplied.changed().await;
            woken = Woken::Early;
            continue;
        }
        if let Some(Supply::Given(reached)) = &known {
            options = reached.options(&instance.options);
            if told.as_ref() != Some(&options.settings) {
                told = Some(options.settings.clone());
                let settings = Box::new(options.settings.clone());
                if task.say(Said::Settings(settings)).await.is_err() {
                    return;
                }
            }
        }
        let begun = task.begin();
        if let Means::Supplied(supplied, _, reader) = &mut means
            && let Some(Supply::Gone(problem)) = known.clone()
        {
            let interval = options.sync_interval;
            let judged = gone(&mut task, interval, begun, problem, woken, supplied).await;
            match judged {
                Ok((_, Some(Taken::Replaced))) if stay == Stay::WithItsSecret => return,
                Ok((pause, taken)) => {
                    if taken == Some(Taken::Replaced) {
                        **reader = Reader::new(DEFAULT_PAGE_SIZE);
                    }
                    woken = task.rest(pause, Duration::ZERO, supplied.changed()).await;
                    continue;
                }
                Err(Closed) => return,
            }
        }
        let warnings = means.warnings(known.as_ref());
        for warning in &warnings {
            tracing::warn!(source = instance.name(), "{warning}");
        }
        let outcome = means.read(&options, known).await;
        let ended = Ended {
            warnings,
            ..begun.ended()
        };
        let took = ended.took;
        let told = match outcome {
            Ok(read) => {
                failures = 0;
                taken(&mut task, &options, read, woken, ended, &mut means).await
            }
            Err(unread) => {
                failures += 1;
                task.failed(failures, unread, ended).await
            }
        };
        let Ok(pause) = told else {
            return;
        };
        woken = task.rest(pause, took, means.changed()).await;
    }
}

/// How long the task of an instance stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    /// For ever: the configuration names it.
    Always,
    /// Until its Secret is gone, and all that it gave.
    WithItsSecret,
}

/// Where there is no cluster to read Secrets from.
fn nowhere() -> watch::Receiver<Supply<Reached>> {
    let problem = Problem {
        message:
            "a Kubernetes Secret configures it, and no live cluster is configured to read that from"
                .to_owned(),
        remedy: Some(NO_LIVE_CLUSTER.to_owned()),
    };
    watch::Sender::new(Supply::Refused(problem)).subscribe()
}

/// Tells the loop of a read, and hears what became of it; how long to rest.
async fn taken(
    task: &mut Task,
    options: &InstanceOptions,
    read: Read,
    woken: Woken,
    ended: Ended,
    means: &mut Means,
) -> Result<Duration, Closed> {
    let now = (task.clock)();
    let pause = after_success(options.sync_interval, task.random.next());
    let incomplete = read.incomplete.map(|(kind, message, remedy)| Failure {
        kind,
        at: now,
        message,
        remedy: Some(remedy.to_owned()),
    });
    let reading = Reading {
        read_at: now,
        next_attempt: next_attempt(now, pause),
        faults_hide: read.faults_hide,
        woken,
        incomplete,
        contents: read.contents,
        ended: Ended {
            cost: read.cost,
            ..ended
        },
    };
    let (answer, became) = oneshot::channel();
    task.say(Said::Catalog(read.generation, reading, answer))
        .await?;
    means.taken(became.await.map_err(|_| Closed)?);
    task.succeeded();
    Ok(pause)
}

/// What is no failure of this instance, and should be known at every read (S29).
fn warnings(endpoint: &Endpoint) -> Vec<String> {
    let unverified =
        "the server's certificate is not verified: whoever stands between can read the token";
    endpoint
        .insecure_skip_verify
        .then(|| unverified.to_owned())
        .into_iter()
        .collect()
}

async fn live(
    options: &InstanceOptions,
    endpoint: &Endpoint,
    clients: &mut Clients,
    reader: &mut Reader,
) -> Result<Read, Unread> {
    let map = options.settings.label_map.clone();
    let unread = |error: &BackstageError| Unread {
        kind: sort(error),
        message: format!("cannot read `{}`: {}", endpoint.url, told(error)),
        remedy: error.hint(endpoint),
        hint: match error {
            BackstageError::Read(error) => error.hint(),
            _ => Hint::Transient,
        },
    };
    let access = clients
        .access(endpoint, &map)
        .map_err(|error| unread(&error))?;
    // A task of its own, so that a panic in it is a failure like any other. What the reader knew is lost with it, and the
    // next read gives the whole catalog.
    let mut lent = std::mem::replace(reader, Reader::new(endpoint.page_size));
    let reading = tokio::spawn(async move {
        let read = access.read(&map, &mut lent, &mut |_| {}).await;
        (lent, read)
    });
    let (returned, read) = Ending(reading)
        .end()
        .await
        .map_err(|error| unfinished(&error))?;
    *reader = returned;
    match read {
        Ok(read) => Ok(Read {
            generation: read.generation,
            contents: Some(read.contents),
            incomplete: read
                .doubt
                .map(|doubt| (FailureKind::Answer, doubt.to_string(), doubt.remedy())),
            faults_hide: Hides::Nothing,
            cost: Some(cost(read.cost)),
        }),
        Err(error) => Err(unread(&error)),
    }
}

/// What another `label_map` reads in a live catalog, for which nothing that is known is used or changed.
pub(super) async fn read_by(
    options: &InstanceOptions,
    endpoint: &Endpoint,
    clients: &mut Clients,
) -> Result<PackedEntities, String> {
    let mut reader = Reader::new(endpoint.page_size);
    let read = live(options, endpoint, clients, &mut reader)
        .await
        .map_err(|unread| unread.message)?;
    match read.incomplete {
        Some((_, message, _)) => Err(format!("the read was not complete: {message}")),
        None => Ok(read.generation.entities),
    }
}

/// The sort of failure that it is.
fn sort(error: &BackstageError) -> FailureKind {
    match error {
        BackstageError::Read(ReadError::Page { source, .. }) => match &**source {
            Error::Connect { .. }
            | Error::Timeout { .. }
            | Error::Disconnected { .. }
            | Error::CutOff { .. } => FailureKind::Unreachable,
            Error::RateLimited { .. } => FailureKind::RateLimited,
            error if error.is_refused() => FailureKind::Refused,
            _ => FailureKind::Answer,
        },
        BackstageError::Read(_) => FailureKind::Answer,
        BackstageError::Token(_)
        | BackstageError::ClientSecret(_)
        | BackstageError::Header { .. }
        | BackstageError::Pem { .. }
        | BackstageError::Settings(_)
        | BackstageError::Filter(_) => FailureKind::Settings,
    }
}

fn cost(cost: Cost) -> ReadCost {
    let Cost {
        requests,
        bytes,
        entities,
        known,
        passes,
        repaired,
    } = cost;
    ReadCost {
        requests,
        bytes,
        entities,
        known,
        passes,
        repaired,
    }
}

/// A task that ends with whoever waits for it.
struct Ending<T>(tokio::task::JoinHandle<T>);

impl<T> Ending<T> {
    async fn end(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn files(
    options: &InstanceOptions,
    paths: &[PathBuf],
    follower: &mut Follower,
) -> Result<Read, Unread> {
    let generation = match follower.read(&options.settings.label_map).await {
        Ok(generation) => generation,
        Err(FollowError::Unfinished(error)) => return Err(unfinished(&error)),
        Err(error) => {
            return Err(Unread {
                kind: FailureKind::Files,
                message: format!("cannot read the catalog: {error}"),
                remedy: Some(
                    "nothing is to be done if that is under way; a file that is always written to is left out by giving \
                     patterns as `path`"
                        .to_owned(),
                ),
                hint: Hint::Transient,
            });
        }
    };
    let about_a_path = |place: &str| paths.iter().any(|path| path.display().to_string() == place);
    let unread: Vec<String> = generation
        .faults
        .iter()
        .filter(|fault| about_a_path(&fault.place))
        .map(|fault| format!("`{}`: {}", fault.place, fault.message))
        .collect();
    if !unread.is_empty() && generation.entities.is_empty() {
        return Err(Unread {
            kind: FailureKind::Files,
            message: format!("cannot read the catalog: {}", unread.join("; ")),
            remedy: Some("look at the path; nothing that is known is removed meanwhile".to_owned()),
            hint: Hint::Transient,
        });
    }
    Ok(Read {
        generation,
        contents: None,
        incomplete: (!unread.is_empty()).then(|| {
            let message = format!(
                "a part of the catalog cannot be read: {}",
                unread.join("; ")
            );
            (
                FailureKind::Files,
                message,
                "nothing is removed until everything can be read again",
            )
        }),
        faults_hide: Hides::Documents,
        cost: None,
    })
}

fn unfinished(error: &tokio::task::JoinError) -> Unread {
    Unread {
        kind: FailureKind::Program,
        message: format!("reading the catalog did not finish: {error}"),
        remedy: Some("this is a fault of the program; please report it with the log".to_owned()),
        hint: Hint::Transient,
    }
}
