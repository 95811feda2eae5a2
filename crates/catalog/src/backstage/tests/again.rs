//! Reading the same Backstage again: what is given, what is asked for, and what that costs (S22).

use std::collections::BTreeMap;

use topology::fact::Absent;
use wiremock::Request;

use super::*;

const BY_REFS: &str = "/api/catalog/entities/by-refs";

/// A reader of a Backstage that shows one set of pages after another.
pub(super) struct Scene {
    pub(super) server: MockServer,
    pub(super) reader: Reader,
    pub(super) filter: EntityFilter,
    pub(super) map: LabelMap,
}

/// The entities by name that `by-refs` knows.
pub(super) type Existing<'a> = &'a [(&'a str, Value)];

impl Scene {
    pub(super) async fn new() -> Self {
        Self {
            server: MockServer::start().await,
            reader: reader(),
            filter: kinds(),
            map: LabelMap::default(),
        }
    }

    /// One that has read these, which are all there is, and whose read was taken.
    async fn knowing(items: &[Value]) -> Self {
        let mut scene = Self::new().await;
        scene.shows(vec![whole(items)], &[]).await;
        scene.read().await;
        scene.reader.taken(Taken::Replaced);
        scene
    }

    /// From now on the pages are these, and nothing else than `existing` is found by reference.
    pub(super) async fn shows(&self, pages: Vec<ResponseTemplate>, existing: Existing<'_>) {
        self.server.reset().await;
        first_pages(&self.server, pages).await;
        let existing: BTreeMap<String, Value> = existing
            .iter()
            .map(|(reference, entity)| ((*reference).to_owned(), entity.clone()))
            .collect();
        let answer = move |request: &Request| {
            let asked: Value = request.body_json().expect("JSON");
            let asked = asked["entityRefs"].as_array().expect("references");
            let found = |reference: &Value| {
                let found = existing.get(reference.as_str().unwrap_or_default());
                found.cloned().unwrap_or(Value::Null)
            };
            let items: Vec<Value> = asked.iter().map(found).collect();
            ResponseTemplate::new(200).set_body_json(json!({ "items": items }))
        };
        Mock::given(method("POST"))
            .and(path(BY_REFS))
            .respond_with(answer)
            .mount(&self.server)
            .await;
    }

    /// What a read gives, and what it cost.
    pub(super) async fn read(&mut self) -> String {
        let client = client(&self.server);
        let read = self
            .reader
            .read(&client, &self.filter, &self.map, &mut |_| {})
            .await;
        let text = match read {
            Ok(Sync {
                generation,
                cost,
                doubt,
                contents: _,
            }) => {
                let absent = match &generation.absent {
                    Absent::AllOthers => "all others".to_owned(),
                    Absent::These(these) => format!("{these:?}", these = texts(these)),
                };
                let given = match lines(&generation) {
                    none if none.is_empty() => "nothing".to_owned(),
                    given => given,
                };
                let Cost {
                    requests,
                    known,
                    passes,
                    repaired,
                    ..
                } = cost;
                let doubt = doubt.map(|doubt| format!("\ndoubtful: {doubt}"));
                format!(
                    "{given}\nabsent: {absent}; has {}\n{requests} requests, {passes} passes, {known} known, {repaired} repaired{}",
                    generation.size.total(),
                    doubt.unwrap_or_default()
                )
            }
            Err(error) => in_words(&error),
        };
        text.replace(&self.server.uri(), "http://backstage")
    }
}

fn texts(references: &[topology::entity_ref::EntityRef]) -> Vec<String> {
    references.iter().map(ToString::to_string).collect()
}

/// The one page of a catalog that says truly how much it has.
pub(super) fn whole(items: &[Value]) -> ResponseTemplate {
    page(items, items.len() as u64, None)
}

pub(super) fn components<const N: usize>(names: [&str; N]) -> [Value; N] {
    names.map(|name| entity("Component", name))
}

pub(super) fn owned(name: &str, owner: &str) -> Value {
    let mut entity = entity("Component", name);
    entity["spec"] = json!({ "owner": owner });
    entity
}

#[tokio::test]
async fn a_part_that_cannot_be_used_is_told_by_every_read_and_costs_nothing_else() {
    let mut odd = owned("a", "team");
    odd["spec"]["dependsOn"] = json!(["b", "component:b"]);
    let catalog = [odd, entity("Component", "b")];
    let mut scene = Scene::new().await;
    for _ in 0..2 {
        scene.shows(vec![whole(&catalog)], &[]).await;
        let read = scene.read().await;
        assert!(
            read.contains("entity 1, field `spec.dependsOn`: found `b`, expected"),
            "{read}"
        );
        assert!(read.contains("of `component:default/a`"), "{read}");
        assert!(read.contains("has 2\n1 requests, 1 passes"), "{read}");
        scene.reader.taken(Taken::Replaced);
    }
}

#[tokio::test]
async fn s22_what_did_not_change_is_not_given_again() {
    let [a, b, c] = components(["a", "b", "c"]);
    let mut scene = Scene::knowing(&[a.clone(), b.clone(), c.clone()]).await;
    assert!(scene.reader.bytes() > 0);
    scene.shows(vec![whole(&[c, b, a.clone()])], &[]).await;
    insta::assert_snapshot!(scene.read().await, @"
    nothing
    absent: []; has 3
    1 requests, 1 passes, 3 known, 0 repaired
    ");
    scene.reader.taken(Taken::Replaced);

    // One changed, one is new, one is gone, and that it is gone is asked for.
    scene
        .shows(
            vec![whole(&[a, owned("b", "team"), entity("User", "new")])],
            &[],
        )
        .await;
    insta::assert_snapshot!(scene.read().await, @r#"
    component:default/b
    user:default/new
    absent: ["component:default/c"]; has 3
    2 requests, 1 passes, 1 known, 0 repaired
    "#);
}

#[tokio::test]
async fn s22_what_becomes_of_a_read_decides_what_is_known() {
    let [a, b, new] = components(["a", "b", "new"]);
    for (taken, expected) in [
        (Taken::Replaced, (0, vec![])),
        (Taken::Merged, (0, vec!["component:default/b"])),
        (Taken::Refused, (1, vec!["component:default/b"])),
    ] {
        let mut scene = Scene::knowing(&[a.clone(), b.clone()]).await;
        scene
            .shows(vec![whole(&[a.clone(), new.clone()])], &[])
            .await;
        scene.read().await;
        scene.reader.taken(taken);
        let client = client(&scene.server);
        let read = scene
            .reader
            .read(&client, &scene.filter, &scene.map, &mut |_| {})
            .await
            .expect("a generation");
        let Absent::These(absent) = &read.generation.absent else {
            panic!("{taken:?}: {:?}", read.generation);
        };
        let found = (read.generation.entities.len(), texts(absent));
        assert_eq!(found.0, expected.0, "{taken:?}");
        assert_eq!(found.1, expected.1, "{taken:?}");
    }
}

#[tokio::test]
async fn a_merged_whole_is_followed_by_another_whole() {
    let items = components(["a"]);
    let mut scene = Scene::new().await;
    scene.shows(vec![whole(&items)], &[]).await;
    scene.read().await;
    scene.reader.taken(Taken::Merged);
    insta::assert_snapshot!(scene.read().await, @"
    component:default/a
    absent: all others; has 1
    1 requests, 1 passes, 0 known, 0 repaired
    ");
}

#[tokio::test]
async fn s22_a_failed_read_changes_nothing_of_what_is_known() {
    let [a, b] = components(["a", "b"]);
    let mut scene = Scene::knowing(std::slice::from_ref(&a)).await;
    scene
        .shows(vec![page(std::slice::from_ref(&b), 2, Some("2"))], &[])
        .await;
    pages_after(&scene.server, "2", vec![ResponseTemplate::new(418)]).await;
    assert!(scene.read().await.starts_with("page 2 of the catalog"));
    scene.reader.taken(Taken::Replaced);
    scene.shows(vec![whole(&[a, b])], &[]).await;
    insta::assert_snapshot!(scene.read().await, @"
    component:default/b
    absent: []; has 2
    1 requests, 1 passes, 1 known, 0 repaired
    ");
}

#[tokio::test]
async fn another_label_map_or_filter_is_read_as_if_nothing_were_known() {
    let items = components(["a"]);
    let mut scene = Scene::knowing(&items).await;
    let lists = [("component_owner", vec!["metadata.name".to_owned()])];
    scene.map = LabelMap::from_lists(lists).expect("a label map");
    insta::assert_snapshot!(scene.read().await, @"
    component:default/a
    absent: all others; has 1
    1 requests, 1 passes, 0 known, 0 repaired
    ");
    scene.reader.taken(Taken::Replaced);
    assert!(scene.read().await.contains("1 known"));
    scene.filter = kinds().and("spec.type=service").expect("a filter");
    assert!(scene.read().await.contains("0 known"));
}

#[tokio::test]
async fn s22_what_the_pages_missed_is_asked_for() {
    let [a, b, c] = components(["a", "b", "c"]);
    let mut scene = Scene::knowing(&[a.clone(), b.clone(), c.clone()]).await;
    // `b` moved to where the cursor had been; that `c` changed meanwhile is seen as well.
    let existing = [
        ("component:default/b", b.clone()),
        ("component:default/c", owned("c", "team")),
    ];
    scene
        .shows(vec![page(std::slice::from_ref(&a), 3, None)], &existing)
        .await;
    insta::assert_snapshot!(scene.read().await, @"
    component:default/c
    absent: []; has 3
    2 requests, 1 passes, 1 known, 2 repaired
    ");
    scene.reader.taken(Taken::Replaced);
    scene
        .shows(vec![whole(&[a, b, owned("c", "team")])], &[])
        .await;
    // The text of a page counts, so it is read once more.
    insta::assert_snapshot!(scene.read().await, @"
    component:default/c
    absent: []; has 3
    1 requests, 1 passes, 2 known, 0 repaired
    ");
}

#[tokio::test]
async fn s22_what_was_deleted_while_it_was_read_explains_the_count() {
    let [a, b, c] = components(["a", "b", "c"]);
    let mut scene = Scene::knowing(&[a.clone(), b.clone(), c.clone()]).await;
    scene
        .shows(vec![page(&[a.clone(), b.clone()], 3, None)], &[])
        .await;
    insta::assert_snapshot!(scene.read().await, @r#"
    nothing
    absent: ["component:default/c"]; has 2
    4 requests, 2 passes, 4 known, 0 repaired
    "#);

    // Nothing explains that one more is missing.
    scene
        .shows(vec![page(&[a.clone(), b.clone()], 4, None)], &[])
        .await;
    insta::assert_snapshot!(scene.read().await, @r#"
    nothing
    absent: ["component:default/c"]; has 2
    4 requests, 2 passes, 4 known, 0 repaired
    doubtful: the catalog announces 4 entities and shows 3, again and again
    "#);

    // One was created anew elsewhere while another one came: the count alone would not have told.
    let existing = [("component:default/c", c)];
    scene
        .shows(vec![whole(&[a, b, entity("Group", "new")])], &existing)
        .await;
    insta::assert_snapshot!(scene.read().await, @"
    group:default/new
    absent: []; has 4
    4 requests, 2 passes, 5 known, 1 repaired
    ");
}

#[tokio::test]
async fn s22_what_was_added_while_it_was_read_hides_nothing() {
    let names: Vec<String> = (0..101).map(|number| format!("c{number}")).collect();
    let items: Vec<Value> = names.iter().map(|name| entity("Component", name)).collect();
    for (announced, requests) in [(101, 1), (100, 1), (99, 2), (0, 2)] {
        let mut scene = Scene::new().await;
        scene.shows(vec![page(&items, announced, None)], &[]).await;
        let read = scene.read().await;
        assert!(read.contains(&format!("{requests} requests")), "{read}");
    }
}

#[tokio::test]
async fn s22_an_entity_not_yet_processed_is_not_gone() {
    let [a, b] = components(["a", "b"]);
    let mut scene = Scene::knowing(&[a.clone(), b.clone()]).await;
    let existing = [("component:default/b", b)];
    scene
        .shows(vec![page(&[a, Value::Null], 2, None)], &existing)
        .await;
    insta::assert_snapshot!(scene.read().await, @"
    ! http://backstage/api/catalog: 1 entities that Backstage has not finished processing are missing
    absent: []; has 2
    4 requests, 2 passes, 2 known, 1 repaired
    doubtful: 1 entities of the catalog are not processed yet
    ");
}

#[tokio::test]
async fn s22_an_entity_that_cannot_be_used_any_more_stays_as_it_was() {
    let [a, b] = components(["a", "b"]);
    let mut scene = Scene::knowing(&[a.clone(), b]).await;
    let mut broken = entity("Component", "b");
    broken["metadata"]["namespace"] = json!([]);
    let existing = [("component:default/b", broken.clone())];
    scene.shows(vec![whole(&[a, broken])], &existing).await;
    let first = scene.read().await;
    insta::assert_snapshot!(first, @"
    ! http://backstage/api/catalog, entity 2, field `metadata.namespace`: found a list, expected a text; this entity is left out
    absent: []; has 2
    2 requests, 1 passes, 1 known, 0 repaired
    ");
    // It is told each time.
    scene.reader.taken(Taken::Replaced);
    assert_eq!(scene.read().await, first);
}

#[tokio::test]
async fn s22_an_entity_in_a_shape_that_backstage_never_gives_stays_as_it_was() {
    let [a, b] = components(["a", "b"]);
    let mut scene = Scene::knowing(&[a.clone(), b]).await;
    let mut broken = entity("Component", "b");
    broken["spec"]["owner"] = json!(["team"]);
    let existing = [("component:default/b", broken.clone())];
    let mut new = entity("Component", "c");
    new["spec"]["owner"] = json!(["team"]);
    scene.shows(vec![whole(&[a, broken, new])], &existing).await;
    // Of one that is not known nothing better is known.
    insta::assert_snapshot!(scene.read().await, @"
    component:default/c
    ! http://backstage/api/catalog, entity 2, field `spec.owner`: found a list, expected a text; the entity stays as it was
    absent: []; has 3
    2 requests, 1 passes, 1 known, 0 repaired
    ");
}

#[tokio::test]
async fn a_kind_that_vanished_is_told_of() {
    let items = [
        entity("Component", "a"),
        entity("Group", "g"),
        entity("Group", "h"),
    ];
    let mut scene = Scene::knowing(&items).await;
    scene.shows(vec![whole(&items[..1])], &[]).await;
    insta::assert_snapshot!(scene.read().await, @r#"
    ! http://backstage/api/catalog: the catalog shows no Group any more, and had 2: either they were removed, or a permission hides this kind from the token (look at the permission policy, and at the token's `accessRestrictions`), or the provider that brings them has failed
    absent: ["group:default/g", "group:default/h"]; has 1
    2 requests, 1 passes, 1 known, 0 repaired
    "#);
}

#[tokio::test]
async fn s22_under_a_filter_existing_proves_nothing() {
    let [a, b] = components(["a", "b"]);
    let mut scene = Scene::new().await;
    scene.filter = kinds().and("spec.type=service").expect("a filter");
    scene.shows(vec![whole(&[a.clone(), b.clone()])], &[]).await;
    scene.read().await;
    scene.reader.taken(Taken::Replaced);
    // It exists, and may not match any more: two passes have to agree.
    let existing = [("component:default/b", b)];
    let pages = || vec![whole(std::slice::from_ref(&a))];
    scene.shows(pages(), &existing).await;
    insta::assert_snapshot!(scene.read().await, @r#"
    nothing
    absent: ["component:default/b"]; has 1
    4 requests, 2 passes, 2 known, 0 repaired
    "#);
    // It does not exist, so it does not match either.
    scene.shows(pages(), &[]).await;
    insta::assert_snapshot!(scene.read().await, @r#"
    nothing
    absent: ["component:default/b"]; has 1
    2 requests, 1 passes, 1 known, 0 repaired
    "#);
}

#[tokio::test]
async fn s22_without_by_refs_two_passes_have_to_agree() {
    for status in [404, 403, 500] {
        let [a, b] = components(["a", "b"]);
        let mut scene = Scene::knowing(&[a.clone(), b]).await;
        scene.server.reset().await;
        first_pages(&scene.server, vec![whole(&[a])]).await;
        let refusal = json!({"error": {"name": "NotFoundError", "message": "no"}});
        Mock::given(path(BY_REFS))
            .respond_with(ResponseTemplate::new(status).set_body_json(refusal))
            .mount(&scene.server)
            .await;
        let read = scene.read().await;
        let expected = "nothing\nabsent: [\"component:default/b\"]; has 1\n2 requests, 2 passes, 2 known, 0 repaired";
        assert_eq!(read, expected, "{status}");
    }
}

#[tokio::test]
async fn s22_so_many_missing_are_not_asked_for() {
    let names: Vec<String> = (0..=MAX_REPAIR + 1).map(|n| format!("c{n}")).collect();
    let items: Vec<Value> = names.iter().map(|name| entity("Component", name)).collect();
    for (left, by_refs) in [(1, 0), (2, 1)] {
        let mut scene = Scene::knowing(&items).await;
        scene.shows(vec![whole(&items[..left])], &[]).await;
        assert!(scene.read().await.contains(&format!("has {left}")));
        let requests = scene.server.received_requests().await.expect("recorded");
        let (asked, pages) = requests
            .iter()
            .fold((0, 0), |(asked, pages), request| match request.url.path() {
                BY_REFS => (asked + 1, pages),
                _ => (asked, pages + 1),
            });
        assert_eq!((asked, pages), (by_refs, 2 - by_refs));
    }
}

#[tokio::test]
async fn s22_what_an_earlier_pass_saw_is_asked_for_too() {
    let [a, b] = components(["a", "b"]);
    let mut scene = Scene::new().await;
    // Nothing is known. The second pass misses what the first one saw, and that exists.
    let existing = [("component:default/a", a.clone())];
    scene
        .shows(vec![page(&[a], 2, None), page(&[b], 2, None)], &existing)
        .await;
    insta::assert_snapshot!(scene.read().await, @"
    component:default/a
    component:default/b
    absent: all others; has 2
    3 requests, 2 passes, 0 known, 1 repaired
    ");
}

#[tokio::test]
async fn s22_a_cursor_that_is_not_known_any_more_begins_the_pass_anew() {
    let malformed = || {
        let body = json!({"error": {"name": "InputError", "message": "Malformed cursor"}});
        ResponseTemplate::new(400).set_body_json(body)
    };
    let [a, b, c] = components(["a", "b", "c"]);
    let first = |items: &[Value]| page(items, 2, Some("2"));
    let mut scene = Scene::new().await;
    scene
        .shows(
            vec![
                first(std::slice::from_ref(&c)),
                first(std::slice::from_ref(&a)),
            ],
            &[],
        )
        .await;
    pages_after(&scene.server, "2", vec![malformed(), page(&[b], 2, None)]).await;
    // `c` was seen before that, and is not there.
    insta::assert_snapshot!(scene.read().await, @"
    component:default/a
    component:default/b
    absent: all others; has 2
    3 requests, 1 passes, 0 known, 0 repaired
    ");

    scene.shows(vec![first(&[a])], &[]).await;
    pages_after(&scene.server, "2", vec![malformed()]).await;
    insta::assert_snapshot!(scene.read().await, @"
    page 2 of the catalog could not be read; Transient
      `http://backstage/api/catalog/entities/by-query` failed: status 400, InputError: Malformed cursor
    ");
}
