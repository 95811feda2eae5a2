//! The contract with a real Backstage: what holds for every version, read alone.
//!
//! `cargo xtask test backstage-real` runs it against each pinned version. Any other Backstage whose catalog stands still
//! and has a Component, a Group and a User will do too, where it is given by hand:
//! `BACKSTAGE_URL=… BACKSTAGE_TOKEN=… cargo test -p backstage-client --test real_backstage`.

mod support;

use std::collections::BTreeMap;

use backstage_client::{
    AuthFailure, Client, Credentials, Entity, EntityFilter, EntityRef, Error, Settings,
};
use support::{limit, ownership};
use testbed::backstage::target;

struct Real {
    url: String,
    token: Option<String>,
}

impl Real {
    async fn from_env() -> Self {
        let target = target().await.unwrap_or_else(|error| panic!("{error}"));
        Self {
            url: target.url,
            token: target.token,
        }
    }

    fn client(&self) -> Client {
        client_with(&self.url, self.token.as_deref())
    }
}

fn client_with(url: &str, token: Option<&str>) -> Client {
    let mut settings = Settings::new(url.parse().expect("BACKSTAGE_URL is a URL"));
    if let Some(token) = token {
        settings.credentials = Credentials::Token(token.into());
    }
    Client::new(settings).expect("good settings")
}

/// Every entity of a crawl by its canonical reference.
async fn crawl(
    client: &Client,
    filter: EntityFilter,
    size: u32,
) -> Result<BTreeMap<String, String>, Error> {
    let mut found = BTreeMap::new();
    let mut pager = client.entities(filter, limit(size));
    let mut total = None;
    while let Some(page) = pager.next_page().await? {
        assert!(
            page.len() <= size as usize,
            "a page of {} where {size} were asked for",
            page.len()
        );
        total = total.or(page.total_items());
        for text in page.entities() {
            let entity: serde_json::Value = serde_json::from_str(text).expect("whole JSON");
            let part = |value: &serde_json::Value| value.as_str().expect("a text").to_lowercase();
            let (kind, metadata) = (part(&entity["kind"]), &entity["metadata"]);
            let (namespace, name) = (part(&metadata["namespace"]), part(&metadata["name"]));
            let earlier = found.insert(format!("{kind}:{namespace}/{name}"), text.to_owned());
            assert!(earlier.is_none(), "{kind}:{namespace}/{name} came twice");
        }
    }
    if let Some(total) = total {
        assert_eq!(total, found.len() as u64, "the server counts otherwise");
    }
    Ok(found)
}

#[tokio::test]
async fn every_page_size_finds_the_same_entities() {
    let real = Real::from_env().await;
    let client = real.client();
    let whole = crawl(&client, ownership(), 1000).await.expect("a crawl");
    for kind in ["component", "group", "user"] {
        assert!(
            whole
                .keys()
                .any(|found| found.starts_with(&format!("{kind}:"))),
            "no {kind}"
        );
    }
    assert!(whole.keys().all(|found| {
        ["component", "group", "user"]
            .iter()
            .any(|kind| found.starts_with(kind))
    }));
    for size in [1, 3, 7] {
        assert_eq!(
            crawl(&client, ownership(), size).await.expect("a crawl"),
            whole,
            "limit {size}"
        );
    }
    let mut settings = Settings::new(real.url.parse().expect("a URL"));
    if let Some(token) = &real.token {
        settings.credentials = Credentials::Token(token.as_str().into());
    }
    settings.gzip = true;
    let gzipped = Client::new(settings).expect("good settings");
    assert_eq!(
        crawl(&gzipped, ownership(), 1000).await.expect("a crawl"),
        whole
    );
    let everything = crawl(&client, EntityFilter::all(), 1000)
        .await
        .expect("a crawl");
    assert!(whole.keys().all(|found| everything.contains_key(found)));
}

