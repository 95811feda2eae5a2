//! Reading a generation from a scripted Backstage: pages, faults, what counts as complete (S22).

mod again;
mod kept;
mod model;

use std::fmt::Write as _;

use backstage_client::Settings;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use topology::fact::EntityFact;

use super::*;

fn entity(kind: &str, name: &str) -> Value {
    json!({"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"name": name}})
}

fn page(items: &[Value], total: u64, next: Option<&str>) -> ResponseTemplate {
    let page_info = next.map_or(json!({}), |cursor| json!({"nextCursor": cursor}));
    ResponseTemplate::new(200)
        .set_body_json(json!({"items": items, "totalItems": total, "pageInfo": page_info}))
}

const BY_QUERY: &str = "/api/catalog/entities/by-query";
const ENTITIES: &str = "/api/catalog/entities";

/// Answers to the first page of a pass, one after another; the last one stays.
async fn first_pages(server: &MockServer, answers: Vec<ResponseTemplate>) {
    sequence(server, answers, None).await;
}

async fn pages_after(server: &MockServer, cursor: &str, answers: Vec<ResponseTemplate>) {
    sequence(server, answers, Some(cursor)).await;
}

async fn sequence(server: &MockServer, answers: Vec<ResponseTemplate>, cursor: Option<&str>) {
    let last = answers.len().saturating_sub(1);
    for (index, answer) in answers.into_iter().enumerate() {
        let mock = Mock::given(method("GET")).and(path(BY_QUERY));
        let mock = match cursor {
            Some(cursor) => mock.and(query_param("cursor", cursor)),
            None => mock.and(query_param_is_missing("cursor")),
        };
        let mock = mock.respond_with(answer);
        let mock = if index < last {
            mock.up_to_n_times(1)
        } else {
            mock
        };
        mock.mount(server).await;
    }
}

fn client(server: &MockServer) -> Client {
    let url = server.uri().parse().expect("a URL");
    Client::new(Settings::new(url)).expect("settings")
}

/// A reader that does not wait.
fn reader() -> Reader {
    Reader {
        pause: |_, _| Duration::ZERO,
        ..Reader::new(PAGE_SIZE)
    }
}

async fn read_all(server: &MockServer) -> Result<CatalogGeneration, ReadError> {
    let map = LabelMap::default();
    let read = reader()
        .read(&client(server), &kinds(), &map, &mut |_| {})
        .await?;
    Ok(read.generation)
}

async fn shown(server: &MockServer) -> String {
    let url = server.uri();
    let text = match read_all(server).await {
        Ok(generation) => lines(&generation),
        Err(error) => in_words(&error),
    };
    text.replace(&url, "http://backstage")
}

fn lines(generation: &CatalogGeneration) -> String {
    let mut entities: Vec<String> = generation
        .entities
        .iter()
        .map(|entity| entity.reference().to_string())
        .collect();
    entities.sort();
    let faults = generation
        .faults
        .iter()
        .map(|fault| format!("! {}: {}", fault.place, fault.message));
    entities
        .into_iter()
        .chain(faults)
        .collect::<Vec<_>>()
        .join("\n")
}

fn in_words(error: &ReadError) -> String {
    let mut text = format!("{error}; {:?}", error.hint());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let _ = write!(text, "\n  {cause}");
        source = cause.source();
    }
    if let Some(remedy) = error.remedy() {
        let _ = write!(text, "\nhint: {remedy}");
    }
    text
}

#[tokio::test]
async fn a_catalog_is_read_to_its_last_page() {
    let server = MockServer::start().await;
    let items = [
        entity("Component", "b"),
        entity("API", "leaked"),
        entity("Group", "team"),
    ];
    first_pages(&server, vec![page(&items, 3, Some("n+/="))]).await;
    pages_after(
        &server,
        "n+/=",
        vec![page(&[entity("component", "A")], 3, None)],
    )
    .await;
    insta::assert_snapshot!(shown(&server).await, @"
    component:default/a
    component:default/b
    group:default/team
    ");
    let requests = server.received_requests().await.expect("recorded");
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert!(
            request
                .url
                .query_pairs()
                .any(|(key, value)| key == "limit" && value == "1000"),
            "{}",
            request.url
        );
    }
}

#[tokio::test]
async fn entities_that_cannot_be_used_are_faults_and_counted() {
    let server = MockServer::start().await;
    let nameless = json!({"kind": "Component", "metadata": {"name": 7.5, "namespace": []}});
    let odd = json!({"kind": "Group", "metadata": "x"});
    first_pages(
        &server,
        vec![page(
            &[nameless, odd, json!(3), entity("User", "u")],
            4,
            None,
        )],
    )
    .await;
    insta::assert_snapshot!(shown(&server).await, @"
    user:default/u
    ! http://backstage/api/catalog, entity 1, field `metadata.namespace`: found a list, expected a text; this entity is left out
    ! http://backstage/api/catalog, entity 2, field `metadata`: found an empty text, expected a map with a `name`; this entity is left out
    ! http://backstage/api/catalog, entity 3: found a number, expected an entity (a map); this entity is left out
    ");
}

#[tokio::test]
async fn an_entity_that_comes_twice_counts_once_as_it_came_last() {
    let server = MockServer::start().await;
    let mut newer = entity("Component", "A");
    newer["spec"] = json!({"owner": "new"});
    first_pages(
        &server,
        vec![page(&[entity("Component", "a")], 1, Some("2"))],
    )
    .await;
    pages_after(&server, "2", vec![page(&[newer], 1, None)]).await;
    let generation = read_all(&server).await.expect("a generation");
    let entities: Vec<EntityFact> = generation.entities.iter().collect();
    let [EntityFact::Component(component)] = entities.as_slice() else {
        panic!("{generation:?}");
    };
    assert_eq!((&*component.name, component.owners.len()), ("A", 1));
}

#[tokio::test]
async fn s22_a_count_that_does_not_match_is_read_again() {
    let server = MockServer::start().await;
    let (a, b) = (entity("Component", "a"), entity("Component", "b"));
    // One was deleted during the first pass; the second is certain by itself.
    first_pages(
        &server,
        vec![
            page(&[a.clone(), b.clone()], 3, None),
            page(std::slice::from_ref(&b), 1, None),
        ],
    )
    .await;
    insta::assert_snapshot!(shown(&server).await, @"component:default/b");

    // A total that always lies: two passes that agree are believed.
    let server = MockServer::start().await;
    first_pages(&server, vec![page(&[a, b], 7, None)]).await;
    insta::assert_snapshot!(shown(&server).await, @"
    component:default/a
    component:default/b
    ");
    assert_eq!(server.received_requests().await.expect("recorded").len(), 2);
}

#[tokio::test]
async fn s22_a_catalog_that_never_holds_still_is_an_error() {
    let server = MockServer::start().await;
    let pages = ["a", "b", "c"].map(|name| page(&[entity("Component", name)], 2, None));
    first_pages(&server, pages.to_vec()).await;
    insta::assert_snapshot!(shown(&server).await, @"
    the catalog at `http://backstage/api/catalog` changed while it was read: 3 passes found 1 of 2, then 1 of 2, then 1 of 2 entities; Transient
    hint: wait until Backstage has finished importing; it is read again by itself
    ");
}

#[tokio::test]
async fn entities_not_yet_processed_are_told_of() {
    let server = MockServer::start().await;
    first_pages(
        &server,
        vec![page(&[entity("Component", "a"), Value::Null], 2, None)],
    )
    .await;
    insta::assert_snapshot!(shown(&server).await, @"
    component:default/a
    ! http://backstage/api/catalog: 1 entities that Backstage has not finished processing are missing
    ");
}

#[tokio::test]
async fn an_empty_catalog_says_what_may_be_wrong() {
    let server = MockServer::start().await;
    first_pages(&server, vec![page(&[], 0, None)]).await;
    insta::assert_snapshot!(shown(&server).await, @"! http://backstage/api/catalog: the catalog shows no Component, Group or User: either it is empty, or the token may not read it (its `accessRestrictions` must allow `catalog.entity.read`)");
}

#[tokio::test]
async fn s22_a_page_that_fails_for_good_is_an_error_and_nothing_else() {
    let server = MockServer::start().await;
    first_pages(
        &server,
        vec![page(&[entity("Component", "a")], 2, Some("2"))],
    )
    .await;
    let failure = json!({"error": {"name": "DatabaseError", "message": "gone"}, "response": {"statusCode": 500}});
    pages_after(
        &server,
        "2",
        vec![ResponseTemplate::new(500).set_body_json(failure)],
    )
    .await;
    insta::assert_snapshot!(shown(&server).await, @"
    page 2 of the catalog could not be read; Transient
      `http://backstage/api/catalog/entities/by-query` failed: status 500, DatabaseError: gone
    hint: Backstage failed: its own log says more
    ");
    let requests = server.received_requests().await.expect("recorded");
    assert_eq!(requests.len(), 1 + MAX_PAGE_TRIES as usize);
}

#[tokio::test]
async fn s22_a_rate_limit_in_the_middle_is_waited_out() {
    let server = MockServer::start().await;
    let limited = ResponseTemplate::new(429)
        .insert_header("Retry-After", "3")
        .set_body_json(json!({"error": {"name": "TooManyRequests", "message": "slow down"}}));
    first_pages(
        &server,
        vec![page(&[entity("Component", "a")], 2, Some("2"))],
    )
    .await;
    pages_after(
        &server,
        "2",
        vec![limited.clone(), page(&[entity("Component", "b")], 2, None)],
    )
    .await;
    insta::assert_snapshot!(shown(&server).await, @"
    component:default/a
    component:default/b
    ");

    // At the beginning it is for the schedule to wait.
    let server = MockServer::start().await;
    first_pages(&server, vec![limited]).await;
    let error = read_all(&server).await.expect_err("a refusal");
    assert_eq!(error.hint(), Hint::RetryAfter(Duration::from_secs(3)));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn refusals_say_what_to_set_and_are_retried_slowly() {
    for (status, name) in [(401, "AuthenticationError"), (403, "NotAllowedError")] {
        let server = MockServer::start().await;
        let body = json!({"error": {"name": name, "message": "Illegal token"}, "response": {"statusCode": status}});
        first_pages(
            &server,
            vec![ResponseTemplate::new(status).set_body_json(body)],
        )
        .await;
        let error = read_all(&server).await.expect_err("a refusal");
        assert_eq!(error.hint(), Hint::Refused, "{status}");
        let remedy = error.remedy().expect("a remedy");
        assert!(remedy.contains("backend.auth.externalAccess"), "{remedy}");
    }
}

#[tokio::test]
async fn an_older_backstage_is_read_twice() {
    let server = MockServer::start().await;
    let entities = [entity("Component", "a"), entity("Group", "g")];
    let not_found =
        ResponseTemplate::new(404).set_body_json(json!({"error": {"name": "NotFoundError"}}));
    Mock::given(path(BY_QUERY))
        .respond_with(not_found)
        .mount(&server)
        .await;
    let array = |items: &[Value]| ResponseTemplate::new(200).set_body_json(items);
    let at = |offset: &str| {
        Mock::given(method("GET"))
            .and(path(ENTITIES))
            .and(query_param("offset", offset))
    };
    Mock::given(method("GET"))
        .and(path(ENTITIES))
        .and(query_param("limit", "1"))
        .respond_with(array(&entities[..1]))
        .mount(&server)
        .await;
    // The first pass misses one, which the second and the third have.
    at("0")
        .respond_with(array(&entities[..1]))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    at("1").respond_with(array(&[])).mount(&server).await;
    at("0").respond_with(array(&entities)).mount(&server).await;
    at("2").respond_with(array(&[])).mount(&server).await;
    insta::assert_snapshot!(shown(&server).await, @"
    component:default/a
    group:default/g
    ");
}

#[tokio::test]
async fn progress_counts_up_to_what_was_announced() {
    let server = MockServer::start().await;
    first_pages(
        &server,
        vec![page(&[entity("Component", "a")], 2, Some("2"))],
    )
    .await;
    pages_after(
        &server,
        "2",
        vec![page(&[entity("Component", "b")], 2, None)],
    )
    .await;
    let mut steps = Vec::new();
    let client = client(&server);
    read(
        &client,
        &kinds(),
        &LabelMap::default(),
        &mut |step: Progress| {
            steps.push((step.entities, step.done, step.total));
        },
    )
    .await
    .expect("a generation");
    assert_eq!(steps, [(1, 1, Some(2)), (2, 2, Some(2))]);
}
