//! What surprises in a real Backstage, and what this client makes of it. Each test starts what it needs.
//!
//! Run by `cargo xtask test backstage-real`, which installs the Backstages.

mod access;
mod changes;
mod requests;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use backstage_client::{Client, Credentials, EntityFilter, Error, Page, Pager, Settings};
use serde_json::{Value, json};
use testbed::backstage::{Backstage, Options, Token, Version, shared};

const EVERY_PAGE: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");

/// A client of this Backstage with this token.
fn client(backstage: &Backstage, token: Option<&str>) -> Client {
    let mut settings = Settings::new(backstage.url().parse().expect("a URL"));
    if let Some(token) = token {
        settings.credentials = Credentials::Token(token.into());
    }
    Client::new(settings).expect("good settings")
}

fn full(backstage: &Backstage) -> Client {
    client(backstage, Some(Token::Full.text()))
}

async fn of_all(version: Version) -> &'static Backstage {
    shared(version)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn start(version: Version, options: Options) -> Backstage {
    let started = Backstage::start(version, options).await;
    started.unwrap_or_else(|error| panic!("{error}"))
}

/// How often each entity came, by its full reference.
type Seen = BTreeMap<String, u32>;

fn note(seen: &mut Seen, page: &Page) {
    for text in page.entities() {
        let entity: Value = serde_json::from_str(text).expect("whole JSON");
        *seen.entry(reference(&entity)).or_default() += 1;
    }
}

/// The rest of a crawl.
async fn finish(pager: &mut Pager, seen: &mut Seen) -> Result<(), Error> {
    while let Some(page) = pager.next_page().await? {
        note(seen, &page);
    }
    Ok(())
}

async fn crawl(client: &Client, filter: EntityFilter) -> Result<Seen, Error> {
    let mut seen = Seen::new();
    finish(&mut client.entities(filter, EVERY_PAGE), &mut seen).await?;
    Ok(seen)
}

fn reference(entity: &Value) -> String {
    let part = |value: &Value| value.as_str().unwrap_or("default").to_lowercase();
    let metadata = &entity["metadata"];
    format!(
        "{}:{}/{}",
        part(&entity["kind"]),
        part(&metadata["namespace"]),
        part(&metadata["name"])
    )
}

fn component(name: &str) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"type": "service", "lifecycle": "production", "owner": "team"},
    })
}
