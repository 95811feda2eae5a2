//! What a reader remembers, given to another reader as a restart does (S22, S26).

use std::collections::BTreeMap;

use topology::entity_ref::EntityRef;
use topology::fact::Absent;

use super::again::{Scene, components, owned, whole};
use super::*;

type Kept = BTreeMap<EntityRef, Option<[u8; CONTENT_BYTES]>>;

/// A store of facts and what they came of, which does what ours does.
#[derive(Clone, Default)]
struct Drawer {
    origin: Vec<u8>,
    kept: Kept,
}

impl Drawer {
    fn take(&mut self, sync: &Sync) {
        self.origin = sync.contents.origin().to_vec();
        for fact in sync.generation.entities.iter() {
            let reference = fact.reference().clone();
            let content = sync.contents.of(&reference);
            self.kept.insert(reference, content);
        }
        if let Absent::These(these) = &sync.generation.absent {
            self.kept.retain(|reference, _| !these.contains(reference));
        }
    }

    fn memory(&self) -> Memory {
        let mut memory = Memory::new(&self.origin).expect("an origin");
        for (reference, content) in &self.kept {
            memory.add(reference, *content);
        }
        memory
    }
}

impl Scene {
    /// A read that is taken, and put on the drawer.
    async fn keep(&mut self, drawer: &mut Drawer) {
        let client = client(&self.server);
        let sync = self
            .reader
            .read(&client, &self.filter, &self.map, &mut |_| {})
            .await
            .expect("a complete read");
        drawer.take(&sync);
        drop(sync);
        self.reader.taken(Taken::Replaced);
    }

    fn restart(&mut self, drawer: &Drawer) {
        self.reader = Reader {
            pause: |_, _| Duration::ZERO,
            ..Reader::remembering(PAGE_SIZE, drawer.memory())
        };
    }
}

#[tokio::test]
async fn s26_after_a_restart_only_what_changed_is_given() {
    let [a, b, c] = components(["a", "b", "c"]);
    let mut scene = Scene::new().await;
    let mut drawer = Drawer::default();
    scene
        .shows(vec![whole(&[a.clone(), b.clone(), c.clone()])], &[])
        .await;
    scene.keep(&mut drawer).await;

    scene.restart(&drawer);
    insta::assert_snapshot!(scene.read().await, @"
    nothing
    absent: []; has 3
    1 requests, 1 passes, 3 known, 0 repaired
    ");

    scene.restart(&drawer);
    scene
        .shows(vec![whole(&[a.clone(), owned("b", "other")])], &[])
        .await;
    insta::assert_snapshot!(scene.read().await, @r#"
    component:default/b
    absent: ["component:default/c"]; has 2
    2 requests, 1 passes, 1 known, 0 repaired
    "#);
    scene.keep(&mut drawer).await;
    scene.restart(&drawer);
    insta::assert_snapshot!(scene.read().await, @"
    nothing
    absent: []; has 2
    1 requests, 1 passes, 2 known, 0 repaired
    ");
}

#[tokio::test]
async fn s26_what_was_kept_answers_no_other_question() {
    let [a, b] = ["a", "b"].map(|name| owned(name, "web"));
    let mut scene = Scene::new().await;
    let mut drawer = Drawer::default();
    scene.shows(vec![whole(&[a.clone(), b.clone()])], &[]).await;
    scene.keep(&mut drawer).await;

    let of_the_first = drawer.clone();
    scene.restart(&drawer);
    scene.map =
        LabelMap::from_lists([("component_kubernetes_id", vec!["metadata.name".to_owned()])])
            .expect("a map");
    assert!(scene.read().await.contains("absent: all others"));

    // Killed while only a part of the answer to the new question was kept: nothing of the old one passes for the other.
    let mut sync = None;
    for _ in 0..2 {
        let client = client(&scene.server);
        let read = scene
            .reader
            .read(&client, &scene.filter, &scene.map, &mut |_| {})
            .await;
        sync = Some(read.expect("a complete read"));
    }
    let sync = sync.expect("two reads");
    let reference = EntityRef::new("component", "default", "a");
    let mut torn = of_the_first;
    torn.origin = sync.contents.origin().to_vec();
    torn.kept
        .insert(reference.clone(), sync.contents.of(&reference));
    scene.restart(&torn);
    insta::assert_snapshot!(scene.read().await, @"
    component:default/b
    absent: []; has 2
    1 requests, 1 passes, 1 known, 0 repaired
    ");
}

#[tokio::test]
async fn s22_what_cannot_be_used_is_a_fault_with_and_without_a_restart() {
    let [a, b] = components(["a", "b"]);
    let mut scene = Scene::new().await;
    let mut drawer = Drawer::default();
    scene.shows(vec![whole(&[a.clone(), b])], &[]).await;
    scene.keep(&mut drawer).await;

    let mut misshapen = owned("b", "web");
    misshapen["spec"] = json!({"owner": ["web"]});
    let broken = json!({"kind": "Group", "metadata": {}});
    let items = [a, misshapen.clone(), broken];
    let existing = [("component:default/b", misshapen)];
    scene.shows(vec![whole(&items)], &existing).await;
    let without = scene.read().await;
    scene.restart(&drawer);
    assert_eq!(scene.read().await, without);
    assert!(without.contains("the entity stays as it was"), "{without}");
    assert!(without.contains("this entity is left out"), "{without}");
}

#[test]
fn what_is_no_origin_is_none() {
    for length in [0, 16, ORIGIN_BYTES - 1, ORIGIN_BYTES + 1] {
        assert!(Memory::new(&vec![1; length]).is_none(), "{length}");
    }
    let memory = Memory::new(&[1; ORIGIN_BYTES]).expect("an origin");
    assert!(!format!("{memory:?}").contains('1'), "{memory:?}");
}
