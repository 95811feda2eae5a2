//! Pages that are too large are asked for again in smaller parts.

mod support;

use std::ops::Range;

use backstage_client::{Client, EntityFilter, Error, Pager};
use support::{json, limit, report, scripted, settings};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Entities of which some are huge, by cursor or by offset as real ones give them.
#[derive(Clone)]
struct Catalog {
    entities: usize,
    huge: Range<usize>,
    by_cursor: bool,
}

const MAX: usize = 4_000;
const HUGE: usize = 3_000;

impl Catalog {
    fn entity(&self, n: usize, fields: Option<&str>) -> String {
        let size = if self.huge.contains(&n) { HUGE } else { 10 };
        let rest = match fields {
            None => "x".repeat(size),
            Some(_) => String::new(),
        };
        format!(r#"{{"kind":"Component","metadata":{{"name":"N{n}"}},"rest":"{rest}"}}"#)
    }
}

impl Respond for Catalog {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let parameter = |name: &str| {
            let mut pairs = request.url.query_pairs();
            pairs
                .find(|(found, _)| found == name)
                .map(|(_, value)| value.into_owned())
        };
        let by_query = request.url.path().ends_with("/by-query");
        if by_query != self.by_cursor {
            return ResponseTemplate::new(404);
        }
        let at = if by_query { "cursor" } else { "offset" };
        let start: usize = parameter(at).map_or(0, |at| at.parse().expect("a number"));
        let limit: usize = parameter("limit")
            .expect("a limit")
            .parse()
            .expect("a number");
        let end = self.entities.min(start + limit);
        let fields = parameter("fields");
        let items: Vec<String> = (start..end)
            .map(|n| self.entity(n, fields.as_deref()))
            .collect();
        let items = items.join(",");
        let body = match (by_query, end < self.entities) {
            (false, _) => format!("[{items}]"),
            (true, false) => format!(r#"{{"items":[{items}],"pageInfo":{{}}}}"#),
            (true, true) => {
                format!(r#"{{"items":[{items}],"pageInfo":{{"nextCursor":"{end}"}}}}"#)
            }
        };
        ResponseTemplate::new(200).set_body_raw(body, "application/json")
    }
}

async fn serve(catalog: Catalog) -> (MockServer, Client) {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(catalog)
        .mount(&server)
        .await;
    let mut settings = settings(&server.uri());
    settings.max_page_bytes = MAX;
    let client = Client::new(settings).expect("good settings");
    (server, client)
}

/// The names in order, and the limit after each page.
async fn crawl(pager: &mut Pager) -> Result<(Vec<String>, Vec<u32>), Error> {
    let (mut names, mut limits) = (Vec::new(), Vec::new());
    while let Some(page) = pager.next_page().await? {
        for text in page.entities() {
            let entity: serde_json::Value = serde_json::from_str(text).expect("JSON");
            names.push(
                entity["metadata"]["name"]
                    .as_str()
                    .expect("a name")
                    .to_owned(),
            );
        }
        limits.push(pager.page_limit().get());
    }
    Ok((names, limits))
}

#[tokio::test]
async fn a_few_huge_entities_cost_smaller_pages_for_a_while() {
    for by_cursor in [true, false] {
        let catalog = Catalog {
            entities: 200,
            huge: 12..14,
            by_cursor,
        };
        let (_server, client) = serve(catalog).await;
        let mut pager = client.entities(EntityFilter::all(), limit(30));
        let (names, limits) = crawl(&mut pager).await.expect("a crawl");
        let expected: Vec<String> = (0..200).map(|n| format!("N{n}")).collect();
        assert_eq!(names, expected, "{by_cursor}");
        // 30 does not fit, 3 and 3 and 3 do, ...
        assert_eq!(limits[..4], [3, 3, 3, 3]);
        // ... two huge ones do not, so that pages of one follow, and 10 of these, ...
        let ones = limits.iter().filter(|&&limit| limit == 1).count();
        assert_eq!(ones, 9, "{limits:?}");
        // ... and later the limit is as it was wanted.
        assert_eq!(limits.last(), Some(&30));
        assert!(limits.len() < 40, "{limits:?}");
    }
}

#[tokio::test]
async fn an_entity_that_is_too_large_alone_is_named() {
    for by_cursor in [true, false] {
        let catalog = Catalog {
            entities: 40,
            huge: 25..26,
            by_cursor,
        };
        let (server, _) = serve(catalog).await;
        let mut settings = settings(&server.uri());
        settings.max_page_bytes = HUGE;
        let client = Client::new(settings).expect("good settings");
        let mut pager = client.entities(EntityFilter::all(), limit(20));
        let error = crawl(&mut pager).await.expect_err("too large");
        assert!(!error.is_transient());
        let endpoint = if by_cursor {
            "entities/by-query"
        } else {
            "entities"
        };
        assert_eq!(
            report(&error, &server.uri()),
            format!(
                "the entity `component:default/n25` is larger than {HUGE} bytes: number 26 in \
                 `http://server/api/catalog/{endpoint}`, on page 5\n\
                 hint: have it made smaller, or allow larger answers"
            )
        );
        // It stands where it stood, and says the same again.
        let again = pager.next_page().await.expect_err("too large");
        assert_eq!(again.to_string(), error.to_string());
        assert_eq!((pager.pages(), pager.page_limit().get()), (4, 1));
    }
}

#[tokio::test]
async fn a_catalog_in_one_piece_cannot_be_made_smaller() {
    let server = MockServer::start().await;
    let body = format!("[{}]", vec!["{}"; 2_000].join(","));
    Mock::given(path("/api/catalog/entities"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
        .mount(&server)
        .await;
    let mut settings = settings(&server.uri());
    settings.max_page_bytes = MAX;
    let client = Client::new(settings).expect("good settings");
    let mut pager = client.entities(EntityFilter::all(), limit(1_000));
    let error = pager.next_page().await.expect_err("too large");
    assert_eq!(
        report(&error, &server.uri()),
        "the answer of `http://server/api/catalog/entities` is larger than 4000 bytes\n\
         hint: ask for smaller pages, or allow larger answers"
    );
    assert_eq!(pager.page_limit().get(), 1_000);
}

#[tokio::test]
async fn the_bound_holds_announced_or_not() {
    let body = format!(r#"{{"items":["{}"],"pageInfo":{{}}}}"#, "x".repeat(1000));
    let size = body.len();
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n"
    );
    for answer in [json(&body), chunked.into_bytes()] {
        for (max, fits) in [(size, true), (size - 1, false)] {
            // One more connection, to ask for the name of what is too large: it has none.
            let (address, _served) = scripted(vec![vec![answer.clone()]; 2]).await;
            let mut settings = settings(&address);
            settings.max_page_bytes = max;
            let client = Client::new(settings).expect("good settings");
            let mut pager = client.entities(EntityFilter::all(), limit(1));
            match pager.next_page().await {
                Ok(page) => assert!(fits && page.is_some_and(|page| page.bytes() == size)),
                Err(error) => {
                    assert!(!fits, "{error}");
                    let expected = format!(
                        "an entity is larger than {max} bytes: number 1 in \
                         `http://server/api/catalog/entities/by-query`, on page 1\n\
                         hint: find it in Backstage and have it made smaller, or allow larger answers"
                    );
                    assert_eq!(report(&error, &address), expected);
                }
            }
        }
    }
}
