//! Every way in which a request can fail, and what is said about it.

mod support;

use std::time::Duration;

use backstage_client::{
    AuthFailure, ConnectFailure, Credentials, Error, Identity, Proxy, Settings, SettingsError,
};
use support::{TOKEN, client, first_page, json, report, scripted, settings};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const JSON: &str = "application/json; charset=utf-8";
const BACKEND_URL: &str = "the endpoint must be the URL of Backstage's backend (`backend.baseUrl` in its app-config, \
    such as `https://backstage.example.com`): the catalog is read below `<endpoint>/api/catalog`";

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

async fn error_for(answer: ResponseTemplate) -> (Error, String) {
    let server = answering(answer).await;
    let error = first_page(&client(&server.uri()))
        .await
        .expect_err("an error");
    let text = report(&error, &server.uri());
    (error, text)
}

fn document(status: u16, name: &str, message: &str) -> ResponseTemplate {
    let body = format!(
        r#"{{"error":{{"name":"{name}","message":"{message}"}},"request":{{"method":"GET","url":"/"}},"response":{{"statusCode":{status}}}}}"#
    );
    ResponseTemplate::new(status).set_body_raw(body, "application/json; charset=utf-8")
}

fn html(status: u16) -> ResponseTemplate {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>";
    ResponseTemplate::new(status).set_body_raw(page, "text/html; charset=utf-8")
}

type Case = (ResponseTemplate, bool, String);

/// Each answer, whether its error is transient, and the whole of what is said about it.
async fn check(cases: Vec<Case>) {
    for (answer, transient, expected) in cases {
        let (error, text) = error_for(answer).await;
        assert_eq!(text, expected);
        assert_eq!(error.is_transient(), transient, "{text}");
        assert_eq!(error.retry_after(), None, "{text}");
    }
}

const BY_QUERY: &str = "`http://server/api/catalog/entities/by-query`";
const ACCESS: &str = "`backend.auth.externalAccess` of Backstage's app-config";
const RESTRICTIONS: &str = "
  accessRestrictions:
    - plugin: catalog
      permission: catalog.entity.read";
/// What a person copies, to the letter.
const STATIC_TOKEN: &str = "
  backend:
    auth:
      externalAccess:
        - type: static
          options:
            token: <the token: at least 8 characters, no white space>
            subject: <a name for this client>
          accessRestrictions:
            - plugin: catalog
              permission: catalog.entity.read";

