//! What is shown to be let in, to whom, and what is said where it is not enough.

mod support;

use std::time::Duration;

use backstage_client::{
    AuthFailure, Client, ClientAuthentication, Credentials, Error, OAuth2, Settings, SettingsError,
    TokenError,
};
use http::HeaderName;
use support::{first_page, report, settings};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

const JSON: &str = "application/json";
const EMPTY: &str = r#"{"items":[],"pageInfo":{}}"#;
const SECRET: &str = "s3cr3t:/ of the client";

fn page() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(EMPTY, JSON)
}

fn illegal() -> ResponseTemplate {
    let body = r#"{"error":{"name":"AuthenticationError","message":"Illegal token"}}"#;
    ResponseTemplate::new(401).set_body_raw(body, JSON)
}

/// Gives `access-1`, `access-2` … in turn.
struct Tokens {
    given: std::sync::atomic::AtomicU32,
    /// The rest of the answer.
    rest: &'static str,
}

impl Tokens {
    fn new(rest: &'static str) -> Self {
        let given = std::sync::atomic::AtomicU32::new(0);
        Self { given, rest }
    }
}

impl Respond for Tokens {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let n = 1 + self.given.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let body = format!(r#"{{"access_token":"access-{n}"{}}}"#, self.rest);
        ResponseTemplate::new(200).set_body_raw(body, JSON)
    }
}

