//! S26: a process that dies at any step of a commit or a record leaves it whole or not at all.
//!
//! The child is this test program again. It dies, without a word to the database, at a step of the database's own
//! machine; the parent walks that step through a whole commit and the record after it, and looks at what each death
//! leaves. Death inside a write to the disk is the business of the test that kills from outside.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::{Command, Stdio};

use topology::change::{Change, Ownership};
use topology::fact::{ObjectFact, ServiceFact};
use topology::verdict::{ServiceKey, ServiceState};

use crate::{
    Cause, CommitBatch, Content, Contents, HeldRecord, HistoryFilter, Options, Origin, Recorded,
    Source, Store,
};

/// The store that a child is to write to, and the step at which it dies.
const STORE: &str = "BACKSTITCH_TEST_STORE";
const STEP: &str = "BACKSTITCH_TEST_STEP";
/// Steps between two deaths: no statement of a commit takes fewer.
const STRIDE: usize = 5;

fn service(name: &str, generation: u32) -> ObjectFact {
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: "shop".into(),
        name: name.into(),
        labels: vec![("generation".into(), generation.to_string().into())],
        ..ServiceFact::default()
    }))
}

/// `stays` changes; `first` goes with the second generation, `second` comes.
fn facts(generation: u32) -> Vec<ObjectFact> {
    let own = if generation == 1 { "first" } else { "second" };
    vec![service(own, generation), service("stays", generation)]
}

fn held(generation: u32) -> HeldRecord {
    HeldRecord {
        fingerprint: 7,
        count: 20,
        times: generation,
    }
}

/// What the facts of a generation came of.
fn content(generation: u32) -> Content {
    u128::from(generation).to_le_bytes()
}

fn commit(store: &mut Store, generation: u32) {
    let upserts = facts(generation);
    let origin = generation.to_le_bytes();
    let removals = if generation == 1 {
        Vec::new()
    } else {
        vec![service("first", 1).key()]
    };
    store
        .commit(&CommitBatch {
            source: "prod",
            mapping: "",
            generation,
            read_at: i64::from(generation),
            complete: true,
            held: Some(held(generation)),
            upserts: &upserts,
            removals: &removals,
            contents: Contents {
                origin: Some(Origin(&origin)),
                each: &[Some(content(generation)); 2],
            },
        })
        .unwrap();
}

fn changes(generation: u32) -> [Change; 2] {
    ["stays", "other"].map(|name| Change::Service {
        service: ServiceKey {
            cluster: "prod".into(),
            namespace: "shop".into(),
            name: name.into(),
        },
        before: None,
        after: Some(Ownership {
            state: ServiceState::Owned,
            component: None,
            owner: Some(format!("group:default/team-{generation}").into()),
        }),
    })
}

fn record(store: &mut Store, generation: u32) {
    let cause = Cause::Read {
        source: Source::Cluster("prod".into()),
        generation,
    };
    store
        .record(i64::from(generation), &cause, &changes(generation))
        .unwrap();
}

/// The child's part; without the variables it is nothing.
#[test]
fn child() {
    let (Some(path), Ok(step)) = (std::env::var_os(STORE), std::env::var(STEP)) else {
        return;
    };
    let mut left: usize = step.parse().unwrap();
    let mut store = Store::open(Path::new(&path), &Options::default()).unwrap();
    let die = move || {
        left -= 1;
        if left == 0 {
            std::process::abort();
        }
        false
    };
    store.connection.progress_handler(1, Some(die)).unwrap();
    commit(&mut store, 2);
    record(&mut store, 2);
}

/// Which generation the facts are of and which one history knows; anything in between fails.
fn look(path: &Path) -> (u32, u32) {
    let store = Store::open(path, &Options::default()).unwrap();
    let source = store.sources().unwrap().remove(0);
    let generation = source.generation;
    assert_eq!(source.last_good.unwrap().generation, generation);
    assert_eq!(source.held, Some(held(generation)));
    let mut found: Vec<ObjectFact> = store
        .load("prod")
        .unwrap()
        .flat_map(|page| page.unwrap().facts)
        .map(|loaded| loaded.fact)
        .collect();
    found.sort_by_key(ObjectFact::key);
    let mut expected = facts(generation);
    expected.sort_by_key(ObjectFact::key);
    assert_eq!(found, expected);

    // What facts came of is written with them.
    let read = |sql: &str| -> Vec<Vec<u8>> {
        let mut statement = store.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(
        read("SELECT content FROM object WHERE fact IS NOT NULL"),
        [content(generation); 2]
    );
    assert_eq!(
        read("SELECT origin FROM source"),
        [generation.to_le_bytes()]
    );

    let history = store
        .reader()
        .unwrap()
        .history(&HistoryFilter::default(), None, 10)
        .unwrap();
    let Cause::Read {
        generation: recorded,
        ..
    } = history[0].cause
    else {
        panic!("nobody decided anything");
    };
    let mut expected: Vec<Change> = (1..=recorded).flat_map(changes).collect();
    expected.reverse();
    assert_eq!(
        history
            .into_iter()
            .map(|entry| entry.change)
            .collect::<Vec<_>>(),
        expected
    );
    let states = store
        .recorded_states()
        .flat_map(Result::unwrap)
        .map(|state| match state {
            Recorded::Service { service, state } => Change::Service {
                service,
                before: None,
                after: Some(state),
            },
            Recorded::Verdict { .. } => panic!("no verdict was recorded"),
        });
    assert!(
        states.eq(changes(recorded)),
        "the recorded states are those of the history"
    );
    (generation, recorded)
}

#[test]
fn a_death_at_any_step_leaves_each_transaction_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let mut seen = Vec::new();
    for step in (1..).step_by(STRIDE) {
        for name in ["store.db", "store.db-wal", "store.db-shm"] {
            drop(std::fs::remove_file(directory.path().join(name)));
        }
        let mut store = Store::open(&path, &Options::default()).unwrap();
        commit(&mut store, 1);
        record(&mut store, 1);
        drop(store);

        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child"])
            .env(STORE, &path)
            .env(STEP, step.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(
            status.success() || status.code().is_none(),
            "the child ends well or by a signal"
        );
        let state = look(&path);
        if seen.last() != Some(&state) {
            seen.push(state);
        }
        if status.success() {
            break;
        }
    }
    assert_eq!(seen, [(1, 1), (2, 1), (2, 2)]);
}
