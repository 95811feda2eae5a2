//! The tests of the Helm chart: Helm's own library and the schemas of Kubernetes, installed into the cache.
//!
//! What has to be true of the chart is in `tests/chart/check.py`, since both are packages of Python. This module owns that they are
//! there, exactly as `tests/chart/requirements.txt` pins them.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};
use xxhash_rust::xxh3::xxh3_64;

use crate::cached::{Cached, sweep};
use crate::places;
use crate::step::Step;

const REQUIREMENTS: &str = "requirements.txt";

/// The step of a test run; `arguments` are those of `check.py`.
pub(crate) fn step(arguments: &[OsString]) -> Step {
    let arguments = arguments.to_vec();
    Step::prepared("chart", move || check(&arguments))
}

fn check(arguments: &[OsString]) -> Result<Command> {
    let root = places::cache()?.join("chart");
    std::fs::create_dir_all(&root)
        .with_context(|| format!("cannot create `{}`", root.display()))?;
    let manifests = places::checkout().join("tests/chart");
    let script = manifests.join("check.py");
    let requirements = manifests.join(REQUIREMENTS);
    let text = std::fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read `{}`", requirements.display()))?;
    // Packages with native parts are made for one version of Python.
    let name = format!("{:016x}", xxh3_64((text + &python_version()?).as_bytes()));
    let installation = Cached::new(
        "Helm's library and the schemas of Kubernetes",
        root.join(name),
    );
    let lock = installation.in_use(|folder| install(&requirements, folder))?;
    sweep(&root, &[&installation], SystemTime::now())?;
    // The packages were used just now, and are kept for days after that: the lock is not needed while they run.
    drop(lock);
    let mut command = python();
    command
        .current_dir(places::checkout())
        .arg(script)
        .args(arguments)
        .env("PYTHONPATH", installation.folder().join("packages"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

fn python() -> Command {
    Command::new("python3")
}

fn python_version() -> Result<String> {
    let output = python().arg("--version").output().context(
        "`python3` does not run\nhint: the tests of the chart need Python 3.10 or newer",
    )?;
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
