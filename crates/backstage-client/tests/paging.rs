//! Reading everything, from each generation of the API.

mod support;

use std::io::Write;

use backstage_client::{Client, EntityFilter, Error, Pager};
use support::{client, limit, ownership};
use wiremock::{Match, Mock, MockServer, Request, ResponseTemplate};

/// Matches one path with exactly these query parameters, in this order.
struct Asked(&'static str, Vec<(&'static str, &'static str)>);

impl Match for Asked {
    fn matches(&self, request: &Request) -> bool {
        let query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        let expected = self
            .1
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        request.url.path() == format!("/api/catalog/{}", self.0)
            && query.iter().cloned().eq(expected)
    }
}

async fn answers(
    server: &MockServer,
    path: &'static str,
    query: &[(&'static str, &'static str)],
    json: &str,
) {
    Mock::given(Asked(path, query.to_vec()))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(json, "application/json; charset=utf-8"),
        )
        .expect(1)
        .mount(server)
        .await;
}

/// All entities of all pages, one list per page.
async fn crawl(mut pager: Pager) -> Result<Vec<Vec<String>>, Error> {
    let mut read = Vec::new();
    while let Some(page) = pager.next_page().await? {
        read.push(page.entities().map(str::to_owned).collect());
    }
    assert_eq!(pager.pages(), read.len());
    assert!(pager.next_page().await?.is_none(), "the end stays the end");
    Ok(read)
}

async fn queries(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("recorded");
    let query = |request: &Request| request.url.query().unwrap_or_default().to_owned();
    requests.iter().map(query).collect()
}

const FILTERS: [(&str, &str); 3] = [
    ("filter", "kind=component"),
    ("filter", "kind=group"),
    ("filter", "kind=user"),
];

fn with_filters(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    FILTERS.iter().chain(more).copied().collect()
}

