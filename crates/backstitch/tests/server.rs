//! `explain` and `owner` against a running server: the same answers as over its sources.

mod common;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use common::{project, run, small};
use server::owner_info::OwnerInfo;
use server::{Access, AppState};
use store::Store;
use tokio::net::TcpListener;
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::change::{Change, Ownership};
use topology::entity_ref::EntityRef;
use topology::settings::InstanceSettings;
use topology::topology::Topology;
use topology::verdict::{ComponentKey, ServiceKey, ServiceState};

const SHOP: [&str; 4] = [
    "--catalog",
    "examples/shop/catalog",
    "--cluster",
    "examples/shop/k8s",
];

fn shop() -> Topology {
    let path = |path: &str| -> Vec<PathBuf> { vec![project().join("examples/shop").join(path)] };
    let mut topology = Topology::new(topology::labels::DEFAULT_PREFIX);
    let settings = InstanceSettings::named("default");
    let catalog = catalog::files::read(&path("catalog"), &settings.label_map, &mut |_| {});
    let cluster = cluster::manifests::read(&path("k8s"), &mut |_| {}).expect("the manifests");
    let instance = topology.set_instance(settings);
    let id = topology.set_cluster("k8s");
    topology.apply(Delta::Cluster(ClusterDelta {
        cluster: id,
        upserts: cluster.objects,
        removals: Vec::new(),
    }));
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 1,
        read_at: 1_800_000_000,
        upserts: catalog.entities.into_iter().collect(),
        removals: Vec::new(),
    }));
    topology
}

/// Serves the shop, and gives the URL.
async fn serve(access: Access) -> String {
    let state = AppState {
        topology: Arc::new(RwLock::new(shop())),
        sources: Arc::default(),
        events: Arc::new(server::events::Events::new(0)),
        history: None,
        decisions: None,
        api_tokens: None,
        previews: server::preview::Desk::default(),
        integrations: None,
        owner_info: OwnerInfo::default(),
        alerts: None,
        notifications: None,
        clock: || 1_800_000_000,
    };
    serve_state(state, access).await
}

async fn serve_state(state: AppState, access: Access) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move { axum::serve(listener, server::router(state, access)).await });
    format!("http://{address}")
}

/// The beginning of the past that is served.
const BEGIN: i64 = 1_700_000_000;

/// Serves the shop with a past of three hours, at 2023-11-15T01:13:20Z; the store lives as long as it is held.
async fn serve_past() -> (String, Store) {
    let mut store = Store::in_memory().expect("a store");
    let service = |namespace: &str, name: &str| ServiceKey {
        cluster: "k8s".into(),
        namespace: namespace.into(),
        name: name.into(),
    };
    let owned = |name: &str, owner: &str| {
        Some(Ownership {
            state: ServiceState::Owned,
            component: Some(ComponentKey {
                instance: "default".into(),
                reference: EntityRef::new("component", "default", name),
            }),
            owner: Some(owner.into()),
        })
    };
    let unclaimed = Some(Ownership {
        state: ServiceState::Unclaimed,
        component: None,
        owner: None,
    });
    let (web, old, ann) = (
        "group:default/web",
        "group:default/old-web",
        "user:default/ann",
    );
    let (cart, old_cart) = (service("shop", "cart"), service("shop", "old-cart"));
    let (fraud, redis) = (service("payments", "fraud-check"), service("shop", "redis"));
    let catalog = store::Source::Instance("default".into());
    let cluster = store::Source::Cluster("k8s".into());
    for (hour, source, steps) in [
        (
            0,
            &cluster,
            vec![
                (&cart, None, owned("cart", old)),
                (&old_cart, None, owned("cart", old)),
                (&fraud, None, owned("fraud-check", ann)),
            ],
        ),
        (
            1,
            &catalog,
            vec![
                (&cart, owned("cart", old), owned("cart", web)),
                (&fraud, owned("fraud-check", ann), unclaimed.clone()),
            ],
        ),
        (
            2,
            &cluster,
            vec![
                (&old_cart, owned("cart", old), None),
                (&redis, None, unclaimed.clone()),
            ],
        ),
    ] {
        let cause = store::Cause::Read {
            source: source.clone(),
            generation: 7,
        };
        let changes: Vec<Change> = steps
            .into_iter()
            .map(|(service, before, after)| Change::Service {
                service: service.clone(),
                before,
                after,
            })
            .collect();
        let recorded = store.record(BEGIN + hour * 3600, &cause, &changes);
        recorded.expect("a healthy store");
    }
    let reader = store.reader().expect("a reader");
    let state = AppState {
        topology: Arc::new(RwLock::new(shop())),
        sources: Arc::default(),
        events: Arc::new(server::events::Events::new(0)),
        history: Some(Arc::new(tokio::sync::Mutex::new(reader))),
        decisions: None,
        api_tokens: None,
        previews: server::preview::Desk::default(),
        integrations: None,
        owner_info: OwnerInfo::default(),
        alerts: None,
        notifications: None,
        clock: || BEGIN + 3 * 3600,
    };
    (serve_state(state, Access::default()).await, store)
}

