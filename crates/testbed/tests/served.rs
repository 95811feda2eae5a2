//! The served catalog: what a reader relies on, as it is asked of real Backstages too; and what only it can do.

mod conformance;

use std::collections::BTreeSet;

use conformance::Target;
use serde_json::{Value, json};
use testbed::served::{Age, Catalog, Changed, Generated, Options, Permission, Stored};

fn options(age: Age) -> Options {
    let token = |name: &str, permission| (name.to_owned(), permission);
    Options {
        age,
        tokens: vec![
            token("reads", Permission::Read),
            token("reads-nothing", Permission::ReadNothing),
            token("other-plugin", Permission::OtherPlugin),
        ],
    }
}

fn target(url: String) -> Target {
    Target {
        url,
        token: Some("reads".to_owned()),
        reads_nothing: Some("reads-nothing".to_owned()),
        other_plugin: Some("other-plugin".to_owned()),
    }
}

fn entity(kind: &str, namespace: Option<&str>, name: &str, spec: impl Into<Value>) -> Value {
    let mut entity = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "metadata": {
            "name": name,
            "annotations": {"backstage.io/managed-by-location": "url:https://example.com/x"},
        },
        "spec": spec.into(),
    });
    if let Some(namespace) = namespace {
        entity["metadata"]["namespace"] = json!(namespace);
    }
    entity
}

async fn filled(age: Age) -> Option<(Target, Catalog<Stored>)> {
    let catalog = Catalog::start_with(options(age)).await.expect("a catalog");
    let owned = |owner: &str| json!({"type": "service", "owner": owner});
    let mut titled = entity("Component", None, "Ledger", owned("team-a"));
    titled["metadata"]["title"] = json!("The Ledger");
    catalog.put(titled);
    catalog.put(entity(
        "component",
        Some("EMEA"),
        "refunds",
        owned("user:default/alice"),
    ));
    catalog.put(entity("Component", None, "lost", owned("nobody-here")));
    catalog.put(entity("API", None, "ledger-api", owned("group:team-a")));
    catalog.put(entity(
        "Group",
        None,
        "team-a",
        json!({"type": "team", "children": []}),
    ));
    catalog.put(entity(
        "User",
        None,
        "alice",
        json!({"memberOf": ["team-a"]}),
    ));
    catalog.put(entity("System", None, "money", owned("team-a")));
    Some((target(catalog.url()), catalog))
}

async fn small_generated() -> Option<(Target, Catalog<Changed>)> {
    let generated = Generated {
        components: 5,
        groups: 2,
        users: 2,
        seed: 7,
    };
    let options = options(Age::Current);
    let catalog = Catalog::generated(generated, options)
        .await
        .expect("a catalog");
    Some((target(catalog.url()), catalog))
}

mod current {
    use crate::conformance::conforms;

    async fn target() -> Option<(super::Target, impl Sized)> {
        super::filled(super::Age::Current).await
    }

    conforms!(target);
}

mod before_by_query {
    use crate::conformance::conforms;

    async fn target() -> Option<(super::Target, impl Sized)> {
        super::filled(super::Age::BeforeByQuery).await
    }

    conforms!(target);
}

/// Without the relations of both sides, which would need all entities at once.
mod generated {
    use crate::conformance::conforms;

    conforms!(super::small_generated:
        by_query_crawls_by_uid_to_the_end,
        a_cursor_holds_the_filter_but_not_the_limit,
        limit_zero_counts,
        filters_are_or_of_and_without_case,
        the_older_paging_goes_by_offset,
        by_refs_keeps_the_order_and_the_spelling,
        fields_leave_the_rest_out,
    );
}

async fn json(url: &str) -> Value {
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let answer = answer
        .get(url)
        .bearer_auth("reads")
        .send()
        .await
        .expect("an answer");
    answer.json().await.expect("JSON")
}

fn names(page: &Value) -> BTreeSet<String> {
    let items = page
        .as_array()
        .unwrap_or_else(|| page["items"].as_array().expect("items"));
    items
        .iter()
        .map(|item| {
            item["metadata"]["name"]
                .as_str()
                .expect("a name")
                .to_owned()
        })
        .collect()
}

fn cursor(page: &Value) -> String {
    let cursor = page["pageInfo"]["nextCursor"].as_str().expect("a cursor");
    form_urlencoded::byte_serialize(cursor.as_bytes()).collect()
}

