//! Packages of Python for the tests, installed into the cache exactly as a `requirements.txt` pins them.
//!
//! It must not know what the packages are for.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};
use xxhash_rust::xxh3::xxh3_64;

use crate::cached::{Cached, InUse, sweep};
use crate::places;

const REQUIREMENTS: &str = "requirements.txt";
/// The folder of an installation from which Python imports.
const PACKAGES: &str = "packages";

/// The folder from which Python imports what the `requirements.txt` in that folder lists, installed first where the cache lacks it.
/// `name` is its place in the cache, `title` what it is called in messages.
pub(crate) fn install(title: &str, name: &str, manifests: &Path) -> Result<InUse> {
    let root = places::cache()?.join(name);
    std::fs::create_dir_all(&root)
        .with_context(|| format!("cannot create `{}`", root.display()))?;
    let requirements = manifests.join(REQUIREMENTS);
    let text = std::fs::read_to_string(&requirements)
        .with_context(|| format!("cannot read `{}`", requirements.display()))?;
    // Packages with native parts are made for one version of Python.
    let name = format!("{:016x}", xxh3_64((text + &version()?).as_bytes()));
    let installation = Cached::new(title, root.join(name));
    let lock = installation.in_use(|folder| make(&requirements, folder))?;
    sweep(&root, &[&installation], SystemTime::now())?;
    Ok(InUse {
        folder: installation.folder().join(PACKAGES).into_os_string(),
        _lock: lock,
    })
}

/// The program.
pub(crate) fn python() -> Command {
    Command::new("python3")
}

fn version() -> Result<String> {
    let output = python()
        .arg("--version")
        .output()
        .context("`python3` does not run\nhint: some tests need Python 3.10 or newer")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Exactly what the file lists, by its hashes. Only built packages: none runs anything of its own while it is installed.
fn make(requirements: &Path, folder: &Path) -> Result<()> {
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
        .arg(folder.join(PACKAGES))
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
