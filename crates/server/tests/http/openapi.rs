use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::company::Company;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn the_committed_document_is_that_of_the_routes() {
    let mut document = server::openapi_document().to_pretty_json().unwrap();
    document.push('\n');
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(COMMITTED, &document).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    assert!(
        committed == document,
        "the routes and `openapi.json` differ: run this test with UPDATE=1 and read the diff"
    );
}

#[test]
fn closed_lists_are_described_by_their_words() {
    let document = serde_json::to_value(server::openapi_document()).unwrap();
    let described = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(
        described("Verdict"),
        serde_json::to_value(api::Verdict::ALL).unwrap()
    );
    assert_eq!(
        described("ContactKind"),
        serde_json::to_value(api::ContactKind::ALL).unwrap()
    );
}

#[tokio::test]
async fn the_document_is_served() {
    let company = Company::new();
    let served = company.get("/api/v1/openapi.json").await;
    assert_eq!(
        served,
        serde_json::to_value(server::openapi_document()).unwrap()
    );
}

#[tokio::test]
async fn every_parameter_taken_is_described_and_the_reverse() {
    let company = Company::new();
    let document = serde_json::to_value(server::openapi_document()).unwrap();
    let mut compared = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        // Probes and documents take none and refuse none; a label may have any name, and a provider adds what it likes.
        let takes_any = path == "/api/v1/resolve" || path.ends_with("/callback");
        if !path.starts_with("/api/v1/") || path == "/api/v1/openapi.json" || takes_any {
            continue;
        }
        let method = ["get", "post", "put", "delete"]
            .into_iter()
            .find(|method| item[*method].is_object())
            .unwrap();
        let described: BTreeSet<&str> = item[method]["parameters"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let asked = path.replace(['{', '}'], "");
        let request = Request::builder()
            .method(method.to_uppercase().as_str())
            .uri(format!("{asked}?zzz=1"));
        let answer = company.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text);
        let problem = answer.json();
        let none = Vec::new();
        let taken: BTreeSet<&str> = problem["candidates"]
            .as_array()
            .unwrap_or(&none)
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        assert_eq!(taken, described, "{path}");
        compared += 1;
    }
    assert_eq!(compared, 37);
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn references<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
        match value {
            Value::Object(map) => {
                if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                    found.insert(reference);
                }
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = serde_json::to_value(server::openapi_document()).unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
