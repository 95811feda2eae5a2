//! Which way the requests go, and what is said where a proxy stops them.

mod support;

use backstage_client::{Client, ConnectFailure, Error, Proxy, Settings, SettingsError};
use support::{first_page, json, report, scripted, settings};

const EMPTY: &str = r#"{"items":[],"pageInfo":{}}"#;

fn through(proxy: &str, mut settings: Settings) -> Client {
    settings.proxy = Proxy::Url(proxy.parse().expect("a URL"));
    Client::new(settings).expect("good settings")
}

/// What a proxy gives in Backstage's place.
fn refusing(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test]
async fn a_proxy_gets_the_whole_url_and_its_own_credentials() {
    let (proxy, served) = scripted(vec![vec![json(EMPTY)]]).await;
    let proxy = proxy.replace("http://", "http://me:hush-hush@");
    let client = through(&proxy, settings("http://backstage.invalid"));
    first_page(&client).await.expect("a page");
    let request = served.await.expect("served").remove(0).to_ascii_lowercase();
    let line = "get http://backstage.invalid/api/catalog/entities/by-query?limit=2 http/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    // `me:hush-hush`
    assert!(
        request.contains("proxy-authorization: basic bwu6ahvzac1odxno\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_proxy_in_the_way_is_told_from_backstage() {
    let signed = "<html><title>Proxy</title>";
    let needs_user = "hint: the proxy wants a user name and password: give them in its URL, \
                      `http://<user>:<password>@<host>:<port>`";
    let in_place = "hint: a proxy answers in Backstage's place: Backstage is starting, down or \
                    overloaded, or the proxy cannot reach it";
    let no_way = "hint: the proxy does not lead there: let it, or name the host in `NO_PROXY` if it \
                  is to be reached directly";
    for (base, status, said, hint) in [
        (
            "http://backstage.invalid",
            "407 Proxy Authentication Required",
            "`BASE` failed: status 407, an HTML page titled `Proxy`",
            needs_user,
        ),
        (
            "http://backstage.invalid",
            "502 Bad Gateway",
            "`BASE` failed: status 502, an HTML page titled `Proxy`",
            in_place,
        ),
        (
            "https://backstage.invalid",
            "407 Proxy Authentication Required",
            "cannot connect to `BASE`\ncause: tunnel error: proxy authorization required",
            needs_user,
        ),
        (
            "https://backstage.invalid",
            "502 Bad Gateway",
            "cannot connect to `BASE`\ncause: tunnel error: unsuccessful",
            no_way,
        ),
    ] {
        let (proxy, _served) = scripted(vec![vec![refusing(status, signed)]]).await;
        let client = through(&proxy, settings(base));
        let error = first_page(&client).await.expect_err(status);
        let said = said.replace("BASE", "http://server/api/catalog/entities/by-query");
        assert_eq!(report(&error, base), format!("{said}\n{hint}"));
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_no_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let proxy = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    for base in ["http://backstage.invalid", "https://backstage.invalid"] {
        let client = through(&proxy, settings(base));
        let error = first_page(&client).await.expect_err("refused");
        let Error::Connect { failure, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(failure, ConnectFailure::Refused);
    }
}

#[test]
fn a_proxy_that_cannot_be_one_is_refused_and_its_password_not_shown() {
    for url in ["ftp://p.example", "socks5://me:hush@p.example", "data:hush"] {
        let mut settings = settings("http://b.example");
        settings.proxy = Proxy::Url(url.parse().expect("a URL"));
        let shown = format!("{settings:?}");
        let error = Client::new(settings).expect_err(url);
        assert!(matches!(error, SettingsError::Proxy { .. }), "{error:?}");
        let shown = format!("{shown}{error}{error:?}");
        assert!(url == "data:hush" || !shown.contains("hush"), "{shown}");
    }
}

const CHILD: &str = "BACKSTAGE_CLIENT_TEST_PROXY";

/// What the environment says is read when a client is made. The test runs itself once for each
/// environment, for it is the process's.
#[tokio::test]
async fn the_environment_says_which_way_to_go() {
    if let Ok(setting) = std::env::var(CHILD) {
        let base = std::env::var("BACKSTAGE_CLIENT_TEST_BASE").expect("a URL");
        let mut settings = settings(&base);
        if setting == "none" {
            settings.proxy = Proxy::None;
        }
        let client = Client::new(settings).expect("good settings");
        first_page(&client).await.expect("a page");
        return;
    }
    // Whether the proxy is used, for a Backstage at another address that answers, too.
    for (variables, setting, used) in [
        (&[("HTTP_PROXY", None)][..], "environment", true),
        (&[("http_proxy", None)], "environment", true),
        (&[("ALL_PROXY", None)], "environment", true),
        (&[("HTTPS_PROXY", None)], "environment", false),
        (&[("HTTP_PROXY", None)], "none", false),
        (
            &[
                ("HTTP_PROXY", None),
                ("NO_PROXY", Some("x.example,127.0.0.0/8")),
            ],
            "environment",
            false,
        ),
        (
            &[("HTTP_PROXY", None), ("no_proxy", Some("127.0.0.1"))],
            "environment",
            false,
        ),
        (
            &[("HTTP_PROXY", None), ("NO_PROXY", Some("x.example"))],
            "environment",
            true,
        ),
    ] {
        let (proxy, by_proxy) = scripted(vec![vec![json(EMPTY)]]).await;
        let (base, direct) = scripted(vec![vec![json(EMPTY)]]).await;
        let this = std::env::current_exe().expect("the test binary");
        let mut command = std::process::Command::new(this);
        command.args(["--exact", "the_environment_says_which_way_to_go"]);
        for name in [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
            "REQUEST_METHOD",
        ] {
            command
                .env_remove(name)
                .env_remove(name.to_ascii_lowercase());
        }
        for (name, value) in variables {
            command.env(name, value.unwrap_or(&proxy));
        }
        command
            .env(CHILD, setting)
            .env("BACKSTAGE_CLIENT_TEST_BASE", &base);
        let run = tokio::task::spawn_blocking(move || command.output());
        let run = run.await.expect("no panic").expect("a run");
        assert!(run.status.success(), "{variables:?}: {run:?}");
        let (taken, other) = if used {
            (by_proxy, direct)
        } else {
            (direct, by_proxy)
        };
        assert_eq!(taken.await.expect("served").len(), 1, "{variables:?}");
        other.abort();
    }
}