#[tokio::test]
async fn by_cursor_until_none_follows() {
    let server = MockServer::start().await;
    let by_query = "entities/by-query";
    let first = r#"{"items":[{"n":1},null],"totalItems":3,"pageInfo":{"nextCursor":"a+/b= &é"}}"#;
    answers(&server, by_query, &with_filters(&[("limit", "2")]), first).await;
    let second = r#"{"items":[],"totalItems":3,"pageInfo":{"nextCursor":"c","prevCursor":"p"}}"#;
    answers(
        &server,
        by_query,
        &[("cursor", "a+/b= &é"), ("limit", "2")],
        second,
    )
    .await;
    let third = r#"{"items":[{"n":2},{"n":3}],"totalItems":3,"pageInfo":{"prevCursor":"q"}}"#;
    answers(&server, by_query, &[("cursor", "c"), ("limit", "2")], third).await;

    let pages = crawl(client(&server.uri()).entities(ownership(), limit(2)))
        .await
        .expect("a crawl");
    assert_eq!(
        pages,
        [vec![r#"{"n":1}"#], vec![], vec![r#"{"n":2}"#, r#"{"n":3}"#]]
    );
    assert_eq!(
        queries(&server).await[1],
        "cursor=a%2B%2Fb%3D+%26%C3%A9&limit=2"
    );
}

#[tokio::test]
async fn below_a_prefix_and_with_a_filter_of_the_user() {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::path(
        "/tools/backstage/api/catalog/entities/by-query",
    ))
    .and(wiremock::matchers::query_param(
        "filter",
        "kind=component,spec.type=service",
    ))
    .respond_with(
        ResponseTemplate::new(200)
            .set_body_raw(r#"{"items":[],"pageInfo":{}}"#, "application/json"),
    )
    .expect(1)
    .mount(&server)
    .await;
    let filter = EntityFilter::kinds(["component"])
        .expect("a kind")
        .and("spec.type=service");
    let client = client(&format!("{}/tools/backstage/", server.uri()));
    let pages = crawl(client.entities(filter.expect("a condition"), limit(5))).await;
    assert_eq!(pages.expect("a crawl"), [Vec::<String>::new()]);
}

#[tokio::test]
async fn by_offset_where_there_is_no_by_query() {
    let server = MockServer::start().await;
    let at = |offset| with_filters(&[("limit", "2"), ("offset", offset)]);
    answers(&server, "entities", &[("limit", "1")], r#"[{"n":0}]"#).await;
    answers(&server, "entities", &at("0"), r#"[{"n":1},null]"#).await;
    // Fewer than asked for is not the end: a server may have a maximum of its own.
    answers(&server, "entities", &at("2"), r#"[{"n":2}]"#).await;
    answers(&server, "entities", &at("3"), "[]").await;

    let mut pager = client(&server.uri()).entities(ownership(), limit(2));
    let page = pager.next_page().await.expect("an answer").expect("a page");
    assert_eq!(
        (page.len(), page.null_items(), page.total_items()),
        (1, 1, None)
    );
    assert!(pager.may_miss_entities());
    let page = pager.next_page().await.expect("an answer").expect("a page");
    assert_eq!(page.entities().collect::<Vec<_>>(), [r#"{"n":2}"#]);
    assert!(pager.next_page().await.expect("an answer").is_none());
    assert!(pager.next_page().await.expect("an answer").is_none());
}

#[tokio::test]
async fn in_one_piece_where_the_limit_means_nothing() {
    let server = MockServer::start().await;
    let all = r#"[{"n":1},{"n":2},{"n":3}]"#;
    answers(&server, "entities", &[("limit", "1")], all).await;
    answers(&server, "entities", &FILTERS, all).await;
    let pages = crawl(client(&server.uri()).entities(ownership(), limit(2))).await;
    assert_eq!(
        pages.expect("a crawl"),
        [[r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#]]
    );
}

#[tokio::test]
async fn in_one_piece_where_the_limit_is_refused() {
    let server = MockServer::start().await;
    Mock::given(Asked("entities", vec![("limit", "1")]))
        .respond_with(ResponseTemplate::new(400))
        .mount(&server)
        .await;
    answers(&server, "entities", &[], "[{}]").await;
    let pages = crawl(client(&server.uri()).entities(EntityFilter::all(), limit(2))).await;
    assert_eq!(pages.expect("a crawl"), [["{}"]]);
    let asked = ["limit=2", "limit=1", "limit=2", ""];
    assert_eq!(queries(&server).await, asked);
}

#[tokio::test]
async fn a_backstage_that_starts_is_not_taken_for_an_older_one() {
    let server = MockServer::start().await;
    let missing = |path, query: &[(&'static str, &'static str)]| {
        Mock::given(Asked(path, query.to_vec()))
            .respond_with(ResponseTemplate::new(404))
            .up_to_n_times(1)
            .with_priority(1)
    };
    let by_query = "entities/by-query";
    // At first there is no route at all; then the routes come between two requests.
    missing(by_query, &[("limit", "2")]).mount(&server).await;
    missing("entities", &[("limit", "1")]).mount(&server).await;
    let page = r#"{"items":[{"n":1}],"pageInfo":{}}"#;
    answers(&server, by_query, &[("limit", "2")], page).await;
    answers(&server, "entities", &[("limit", "1")], "[{}]").await;

    let mut pager = client(&server.uri()).entities(EntityFilter::all(), limit(2));
    let error = pager.next_page().await.expect_err("no route");
    assert!(matches!(error, Error::NoRoute { .. }), "{error:?}");
    assert!(error.is_transient());

    missing(by_query, &[("limit", "2")]).mount(&server).await;
    let page = pager.next_page().await.expect("an answer").expect("a page");
    assert_eq!(page.entities().collect::<Vec<_>>(), [r#"{"n":1}"#]);
    assert!(!pager.may_miss_entities());
    assert!(pager.next_page().await.expect("an answer").is_none());
    let asked = ["limit=2", "limit=1", "limit=2", "limit=1", "limit=2"];
    assert_eq!(queries(&server).await, asked);
}

#[tokio::test]
async fn pages_that_lead_back_are_an_error() {
    let server = MockServer::start().await;
    for (cursor, next) in [("a", "b"), ("b", "a")] {
        let json = format!(r#"{{"items":[{{}}],"pageInfo":{{"nextCursor":"{next}"}}}}"#);
        answers(
            &server,
            "entities/by-query",
            &[("cursor", cursor), ("limit", "1")],
            &json,
        )
        .await;
    }
    let first = r#"{"items":[{}],"pageInfo":{"nextCursor":"a"}}"#;
    answers(&server, "entities/by-query", &[("limit", "1")], first).await;
    let error = crawl(client(&server.uri()).entities(EntityFilter::all(), limit(1))).await;
    assert_eq!(
        support::report(&error.expect_err("a loop"), &server.uri()),
        "`http://server/api/catalog/entities` leads from page 3 back to a page that was already read\n\
         hint: Backstage does not answer so: look at what stands between and changes its answers, such as a cache"
    );

    // An old server that takes the limit and ignores the offset.
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::path("/api/catalog/entities"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(r#"[{"n":1}]"#, "application/json"))
        .mount(&server)
        .await;
    let error = crawl(client(&server.uri()).entities(EntityFilter::all(), limit(1))).await;
    assert!(
        matches!(error, Err(Error::PageLoop { page: 2, .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn after_an_error_the_same_page_is_asked_for_again() {
    let server = MockServer::start().await;
    let by_query = "entities/by-query";
    let first = r#"{"items":[{"n":1}],"pageInfo":{"nextCursor":"a"}}"#;
    answers(&server, by_query, &[("limit", "1")], first).await;
    Mock::given(Asked(by_query, vec![("cursor", "a"), ("limit", "1")]))
        .respond_with(ResponseTemplate::new(429))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    answers(
        &server,
        by_query,
        &[("cursor", "a"), ("limit", "1")],
        r#"{"items":[{"n":2}],"pageInfo":{}}"#,
    )
    .await;
    let mut pager = client(&server.uri()).entities(EntityFilter::all(), limit(1));
    pager.next_page().await.expect("an answer").expect("a page");
    let error = pager.next_page().await.expect_err("a rate limit");
    assert!(matches!(error, Error::RateLimited { .. }), "{error}");
    let page = pager.next_page().await.expect("an answer").expect("a page");
    assert_eq!(page.entities().collect::<Vec<_>>(), [r#"{"n":2}"#]);
    assert!(pager.next_page().await.expect("an answer").is_none());
}

#[tokio::test]
async fn by_refs_gives_one_answer_per_reference() {
    struct Echo;
    impl wiremock::Respond for Echo {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            let body: serde_json::Value = request.body_json().expect("JSON");
            let refs = body["entityRefs"].as_array().expect("references");
            let known = |found: &&serde_json::Value| **found != "group:default/nope";
            let items: Vec<_> = refs.iter().map(|found| Some(found).filter(known)).collect();
            ResponseTemplate::new(200).set_body_json(serde_json::json!({ "items": items }))
        }
    }
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::method("POST"))
        .and(wiremock::matchers::path("/api/catalog/entities/by-refs"))
        .and(wiremock::matchers::header(
            "content-type",
            "application/json",
        ))
        .respond_with(Echo)
        .expect(3)
        .mount(&server)
        .await;
    let client: Client = client(&server.uri());
    let mut refs: Vec<String> = (0..2100)
        .map(|n| format!("Component:Default/N{n}"))
        .collect();
    refs[1000] = "group:default/nope".to_owned();
    let found = client.by_refs(&refs).await.expect("an answer");
    assert_eq!(found.len(), 2100);
    for (n, entity) in found.iter().enumerate() {
        let expected = format!("\"component:default/n{n}\"");
        assert_eq!(entity, (n != 1000).then_some(expected.as_str()));
    }
    let none: [&str; 0] = [];
    assert!(
        client
            .by_refs(&none)
            .await
            .expect("nothing to ask")
            .is_empty()
    );
}

/// Compresses for who asks for it, as Backstage does.
struct Compressing(&'static str);

impl wiremock::Respond for Compressing {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let ok = ResponseTemplate::new(200);
        if !request.headers.contains_key("accept-encoding") {
            return ok.set_body_raw(self.0, "application/json");
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(self.0.as_bytes()).expect("room");
        ok.set_body_raw(encoder.finish().expect("room"), "application/json")
            .insert_header("content-encoding", "gzip")
    }
}

#[tokio::test]
async fn gzip_is_asked_for_only_where_it_is_wanted() {
    let body = r#"{"items":[{"name":"é"}],"pageInfo":{}}"#;
    for (gzip, expected) in [(false, None), (true, Some("gzip"))] {
        let server = MockServer::start().await;
        Mock::given(Asked("entities/by-query", vec![("limit", "2")]))
            .respond_with(Compressing(body))
            .mount(&server)
            .await;
        let mut settings = support::settings(&server.uri());
        settings.gzip = gzip;
        let client = Client::new(settings).expect("good settings");
        let page = support::first_page(&client).await.expect("a page");
        assert_eq!(page.entities().collect::<Vec<_>>(), [r#"{"name":"é"}"#]);
        assert_eq!(client.traffic().bytes_received, body.len() as u64);
        let requests = server.received_requests().await.expect("recorded");
        let accepted = requests[0]
            .headers
            .get("accept-encoding")
            .map(|v| v.to_str().expect("ASCII"));
        assert_eq!(accepted, expected);
        assert_eq!(requests[0].headers["accept"], "application/json");
        let agent = requests[0].headers["user-agent"].to_str().expect("ASCII");
        assert!(agent.starts_with("backstage-client/"), "{agent}");
    }
}

#[tokio::test]
async fn the_fields_are_asked_for_on_every_page() {
    let fields = ("fields", "kind,metadata.name,metadata.namespace,spec.owner");
    let chosen = |server: &MockServer| {
        let mut settings = support::settings(&server.uri());
        settings.fields = Some(vec!["spec.owner".to_owned()]);
        Client::new(settings).expect("good settings")
    };
    let server = MockServer::start().await;
    let by_query = "entities/by-query";
    let first = r#"{"items":[{"n":1}],"pageInfo":{"nextCursor":"a"}}"#;
    let last = r#"{"items":[{"n":2}],"pageInfo":{}}"#;
    answers(
        &server,
        by_query,
        &with_filters(&[("limit", "1"), fields]),
        first,
    )
    .await;
    let second = [("cursor", "a"), ("limit", "1"), fields];
    answers(&server, by_query, &second, last).await;
    let pages = crawl(chosen(&server).entities(ownership(), limit(1))).await;
    assert_eq!(pages.expect("a crawl"), [[r#"{"n":1}"#], [r#"{"n":2}"#]]);

    let server = MockServer::start().await;
    let at = |offset| [("limit", "1"), ("offset", offset), fields];
    answers(&server, "entities", &[("limit", "1")], "[{}]").await;
    answers(&server, "entities", &at("0"), r#"[{"n":1}]"#).await;
    answers(&server, "entities", &at("1"), "[]").await;
    let pages = crawl(chosen(&server).entities(EntityFilter::all(), limit(1))).await;
    assert_eq!(pages.expect("a crawl"), [[r#"{"n":1}"#]]);

    let server = MockServer::start().await;
    answers(&server, "entities", &[("limit", "1")], "[{},{}]").await;
    answers(&server, "entities", &[fields], "[{},{}]").await;
    let pages = crawl(chosen(&server).entities(EntityFilter::all(), limit(1))).await;
    assert_eq!(pages.expect("a crawl"), [["{}", "{}"]]);
}

/// The count is told to the caller, who may hold it against what came; it never ends a crawl.
#[tokio::test]
async fn a_total_that_lies_changes_nothing() {
    for total in ["0", "1", "18446744073709551615"] {
        let server = MockServer::start().await;
        let page = |n: u32, info: &str| {
            format!(r#"{{"items":[{{"n":{n}}}],"totalItems":{total},"pageInfo":{info}}}"#)
        };
        let by_query = "entities/by-query";
        let first = page(1, r#"{"nextCursor":"a"}"#);
        answers(&server, by_query, &[("limit", "1")], &first).await;
        let second = [("cursor", "a"), ("limit", "1")];
        answers(&server, by_query, &second, &page(2, "{}")).await;
        let mut pager = client(&server.uri()).entities(EntityFilter::all(), limit(1));
        let mut read = 0;
        while let Some(page) = pager.next_page().await.expect("a page") {
            assert_eq!(
                page.total_items().map(|n| n.to_string()).as_deref(),
                Some(total)
            );
            read += page.len();
        }
        assert_eq!(read, 2);
    }
}

#[tokio::test]
async fn what_was_sent_and_received_is_counted() {
    let server = MockServer::start().await;
    let body = r#"{"items":[],"pageInfo":{}}"#;
    answers(&server, "entities/by-query", &[("limit", "2")], body).await;
    let client = client(&server.uri());
    assert_eq!(client.traffic(), backstage_client::Traffic::default());
    support::first_page(&client.clone()).await.expect("a page");
    let traffic = client.traffic();
    assert_eq!((traffic.requests, traffic.bytes_received), (1, 26));
    // The answer to this is an error without a body.
    client
        .by_refs(&["a:b/c"])
        .await
        .expect_err("no such endpoint");
    let traffic = client.traffic();
    assert_eq!(
        (
            traffic.requests,
            traffic.bytes_received,
            traffic.token_requests
        ),
        (2, 26, 0)
    );
}
