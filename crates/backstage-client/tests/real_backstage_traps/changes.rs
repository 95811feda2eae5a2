//! A catalog that changes, restarts or ends while it is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use backstage_client::{Client, Credentials, EntityFilter, Error, Pager, Settings};
use serde_json::{Value, json};
use testbed::backstage::{Backstage, Catalog, Database, Options, Token, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use crate::support::limit;
use crate::{Seen, component, crawl, finish, full, note, reference, start};

/// A catalog of generated Components, some of which a test takes away while it is read.
struct Changing {
    backstage: Backstage,
    before: BTreeSet<String>,
}

const COMPONENTS: usize = 60;
const PAGE: u32 = 10;

async fn changing(version: Version) -> Changing {
    let options = Options {
        catalog: Catalog::Empty,
        ..Options::default()
    };
    let backstage = start(version, options).await;
    let components: Vec<Value> = (0..COMPONENTS)
        .map(|n| component(&format!("old-{n}")))
        .collect();
    backstage.put_full(&components).await.expect("taken");
    let all = backstage.until("all components", |found| found.len() == COMPONENTS);
    let before = all.await.expect("ingested").iter().map(reference).collect();
    Changing { backstage, before }
}

impl Changing {
    /// Reads two pages, then removes most of what was read and adds as much, then reads the rest.
    async fn read_across_a_change(&self) -> (Seen, Pager) {
        let mut pager = full(&self.backstage).entities(EntityFilter::all(), limit(PAGE));
        let mut seen = Seen::new();
        for _ in 0..2 {
            let page = pager.next_page().await.expect("an answer");
            note(&mut seen, &page.expect("a page"));
        }
        let removed: Vec<&str> = seen.keys().take(15).map(String::as_str).collect();
        let added: Vec<Value> = (0..15).map(|n| component(&format!("new-{n}"))).collect();
        self.backstage.delta(&added, &removed).await.expect("taken");
        self.backstage
            .until("the change", |found| {
                let now: BTreeSet<String> = found.iter().map(reference).collect();
                now.len() == COMPONENTS && removed.iter().all(|gone| !now.contains(*gone))
            })
            .await
            .expect("the change shows");
        finish(&mut pager, &mut seen).await.expect("the rest");
        (seen, pager)
    }

    /// What was there before and is there now.
    async fn throughout(&self) -> BTreeSet<String> {
        let now = self.backstage.entities().await.expect("all entities");
        let now: BTreeSet<String> = now.iter().map(reference).collect();
        self.before.intersection(&now).cloned().collect()
    }
}

#[tokio::test]
async fn by_cursor_what_exists_throughout_is_seen_exactly_once() {
    for version in [Version::Current, Version::V1_33] {
        let changing = changing(version).await;
        let (seen, _) = changing.read_across_a_change().await;
        let throughout = changing.throughout().await;
        assert_eq!(throughout.len(), COMPONENTS - 15, "{version}");
        for reference in &throughout {
            assert_eq!(seen.get(reference), Some(&1), "{version}: {reference}");
        }
        // What is gone was seen all the same: seeing an entity does not mean that it is there at the end.
        assert!(seen.len() >= COMPONENTS, "{version}");
    }
}

#[tokio::test]
async fn by_offset_what_exists_throughout_is_lost_and_that_is_said() {
    let changing = changing(Version::V1_11).await;
    let (seen, pager) = changing.read_across_a_change().await;
    let throughout = changing.throughout().await;
    let lost = throughout
        .iter()
        .filter(|reference| !seen.contains_key(*reference));
    assert!(lost.count() > 0, "this Backstage should lose some");
    assert!(format!("{pager:?}").contains("Done"));
    // What to do about it: read until two crawls agree.
    let client = full(&changing.backstage);
    let once = crawl(&client, EntityFilter::all()).await.expect("a crawl");
    let again = crawl(&client, EntityFilter::all()).await.expect("a crawl");
    assert_eq!(once, again);
    assert_eq!(once.len(), COMPONENTS);
}

#[tokio::test]
async fn an_entity_made_anew_keeps_its_reference_but_not_its_uid() {
    let options = Options {
        catalog: Catalog::Empty,
        ..Options::default()
    };
    let backstage = start(Version::Current, options).await;
    let team = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Group",
        "metadata": {"name": "team"},
        "spec": {"type": "team", "children": []},
    });
    let set = |entities: Vec<Value>, what: &'static str| {
        let backstage = &backstage;
        async move {
            backstage.put_full(&entities).await.expect("taken");
            let relations = entities.len() - 1;
            let settled = |found: &[Value]| {
                let all = found
                    .iter()
                    .filter_map(|entity| entity["relations"].as_array());
                let all: usize = all.map(Vec::len).sum();
                found.len() == entities.len() && all == 2 * relations
            };
            let found = backstage.until(what, settled).await.expect("ingested");
            let by_reference = found.into_iter().map(|entity| {
                let text = |key: &str| entity["metadata"][key].as_str().map(str::to_owned);
                (reference(&entity), (text("uid"), text("etag")))
            });
            by_reference.collect::<std::collections::BTreeMap<_, _>>()
        }
    };
    let (team_ref, service) = ("group:default/team", "component:default/service");
    let first = set(vec![team.clone(), component("service")], "both").await;
    let without = set(vec![team.clone()], "the team alone").await;
    let again = set(vec![team.clone(), component("service")], "both again").await;

    assert_ne!(again[service].0, first[service].0);
    // The team is the same entity all along, and its etag follows what it owns.
    assert_eq!(without[team_ref].0, first[team_ref].0);
    assert_ne!(without[team_ref].1, first[team_ref].1);
}

