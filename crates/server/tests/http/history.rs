use std::sync::Arc;

use insta::assert_snapshot;
use server::Access;
use store::{Cause, Source, Store};
use tokio::sync::Mutex;
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::change::Change;
use topology::entity_ref::EntityRef;

use crate::company::{Company, READ_AT, service};

/// A company with a past: a Service comes, and then its component goes. The store lives as long as it is held.
pub(crate) fn company() -> (Company, Store) {
    let mut store = Store::in_memory().unwrap();
    let mut company = Company::new();
    let instance = Source::Instance("default".into());
    let cluster = Source::Cluster("eu1".into());
    for (at, source, delta) in [
        (READ_AT, &cluster, Delta::Cluster(arrival(&company))),
        (
            READ_AT + 3600,
            &instance,
            Delta::Catalog(departure(&company)),
        ),
    ] {
        let cause = Cause::Read {
            source: source.clone(),
            generation: 9,
        };
        store.record(at, &cause, &apply(&company, delta)).unwrap();
    }
    let reader = store.reader().unwrap();
    company.state.history = Some(Arc::new(Mutex::new(reader)));
    (Company::of(company.state, Access::default()), store)
}

fn apply(company: &Company, delta: Delta) -> Vec<Change> {
    let mut topology = company.state.topology.write().unwrap();
    let changes = topology.apply(delta);
    topology.describe(&changes)
}

fn arrival(company: &Company) -> ClusterDelta {
    let topology = company.state.topology.read().unwrap();
    ClusterDelta {
        cluster: topology.cluster_id("eu1").unwrap(),
        upserts: vec![service("shop", "serch")],
        removals: Vec::new(),
    }
}

fn departure(company: &Company) -> CatalogDelta {
    let topology = company.state.topology.read().unwrap();
    CatalogDelta {
        instance: topology.instance_id("default").unwrap(),
        generation: 9,
        read_at: READ_AT + 3600,
        upserts: Vec::new(),
        removals: vec![EntityRef::new("component", "default", "serch")],
    }
}

#[tokio::test]
async fn changes_are_listed_newest_first() {
    // S27: time, cause, before and after.
    let (company, _store) = company();
    let path = "/api/v1/history?service=eu1/shop/serch";
    assert_snapshot!(company.pretty(path).await, @r#"
    {
      "items": [
        {
          "cause": {
            "generation": 9,
            "kind": "catalog",
            "source": "default"
          },
          "change": {
            "after": {
              "state": "unclaimed"
            },
            "before": {
              "component": "component:default/serch",
              "instance": "default",
              "owner": "group:default/shop",
              "state": "owned"
            },
            "service": "eu1/shop/serch",
            "type": "service"
          },
          "time": "2023-11-14T23:13:20Z"
        },
        {
          "cause": {
            "generation": 9,
            "kind": "cluster",
            "source": "eu1"
          },
          "change": {
            "after": {
              "component": "component:default/serch",
              "instance": "default",
              "owner": "group:default/shop",
              "state": "owned"
            },
            "service": "eu1/shop/serch",
            "type": "service"
          },
          "time": "2023-11-14T22:13:20Z"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let (company, _store) = company();
    for (query, count) in [
        ("", 4),
        ("component=serch", 2),
        ("component=serch&instance=other", 0),
        ("owner=shop", 2),
        ("owner=payments", 0),
        ("until=2023-11-14T22:30:00Z", 2),
        ("since=2023-11-14T22:30:00Z", 2),
        ("since=2023-11-14T22:30:00Z&service=eu1/shop/serch", 1),
    ] {
        let page = company.get(&format!("/api/v1/history?{query}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let (company, _store) = company();
    let whole = company.get("/api/v1/history").await;
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = company
            .get(&format!("/api/v1/history?limit=1{cursor}"))
            .await;
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(serde_json::json!(items), whole["items"]);
}

#[tokio::test]
async fn who_owned_a_service_at_a_time_is_a_question() {
    // S27.
    let (company, _store) = company();
    let path = "/api/v1/history/owner?service=eu1/shop/serch";
    for (at, owner) in [
        ("2023-11-14T22:00:00Z", serde_json::Value::Null),
        ("2023-11-14T22:30:00Z", "group:default/shop".into()),
        ("2023-11-15T00:00:00Z", serde_json::Value::Null),
    ] {
        let answer = company.get(&format!("{path}&at={at}")).await;
        assert_eq!(answer["ownership"]["owner"], owner, "{at}");
    }
}

#[tokio::test]
async fn a_server_without_a_store_says_so() {
    let company = Company::new();
    assert_snapshot!(company.problem("/api/v1/history").await, @r#"
    {
      "type": "urn:backstitch:problem:no-history",
      "title": "This server remembers nothing",
      "status": 404,
      "detail": "no store is configured"
    }
    "#);
}
