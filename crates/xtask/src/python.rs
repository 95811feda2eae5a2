//! Packages of Python, installed into the cache exactly as a file of requirements pins them.
//!
//! It must not know what they are for.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};
use xxhash_rust::xxh3::xxh3_64;

use crate::cached::{Cached, sweep};
use crate::places;

/// Packages that stay where they are while this value lives.
#[derive(Debug)]
pub(crate) struct Packages {
    folder: PathBuf,
    /// A lock ends with the file it is on.
    _in_use: File,
}

impl Packages {
    /// The folder from which Python imports them.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Python itself.
pub(crate) fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The packages of a file of requirements, installed first where the cache lacks them. `name` is the folder in the cache, `title`
/// what they are in messages.
pub(crate) fn packages(name: &str, title: &str, requirements: &Path) -> Result<Packages> {
    let root = places::cache()?.join(name);
    std::fs::create_dir_all(&root)
        .with_context(|| format!("cannot create `{}`", root.display()))?;
    let text = std::fs::read_to_string(requirements)
        .with_context(|| format!("cannot read `{}`", requirements.display()))?;
    // Packages with native parts are made for one version of Python.
    let hash = format!("{:016x}", xxh3_64((text + &python_version()?).as_bytes()));
    let installation = Cached::new(title, root.join(hash));
    let lock = installation.in_use(|folder| install(requirements, folder))?;
    sweep(&root, &[&installation], SystemTime::now())?;
    Ok(Packages {
        folder: installation.folder().join("packages"),
        _in_use: lock,
    })
}

fn python_version() -> Result<String> {
    let output = python()
        .arg("--version")
        .output()
        .context("`python3` does not run\nhint: these tests need Python 3.10 or newer")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Exactly what the file lists, by its hashes. Only built packages: none runs anything of its own while it is installed.
fn install(requirements: &Path, folder: &Path) -> Result<()> {
    let piped = python()
        .args(["-m", "pip", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !piped {
        bail!(
            "`python3 -m pip` does not run\nhint: install pip for Python 3, often as `python3-pip`"
        );
    }
    let status = python()
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--require-hashes", "--only-binary", ":all:", "--target"])
        .arg(folder.join("packages"))
        .arg("--requirement")
        .arg(requirements)
        // It goes into a folder of ours; whose user that is does not matter.
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .status()
        .context("cannot start `python3 -m pip`")?;
    ensure!(
        status.success(),
        "`pip install` printed why above\nhint: the packages come from the index that pip is configured for; check the network \
         and `python3 -m pip config list`"
    );
    Ok(())
}
