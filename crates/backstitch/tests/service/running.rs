//! A running service, asked over HTTP and ended by signals.

#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::Folder;

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);

/// A service; killed when dropped.
pub(crate) struct Service {
    child: Child,
    base: String,
    log: Arc<Mutex<String>>,
    /// Ends with the log.
    reading: Option<thread::JoinHandle<()>>,
    client: reqwest::Client,
}

impl Service {
    /// Starts `backstitch serve` in a folder that holds `backstitch.yaml`, and waits until it listens.
    pub(crate) fn start(folder: &Folder) -> Self {
        Self::start_by(folder, Command::new(env!("CARGO_BIN_EXE_backstitch")))
    }

    /// The same by a command that ends in the binary.
    pub(crate) fn start_by(folder: &Folder, mut command: Command) -> Self {
        let mut child = command
            .args(["serve", "--config", "backstitch.yaml"])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let (found, address) = mpsc::channel();
        let reading = thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in stderr.lines().map_while(Result::ok) {
                    if let Some((_, address)) = line.split_once("listening on ") {
                        // Nobody waits for it a second time.
                        let _ = found.send(address.trim().to_owned());
                    }
                    let mut log = log.lock().expect("the log");
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let base = address
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("it does not listen: {}", log.lock().expect("the log")));
        Self {
            child,
            base,
            log,
            reading: Some(reading),
            client: reqwest::Client::new(),
        }
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// What it will have logged.
    pub(crate) fn log_at_end(&self) -> impl Fn() -> String + use<> {
        let log = Arc::clone(&self.log);
        move || log.lock().expect("the log").clone()
    }

    /// Runs another command of the binary against it; all that came of that.
    pub(crate) async fn command(&self, folder: &Folder, args: &[&str]) -> String {
        let run = folder
            .run(args)
            .env("BACKSTITCH_SERVER", self.base.as_str());
        tokio::task::spawn_blocking(move || run.shown())
            .await
            .expect("it ends")
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A stream that stays open.
    pub(crate) async fn open(&self, path: &str) -> reqwest::Response {
        let response = self.client.get(format!("{}{path}", self.base)).send().await;
        response.expect("it answers")
    }

    /// What `/metrics` says of one series.
    pub(crate) async fn metric(&self, series: &str) -> Option<String> {
        let text = self.open("/metrics").await.text().await.expect("a text");
        let mut lines = text.lines();
        lines.find_map(|line| {
            line.strip_prefix(series)?
                .strip_prefix(' ')
                .map(str::to_owned)
        })
    }

    /// Status and body.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.open(path).await;
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// Status and body of the answer to a `POST` of nothing.
    pub(crate) async fn post(&self, path: &str) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.base));
        let response = request.send().await.expect("it answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// Status and body of the answer to a `POST` of JSON.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        let response = request.send().await.expect("it answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// Status and body of the answer to a request with JSON, or with nothing.
    pub(crate) async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("it answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// Waits until the answer is as it should be.
    pub(crate) async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let (_, answer) = self.get(path).await;
            if holds(&answer) {
                return answer;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{path} is {answer:#}\n{}",
                self.log()
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until the last state is loaded.
    pub(crate) async fn ready(&self) {
        self.until("/readyz", |answer| answer["ready"] == true)
            .await;
    }

    /// Waits until a source stands so; `kind/name`.
    pub(crate) async fn source(&self, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let find = |answer: &Value| {
            let items = answer["items"].as_array().expect("a page");
            let found = items
                .iter()
                .find(|item| format!("{}/{}", word(&item["kind"]), word(&item["name"])) == id);
            found.cloned().expect("the source")
        };
        find(
            &self
                .until("/api/v1/sources", |answer| holds(&find(answer)))
                .await,
        )
    }

    /// Waits until a source is in that phase.
    pub(crate) async fn phase(&self, id: &str, phase: &str) -> Value {
        self.source(id, |source| source["phase"] == phase).await
    }

    /// The owner of a Service, `-` for none.
    pub(crate) async fn owner(&self, service: &str) -> String {
        let (_, answer) = self.get(&format!("/api/v1/services/{service}")).await;
        answer["owner"]["ref"].as_str().unwrap_or("-").to_owned()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {}", self.pid())])
            .status()
            .expect("sh runs");
        assert!(status.success());
    }

    /// Waits for its end; how it ended and after how long.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                // What it said last may still be on its way.
                if let Some(reading) = self.reading.take() {
                    reading.join().expect("the log is read");
                }
                return (status, started.elapsed());
            }
            assert!(
                started.elapsed() < PATIENCE,
                "it does not end: {}",
                self.log()
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Kills it, as a power cut would.
    pub(crate) async fn kill(self) {
        self.signal("KILL");
        self.ended().await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(LOOK).await;
    }
}

pub(crate) fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
