//! One entity, some fields of some entities, and counts: what is asked and how answers are read.

mod support;

use backstage_client::{EntityFilter, EntityRef, Error};
use http::StatusCode;
use serde_json::json;
use support::{client, first_page, report};
use wiremock::matchers::{body_json, method};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const COMPONENT: &str = r#"{"kind":"Component","metadata":{"name":"Checkout"},"spec":{"owner":7}}"#;

async fn server(status: u16, body: &str, content_type: &str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(status).set_body_raw(body, content_type))
        .mount(&server)
        .await;
    server
}

async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("recorded");
    let shown = |request: &Request| {
        let query = request.url.query().map(|query| format!("?{query}"));
        format!("{}{}", request.url.path(), query.unwrap_or_default())
    };
    requests.iter().map(shown).collect()
}

fn entity_ref(kind: &str, namespace: &str, name: &str) -> EntityRef {
    EntityRef::new(kind, namespace, name).expect("parts")
}

#[tokio::test]
async fn one_entity_with_its_problems() {
    let server = server(200, COMPONENT, "application/json").await;
    let found = client(&server.uri())
        .entity_by_ref(&entity_ref("Component", "default", "Checkout"))
        .await
        .expect("an answer")
        .expect("an entity");
    assert_eq!(
        found.entity.entity_ref().as_str(),
        "component:default/checkout"
    );
    assert_eq!(found.problems[0].path, "spec.owner");
    assert_eq!(
        asked(&server).await,
        ["/api/catalog/entities/by-name/Component/default/Checkout"]
    );
}

