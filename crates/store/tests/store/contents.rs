//! S26: beside a fact stands what it came of, and nothing else ever does.

use std::collections::BTreeMap;
use std::path::Path;

use store::{CommitBatch, Content, Contents, Options, Origin, Source, Store};
use topology::entity_ref::EntityRef;
use topology::fact::{EntityFact, OwnerFact, OwnerKind};

const ORIGIN: &[u8] = b"the first origin";

fn reference(name: &str) -> EntityRef {
    EntityRef::new("group", "default", name)
}

fn group(name: &str, title: &str) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: reference(name),
        kind: OwnerKind::Group,
        display_name: title.into(),
        email: None,
        contacts: Vec::new(),
        parent: None,
        children: Vec::new(),
        members: Vec::new(),
        member_of: Vec::new(),
    }))
}

fn batch<'a>(
    upserts: &'a [EntityFact],
    removals: &'a [EntityRef],
    contents: Contents<'a>,
) -> CommitBatch<'a, EntityFact> {
    CommitBatch {
        source: "main",
        mapping: "",
        generation: 1,
        read_at: 1_700_000_000,
        complete: true,
        held: None,
        upserts,
        removals,
        contents,
    }
}

fn kept(store: &Store) -> BTreeMap<String, Option<u8>> {
    let mut kept = BTreeMap::new();
    let each = |reference: &EntityRef, content: Option<Content>| {
        kept.insert(reference.name.to_string(), content.map(|bytes| bytes[0]));
    };
    store.contents("main", each).unwrap();
    kept
}

fn expected<const N: usize>(these: [(&str, Option<u8>); N]) -> BTreeMap<String, Option<u8>> {
    these
        .map(|(name, content)| (name.to_owned(), content))
        .into()
}

#[test]
fn what_a_fact_came_of_follows_the_fact() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let open = |path: &Path| Store::open(path, &Options::default()).unwrap();
    let mut store = open(&path);
    assert_eq!(store.origin("main").unwrap(), None);
    assert_eq!(kept(&store), expected([]));

    let facts = [group("a", "A"), group("b", "B"), group("c", "C")];
    let contents = Contents {
        origin: Some(Origin(ORIGIN)),
        each: &[Some([1; 16]), Some([2; 16])],
    };
    store.commit(&batch(&facts, &[], contents)).unwrap();
    drop(store);
    let mut store = open(&path);
    assert_eq!(store.origin("main").unwrap().as_deref(), Some(ORIGIN));
    let all = [("a", Some(1)), ("b", Some(2)), ("c", None)];
    assert_eq!(kept(&store), expected(all));

    // Another text of the same fact; another fact of an unknown text; nothing said of the origin.
    let facts = [group("a", "A"), group("b", "other")];
    let contents = Contents {
        origin: None,
        each: &[Some([3; 16]), None],
    };
    let done = store.commit(&batch(&facts, &[], contents)).unwrap();
    assert_eq!((done.unchanged, done.changed), (1, 1));
    assert_eq!(store.origin("main").unwrap().as_deref(), Some(ORIGIN));
    let all = [("a", Some(3)), ("b", None), ("c", None)];
    assert_eq!(kept(&store), expected(all));

    // What is made one after the other brings its own; what is gone has none, also when it comes back.
    let gone = [reference("a")];
    let contents = Contents {
        origin: Some(Origin(b"the second")),
        each: &[],
    };
    let more = [(group("b", "other"), Some([4; 16]))];
    store
        .commit_all(&batch(&[], &gone, contents), more)
        .unwrap();
    assert_eq!(kept(&store), expected([("b", Some(4)), ("c", None)]));
    let back = [group("a", "A")];
    store
        .commit(&batch(&back, &[], Contents::default()))
        .unwrap();
    assert_eq!(kept(&store)["a"], None);
    assert_eq!(
        store.origin("main").unwrap().as_deref(),
        Some(&b"the second"[..])
    );

    store.forget(&Source::Instance("main".into())).unwrap();
    assert_eq!(store.origin("main").unwrap(), None);
    assert_eq!(kept(&store), expected([]));
}

#[test]
fn an_origin_is_not_printed() {
    let contents = Contents {
        origin: Some(Origin(b"secret")),
        each: &[],
    };
    assert_eq!(
        format!("{contents:?}"),
        "Contents { origin: Some(Origin(…)), each: [] }"
    );
}