async fn answering(answer: impl Respond + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn oauth2(provider: &MockServer) -> OAuth2 {
    let url = format!("{}/token", provider.uri());
    OAuth2::new(url.parse().expect("a URL"), "me & you", SECRET)
}

fn with(backstage: &MockServer, oauth2: OAuth2) -> Client {
    Client::new(settings_with(backstage, oauth2)).expect("good settings")
}

fn settings_with(backstage: &MockServer, oauth2: OAuth2) -> Settings {
    let mut settings = settings(&backstage.uri());
    settings.credentials = Credentials::ClientCredentials(Box::new(oauth2));
    settings
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("recorded")
}

async fn authorizations(server: &MockServer) -> Vec<String> {
    let value = |request: &Request| {
        let value = request.headers.get("authorization");
        value
            .map_or("-", |value| value.to_str().expect("ASCII"))
            .to_owned()
    };
    requests(server).await.iter().map(value).collect()
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    for (rest, kept) in [
        (r#","token_type":"Bearer","expires_in":3600"#, true),
        (r#","token_type":"bearer","expires_in":"3600""#, true),
        (r#","expires_in":1e300"#, true),
        // Nothing says when it expires: until the server refuses it.
        ("", true),
        (r#","expires_in":null,"scope":"catalog""#, true),
        (r#","expires_in":0"#, false),
        (r#","expires_in":-1"#, false),
        (r#","expires_in":"0""#, false),
    ] {
        let (provider, backstage) = (answering(Tokens::new(rest)).await, answering(page()).await);
        let client = with(&backstage, oauth2(&provider));
        for _ in 0..3 {
            first_page(&client.clone()).await.expect("a page");
        }
        let numbers: [u64; 3] = if kept { [1, 1, 1] } else { [1, 2, 3] };
        let expected = numbers.map(|n| format!("Bearer access-{n}"));
        assert_eq!(authorizations(&backstage).await, expected, "{rest}");
        let traffic = client.traffic();
        assert_eq!(traffic.requests, 3);
        assert_eq!(traffic.token_requests, numbers[2]);
        assert_eq!(traffic.bytes_received, 3 * EMPTY.len() as u64);
    }
}

#[tokio::test]
async fn one_token_is_asked_for_by_many_requests_at_once() {
    let (provider, backstage) = (answering(Tokens::new("")).await, answering(page()).await);
    let client = with(&backstage, oauth2(&provider));
    let [first, second, third] = [(); 3].map(|()| first_page(&client));
    let (first, second, third) = tokio::join!(first, second, third);
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!(requests(&provider).await.len(), 1);
}

#[tokio::test]
async fn the_token_request_is_as_the_grant_demands() {
    let (provider, backstage) = (answering(Tokens::new("")).await, answering(page()).await);
    let mut asked = oauth2(&provider);
    asked.scopes = vec!["catalog.read".into(), "openid".into()];
    asked.audience = Some("https://backstage.example/?a=b".into());
    asked.extra = vec![("resource".into(), "r & s".into())];
    let mut in_body = oauth2(&provider);
    in_body.client_authentication = ClientAuthentication::Body;
    for oauth2 in [asked, in_body] {
        let mut settings = settings_with(&backstage, oauth2);
        settings.headers = vec![(HeaderName::from_static("x-proxy"), "for-backstage".into())];
        let client = Client::new(settings).expect("good settings");
        first_page(&client).await.expect("a page");
    }
    let requests = requests(&provider).await;
    let [header, body] = requests.as_slice() else {
        panic!("{requests:?}")
    };
    for request in [header, body] {
        assert_eq!(
            (request.method.as_str(), request.url.path()),
            ("POST", "/token")
        );
        assert_eq!(
            request.headers["content-type"],
            "application/x-www-form-urlencoded"
        );
        assert!(!request.headers.contains_key("x-proxy"));
    }
    // `me & you` and the secret, each form-encoded, joined, in base64.
    let basic = "Basic bWUrJTI2K3lvdTpzM2NyM3QlM0ElMkYrb2YrdGhlK2NsaWVudA==";
    assert_eq!(header.headers["authorization"], basic);
    let text = |request: &Request| String::from_utf8(request.body.clone()).expect("ASCII");
    assert_eq!(
        text(header),
        "grant_type=client_credentials&scope=catalog.read+openid\
         &audience=https%3A%2F%2Fbackstage.example%2F%3Fa%3Db&resource=r+%26+s"
    );
    assert!(!body.headers.contains_key("authorization"));
    assert_eq!(
        text(body),
        "grant_type=client_credentials&client_id=me+%26+you\
         &client_secret=s3cr3t%3A%2F+of+the+client"
    );
}

#[tokio::test]
async fn a_token_that_is_refused_is_asked_for_again_once() {
    let expired = ResponseTemplate::new(500)
        .set_body_raw(r#"{"error":{"name":"JWTExpired","message":"exp"}}"#, JSON);
    for refusal in [illegal(), expired] {
        let provider = answering(Tokens::new(r#","expires_in":3600"#)).await;
        let backstage = MockServer::start().await;
        Mock::given(header("authorization", "Bearer access-2"))
            .respond_with(page())
            .mount(&backstage)
            .await;
        Mock::given(any())
            .respond_with(refusal)
            .mount(&backstage)
            .await;
        let client = with(&backstage, oauth2(&provider));
        for _ in 0..2 {
            first_page(&client).await.expect("a page");
        }
        let sent = authorizations(&backstage).await;
        assert_eq!(
            sent,
            ["Bearer access-1", "Bearer access-2", "Bearer access-2"]
        );
    }

    let (provider, backstage) = (answering(Tokens::new("")).await, answering(illegal()).await);
    let client = with(&backstage, oauth2(&provider));
    let error = first_page(&client).await.expect_err("refused twice");
    assert_eq!(requests(&backstage).await.len(), 2);
    assert!(error.is_refused() && !error.is_transient(), "{error:?}");
    let failure = AuthFailure::IllegalAccessToken;
    assert!(matches!(error, Error::Unauthorized { failure: f, .. } if f == failure));
    let text = report(&error, &backstage.uri());
    assert!(
        text.starts_with(
            "`http://server/api/catalog/entities/by-query` does not accept the token that the token \
             endpoint gave: status 401, AuthenticationError: Illegal token\n\
             hint: Backstage must know who issues the tokens, by lines under \
             `backend.auth.externalAccess` of Backstage's app-config that agree with the token, and a restart:\n\
             \x20 backend:\n    auth:\n      externalAccess:\n        - type: jwks\n"
        ),
        "{text}"
    );
}

struct Refusal {
    answer: ResponseTemplate,
    said: &'static str,
    hint: Option<&'static str>,
    transient: bool,
}

fn refusals() -> Vec<Refusal> {
    let refused = |status, body: &str| ResponseTemplate::new(status).set_body_raw(body, JSON);
    let case = |answer, said, hint, transient| Refusal {
        answer,
        said,
        hint,
        transient,
    };
    vec![
        case(
            refused(
                401,
                r#"{"error":"invalid_client","error_description":"who is\n s3cr3t:/ of the client?"}"#,
            ),
            "status 401, invalid_client: who is [hidden]?",
            Some("the client id or the client secret is wrong"),
            false,
        ),
        // The request itself, quoted.
        case(
            ResponseTemplate::new(400).set_body_raw(
                "client_secret=s3cr3t%3A%2F+of+the+client, Basic bWUrJTI2K3lvdTpzM2NyM3QlM0ElMkYrb2YrdGhlK2NsaWVudA==",
                "text/plain",
            ),
            "status 400, text/plain: `client_secret=[hidden], Basic [hidden]`",
            Some("the URL must be that of the token endpoint itself"),
            false,
        ),
        case(
            refused(400, r#"{"error":"invalid_scope"}"#),
            "status 400, invalid_scope",
            Some("the identity provider must know each of the scopes"),
            false,
        ),
        case(
            refused(
                400,
                r#"{"error":"unauthorized_client","error_description":""}"#,
            ),
            "status 400, unauthorized_client",
            Some("the identity provider must allow this client the grant `client_credentials`"),
            false,
        ),
        case(
            refused(
                400,
                r#"{"error":"invalid_request","error_description":"no audience"}"#,
            ),
            "status 400, invalid_request: no audience",
            Some("the token endpoint misses a parameter, such as `audience`"),
            false,
        ),
        case(
            refused(503, r#"{"error":"temporarily_unavailable"}"#)
                .insert_header("retry-after", "7"),
            "status 503, temporarily_unavailable",
            None,
            true,
        ),
        case(
            ResponseTemplate::new(200).set_body_raw("<html><title>Sign in</title>", "text/html"),
            "status 200, an empty body",
            Some("the URL must be that of the token endpoint itself"),
            false,
        ),
        case(
            ResponseTemplate::new(404).set_body_raw("<html><title>Nothing</title>", "text/html"),
            "status 404, an HTML page titled `Nothing`",
            Some("the URL must be that of the token endpoint itself"),
            false,
        ),
        case(
            ResponseTemplate::new(302).insert_header("location", "/elsewhere"),
            "status 302, an empty body",
            Some("the URL must be that of the token endpoint itself"),
            false,
        ),
        case(
            ResponseTemplate::new(502),
            "status 502, an empty body",
            Some("the identity provider is starting, down or overloaded"),
            true,
        ),
        case(
            refused(200, r#"{"access_token":"a-token","token_type":"mac"}"#),
            "the token that came cannot be used: its type is not `Bearer`",
            Some("the identity provider must give bearer tokens"),
            false,
        ),
        case(
            refused(200, r#"{"access_token":"no\ntoken"}"#),
            "the token that came cannot be used: it is not printable ASCII without white space",
            Some("the identity provider must give bearer tokens"),
            false,
        ),
        // What came may be a token all the same, and is not shown.
        case(
            refused(200, r#"{"accessToken":"a-token"}"#),
            "status 200, an empty body",
            Some("the URL must be that of the token endpoint itself"),
            false,
        ),
    ]
}

#[tokio::test]
async fn a_token_endpoint_that_gives_none_is_told_from_backstage() {
    for Refusal {
        answer,
        said,
        hint,
        transient,
    } in refusals()
    {
        let (provider, backstage) = (answering(answer).await, answering(page()).await);
        let client = with(&backstage, oauth2(&provider));
        let error = first_page(&client).await.expect_err(said);
        let text = report(&error, &provider.uri());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "cannot get a token from `http://server/token`");
        assert_eq!(lines[1], format!("cause: {said}"));
        let said_hint = lines.get(2).map(|line| line.trim_start_matches("hint: "));
        match hint {
            Some(hint) => assert!(
                said_hint.is_some_and(|said| said.starts_with(hint)),
                "{text}"
            ),
            None => assert_eq!(said_hint, None),
        }
        let all = format!("{text}{error:?}");
        assert!(
            !all.contains("s3cr3t") && !all.contains("bWUrJTI2K3lvdTpzM2Ny"),
            "{text}"
        );
        assert!(!format!("{text}{error:?}").contains("a-token"), "{text}");
        assert_eq!(error.is_transient(), transient, "{text}");
        assert_eq!(error.is_refused(), !transient, "{text}");
        // It is not Backstage's answer: a 404 of it is no older Backstage.
        assert_eq!(error.status(), None);
        assert!(requests(&backstage).await.is_empty(), "{text}");
        let wait = transient && said.contains("temporarily");
        assert_eq!(error.retry_after(), wait.then_some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn a_token_endpoint_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let backstage = answering(page()).await;
    let url = format!("{address}/token").parse().expect("a URL");
    let client = with(&backstage, OAuth2::new(url, "me", SECRET));
    let error = first_page(&client).await.expect_err("refused");
    assert!(
        matches!(
            &error,
            Error::TokenEndpoint {
                source: TokenError::Transfer(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.is_transient() && !error.is_refused());
    assert_eq!(
        report(&error, &address),
        "cannot get a token from `http://server/token`\n\
         cause: cannot connect to `http://server/token`\n\
         cause: Connection refused (os error 111)\n\
         hint: nothing listens there: check the URL of the token endpoint"
    );
}

#[test]
fn what_no_token_can_be_asked_for_with_is_refused() {
    let parsed = |url: &str| OAuth2::new(url.parse().expect("a URL"), "me", "hush-hush");
    let good = || parsed("https://idp.example/token?policy=p");
    let mut own = good();
    own.extra = vec![("scope".into(), "hush".into())];
    for (oauth2, expected) in [
        (good(), None),
        (
            parsed("ftp://idp.example"),
            Some("the URL of the token endpoint `ftp://idp.example/` cannot be used"),
        ),
        (
            parsed("https://me:hush@idp.example/t?hush"),
            Some("the URL of the token endpoint `https://idp.example/t` cannot be used"),
        ),
        (
            parsed("https://idp.example/t#hush"),
            Some("the URL of the token endpoint `https://idp.example/t` cannot be used"),
        ),
        (
            OAuth2::new(good().token_url, "", "hush"),
            Some("the token endpoint needs a client id and a client secret"),
        ),
        (
            OAuth2::new(good().token_url, "me", ""),
            Some("the token endpoint needs a client id and a client secret"),
        ),
        (
            own,
            Some("the parameter `scope` of the token endpoint has a setting of its own"),
        ),
    ] {
        let mut settings = settings("http://b.example");
        settings.credentials = Credentials::ClientCredentials(Box::new(oauth2));
        let shown = format!("{settings:?}");
        let said = Client::new(settings).err().map(|error| error.to_string());
        let starts = match (&said, expected) {
            (Some(said), Some(expected)) => said.starts_with(expected),
            (said, expected) => said.is_none() && expected.is_none(),
        };
        assert!(starts, "{said:?} {expected:?}");
        assert!(
            !format!("{shown}{said:?}").contains("hush"),
            "{shown} {said:?}"
        );
    }
}

#[tokio::test]
async fn headers_go_to_backstage_alone_and_are_not_seen() {
    let name = HeaderName::from_static;
    let elsewhere = answering(page()).await;
    let server = MockServer::start().await;
    Mock::given(path("/api/catalog/entities/by-query"))
        .respond_with(ResponseTemplate::new(307).insert_header("location", "/moved"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/moved"))
        .and(header("x-access", "hush-hush"))
        .and(header("cookie", "session=hush"))
        .respond_with(page())
        .expect(1)
        .mount(&server)
        .await;
    let mut with_headers = settings(&server.uri());
    with_headers.headers = vec![
        (name("x-access"), "hush-hush".into()),
        (name("cookie"), "session=hush".into()),
    ];
    let shown = format!("{with_headers:?}");
    assert!(
        shown.contains("x-access") && !shown.contains("hush"),
        "{shown}"
    );
    let client = Client::new(with_headers).expect("good settings");
    first_page(&client).await.expect("a page");

    let to = format!("{}/login", elsewhere.uri());
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", &*to))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let error = first_page(&client).await.expect_err("another origin");
    assert!(matches!(error, Error::Redirected { .. }), "{error:?}");
    assert!(requests(&elsewhere).await.is_empty());

    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(403).set_body_raw("x-access: hush-hush", "text/plain"))
        .mount(&server)
        .await;
    let error = first_page(&client).await.expect_err("forbidden");
    assert_eq!(
        report(&error, &server.uri()),
        "`http://server/api/catalog/entities/by-query` is forbidden for this token: status 403, \
         text/plain: `x-access: [hidden]`\n\
         hint: it is not Backstage that answers so: let this client through the proxy in front of \
         it, or give the headers that the proxy wants"
    );
}

#[tokio::test]
async fn an_authorization_of_the_user_stands_where_no_token_does() {
    let server = answering(illegal()).await;
    let mut basic = settings(&server.uri());
    basic.credentials = Credentials::None;
    basic.headers = vec![(http::header::AUTHORIZATION, "Basic aGVsbG8=".into())];
    let client = Client::new(basic).expect("good settings");
    let error = first_page(&client).await.expect_err("refused");
    assert!(
        matches!(
            error,
            Error::Unauthorized {
                failure: AuthFailure::IllegalToken,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(authorizations(&server).await, ["Basic aGVsbG8="]);
}

#[test]
fn headers_that_would_break_the_client_are_refused() {
    for (headers, expected) in [
        (
            &["host"][..],
            "the header `host` cannot be set: it is the host of the base URL",
        ),
        (
            &["content-length"],
            "the header `content-length` cannot be set: it describes the body, which the client makes",
        ),
        (
            &["transfer-encoding"],
            "the header `transfer-encoding` cannot be set: it describes the body, which the client makes",
        ),
        (
            &["accept"],
            "the header `accept` cannot be set: only JSON can be read",
        ),
        (
            &["accept-encoding"],
            "the header `accept-encoding` cannot be set: the setting `gzip` decides on it",
        ),
        (
            &["user-agent"],
            "the header `user-agent` cannot be set: the setting `user_agent` is it",
        ),
        (
            &["connection"],
            "the header `connection` cannot be set: it is about the connection, which the client manages",
        ),
        (
            &["proxy-authorization"],
            "the header `proxy-authorization` cannot be set: a proxy's credentials belong into the URL of the proxy",
        ),
        (
            &["if-none-match"],
            "the header `if-none-match` cannot be set: it would ask for less than a whole answer",
        ),
        (
            &["authorization"],
            "the header `authorization` cannot be set: it is taken by the token: give one of the two",
        ),
        (
            &["x-a", "X-A"],
            "the header `x-a` cannot be set: it is given twice",
        ),
    ] {
        let mut settings = settings("http://b.example");
        let named = |name: &&str| (name.parse().expect("a name"), "hush".into());
        settings.headers = headers.iter().map(named).collect();
        let error = Client::new(settings).expect_err(expected);
        assert!(matches!(error, SettingsError::Header { .. }));
        assert_eq!(error.to_string(), expected);
    }
    for value in ["two\nlines", "nul\0", "two\rlines"] {
        let mut settings = settings("http://b.example");
        settings.headers = vec![(HeaderName::from_static("x-a"), value.into())];
        let error = Client::new(settings).expect_err(value);
        assert_eq!(
            error.to_string(),
            "the header `x-a` cannot be set: its value must be one line of visible characters"
        );
    }
}
