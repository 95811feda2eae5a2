//! `backstitch serve` as a process: its configuration, its reads, and what it used.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use testbed::backstage::Usage;
use tokio::time::sleep;

use crate::Failure;

/// The longest wait for a read of a million entities, on a machine that others use.
const PATIENCE: Duration = Duration::from_mins(30);
/// Between two looks at the status; each costs the program next to nothing.
const LOOK: Duration = Duration::from_millis(200);
const INSTANCE: &str = "bench";

/// What there is to read.
pub(crate) struct Sources<'a> {
    /// The Backstage.
    pub(crate) url: &'a str,
    pub(crate) token: Option<&'a str>,
    /// A folder for the store, the configuration and the log.
    pub(crate) home: &'a Path,
}

/// A running program, which ends when dropped.
pub(crate) struct Serving {
    child: Child,
    api: String,
    http: Client,
    log: PathBuf,
    started: Instant,
}

/// A read that ended, and what the program used until then.
pub(crate) struct Read {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) entities: u64,
}

impl Serving {
    /// Starts it; it reads at once, and then when it is asked to.
    pub(crate) fn start(program: &Path, sources: &Sources<'_>) -> Result<Self, Failure> {
        let Sources { url, token, home } = sources;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        // With a cluster every component has a verdict, and with that a history.
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "lonely", "namespace": "shop"},
        });
        let (cluster, config) = (home.join("cluster.json"), home.join("backstitch.yaml"));
        fs::write(&cluster, service.to_string())?;
        let mut instance = json!({"name": INSTANCE, "endpoint": url, "sync_interval": "168h"});
        if let Some(token) = token {
            instance["token"] = json!(token);
        }
        let configured = json!({
            "scrapers": {"backstage": {"instances": [instance]}},
            "clusters": [{"name": "prod", "path": cluster}],
            "store": home.join("store.db"),
            "listen": format!("127.0.0.1:{port}"),
        });
        // JSON is YAML.
        fs::write(&config, configured.to_string())?;
        let log = home.join("backstitch.log");
        let child = Command::new(program)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()?;
        Ok(Self {
            child,
            api: format!("http://127.0.0.1:{port}"),
            http: Client::builder().no_proxy().build()?,
            log,
            started: Instant::now(),
        })
    }

    /// Waits until the last state is loaded; how long that took from the start.
    pub(crate) async fn ready(&mut self) -> Result<Duration, Failure> {
        let url = format!("{}/readyz", self.api);
        loop {
            let answer = self.http.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(self.started.elapsed());
            }
            self.alive()?;
            sleep(LOOK / 10).await;
        }
    }

    /// Waits for the end of the first read since the start.
    pub(crate) async fn first(&mut self) -> Result<Read, Failure> {
        self.ready().await?;
        self.until(1).await
    }

    /// Has the catalog read once more.
    pub(crate) async fn again(&mut self) -> Result<Read, Failure> {
        let url = format!(
            "{}/api/v1/sources/catalog/{INSTANCE}/refresh?force=true",
            self.api
        );
        let answer = self.http.post(url).send().await?.error_for_status()?;
        let asked: Value = answer.json().await?;
        let read = asked["read"].as_u64().ok_or("a refresh without a number")?;
        self.until(read).await
    }

    /// What it used so far.
    pub(crate) fn usage(&self) -> Result<Usage, Failure> {
        Ok(Usage::of(self.child.id())?)
    }

    /// Ends it as a signal does, with everything committed.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;

        let id = Pid::from_raw(i32::try_from(self.child.id())?);
        kill(id, Signal::SIGTERM)?;
        self.child.wait()?;
        Ok(())
    }

    async fn until(&mut self, read: u64) -> Result<Read, Failure> {
        let url = format!("{}/api/v1/sources/catalog/{INSTANCE}", self.api);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status: Value = self.http.get(&url).send().await?.json().await?;
            if status["failures"] != 0 {
                return Err(format!("the read failed: {}", status["last_error"]).into());
            }
            if status["reads"].as_u64() >= Some(read) {
                let cost = &status["last_read"]["cost"];
                let count = |name: &str| cost[name].as_u64().ok_or("a read without its cost");
                return Ok(Read {
                    requests: count("requests")?,
                    bytes: count("bytes")?,
                    entities: count("entities")?,
                });
            }
            self.alive()?;
            if Instant::now() > deadline {
                return Err("the read does not end".into());
            }
            sleep(LOOK).await;
        }
    }

    fn alive(&mut self) -> Result<(), Failure> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                let log = fs::read_to_string(&self.log)?;
                Err(format!("the program ended with {status}:\n{log}").into())
            }
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // What fails here has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
