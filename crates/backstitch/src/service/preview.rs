//! Reading catalogs once more by another `label_map`, for whoever tries settings out.
//!
//! ```text
//!  request ──▶ Desk ──▶ a task per instance: one read at a time ──▶ facts, kept for a while
//!                        ▲ what its Secret says now, where one configures it
//! ```
//!
//! What it reads goes to whoever asked and nowhere else: not to the loop, not to the store. It owns how often a source is
//! read for this. What the facts would change is the core's business.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use server::preview::{Desk, Read, Request};
use server::refresh::{Bell, Rest};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use topology::label_map::LabelMap;
use topology::packed::PackedEntities;

use super::catalog::read_by;
use super::supply::Supply;
use super::task::least_rest;
use crate::config::{Endpoint, Instance, InstanceOptions, InstanceSource};
use crate::secrets::Reached;
use crate::sources::backstage::Clients;

/// How long what was read is kept: who edits a map goes back and forth between a few.
const KEPT: Duration = Duration::from_mins(3);
/// Bound on a read of a live catalog.
const READ_TIME: Duration = Duration::from_secs(45);
/// The least time between two reads of a live catalog for this.
const LIVE_REST: Duration = Duration::from_secs(10);

/// Reads one catalog for previews.
pub(super) struct Reader {
    means: Means,
    requests: mpsc::Receiver<Request>,
}

enum Means {
    Files(Vec<PathBuf>),
    Live {
        options: InstanceOptions,
        endpoint: Box<Endpoint>,
        clients: Box<Clients>,
        /// That of the task which reads it for good: what the server ordered that one counts here.
        bell: Arc<Bell>,
    },
    /// A live Backstage as its Secret says that it is reached.
    Supplied {
        options: InstanceOptions,
        supply: watch::Receiver<Supply<Reached>>,
        clients: Box<Clients>,
        bell: Arc<Bell>,
    },
}

/// What was read last.
struct Kept {
    map: LabelMap,
    generation: Option<u32>,
    entities: Arc<PackedEntities>,
    until: Instant,
}

/// A desk, and who sits at it: a reader for each instance whose catalog the configuration names. Where only a Secret says where
/// it is, the reader comes with that ([`follow`]).
pub(super) fn open<'i>(
    instances: impl IntoIterator<Item = (&'i Instance, Arc<Bell>)>,
) -> (Desk, Vec<Reader>) {
    let desk = Desk::default();
    let readers = instances
        .into_iter()
        .filter_map(|(instance, bell)| {
            let means = match &instance.source {
                InstanceSource::Files(paths) => Means::Files(paths.clone()),
                InstanceSource::Endpoint(endpoint) => Means::Live {
                    options: instance.options.clone(),
                    endpoint: endpoint.clone(),
                    clients: Box::default(),
                    bell,
                },
                InstanceSource::Secret(_) => return None,
            };
            let requests = desk.seat(instance.name());
            Some(Reader { means, requests })
        })
        .collect();
    (desk, readers)
}

/// Starts the readers. They end with what is returned.
pub(super) fn start(readers: Vec<Reader>) -> JoinSet<()> {
    readers.into_iter().map(run).collect()
}

/// Reads the catalog of an instance for previews as its Secret says, until nobody says anything of that any more.
pub(super) async fn follow(
    desk: Desk,
    options: InstanceOptions,
    supply: watch::Receiver<Supply<Reached>>,
    bell: Arc<Bell>,
) {
    let requests = desk.seat(&options.settings.name);
    let mut told = supply.clone();
    let means = Means::Supplied {
        options,
        supply,
        clients: Box::default(),
        bell,
    };
    let gone = async { while told.changed().await.is_ok() {} };
    tokio::select! {
        () = run(Reader { means, requests }) => {}
        () = gone => {}
    }
}

async fn run(mut reader: Reader) {
    let mut kept: Option<Kept> = None;
    let mut not_before = Instant::now();
    loop {
        let request = match &kept {
            Some(last) => timeout_at(last.until, reader.requests.recv()).await,
            None => Ok(reader.requests.recv().await),
        };
        let Ok(request) = request else {
            kept = None;
            continue;
        };
        let Some(request) = request else {
            return;
        };
        let known = kept
            .as_ref()
            .filter(|it| it.map == request.map && it.generation == request.generation);
        if let Some(known) = known {
            // Whoever asked may have gone.
            let _ = request.answer.send(Ok(Arc::clone(&known.entities)));
            continue;
        }
        sleep_until(not_before).await;
        // Somebody who types asks again and again, and waits for the last answer alone.
        if request.answer.is_closed() {
            continue;
        }
        let begun = Instant::now();
        let read = reader.means.read(&request.map).await;
        if !matches!(reader.means, Means::Files(_)) {
            not_before = Instant::now() + LIVE_REST.max(least_rest(begun.elapsed()));
        }
        if let Ok(entities) = &read {
            kept = Some(Kept {
                map: request.map,
                generation: request.generation,
                entities: Arc::clone(entities),
                until: Instant::now() + KEPT,
            });
        }
        let _ = request.answer.send(read);
    }
}

impl Means {
    async fn read(&mut self, map: &LabelMap) -> Read {
        match self {
            Self::Files(paths) => files(paths.clone(), map.clone()).await,
            Self::Live {
                options,
                endpoint,
                clients,
                bell,
            } => live(options.clone(), endpoint, clients, bell, map).await,
            Self::Supplied {
                options,
                supply,
                clients,
                bell,
            } => {
                let reached = match &*supply.borrow() {
                    Supply::Given(reached) => Arc::clone(reached),
                    Supply::Awaited | Supply::Refused(_) | Supply::Paused | Supply::Gone(_) => {
                        return Err(
                            "the Secret of the catalog does not say where it is now: its status says why"
                                .to_owned(),
                        );
                    }
                };
                let options = reached.options(options);
                live(options, &reached.endpoint, clients, bell, map).await
            }
        }
    }
}

/// Reads a live catalog, unless it is to be left alone.
async fn live(
    mut options: InstanceOptions,
    endpoint: &Endpoint,
    clients: &mut Clients,
    bell: &Bell,
    map: &LabelMap,
) -> Read {
    if bell.resting() != Rest::Planned {
        return Err("the catalog is left alone now: its status says why and until when".to_owned());
    }
    options.settings.label_map = map.clone();
    match timeout(READ_TIME, read_by(&options, endpoint, clients)).await {
        Ok(read) => read.map(Arc::new),
        Err(_) => Err(format!(
            "the catalog could not be read within {} s",
            READ_TIME.as_secs()
        )),
    }
}

/// Reads files, which nothing can stop once it has begun: there is one such read of an instance at a time.
async fn files(paths: Vec<PathBuf>, map: LabelMap) -> Read {
    let read = spawn_blocking(move || ::catalog::files::read(&paths, &map, &mut |_| {})).await;
    let generation =
        read.map_err(|error| format!("reading the catalog did not finish: {error}"))?;
    match generation.faults.first() {
        Some(fault) if generation.entities.is_empty() => Err(format!(
            "cannot read the catalog: `{}`: {}",
            fault.place, fault.message
        )),
        _ => Ok(Arc::new(generation.entities)),
    }
}