#[tokio::test]
async fn filters_narrow() {
    let real = Real::from_env().await;
    let client = real.client();
    let components = EntityFilter::kinds(["component"]).expect("a kind");
    let all = crawl(&client, components.clone(), 1000)
        .await
        .expect("a crawl");
    let name = all
        .keys()
        .next()
        .and_then(|found| found.rsplit('/').next())
        .expect("a component");
    let one = components
        .clone()
        .and(format!("metadata.name={name}"))
        .expect("a condition");
    let found = crawl(&client, one, 1000).await.expect("a crawl");
    assert!(
        !found.is_empty()
            && found
                .keys()
                .all(|found| found.ends_with(&format!("/{name}"))),
        "{found:?}"
    );
    let none = components
        .and("metadata.annotations.no.such/annotation=+ &=é")
        .expect("a condition");
    assert!(
        crawl(&client, none, 1000)
            .await
            .expect("a crawl")
            .is_empty()
    );
}

#[tokio::test]
async fn references_are_found_or_not() {
    let real = Real::from_env().await;
    let client = real.client();
    let known = crawl(&client, ownership(), 1000).await.expect("a crawl");
    let mut refs: Vec<String> = known.keys().map(|found| found.to_uppercase()).collect();
    // More than one request takes.
    refs.extend((0..1500).map(|n| format!("component:default/no-such-component-{n}")));
    let found = client.by_refs(&refs).await.expect("an answer");
    assert_eq!(found.len(), refs.len());
    let mut found = found.iter();
    for (asked, text) in &known {
        let text_found = found.next().flatten().expect(asked);
        assert_eq!(etag(text_found), etag(text), "{asked}");
    }
    assert!(
        found.all(|entity| entity.is_none()),
        "what does not exist was found"
    );
}

/// All entities, typed, by their references.
async fn typed_crawl(client: &Client) -> BTreeMap<EntityRef, Entity> {
    let mut found = BTreeMap::new();
    let mut pager = client.entities(EntityFilter::all(), limit(7));
    while let Some(page) = pager.next_page().await.expect("a page") {
        for (reading, text) in page.parse_entities().zip(page.entities()) {
            let reading = reading.expect("an entity");
            let entity = reading.entity;
            assert!(
                reading.problems.is_empty(),
                "{entity:?}: {:?}",
                reading.problems
            );
            let text: serde_json::Value = serde_json::from_str(text).expect("whole JSON");
            assert_eq!(serde_json::json!(entity), text, "written as it came");
            found.insert(entity.entity_ref(), entity);
        }
    }
    found
}

#[tokio::test]
async fn every_entity_is_typed_without_problems() {
    let real = Real::from_env().await;
    let found = typed_crawl(&real.client()).await;
    let mut owned = 0;
    for (entity_ref, entity) in &found {
        assert!(
            entity.api_version.is_some() && entity.spec.is_some(),
            "{entity_ref}"
        );
        for owner in entity.related("ownedBy") {
            owned += 1;
            // What Backstage made of `spec.owner` is what we make of it.
            let mut unstitched = entity.clone();
            unstitched.relations = Vec::new().into();
            assert_eq!(unstitched.owners(), [owner], "{entity_ref}");
        }
    }
    assert!(owned > 0, "nothing has an owner");
}

#[tokio::test]
async fn facets_count_what_a_crawl_finds() {
    let real = Real::from_env().await;
    let client = real.client();
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for entity in typed_crawl(&client).await.into_values() {
        *counted.entry(entity.kind).or_default() += 1;
    }
    let facets = client
        .facets(&EntityFilter::all(), &["kind", "metadata.no-such-field"])
        .await;
    let facets = facets.expect("counts");
    let by_facet = facets.get("kind").iter();
    let by_facet: BTreeMap<String, u64> = by_facet
        .map(|facet| (facet.value.clone(), facet.count))
        .collect();
    assert_eq!(by_facet, counted);
    assert!(facets.get("metadata.no-such-field").is_empty());
    let groups = EntityFilter::kinds(["group"]).expect("a kind");
    let groups = client.facets(&groups, &["kind"]).await.expect("counts");
    assert_eq!(groups.get("kind").len(), 1);
    assert_eq!(groups.get("kind")[0].count, counted["Group"]);
}

