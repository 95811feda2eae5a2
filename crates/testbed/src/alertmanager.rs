//! A real Alertmanager, started with a configuration on a free port of the loopback.
//!
//! It stands beside a shell, which kills it when the pipe at the shell's standard input closes: when the value is dropped, also by
//! a panic, and when the test process is killed.

use std::env;
use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The variable that says where the programs are: a folder with `usr/bin`.
pub const INSTALLATION: &str = "BACKSTITCH_ALERTMANAGER";

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a program, and kills it once the standard input ends. A shell's own background jobs have none, hence the copy.
const WATCHED: &str = r#"exec 3<&0; "$0" "$@" </dev/null & program=$!; (cat <&3 >/dev/null; kill -9 $program) & wait $program"#;

/// Why there is no Alertmanager.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing says where the programs are.
    #[error(
        "{INSTALLATION} names no folder with an Alertmanager; `cargo xtask test alertmanager-real` prepares one and runs this"
    )]
    NotInstalled,
    /// A file or a process could not be had.
    #[error("cannot have {0}")]
    Io(&'static str, #[source] io::Error),
    /// It does not answer.
    #[error("Alertmanager does not answer:\n{0}")]
    Silent(String),
}

/// A running Alertmanager, and what it keeps.
#[derive(Debug)]
pub struct Alertmanager {
    home: TempDir,
    port: u16,
    process: Option<Child>,
    client: reqwest::Client,
}

/// Where the programs are.
///
/// # Errors
/// When nothing says so.
pub fn installation() -> Result<PathBuf, Error> {
    env::var_os(INSTALLATION)
        .map(PathBuf::from)
        .filter(|folder| folder.join("usr/bin/amtool").is_file())
        .ok_or(Error::NotInstalled)
}

/// What `amtool` says, with these arguments.
///
/// # Errors
/// When it cannot be started.
pub fn amtool(folder: &Path, arguments: &[&str]) -> Result<Output, Error> {
    Command::new(installation()?.join("usr/bin/amtool"))
        .args(arguments)
        .current_dir(folder)
        .env("HOME", folder)
        .output()
        .map_err(|error| Error::Io("`amtool`", error))
}

/// A port that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind("127.0.0.1:0");
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.map_err(|error| Error::Io("a port", error))?.port())
}

impl Alertmanager {
    /// Starts it with the text of an alertmanager.yml, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(configuration: &str) -> Result<Self, Error> {
        let home = TempDir::new().map_err(|error| Error::Io("a folder", error))?;
        fs::write(home.path().join("alertmanager.yml"), configuration)
            .map_err(|error| Error::Io("a file", error))?;
        let mut alertmanager = Self {
            home,
            port: free_port()?,
            process: None,
            client: reqwest::Client::new(),
        };
        alertmanager.resume().await?;
        Ok(alertmanager)
    }

    /// Its base URL, which stays.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The shell kills the program and waits for it, so that nothing listens any more once the shell has ended.
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn resume(&mut self) -> Result<(), Error> {
        let installation = installation()?;
        let file = |name: &str| self.home.path().join(name).display().to_string();
        let log = File::options().create(true).append(true).open(file("log"));
        let log = log.map_err(|error| Error::Io("a log", error))?;
        let errors = log.try_clone();
        let errors = errors.map_err(|error| Error::Io("a log", error))?;
        let process = Command::new("sh")
            .args(["-c", WATCHED])
            .arg("usr/bin/prometheus-alertmanager")
            .arg(format!("--config.file={}", file("alertmanager.yml")))
            .arg(format!("--storage.path={}", file("data")))
            .arg(format!("--web.listen-address=127.0.0.1:{}", self.port))
            .arg("--cluster.listen-address=")
            // Its templates are found from there.
            .current_dir(installation)
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(|error| Error::Io("a running Alertmanager", error))?;
        self.process = Some(process);
        let started = Instant::now();
        loop {
            let answer = self.client.get(format!("{}/-/ready", self.url()));
            match answer.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                _ if started.elapsed() > PATIENCE => return Err(Error::Silent(self.log())),
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Sends it alerts, as Prometheus does; the status of its answer.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn send(&self, alerts: &Value) -> Result<u16, reqwest::Error> {
        let request = self.client.post(format!("{}/api/v2/alerts", self.url()));
        Ok(request.json(alerts).send().await?.status().as_u16())
    }

    /// The alerts that it has.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn alerts(&self) -> Result<Vec<Value>, reqwest::Error> {
        let request = self.client.get(format!("{}/api/v2/alerts", self.url()));
        request.send().await?.json().await
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        let text = fs::read(self.home.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.kill();
    }
}
