//! S26: whatever was committed, in whatever order, is what a load gives, before and after a restart.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use store::{CommitBatch, Fact, Good, HeldRecord, Loaded, Options, Source, SourceRecord, Store};
use topology::entity_ref::EntityRef;
use topology::fact::{EntityFact, ObjectFact, ObjectKey};

use crate::given;

/// What a batch says beside its facts.
#[derive(Clone, Debug)]
struct Stamp {
    mapping: &'static str,
    complete: bool,
    held: Option<HeldRecord>,
}

fn stamp() -> impl Strategy<Value = Stamp> {
    let held =
        (any::<u64>(), any::<u64>(), any::<u32>()).prop_map(|(fingerprint, count, times)| {
            HeldRecord {
                fingerprint,
                count,
                times,
            }
        });
    (
        prop::sample::select(&["", "x"][..]),
        any::<bool>(),
        option::of(held),
    )
        .prop_map(|(mapping, complete, held)| Stamp {
            mapping,
            complete,
            held,
        })
}

#[derive(Clone, Debug)]
enum Step {
    Entities(&'static str, Vec<EntityFact>, Vec<EntityRef>, Stamp),
    Objects(&'static str, Vec<ObjectFact>, Vec<ObjectKey>, Stamp),
    Forget(Source),
    Compact,
    Restart,
}

/// The same names for instances and clusters: the two are different sources.
const NAMES: [&str; 2] = ["default", "prod"];

fn step() -> impl Strategy<Value = Step> {
    let name = || prop::sample::select(&NAMES[..]);
    let removed_entities = vec(
        given::entity().prop_map(|fact| fact.reference().clone()),
        0..6,
    );
    let removed_objects = vec(given::object().prop_map(|fact| fact.key()), 0..6);
    prop_oneof![
        6 => (name(), vec(given::entity(), 0..8), removed_entities, stamp())
            .prop_map(|(name, facts, gone, stamp)| Step::Entities(name, facts, gone, stamp)),
        6 => (name(), vec(given::object(), 0..8), removed_objects, stamp())
            .prop_map(|(name, facts, gone, stamp)| Step::Objects(name, facts, gone, stamp)),
        1 => name().prop_map(|name| Step::Forget(Source::Instance(name.into()))),
        1 => name().prop_map(|name| Step::Forget(Source::Cluster(name.into()))),
        1 => Just(Step::Compact),
        1 => Just(Step::Restart),
    ]
}

/// What the store must say, kept the simplest way.
#[derive(Default)]
struct Naive {
    entities: BTreeMap<&'static str, Vec<Loaded<EntityFact>>>,
    objects: BTreeMap<&'static str, Vec<Loaded<ObjectFact>>>,
    sources: BTreeMap<Source, SourceRecord>,
}

impl Naive {
    fn source(&mut self, source: Source, read: Good, stamp: &Stamp) {
        let before = self
            .sources
            .get(&source)
            .and_then(|record| record.last_good);
        let record = SourceRecord {
            source: source.clone(),
            mapping: stamp.mapping.to_owned(),
            generation: read.generation,
            last_good: if stamp.complete { Some(read) } else { before },
            held: stamp.held,
        };
        self.sources.insert(source, record);
    }
}

fn apply<F: Clone + PartialEq, K: PartialEq>(
    known: &mut Vec<Loaded<F>>,
    read: Good,
    upserts: &[F],
    removals: &[K],
    key: impl Fn(&F) -> K,
) {
    let mut last: Vec<&F> = Vec::new();
    for fact in upserts {
        last.retain(|other| key(other) != key(fact));
        last.push(fact);
    }
    for fact in last {
        if known.iter().any(|other| other.fact == *fact) {
            continue;
        }
        known.retain(|other| key(&other.fact) != key(fact));
        known.push(Loaded {
            fact: fact.clone(),
            generation: read.generation,
            read_at: read.read_at,
        });
    }
    known.retain(|loaded| !removals.contains(&key(&loaded.fact)));
}

fn batch<'a, F: Fact>(
    source: &'a str,
    read: Good,
    stamp: &Stamp,
    upserts: &'a [F],
    removals: &'a [F::Key],
) -> CommitBatch<'a, F> {
    CommitBatch {
        source,
        mapping: stamp.mapping,
        generation: read.generation,
        read_at: read.read_at,
        complete: stamp.complete,
        held: stamp.held,
        upserts,
        removals,
        contents: store::Contents::default(),
    }
}

fn is_component(reference: &EntityRef) -> bool {
    &*reference.kind == "component"
}

fn read_of(loaded: &Loaded<EntityFact>) -> Good {
    Good {
        generation: loaded.generation,
        read_at: loaded.read_at,
    }
}

fn loaded<F: Fact + Debug>(store: &Store, name: &str) -> Vec<Loaded<F>> {
    some(store, name, |_| true)
}

fn some<F: Fact + Debug>(store: &Store, name: &str, wanted: fn(&F::Key) -> bool) -> Vec<Loaded<F>> {
    let mut all = Vec::new();
    for page in store.load_some::<F>(name, wanted).unwrap() {
        let page = page.unwrap();
        assert_eq!(page.faults, []);
        all.extend(page.facts);
    }
    all
}

