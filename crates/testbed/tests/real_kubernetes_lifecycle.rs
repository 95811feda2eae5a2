//! That a cluster comes, changes, forgets, and goes with the test that started it.

#![cfg(unix)]

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testbed::kubernetes::{Cluster, Controllers, Error, Options, User, Validity};

/// How long the processes may take to notice that their test is gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// Set where a test runs itself once more, to be killed.
const TO_BE_KILLED: &str = "TESTBED_TO_BE_KILLED";

async fn started(options: Options) -> Cluster {
    let cluster = Cluster::start(options).await;
    cluster.unwrap_or_else(|error| panic!("{error}"))
}

fn listens(url: &str) -> bool {
    TcpStream::connect(url.trim_start_matches("https://")).is_ok()
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().map(Vec::as_slice);
    let names = items.unwrap_or_default().iter();
    names
        .filter_map(|item| item["metadata"]["name"].as_str())
        .collect()
}

#[tokio::test]
async fn a_cluster_keeps_its_state_through_a_restart_and_goes_with_its_value() {
    let mut cluster = started(Options::default()).await;
    let url = cluster.url();
    cluster
        .apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}")
        .expect("it is applied");
    cluster.stop_api_server();
    assert!(!listens(&url));
    cluster.start_api_server().await.expect("it comes back");
    assert_eq!(cluster.url(), url);
    let namespaces = cluster.get("/api/v1/namespaces").expect("a list");
    assert!(names(&namespaces).contains(&"shop"));
    cluster.compact().await.expect("it forgets");
    drop(cluster);
    assert!(!listens(&url));
}

#[tokio::test]
async fn users_may_do_what_roles_give_them() {
    let cluster = started(Options::default()).await;
    let home = tempfile::tempdir().expect("a folder");
    let by = |name: &str, text: String| {
        let path = home.path().join(name);
        fs::write(&path, text).expect("a file");
        move |cluster: &Cluster, what: &str| cluster.kubectl_by(&path, &["get", what], "")
    };
    let reader = by("reader", cluster.kubeconfig_of(&[User::Reader]));
    assert!(matches!(
        reader(&cluster, "services"),
        Err(Error::Kubectl { said, .. }) if said.contains("forbidden")
    ));
    for arguments in [
        "create clusterrole read --verb=get,list,watch --resource=services",
        "create clusterrolebinding read --clusterrole=read --user=reader --serviceaccount=default:account",
        "create serviceaccount account",
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        cluster.kubectl(&arguments, "").expect("it is made");
    }
    let account = cluster.kubeconfig_of_account("default", "account");
    let account = by("account", account.expect("a token"));
    reader(&cluster, "services").expect("it is permitted");
    account(&cluster, "services").expect("it is permitted");
    account(&cluster, "pods").expect_err("it is not permitted");

    let certified = |name: &str, validity| {
        let made = cluster.client_certificate("reader", &["testers"], validity);
        let made = made.expect("a certificate");
        let files = [
            ("client.crt", made.certificate_pem),
            ("client.key", made.key_pem),
        ];
        let paths = files.map(|(file, text)| {
            let path = home.path().join(format!("{name}-{file}"));
            fs::write(&path, text).expect("a file");
            path
        });
        let user = json!({"client-certificate": paths[0], "client-key": paths[1]});
        by(name, cluster.kubeconfig_with(&[("reader", user)]))
    };
    certified("good", Validity::Now)(&cluster, "services").expect("it is taken");
    certified("expired", Validity::Expired)(&cluster, "services").expect_err("it is not taken");
}

#[tokio::test]
async fn controllers_make_what_a_deployment_asks_for_and_foreign_manifests_are_taken() {
    let options = Options {
        controllers: Controllers::Running,
        ..Options::default()
    };
    let cluster = started(options).await;
    let manifests = cluster.foreign_manifests();
    let folder = manifests.to_str().expect("a path of text");
    cluster
        .kubectl(&["apply", "--recursive", "-f", folder], "")
        .expect("they are taken");
    // That of the Deployment; the claim of a StatefulSet and its first Pod stand in another namespace.
    let pods = "/api/v1/namespaces/kube-system/pods";
    cluster
        .until("its Pod", |cluster| {
            cluster.get(pods).is_ok_and(|pods| !names(&pods).is_empty())
        })
        .await
        .expect("it comes");
    let list = cluster.get(pods).expect("a list");
    let pod = names(&list)[0];
    cluster
        .apply("apiVersion: v1\nkind: Node\nmetadata: {name: node-1}")
        .expect("a node");
    cluster
        .run_pod("kube-system", pod, "node-1")
        .expect("it runs");
    let pod = cluster.get(&format!("{pods}/{pod}")).expect("the Pod");
    assert_eq!(pod["spec"]["nodeName"], "node-1");
    assert_eq!(pod["status"]["phase"], "Running");
}

#[tokio::test]
async fn a_cluster_ends_with_a_test_that_is_killed() {
    if env::var_os(TO_BE_KILLED).is_some() {
        let cluster = started(Options::default()).await;
        writeln!(io::stdout(), "\nurl {}", cluster.url()).expect("somebody reads");
        // Not for ever: should the test that started this one fail, its end of the pipe closes.
        io::stdin().lines().for_each(drop);
        return;
    }
    let mut held = Command::new(env::current_exe().expect("this test has a path"))
        .args([
            "--exact",
            "a_cluster_ends_with_a_test_that_is_killed",
            "--nocapture",
        ])
        .env(TO_BE_KILLED, "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test runs");
    let output = held.stdout.take().expect("a pipe");
    let url = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("url ").map(str::to_owned))
        .expect("the other test says where its cluster is");
    assert!(listens(&url));
    held.kill().expect("it runs");
    held.wait().expect("it ends");
    let deadline = Instant::now() + PATIENCE;
    while listens(&url) {
        assert!(
            Instant::now() < deadline,
            "the cluster at {url} outlives its test"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn a_cluster_that_does_not_start_says_why() {
    let options = Options {
        api_server_flags: vec!["--no-such-flag".to_owned()],
        ..Options::default()
    };
    let error = Cluster::start(options).await.expect_err("it cannot start");
    assert!(error.to_string().contains("no-such-flag"), "{error}");
}
