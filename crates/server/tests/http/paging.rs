use insta::assert_snapshot;
use serde_json::Value;
use server::Access;
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::labels::DEFAULT_PREFIX;
use topology::settings::InstanceSettings;
use topology::topology::Topology;

use crate::company::{Company, component, entity, group, request, service};

/// More of everything than fits on a page.
fn large() -> Company {
    let mut topology = Topology::new(DEFAULT_PREFIX);
    let clusters = [topology.set_cluster("b"), topology.set_cluster("a")];
    for name in ["second", "first"] {
        let instance = topology.set_instance(InstanceSettings::named(name));
        let upserts = (0..40)
            .map(|i| {
                let name = format!("s{i}");
                entity(component(&name, Some(&name), Some("shop"), Some("g1")))
            })
            .chain((0..40).map(|i| group(&format!("g{i}"), "G", None, &[])))
            .collect();
        topology.apply(Delta::Catalog(CatalogDelta {
            instance,
            generation: 1,
            read_at: 0,
            upserts,
            removals: Vec::new(),
        }));
    }
    for cluster in clusters {
        let upserts = (0..60)
            .flat_map(|i| {
                ["shop", "lab"].map(|namespace| service(namespace, &format!("s{}", i % 50)))
            })
            .collect();
        topology.apply(Delta::Cluster(ClusterDelta {
            cluster,
            upserts,
            removals: Vec::new(),
        }));
    }
    Company::over(topology, Access::default())
}

async fn walk(company: &Company, path: &str, limit: usize) -> Vec<Value> {
    let join = if path.contains('?') { '&' } else { '?' };
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = company
            .get(&format!("{path}{join}limit={limit}{cursor}"))
            .await;
        let page_items = page["items"].as_array().unwrap();
        assert!(page_items.len() <= limit);
        items.extend(page_items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => {
                assert_eq!(
                    page_items.len(),
                    limit,
                    "a page that is not the last is full"
                );
                cursor = format!("&cursor={next}");
            }
            None => return items,
        }
    }
}

#[tokio::test]
async fn walking_pages_gives_the_whole_list_once() {
    let company = large();
    for (path, count) in [
        ("/api/v1/services", 200),
        ("/api/v1/services?q=s1", 44),
        ("/api/v1/services?state=owned", 80),
        ("/api/v1/components", 160),
        ("/api/v1/components?verdict=stitched", 80),
        ("/api/v1/owners", 80),
        ("/api/v1/services?sort=-name", 200),
        ("/api/v1/services?sort=service", 200),
        ("/api/v1/services?sort=-team&state=owned", 80),
        ("/api/v1/services?sort=state", 200),
        ("/api/v1/services?sort=-component&q=s1", 44),
        ("/api/v1/owners/g1/services", 80),
    ] {
        let whole = walk(&company, path, 1000).await;
        assert_eq!(whole.len(), count, "{path}");
        for limit in [1, 7, count, count - 1] {
            assert_eq!(
                walk(&company, path, limit).await,
                whole,
                "{path} by {limit}"
            );
        }
    }
}

#[tokio::test]
async fn the_rendered_document_is_the_lists() {
    // S32: sorted by cluster, then reference or id.
    let company = large();
    let document = server::render::document(&company.state.topology.read().unwrap(), Vec::new());
    let document = serde_json::to_value(document).unwrap();
    for (key, path) in [
        ("services", "/api/v1/services"),
        ("components", "/api/v1/components"),
        ("owners", "/api/v1/owners"),
    ] {
        let listed = walk(&company, path, 1000).await;
        assert_eq!(document[key].as_array().unwrap(), &listed, "{key}");
    }
}

#[tokio::test]
async fn a_token_of_another_list_is_refused() {
    let company = large();
    let page = company.get("/api/v1/services?limit=1").await;
    let token = page["next"].as_str().unwrap();
    for path in ["/api/v1/components", "/api/v1/owners", "/api/v1/history"] {
        let answer = company
            .ask(request(&format!("{path}?cursor={token}")))
            .await;
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.json()["type"], "urn:backstitch:problem:bad-cursor");
    }
}

#[tokio::test]
async fn a_token_of_another_order_is_refused() {
    let company = large();
    let page = company.get("/api/v1/services?limit=1&sort=team").await;
    let token = page["next"].as_str().unwrap();
    let path = format!("/api/v1/services?limit=1&sort=-team&cursor={token}");
    assert_snapshot!(company.problem(&path).await, @r#"
    {
      "type": "urn:backstitch:problem:bad-cursor",
      "title": "The page token cannot be used",
      "status": 400,
      "detail": "`cursor` is a page token of Services by `team`, expected one of those by `-team`",
      "hint": "begin again without `cursor`, and hand on `next` as it came",
      "parameter": "cursor"
    }
    "#);
    let path = format!("/api/v1/services?limit=1&cursor={token}");
    assert_snapshot!(company.problem(&path).await, @r#"
    {
      "type": "urn:backstitch:problem:bad-cursor",
      "title": "The page token cannot be used",
      "status": 400,
      "detail": "`cursor` is a page token of services in another order, expected one of services",
      "hint": "begin again without `cursor`, and hand on `next` as it came",
      "parameter": "cursor"
    }
    "#);
}

#[tokio::test]
async fn a_walk_goes_on_over_an_item_that_went() {
    let company = large();
    let first = company.get("/api/v1/services?limit=1").await;
    let next = first["next"].as_str().unwrap();
    {
        let mut topology = company.state.topology.write().unwrap();
        let cluster = topology.cluster_id("a").unwrap();
        topology.apply(Delta::Cluster(ClusterDelta {
            cluster,
            upserts: Vec::new(),
            removals: vec![service("lab", "s0").key()],
        }));
    }
    assert_eq!(first["items"][0]["id"], "a/lab/s0");
    let second = company
        .get(&format!("/api/v1/services?limit=1&cursor={next}"))
        .await;
    assert_eq!(second["items"][0]["id"], "a/lab/s1");
}
