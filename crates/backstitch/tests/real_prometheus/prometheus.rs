//! A Prometheus of its own, started for a test and gone with it.

use std::env;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::Folder;

/// The variable that says where Debian's package was unpacked.
const INSTALLATION: &str = "BACKSTITCH_PROMETHEUS";
/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(100);
/// Runs a program, and kills it once the standard input ends, as it does when the test is killed. A shell's own background
/// jobs have none, hence the copy.
const WATCHED: &str = r#"exec 3<&0; "$0" "$@" </dev/null & program=$!; (cat <&3 >/dev/null; kill -9 $program) & wait $program"#;

fn program(name: &str) -> PathBuf {
    let folder = env::var_os(INSTALLATION).unwrap_or_else(|| {
        panic!("`{INSTALLATION}` says where Prometheus is: run `cargo xtask test prometheus-real`")
    });
    PathBuf::from(folder).join("usr/bin").join(name)
}

/// Runs promtool in a folder; it has to be content.
pub(crate) fn promtool(folder: &Folder, arguments: &[&str]) {
    let output = Command::new(program("promtool"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("promtool runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
}

/// A running Prometheus; ended when dropped.
pub(crate) struct Prometheus {
    child: Child,
    base: String,
    log: PathBuf,
    client: reqwest::Client,
}

impl Prometheus {
    /// Starts it in a folder that holds `prometheus.yml`, and waits until it is ready.
    pub(crate) async fn start(folder: &Folder) -> Self {
        let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = held.local_addr().expect("its address");
        drop(held);
        let log = folder.path().join("prometheus.log");
        let file = File::create(&log).expect("a log");
        let child = Command::new("sh")
            .args(["-c", WATCHED])
            .arg(program("prometheus"))
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(file.try_clone().expect("a log"))
            .stderr(file)
            .spawn()
            .expect("sh runs");
        let prometheus = Self {
            child,
            base: format!("http://{address}"),
            log,
            client: reqwest::Client::new(),
        };
        let started = Instant::now();
        let ready = format!("{}/-/ready", prometheus.base);
        loop {
            let answer = prometheus.client.get(&ready).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return prometheus;
            }
            prometheus.wait_since(started, "it is not ready").await;
        }
    }

    async fn wait_since(&self, started: Instant, what: &str) {
        let log = || fs::read_to_string(&self.log).unwrap_or_default();
        assert!(started.elapsed() < PATIENCE, "{what}\n{}", log());
        tokio::time::sleep(LOOK).await;
    }

    /// The JSON of a good answer.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.asked(path, &[]).await
    }

    async fn asked(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let url = reqwest::Url::parse_with_params(&format!("{}{path}", self.base), parameters);
        let answer = self.client.get(url.expect("a URL")).send().await;
        let answer: Value = answer.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["status"], "success", "{parameters:?}: {answer:#}");
        answer
    }

    /// What comes of a query now, a line for each series, sorted; without what differs between runs.
    pub(crate) async fn shown(&self, query: &str) -> String {
        let answer = self.asked("/api/v1/query", &[("query", query)]).await;
        let series = answer["data"]["result"].as_array().expect("series");
        let mut lines: Vec<String> = series
            .iter()
            .map(|series| {
                let labels = series["metric"].as_object().expect("labels");
                let labels = labels
                    .iter()
                    .filter(|(key, _)| *key != "instance" && *key != "job");
                let labels: Vec<String> = labels
                    .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
                    .collect();
                let value: f64 = series["value"][1]
                    .as_str()
                    .and_then(|text| text.parse().ok())
                    .expect("a number");
                // Ages are another in every run.
                let value = if query.starts_with("time()") {
                    "…".to_owned()
                } else {
                    number(value)
                };
                format!(
                    "  {}\n",
                    format!("{value} {}", labels.join(", ")).trim_end()
                )
            })
            .collect();
        lines.sort();
        lines.concat()
    }

    /// Waits until a query gives this one number.
    pub(crate) async fn until(&self, query: &str, wanted: &str) {
        let started = Instant::now();
        loop {
            let shown = self.shown(query).await;
            if shown.trim() == wanted {
                return;
            }
            let what = format!("{query} is {shown}, expected {wanted}");
            self.wait_since(started, &what).await;
        }
    }
}

/// To four places, without zeros at the end.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // The shell kills the program and waits for it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
