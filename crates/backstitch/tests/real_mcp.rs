//! The MCP server, asked by the official client over standard input and output and over HTTP. Run by `cargo xtask test mcp-real`, which
//! installs the client.
//!
//! ```text
//!  examples/shop ─▶ backstitch serve ◀─ backstitch mcp ◀── stdio, HTTP ── tests/mcp/client.py
//! ```

#![cfg(target_os = "linux")]

mod common;
#[path = "service/running.rs"]
mod running;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{Folder, project, without_times};
use crate::running::{Service, word};

/// The variable that says where the client is.
const CLIENT: &str = "BACKSTITCH_MCP_CLIENT";
/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(1);

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder of the checkout") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file");
        }
    }
}

/// The example shop, served, with all of it known.
fn shop(more: &str) -> (Folder, Service) {
    let folder = Folder::new();
    for part in ["catalog", "k8s"] {
        copy(
            &project().join("examples/shop").join(part),
            &folder.path().join(part),
        );
    }
    folder.file("api-token", "of the API");
    folder.file(
        "backstitch.yaml",
        format!(
            "listen: 127.0.0.1:0\nstore: state.db\n{more}\
             scrapers: {{backstage: {{instances: [{{name: shop, type: file, path: catalog}}]}}}}\n\
             clusters: [{{name: k8s, path: k8s}}]\n"
        ),
    );
    let service = Service::start(&folder);
    (folder, service)
}

fn url(service: &Service) -> String {
    format!("http://{}", service.address())
}

/// `backstitch mcp` over HTTP; killed when dropped.
struct Http {
    child: Child,
    url: String,
}

