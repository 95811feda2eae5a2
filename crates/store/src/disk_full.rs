//! A disk that fills up in the middle of a commit. The limit on the file's pages has the effect of a full
//! disk.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use topology::change::{Change, Ownership};
use topology::fact::ObjectFact;
use topology::verdict::{ServiceKey, ServiceState};

use crate::{Cause, CommitBatch, Committed, HistoryFilter, Options, Source, Store, StoreError};

fn commit(store: &mut Store, generation: u32, count: usize) -> Result<Committed, StoreError> {
    let upserts: Vec<ObjectFact> = (0..count)
        .map(|number| ObjectFact::Namespace(format!("namespace-{number}").into()))
        .collect();
    store.commit(&CommitBatch {
        source: "prod",
        mapping: "",
        generation,
        read_at: i64::from(generation),
        complete: true,
        held: None,
        upserts: &upserts,
        removals: &[],
        contents: crate::Contents::default(),
    })
}

fn record(store: &mut Store, count: usize) -> Result<(), StoreError> {
    let cause = Cause::Read {
        source: Source::Cluster("prod".into()),
        generation: 2,
    };
    let changes: Vec<Change> = (0..count)
        .map(|number| Change::Service {
            service: ServiceKey {
                cluster: "prod".into(),
                namespace: "shop".into(),
                name: format!("service-{number}").into(),
            },
            before: None,
            after: Some(Ownership {
                state: ServiceState::Unclaimed,
                component: None,
                owner: None,
            }),
        })
        .collect();
    store.record(1, &cause, &changes)
}

fn facts(store: &Store) -> usize {
    store
        .load::<ObjectFact>("prod")
        .unwrap()
        .map(|page| page.unwrap().facts.len())
        .sum()
}

fn set_pages(store: &Store, pages: i64) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    store.connection.query_row(&sql, [], |_| Ok(())).unwrap();
}

#[test]
fn a_full_disk_is_an_error_that_says_so_and_leaves_the_store_usable() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let mut store = Store::open(&path, &Options::default()).unwrap();
    commit(&mut store, 1, 10).unwrap();
    let used: i64 = store
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    set_pages(&store, used + 2);

    let error = commit(&mut store, 2, 5_000).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    let path = path.display();
    assert_eq!(
        error.to_string(),
        format!("no space left for the store `{path}`: cannot commit facts of cluster `prod`")
    );
    assert_eq!(
        error.remedy().unwrap(),
        "free space or enlarge the volume; nothing was written in part, and the next attempt goes on from here"
    );
    let error = record(&mut store, 5_000).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");

    assert_eq!(facts(&store), 10);
    assert_eq!(store.sources().unwrap()[0].generation, 1);
    assert_eq!(store.recorded_states().count(), 0);
    let mut reader = store.reader().unwrap();
    assert_eq!(
        reader.history(&HistoryFilter::default(), None, 10).unwrap(),
        []
    );

    set_pages(&store, 1_000_000);
    assert_eq!(commit(&mut store, 2, 5_000).unwrap().added, 4_990);
    record(&mut store, 5_000).unwrap();
    assert_eq!(facts(&store), 5_000);
    assert_eq!(
        reader
            .history(&HistoryFilter::default(), None, 10)
            .unwrap()
            .len(),
        10
    );
}
