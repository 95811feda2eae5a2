//! A catalog that changes while it is read, starts, or renames.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use catalog::schedule::Hint;
use serde_json::{Value, json};
use testbed::backstage::{Backstage, Catalog, Options, START_DEADLINE, Token, Version};

use crate::{Entity, of_all, read, read_with, reference, start};

fn component(name: &str) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {"type": "service", "lifecycle": "production", "owner": "team"},
    })
}

/// The pause between two looks at a Backstage that starts.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// A file with these, for a catalog at the start.
fn lines(entities: &[Value]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    for entity in entities {
        writeln!(file, "{entity}").expect("room on the disk");
    }
    file
}

fn of_lines(file: &tempfile::NamedTempFile) -> Options {
    Options {
        catalog: Catalog::Lines(file.path().to_owned()),
        ..Options::default()
    }
}

#[tokio::test]
async fn s22_what_exists_throughout_a_read_is_never_lost() {
    // More than one page of a read.
    const COMPONENTS: usize = 1_100;
    const CHANGED: usize = 30;

    let components: Vec<Value> = (0..COMPONENTS)
        .map(|n| component(&format!("old-{n}")))
        .collect();
    let file = lines(&components);
    let backstage = start(Version::Current, of_lines(&file)).await;
    let added: Vec<Value> = (0..CHANGED)
        .map(|n| component(&format!("new-{n}")))
        .collect();
    let removed: Vec<String> = (0..CHANGED)
        .map(|n| format!("component:default/old-{n}"))
        .collect();
    let removed: Vec<&str> = removed.iter().map(String::as_str).collect();

    let mut pages = 0;
    let change = || {
        pages += 1;
        if pages == 1 {
            // The read stands still meanwhile, as a slow one would.
            on_a_thread(async {
                backstage.delta(&added, &removed).await.expect("taken");
                let changed = |found: &[Value]| {
                    let now: BTreeSet<String> = found.iter().map(reference).collect();
                    now.len() == COMPONENTS && removed.iter().all(|gone| !now.contains(*gone))
                };
                backstage
                    .until("the change", changed)
                    .await
                    .expect("it shows");
            });
        }
    };
    let token = Some(Token::Full.text());
    let found = read_with(&backstage, token, "spec.owner", change).await;
    let found = found.expect("a generation");
    let now: BTreeSet<String> = backstage
        .entities()
        .await
        .expect("all entities")
        .iter()
        .map(reference)
        .collect();
    assert_eq!(now.len(), COMPONENTS);
    let before: BTreeSet<String> = components.iter().map(reference).collect();
    let found: BTreeSet<String> = found.entities.into_keys().collect();
    let lost: Vec<&String> = before
        .intersection(&now)
        .filter(|throughout| !found.contains(*throughout))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    // What came or went meanwhile may be in it or not: there is no snapshot, and as many may have come as went.
    let ever: BTreeSet<String> = before.union(&now).cloned().collect();
    assert!(found.is_subset(&ever), "{:?}", found.difference(&ever));
}

/// Runs to its end on a thread of its own, from where nothing can be awaited.
fn on_a_thread(work: impl Future<Output = ()> + Send) {
    thread::scope(|scope| {
        let runtime = || {
            let built = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            built.expect("a runtime").block_on(work);
        };
        scope.spawn(runtime).join().expect("the change is made");
    });
}

