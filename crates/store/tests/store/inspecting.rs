//! A store that is looked at from outside stays as it is, and so does whoever has it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use store::{CommitBatch, Contents, Options, Store, StoreError, inspect};
use topology::fact::{ObjectFact, ServiceFact};

fn service(number: usize) -> ObjectFact {
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: "shop".into(),
        name: format!("service-{number}").into(),
        ..ServiceFact::default()
    }))
}

fn commit(store: &mut Store, generation: u32, upserts: &[ObjectFact], removed: &[ObjectFact]) {
    let removals: Vec<_> = removed.iter().map(ObjectFact::key).collect();
    let batch = CommitBatch {
        source: "prod",
        mapping: "",
        generation,
        read_at: 1,
        complete: true,
        held: None,
        upserts,
        removals: &removals,
        contents: Contents::default(),
    };
    store.commit(&batch).unwrap();
}

/// Every file of a folder with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn a_store_says_what_it_holds_while_it_is_in_use_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a store?#%.db");
    assert_eq!(inspect(&path).unwrap(), None);
    assert!(files(folder.path()).is_empty());

    let mut store = Store::open(&path, &Options::default()).unwrap();
    let services: Vec<ObjectFact> = (0..30).map(service).collect();
    commit(&mut store, 1, &services, &[]);
    commit(&mut store, 2, &[], &services[..4]);
    let seen = inspect(&path).unwrap().unwrap();
    assert!(seen.in_use && seen.version == seen.known, "{seen:?}");
    assert_eq!((seen.sources, seen.facts, seen.changes), (1, 26, 0));
    assert!(seen.bytes > 0);
    // Whoever has it goes on.
    commit(&mut store, 3, &services[..4], &[]);
    drop(store);

    let before = files(folder.path());
    let seen = inspect(&path).unwrap().unwrap();
    assert!(!seen.in_use, "{seen:?}");
    assert_eq!((seen.sources, seen.facts), (1, 30));
    assert_eq!(files(folder.path()), before);
    Store::open(&path, &Options::default()).unwrap();
}

#[test]
fn an_older_version_is_told_and_not_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backstitch.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(include_str!("version-1.sql"))
        .unwrap();
    drop(connection);
    let before = files(folder.path());
    let seen = inspect(&path).unwrap().unwrap();
    assert_eq!(seen.version, 1);
    assert!(seen.known > 1 && seen.facts > 0, "{seen:?}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn what_is_no_store_of_ours_is_refused_as_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("notes"), "Dear diary\n".repeat(200)).unwrap();
    let foreign = Connection::open(path("foreign")).unwrap();
    foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(Store::open(&path("newer"), &Options::default()).unwrap());
    let newer = Connection::open(path("newer")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop((foreign, newer));
    for name in ["notes", "foreign"] {
        let error = inspect(&path(name)).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
    }
    let error = inspect(&path("newer")).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 99, .. }),
        "{error}"
    );
    let error = inspect(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
    assert!(error.remedy().is_some());
}
