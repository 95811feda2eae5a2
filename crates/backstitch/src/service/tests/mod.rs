//! The loop, fed by hand: real store, real core, no waiting.

use std::path::Path;

use ::catalog::backstage::Taken;
use api::{Phase, SourceKind};
use insta::assert_snapshot;
use store::{HistoryFilter, Options, Reader};
use tempfile::TempDir;
use topology::entity_ref::EntityRef;
use topology::fact::{
    CatalogGeneration, ClusterGeneration, ComponentFact, EntityFact, Fault, Found, ObjectFact,
    ObjectKey, ObjectKind, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget, ServiceFact,
};
use topology::verdict::ServiceKey;

use super::engine::Stopped;
use super::event::{Ended, Health, Hides, Reading, Said};
use super::task::Woken;
use super::*;
use server::status::{Failure, FailureKind};

mod api_tokens;
mod books;
mod decisions;
mod forgetting;
mod lodgers;
mod reads;
mod several;
mod starts;

const CATALOG: SourceNo = SourceNo(0);
const CLUSTER: SourceNo = SourceNo(1);
const NOW: i64 = 1_700_000_000;
const CONFIGURATION: &str = "
scrapers: {backstage: {instances: [{name: main, path: catalog}]}}
clusters: [{name: prod, path: k8s}]
";

/// A loop over a store in a folder of its own.
struct Bench {
    engine: Engine,
    history: Reader,
    folder: TempDir,
    /// What is said here comes between the batches of a large read.
    events: mpsc::Sender<Event>,
}

impl Bench {
    fn new() -> Self {
        Self::start(TempDir::new().expect("a folder"), CONFIGURATION)
    }

    /// As the program starts: the last state is loaded, and what history missed is recorded.
    fn start(folder: TempDir, configuration: &str) -> Self {
        let config =
            Config::parse(Path::new("backstitch.yaml"), configuration).expect("a configuration");
        let stop = watch::Sender::new(false);
        let mut bench = Self::before_loading(folder, &config, stop.subscribe());
        bench
            .engine
            .load(&config, &Expected::default())
            .expect("the store reads back")
            .expect("nothing stops it");
        bench.engine.publish_all();
        bench.engine.catch_up().expect("nothing stops it");
        bench
    }

    /// With an open store of which nothing is loaded.
    fn before_loading(folder: TempDir, config: &Config, stop: watch::Receiver<bool>) -> Self {
        let store =
            Store::open(&folder.path().join("store.db"), &Options::default()).expect("a store");
        let history = store.reader().expect("a reader");
        let shared = Shared {
            topology: Arc::new(RwLock::new(Topology::new(&config.label_prefix))),
            sources: Arc::default(),
            events: Arc::new(Events::new(NOW)),
            api_tokens: Arc::default(),
            notice: watch::Sender::new(0),
        };
        let (events, receiver) = mpsc::channel(QUEUE);
        let engine = Engine {
            store,
            shared,
            policy: config.removal,
            surroundings: Surroundings {
                clock: || NOW,
                pause: Box::new(|_| Going::On),
            },
            book: load::book(config, &Expected::default(), NOW),
            net: Net::default(),
            gather: Gather::new(receiver, Desks::nobody(), stop),
            under_way: Vec::new(),
            store_failure: None,
            decisions: Vec::new(),
            forgetting: Forgetting::new(config.history),
        };
        Self {
            engine,
            history,
            folder,
            events,
        }
    }

    fn restart(self, configuration: &str) -> Self {
        let Self {
            engine,
            history,
            folder,
            events: _,
        } = self;
        drop((engine, history));
        Self::start(folder, configuration)
    }

    fn take(&mut self, source: SourceNo, said: Said) {
        let event = Event { source, said };
        self.engine.take(vec![event]).expect("nothing stops it");
    }

    fn catalog(&mut self, entities: Vec<EntityFact>) {
        self.read(
            CatalogGeneration::whole(entities.into_iter().collect(), Vec::new()),
            reading(),
        );
    }

    /// A catalog was read: what became of that.
    fn read(&mut self, generation: CatalogGeneration, reading: Reading) -> Taken {
        let (answer, mut taken) = oneshot::channel();
        self.take(CATALOG, Said::Catalog(generation, reading, answer));
        taken.try_recv().expect("an answer")
    }

    fn listed(&mut self, objects: Vec<ObjectFact>) {
        let said = Said::Listed {
            kind: ObjectKind::Service,
            objects: objects.into_iter().collect(),
            faults: Vec::new(),
            read_at: NOW,
            woken: Woken::Due,
        };
        self.take(CLUSTER, said);
    }

    fn health(&mut self, complete: bool) {
        let health = Health {
            complete,
            failure: None,
            next_attempt: None,
        };
        self.take(CLUSTER, Said::Health(health, None));
    }