#[tokio::test]
async fn a_crawl_goes_on_where_it_was_after_a_restart() {
    let options = Options {
        database: Database::OnDisk,
        ..Options::default()
    };
    let mut backstage = start(Version::Current, options).await;
    let mut pager = full(&backstage).entities(EntityFilter::all(), limit(5));
    let mut seen = Seen::new();
    let page = pager.next_page().await.expect("an answer");
    note(&mut seen, &page.expect("a page"));
    backstage.stop();
    let error = pager.next_page().await.expect_err("nobody is there");
    assert!(error.is_transient(), "{error:?}");
    backstage.restart().await.expect("starts again");
    finish(&mut pager, &mut seen).await.expect("the rest");
    assert_eq!(seen.len(), 20);
    assert!(seen.values().all(|times| *times == 1), "{seen:?}");
}

#[tokio::test]
async fn an_answer_that_ends_with_the_server_is_cut_off_and_not_a_page() {
    /// More than the buffers of two sockets hold, so that most of it is still with the server when it ends.
    const ENTITIES: usize = 60;
    const DESCRIPTION: usize = 1 << 20;
    const LET_THROUGH: usize = 4 << 20;

    let options = Options {
        catalog: Catalog::Empty,
        ..Options::default()
    };
    let backstage = start(Version::Current, options).await;
    for n in 0..ENTITIES {
        let mut large = component(&format!("large-{n}"));
        large["metadata"]["description"] = "x".repeat(DESCRIPTION).into();
        backstage.delta(&[large], &[]).await.expect("taken");
    }
    let all = backstage.until("all components", |found| found.len() == ENTITIES);
    all.await.expect("ingested");

    let address = backstage.url().trim_start_matches("http://").to_owned();
    let backstage = Arc::new(Mutex::new(backstage));
    let url = relay(address, LET_THROUGH, Arc::clone(&backstage)).await;
    let mut settings = Settings::new(url.parse().expect("a URL"));
    settings.credentials = Credentials::Token(Token::Full.text().into());
    let client = Client::new(settings).expect("good settings");
    let error = crawl(&client, EntityFilter::all()).await;
    let error = error.expect_err("half an answer is none");
    assert!(
        matches!(error, Error::CutOff { received, .. } if received >= LET_THROUGH / 2),
        "{error:?}"
    );
    assert!(error.is_transient());
}

/// Stands between a client and the server for one connection: kills the server once so many bytes have passed, and lets
/// through what is still to come.
async fn relay(server: String, bytes: usize, backstage: Arc<Mutex<Backstage>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.expect("a connection");
        let server = TcpStream::connect(server).await.expect("the server");
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let requests = tokio::spawn(async move {
            // Its end is the server's, which is no fault of the relay.
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        });
        let (mut passed, mut buffer) = (0, vec![0; 64 * 1024]);
        while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
            let passing = to_client.write_all(&buffer[..read]).await;
            passing.expect("the client reads");
            passed += read;
            if passed >= bytes {
                backstage.lock().await.stop();
            }
        }
        requests.abort();
    });
    url
}
