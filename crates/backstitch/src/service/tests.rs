//! The loop, fed by hand: real store, real core, no waiting.

use std::path::Path;


use api::{Phase, SourceKind};
use insta::assert_snapshot;
use store::{HistoryFilter, Options, Reader};
use tempfile::TempDir;
use topology::entity_ref::EntityRef;
use topology::fact::{
    CatalogGeneration, ClusterGeneration, ComponentFact, EntityFact, Fault, Found, ObjectFact, ObjectKey, ObjectKind,
    OwnerClaim, OwnerFact, OwnerKind, OwnerTarget, ServiceFact,
};
use topology::verdict::ServiceKey;

use super::engine::Stopped;
use super::event::{Health, Hides, Reading, Said};
use server::status::Failure;
use super::*;


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
}

impl Bench {
    fn new() -> Self {
        Self::start(TempDir::new().expect("a folder"), CONFIGURATION)
    }

    /// As the program starts: the last state is loaded, and what history missed is recorded.
    fn start(folder: TempDir, configuration: &str) -> Self {
        let config = Config::parse(Path::new("backstitch.yaml"), configuration).expect("a configuration");
        let store = Store::open(&folder.path().join("store.db"), &Options::default()).expect("a store");
        let history = store.reader().expect("a reader");
        let shared = Shared {
            topology: Arc::new(RwLock::new(Topology::new(&config.label_prefix))),
            sources: Arc::default(),
            events: Arc::new(Events::new(NOW)),
            notice: watch::Sender::new(0),
        };
        let mut engine = Engine {
            store,
            shared,
            policy: config.removal,
            surroundings: Surroundings {
                clock: || NOW,
                pause: Box::new(|_| Going::On),
            },
            book: load::book(&config, NOW),
            net: Net::default(),
            store_failure: None,
        };
        engine.load(&config).expect("the store reads back");
        engine.publish_all();
        engine.catch_up().expect("nothing stops it");
        Self { engine, history, folder }
    }

    fn restart(self, configuration: &str) -> Self {
        let Self { engine, history, folder } = self;
        drop((engine, history));
        Self::start(folder, configuration)
    }

    fn take(&mut self, source: SourceNo, said: Said) {
        let event = Event { source, said };
        self.engine.take(vec![event]).expect("nothing stops it");
    }

    fn catalog(&mut self, entities: Vec<EntityFact>) {
        let generation = CatalogGeneration {
            entities,
            faults: Vec::new(),
        };
        self.take(CATALOG, Said::Catalog(generation, reading()));
    }

    fn listed(&mut self, objects: Vec<ObjectFact>) {
        let said = Said::Listed {
            kind: ObjectKind::Service,
            objects,
            faults: Vec::new(),
            read_at: NOW,
        };
        self.take(CLUSTER, said);
    }

    fn health(&mut self, complete: bool) {
        let health = Health {
            complete,
            failure: None,
            next_attempt: None,
        };
        self.take(CLUSTER, Said::Health(health));
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
        let (_, state) = list.iter().find(|(id, _)| id.kind == kind).expect("the source");
        let held = state
            .held
            .map(|held| format!(", {} removals, {} of {}", held.removals, held.times, held.confirmations));
        let failure = state.failure.as_ref().map(|failure| format!(", {}", failure.message));
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
            Some(side) => side.owner.as_deref().unwrap_or(side.state.as_str()).to_owned(),
        };
        let lines = entries.iter().rev().map(|entry| match &entry.change {
            topology::change::Change::Service { before, after, .. } => {
                format!("{} {}: {} -> {}\n", entry.cause.source, entry.cause.generation, side(before), side(after))
            }
            topology::change::Change::Verdict { .. } => String::new(),
        });
        lines.collect()
    }
}

fn reading() -> Reading {
    Reading {
        read_at: NOW,
        next_attempt: NOW + 300,
        faults_hide: Hides::Nothing,
        incomplete: None,
    }
}

