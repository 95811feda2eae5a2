//! Real Backstages, started for a test and gone with it.
//!
//! ```text
//!  Version + Options ─▶ start ─▶ node server/….js ── HTTP ──▶ the catalog API, as any client sees it
//!                          │        ▲     ▲
//!                          │        │     └─ control port: the catalog changes while it is read
//!                          │        └─ standard input: its end is the end of the server
//!                          └─ waits until the catalog has settled, or an error with the end of the log
//! ```
//!
//! It owns which versions there are, how one is started, changed, measured and stopped, and the tokens that they know.
//! The installations are made by `cargo xtask test backstage-real`, which says in [`INSTALLATIONS`] where they are.

mod control;
mod error;
mod options;
mod process;
mod target;
mod token;
mod usage;
mod version;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub use control::Answer;
pub use error::Error;
pub use options::{Access, Catalog, Database, Options, rate_limit};
pub use process::{INSTALLATIONS, output_of, seed};
pub use target::{OWN_TOKEN, OWN_URL, Target, VERSION, shared, target};
pub use token::{Token, legacy_token};
pub use usage::Usage;
pub use version::Version;

use process::Process;

/// How long a Backstage may take to start and to fill its catalog. It needs some 6 s, and a busy machine many times that.
pub const START_DEADLINE: Duration = Duration::from_mins(3);

/// How long a catalog may take until a change shows. Orphans are looked for every 30 s.
pub const CHANGE_DEADLINE: Duration = Duration::from_mins(2);

/// The pause between two looks at a condition.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A port that was free may be taken a moment later by somebody else.
const PORT_TRIES: u32 = 3;

/// A running Backstage; dropping it ends it.
#[derive(Debug)]
pub struct Backstage {
    version: Version,
    options: Options,
    ports: Ports,
    url: String,
    process: Option<Process>,
    /// The log, the configuration of this run, and the database where it is a file. Last, so that it outlives the process.
    home: TempDir,
}

/// Where a Backstage listens, on the loopback.
#[derive(Clone, Copy, Debug)]
struct Ports {
    api: u16,
    control: u16,
}

impl Ports {
    fn free() -> Result<Self, Error> {
        let bind = || TcpListener::bind("127.0.0.1:0").map_err(Error::files("a free port"));
        // Both are held until both are known, or they might be the same.
        let (api, control) = (bind()?, bind()?);
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        Ok(Self {
            api: port(&api).map_err(Error::files("a free port"))?,
            control: port(&control).map_err(Error::files("a free port"))?,
        })
    }
}

impl Backstage {
    /// Starts a Backstage and waits until its catalog holds all that it was given.
    pub async fn start(version: Version, options: Options) -> Result<Self, Error> {
        let mut tries = PORT_TRIES;
        loop {
            let backstage = Self::launch(version, options.clone())?;
            let settled = backstage.settled().await;
            tries -= 1;
            let taken =
                matches!(&settled, Err(Error::Ended { log, .. }) if log.contains("EADDRINUSE"));
            if !taken || tries == 0 {
                return settled.map(|()| backstage);
            }
        }
    }

    /// Starts a Backstage without waiting for anything, to be watched while it comes up.
    pub fn launch(version: Version, options: Options) -> Result<Self, Error> {
        let ports = Ports::free()?;
        let mut backstage = Self {
            version,
            options,
            ports,
            url: format!("http://127.0.0.1:{}", ports.api),
            process: None,
            home: tempfile::tempdir().map_err(Error::files("a temporary folder"))?,
        };
        backstage.spawn()?;
        Ok(backstage)
    }

    fn spawn(&mut self) -> Result<(), Error> {
        let process = Process::spawn(self.version, &self.options, self.ports, self.home.path())?;
        self.process = Some(process);
        Ok(())
    }

    /// Waits until the catalog holds all that it was given at the start.
    pub async fn settled(&self) -> Result<(), Error> {
        let (entities, relations) = self.options.catalog.settled(self.version)?;
        let waited = self
            .wait(START_DEADLINE, "a settled catalog", |found| {
                found.len() >= entities && relations.is_none_or(|all| all == count_relations(found))
            })
            .await;
        waited.map(drop)
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which one it is.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Ends it, as a crash would; it can be started again by [`restart`](Self::restart).
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Ends it and starts it again at the same URL. A catalog in memory is made anew: with other uids, and without what
    /// was put there by [`delta`](Self::delta).
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.stop();
        self.spawn()?;
        self.settled().await
    }

    /// Waits until the whole catalog is as asked for, and gives it. `what` is what one waits for, in words.
    pub async fn until(
        &self,
        what: &str,
        holds: impl FnMut(&[Value]) -> bool,
    ) -> Result<Vec<Value>, Error> {
        self.wait(CHANGE_DEADLINE, what, holds).await
    }

    async fn wait(
        &self,
        patience: Duration,
        what: &str,
        mut holds: impl FnMut(&[Value]) -> bool,
    ) -> Result<Vec<Value>, Error> {
        let deadline = Instant::now() + patience;
        loop {
            let process = self.process.as_ref().ok_or(Error::Stopped)?;
            if let Some(status) = process.ended() {
                return Err(Error::Ended {
                    version: self.version,
                    status,
                    log: process.log(),
                });
            }
            let found = self.entities().await;
            if let Ok(found) = &found
                && holds(found)
            {
                return Ok(found.clone());
            }
            if Instant::now() > deadline {
                return Err(Error::Waited {
                    version: self.version,
                    what: what.to_owned(),
                    patience,
                    last: match found {
                        Ok(found) => format!(
                            "{} entities with {} relations",
                            found.len(),
                            count_relations(&found)
                        ),
                        Err(error) => error.to_string(),
                    },
                    log: process.log(),
                });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// CPU time and memory of the server so far; Linux alone tells.
    pub fn usage(&self) -> Result<Usage, Error> {
        let process = self.process.as_ref().ok_or(Error::Stopped)?;
        Usage::of(process.id()).map_err(Error::files("the usage of the server"))
    }

    /// The end of its log.
    pub fn log(&self) -> String {
        self.process.as_ref().map_or_else(String::new, Process::log)
    }
}

fn count_relations(entities: &[Value]) -> usize {
    let relations = |entity: &Value| entity["relations"].as_array().map_or(0, Vec::len);
    entities.iter().map(relations).sum()
}