async fn shown(args: &[&str], environment: &'static [(&'static str, &'static str)]) -> String {
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    let run = move || {
        let run = environment
            .iter()
            .fold(run(args), |run, (key, value)| run.env(key, value));
        run.shown()
    };
    tokio::task::spawn_blocking(run)
        .await
        .expect("the run ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_the_same_as_its_sources() {
    let url = serve(Access::default()).await;
    let subjects = [
        "component:default/cart",
        "recommendations",
        "login-store",
        "shop/cart",
        "service/shop/redis",
        "k8s/payments/fraud-check",
        "deploy/shop/cart",
        "pod/shop/cart-5d8f6c7b9-zzzzz",
        "shop/crat",
        "service/redis",
        "group:default/web",
        "a/b/c/d",
    ];
    for command in ["explain", "owner"] {
        for subject in subjects {
            for format in ["text", "json"] {
                let by_server = shown(
                    &[
                        command,
                        subject,
                        "-o",
                        format,
                        "--server",
                        &format!("{url}/"),
                    ],
                    &[],
                )
                .await;
                let by_sources = shown(
                    &[&[command, subject, "-o", format], &SHOP[..]].concat(),
                    &[],
                )
                .await;
                assert_eq!(by_server, by_sources, "{command} {subject}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_a_token() {
    let access = Access {
        token: Some("t0k3n".to_owned().into()),
        ..Access::default()
    };
    let url = serve(access).await;
    let args = ["owner", "shop/cart", "--server", url.as_str()];
    insta::assert_snapshot!(shown(&args, &[]).await);
    let with = shown(&args, &[("BACKSTITCH_API_TOKEN", "t0k3n")]).await;
    assert!(
        with.starts_with("exit 0\n") && !with.contains("t0k3n"),
        "{with}"
    );
    let wrong = shown(&args, &[("BACKSTITCH_API_TOKEN", "wr0ng")]).await;
    assert!(
        wrong.starts_with("exit 2\n") && !wrong.contains("wr0ng"),
        "{wrong}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_names_the_server_unless_sources_are_given() {
    let environment = &[("BACKSTITCH_SERVER", "http://127.0.0.1:1")];
    let by_sources = shown(&[&["owner", "shop/cart"], &SHOP[..]].concat(), environment).await;
    assert!(by_sources.starts_with("exit 0\n"), "{by_sources}");
    insta::assert_snapshot!(shown(&["owner", "shop/cart"], environment).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_server_of_ours() {
    let other = wiremock::MockServer::start().await;
    insta::assert_snapshot!(shown(&["explain", "cart", "--server", &other.uri()], &[]).await);
}

#[test]
fn what_is_no_url() {
    insta::assert_snapshot!(
        small()
            .run(["explain", "cart", "--server", "localhost:7465"])
            .shown()
    );
}

#[test]
fn nobody_to_ask() {
    insta::assert_snapshot!(small().run(["explain", "cart"]).shown());
}

#[test]
fn a_server_and_sources_at_once() {
    let args = [
        "explain",
        "cart",
        "--server",
        "http://localhost:1",
        "--catalog",
        "catalog.yaml",
    ];
    insta::assert_snapshot!(small().run(args).shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gives_the_same_routes_as_its_sources() {
    let url = serve(Access::default()).await;
    let words = [
        "export",
        "alertmanager-routes",
        "--secrets-dir",
        "secrets",
        "--smtp-smarthost",
        "mail.example:25",
        "--smtp-from",
        "alerts@alderoak.example",
        "--by-namespace",
    ];
    let by_server = [&words[..], &["--server", &url]].concat();
    let by_sources = [&words[..], &SHOP].concat();
    let routes = |shown: String| {
        let (_, text) = shown.split_once("----- stdout\n").expect("an output");
        text.split_once("----- stderr")
            .expect("an end")
            .0
            .to_owned()
    };
    let (by_server, by_sources) = (shown(&by_server, &[]).await, shown(&by_sources, &[]).await);
    assert!(by_server.starts_with("exit 0") && by_server.contains("group:default/web"));
    assert_eq!(routes(by_server), routes(by_sources));
}

#[tokio::test(flavor = "multi_thread")]
async fn s27_who_owned_it_then() {
    let (url, _store) = serve_past().await;
    let mut all = String::new();
    for (subject, at) in [
        ("shop/cart", "2023-11-14T22:30:00Z"),
        ("shop/cart", "2023-11-15T00:30:00+01:00"),
        ("deploy/shop/cart", "2023-11-14T22:30:00Z"),
        ("k8s/payments/fraud-check", "2023-11-14T23:30:00Z"),
        // It is not there now.
        ("shop/old-cart", "2023-11-15T00:10:00Z"),
        ("shop/old-cart", "2023-11-15T00:30:00Z"),
        ("shop/nothing", "2023-11-15T00:30:00Z"),
        ("cart", "2023-11-15T00:30:00Z"),
        ("shop/cart", "2023-11-14T22:00:00Z"),
        ("shop/cart", "2023-11-15T03:12:00Z"),
    ] {
        let args = ["owner", subject, "--at", at, "--server", &url];
        let shown = shown(&args, &[]).await;
        writeln!(all, "$ owner {subject} --at {at}\n{shown}").expect("a text");
    }
    insta::assert_snapshot!(all);
    let args = [
        "owner",
        "shop/cart",
        "--at",
        "2023-11-14T22:30:00Z",
        "-o",
        "json",
    ];
    let json = shown(&[&args[..], &["--server", &url]].concat(), &[]).await;
    insta::assert_snapshot!(json);
}

#[tokio::test(flavor = "multi_thread")]
async fn s27_what_is_different() {
    let (url, _store) = serve_past().await;
    let mut all = String::new();
    for more in [
        &["--since", "2023-11-14T22:30:00Z"][..],
        &["--since", "2023-11-14T20:00:00Z"],
        &["--since", "2023-11-15T00:30:00Z"],
        &["--since", "2023-11-14T22:30:00Z", "--team", "web"],
        &[
            "--since",
            "2023-11-14T22:30:00Z",
            "--team",
            "web",
            "-o",
            "json",
        ],
        &["--since", "24h", "--team", "a:b/c/d"],
    ] {
        let args = [&["diff", "--server", &url], more].concat();
        let shown = shown(&args, &[]).await;
        writeln!(all, "$ diff {}\n{shown}", more.join(" ")).expect("a text");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_no_time() {
    insta::assert_snapshot!(
        small()
            .run(["owner", "cart", "--at", "tomorrow 09:00"])
            .shown()
    );
}

#[test]
fn the_past_of_sources_that_are_read_now() {
    let args = [
        "owner",
        "cart",
        "--at",
        "03:12",
        "--catalog",
        "catalog.yaml",
    ];
    insta::assert_snapshot!(small().run(args).shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_remembers_nothing() {
    let url = serve(Access::default()).await;
    let at = [
        "owner",
        "shop/cart",
        "--at",
        "2023-11-14T22:30:00Z",
        "--server",
        &url,
    ];
    let diff = ["diff", "--server", &url];
    insta::assert_snapshot!(format!(
        "{}{}",
        shown(&at, &[]).await,
        shown(&diff, &[]).await
    ));
}

#[test]
fn mcp_beyond_this_machine_wants_a_token() {
    let args = ["mcp", "--listen", "0.0.0.0:0"];
    insta::assert_snapshot!(small().run(args).shown());
}

#[tokio::test(flavor = "multi_thread")]
async fn mcp_writes_nothing_but_its_protocol() {
    let url = serve(Access::default()).await;
    let said = [
        "this is no JSON",
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"who_owns","arguments":{"subject":"shop/cart"}}}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"no/such"}"#,
        "{",
    ];
    let folder = small();
    folder.file("said", said.join("\n"));
    let file = std::fs::File::open(folder.path().join("said")).expect("the file");
    let run = move || {
        folder
            .run(["mcp", "-vv", "--server", &url])
            .stdin(file)
            .output()
    };
    let output = tokio::task::spawn_blocking(run).await.expect("it ends");
    assert!(output.status.success());
    let written = String::from_utf8(output.stdout).expect("text");
    let mut answers = written
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect(line));
    assert!(answers.clone().all(|answer| answer["jsonrpc"] == "2.0"));
    let owned = answers.find(|answer| answer["id"] == 2).expect("an answer");
    assert_eq!(owned["result"]["structuredContent"]["owned"], true);
}

async fn printed(args: &[&str]) -> String {
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    tokio::task::spawn_blocking(|| run(args).printed())
        .await
        .expect("the run ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_and_suggestions_of_a_server_are_those_of_its_sources() {
    let url = serve(Access::default()).await;
    for (command, differs) in [("report", &["made_at", "no_trend"][..]), ("suggest", &[])] {
        let args = [&[command, "-o", "json"][..], &SHOP].concat();
        let sources = printed(&args).await;
        let server = printed(&[command, "-o", "json", "--server", &url]).await;
        let [sources, server] = [sources, server].map(|text| {
            let mut read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for key in differs {
                let object = read.as_object_mut().expect("an object");
                object.remove(*key);
            }
            read
        });
        assert_eq!(sources, server, "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s27_a_report_with_a_trend() {
    let (url, _store) = serve_past().await;
    let mut all = String::new();
    for more in [
        &["--since", "2023-11-14T22:30:00Z"][..],
        &["--since", "2023-11-14T22:30:00Z", "-o", "csv"],
        &["--since", "2023-11-14T20:00:00Z"],
    ] {
        let args = [&["report", "--top", "3", "--server", &url], more].concat();
        let shown = shown(&args, &[]).await;
        let end = shown.find("\n## Unclaimed").unwrap_or(shown.len());
        writeln!(all, "$ report {}\n{}", more.join(" "), &shown[..end]).expect("a text");
    }
    let url = serve(Access::default()).await;
    let shown = shown(&["report", "--top", "1", "--server", &url], &[]).await;
    let end = shown.find("\n## ").unwrap_or(shown.len());
    writeln!(all, "$ report, without a store\n{}", &shown[..end]).expect("a text");
    insta::assert_snapshot!(all);
}