    /// The owner of a Service of namespace `shop`, `-` for none.
    fn owner(&self, service: &str) -> String {
        let topology = self.engine.topology();
        let found = topology.find_services(Some("prod"), Some("shop"), service);
        let owner = found.first().and_then(|id| topology.service(*id).owner);
        owner.map_or_else(|| "-".to_owned(), |id| topology.owner(id).key.to_owned())
    }

    /// Where a source stands, in short.
    fn status(&self, kind: SourceKind) -> String {
        let list = self.engine.shared.sources.list();
        let (_, state) = list
            .iter()
            .find(|(id, _)| id.kind == kind)
            .expect("the source");
        let held = state.held.map(|held| {
            format!(
                ", {} removals, {} of {}",
                held.removals, held.times, held.confirmations
            )
        });
        let failure = state
            .failure
            .as_ref()
            .map(|failure| format!(", {}", failure.message));
        format!(
            "{} {}{}{}",
            state.phase(),
            state.generation,
            held.unwrap_or_default(),
            failure.unwrap_or_default()
        )
    }

    /// History of a Service of namespace `shop`, oldest first.
    fn history(&mut self, service: &str) -> String {
        let filter = HistoryFilter {
            subject: Some(store::Subject::Service(ServiceKey {
                cluster: "prod".into(),
                namespace: "shop".into(),
                name: service.into(),
            })),
            ..HistoryFilter::default()
        };
        let entries = self.history.history(&filter, None, 100).expect("history");
        let side = |side: &Option<topology::change::Ownership>| match side {
            None => "absent".to_owned(),
            Some(side) => side
                .owner
                .as_deref()
                .unwrap_or(side.state.as_str())
                .to_owned(),
        };
        let lines = entries.iter().rev().map(|entry| match &entry.change {
            topology::change::Change::Service { before, after, .. } => {
                format!(
                    "{}: {} -> {}\n",
                    cause(&entry.cause),
                    side(before),
                    side(after)
                )
            }
            topology::change::Change::Verdict { .. } => String::new(),
        });
        lines.collect()
    }
}

fn cause(cause: &store::Cause) -> String {
    match cause {
        store::Cause::Read { source, generation } => format!("{source} {generation}"),
        decision @ store::Cause::Decision(_) => decision.to_string(),
    }
}

fn reading() -> Reading {
    Reading {
        read_at: NOW,
        next_attempt: next_attempt(NOW, Duration::from_mins(5)),
        faults_hide: Hides::Nothing,
        woken: Woken::Due,
        incomplete: None,
        contents: None,
        ended: ended(1),
    }
}

/// A read that took a second.
fn ended(number: u64) -> Ended {
    Ended {
        number,
        took: Duration::from_secs(1),
        cost: None,
        warnings: Vec::new(),
    }
}

/// A component that names the Service of its own name in namespace `shop`.
fn component(name: &str, owner: &str) -> EntityFact {
    let found = |value: &str| {
        Some(Found {
            path: 0,
            value: value.into(),
        })
    };
    EntityFact::Component(Box::new(ComponentFact {
        reference: EntityRef::new("component", "default", name),
        name: name.into(),
        kubernetes_id: found(name),
        kubernetes_namespace: found("shop"),
        label_selector: None,
        kubernetes_cluster: None,
        owners: vec![OwnerClaim {
            path: 0,
            target: OwnerTarget::Ref(EntityRef::new("group", "default", owner)),
        }],
        component_type: None,
        lifecycle: None,
        system: None,
        dependencies: Vec::new(),
        orphan: false,
        fault: None,
    }))
}

fn group(name: &str) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: EntityRef::new("group", "default", name),
        kind: OwnerKind::Group,
        display_name: name.into(),
        email: None,
        contacts: Vec::new(),
        parent: None,
        children: Vec::new(),
        members: Vec::new(),
        member_of: Vec::new(),
    }))
}

fn service(name: &str) -> ObjectFact {
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: "shop".into(),
        name: name.into(),
        ..ServiceFact::default()
    }))
}

fn service_key(name: &str) -> ObjectKey {
    service(name).key()
}

fn numbered<T>(count: usize, make: impl Fn(&str) -> T) -> Vec<T> {
    (0..count)
        .map(|number| make(&format!("s{number}")))
        .collect()
}

/// A group and so many components of it.
fn company(count: usize) -> Vec<EntityFact> {
    let mut entities = numbered(count, |name| component(name, "web"));
    entities.push(group("web"));
    entities
}

/// A bench with twenty Services, each owned by `web`.
fn stitched() -> Bench {
    let mut bench = Bench::new();
    bench.listed(numbered(20, service));
    bench.health(true);
    bench.catalog(company(20));
    bench
}
