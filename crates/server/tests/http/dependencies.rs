//! What depends on what, beside a Service and a component.

use insta::assert_snapshot;
use serde_json::Value;
use topology::apply::{CatalogDelta, Delta};
use topology::dependency::{Declaration, Dependency};
use topology::entity_ref::EntityRef;
use topology::fact::{ComponentFact, EntityFact};

use crate::company::{Company, component, entity};

/// The component declares to depend on these.
fn depending(component: ComponentFact, on: &[&str]) -> EntityFact {
    let dependency = |text: &&str| Dependency {
        target: EntityRef::parse(text, None, "default").unwrap(),
        declared: Declaration::DependsOn,
    };
    entity(ComponentFact {
        dependencies: on.iter().map(dependency).collect(),
        ..component
    })
}

/// The company, with these components in their stead.
fn with(upserts: Vec<EntityFact>) -> Company {
    let company = Company::new();
    let mut topology = company.state.topology.write().unwrap();
    let instance = topology.instance_id("default").unwrap();
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 4,
        read_at: 0,
        upserts,
        removals: Vec::new(),
    }));
    drop(topology);
    company
}

fn company() -> Company {
    let found = |name: &str| component(name, Some(name), Some("shop"), Some("shop"));
    let checkout = component("checkout", Some("checkout"), Some("shop"), Some("payments"));
    with(vec![
        depending(
            checkout,
            &[
                "component:gone",
                "component:serch",
                "component:wishlist",
                "resource:db",
            ],
        ),
        depending(found("serch"), &["component:checkout"]),
    ])
}

fn line(it: &Value) -> String {
    let declared = it["declared"].as_array().unwrap().iter();
    let declared: Vec<String> = declared
        .map(|it| format!("{} of {}", it["field"].as_str().unwrap(), it["by"]))
        .collect();
    format!(
        "{} known={} owner={} services={} of {} verdict={} {}",
        it["ref"],
        it["known"],
        it["owner"]["email"],
        it["services"],
        it["services_total"],
        it["verdict"],
        declared.join(", ")
    )
}

fn lines(of: &Value) -> String {
    let items = of["items"].as_array().unwrap();
    let mut lines: Vec<String> = items.iter().map(line).collect();
    lines.push(format!("{} in all", of["total"]));
    lines.join("\n")
}

#[tokio::test]
async fn a_service_says_what_its_component_depends_on_and_what_on_it() {
    let service = company().get("/api/v1/services/eu1/shop/checkout").await;
    assert_snapshot!(lines(&service["dependencies"]), @r#"
    "component:default/gone" known=false owner=null services=[] of 0 verdict=null spec.dependsOn of "component:default/checkout"
    "component:default/serch" known=true owner="shop@shop.example" services=[] of 0 verdict="service-not-found" spec.dependsOn of "component:default/checkout"
    "component:default/wishlist" known=true owner="shop@shop.example" services=["eu1/shop/wishlist"] of 1 verdict=null spec.dependsOn of "component:default/checkout"
    "resource:default/db" known=false owner=null services=[] of 0 verdict=null spec.dependsOn of "component:default/checkout"
    4 in all
    "#);
    assert_snapshot!(lines(&service["dependents"]), @r#"
    "component:default/serch" known=true owner="shop@shop.example" services=[] of 0 verdict="service-not-found" spec.dependsOn of "component:default/serch"
    1 in all
    "#);
}

#[tokio::test]
async fn so_does_a_component() {
    let answer = company().get("/api/v1/components/serch").await;
    let component = &answer["items"][0];
    assert_snapshot!(lines(&component["dependencies"]), @r#"
    "component:default/checkout" known=true owner="payments@shop.example" services=["eu1/shop/checkout"] of 1 verdict=null spec.dependsOn of "component:default/serch"
    1 in all
    "#);
    assert_snapshot!(lines(&component["dependents"]), @r#"
    "component:default/checkout" known=true owner="payments@shop.example" services=["eu1/shop/checkout"] of 1 verdict=null spec.dependsOn of "component:default/checkout"
    1 in all
    "#);
}

#[tokio::test]
async fn what_has_no_component_depends_on_nothing() {
    let service = company().get("/api/v1/services/eu1/shop/search").await;
    assert_eq!(lines(&service["dependencies"]), "0 in all");
    assert_eq!(lines(&service["dependents"]), "0 in all");
}

#[tokio::test]
async fn of_many_a_hundred_are_shown_and_all_are_counted() {
    let many = (0..120).map(|number| {
        let depends = component(&format!("c{number:03}"), None, None, None);
        depending(depends, &["component:checkout"])
    });
    let company = with(many.collect());
    let service = company.get("/api/v1/services/eu1/shop/checkout").await;
    let dependents = &service["dependents"];
    let items = dependents["items"].as_array().unwrap();
    assert_eq!((items.len(), &dependents["total"]), (100, &120.into()));
    assert_eq!(items[99]["ref"], "component:default/c099");
}

#[tokio::test]
async fn the_graph_leads_from_service_to_service_and_to_components_without_one() {
    let company = company();
    let path = "/api/v1/graph?focus=eu1/shop/checkout&depth=1";
    let graph = company.get(path).await;
    let edges = graph["edges"].as_array().unwrap().iter();
    let edges = edges.filter(|edge| edge["kind"] == "depends-on");
    let edges: Vec<String> = edges
        .map(|edge| format!("{} {}", edge["from"], edge["to"]))
        .collect();
    assert_snapshot!(edges.join("\n"), @r#"
    "service:eu1/shop/checkout" "component:default/serch@default"
    "service:eu1/shop/checkout" "service:eu1/shop/wishlist"
    "component:default/serch@default" "service:eu1/shop/checkout"
    "#);
}
