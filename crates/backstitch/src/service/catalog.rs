//! One task per catalog: reads it at its own pace, and its failures are its own (S22, S25).

use std::path::PathBuf;
use std::time::Duration;

use catalog::backstage::{Reader, Taken};
use catalog::schedule::{Hint, after_failure, after_success};
use catalog::watch::{FollowError, Follower};
use server::status::Failure;
use tokio::sync::{mpsc, oneshot};
use topology::fact::CatalogGeneration;

use super::event::{Event, Hides, Reading, Said, SourceNo};
use super::random::Random;
use super::{later, told};
use crate::config::{Endpoint, Instance, InstanceSource, SecretRef};
use crate::sources::backstage::{BackstageError, Clients};

/// A catalog that could not be read.
struct Unread {
    message: String,
    remedy: Option<String>,
    hint: Hint,
}

/// What a read gave, and what of it could not be read at all.
struct Read {
    generation: CatalogGeneration,
    incomplete: Option<String>,
    faults_hide: Hides,
}

/// Where the catalog is, and what is kept of it from read to read.
enum Means {
    /// A live Backstage: its client with its connections, and what it gave.
    Live(Box<Endpoint>, Box<Clients>, Box<Reader>),
    /// Files, and how they looked.
    Files(Vec<PathBuf>, Follower),
    /// It cannot be read.
    Secret(SecretRef),
}

impl Means {
    fn of(source: &InstanceSource) -> Self {
        match source {
            InstanceSource::Endpoint(endpoint) => Self::Live(
                endpoint.clone(),
                Box::default(),
                Box::new(Reader::new(endpoint.page_size)),
            ),
            InstanceSource::Files(paths) => {
                Self::Files(paths.clone(), Follower::new(paths.clone()))
            }
            InstanceSource::Secret(secret) => Self::Secret(secret.clone()),
        }
    }

    async fn read(&mut self, instance: &Instance, faults_hide: Hides) -> Result<Read, Unread> {
        match self {
            Self::Live(endpoint, clients, reader) => {
                live(instance, endpoint, clients, reader).await
            }
            Self::Files(paths, follower) => files(instance, paths, follower, faults_hide).await,
            Self::Secret(secret) => Err(Unread {
                message: format!(
                    "it is configured by the Kubernetes Secret `{}/{}`, and this version does not read Secrets",
                    secret.namespace, secret.name
                ),
                remedy: Some(
                    "give the instance `endpoint` and `token_file`, and start again; a Secret can be mounted as a file"
                        .to_owned(),
                ),
                hint: Hint::Refused,
            }),
        }
    }

    /// What became of the generation read last.
    fn taken(&mut self, taken: Taken) {
        if let Self::Live(.., reader) = self {
            reader.taken(taken);
        }
    }

    /// Waits until the catalog is known to have changed, for a given time; what faults hide in the next read.
    async fn rest(&mut self, pause: Duration) -> Hides {
        let changed = async {
            if let Self::Files(_, follower) = self {
                match follower.changed().await {
                    Ok(()) => return,
                    Err(error) => tracing::error!(
                        "the files are read by the interval alone: {}",
                        told(&error)
                    ),
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => Hides::Documents,
            () = changed => Hides::DocumentsAtOnce,
        }
    }
}

/// Reads the catalog again and again, by its interval and whenever it is known to have changed, until nobody listens.
pub(super) async fn run(
    source: SourceNo,
    instance: Instance,
    clock: fn() -> i64,
    mut random: Random,
    events: mpsc::Sender<Event>,
) {
    let interval = instance.options.sync_interval;
    let mut means = Means::of(&instance.source);
    let mut failures = 0;
    let mut faults_hide = Hides::Documents;
    loop {
        let outcome = means.read(&instance, faults_hide).await;
        let now = clock();
        let pause = match outcome {
            Ok(read) => {
                failures = 0;
                let pause = after_success(interval, random.next());
                let incomplete = read.incomplete.map(|message| Failure {
                    at: now,
                    message,
                    remedy: Some(
                        "nothing is removed until everything can be read again".to_owned(),
                    ),
                });
                let reading = Reading {
                    read_at: now,
                    next_attempt: later(now, pause),
                    faults_hide: read.faults_hide,
                    incomplete,
                };
                let (answer, taken) = oneshot::channel();
                let said = Said::Catalog(read.generation, reading, answer);
                if events.send(Event { source, said }).await.is_err() {
                    return;
                }
                let Ok(taken) = taken.await else {
                    return;
                };
                means.taken(taken);
                pause
            }
            Err(unread) => {
                failures += 1;
                let pause = after_failure(failures, unread.hint, random.next());
                let failure = Failure {
                    at: now,
                    message: unread.message,
                    remedy: unread.remedy,
                };
                let said = Said::Failed {
                    failure,
                    next_attempt: later(now, pause),
                };
                if events.send(Event { source, said }).await.is_err() {
                    return;
                }
                pause
            }
        };
        faults_hide = means.rest(pause).await;
    }
}

async fn live(
    instance: &Instance,
    endpoint: &Endpoint,
    clients: &mut Clients,
    reader: &mut Reader,
) -> Result<Read, Unread> {
    if endpoint.insecure_skip_verify {
        tracing::warn!(
            source = instance.name(),
            "the catalog is read without verifying the server's certificate: whoever stands between can read the token"
        );
    }
    let map = instance.options.settings.label_map.clone();
    let unread = |error: &BackstageError| Unread {
        message: format!("cannot read `{}`: {}", endpoint.url, told(error)),
        remedy: error.hint(),
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
            incomplete: None,
            faults_hide: Hides::Nothing,
        }),
        Err(error) => Err(unread(&error)),
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
    instance: &Instance,
    paths: &[PathBuf],
    follower: &mut Follower,
    faults_hide: Hides,
) -> Result<Read, Unread> {
    let generation = match follower.read(&instance.options.settings.label_map).await {
        Ok(generation) => generation,
        Err(FollowError::Unfinished(error)) => return Err(unfinished(&error)),
        Err(error) => {
            return Err(Unread {
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
            message: format!("cannot read the catalog: {}", unread.join("; ")),
            remedy: Some("look at the path; nothing that is known is removed meanwhile".to_owned()),
            hint: Hint::Transient,
        });
    }
    Ok(Read {
        generation,
        incomplete: (!unread.is_empty()).then(|| {
            format!(
                "a part of the catalog cannot be read: {}",
                unread.join("; ")
            )
        }),
        faults_hide,
    })
}

fn unfinished(error: &tokio::task::JoinError) -> Unread {
    Unread {
        message: format!("reading the catalog did not finish: {error}"),
        remedy: Some("this is a fault of the program; please report it with the log".to_owned()),
        hint: Hint::Transient,
    }
}
