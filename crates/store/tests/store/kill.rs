//! S26: a process killed at any moment leaves whole commits, and every commit that returned.
//!
//! The child is this test program again. It commits generation after generation and says so on its standard output; the
//! parent kills it after some of these words and looks at what is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use store::{Cause, CommitBatch, HistoryFilter, Options, Source, Store};
use topology::change::{Change, Ownership};
use topology::fact::{ObjectFact, ServiceFact};
use topology::verdict::{ServiceKey, ServiceState};

/// The store that a child is to write to.
const STORE: &str = "BACKSTITCH_TEST_STORE";
/// Enough for a commit to take long beside a kill.
const SERVICES: u32 = 2_000;

/// After generation `g` there are `SERVICES` Services, each with `g` in its labels, and one of its own that the next
/// generation takes away.
fn facts(generation: u32) -> Vec<ObjectFact> {
    let shared = (0..SERVICES).map(|number| format!("service-{number}"));
    shared
        .chain([format!("only-{generation}")])
        .map(|name| {
            ObjectFact::Service(Box::new(ServiceFact {
                namespace: "shop".into(),
                name: name.into(),
                labels: vec![("generation".into(), generation.to_string().into())],
                ..ServiceFact::default()
            }))
        })
        .collect()
}

fn change(generation: u32) -> Change {
    let ownership = |generation: u32| Ownership {
        state: ServiceState::Owned,
        component: None,
        owner: Some(format!("group:default/team-{generation}").into()),
    };
    Change::Service {
        service: ServiceKey {
            cluster: "prod".into(),
            namespace: "shop".into(),
            name: "checkout".into(),
        },
        before: Some(ownership(generation - 1)),
        after: Some(ownership(generation)),
    }
}

fn generation_of(store: &Store) -> u32 {
    store
        .sources()
        .unwrap()
        .first()
        .map_or(0, |source| source.generation)
}

/// The child's part; without the variable it is nothing.
#[test]
fn child() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let mut store = Store::open(Path::new(&path), &Options::default()).unwrap();
    let mut out = std::io::stdout();
    for generation in generation_of(&store) + 1.. {
        let upserts = facts(generation);
        let removals: Vec<_> = facts(generation - 1)
            .last()
            .map(ObjectFact::key)
            .into_iter()
            .collect();
        store
            .commit(&CommitBatch {
                source: "prod",
                mapping: "",
                generation,
                read_at: i64::from(generation),
                complete: true,
                held: None,
                upserts: &upserts,
                removals: &removals,
                contents: store::Contents::default(),
            })
            .unwrap();
        writeln!(out, "\ncommitted {generation}").unwrap();
        let cause = Cause::Read {
            source: Source::Cluster("prod".into()),
            generation,
        };
        store
            .record(i64::from(generation), &cause, &[change(generation)])
            .unwrap();
        writeln!(out, "\nrecorded {generation}").unwrap();
    }
}

/// Runs a child on the store and kills it after `words` of its words. Returns the last commit and the last record that
/// it spoke of.
fn run_and_kill(path: &Path, words: usize) -> (u32, u32) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--nocapture"])
        .env(STORE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut committed, mut recorded, mut heard) = (0, 0, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(generation) = line.strip_prefix("committed ") {
            committed = generation.parse().unwrap();
        } else if let Some(generation) = line.strip_prefix("recorded ") {
            recorded = generation.parse().unwrap();
        } else {
            continue;
        }
        heard += 1;
        if heard == words {
            // SIGKILL, while the child is at whatever comes next; what it says until then is read to the end.
            child.kill().unwrap();
        }
    }
    assert!(heard >= words, "the child ended by itself");
    child.wait().unwrap();
    (committed, recorded)
}

#[test]
fn a_killed_process_leaves_whole_commits_and_every_commit_that_returned() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    // Odd numbers of words: in or before a record; even ones: in or before a commit.
    for words in [1, 2, 3, 4, 5, 6, 7, 8, 2, 2, 4, 4, 1, 1, 6, 3] {
        let (committed, recorded) = run_and_kill(&path, words);
        let store = Store::open(&path, &Options::default()).unwrap();

        let generation = generation_of(&store);
        assert!(
            generation >= committed,
            "generation {committed} had returned, {generation} is there"
        );
        let mut found: Vec<ObjectFact> = store
            .load::<ObjectFact>("prod")
            .unwrap()
            .flat_map(|page| page.unwrap().facts)
            .map(|loaded| loaded.fact)
            .collect();
        let mut expected = facts(generation);
        found.sort_by_key(ObjectFact::key);
        expected.sort_by_key(ObjectFact::key);
        assert!(
            found == expected,
            "the facts are those of generation {generation} and no others"
        );

        let newest = store
            .reader()
            .unwrap()
            .history(&HistoryFilter::default(), None, 1)
            .unwrap();
        let last = newest.first().map_or(0, |entry| match entry.cause {
            Cause::Read { generation, .. } => generation,
            Cause::Decision(_) => panic!("nobody decided anything"),
        });
        assert!(
            last >= recorded,
            "the record of {recorded} had returned, {last} is there"
        );
        assert!(
            last == generation || last + 1 == generation,
            "history runs at most one batch behind"
        );
        let states: Vec<_> = store.recorded_states().flat_map(Result::unwrap).collect();
        assert_eq!(states.len(), usize::from(last > 0));
        if let (Some(entry), Some(store::Recorded::Service { state, .. })) =
            (newest.first(), states.first())
        {
            assert_eq!(entry.change, change(last));
            let Change::Service { after, .. } = change(last) else {
                unreachable!()
            };
            assert_eq!(
                Some(state),
                after.as_ref(),
                "the recorded state and history go together"
            );
        }
        drop(store);
        repair(&path, generation, last);
    }
}

/// What a start does: the record that the kill prevented is made up for, so that the next round begins even.
fn repair(path: &Path, generation: u32, recorded: u32) {
    if recorded < generation {
        let mut store = Store::open(path, &Options::default()).unwrap();
        let cause = Cause::Read {
            source: Source::Cluster("prod".into()),
            generation,
        };
        store
            .record(i64::from(generation), &cause, &[change(generation)])
            .unwrap();
    }
}