#[tokio::test]
async fn refused_credentials_say_what_to_set() {
    check(vec![
        (
            document(401, "AuthenticationError", "Illegal token"),
            false,
            format!(
                "{BY_QUERY} does not accept the token: status 401, AuthenticationError: Illegal token\n\
                 hint: the token must be the same, to the letter, as one under {ACCESS}, which is read \
                 when Backstage starts; if this Backstage needs no token, give none; a Backstage \
                 before 1.26 knows no static tokens, but JWTs signed with a secret of its \
                 `backend.auth.keys` (HS256, `sub: backstage-server`); a static token is listed \
                 so:{STATIC_TOKEN}"
            ),
        ),
        (
            document(401, "AuthenticationError", "Missing credentials"),
            false,
            format!(
                "{BY_QUERY} does not accept the request, whose token did not arrive: status 401, \
                 AuthenticationError: Missing credentials\n\
                 hint: a proxy in front of Backstage seems to drop the `Authorization` header: let it pass"
            ),
        ),
        (
            html(401),
            false,
            format!(
                "{BY_QUERY} does not accept the token: status 401, an HTML page titled `Sign in`\n\
                 hint: a proxy in front of Backstage wants people to sign in: let this client \
                 through, or give the headers that the proxy wants"
            ),
        ),
        (
            document(
                403,
                "NotAllowedError",
                "This token's access is restricted to plugin(s) 'scaffolder'",
            ),
            false,
            format!(
                "{BY_QUERY} is forbidden for this token: status 403, NotAllowedError: This token's \
                 access is restricted to plugin(s) 'scaffolder'\n\
                 hint: the token is one for other plugins: add the catalog to its entry under \
                 {ACCESS}, and restart:{RESTRICTIONS}"
            ),
        ),
        (
            document(403, "NotAllowedError", "no"),
            false,
            format!(
                "{BY_QUERY} is forbidden for this token: status 403, NotAllowedError: no\n\
                 hint: a token of a person is subject to the permission policy; the entry of any other \
                 under {ACCESS} must allow to read the catalog:{RESTRICTIONS}"
            ),
        ),
        (
            html(403),
            false,
            format!(
                "{BY_QUERY} is forbidden for this token: status 403, an HTML page titled `Sign in`\n\
                 hint: it is not Backstage that answers so: let this client through the proxy in \
                 front of it, or give the headers that the proxy wants"
            ),
        ),
        (
            document(500, "JWTExpired", "exp claim timestamp check failed"),
            false,
            format!(
                "{BY_QUERY} failed: status 500, JWTExpired: exp claim timestamp check failed\n\
                 hint: the token is a JWT that has expired: give a new one, or a static token, which \
                 does not expire, under {ACCESS}:{STATIC_TOKEN}"
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_failing_backstage_is_quoted() {
    let log = "hint: Backstage is starting, down or overloaded: its own log says more";
    check(vec![
        (
            document(400, "InputError", "Malformed cursor"),
            false,
            format!("{BY_QUERY} failed: status 400, InputError: Malformed cursor"),
        ),
        (
            document(500, "Error", "connect ECONNREFUSED"),
            true,
            format!(
                "{BY_QUERY} failed: status 500, Error: connect ECONNREFUSED\n\
                 hint: Backstage failed: its own log says more"
            ),
        ),
        (
            ResponseTemplate::new(503),
            true,
            format!("{BY_QUERY} failed: status 503, an empty body\n{log}"),
        ),
        (
            html(502),
            true,
            format!(
                "{BY_QUERY} failed: status 502, an HTML page titled `Sign in`\n\
                 hint: a proxy answers in Backstage's place: Backstage is starting, down or \
                 overloaded, or the proxy cannot reach it"
            ),
        ),
        (
            ResponseTemplate::new(431),
            false,
            format!(
                "{BY_QUERY} failed: status 431, an empty body\n\
                 hint: the URL is too long for the server: shorten the filter"
            ),
        ),
        (
            ResponseTemplate::new(200).set_body_raw(r#"{"items":[{"kind":"#, JSON),
            true,
            "the answer of `http://server/api/catalog/entities/by-query` is not whole JSON (18 bytes)\n\
             cause: EOF while parsing a value at line 1 column 18\n\
             hint: Backstage's own log says why it stopped in the midst of an answer, if it did; else a proxy cuts off what is long or slow"
                .to_owned(),
        ),
        (
            ResponseTemplate::new(200).set_body_raw(b"{\"items\":[\"\xff\"]}".to_vec(), JSON),
            false,
            "the answer of `http://server/api/catalog/entities/by-query` is not UTF-8 at byte 11\n\
             hint: Backstage does not answer so: look at what stands between and changes its answers, such as a cache"
                .to_owned(),
        ),
    ])
    .await;
}

#[tokio::test]
async fn whoever_is_not_backstage_is_shown() {
    let case = |answer, came: &str, more: &str| {
        let what = format!("{BY_QUERY} is not the Backstage catalog API: {came}");
        (answer, false, format!("{what}\nhint: {BACKEND_URL}{more}"))
    };
    let ok = || ResponseTemplate::new(200);
    let sign_in = "; a sign-in page in front of it must let this client through";
    let route = r#"{"message":"no route"}"#;
    check(vec![
        case(
            html(200),
            "status 200, an HTML page titled `Sign in`",
            sign_in,
        ),
        case(
            html(404),
            "status 404, an HTML page titled `Sign in`",
            sign_in,
        ),
        case(
            ResponseTemplate::new(404).set_body_raw(route, JSON),
            "status 404, application/json: `{\"message\":\"no route\"}`",
            "",
        ),
        (
            ResponseTemplate::new(404),
            true,
            format!(
                "{BY_QUERY} does not exist, or not yet: status 404, an empty body\n\
                 hint: Backstage answers so while it starts, which passes; if it goes on, {BACKEND_URL}"
            ),
        ),
        case(ResponseTemplate::new(204), "status 204, an empty body", ""),
        case(
            ok().set_body_raw("ok", "text/plain"),
            "status 200, text/plain: `ok`",
            "",
        ),
        case(
            ok().set_body_raw(r#"{"status":"ok"}"#, JSON),
            "status 200, JSON of another shape: missing field `items` at line 1 column 15",
            "",
        ),
        case(
            ok().set_body_raw(format!("you sent {TOKEN}"), "text/plain"),
            "status 200, text/plain: `you sent [hidden]`",
            "",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_missing_token_is_told_from_a_wrong_one() {
    let server = answering(document(401, "AuthenticationError", "Missing credentials")).await;
    for token in [None, Some("  \n")] {
        let mut settings = settings(&server.uri());
        settings.credentials =
            token.map_or(Credentials::None, |t: &str| Credentials::Token(t.into()));
        let client = backstage_client::Client::new(settings).expect("good settings");
        let error = first_page(&client).await.expect_err("no token");
        let failure = AuthFailure::NoToken;
        assert!(
            matches!(error, Error::Unauthorized { failure: f, .. } if f == failure),
            "{error}"
        );
        assert_eq!(
            report(&error, &server.uri()),
            format!(
                "`http://server/api/catalog/entities/by-query` does not accept requests without a \
                 token: status 401, AuthenticationError: Missing credentials\n\
                 hint: give a token. Backstage accepts it after these lines under {ACCESS} and a \
                 restart:{STATIC_TOKEN}"
            )
        );
    }
    for request in server.received_requests().await.expect("recorded") {
        assert!(!request.headers.contains_key("authorization"));
    }
}

#[tokio::test]
async fn the_server_says_when_to_come_again() {
    let limited = || {
        ResponseTemplate::new(429).set_body_raw(
            r#"{"error":{"name":"TooManyRequests","message":"slow down"}}"#,
            "application/json",
        )
    };
    let (error, text) = error_for(limited().insert_header("retry-after", "17")).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    assert!(error.is_transient());
    assert_eq!(
        text,
        "`http://server/api/catalog/entities/by-query` limits the rate of requests: status 429, \
         TooManyRequests: slow down\n\
         hint: read less often or in larger pages, or raise `backend.rateLimit` in Backstage's app-config"
    );
    let (error, _) = error_for(limited()).await;
    assert_eq!(error.retry_after(), None);
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let (error, _) = error_for(ResponseTemplate::new(503).insert_header("retry-after", past)).await;
    assert_eq!(error.retry_after(), Some(Duration::ZERO));
}

#[tokio::test]
async fn the_token_is_not_carried_to_another_origin() {
    let elsewhere = answering(ResponseTemplate::new(200)).await;
    let to = format!("{}/login?state=secret#x", elsewhere.uri());
    let (error, text) = error_for(ResponseTemplate::new(302).insert_header("location", &*to)).await;
    let shown = format!("{}/login", elsewhere.uri());
    assert!(
        matches!(&error, Error::Redirected { to, .. } if *to == shown),
        "{error:?}"
    );
    assert!(text.starts_with(&format!(
        "`http://server/api/catalog/entities/by-query` redirects to `{shown}`, which is not followed\n\
         hint: nothing is sent to another address"
    )));
    assert!(!text.contains("secret"));
    let received = elsewhere.received_requests().await.expect("recorded");
    assert!(received.is_empty(), "{received:?}");
}

#[tokio::test]
async fn redirects_within_the_origin_are_followed_but_not_for_ever() {
    let server = MockServer::start().await;
    let to = format!("{}/moved?limit=2", server.uri());
    Mock::given(path("/api/catalog/entities/by-query"))
        .respond_with(ResponseTemplate::new(307).insert_header("location", &*to))
        .mount(&server)
        .await;
    Mock::given(path("/moved"))
        .and(header("authorization", &*format!("Bearer {TOKEN}")))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_raw(r#"{"items":[{}],"pageInfo":{}}"#, "application/json"),
        )
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(
        first_page(&client(&server.uri()))
            .await
            .expect("a page")
            .len(),
        1
    );

    let round = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/round"))
        .mount(&round)
        .await;
    let error = first_page(&client(&round.uri())).await.expect_err("a loop");
    assert!(
        matches!(&error, Error::Redirected { to, .. } if to.ends_with("/round")),
        "{error:?}"
    );
    assert_eq!(round.received_requests().await.expect("recorded").len(), 6);
}

#[tokio::test]
async fn a_transfer_that_breaks_off_is_no_page() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    // What came is whole JSON in both cases: only the transfer tells that more was to come.
    let body = r#"{"items":[],"pageInfo":{}}"#;
    let chunked = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n",
        body.len()
    );
    let short = format!("{head}content-length: {}\r\n\r\n{body}", body.len() + 1);
    for answer in [chunked, short] {
        let (address, _served) = scripted(vec![vec![answer.into_bytes()]]).await;
        let error = first_page(&client(&address)).await.expect_err("cut off");
        assert!(error.is_transient(), "{error:?}");
        let text = report(&error, &address);
        let expected = "the answer of `http://server/api/catalog/entities/by-query` was cut off after 26 bytes\ncause: ";
        assert!(text.starts_with(expected), "{text}");
    }
}

#[tokio::test]
async fn one_broken_connection_is_forgiven_and_two_are_not() {
    let body = r#"{"items":[{}],"pageInfo":{"nextCursor":"next"}}"#;
    let last = r#"{"items":[{}],"pageInfo":{}}"#;
    // The second request comes over the kept connection, which closes instead of answering.
    let (address, served) = scripted(vec![vec![json(body), vec![]], vec![json(last)]]).await;
    let client = support::client(&address);
    let mut pager = client.entities(support::ownership(), support::limit(1));
    pager
        .next_page()
        .await
        .expect("an answer")
        .expect("the first page");
    pager
        .next_page()
        .await
        .expect("an answer")
        .expect("the second page");
    assert_eq!(pager.next_page().await.expect("an end").map(|_| ()), None);
    let requests = served.await.expect("served");
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[1], requests[2]);

    let (address, _served) = scripted(vec![vec![vec![]], vec![vec![]]]).await;
    let error = first_page(&support::client(&address))
        .await
        .expect_err("broken twice");
    assert!(
        matches!(error, Error::Disconnected { .. }) && error.is_transient(),
        "{error:?}"
    );
    let text = report(&error, &address);
    let expected = "the connection to `http://server/api/catalog/entities/by-query` broke before an answer came\ncause: ";
    assert!(text.starts_with(expected), "{text}");
}

/// A connection that is reset, as a proxy or a killed Backstage does, before the answer or within it.
#[tokio::test]
async fn a_connection_that_is_reset_is_no_page() {
    let part = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"items\":[".to_vec();
    for answer in [vec![], part] {
        let within = !answer.is_empty();
        let address = support::resetting(answer).await;
        let error = first_page(&client(&address)).await.expect_err("reset");
        assert!(error.is_transient(), "{error:?}");
        let expected = match error {
            Error::CutOff { .. } => within,
            Error::Disconnected { .. } => !within,
            _ => false,
        };
        assert!(expected, "{within}: {error:?}");
    }
}

#[tokio::test]
async fn silence_has_an_end() {
    // The scripts wait for a second request that never comes, so that the connections stay open.
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[".to_vec();
    let cases = [
        (
            true,
            vec![],
            "the first byte of the answer of `http://server/api/catalog/entities/by-query` took longer than 3s\n\
             hint: look at the load of Backstage and its database, and at what stands between; smaller pages are answered sooner",
        ),
        (
            true,
            head.clone(),
            "a pause within the answer of `http://server/api/catalog/entities/by-query` took longer than 3s\n\
             hint: look at the load of Backstage and its database, and at what stands between; smaller pages are answered sooner",
        ),
        (
            false,
            head,
            "the whole answer of `http://server/api/catalog/entities/by-query` took longer than 3s\n\
             hint: look at the load of Backstage and its database, and at what stands between; smaller pages are answered sooner",
        ),
    ];
    // All at once: each waits for its own silence.
    let waits = cases.map(|(idle, answer, expected)| async move {
        let (address, _served) = scripted(vec![vec![answer, vec![]]]).await;
        let mut settings = settings(&address);
        let limited = if idle {
            &mut settings.timeouts.idle
        } else {
            &mut settings.timeouts.request
        };
        *limited = support::SHORT;
        let client = backstage_client::Client::new(settings).expect("good settings");
        let error = first_page(&client).await.expect_err("silence");
        assert!(error.is_transient());
        assert_eq!(report(&error, &address), expected);
    });
    let [first, second, third] = waits;
    tokio::join!(first, second, third);
}

#[tokio::test]
async fn no_connection_says_why() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = first_page(&client(&address)).await.expect_err("refused");
    assert_eq!(
        report(&error, &address),
        "cannot connect to `http://server/api/catalog/entities/by-query`\n\
         cause: Connection refused (os error 111)\n\
         hint: nothing listens there: check host and port, and that Backstage runs"
    );
    assert!(error.is_transient());

    let error = first_page(&client("http://nowhere.invalid"))
        .await
        .expect_err("no such host");
    assert!(
        matches!(
            error,
            Error::Connect {
                failure: ConnectFailure::Dns,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        report(&error, "-").ends_with("hint: the host's name has no address: check its spelling")
    );
}

#[tokio::test]
async fn by_refs_of_an_old_backstage_or_with_a_wrong_count() {
    let old = answering(ResponseTemplate::new(404)).await;
    let error = client(&old.uri())
        .by_refs(&["a:b/c"])
        .await
        .expect_err("no such endpoint");
    assert_eq!(
        report(&error, &old.uri()),
        "`http://server/api/catalog/entities/by-refs` is not offered by this Backstage: status 404, an empty body\n\
         hint: reading entities by reference needs Backstage 1.9 or later"
    );
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(r#"{"items":[null]}"#, "application/json"),
        )
        .mount(&server)
        .await;
    let error = client(&server.uri())
        .by_refs(&["a:b/c", "a:b/d"])
        .await
        .expect_err("one item");
    assert_eq!(
        report(&error, &server.uri()),
        "`http://server/api/catalog/entities/by-refs` answered 1 items for 2 entity references\n\
         hint: Backstage does not answer so: look at what stands between and changes its answers, such as a cache"
    );
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for (token, works) in [
        ("hush-0123456789", true),
        (" hush-0123456789\n", true),
        ("Bearer hush-0123456789", false),
        ("hush\u{0}", false),
        ("hüsh", false),
    ] {
        let mut settings = settings("http://b.example");
        settings.credentials = Credentials::Token(token.into());
        let made = backstage_client::Client::new(settings);
        assert_eq!(made.is_ok(), works, "{token:?}");
        let message = made.map_or_else(|error| error.to_string(), |client| format!("{client:?}"));
        assert!(
            !message.contains("hush") && !message.contains("hüsh"),
            "{message}"
        );
    }
    let mut agent = settings("http://b.example");
    agent.user_agent = "a\nb".to_owned();
    let error = backstage_client::Client::new(agent).expect_err("a line break");
    assert_eq!(
        error.to_string(),
        "the user agent `a\\nb` must be printable ASCII"
    );
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        let mut roots = settings("https://b.example");
        roots.tls.extra_roots_pem = Some(pem.into());
        let error = backstage_client::Client::new(roots).expect_err(pem);
        assert!(matches!(error, SettingsError::ExtraRoots), "{pem}: {error}");
    }
}

#[test]
fn debug_output_hides_secrets() {
    let mut settings = Settings::new("https://me:hush@b.example/p?q=hush".parse().expect("a URL"));
    settings.credentials = Credentials::Token("hush-0123456789".into());
    settings.proxy = Proxy::Url("http://me:hush@p.example".parse().expect("a URL"));
    settings.tls.identity = Some(Identity::new("hush", "hush"));
    settings.tls.extra_roots_pem = Some(b"hush".to_vec());
    let text = format!("{settings:?}");
    assert!(
        text.contains("https://b.example/p") && text.contains("REDACTED"),
        "{text}"
    );
    assert!(!text.contains("hush") && !text.contains("104"), "{text}");
}