/// A component that names the Service of its own name in namespace `shop`.
fn component(name: &str, owner: &str) -> EntityFact {
    let found = |value: &str| Some(Found {
        path: 0,
        value: value.into(),
    });
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
    (0..count).map(|number| make(&format!("s{number}"))).collect()
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

#[test]
fn s22_a_failure_changes_nothing_but_the_status() {
    let mut bench = stitched();
    assert_eq!(bench.status(SourceKind::Catalog), "ready 1");
    let failure = Failure {
        at: NOW,
        message: "no route".to_owned(),
        remedy: None,
    };
    let next_attempt = NOW + 1;
    bench.take(CATALOG, Said::Failed { failure, next_attempt });
    assert_eq!(bench.status(SourceKind::Catalog), "stale 1, no route");
    assert_eq!(bench.owner("s3"), "web");
    bench.catalog(company(20));
    assert_eq!(bench.status(SourceKind::Catalog), "ready 2");
}

#[test]
fn s22_a_partial_read_adds_and_removes_nothing() {
    let mut bench = stitched();
    let mut entities = vec![component("s3", "data"), group("data")];
    entities.push(component("s99", "data"));
    let generation = CatalogGeneration {
        entities,
        faults: Vec::new(),
    };
    let incomplete = Some(Failure {
        at: NOW,
        message: "half of it is gone".to_owned(),
        remedy: None,
    });
    bench.take(CATALOG, Said::Catalog(generation, Reading { incomplete, ..reading() }));
    assert_eq!(bench.status(SourceKind::Catalog), "stale 1, half of it is gone");
    assert_eq!([bench.owner("s2"), bench.owner("s3")], ["web", "data"]);
}

#[test]
fn s22_what_faults_may_hide_waits_for_confirmation() {
    let mut bench = stitched();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let generation = CatalogGeneration {
            entities: company(19),
            faults: vec![Fault {
                place: "catalog.yaml".to_owned(),
                message: "not YAML".to_owned(),
            }],
        };
        let faults_hide = Hides::Documents;
        bench.take(CATALOG, Said::Catalog(generation, Reading { faults_hide, ..reading() }));
        seen.push(format!("{}: {}", bench.status(SourceKind::Catalog), bench.owner("s19")));
    }
    assert_snapshot!(seen.join("\n"), @"
    held 1, 1 removals, 1 of 3: web
    held 1, 1 removals, 2 of 3: web
    ready 4: -
    ");
}

#[test]
fn s23_a_generation_that_removes_much_waits_also_over_a_restart() {
    let mut bench = stitched();
    let mut seen = Vec::new();
    let mut step = |bench: &mut Bench, what: &str| {
        seen.push(format!("{what}: {}, {}", bench.status(SourceKind::Catalog), bench.owner("s3")));
    };
    bench.catalog(Vec::new());
    step(&mut bench, "empty");
    bench.catalog(Vec::new());
    step(&mut bench, "empty");
    let mut bench = bench.restart(CONFIGURATION);
    step(&mut bench, "restarted");
    bench.catalog(Vec::new());
    step(&mut bench, "empty");
    assert_snapshot!(seen.join("\n"), @"
    empty: held 1, 21 removals, 1 of 3, web
    empty: held 1, 21 removals, 2 of 3, web
    restarted: held 1, 21 removals, 2 of 3, web
    empty: ready 4, -
    ");
}

#[test]
fn s23_nothing_of_a_generation_that_is_held_back_counts() {
    let mut bench = stitched();
    let moved = numbered(20, |name| component(&format!("{name}-moved"), "web"));
    bench.catalog(moved);
    assert_eq!(bench.status(SourceKind::Catalog), "held 1, 21 removals, 1 of 3");
    assert_eq!(bench.engine.topology().summary().components, 20);
    // What comes back ends the waiting.
    bench.catalog(company(20));
    assert_eq!(bench.status(SourceKind::Catalog), "ready 3");
}

#[test]
fn s23_a_kind_that_lost_much_is_looked_at_again() {
    let mut bench = stitched();
    let recheck = bench.engine.book[CLUSTER.0].recheck.subscribe();
    let mut seen = Vec::new();
    for _ in 0..3 {
        bench.listed(vec![service("new")]);
        bench.health(true);
        let services = bench.engine.topology().summary().services;
        seen.push(format!(
            "{}: {services} Services, recheck {}",
            bench.status(SourceKind::Cluster),
            *recheck.borrow()
        ));
    }
    assert_snapshot!(seen.join("\n"), @"
    held 1, 20 removals, 1 of 3: 21 Services, recheck true
    held 1, 20 removals, 2 of 3: 21 Services, recheck true
    ready 4: 1 Services, recheck false
    ");
}

#[test]
fn s24_s27_what_is_gone_is_removed_and_history_says_so() {
    let mut bench = stitched();
    let mut entities = company(20);
    entities.remove(3);
    bench.catalog(entities);
    assert_eq!(bench.owner("s3"), "-");
    bench.take(CLUSTER, Said::Deleted(service_key("s3"), NOW));
    assert_snapshot!(bench.history("s3"), @"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    instance `main` 2: group:default/web -> unclaimed
    cluster `prod` 1: unclaimed -> absent
    ");
}

#[test]
fn s26_the_last_state_is_back_before_any_source_answers() {
    let bench = stitched();
    let summary = bench.engine.topology().summary();
    let mut bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.engine.topology().summary(), summary);
    assert_eq!(bench.status(SourceKind::Catalog), "stale 1");
    assert_eq!(bench.status(SourceKind::Cluster), "stale 1");
    let list = bench.engine.shared.sources.list();
    let (_, catalog) = list.first().expect("the catalog");
    assert_eq!(catalog.counts.get("components"), Some(&20));
    // S27: a restart is no change.
    assert_eq!(bench.history("s3").lines().count(), 2);
    // The generations go on from where they were.
    bench.catalog(company(20));
    assert_eq!(bench.status(SourceKind::Catalog), "ready 2");
}

#[test]
fn s26_s27_history_that_a_kill_lost_is_recorded_at_start() {
    let mut bench = stitched();
    // Facts that were committed by a process that died before it could say what they changed.
    let upserts = [group("data"), component("s3", "data")];
    let removals = [EntityRef::new("component", "default", "s4")];
    let mapping = bench.engine.book[CATALOG.0].mapping.clone();
    let batch = store::CommitBatch {
        source: "main",
        mapping: &mapping,
        generation: 2,
        read_at: NOW,
        complete: true,
        held: None,
        upserts: &upserts,
        removals: &removals,
    };
    bench.engine.store.commit(&batch).expect("committed");
    let mut bench = bench.restart(CONFIGURATION);
    assert_snapshot!(bench.history("s3") + "\n" + &bench.history("s4"), @"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    instance `main` 2: group:default/web -> group:default/data

    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    instance `main` 2: group:default/web -> unclaimed
    ");
    // Once is enough.
    let mut bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.history("s4").lines().count(), 3);
}

#[test]
fn s27_a_source_that_is_configured_no_more_leaves_and_comes_back() {
    let without = "clusters: [{name: prod, path: k8s}]";
    let mut bench = stitched().restart(without);
    assert_eq!(bench.owner("s3"), "-");
    assert!(bench.history("s3").ends_with("instance `main` 0: group:default/web -> unclaimed\n"));
    let bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.owner("s3"), "web");
}

#[test]
fn s26_facts_of_another_mapping_are_shown_with_it_until_they_are_read_anew() {
    let changed = "
scrapers: {backstage: {instances: [{name: main, path: catalog, label_map: {
  component_kubernetes_id: [metadata.name, annotations.example.org/id]}}]}}
clusters: [{name: prod, path: k8s}]
";
    let path = |bench: &Bench| {
        let topology = bench.engine.topology();
        let reference = EntityRef::new("component", "default", "s3");
        let id = *topology.find_components(&reference).first().expect("the component");
        let verdict = topology.verdicts(id).remove(0);
        verdict.id_paths.last().map(|tried| tried.path.to_string()).expect("a path was tried")
    };
    let mut bench = stitched().restart(changed);
    assert_eq!(bench.owner("s3"), "web");
    assert_eq!(path(&bench), "annotations.backstage.io/kubernetes-id");
    assert_eq!(
        bench.status(SourceKind::Catalog),
        "stale 1, the `label_map` was changed: what is shown was read with the one before"
    );
    // Still so after another start.
    bench = bench.restart(changed);
    assert_eq!(path(&bench), "annotations.backstage.io/kubernetes-id");
    bench.catalog(company(20));
    assert_eq!(path(&bench), "metadata.name");
    assert_eq!(bench.status(SourceKind::Catalog), "ready 2");
    let bench = bench.restart(changed);
    assert_eq!(bench.status(SourceKind::Catalog), "stale 2");
    assert_eq!(path(&bench), "metadata.name");
}

#[test]
fn s27_a_generation_of_many_slices_is_one_change_of_each_subject() {
    let count = write::BATCH + write::SLICE + 7;
    let mut bench = Bench::new();
    bench.listed(numbered(count, service));
    bench.health(true);
    bench.catalog(company(count));
    assert_eq!(bench.engine.topology().summary().service_states, [count, 0, 0]);
    let histories = ["s0", "s9999", "s10000", "s11006"].map(|name| bench.history(name));
    assert_snapshot!(histories[0], @"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    ");
    assert!(histories.iter().all(|history| *history == histories[0]));
    // Every component is now that of another: in between each Service has two.
    let other = numbered(count, |name| {
        let EntityFact::Component(mut component) = component(name, "web") else {
            return component(name, "web");
        };
        component.reference = EntityRef::new("component", "other", name);
        EntityFact::Component(component)
    });
    let entities = [vec![group("web")], other].concat();
    for _ in 0..3 {
        bench.catalog(entities.clone());
    }
    assert_eq!(bench.engine.topology().summary().service_states, [count, 0, 0]);
    assert_eq!(bench.history("s0").lines().count(), 3);
}

#[test]
fn of_many_small_changes_the_last_of_each_object_counts() {
    let mut bench = stitched();
    let applied = |name: &str| Said::Applied(Box::new(service(name)), NOW);
    let deleted = |name: &str| Said::Deleted(service_key(name), NOW);
    let said = [
        deleted("s1"),
        applied("s1"),
        applied("brief"),
        deleted("brief"),
        applied("new"),
        deleted("s2"),
    ];
    let events = said.map(|said| Event { source: CLUSTER, said });
    bench.engine.take(events.into()).expect("nothing stops it");
    let topology = bench.engine.topology();
    let there = |name| !topology.find_services(None, None, name).is_empty();
    assert_eq!(["s1", "brief", "new", "s2"].map(there), [true, false, true, false]);
    drop(topology);
    assert_eq!(bench.history("s1").lines().count(), 2, "it was there all the time");
    assert_eq!(bench.history("brief"), "");
}

#[test]
fn a_cluster_of_files_is_one_generation() {
    let mut bench = Bench::new();
    let objects = numbered(3, service);
    let faults = Vec::new();
    bench.take(CLUSTER, Said::Cluster(ClusterGeneration { objects, faults }, reading()));
    assert_eq!(bench.status(SourceKind::Cluster), "ready 1");
    let objects = numbered(2, service);
    let faults = Vec::new();
    bench.take(CLUSTER, Said::Cluster(ClusterGeneration { objects, faults }, reading()));
    assert_eq!(bench.status(SourceKind::Cluster), "ready 2");
    let list = bench.engine.shared.sources.list();
    let (_, cluster) = list.last().expect("the cluster");
    assert_eq!(cluster.counts.get("services"), Some(&2));
}

#[test]
fn s26_a_stop_ends_a_large_generation_between_two_batches() {
    let mut bench = Bench::new();
    bench.engine.surroundings.pause = Box::new(|pause| {
        assert_eq!(pause, Duration::ZERO);
        Going::Down
    });
    let generation = CatalogGeneration {
        entities: company(write::BATCH * 2),
        faults: Vec::new(),
    };
    let said = Said::Catalog(generation, reading());
    let source = CATALOG;
    assert_eq!(bench.engine.take(vec![Event { source, said }]), Err(Stopped));
    let bench = bench.restart(CONFIGURATION);
    // The first batch is there, and it is no generation.
    assert_eq!(bench.engine.topology().summary().components, write::BATCH - 1);
    assert_eq!(bench.status(SourceKind::Catalog), "starting 0");
}

#[test]
fn s4_an_instance_that_cannot_start_says_why() {
    let configuration = "
scrapers: {backstage: {instances: [
  {name: main, path: catalog},
  {name: broken, path: elsewhere, label_map: {component_owner: []}}]}}
clusters: [{name: prod, path: k8s}]
";
    let bench = Bench::start(TempDir::new().expect("a folder"), configuration);
    let list = bench.engine.shared.sources.list();
    let (_, broken) = list.iter().find(|(id, _)| id.name == "broken").expect("it is listed");
    assert_eq!(broken.phase(), Phase::Failing);
    let failure = broken.failure.as_ref().expect("it says why");
    assert!(failure.message.contains("label_map.component_owner"), "{}", failure.message);


}