fn sorted<F: Debug>(mut facts: Vec<Loaded<F>>) -> Vec<Loaded<F>> {
    facts.sort_by_cached_key(|loaded| format!("{loaded:?}"));
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_load_gives_what_the_commits_left(steps in vec(step(), 1..12)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let mut store = Store::open(&path, &Options::default()).unwrap();
        let mut naive = Naive::default();
        for (generation, step) in (1_u32..).zip(steps) {
            let read = Good { generation, read_at: 1_700_000_000 + i64::from(generation) };
            match step {
                Step::Entities(name, facts, gone, stamp) => {
                    // One after the other or all at hand is the same.
                    if generation % 2 == 0 {
                        store.commit(&batch(name, read, &stamp, &facts, &gone)).unwrap();
                    } else {
                        let given = facts.iter().cloned().map(|fact| (fact, None));
                        store.commit_all(&batch(name, read, &stamp, &[], &gone), given).unwrap();
                    }
                    let known = naive.entities.entry(name).or_default();
                    apply(known, read, &facts, &gone, |fact| fact.reference().clone());
                    naive.source(Source::Instance(name.into()), read, &stamp);
                }
                Step::Objects(name, facts, gone, stamp) => {
                    store.commit(&batch(name, read, &stamp, &facts, &gone)).unwrap();
                    let known = naive.objects.entry(name).or_default();
                    apply(known, read, &facts, &gone, ObjectFact::key);
                    naive.source(Source::Cluster(name.into()), read, &stamp);
                }
                Step::Forget(source) => {
                    store.forget(&source).unwrap();
                    match &source {
                        Source::Instance(name) => drop(naive.entities.remove(&**name)),
                        Source::Cluster(name) => drop(naive.objects.remove(&**name)),
                    }
                    naive.sources.remove(&source);
                }
                Step::Compact => drop(given::compact(&mut store, i64::MAX)),
                Step::Restart => {
                    drop(store);
                    store = Store::open(&path, &Options::default()).unwrap();
                }
            }
        }
        for name in NAMES {
            let entities = naive.entities.remove(name).unwrap_or_default();
            let mut reads: Vec<Good> = entities.iter().map(read_of).collect();
            reads.sort_by_key(|read| (read.generation, read.read_at));
            reads.dedup();
            prop_assert_eq!(store.reads_of::<EntityFact>(name).unwrap(), reads);
            let components = some::<EntityFact>(&store, name, is_component);
            let others = some::<EntityFact>(&store, name, |reference| !is_component(reference));
            prop_assert!(components.iter().all(|loaded| is_component(loaded.fact.reference())));
            prop_assert_eq!(sorted([components, others].concat()), sorted(entities.clone()));
            prop_assert_eq!(sorted(loaded::<EntityFact>(&store, name)), sorted(entities));
            let objects = naive.objects.remove(name).unwrap_or_default();
            prop_assert_eq!(sorted(loaded::<ObjectFact>(&store, name)), sorted(objects));
        }
        prop_assert_eq!(store.sources().unwrap(), naive.sources.into_values().collect::<Vec<_>>());
    }
}

#[test]
fn a_commit_says_what_it_did_and_spares_what_did_not_change() {
    let mut store = Store::in_memory().unwrap();
    let stamp = Stamp {
        mapping: "",
        complete: true,
        held: None,
    };
    let facts = ["a", "b", "c"].map(|name| ObjectFact::Namespace(name.into()));
    let first = Good {
        generation: 1,
        read_at: 10,
    };
    let done = store
        .commit(&batch("prod", first, &stamp, &facts, &[]))
        .unwrap();
    assert_eq!(
        (done.added, done.changed, done.unchanged, done.removed),
        (3, 0, 0, 0)
    );

    let gone = [
        facts[2].key(),
        ObjectFact::Namespace("never there".into()).key(),
    ];
    let second = Good {
        generation: 2,
        read_at: 20,
    };
    let done = store
        .commit(&batch("prod", second, &stamp, &facts[..2], &gone))
        .unwrap();
    assert_eq!(
        (done.added, done.changed, done.unchanged, done.removed),
        (0, 0, 2, 1)
    );
    let changed = ObjectFact::Service(Box::default());
    let mut services = [changed];
    let mut commit = |services: &[ObjectFact]| {
        let done = store.commit(&batch("prod", second, &stamp, services, &[]));
        done.unwrap()
    };
    assert_eq!(commit(&services).added, 1);
    if let ObjectFact::Service(service) = &mut services[0] {
        service.external_name = true;
    }
    let done = commit(&services);
    assert_eq!((done.added, done.changed), (0, 1));
    // History may name a Service that is gone, and its key stays; what comes back is new all the same.
    let gone = services.each_ref().map(ObjectFact::key);
    let done = store
        .commit::<ObjectFact>(&batch("prod", second, &stamp, &[], &gone))
        .unwrap();
    assert_eq!(done.removed, 1);
    let done = store
        .commit(&batch("prod", second, &stamp, &services, &gone))
        .unwrap();
    assert_eq!((done.added, done.changed, done.removed), (1, 0, 1));
    let generations: Vec<u32> = loaded::<ObjectFact>(&store, "prod")
        .iter()
        .map(|loaded| loaded.generation)
        .collect();
    assert_eq!(generations, [1, 1]);
}

#[test]
fn an_unknown_source_has_no_facts() {
    let store = Store::in_memory().unwrap();
    assert_eq!(loaded::<EntityFact>(&store, "never read"), []);
    assert_eq!(store.sources().unwrap(), []);
}
