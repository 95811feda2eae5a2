//! Each fault of the proxy does what it says, as seen by a client that looks at the bytes.

use std::collections::BTreeSet;
use std::io::Read;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use testbed::proxy::{Announced, Answer, Fault, FaultProxy, Loop, Point, RetryAfter, Total};
use testbed::served::Catalog;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BY_QUERY: &str = "/api/catalog/entities/by-query";
const ENTITIES: &str = "/api/catalog/entities";
/// Longer than anything takes on the busiest machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// Eight entities of three kinds.
async fn catalog() -> Catalog {
    let catalog = Catalog::start().await.expect("a catalog");
    for (kind, count) in [("Component", 5), ("Group", 2), ("User", 1)] {
        for number in 0..count {
            catalog.put(json!({
                "apiVersion": "backstage.io/v1alpha1",
                "kind": kind,
                "metadata": {"name": format!("{}-{number}", kind.to_lowercase())},
                "spec": {"owner": "group-0"},
            }));
        }
    }
    catalog
}

async fn proxied() -> (Catalog, FaultProxy) {
    let catalog = catalog().await;
    let proxy = FaultProxy::start(&catalog.url()).await.expect("a proxy");
    (catalog, proxy)
}

/// What came over one connection, to its end.
struct Raw {
    head: String,
    /// As sent, chunks and all.
    sent: Vec<u8>,
    /// Whether the connection was reset instead of closed.
    reset: bool,
}

impl Raw {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let line = self
            .head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::trim)
    }

    /// The body, and whether it came to its announced end.
    fn body(&self) -> (Vec<u8>, bool) {
        if let Some(length) = self.header("content-length") {
            return (self.sent.clone(), length == self.sent.len().to_string());
        }
        let (mut rest, mut body) = (self.sent.as_slice(), Vec::new());
        loop {
            let Some(line) = rest.windows(2).position(|end| end == b"\r\n") else {
                return (body, false);
            };
            let size = std::str::from_utf8(&rest[..line]).expect("a size");
            let size = usize::from_str_radix(size, 16).expect("a size");
            if size == 0 {
                return (body, rest == b"0\r\n\r\n");
            }
            body.extend_from_slice(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 2 + size + 2..];
        }
    }

    fn text(&self) -> String {
        let (body, whole) = self.body();
        assert!(
            whole,
            "the body is not whole: {}",
            String::from_utf8_lossy(&body)
        );
        String::from_utf8(body).expect("UTF-8")
    }
}

async fn connect(proxy: &FaultProxy) -> std::io::Result<TcpStream> {
    TcpStream::connect(proxy.url().trim_start_matches("http://")).await
}

async fn ask(proxy: &FaultProxy, request: &str) -> TcpStream {
    let mut stream = connect(proxy).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

async fn read(mut stream: TcpStream) -> Raw {
    let mut all = Vec::new();
    let ended = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut all));
    let ended = ended.await.expect("the end of the connection");
    let head = all
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .map_or(0, |at| at + 4);
    Raw {
        head: String::from_utf8(all[..head].to_vec()).expect("ASCII"),
        sent: all[head..].to_vec(),
        reset: ended.is_err(),
    }
}

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Mine: secret\r\n\r\n")
}

async fn get(proxy: &FaultProxy, target: &str) -> Raw {
    read(ask(proxy, &request(target)).await).await
}

async fn by_query(proxy: &FaultProxy) -> Raw {
    get(proxy, BY_QUERY).await
}

async fn page(proxy: &FaultProxy, query: &str) -> Value {
    let raw = get(proxy, &format!("{BY_QUERY}?{query}")).await;
    serde_json::from_str(&raw.text()).expect("JSON")
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().expect("items")
}

fn cursor(page: &Value) -> String {
    let cursor = page["pageInfo"]["nextCursor"].as_str().expect("a cursor");
    form_urlencoded::byte_serialize(cursor.as_bytes()).collect()
}