impl Http {
    fn start(server: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_backstitch"))
            .args(["mcp", "--listen", "127.0.0.1:0", "--server", server])
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("listening on ")?.1.trim().to_owned()))
            .expect("it listens");
        // What it says later must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    /// Asks it to end; whether it did so well, in time and without a word on standard output.
    async fn terminated(mut self) -> bool {
        let status = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status();
        assert!(status.expect("sh runs").success());
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                let mut said = BufReader::new(self.child.stdout.take().expect("it is piped"));
                let silent = said.fill_buf().is_ok_and(<[u8]>::is_empty);
                return status.success() && silent;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn by_stdio(server: &str, environment: &Value) -> Value {
    json!({"stdio": {
        "command": env!("CARGO_BIN_EXE_backstitch"),
        "args": ["mcp", "--server", server],
        "env": environment,
    }})
}

fn by_http(url: &str, headers: &Value) -> Value {
    json!({"http": {"url": url, "headers": headers}})
}

/// What the official client is told.
async fn ask(transport: &Value, mode: &str, calls: &[(&str, Value)]) -> Value {
    let packages = std::env::var_os(CLIENT)
        .map(PathBuf::from)
        .filter(|folder| folder.join("mcp").is_dir());
    let packages = packages.unwrap_or_else(|| {
        panic!("{CLIENT} names no folder with the MCP client; `cargo xtask test mcp-real` prepares one and runs this")
    });
    let calls: Vec<Value> = calls
        .iter()
        .map(|(tool, arguments)| json!({"tool": tool, "arguments": arguments}))
        .collect();
    let mut plan = transport.clone();
    plan["mode"] = mode.into();
    plan["calls"] = calls.into();
    let run = move || {
        let mut child = Command::new("python3")
            .arg(project().join("tests/mcp/client.py"))
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/local/bin")
            .env("PYTHONPATH", packages)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin
            .write_all(plan.to_string().as_bytes())
            .expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    };
    tokio::task::spawn_blocking(run).await.expect("it ends")
}

/// The texts of the answers, each below what was asked.
fn shown(calls: &[(&str, Value)], result: &Value) -> String {
    assert_eq!(result["fault"], Value::Null);
    let answers = result["answers"].as_array().expect("answers");
    let answer = |answer: &Value| match answer["refused"].as_str() {
        Some(refused) => format!("refused: {refused}"),
        None if answer["error"] == true => format!("error: {}", word(&answer["text"])),
        None => word(&answer["text"]).to_owned(),
    };
    let shown = calls.iter().zip(answers).map(|((tool, arguments), it)| {
        let text = without_times(&answer(it));
        format!("> {tool} {arguments}\n{}\n", text.trim_end())
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// The examples of the guide, each with the text below it.
fn of_the_guide() -> Vec<(String, Value, String)> {
    let path = project().join("docs/guides/mcp.md");
    let guide = fs::read_to_string(path).expect("the guide");
    let examples = guide.split("```json\n{\"name\": \"").skip(1);
    examples
        .map(|example| {
            let (call, rest) = example.split_once("\n```\n").expect("an end");
            let call = format!("{{\"name\": \"{call}");
            let call: Value = serde_json::from_str(&call).expect("JSON");
            let (_, text) = rest.split_once("```text\n").expect("an answer");
            let (text, _) = text.split_once("```").expect("an end");
            let name = word(&call["name"]).to_owned();
            (name, call["arguments"].clone(), text.to_owned())
        })
        .collect()
}

/// Something for every tool, and in every way in which it can be asked.
fn questions() -> Vec<(&'static str, Value)> {
    vec![
        ("who_owns", json!({"subject": "payments/payment-api"})),
        ("who_owns", json!({"subject": "component:default/cart"})),
        ("who_owns", json!({"subject": "shop/redis"})),
        ("who_owns", json!({"subject": "deploy/shop/cart"})),
        (
            "explain",
            json!({"subject": "component:default/recommendations"}),
        ),
        ("explain", json!({"subject": "shop/cart", "limit": 1})),
        ("team_services", json!({"team": "web"})),
        (
            "team_services",
            json!({"team": "group:default/web", "limit": 1}),
        ),
        ("unowned", json!({})),
        ("unowned", json!({"namespace": "payments"})),
        ("unowned", json!({"namespace": "shop", "limit": 2})),
        (
            "resolve_alert",
            json!({"labels": {"alertname": "Down", "namespace": "shop", "pod": "cart-5d8f6c7b9-zzzzz"}}),
        ),
        ("resolve_alert", json!({"labels": {"service": "redis"}})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_answers_the_same_by_both_transports() {
    let (folder, service) = shop("");
    service
        .until("/api/v1/summary", |answer| answer["owned"] == 8)
        .await;
    let server = url(&service);
    let http = Http::start(&server, &[]);
    let calls = questions();
    let first = ask(&by_stdio(&server, &json!({})), "auto", &calls).await;
    assert_snapshot!("answers", shown(&calls, &first));
    let mut protocols = vec![word(&first["protocol"]).to_owned()];
    for (transport, mode) in [
        (by_stdio(&server, &json!({})), "legacy"),
        (by_http(&http.url, &json!({})), "auto"),
        (by_http(&http.url, &json!({})), "legacy"),
    ] {
        let again = ask(&transport, mode, &calls).await;
        for part in ["answers", "instructions", "fault"] {
            let both = [&first[part], &again[part]].map(|it| without_times(&it.to_string()));
            assert_eq!(both[0], both[1], "{transport} {mode}");
        }
        protocols.push(word(&again["protocol"]).to_owned());
    }
    assert_eq!(
        protocols,
        ["2026-07-28", "2025-11-25", "2026-07-28", "2025-11-25"]
    );
    let tools = first["tools"].as_array().expect("tools");
    for tool in tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert_eq!(tool["annotations"]["openWorldHint"], false, "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
    }
    assert_eq!(tools.len(), 6);

    let examples = of_the_guide();
    let calls: Vec<(&str, Value)> = examples
        .iter()
        .map(|(tool, arguments, _)| (tool.as_str(), arguments.clone()))
        .collect();
    assert_eq!(calls.len(), 7, "the examples of the guide");
    let result = ask(&by_stdio(&server, &json!({})), "auto", &calls).await;
    for (index, (tool, _, text)) in examples.iter().enumerate() {
        let found = word(&result["answers"][index]["text"]).trim_end();
        let expected = match tool.as_str() {
            // Which source was faster is not the guide's to say.
            "what_changed" => "2 changes from",
            _ => text.trim_end(),
        };
        let (found, expected) = (without_times(found), without_times(expected));
        assert!(found.starts_with(&expected), "{tool}: {found}");
    }

    what_changes(&folder, &service, &http).await;
    assert!(http.terminated().await);
}

/// The history of a Service that is given away, and a list that goes on.
async fn what_changes(folder: &Folder, service: &Service, http: &Http) {
    let path = "catalog/components/storefront.yaml";
    let text = fs::read_to_string(folder.path().join(path)).expect("the file");
    folder.file(
        path,
        text.replace("owner: group:default/web", "owner: merchandising"),
    );
    service
        .until("/api/v1/services/k8s/shop/cart", |answer| {
            answer["owner"]["ref"] == "group:default/merchandising"
        })
        .await;
    let calls = [
        (
            "what_changed",
            json!({"since": "1h", "service": "shop/cart", "limit": 1}),
        ),
        (
            "what_changed",
            json!({"since": "1h", "team": "merchandising"}),
        ),
        (
            "what_changed",
            json!({"since": "1h", "service": "k8s/shop/crat"}),
        ),
        (
            "what_changed",
            json!({"since": "1h", "team": "merchandizing"}),
        ),
        ("unowned", json!({"limit": 3})),
        ("unowned", json!({"cluster": "k9s"})),
        (
            "who_owns",
            json!({"subject": "shop/cart", "at": "2001-01-01"}),
        ),
    ];
    let transport = by_http(&http.url, &json!({}));
    let result = ask(&transport, "auto", &calls).await;
    let answers = &result["answers"];
    let newest = word(&answers[0]["text"]);
    let expected = "Service k8s/shop/cart: changed hands, from group:default/web to group:default/merchandising, by read";
    assert!(newest.contains(expected), "{newest}");
    assert!(
        answers[1]["structured"]["changes"]
            .as_array()
            .expect("a list")
            .len()
            > 1
    );
    assert!(word(&answers[1]["structured"]["note"]).starts_with("history begins at"));
    assert_snapshot!(shown(&calls[2..], &json!({"answers": answers.as_array().expect("answers")[2..]}))
        .replace(word(&answers[4]["structured"]["next"]), "[CURSOR]"), @r#"
        > what_changed {"service":"k8s/shop/crat","since":"1h"}
        error: there is no Service `k8s/shop/crat`
        hint: did you mean `component:default/cart`, `k8s/shop/cart`?

        > what_changed {"since":"1h","team":"merchandizing"}
        error: there is no owner `group:default/merchandizing`
        hint: did you mean `group:default/merchandising`? the owners are `group:default/alder-and-oak`, `group:default/engineering`, `group:default/fulfilment`, `group:default/merchandising`, `group:default/payments`, `group:default/web`, `user:default/amara.okafor`, `user:default/carla.ruiz`, `user:default/maja.lind`, `user:default/tom.becker`, `user:default/yusuf.demir`

        > unowned {"limit":3}
        3 Services without an owner, and maybe more
          k8s/fulfilment/shipping-rates  unclaimed  -
          k8s/payments/redis  unclaimed  -
          k8s/shop/recommendations  unclaimed  -
        there may be more: ask again with `cursor` = `[CURSOR]`

        > unowned {"cluster":"k9s"}
        error: there is no cluster `k9s`
        hint: the clusters are k8s

        > who_owns {"at":"2001-01-01","subject":"shop/cart"}
        error: [TIME] is before history begins, at [TIME]
        "#);

    // All pages together are the whole list, each Service once.
    let mut found: Vec<String> = Vec::new();
    let mut arguments = json!({"limit": 3});
    loop {
        let result = ask(&transport, "auto", &[("unowned", arguments.clone())]).await;
        let page = &result["answers"][0]["structured"];
        let services = page["services"].as_array().expect("a list").iter();
        found.extend(services.map(|it| word(&it["id"]).to_owned()));
        match &page["next"] {
            Value::String(next) => arguments["cursor"] = next.as_str().into(),
            _ => break,
        }
    }
    assert_eq!(
        found,
        [
            "k8s/fulfilment/shipping-rates",
            "k8s/payments/redis",
            "k8s/shop/recommendations",
            "k8s/shop/redis"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_says_what_to_do() {
    let (_folder, service) = shop("api_token_file: api-token\n");
    let server = url(&service);
    let good = by_stdio(&server, &json!({"BACKSTITCH_API_TOKEN": "of the API"}));
    let owned = [("who_owns", json!({"subject": "shop/cart"}))];
    // The sources are read when the first of them asks or soon after.
    let started = Instant::now();
    while ask(&good, "auto", &owned).await["answers"][0]["structured"]["owned"] != true {
        assert!(started.elapsed() < PATIENCE, "nobody owns the cart");
    }
    let calls = [
        ("team_services", json!({"team": "paiments"})),
        ("team_services", json!({"team": "group:::"})),
        ("who_owns", json!({"subject": "redis"})),
        ("who_owns", json!({"subject": "shop/crat"})),
        ("who_owns", json!({})),
        (
            "who_owns",
            json!({"subject": "shop/cart", "kluster": "k8s"}),
        ),
        ("explain", json!({"subject": "group:default/web"})),
        ("explain", json!({"subject": "shop/cart", "limit": 1000})),
        ("unowned", json!({"cursor": "xyz"})),
        ("what_changed", json!({"since": "lately"})),
        ("resolve_alert", json!({"labels": {}})),
        ("delete_everything", json!({})),
    ];
    let result = ask(&good, "auto", &calls).await;
    assert_snapshot!(shown(&calls, &result), @r#"
    > team_services {"team":"paiments"}
    error: there is no owner `group:default/paiments`
    hint: did you mean `group:default/payments`? the owners are `group:default/alder-and-oak`, `group:default/engineering`, `group:default/fulfilment`, `group:default/merchandising`, `group:default/payments`, `group:default/web`, `user:default/amara.okafor`, `user:default/carla.ruiz`, `user:default/maja.lind`, `user:default/tom.becker`, `user:default/yusuf.demir`

    > team_services {"team":"group:::"}
    error: there is no owner `group:default/::`
    hint: the owners are `group:default/alder-and-oak`, `group:default/engineering`, `group:default/fulfilment`, `group:default/merchandising`, `group:default/payments`, `group:default/web`, `user:default/amara.okafor`, `user:default/carla.ruiz`, `user:default/maja.lind`, `user:default/tom.becker`, `user:default/yusuf.demir`

    > who_owns {"subject":"redis"}
    error: `redis` is the name of 2 things
    hint: name one of them: `k8s/payments/redis`, `k8s/shop/redis`

    > who_owns {"subject":"shop/crat"}
    error: there is no component, Service or workload `shop/crat`
    hint: did you mean `component:default/cart`, `k8s/shop/cart`?

    > who_owns {}
    error: the arguments of `who_owns` cannot be used: missing field `subject`
    hint: `who_owns` takes `at` (string), `limit` (integer), `subject` (string, required)

    > who_owns {"kluster":"k8s","subject":"shop/cart"}
    error: the arguments of `who_owns` cannot be used: unknown field `kluster`, expected one of `subject`, `at`, `limit`
    hint: `who_owns` takes `at` (string), `limit` (integer), `subject` (string, required)

    > explain {"subject":"group:default/web"}
    error: `group:default/web` is no Component, and of catalog entities only those are stitched

    > explain {"limit":1000,"subject":"shop/cart"}
    error: `limit` is 1000, expected 1 to 200
    hint: leave it out for 50; lists go on by `cursor`

    > unowned {"cursor":"xyz"}
    error: `cursor` cannot be `xyz`
    hint: begin again without `cursor`, and hand on `next` as it came

    > what_changed {"since":"lately"}
    error: `since` cannot be `lately`: expected such as `03:12`, `yesterday 14:00`, `2026-01-31 14:00`, `2h ago` or `2026-01-31T13:00:00Z`

    > resolve_alert {"labels":{}}
    error: there are no labels
    hint: give at least one, such as `service` and `namespace`

    > delete_everything {}
    refused: there is no tool `delete_everything`; the tools are who_owns, explain, team_services, what_changed, unowned, resolve_alert
    "#);

    for token in [json!({}), json!({"BACKSTITCH_API_TOKEN": "of nobody"})] {
        let result = ask(&by_stdio(&server, &token), "auto", &owned).await;
        let answer = &result["answers"][0];
        assert_eq!(answer["error"], true);
        let text = word(&answer["text"]);
        assert!(text.contains("hint: give the server's token by"), "{text}");
        assert!(!text.contains("of nobody"), "{text}");
    }
    service.kill().await;
    let result = ask(&good, "auto", &owned).await;
    let answer = &result["answers"][0];
    assert_eq!(answer["error"], true);
    let text = word(&answer["text"]);
    assert!(
        text.starts_with("cannot ask the server") && text.contains("hint: is it running?"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_only_those_are_answered_who_may_ask() {
    let (folder, service) = shop("");
    folder.file("client-token", "of the clients\n");
    let token = folder.path().join("client-token").display().to_string();
    let http = Http::start(&url(&service), &["--client-token-file", &token]);
    let good = json!({"authorization": "Bearer of the clients"});
    let calls = [("unowned", json!({}))];
    let result = ask(&by_http(&http.url, &good), "auto", &calls).await;
    assert_eq!(result["answers"][0]["error"], false, "{result}");
    for headers in [json!({}), json!({"authorization": "Bearer of nobody"})] {
        let result = ask(&by_http(&http.url, &headers), "auto", &calls).await;
        assert_ne!(result["fault"], Value::Null, "{result}");
    }

    let client = reqwest::Client::new();
    let listing = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let post = |more: &[(&'static str, &str)]| {
        let request = client
            .post(&http.url)
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("authorization", "Bearer of the clients")
            .body(listing.clone());
        more.iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, *value)
            })
            .send()
    };
    for (headers, status) in [
        (&[][..], 200),
        (&[("host", "evil.example")], 421),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
    ] {
        let answer = post(headers).await.expect("an answer");
        assert_eq!(answer.status(), status, "{headers:?}");
    }
    let unknown = client.post(&http.url).body(listing.clone()).send().await;
    assert_eq!(unknown.expect("an answer").status(), 401);
    let authorized = |request: reqwest::RequestBuilder| {
        request
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .bearer_auth("of the clients")
    };
    let large = authorized(client.post(&http.url)).body(vec![b' '; 300 * 1024]);
    assert_eq!(large.send().await.expect("an answer").status(), 413);
    let stream = authorized(client.get(&http.url)).send().await;
    assert_eq!(stream.expect("an answer").status(), 405);
    let base = http.url.trim_end_matches("/mcp").to_owned();
    let elsewhere = authorized(client.get(format!("{base}/api/v1/summary"))).send();
    assert_eq!(elsewhere.await.expect("an answer").status(), 404);
    let probe = client.get(format!("{base}/healthz")).send().await;
    assert_eq!(probe.expect("an answer").status(), 200);
    assert!(http.terminated().await);
}