#[tokio::test]
async fn every_part_is_one_segment_of_the_path() {
    let server = server(200, COMPONENT, "application/json").await;
    let client = client(&server.uri());
    for (name, path) in [
        ("a/b", "a%2Fb"),
        ("a b+c", "a%20b%2Bc"),
        ("å?x#y", "%C3%A5%3Fx%23y"),
        ("a%2Fb", "a%252Fb"),
        ("a\tb\\c;d", "a%09b%5Cc%3Bd"),
        ("...", "..."),
        ("A-b_c.d~e", "A-b_c.d~e"),
    ] {
        client
            .entity_by_ref(&entity_ref("k", "n", name))
            .await
            .expect("an answer");
        let last = asked(&server).await.pop();
        assert_eq!(
            last,
            Some(format!("/api/catalog/entities/by-name/k/n/{path}")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_no_path_can_say_is_asked_by_refs() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(body_json(json!({"entityRefs": ["component:default/.."]})))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_raw(format!(r#"{{"items":[{COMPONENT}]}}"#), "application/json"),
        )
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(body_json(json!({"entityRefs": ["component:./x"]})))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(r#"{"items":[null]}"#, "application/json"),
        )
        .mount(&server)
        .await;
    let client = client(&server.uri());
    let found = client
        .entity_by_ref(&entity_ref("Component", "default", ".."))
        .await;
    assert!(found.expect("an answer").is_some());
    let found = client
        .entity_by_ref(&entity_ref("Component", ".", "x"))
        .await;
    assert!(found.expect("an answer").is_none());
}

#[tokio::test]
async fn only_the_catalog_says_that_an_entity_is_not_there() {
    let document = |name: &str| {
        format!(r#"{{"error":{{"name":"{name}","message":"m"}},"response":{{"statusCode":404}}}}"#)
    };
    let json = "application/json; charset=utf-8";
    let checkout = entity_ref("component", "default", "checkout");
    let absent = server(404, &document("NotFoundError"), json).await;
    let found = client(&absent.uri()).entity_by_ref(&checkout).await;
    assert!(found.expect("an answer").is_none());
    for (status, body, content_type) in [
        (404, String::new(), json),
        (404, document("ResourceGone"), json),
        (404, r#"{"message":"no route"}"#.to_owned(), json),
        (
            404,
            "<html><title>404</title></html>".to_owned(),
            "text/html",
        ),
        (503, document("NotFoundError"), json),
        (200, "<html></html>".to_owned(), "text/html"),
        (200, "[]".to_owned(), json),
        (200, "null".to_owned(), json),
        (
            200,
            r#"{"kind":"Component","metadata":{}}"#.to_owned(),
            json,
        ),
        (200, COMPONENT[..40].to_owned(), json),
    ] {
        let server = server(status, &body, content_type).await;
        let error = client(&server.uri())
            .entity_by_ref(&checkout)
            .await
            .expect_err(&body);
        let report = report(&error, &server.uri());
        match (status, &error) {
            (200, Error::Json { .. }) => assert!(body.len() == 40, "{report}"),
            (200 | 404, Error::NotBackstage { .. }) | (503, Error::Status { .. }) => {}
            (404, Error::NoRoute { .. }) => assert!(body.is_empty(), "{report}"),
            _ => panic!("{report}"),
        }
        assert!(
            report
                .contains("http://server/api/catalog/entities/by-name/component/default/checkout"),
            "{report}"
        );
    }
    let nameless = server(200, r#"{"kind":"Component","metadata":{}}"#, json).await;
    let error = client(&nameless.uri())
        .entity_by_ref(&checkout)
        .await
        .expect_err("no entity");
    assert!(
        error.to_string().contains("`metadata.name` is missing"),
        "{error}"
    );
}

#[tokio::test]
async fn some_fields_of_some_entities() {
    let server = MockServer::start().await;
    let body = json!({"entityRefs": ["component:default/checkout", "user:default/x"], "fields": ["kind", "metadata.name"]});
    Mock::given(method("POST"))
        .and(body_json(body))
        .respond_with(ResponseTemplate::new(200).set_body_raw(
            r#"{"items":[{"kind":"Component","metadata":{"name":"checkout"}},null]}"#,
            "application/json",
        ))
        .expect(1)
        .mount(&server)
        .await;
    let refs = [
        entity_ref("Component", "Default", "Checkout"),
        entity_ref("user", "default", "x"),
    ];
    let found = client(&server.uri())
        .by_refs_with_fields(&refs, &["kind", "metadata.name"])
        .await
        .expect("an answer");
    let found: Vec<Option<String>> = found
        .parse_entities()
        .map(|reading| Some(reading?.expect("an entity").entity.metadata.name))
        .collect();
    assert_eq!(found, [Some("checkout".to_owned()), None]);
}

/// `null` for each reference of a request, whose body must be one that Backstage takes.
fn none_of_them(request: &Request) -> ResponseTemplate {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Asked {
        entity_refs: Vec<String>,
        fields: Vec<String>,
    }
    assert!(
        request.body.len() <= 90 * 1024,
        "{} bytes",
        request.body.len()
    );
    let asked: Asked = request.body_json().expect("references");
    assert_eq!(asked.fields.len(), 100, "the fields go with every request");
    ResponseTemplate::new(200).set_body_json(json!({"items": vec![(); asked.entity_refs.len()]}))
}

#[tokio::test]
async fn fields_take_from_the_room_of_the_references() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(none_of_them)
        .mount(&server)
        .await;
    let refs = vec![entity_ref("component", "default", &"x".repeat(180)); 450];
    let fields = vec!["f".repeat(297); 100];
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let found = client(&server.uri())
        .by_refs_with_fields(&refs, &fields)
        .await
        .expect("an answer");
    assert_eq!((found.len(), found.iter().flatten().count()), (450, 0));
    assert_eq!(
        asked(&server).await.len(),
        2,
        "30 kB of fields beside 90 kB of references"
    );
}

#[tokio::test]
async fn facets_are_counted_by_the_server() {
    let body = r#"{"facets":{"kind":[{"value":"Component","count":7}],"spec.x y":[],"spec.lifecycle":[{"value":"a","count":1},{"value":"b","count":6}]}}"#;
    let server = server(200, body, "application/json").await;
    let filter = EntityFilter::kinds(["component", "api"]).expect("kinds");
    let facets = client(&server.uri())
        .facets(&filter, &["kind", "spec.x y", "spec.lifecycle"])
        .await
        .expect("counts");
    assert_eq!(
        asked(&server).await,
        [
            "/api/catalog/entity-facets?filter=kind%3Dcomponent&filter=kind%3Dapi&facet=kind&facet=spec.x+y&facet=spec.lifecycle"
        ]
    );
    assert_eq!(
        (
            facets.get("kind")[0].value.as_str(),
            facets.get("kind")[0].count
        ),
        ("Component", 7)
    );
    assert!(facets.get("spec.x y").is_empty() && facets.get("never asked").is_empty());
    let sizes: Vec<(&str, usize)> = facets
        .iter()
        .map(|(facet, values)| (facet, values.len()))
        .collect();
    assert_eq!(sizes, [("kind", 1), ("spec.lifecycle", 2), ("spec.x y", 0)]);
    let none = client(&server.uri())
        .facets(&EntityFilter::all(), &[])
        .await
        .expect("nothing");
    assert_eq!(none.iter().count(), 0);
    assert_eq!(asked(&server).await.len(), 1, "nothing was asked");
}

#[tokio::test]
async fn what_are_no_facets_is_told() {
    for (status, body) in [
        (200, "[]"),
        (200, r#"{"facets":{"kind":[{"value":"A"}]}}"#),
        (200, "{}"),
        (404, ""),
    ] {
        let server = server(status, body, "application/json").await;
        let answer = client(&server.uri())
            .facets(&EntityFilter::all(), &["kind"])
            .await;
        let error = answer.expect_err(body);
        let expected = match &error {
            Error::NotBackstage { .. } => !body.is_empty(),
            Error::NoRoute { .. } => body.is_empty(),
            _ => false,
        };
        assert!(expected, "{error}");
        assert_eq!(error.status(), StatusCode::from_u16(status).ok());
    }
}

#[tokio::test]
async fn a_page_is_read_entity_by_entity() {
    let body = format!(
        r#"{{"items":[{COMPONENT},null,{{"kind":"User"}},{{"kind":"User","metadata":{{"name":"a"}}}}],"pageInfo":{{}}}}"#
    );
    let server = server(200, &body, "application/json").await;
    let page = first_page(&client(&server.uri())).await.expect("a page");
    let readings: Vec<String> = page
        .parse_entities()
        .map(|reading| match reading {
            Ok(reading) => format!("{} {}", reading.entity.entity_ref(), reading.problems.len()),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(
        readings,
        [
            "component:default/checkout 1",
            "not an entity: `metadata` is missing, expected an object with a `name`",
            "user:default/a 0",
        ]
    );
}