/// The body without any fault.
async fn truth(catalog: &Catalog) -> String {
    let proxy = FaultProxy::start(&catalog.url()).await.expect("a proxy");
    by_query(&proxy).await.text()
}

#[tokio::test]
async fn without_a_fault_everything_passes_and_is_written_down() {
    let (_catalog, proxy) = proxied().await;
    let raw = get(&proxy, &format!("{BY_QUERY}?limit=3&filter=kind=component")).await;
    assert_eq!(raw.status(), "200");
    assert_eq!(
        raw.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    let page: Value = serde_json::from_str(&raw.text()).expect("JSON");
    assert_eq!(items(&page).len(), 3);
    let body = r#"{"entityRefs":["group:default/group-0"]}"#;
    let length = body.len();
    let post = format!(
        "POST {ENTITIES}/by-refs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    let found = read(ask(&proxy, &post).await).await.text();
    assert!(found.contains(r#""name":"group-0""#), "{found}");
    assert_eq!(get(&proxy, "/nope").await.status(), "404");

    let requests = proxy.requests();
    let lines: Vec<String> = requests.iter().map(testbed::proxy::Request::line).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    GET /api/catalog/entities/by-query?limit=3&filter=kind=component
    POST /api/catalog/entities/by-refs
    GET /nope
    ");
    assert_eq!(requests[0].header_names, ["connection", "host", "x-mine"]);
    assert!(requests[0].has_header("x-mine") && !requests[1].has_header("x-mine"));
    assert_eq!(
        (requests[0].path(), requests[1].body_bytes),
        (BY_QUERY, length)
    );
    assert_eq!(
        [requests[0].page, requests[1].page, requests[2].page],
        [Some(1), None, None]
    );
    assert!(!format!("{requests:?}").contains("secret"));
    assert_eq!(proxy.counts()["GET /nope"], 1);
    proxy.forget_requests();
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn a_connection_takes_one_request_after_another() {
    let (_catalog, proxy) = proxied().await;
    let two = format!("GET /a HTTP/1.1\r\nHost: x\r\n\r\n{}", request("/b"));
    let raw = read(ask(&proxy, &two).await).await;
    let answers = String::from_utf8_lossy(&raw.sent)
        .matches("HTTP/1.1 404")
        .count();
    assert_eq!((raw.status(), answers), ("404", 1));
    assert_eq!(proxy.requests().len(), 2);
}

#[tokio::test]
async fn refused_closes_the_port_and_opens_the_same_one() {
    let (_catalog, proxy) = proxied().await;
    let url = proxy.url();
    // One that is open and idle is closed too.
    let idle = connect(&proxy).await.expect("a connection");
    for _ in 0..3 {
        proxy.set(Fault::Refused).await;
        let error = connect(&proxy).await.expect_err("a refusal");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        proxy.clear().await;
        assert_eq!(by_query(&proxy).await.status(), "200");
    }
    assert!(read(idle).await.sent.is_empty());
    assert_eq!(proxy.url(), url);
    // Another fault opens the port as well.
    proxy.set(Fault::Refused).await;
    proxy.set(Fault::bad_gateway()).await;
    assert_eq!(by_query(&proxy).await.status(), "502");
    // For one page it is a connection that breaks before the answer.
    proxy.clear().await;
    proxy.on_page(1, Fault::Refused);
    let raw = by_query(&proxy).await;
    assert!(raw.reset && raw.head.is_empty());
}

#[tokio::test]
async fn slow_is_whole_and_slow() {
    let (catalog, proxy) = proxied().await;
    let truth = truth(&catalog).await;
    let pause = Duration::from_millis(5);
    let bytes = truth.len() / 9;
    proxy.set(Fault::Slow { bytes, pause }).await;
    let began = Instant::now();
    assert_eq!(by_query(&proxy).await.text(), truth);
    assert!(began.elapsed() >= pause * 9);
}

#[tokio::test]
async fn hanging_goes_on_when_it_is_cleared() {
    let (catalog, proxy) = proxied().await;
    let truth = truth(&catalog).await;
    proxy.set(Fault::HangMidBody { after: 100 }).await;
    let mut stream = ask(&proxy, &request(BY_QUERY)).await;
    let mut before = Vec::new();
    while !String::from_utf8_lossy(&before).contains(&truth[..100]) {
        assert_ne!(stream.read_buf(&mut before).await.expect("more"), 0);
    }
    // Nothing more is there, and the connection is open.
    assert_eq!(
        stream.try_read(&mut [0]).map_err(|error| error.kind()),
        Err(std::io::ErrorKind::WouldBlock)
    );
    proxy.clear().await;
    let mut after = Vec::new();
    stream.read_to_end(&mut after).await.expect("the rest");
    before.extend(after);
    let head = before
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .expect("a head")
        + 4;
    let raw = Raw {
        head: String::from_utf8_lossy(&before[..head]).into_owned(),
        sent: before[head..].to_vec(),
        reset: false,
    };
    assert_eq!(raw.text(), truth);
}

#[tokio::test]
async fn bodies_stop_where_they_are_told_to() {
    let (catalog, proxy) = proxied().await;
    let truth = truth(&catalog).await;
    let first = truth.as_bytes()[..700].to_vec();

    proxy.set(Fault::TruncatedJson { after: 700 }).await;
    let raw = by_query(&proxy).await;
    assert_eq!(raw.status(), "200");
    assert_eq!((raw.body(), raw.reset), ((first.clone(), true), false));

    for announced in [Announced::Length, Announced::Chunks] {
        proxy
            .set(Fault::CutOff {
                after: 700,
                announced,
            })
            .await;
        let raw = by_query(&proxy).await;
        assert_eq!((raw.body(), raw.reset), ((first.clone(), false), false));
        let by_length = raw.header("content-length").is_some();
        assert_eq!(by_length, announced == Announced::Length);
        // More than there is: all of it, and yet not whole.
        proxy
            .set(Fault::CutOff {
                after: 1_000_000,
                announced,
            })
            .await;
        let all = truth.clone().into_bytes();
        assert_eq!(by_query(&proxy).await.body(), (all, false));
    }

    proxy.set(Fault::Reset { after: 700 }).await;
    let raw = by_query(&proxy).await;
    // What was on its way when the reset came may be lost.
    assert!(raw.reset && first.starts_with(&raw.body().0));

    proxy.set(Fault::InvalidUtf8 { offset: 700 }).await;
    let (body, whole) = by_query(&proxy).await.body();
    let mut expected = truth.into_bytes();
    expected[700] = 0xff;
    assert!(whole && std::str::from_utf8(&body).is_err());
    assert_eq!(body, expected);
}

#[tokio::test]
async fn other_answers_are_what_they_are_told_to_be() {
    let (_catalog, proxy) = proxied().await;
    let cases = [
        (
            Fault::database_gone(),
            "500",
            Some("application/json; charset=utf-8"),
            "\"code\":500",
        ),
        (
            Fault::starting(),
            "503",
            Some("application/json; charset=utf-8"),
            "ServiceUnavailableError",
        ),
        (
            Fault::bad_gateway(),
            "502",
            Some("text/html"),
            "<title>502 Bad Gateway</title>",
        ),
        (Fault::head_too_large(), "431", None, ""),
        (
            Fault::HtmlWith200,
            "200",
            Some("text/html; charset=utf-8"),
            "Sign in",
        ),
    ];
    for (fault, status, content_type, part) in cases {
        proxy.set(fault).await;
        let raw = by_query(&proxy).await;
        assert_eq!(
            (raw.status(), raw.header("content-type")),
            (status, content_type)
        );
        let part = part.replace("\"code\":500", "\"statusCode\":500");
        assert!(raw.text().contains(&part), "{}", raw.text());
    }
    let mut answer = Answer::error_document(503, "ServiceUnavailableError", "busy");
    answer.headers.push(("retry-after", "7".to_owned()));
    proxy.set(Fault::Status(answer)).await;
    assert_eq!(by_query(&proxy).await.header("retry-after"), Some("7"));
    proxy
        .set(Fault::Redirect("http://127.0.0.1:9/elsewhere".to_owned()))
        .await;
    let raw = by_query(&proxy).await;
    assert_eq!(raw.status(), "302");
    assert_eq!(raw.header("location"), Some("http://127.0.0.1:9/elsewhere"));
    proxy.set(Fault::WrongContentType).await;
    let raw = by_query(&proxy).await;
    assert_eq!(
        raw.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(raw.text().starts_with("{\"items\""));
}

/// Seconds from now to an HTTP date.
fn from_now(date: &str) -> i64 {
    let date = httpdate::parse_http_date(date).expect("a date");
    match date.duration_since(SystemTime::now()) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).expect("near"),
        Err(behind) => -i64::try_from(behind.duration().as_secs()).expect("near"),
    }
}

#[tokio::test]
async fn clocks_are_off_by_what_they_are_told() {
    let (_catalog, proxy) = proxied().await;
    proxy.set(Fault::RateLimited(RetryAfter::Seconds(90))).await;
    let raw = by_query(&proxy).await;
    assert_eq!(
        (raw.status(), raw.header("retry-after")),
        ("429", Some("90"))
    );
    proxy
        .set(Fault::RateLimited(RetryAfter::Text("soon")))
        .await;
    assert_eq!(by_query(&proxy).await.header("retry-after"), Some("soon"));
    let near = |date: Option<&str>, expected: i64| {
        let found = from_now(date.expect("a date"));
        assert!((expected - 60..=expected + 60).contains(&found), "{found}");
    };
    for (ahead, skew) in [(600, 0), (600, 86_400), (600, -31_536_000)] {
        proxy
            .set(Fault::RateLimited(RetryAfter::Date { ahead, skew }))
            .await;
        let raw = by_query(&proxy).await;
        near(raw.header("date"), skew);
        near(raw.header("retry-after"), skew + ahead);
    }
    proxy.set(Fault::ClockSkew { seconds: -86_400 }).await;
    let raw = by_query(&proxy).await;
    near(raw.header("date"), -86_400);
    assert_eq!(raw.status(), "200");
}

#[tokio::test]
async fn large_answers_are_as_large_as_they_are_told() {
    let (_catalog, proxy) = proxied().await;
    proxy.set(Fault::HugeEntity { bytes: 3_000_001 }).await;
    let page: Value = serde_json::from_str(&by_query(&proxy).await.text()).expect("JSON");
    let description = |page: &Value| {
        items(page)[0]["metadata"]["description"]
            .as_str()
            .map(str::len)
    };
    assert_eq!(description(&page), Some(3_000_001));

    proxy
        .set(Fault::GzipBomb {
            decompressed: 30_000_000,
        })
        .await;
    let raw = by_query(&proxy).await;
    assert_eq!(raw.header("content-encoding"), Some("gzip"));
    let (body, whole) = raw.body();
    assert!(whole && body.len() < 100_000, "{}", body.len());
    let mut text = String::new();
    flate2::read::GzDecoder::new(&body[..])
        .read_to_string(&mut text)
        .expect("gzip");
    let page: Value = serde_json::from_str(&text).expect("JSON");
    let expected = 30_000_000_usize.next_multiple_of(65_536);
    assert_eq!(description(&page), Some(expected));
}

#[tokio::test]
async fn cursors_lead_in_circles() {
    let (_catalog, proxy) = proxied().await;
    let walk = async |steps: usize| {
        let mut page = page(&proxy, "limit=2").await;
        let mut seen = vec![items(&page).clone()];
        for _ in 0..steps {
            let cursor = cursor(&page);
            page = self::page(&proxy, &format!("limit=2&cursor={cursor}")).await;
            seen.push(items(&page).clone());
        }
        seen
    };
    let true_pages = walk(3).await;
    let one = |index: usize| true_pages[index].clone();
    proxy.set(Fault::LoopingCursor(Loop::Same)).await;
    assert_eq!(walk(3).await, [one(0), one(1), one(1), one(1)]);
    proxy.set(Fault::LoopingCursor(Loop::OfTwo)).await;
    assert_eq!(
        walk(5).await,
        [one(0), one(1), one(2), one(1), one(2), one(1)]
    );
    proxy.set(Fault::LoopingCursor(Loop::Fresh)).await;
    assert_eq!(walk(3).await, [one(0), one(0), one(0), one(0)]);
    let targets: BTreeSet<String> = proxy
        .requests()
        .iter()
        .rev()
        .take(4)
        .map(|request| request.target.clone())
        .collect();
    assert_eq!(targets.len(), 4, "always another cursor: {targets:?}");
}

#[tokio::test]
async fn parts_of_the_catalog_are_hidden() {
    let (_catalog, proxy) = proxied().await;
    let refs = async || {
        let body = r#"{"entityRefs":["group:default/group-0","component:default/component-0"]}"#;
        let length = body.len();
        let post = format!(
            "POST {ENTITIES}/by-refs HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let text = read(ask(&proxy, &post).await).await.text();
        let json: Value = serde_json::from_str(&text).expect("JSON");
        items(&json)
            .iter()
            .map(|item| !item.is_null())
            .collect::<Vec<_>>()
    };
    proxy.set(Fault::EmptyCatalog).await;
    assert_eq!(
        page(&proxy, "limit=2").await,
        json!({"items": [], "totalItems": 0, "pageInfo": {}})
    );
    assert_eq!(get(&proxy, ENTITIES).await.text(), "[]");
    assert_eq!(refs().await, [false, false]);

    proxy.set(Fault::HideKinds(vec!["group"])).await;
    let first = page(&proxy, "limit=5").await;
    assert_eq!(first["totalItems"], 6);
    let rest = page(&proxy, &format!("limit=5&cursor={}", cursor(&first))).await;
    assert_eq!(rest["totalItems"], 6);
    assert_eq!(items(&first).len() + items(&rest).len(), 6);
    // The filter of the request counts.
    assert_eq!(
        page(&proxy, "filter=kind=component&filter=kind=group").await["totalItems"],
        5
    );
    assert_eq!(refs().await, [false, true]);

    let half = |total| Fault::Fraction { part: 0.5, total };
    proxy.set(half(Total::Matching)).await;
    let matching = page(&proxy, "").await;
    let kept = items(&matching).len();
    assert!((1..8).contains(&kept), "{kept}");
    assert_eq!(matching["totalItems"], kept);
    proxy.set(half(Total::Unchanged)).await;
    let unchanged = page(&proxy, "").await;
    assert_eq!(unchanged["totalItems"], 8);
    assert_eq!(items(&unchanged), items(&matching), "always the same ones");
    proxy
        .set(Fault::Fraction {
            part: 1.0,
            total: Total::Matching,
        })
        .await;
    assert_eq!(page(&proxy, "").await["totalItems"], 8);
}

#[tokio::test]
async fn what_entities_say_is_changed() {
    let (_catalog, proxy) = proxied().await;
    let true_page = page(&proxy, "").await;
    proxy.set(Fault::TotalItems(5)).await;
    let lie = page(&proxy, "").await;
    assert_eq!(
        (&lie["totalItems"], items(&lie)),
        (&json!(5), items(&true_page))
    );

    let mutate = |pointer, value, every| Fault::MutateField {
        pointer,
        value,
        every,
    };
    let cases = [
        (
            mutate("/spec/owner", Some(json!(7)), 1),
            "/spec/owner",
            8,
            json!(7),
        ),
        (
            mutate("/metadata/annotations", Some(json!("x")), 3),
            "/metadata/annotations",
            3,
            json!("x"),
        ),
        (mutate("/kind", None, 8), "/kind", 1, Value::Null),
        (
            Fault::UnknownApiVersion,
            "/apiVersion",
            8,
            json!("catalog.example.com/v9"),
        ),
    ];
    for (fault, pointer, expected, value) in cases {
        proxy.set(fault).await;
        let changed = page(&proxy, "").await;
        let found = |entity: &&Value| entity.pointer(pointer).unwrap_or(&Value::Null) == &value;
        assert_eq!(
            items(&changed).iter().filter(found).count(),
            expected,
            "{pointer}"
        );
        assert_eq!(items(&changed).len(), 8);
    }
    proxy.set(mutate("", Some(json!("not an entity")), 4)).await;
    let odd = page(&proxy, "").await;
    assert_eq!(
        items(&odd).iter().filter(|item| item.is_string()).count(),
        2
    );
    proxy.set(Fault::NullItems { every: 4 }).await;
    let nulls = page(&proxy, "").await;
    assert_eq!(
        items(&nulls).iter().filter(|item| item.is_null()).count(),
        2
    );
    proxy.set(Fault::DuplicateItems { every: 4 }).await;
    let twice = page(&proxy, "").await;
    assert_eq!((items(&twice).len(), &twice["totalItems"]), (10, &json!(8)));
}

#[tokio::test]
async fn a_fault_may_be_for_one_page_and_for_some_times() {
    let (_catalog, proxy) = proxied().await;
    proxy.on_page_times(2, 1, Fault::bad_gateway());
    let first = page(&proxy, "limit=3").await;
    let second = format!("{BY_QUERY}?limit=3&cursor={}", cursor(&first));
    assert_eq!(get(&proxy, &second).await.status(), "502");
    // The same page again.
    let again: Value = serde_json::from_str(&get(&proxy, &second).await.text()).expect("JSON");
    proxy.on_page(3, Fault::database_gone());
    let third = format!("{BY_QUERY}?limit=3&cursor={}", cursor(&again));
    assert_eq!(get(&proxy, &third).await.status(), "500");
    assert_eq!(get(&proxy, &third).await.status(), "500");
    let pages: Vec<_> = proxy
        .requests()
        .iter()
        .map(|request| request.page)
        .collect();
    assert_eq!(pages, [1, 2, 2, 3, 3].map(Some));

    // By offset pages are counted too.
    proxy.clear().await;
    proxy.forget_requests();
    for query in [
        "limit=1",
        "limit=3&offset=0",
        "limit=3&offset=3",
        "limit=3&offset=6",
    ] {
        get(&proxy, &format!("{ENTITIES}?{query}")).await;
    }
    let pages: Vec<_> = proxy
        .requests()
        .iter()
        .map(|request| request.page)
        .collect();
    assert_eq!(pages, [1, 1, 2, 3].map(Some));

    proxy.set_times(2, Fault::bad_gateway());
    for expected in ["502", "502", "200"] {
        assert_eq!(by_query(&proxy).await.status(), expected);
    }
}

#[tokio::test]
async fn an_answer_is_frozen_while_the_catalog_changes() {
    let (catalog, proxy) = proxied().await;
    for (point, expected) in [(Point::Asking, 7), (Point::Answering, 7)] {
        let before = catalog.len();
        let mut hold = proxy.hold(1, point);
        let stream = ask(&proxy, &request(BY_QUERY)).await;
        hold.reached().await;
        let gone = format!("component:default/component-{}", 8 - before);
        assert!(catalog.remove(&gone));
        hold.release();
        let page: Value = serde_json::from_str(&read(stream).await.text()).expect("JSON");
        assert_eq!(page["totalItems"], expected, "{point:?}");
    }
    // Once only.
    assert_eq!(by_query(&proxy).await.status(), "200");
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_a_bad_gateway() {
    let (catalog, proxy) = proxied().await;
    drop(catalog);
    // The catalog ends when its task is told of it, which is soon.
    let deadline = Instant::now() + DEADLINE;
    while by_query(&proxy).await.status() != "502" {
        assert!(Instant::now() < deadline, "the catalog is still there");
    }
}
