//! Files that are not what the store expects: each a clear error that names the file, and what to do.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use store::{CommitBatch, Options, Store, StoreError};
use topology::fact::{ObjectFact, ServiceFact};

fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path, &Options::default())
}

fn fill(store: &mut Store, services: usize) {
    let upserts: Vec<ObjectFact> = (0..services)
        .map(|number| {
            ObjectFact::Service(Box::new(ServiceFact {
                namespace: "shop".into(),
                name: format!("service-{number}").into(),
                ..ServiceFact::default()
            }))
        })
        .collect();
    let batch = CommitBatch {
        source: "prod",
        mapping: "",
        generation: 1,
        read_at: 1,
        complete: true,
        held: None,
        upserts: &upserts,
        removals: &[],
        contents: store::Contents::default(),
    };
    store.commit(&batch).unwrap();
}

#[test]
fn an_unusable_file_is_refused_by_name_and_left_alone() {
    type Make = fn(&Path);
    let cases: [(&str, Make, &str); 4] = [
        (
            "notes.txt",
            |path| {
                fs::write(
                    path,
                    "Dear diary, today I was taken for a database.\n".repeat(40),
                )
                .unwrap();
            },
            "`{path}` is not a Backstitch store",
        ),
        (
            "foreign.db",
            |path| {
                Connection::open(path)
                    .unwrap()
                    .execute_batch("CREATE TABLE theirs (x)")
                    .unwrap();
            },
            "`{path}` is not a Backstitch store",
        ),
        (
            "newer.db",
            |path| {
                drop(open(path).unwrap());
                Connection::open(path)
                    .unwrap()
                    .pragma_update(None, "user_version", 99)
                    .unwrap();
            },
            "the store `{path}` has version 99, and this program knows versions up to 5",
        ),
        (
            "directory.db",
            |path| fs::create_dir(path).unwrap(),
            "cannot create `{path}`",
        ),
    ];
    let directory = tempfile::tempdir().unwrap();
    for (name, make, expected) in cases {
        let path = directory.path().join(name);
        make(&path);
        let before = fs::read(&path).ok();
        let error = open(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            expected.replace("{path}", &path.display().to_string())
        );
        assert!(error.remedy().is_some(), "{name}");
        assert_eq!(fs::read(&path).ok(), before, "{name}");
    }
}

#[test]
fn a_store_has_one_writer() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let first = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "the store `{}` is in use by another process",
            path.display()
        )
    );
    drop(first);
    open(&path).unwrap();
}

#[test]
fn a_damaged_file_is_an_error_that_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let mut store = open(&path).unwrap();
    fill(&mut store, 2_000);
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    fs::write(&path, bytes).unwrap();

    let store = open(&path).unwrap();
    let error = store
        .load::<ObjectFact>("prod")
        .unwrap()
        .find_map(Result::err)
        .unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!(
            "the store `{}` is damaged: cannot load the facts of cluster `prod`",
            path.display()
        )
    );
    assert!(error.remedy().unwrap().contains("move it away"));
}

#[test]
fn a_fact_that_cannot_be_understood_costs_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let mut store = open(&path).unwrap();
    fill(&mut store, 3);
    drop(store);
    let raw = Connection::open(&path).unwrap();
    raw.execute(
        "UPDATE object SET fact = x'09' WHERE id = (SELECT min(id) FROM object)",
        [],
    )
    .unwrap();
    raw.execute(
        "UPDATE object SET fact = x'01ff' WHERE id = (SELECT max(id) FROM object)",
        [],
    )
    .unwrap();
    drop(raw);

    let mut store = open(&path).unwrap();
    let page = store
        .load::<ObjectFact>("prod")
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(page.facts.len(), 1);
    let [newer, broken] = &page.faults[..] else {
        panic!("{:?}", page.faults)
    };
    assert!(
        newer.place.contains("Service `shop/service-"),
        "{}",
        newer.place
    );
    assert!(
        newer.message.contains("has encoding 9, expected 1"),
        "{}",
        newer.message
    );
    assert!(
        broken.message.contains("is malformed"),
        "{}",
        broken.message
    );

    fill(&mut store, 3);
    let page = store
        .load::<ObjectFact>("prod")
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!((page.facts.len(), page.faults.len()), (3, 0));
}

#[cfg(unix)]
#[test]
fn only_the_user_may_read_what_is_made() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let above = directory.path().join("state");
    let path = above.join("store.db");
    let mut store = open(&path).unwrap();
    fill(&mut store, 1);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&above), 0o700);
    let mut files: Vec<_> = fs::read_dir(&above)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let names: Vec<_> = files
        .iter()
        .map(|file| file.file_name().unwrap().to_string_lossy())
        .collect();
    assert_eq!(
        names,
        ["store.db", "store.db-shm", "store.db-wal", "store.db.lock"]
    );
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}