/// The table of the facts, by cursor: what exists throughout is seen; by offset, what moves to an earlier page is not.
#[tokio::test]
async fn a_change_between_pages_shows_as_in_a_real_one() {
    let catalog = Catalog::start_with(options(Age::Current))
        .await
        .expect("a catalog");
    let put = |name: &str| catalog.put(entity("Component", None, name, json!({"owner": "g"})));
    let all: BTreeSet<String> = (0..40).map(|n| format!("c{n:02}")).collect();
    for name in &all {
        put(name);
    }
    let by_query = format!("{}/api/catalog/entities/by-query", catalog.url());
    let first = json(&format!("{by_query}?limit=10")).await;
    let gone = names(&first);
    for name in &gone {
        assert!(catalog.remove(&format!("component:default/{name}")));
    }
    let rest = json(&format!("{by_query}?limit=100&cursor={}", cursor(&first))).await;
    assert_eq!(rest["totalItems"], 40, "as counted for the first page");
    assert_eq!(&(&names(&rest) | &gone), &all);
    assert_eq!(names(&rest).len(), 30);

    for name in &all {
        put(name);
    }
    let entities = format!("{}/api/catalog/entities", catalog.url());
    let first = json(&format!("{entities}?limit=10&offset=0")).await;
    for name in names(&first) {
        assert!(catalog.remove(&format!("component:default/{name}")));
    }
    let rest = json(&format!("{entities}?limit=100&offset=10")).await;
    assert_eq!(names(&rest).len(), 20, "ten that live were missed");
}

#[tokio::test]
async fn uids_and_etags_change_as_in_a_real_one() {
    let catalog = Catalog::start().await.expect("a catalog");
    let of = |name: &str, field: &str| {
        let entities = catalog.entities();
        let entity = entities
            .iter()
            .find(|entity| entity["metadata"]["name"] == name);
        entity.map(|entity| entity["metadata"][field].clone())
    };
    let component = |title: &str| {
        let mut component = entity("Component", None, "c", json!({"owner": "g"}));
        component["metadata"]["title"] = json!(title);
        component
    };
    catalog.put(entity("Group", None, "g", json!({"type": "team"})));
    let group = of("g", "etag");
    catalog.put(component("one"));
    assert_ne!(of("g", "etag"), group, "it owns something now");
    let (uid, etag) = (of("c", "uid"), of("c", "etag"));
    assert_eq!(
        etag.as_ref().and_then(Value::as_str).map(str::len),
        Some(40)
    );
    catalog.put(component("two"));
    assert_eq!(of("c", "uid"), uid, "an update keeps the uid");
    assert_ne!(of("c", "etag"), etag);
    assert!(catalog.remove("component:default/c"));
    assert!(!catalog.remove("component:default/c"));
    assert_eq!(of("g", "etag"), group);
    catalog.put(component("one"));
    assert_ne!(of("c", "uid"), uid, "created again");
    assert_eq!(of("c", "etag"), etag, "the etag is not of the uid");
    assert_eq!(catalog.len(), 2);
    catalog.clear();
    assert!(catalog.is_empty());
}

#[tokio::test]
async fn a_generated_catalog_is_the_same_every_time_but_for_its_changes() {
    let generated = Generated {
        components: 2_000,
        groups: 30,
        users: 300,
        seed: 1,
    };
    let catalog = Catalog::generated(generated, options(Age::Current))
        .await
        .expect("a catalog");
    let all = format!("{}/api/catalog/entities", catalog.url());
    let before = json(&all).await;
    let entities = before.as_array().expect("entities");
    assert_eq!(entities.len() as u64, generated.len());
    let components = entities
        .iter()
        .filter(|entity| entity["kind"] == "Component");
    let sizes: Vec<usize> = components.map(|entity| entity.to_string().len()).collect();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    assert!((1_100..1_400).contains(&mean), "{mean} bytes");
    assert_eq!(json(&all).await, before);

    catalog.edit(7, "/spec/owner", json!("team-000001"));
    catalog.remove(8);
    let after = json(&all).await;
    let changed: Vec<&Value> = after
        .as_array()
        .expect("entities")
        .iter()
        .filter(|entity| !entities.contains(entity))
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["metadata"]["name"], "component-00000007");
    assert_eq!(changed[0]["spec"]["owner"], "team-000001");
    let gone = &names(&before) - &names(&after);
    assert_eq!(gone, BTreeSet::from(["component-00000008".to_owned()]));
    let count = format!(
        "{}/api/catalog/entities/by-query?limit=0&filter=kind=component",
        catalog.url()
    );
    assert_eq!(json(&count).await["totalItems"], 1_999);
    catalog.restore();
    assert_eq!(json(&all).await, before);
}

#[tokio::test]
async fn an_open_catalog_needs_no_token_and_knows_none() {
    let catalog = Catalog::start().await.expect("a catalog");
    let url = format!("{}/api/catalog/entities", catalog.url());
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let open = client.get(&url).send().await.expect("an answer");
    assert_eq!(open.status(), 200);
    let junk = client
        .get(&url)
        .bearer_auth("junk")
        .send()
        .await
        .expect("an answer");
    assert_eq!(junk.status(), 401);
}
