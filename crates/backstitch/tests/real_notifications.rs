//! Notifications of the built binary, on their way to a real mail server, to what takes a webhook of Slack, and to what reads
//! `CloudEvents` by the official SDK. Run by `cargo xtask test notifications-real`, which installs the server and the SDK.

#![cfg(target_os = "linux")]

mod common;
#[path = "service/running.rs"]
mod running;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::common::{Folder, ID, NAMESPACE, component, group, project, service, stream};
use crate::running::{Service, until};

const INSTALLATION: &str = "BACKSTITCH_NOTIFICATIONS";
/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Python with the packages, running a script of `tests/notifications`.
fn python(script: &str) -> Command {
    let packages = std::env::var_os(INSTALLATION)
        .map(PathBuf::from)
        .filter(|packages| packages.join("aiosmtpd").is_dir())
        .unwrap_or_else(|| {
            panic!("{INSTALLATION} names no folder with the packages; `cargo xtask test notifications-real` prepares one and runs this")
        });
    let mut command = Command::new("python3");
    command
        .arg(project().join("tests/notifications").join(script))
        .env("PYTHONPATH", packages)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// A mail server, which ends with its standard input.
struct MailServer {
    child: Child,
    answers: ChildStdin,
    lines: Mutex<mpsc::Receiver<Value>>,
    mails: Mutex<Vec<Value>>,
    port: u16,
}

impl MailServer {
    fn start(arguments: &[&str]) -> Self {
        let mut child = python("mail_server.py")
            .args(arguments)
            .spawn()
            .expect("it runs");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (found, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).expect("JSON");
                if found.send(value).is_err() {
                    return;
                }
            }
        });
        let first: Value = lines.recv_timeout(PATIENCE).expect("it listens");
        let port = first["port"].as_u64().expect("a port");
        Self {
            answers: child.stdin.take().expect("it is piped"),
            child,
            lines: Mutex::new(lines),
            mails: Mutex::default(),
            port: u16::try_from(port).expect("a port"),
        }
    }

    /// The next mail is answered so.
    fn answer(&mut self, answer: &str) {
        writeln!(self.answers, "{answer}").expect("it listens");
        let lines = self.lines.lock().expect("the lines");
        let heard = lines.recv_timeout(PATIENCE).expect("it heard that");
        assert_eq!(heard["heard"], answer);
    }

    /// What came so far.
    fn mails(&self) -> Vec<Value> {
        let mut mails = self.mails.lock().expect("the mails");
        mails.extend(self.lines.lock().expect("the lines").try_iter());
        mails.clone()
    }

    async fn until(&self, count: usize) -> Vec<Value> {
        until("the mail does not come", || async {
            self.mails().len() >= count
        })
        .await;
        self.mails()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What takes webhooks: it answers as it is told, and then well.
#[derive(Default)]
struct Hook {
    answers: Mutex<VecDeque<(u16, &'static str)>>,
    requests: Mutex<Vec<Value>>,
}

impl Hook {
    async fn start(answers: &[(u16, &'static str)]) -> (Arc<Self>, String) {
        let hook = Arc::new(Self {
            answers: Mutex::new(answers.iter().copied().collect()),
            requests: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let router = Router::new().fallback(take).with_state(Arc::clone(&hook));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (hook, format!("http://{address}"))
    }

    fn requests(&self) -> Vec<Value> {
        self.requests.lock().expect("the requests").clone()
    }

    async fn until(&self, count: usize) -> Vec<Value> {
        until("the request does not come", || async {
            self.requests().len() >= count
        })
        .await;
        self.requests()
    }
}

async fn take(State(hook): State<Arc<Hook>>, headers: HeaderMap, body: String) -> Response {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().into()))
        .collect();
    let answer = hook.answers.lock().expect("answers").pop_front();
    let (status, wait) = answer.unwrap_or((200, ""));
    let request = json!({"status": status, "headers": headers, "body": body});
    hook.requests.lock().expect("the requests").push(request);
    if status == 0 {
        // It hangs for as long as anybody waits.
        std::future::pending::<()>().await;
    }
    let status = StatusCode::from_u16(status).expect("a status");
    if wait.is_empty() {
        (status, "no_service").into_response()
    } else {
        (status, [("retry-after", wait)]).into_response()
    }
}

/// A catalog of these owners of the Services `cart` and `checkout`; none where it is empty.
fn catalog(cart: &str, checkout: &str) -> String {
    let at = |name, owner: &str| component(name, &[(ID, name), (NAMESPACE, "shop")], owner);
    let all = [
        at("cart", cart),
        at("checkout", checkout),
        group("web"),
        // It has no address of its own.
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: pay}\nspec: {type: team, parent: web, children: []}\n"
            .to_owned(),
    ];
    stream(&all)
}

/// A shop whose two Services have an owner, and receivers.
fn shop(receivers: &str) -> Folder {
    let folder = Folder::with(&[
        ("catalog/all.yaml", &catalog("web", "pay")),
        (
            "k8s/services.yaml",
            &stream(&[service("shop", "cart"), service("shop", "checkout")]),
        ),
    ]);
    folder.file("hub-token", "s3cret\n");
    configure(&folder, receivers);
    folder
}

fn configure(folder: &Folder, receivers: &str) {
    let configuration = format!(
        "listen: 127.0.0.1:0\nstore: state/store.db\nmax_removal_ratio: 1\n\
         scrapers: {{backstage: {{instances: [{{name: main, path: catalog, sync_interval: 1s}}]}}}}\n\
         clusters: [{{name: prod, path: k8s}}]\nnotifications:\n{receivers}"
    );
    folder.file("backstitch.yaml", configuration);
}

/// Started, with that many owners, and with receivers that know where to begin.
async fn start(folder: &Folder, owned: u64) -> Service {
    let service = Service::start(folder);
    service
        .until("/api/v1/summary", |answer| answer["owned"] == owned)
        .await;
    begun(&service).await;
    service
}

/// Waits until what happens from now on is told: all that was there before is no news.
async fn begun(service: &Service) {
    until("it does not begin", || async {
        service.log().contains("notifications begin")
    })
    .await;
}

async fn owned(service: &Service, count: u64) {
    service
        .until("/api/v1/summary", |answer| answer["owned"] == count)
        .await;
}

async fn counted(service: &Service, name: &str, receiver: &str, count: &str) {
    let series = format!("backstitch_notifications_{name}{{receiver=\"{receiver}\"}}");
    until(&series, || async {
        service.metric(&series).await.as_deref() == Some(count)
    })
    .await;
}

/// The text of a mail, as a mail program shows it.
fn text(mail: &Value) -> String {
    let data = mail["data"].as_str().expect("a mail").replace("\r\n", "\n");
    let (headers, body) = data.split_once("\n\n").expect("a body");
    let shown = [
        "From",
        "To",
        "Subject",
        "Auto-Submitted",
        "Content-Transfer-Encoding",
    ];
    let mut text = String::new();
    for line in headers.lines() {
        if shown
            .iter()
            .any(|name| line.starts_with(&format!("{name}: ")))
        {
            let _ = writeln!(text, "{line}");
        }
    }
    text + "\n" + body
}

/// What the official SDK makes of a request.
fn event(request: &Value) -> Value {
    let mut child = python("read_event.py").spawn().expect("it runs");
    let mut input = child.stdin.take().expect("it is piped");
    write!(input, "{request}").expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "it is no event: {request:#}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_owner_is_told_once_to_slack_a_webhook_and_by_mail() {
    let (slack, slack_url) = Hook::start(&[]).await;
    let (hub, hub_url) = Hook::start(&[]).await;
    let mail = MailServer::start(&[]);
    let folder = shop(&format!(
        "- {{name: chat, slack: {{url_file: slack-url}}, window: 1s}}\n\
         - {{name: hub, webhook: {{url: '{hub_url}/events', token_file: hub-token}}, window: 1s}}\n\
         - {{name: mail, email: {{smtp: '127.0.0.1:{}', tls: none, from: b@example.com, to: owner}}, window: 1s}}\n",
        mail.port
    ));
    folder.file(
        "slack-url",
        format!("{slack_url}/services/T0/B0/s3ntinel\n"),
    );
    let service = start(&folder, 2).await;
    // Nothing is told of what was there at the first read.
    folder.file("catalog/all.yaml", catalog("web", "nobody"));
    owned(&service, 1).await;
    for receiver in ["chat", "hub", "mail"] {
        counted(&service, "sent_total", receiver, "1").await;
        counted(&service, "queue_length", receiver, "0").await;
    }
    let [request] = slack.requests().try_into().expect("one message");
    let body: Value =
        serde_json::from_str(request["body"].as_str().expect("a body")).expect("JSON");
    insta::assert_snapshot!(format!("{body:#}"), @r#"
    {
      "blocks": [
        {
          "text": {
            "emoji": false,
            "text": "pay: 1 Service lost its owner",
            "type": "plain_text"
          },
          "type": "header"
        },
        {
          "text": {
            "text": "• `prod/shop/checkout` was owned by group:default/pay, and component:default/checkout has no owner that is known",
            "type": "mrkdwn",
            "verbatim": true
          },
          "type": "section"
        },
        {
          "elements": [
            {
              "text": "`backstitch explain prod/shop/checkout`",
              "type": "mrkdwn",
              "verbatim": true
            }
          ],
          "type": "context"
        }
      ],
      "text": "pay: 1 Service lost its owner",
      "unfurl_links": false,
      "unfurl_media": false
    }
    "#);
    let [request] = hub.requests().try_into().expect("one event");
    assert_eq!(request["headers"]["authorization"], "Bearer s3cret");
    let event = event(&request);
    let (attributes, data) = (&event["attributes"], &event["data"]);
    assert_eq!(attributes["type"], "ai.causely.backstitch.owner-lost");
    assert_eq!(attributes["source"], "/backstitch/notifications/hub");
    assert_eq!(attributes["subject"], "group:default/pay");
    assert_eq!(data["count"], 1);
    assert_eq!(data["services"][0]["name"], "checkout");
    assert_eq!(data["services"][0]["owner_before"], "group:default/pay");
    // The team has no address, and the group above it has one.
    let [mail] = mail.mails().try_into().expect("one mail");
    assert_eq!(mail["to"], json!(["web@example.org"]));
    insta::assert_snapshot!(text(&mail), @r"
    From: b@example.com
    Subject: pay: 1 Service lost its owner
    To: web@example.org
    Content-Transfer-Encoding: quoted-printable
    Auto-Submitted: auto-generated

    pay: 1 Service lost its owner

    - prod/shop/checkout
      was owned by group:default/pay, and component:default/checkout has no own=
    er that is known

    See more: backstitch explain prod/shop/checkout
    ");
    // S31: the URL of Slack is a secret.
    assert!(!service.log().contains("s3ntinel"), "{}", service.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_undone_in_time_is_not_told() {
    let (hub, url) = Hook::start(&[]).await;
    let folder = shop(&format!(
        "- {{name: hub, webhook: {{url: '{url}'}}, window: 8s}}\n"
    ));
    let service = start(&folder, 2).await;
    folder.file("catalog/all.yaml", catalog("nobody", "pay"));
    owned(&service, 1).await;
    folder.file("catalog/all.yaml", catalog("web", "pay"));
    owned(&service, 2).await;
    folder.file("catalog/all.yaml", catalog("web", "nobody"));
    owned(&service, 1).await;
    let [request] = hub.until(1).await.try_into().expect("one event");
    let event = event(&request);
    assert_eq!(event["data"]["count"], 1);
    assert_eq!(event["data"]["services"][0]["name"], "checkout");
    // One that nobody claims goes to whom the rest of its namespace is.
    folder.file("k8s/new.yaml", self::service("shop", "wish-list"));
    let event = self::event(&hub.until(2).await[1]);
    assert_eq!(
        event["attributes"]["type"],
        "ai.causely.backstitch.service-unclaimed"
    );
    assert_eq!(event["attributes"]["subject"], "group:default/web");
    assert_eq!(event["data"]["team"]["name"], "Team web");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_and_what_is_refused_is_given_up() {
    // One of them hangs, and the others do not wait for it.
    let (hanging, hanging_url) = Hook::start(&[(0, "")]).await;
    let (failing, failing_url) = Hook::start(&[(500, ""), (429, "1"), (200, "")]).await;
    let (gone, gone_url) = Hook::start(&[(404, "")]).await;
    let folder = shop(&format!(
        "- {{name: hanging, webhook: {{url: '{hanging_url}'}}, window: 1s, timeout: 2s}}\n\
         - {{name: failing, webhook: {{url: '{failing_url}'}}, window: 1s}}\n\
         - {{name: gone, slack: {{url_file: slack-url}}, window: 1s}}\n"
    ));
    folder.file("slack-url", format!("{gone_url}/s3ntinel"));
    let service = start(&folder, 2).await;
    folder.file("catalog/all.yaml", catalog("web", "nobody"));
    owned(&service, 1).await;
    for (receiver, sent, failed, failures) in [
        ("failing", "1", "0", "2"),
        ("hanging", "1", "0", "1"),
        ("gone", "0", "1", "1"),
    ] {
        counted(&service, "sent_total", receiver, sent).await;
        counted(&service, "failed_total", receiver, failed).await;
        counted(&service, "failures_total", receiver, failures).await;
        counted(&service, "queue_length", receiver, "0").await;
    }
    let statuses = |hook: &Hook| {
        let requests = hook.requests();
        let ids: Vec<Value> = requests
            .iter()
            .map(|request| request["body"].clone())
            .collect();
        assert!(
            ids.iter().all(|id| *id == ids[0]),
            "each attempt is of the same event"
        );
        let statuses: Vec<u64> = requests
            .iter()
            .filter_map(|it| it["status"].as_u64())
            .collect();
        statuses
    };
    assert_eq!(statuses(&failing), [500, 429, 200]);
    assert_eq!(statuses(&hanging), [0, 200]);
    assert_eq!(statuses(&gone), [404]);
    let log = service.log();
    assert!(
        log.contains("it answered with status 404: no_service"),
        "{log}"
    );
    assert!(!log.contains("s3ntinel"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_by_kills() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let nowhere = format!("http://{}", listener.local_addr().expect("its address"));
    drop(listener);
    let receiver = |url: &str, window: &str| {
        format!("- {{name: hub, webhook: {{url: '{url}'}}, window: {window}}}\n")
    };
    let folder = shop(&receiver(&nowhere, "1s"));
    let service = start(&folder, 2).await;
    folder.file("catalog/all.yaml", catalog("web", "nobody"));
    owned(&service, 1).await;
    // The first waits for a receiver that is not there.
    counted(&service, "queue_length", "hub", "1").await;
    service.kill().await;

    // The second is gathered when the end comes, long before its window is over.
    configure(&folder, &receiver(&nowhere, "1h"));
    let service = start(&folder, 1).await;
    counted(&service, "queue_length", "hub", "1").await;
    folder.file("catalog/all.yaml", catalog("nobody", "nobody"));
    owned(&service, 0).await;
    service.kill().await;

    // The third happens while nothing runs.
    folder.file("k8s/new.yaml", self::service("lab", "wish-list"));
    let (hub, url) = Hook::start(&[]).await;
    configure(&folder, &receiver(&url, "1s"));
    let service = start(&folder, 0).await;
    let mut told = Vec::new();
    until("not all is told", || async { hub.requests().len() >= 3 }).await;
    for request in hub.requests() {
        let event = event(&request);
        for service in event["data"]["services"].as_array().expect("Services") {
            told.push(format!("{} {}", event["data"]["event"], service["name"]));
        }
    }
    told.sort();
    assert_eq!(
        told,
        [
            r#""owner-lost" "cart""#,
            r#""owner-lost" "checkout""#,
            r#""service-unclaimed" "wish-list""#
        ]
    );
    counted(&service, "queue_length", "hub", "0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_event_is_one_message_and_a_source_in_trouble_another() {
    let (slack, url) = Hook::start(&[]).await;
    let folder = shop("- {name: chat, slack: {url_file: slack-url}, window: 2s}\n");
    folder.file("slack-url", &url);
    let names: Vec<String> = (0..1_000).map(|number| format!("s{number:04}")).collect();
    let components: Vec<String> = names
        .iter()
        .map(|name| component(name, &[(ID, name), (NAMESPACE, "shop")], "web"))
        .collect();
    let services: Vec<String> = names.iter().map(|name| service("shop", name)).collect();
    folder.file("catalog/more.yaml", stream(&components));
    folder.file("k8s/more.yaml", stream(&services));
    let service = start(&folder, 1_002).await;
    std::fs::remove_file(folder.path().join("catalog/more.yaml")).expect("it is there");
    owned(&service, 2).await;
    let [request] = slack.until(1).await.try_into().expect("one message");
    let body = request["body"].as_str().expect("a body");
    assert!(
        body.contains("Team web: 1000 Services lost their owner"),
        "{body}"
    );
    assert!(body.contains("and 990 more"), "{body}");
    // A catalog that cannot be read any more.
    std::fs::rename(folder.path().join("catalog"), folder.path().join("away")).expect("it moves");
    let requests = slack.until(2).await;
    let body = requests[1]["body"].as_str().expect("a body");
    assert!(
        body.contains("1 source is stale") && body.contains("catalog/main"),
        "{body}"
    );
    assert_eq!(requests.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_by_tls_and_with_a_login() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    for tls in ["starttls", "tls"] {
        let folder = Folder::with(&[
            ("certificate.pem", &made.cert.pem()),
            ("key.pem", &made.signing_key.serialize_pem()),
            ("password", "pass w\u{f6}rd\n"),
        ]);
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (certificate, key) = (file("certificate.pem"), file("key.pem"));
        let mut server = MailServer::start(&[
            "--tls",
            tls,
            "--certificate",
            &certificate,
            "--key",
            &key,
            "--login",
            "jane:pass w\u{f6}rd",
        ]);
        let trial = |more: &str| {
            let receivers = format!(
                "- name: mail\n  email: {{smtp: 'localhost:{}', tls: {tls}, from: b@example.com, to: a@example.com, {more}}}\n",
                server.port
            );
            configure(&folder, &receivers);
            let shown = folder
                .run(["notify", "--test", "mail", "--config", "backstitch.yaml"])
                .shown();
            shown.replace(&server.port.to_string(), "[PORT]")
        };
        let login = "username: jane, password_file: password";
        let well = trial(&format!("{login}, ca_file: certificate.pem"));
        assert!(
            well.contains("exit 0") && well.contains("ok    mail: email took it"),
            "{well}"
        );
        // Who it is, is checked, and who we are.
        let untrusted = trial(login);
        assert!(
            untrusted.contains("exit 1") && untrusted.contains("cannot be reached"),
            "{untrusted}"
        );
        let nobody = trial("ca_file: certificate.pem");
        assert!(
            nobody.contains("exit 1") && nobody.contains("refused it"),
            "{nobody}"
        );
        folder.file("password", "wrong");
        let wrong = trial(&format!("{login}, ca_file: certificate.pem"));
        assert!(wrong.contains("exit 1") && wrong.contains("535"), "{wrong}");
        folder.file("password", "pass w\u{f6}rd\n");
        let mails = server.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(
            (&mails[0]["tls"], &mails[0]["user"]),
            (&json!(true), &json!("jane"))
        );
        server.answer("550 we do not want that");
        let trial = {
            folder
                .run(["notify", "--test", "mail", "--config", "backstitch.yaml"])
                .shown()
        };
        assert!(trial.contains("we do not want that"), "{trial}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_is_put_off_comes_later() {
    let mut mail = MailServer::start(&[]);
    let folder = shop(&format!(
        "- {{name: mail, email: {{smtp: '127.0.0.1:{}', tls: none, from: b@example.com, to: [owner, all@example.com]}}, window: 1s}}\n",
        mail.port
    ));
    mail.answer("451 later");
    let service = start(&folder, 2).await;
    folder.file("catalog/all.yaml", catalog("nobody", "nobody"));
    owned(&service, 0).await;
    let mails = mail.until(3).await;
    let id = |mail: &Value| {
        let data = mail["data"].as_str().expect("a mail");
        data.lines()
            .find(|line| line.starts_with("Message-ID"))
            .expect("an id")
            .to_owned()
    };
    assert_eq!(id(&mails[0]), id(&mails[1]));
    assert_ne!(id(&mails[1]), id(&mails[2]));
    // Each team is told by itself.
    assert_eq!(
        mails[1]["to"],
        json!(["web@example.org", "all@example.com"])
    );
    counted(&service, "sent_total", "mail", "2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_says_what_came_back() {
    let (hook, url) = Hook::start(&[(200, ""), (404, ""), (503, "")]).await;
    let folder = shop(
        "- {name: chat, slack: {url_file: slack-url}}\n- {name: owners, email: {smtp: m.example, from: a@b.example, to: owner}}\n",
    );
    folder.file("slack-url", &url);
    let mut shown = String::new();
    for name in ["chat", "chat", "chat", "owners", "chta"] {
        let run = folder.run(["notify", "--test", name, "--config", "backstitch.yaml"]);
        let came = tokio::task::spawn_blocking(move || run.shown()).await;
        shown += &came.expect("it ends");
        shown.push('\n');
    }
    insta::assert_snapshot!(shown, @r"
    exit 0
    ----- stdout
    an example message goes to Slack
    ok    chat: slack took it
    ----- stderr

    exit 1
    ----- stdout
    an example message goes to Slack
    FAIL  chat: slack refused it: it answered with status 404: no_service
          hint: make a new incoming webhook in Slack, and put its URL into the file that `url_file` names
    ----- stderr

    exit 1
    ----- stdout
    an example message goes to Slack
    FAIL  chat: it was not sent: it answered with status 503: no_service
          hint: check that this machine reaches it, and that the files of the configuration are there
    ----- stderr

    exit 1
    ----- stdout
    an example message goes to owner by m.example:587
    FAIL  owners: there is nobody to send it to
          hint: `to` has only `owner`; add an address to it for the time of the test
    ----- stderr

    exit 2
    ----- stdout
    ----- stderr
    error: there is no receiver `chta`
    hint: did you mean `chat`?
    ");
    assert_eq!(hook.requests().len(), 3);
}