#[tokio::test]
async fn one_entity_by_its_reference_or_none() {
    let real = Real::from_env().await;
    let client = real.client();
    for (entity_ref, entity) in typed_crawl(&client).await {
        let shouted = entity_ref.as_str().to_uppercase();
        let shouted: EntityRef = shouted.parse().expect("a reference");
        let found = client.entity_by_ref(&shouted).await.expect("an answer");
        let found = found.expect("what was crawled is found, in any case");
        assert_eq!(found.problems, []);
        assert_eq!(found.entity.entity_ref(), entity_ref);
        assert_eq!(found.entity.metadata.etag, entity.metadata.etag);
    }
    for name in ["no-such-component", "a/b", "..", "å %2F?#"] {
        let missing = EntityRef::new("component", "default", name).expect("parts");
        let found = client.entity_by_ref(&missing).await.expect("an answer");
        assert!(found.is_none(), "{name}");
    }
    // A path that leads to no catalog is not an entity that is gone.
    let below = format!("{}/no/such/prefix", real.url.trim_end_matches('/'));
    let elsewhere = client_with(&below, real.token.as_deref());
    let missing = EntityRef::new("component", "default", "x").expect("parts");
    let error = elsewhere
        .entity_by_ref(&missing)
        .await
        .expect_err("no catalog");
    assert!(matches!(error, Error::NoRoute { .. }), "{error:?}");
}

#[tokio::test]
async fn references_are_found_with_some_fields() {
    let real = Real::from_env().await;
    let client = real.client();
    let known = typed_crawl(&client).await;
    let mut refs: Vec<EntityRef> = known.keys().cloned().collect();
    refs.push(EntityRef::new("component", "default", "no-such-component").expect("parts"));
    let fields = ["kind", "metadata.name", "metadata.namespace"];
    let found = client
        .by_refs_with_fields(&refs, &fields)
        .await
        .expect("an answer");
    let found: Vec<Option<EntityRef>> = found
        .parse_entities()
        .map(|reading| {
            let entity = reading?.expect("an entity").entity;
            assert!(
                entity.spec.is_none() && entity.metadata.etag.is_none(),
                "not asked for"
            );
            Some(entity.entity_ref())
        })
        .collect();
    assert_eq!(found.last(), Some(&None));
    let asked: Vec<Option<EntityRef>> = known.into_keys().map(Some).collect();
    assert_eq!(found[..asked.len()], asked);
}

/// What tells whether an entity changed: its text may differ from one endpoint to another.
fn etag(text: &str) -> String {
    let entity: serde_json::Value = serde_json::from_str(text).expect("whole JSON");
    entity["metadata"]["etag"]
        .as_str()
        .expect("an etag")
        .to_owned()
}

#[tokio::test]
async fn tokens_are_told_apart() {
    let real = Real::from_env().await;
    // An open Backstage, too, refuses a token that it does not know.
    let wrong = Some("not-a-token-of-this-backstage");
    refused(&real, wrong, AuthFailure::IllegalToken, "Illegal token").await;
    if real.token.is_some() {
        refused(&real, None, AuthFailure::NoToken, "Missing credentials").await;
    }
}

async fn refused(real: &Real, token: Option<&str>, expected: AuthFailure, message: &str) {
    let client = client_with(&real.url, token);
    let error = support::first_page(&client).await.expect_err(message);
    assert!(
        matches!(error, Error::Unauthorized { failure, .. } if failure == expected),
        "{error:?}"
    );
    // Before Backstage had a way of its own to check tokens, each site answered as it liked.
    if let Some(document) = error.answer().and_then(|answer| answer.document.as_ref()) {
        assert_eq!(document.name, "AuthenticationError");
        assert_eq!(document.message, message);
    }
}

#[tokio::test]
async fn a_wrong_base_url_is_recognised() {
    let real = Real::from_env().await;
    let below = format!("{}/no/such/prefix", real.url.trim_end_matches('/'));
    let client = client_with(&below, real.token.as_deref());
    let error = support::first_page(&client).await.expect_err("no catalog");
    // A Backstage that starts answers so as well: nothing tells the two apart, and the remedy names both.
    assert!(matches!(error, Error::NoRoute { .. }), "{error:?}");
    let remedy = error.remedy().expect("a remedy");
    assert!(remedy.contains("backend.baseUrl"), "{remedy}");
    for suffix in ["/", "/api", "/api/catalog", "/api/catalog/"] {
        let url = format!("{}{suffix}", real.url.trim_end_matches('/'));
        let client = client_with(&url, real.token.as_deref());
        support::first_page(&client).await.expect(suffix);
    }
}
