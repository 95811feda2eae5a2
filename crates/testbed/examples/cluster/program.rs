//! `backstitch serve` as a process: its configuration, when it has everything, and what it used.

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
use crate::company::{Company, Kind};

/// The longest wait for a list of a large cluster, on a machine that others use.
const PATIENCE: Duration = Duration::from_mins(15);
/// Between two looks at the status; each costs the program next to nothing.
const LOOK: Duration = Duration::from_millis(100);
/// It is quiet when it used less than this in the time after it.
const QUIET: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// What the cluster is called.
pub(crate) const CLUSTER: &str = "bench";

/// A running program, which ends when dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) api: String,
    pub(crate) http: Client,
    log: PathBuf,
    started: Instant,
}

impl Serving {
    /// Starts it on the catalog, and the store, of that folder.
    pub(crate) fn start(program: &Path, home: &Path, kubeconfig: &Path) -> Result<Self, Failure> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let configured = json!({
            "scrapers": {"backstage": {"instances": [{"name": "main", "path": home.join("catalog")}]}},
            "clusters": [{"name": CLUSTER, "kubeconfig": kubeconfig}],
            "store": home.join("store.db"),
            "listen": format!("127.0.0.1:{port}"),
        });
        let config = home.join("backstitch.yaml");
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

    /// Waits until every object is known, from a read of this run, and every component is stitched; how long that took
    /// from the start.
    pub(crate) async fn complete(&mut self, company: &Company) -> Result<Duration, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let cluster = self.get(&format!("sources/cluster/{CLUSTER}")).await?;
            let catalog = self.get("sources/catalog/main").await?;
            let summary = self.get("summary").await?;
            let counts = &cluster["counts"];
            let has = |name: &str, kind: Kind| counts[name] == company.count(kind);
            if cluster["phase"] == "ready"
                && catalog["phase"] == "ready"
                && has("pods", Kind::Pod)
                && summary["verdicts"]["stitched"] == company.components()
            {
                return Ok(self.started.elapsed());
            }
            self.alive()?;
            if Instant::now() > deadline {
                return Err(format!(
                    "it does not come to everything:\n{cluster:#}\n{catalog:#}\n{summary:#}"
                )
                .into());
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until it does next to nothing; what it used until then.
    pub(crate) async fn quiet(&mut self) -> Result<Usage, Failure> {
        quiet(self.child.id()).await
    }

    /// What an API path answers.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let url = format!("{}/api/v1/{path}", self.api);
        Ok(self.http.get(url).send().await?.json().await?)
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

    pub(crate) fn alive(&mut self) -> Result<(), Failure> {
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

/// Waits until a process does next to nothing; what it used until then.
pub(crate) async fn quiet(process: u32) -> Result<Usage, Failure> {
    let (most, time) = QUIET;
    let deadline = Instant::now() + PATIENCE;
    let mut before = Usage::of(process)?;
    loop {
        sleep(time).await;
        let now = Usage::of(process)?;
        if now.cpu.saturating_sub(before.cpu) < most {
            return Ok(now);
        }
        if Instant::now() > deadline {
            return Err("it does not come to rest".into());
        }
        before = now;
    }
}
