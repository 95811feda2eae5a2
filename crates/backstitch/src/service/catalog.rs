//! One task per catalog: reads it at its own pace, and its failures are its own (S22, S25).

use std::path::PathBuf;

use api::ReadCost;
use catalog::backstage::{Cost, PAGE_SIZE, Reader};
use catalog::schedule::{Hint, after_success};
use server::status::Failure;
use tokio::sync::oneshot;
use topology::fact::CatalogGeneration;

use super::event::{Ended, Hides, Reading, Said};
use super::task::{Closed, Task, Unread};
use super::{next_attempt, told};
use crate::config::{Endpoint, Instance, InstanceSource};
use crate::sources::backstage::{BackstageError, read_backstage};

/// What a read gave, and what of it could not be read at all.
struct Read {
    generation: CatalogGeneration,
    incomplete: Option<String>,
    faults_hide: Hides,
    cost: Option<ReadCost>,
}

/// Reads the catalog again and again, until nobody listens.
pub(super) async fn run(mut task: Task, instance: Instance) {
    let mut reader = Reader::new(PAGE_SIZE);
    let mut failures = 0;
    loop {
        let begun = task.begin();
        let outcome = read(&instance, &mut reader).await;
        let ended = Ended {
            warnings: warnings(&instance),
            ..begun.ended()
        };
        let told = match outcome {
            Ok(read) => {
                failures = 0;
                taken(&mut task, &instance, read, ended, &mut reader).await
            }
            Err(unread) => {
                failures += 1;
                task.failed(failures, unread, ended).await
            }
        };
        if told.is_err() {
            return;
        }
    }
}

/// Tells the loop of a read, hears what became of it, and rests.
async fn taken(
    task: &mut Task,
    instance: &Instance,
    read: Read,
    ended: Ended,
    reader: &mut Reader,
) -> Result<(), Closed> {
    let now = (task.clock)();
    let pause = after_success(instance.options.sync_interval, task.random.next());
    let incomplete = read.incomplete.map(|message| Failure {
        at: now,
        message,
        remedy: Some("nothing is removed until everything can be read again".to_owned()),
    });
    let took = ended.took;
    let reading = Reading {
        read_at: now,
        next_attempt: next_attempt(now, pause),
        faults_hide: read.faults_hide,
        incomplete,
        ended: Ended {
            cost: read.cost,
            ..ended
        },
    };
    let (answer, became) = oneshot::channel();
    task.say(Said::Catalog(read.generation, reading, answer))
        .await?;
    reader.taken(became.await.map_err(|_| Closed)?);
    task.rest(pause, took).await;
    Ok(())
}

/// What is no failure of this instance, and should be known at every read (S29).
fn warnings(instance: &Instance) -> Vec<String> {
    let InstanceSource::Endpoint(endpoint) = &instance.source else {
        return Vec::new();
    };
    let unverified =
        "the server's certificate is not verified: whoever stands between can read the token";
    endpoint
        .insecure_skip_verify
        .then(|| unverified.to_owned())
        .into_iter()
        .collect()
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
    for warning in warnings(instance) {
        tracing::warn!(source = instance.name(), "{warning}");
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
            cost: Some(cost(read.cost)),
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
        cost: None,
    })
}

fn unfinished(error: &tokio::task::JoinError) -> Unread {
    Unread {
        message: format!("reading the catalog did not finish: {error}"),
        remedy: Some("this is a fault of the program; please report it with the log".to_owned()),
        hint: Hint::Transient,
    }
}