#[tokio::test]
async fn s23_a_backstage_that_starts_gives_a_small_catalog_as_if_it_were_whole() {
    const COMPONENTS: usize = 150;

    let components: Vec<Value> = (0..COMPONENTS)
        .map(|n| component(&format!("service-{n}")))
        .collect();
    let file = lines(&components);
    let backstage = Backstage::launch(Version::V1_33, of_lines(&file)).expect("starts");
    let some = backstage.until("a part of the catalog", |found| !found.is_empty());
    some.await.expect("some of it");
    let deadline = Instant::now() + START_DEADLINE;
    let mut small = BTreeSet::new();
    loop {
        match read(&backstage).await {
            Ok(whole) if whole.entities.len() == COMPONENTS => break,
            // Complete by all that Backstage says: what tells it from a catalog that shrank is S23 alone.
            Ok(part) if part.faults.is_empty() => drop(small.insert(part.entities.len())),
            // Here one can tell: entities that are not stitched yet come as `null`.
            Ok(_) => {}
            Err(error) => assert_eq!(error.hint(), Hint::Transient, "{error:?}"),
        }
        assert!(Instant::now() < deadline, "{small:?}\n{}", backstage.log());
    }
    assert!(!small.is_empty(), "the import was over too soon to be seen");
}

#[tokio::test]
async fn s22_a_backstage_that_starts_is_asked_again_and_not_given_up() {
    for version in Version::ALL {
        let backstage = Backstage::launch(version, Options::default()).expect("starts");
        let deadline = Instant::now() + START_DEADLINE;
        let mut errors = BTreeSet::new();
        while let Err(error) = read(&backstage).await {
            // Nothing listens at first; then the new backend system answers 404 until the catalog has its routes.
            assert_eq!(error.hint(), Hint::Transient, "{version}: {error:?}");
            assert!(
                Instant::now() < deadline,
                "{version}: {errors:?}\n{}",
                backstage.log()
            );
            errors.insert(format!("{error:?}"));
            tokio::time::sleep(ASK_EVERY).await;
        }
        assert!(!errors.is_empty(), "{version} was up at once");
    }
}

#[tokio::test]
async fn s10_a_renamed_entity_is_there_twice_for_a_while_and_the_old_one_an_orphan() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalog.yaml");
    let write = |names: &[&str]| {
        let mut text = String::new();
        for name in names {
            let _ = writeln!(text, "---\n{}", component(name));
        }
        fs::write(&file, text).expect("room on the disk");
    };
    write(&["vat", "other"]);
    let options = Options {
        catalog: Catalog::File(file.clone()),
        // The same as ever, sooner.
        config: vec![json!({"catalog": {"processingInterval": {"seconds": 3}}})],
        ..Options::default()
    };
    let backstage = start(Version::Current, options).await;
    let (old, new) = ("component:default/vat", "component:default/vat-renamed");
    let has = |found: &[Value], name: &str| found.iter().any(|entity| reference(entity) == name);
    let settled = backstage.until("the first name", |found| has(found, old));
    settled.await.expect("ingested");

    write(&["vat-renamed", "other"]);
    let is_orphan = |entity: &Value| {
        reference(entity) == old
            && entity["metadata"]["annotations"]["backstage.io/orphan"] == "true"
    };
    let both = backstage.until("the old name as an orphan", |found| {
        has(found, new) && found.iter().any(is_orphan)
    });
    both.await.expect("both names");
    let during = read(&backstage).await.expect("a generation");
    let orphan = |reference: &str| match &during.entities[reference] {
        Entity::Component { orphan, .. } => *orphan,
        Entity::Owner(_) => panic!("{reference} is a Component"),
    };
    // What prefers the new one is the core's rule; here is what it goes by.
    assert!(orphan(old) && !orphan(new));

    let gone = backstage.until("the end of the old name", |found| !has(found, old));
    gone.await.expect("orphans are removed");
    let after = read(&backstage).await.expect("a generation");
    assert_eq!(after.references(), ["component:default/other", new]);
}

#[tokio::test]
async fn s22_an_older_backstage_is_read_twice_and_comes_to_the_same() {
    let mut pages = 0;
    let token = Some(Token::Full.text());
    let older = of_all(Version::V1_11).await;
    let older = read_with(older, token, "spec.owner", || pages += 1).await;
    let older = older.expect("a generation");
    assert_eq!(pages, 2, "one page, read twice");
    let current = read(of_all(Version::Current).await)
        .await
        .expect("a generation");
    assert_eq!(older, current);
}
