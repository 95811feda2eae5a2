//! One task per catalog: reads it at its own pace, and its failures are its own (S22, S25).

use std::path::PathBuf;

use catalog::backstage::{PAGE_SIZE, Reader};
use catalog::schedule::{Hint, after_failure, after_success};
use server::status::Failure;
use tokio::sync::{mpsc, oneshot};
use topology::fact::CatalogGeneration;

use super::event::{Event, Hides, Reading, Said, SourceNo};
use super::random::Random;
use super::{later, told};
use crate::config::{Endpoint, Instance, InstanceSource};
use crate::sources::backstage::{BackstageError, read_backstage};

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

/// Reads the catalog again and again, until nobody listens.
pub(super) async fn run(
    source: SourceNo,
    instance: Instance,
    clock: fn() -> i64,
    mut random: Random,
    events: mpsc::Sender<Event>,
) {
    let interval = instance.options.sync_interval;
    let mut reader = Reader::new(PAGE_SIZE);
    let mut failures = 0;
    loop {
        let outcome = read(&instance, &mut reader).await;
        let now = clock();
        match outcome {
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
                reader.taken(taken);
                tokio::time::sleep(pause).await;
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
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn read(instance: &Instance, reader: &mut Reader) -> Result<Read, Unread> {
    match &instance.source {
        InstanceSource::Endpoint(endpoint) => live(instance, endpoint, reader).await,
        InstanceSource::Files(paths) => files(instance, paths).await,
        InstanceSource::Secret(secret) => Err(Unread {
            message: format!(
                "it is configured by the Kubernetes Secret `{}/{}`, and this version does not read Secrets",
                secret.namespace, secret.name
            ),
            remedy: Some(
                "give the instance `endpoint` and `token_file`, and start again; a Secret can be mounted as a file".to_owned(),
            ),
            hint: Hint::Refused,
        }),
    }
}

async fn live(
    instance: &Instance,
    endpoint: &Endpoint,
    reader: &mut Reader,
) -> Result<Read, Unread> {
    if endpoint.insecure_skip_verify {
        tracing::warn!(
            source = instance.name(),
            "the catalog is read without verifying the server's certificate: whoever stands between can read the token"
        );
    }
    let map = instance.options.settings.label_map.clone();
    let asked = endpoint.clone();
    // A task of its own, so that a panic in it is a failure like any other. What the reader knew is lost with it, and the
    // next read gives the whole catalog.
    let mut lent = std::mem::replace(reader, Reader::new(PAGE_SIZE));
    let reading = tokio::spawn(async move {
        let read = read_backstage(&asked, &map, &mut lent, &mut |_| {}).await;
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
        Err(error) => Err(Unread {
            message: format!("cannot read `{}`: {}", endpoint.url, told(&error)),
            remedy: error.hint(),
            hint: match &error {
                BackstageError::Read(error) => error.hint(),
                _ => Hint::Transient,
            },
        }),
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

async fn files(instance: &Instance, paths: &[PathBuf]) -> Result<Read, Unread> {
    let given = paths.to_vec();
    let map = instance.options.settings.label_map.clone();
    let reading =
        tokio::task::spawn_blocking(move || catalog::files::read(&given, &map, &mut |_| {}));
    let generation = reading.await.map_err(|error| unfinished(&error))?;
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
        faults_hide: Hides::Documents,
    })
}

fn unfinished(error: &tokio::task::JoinError) -> Unread {
    Unread {
        message: format!("reading the catalog did not finish: {error}"),
        remedy: Some("this is a fault of the program; please report it with the log".to_owned()),
        hint: Hint::Transient,
    }
}
