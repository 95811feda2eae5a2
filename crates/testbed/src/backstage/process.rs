//! The server as a process: how it is started, that it ends, and what it wrote.
//!
//! It ends in each of three ways: when the value is dropped, also by a panic, its process group is killed; and when the
//! test process is killed, the pipe at its standard input closes, at which the server ends by itself.

use std::env;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::{Access, Catalog, Error, Options, Ports, Token, Version};

/// The variable that says where the installations are: folders named `<version>-…`, written as `PATH` is.
pub const INSTALLATIONS: &str = "BACKSTITCH_BACKSTAGES";

/// How much of a log is shown.
const LOG_LINES: usize = 30;

/// A running server.
#[derive(Debug)]
pub(super) struct Process {
    /// Asking whether it ended needs the child to itself.
    child: Mutex<Child>,
    id: u32,
    log: PathBuf,
}

impl Process {
    pub(super) fn spawn(
        version: Version,
        options: &Options,
        ports: Ports,
        home: &Path,
    ) -> Result<Self, Error> {
        let installation = installation(version)?;
        let tests = tests();
        let mut command = Command::new("node");
        command
            .arg(tests.join("server").join(version.server()))
            .arg("--config")
            .arg(tests.join("app-config.yaml"));
        for (name, config) in options.files(ports, &tests, home) {
            let path = home.join(name);
            // JSON is YAML.
            fs::write(&path, config.to_string()).map_err(Error::files("a configuration file"))?;
            command.arg("--config").arg(path);
        }
        let path = home.join("backstage.log");
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(Error::files("a log"))?;
        let errors = log.try_clone().map_err(Error::files("a log"))?;
        command
            // Backstage looks for its packages, and old ones for relative paths, from where it stands.
            .current_dir(&installation)
            .env("BACKSTAGE_INSTALLATION", &installation)
            .env("CATALOG_ENTRY", version.catalog_entry())
            .env("CONTROL_PORT", ports.control.to_string())
            .env("NODE_ENV", "production")
            .env("LOG_LEVEL", "warn")
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        if let Catalog::Lines(file) = &options.catalog {
            command.env("CATALOG_LINES", file);
            if version == Version::Current {
                command.env("FAST_INGEST", "1");
            }
        }
        if options.access == Access::Guarded {
            command.env("STATIC_TOKEN", Token::Full.text());
        }
        let child = command.spawn().map_err(Error::files("a running `node`"))?;
        Ok(Self {
            id: child.id(),
            child: Mutex::new(child),
            log: path,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().ok().flatten()
    }

    /// The end of its log.
    pub(super) fn log(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A process that has been waited for has given its number back, which may be somebody else's by now.
        if let Ok(None) = child.try_wait()
            && let Ok(id) = i32::try_from(self.id)
        {
            // What fails here has ended already.
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
            let _ = child.wait();
        }
    }
}

/// The folder with the servers, the catalog and the configuration.
fn tests() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .unwrap_or(here)
        .join("tests/backstage")
}

/// Where this version is installed.
pub(super) fn installation(version: Version) -> Result<PathBuf, Error> {
    let list = env::var_os(INSTALLATIONS).unwrap_or_default();
    let prefix = format!("{version}-");
    env::split_paths(&list)
        .find(|folder| {
            let name = folder.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(&prefix))
        })
        .ok_or(Error::NotInstalled { version })
}

/// What a script of `tests/backstage` prints when it is run with the packages of this version.
///
/// # Errors
/// When the version is not installed, or the script does not run to its end.
pub fn output_of(version: Version, script: &str) -> Result<Vec<u8>, Error> {
    run(version, script, &[])
}

/// Makes a database in this folder, for [`Options::seeded`] and the current version, of a file with one entity, as JSON,
/// in each line. It takes half a minute for 10,000 entities, which is a tenth of what Backstage takes to import them.
///
/// # Errors
/// When the current version is not installed, or the file or the folder cannot be used.
pub fn seed(lines: &Path, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::files("a folder for the database"))?;
    let database = folder.join("catalog.sqlite");
    run(
        Version::Current,
        "server/seed-database.js",
        &[lines, &database],
    )
    .map(drop)
}

fn run(version: Version, script: &str, arguments: &[&Path]) -> Result<Vec<u8>, Error> {
    let output = Command::new("node")
        .arg(tests().join(script))
        .args(arguments)
        .env("BACKSTAGE_INSTALLATION", installation(version)?)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::files("a running `node`"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::Script {
        script: script.to_owned(),
        status: output.status,
        said: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
