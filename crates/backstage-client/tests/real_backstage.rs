//! The contract with a real Backstage: what holds for every version, read alone.
//!
//! `cargo xtask test backstage-real` runs it against each pinned version. Any other Backstage whose catalog stands still
//! and has a Component, a Group and a User will do too, where it is given by hand:
//! `BACKSTAGE_URL=… BACKSTAGE_TOKEN=… cargo test -p backstage-client --test real_backstage`.

mod support;

use std::collections::BTreeMap;

use backstage_client::{AuthFailure, Client, EntityFilter, Error, Settings};
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
    settings.token = token.map(Into::into);
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
    settings.token = real.token.as_deref().map(Into::into);
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
    assert!(matches!(error, Error::NotBackstage { .. }), "{error:?}");
    for suffix in ["/", "/api", "/api/catalog", "/api/catalog/"] {
        let url = format!("{}{suffix}", real.url.trim_end_matches('/'));
        let client = client_with(&url, real.token.as_deref());
        support::first_page(&client).await.expect(suffix);
    }
}
