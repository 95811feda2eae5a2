//! What a Backstage is started with, and what that is in Backstage's own configuration.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Error, Ports, Version};

/// The address whose requests count for no rate limit; one that is nobody's (RFC 5737).
pub(super) const UNLIMITED_ADDRESS: &str = "192.0.2.1";

/// What a Backstage is started with. The default is a guarded one with the example catalog, in memory.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is in the catalog.
    pub catalog: Catalog,
    /// Who may read it.
    pub access: Access,
    /// Where it is kept.
    pub database: Database,
    /// Further configuration, in the shape of Backstage's `app-config.yaml`; what comes later counts.
    pub config: Vec<Value>,
}

/// What is in the catalog at the start.
#[derive(Clone, Debug, Default)]
pub enum Catalog {
    /// The files in `tests/backstage/catalog`.
    #[default]
    Example,
    /// Nothing, until a test puts something there.
    Empty,
    /// A file with one entity, as JSON, in each line. Backstage takes some 30 of them a second.
    Lines(PathBuf),
    /// A catalog file that a test may rewrite while Backstage runs, which sees it within half a minute. The test itself
    /// has to wait for what is in it.
    File(PathBuf),
}

/// The entities of the example catalog.
const EXAMPLE: usize = 20;

/// The relations between them once all are stitched: a component's `dependencyOf` makes two, and 1.11 does not know it.
fn relations_of_the_example(version: Version) -> usize {
    match version {
        Version::Current | Version::V1_33 => 51,
        Version::V1_11 => 49,
    }
}

impl Catalog {
    /// How many entities, and how many relations where that is known, it has when it has settled.
    pub(super) fn settled(&self, version: Version) -> Result<(usize, Option<usize>), Error> {
        Ok(match self {
            Self::Example => (EXAMPLE, Some(relations_of_the_example(version))),
            Self::Empty | Self::File(_) => (0, None),
            Self::Lines(file) => {
                let text = fs::read_to_string(file).map_err(Error::files("the catalog"))?;
                (text.lines().filter(|line| !line.is_empty()).count(), None)
            }
        })
    }

    fn location(&self, tests: &Path) -> Option<PathBuf> {
        match self {
            Self::Example => Some(tests.join("catalog/all.yaml")),
            Self::File(file) => Some(file.clone()),
            Self::Empty | Self::Lines(_) => None,
        }
    }
}

/// Who may read the catalog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Whoever has a token.
    #[default]
    Guarded,
    /// Everybody. A token that Backstage does not know is refused all the same, except by 1.11.
    Open,
}

/// Where the catalog is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Database {
    /// Each start is a new one.
    #[default]
    InMemory,
    /// In a file, which outlives a restart.
    OnDisk,
    /// In the file of this folder, as of [`seed`](super::seed), which outlives the Backstage.
    In(PathBuf),
}

/// Configuration by which a current Backstage answers 429 to more than so many requests within so many seconds.
pub fn rate_limit(requests: u32, seconds: u32) -> Value {
    json!({"backend": {
        // Behind a proxy, as most are: the testbed's own looks then come from an address that is exempt.
        "trustProxy": true,
        "rateLimit": {
            "window": {"seconds": seconds},
            "incomingRequestLimit": requests,
            "ipAllowList": [UNLIMITED_ADDRESS],
        },
    }})
}

impl Options {
    /// For a catalog of this folder, as of [`seed`](super::seed), that stands still: nothing is imported or processed.
    pub fn seeded(folder: PathBuf) -> Self {
        Self {
            catalog: Catalog::Empty,
            database: Database::In(folder),
            config: vec![json!({
                "catalog": {"processingInterval": false, "orphanProviderStrategy": "keep"},
            })],
            ..Self::default()
        }
    }

    /// The configuration files of this run, by name: they come after `tests/backstage/app-config.yaml`, in this order.
    pub(super) fn files(&self, ports: Ports, tests: &Path, home: &Path) -> Vec<(String, Value)> {
        let url = format!("http://127.0.0.1:{}", ports.api);
        let mut run = json!({
            "app": {"baseUrl": url},
            "backend": {"baseUrl": url, "listen": {"port": ports.api}},
            "catalog": {"locations": []},
        });
        if let Some(target) = self.catalog.location(tests) {
            run["catalog"]["locations"] = json!([{"type": "file", "target": target}]);
        }
        if self.access == Access::Open {
            run["backend"]["auth"] = json!({"dangerouslyDisableDefaultAuthPolicy": true});
        }
        let directory = match &self.database {
            Database::InMemory => None,
            Database::OnDisk => Some(home.join("database")),
            Database::In(folder) => Some(folder.clone()),
        };
        if let Some(directory) = directory {
            run["backend"]["database"] = json!({"connection": {"directory": directory}});
        }
        let name = |at: usize| format!("app-config.{at}.yaml");
        std::iter::once(&run)
            .chain(&self.config)
            .enumerate()
            .map(|(at, config)| (name(at), config.clone()))
            .collect()
    }
}
