//! Programs that Debian packages, unpacked into the cache without being installed.
//!
//! ```text
//!  package ─ apt-cache ─▶ version ─▶ <cache>/debian/<package>-<version>/{usr,etc,…} ◀─ dpkg -x ── apt-get download
//! ```
//!
//! Nothing of the machine is changed, so that nobody has to be root where apt knows its packages. It must not know what the
//! programs are for.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};

use crate::cached::{self, Cached};
use crate::places;

/// A package that stays where it is while this value lives.
#[derive(Debug)]
pub(crate) struct Unpacked {
    folder: PathBuf,
    /// A lock ends with the file it is on.
    _in_use: File,
}

impl Unpacked {
    /// What stands for the root of the file system.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The package, downloaded and unpacked first where the cache lacks this version of it.
pub(crate) fn unpacked(package: &str) -> Result<Unpacked> {
    let version = candidate(package)?;
    let root = places::cache()?.join("debian");
    fs::create_dir_all(&root).with_context(|| format!("cannot create `{}`", root.display()))?;
    let place = Cached::new(
        format!("Debian's {package} {version}"),
        root.join(format!("{package}-{version}")),
    );
    let lock = place.in_use(|folder| unpack(package, &version, folder))?;
    // Whatever no run has used for long goes, other packages included.
    cached::sweep(&root, &[&place], SystemTime::now())?;
    Ok(Unpacked {
        folder: place.folder().to_owned(),
        _in_use: lock,
    })
}

/// The version that apt would install.
fn candidate(package: &str) -> Result<String> {
    let known = || -> Result<Option<String>> {
        let output = Command::new("apt-cache")
            .args(["policy", package])
            .env("LC_ALL", "C")
            .output()
            .context(
                "`apt-cache` does not run\nhint: this part of the tests needs Debian 12, or a container of it",
            )?;
        Ok(candidate_of(&String::from_utf8_lossy(&output.stdout)))
    };
    if let Some(version) = known()? {
        return Ok(version);
    }
    // A fresh container knows no packages, and only root may make it learn them.
    let status = Command::new("apt-get").args(["-qq", "update"]).status();
    status.context("cannot start `apt-get update`")?;
    match known()? {
        Some(version) => Ok(version),
        None => {
            bail!("apt knows no package `{package}`\nhint: run `sudo apt-get update` on Debian 12")
        }
    }
}

/// The candidate in what `apt-cache policy` prints.
fn candidate_of(policy: &str) -> Option<String> {
    let version = policy
        .lines()
        .find_map(|line| line.trim().strip_prefix("Candidate: "))?;
    (version != "(none)").then(|| version.to_owned())
}

fn unpack(package: &str, version: &str, folder: &Path) -> Result<()> {
    // apt holds the file against its signed lists. The user it otherwise downloads as may not write here.
    let status = Command::new("apt-get")
        .args(["-qq", "-o", "APT::Sandbox::User=root", "download"])
        .arg(format!("{package}={version}"))
        .current_dir(folder)
        .status()
        .context("cannot start `apt-get`")?;
    ensure!(
        status.success(),
        "`apt-get download {package}` printed why above\nhint: `sudo apt-get update` may be needed"
    );
    let mut archives = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let archive = archives.next().context("`apt-get download` left no file")?;
    let status = Command::new("dpkg")
        .arg("-x")
        .arg(&archive)
        .arg(folder)
        .status()
        .context("cannot start `dpkg`")?;
    ensure!(status.success(), "`dpkg -x` printed why above");
    fs::remove_file(&archive).with_context(|| format!("cannot remove `{}`", archive.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_is_what_apt_would_install() {
        for (policy, version) in [
            (
                "prometheus:\n  Installed: (none)\n  Candidate: 2.42.0+ds-5+b1\n  Version table:\n",
                Some("2.42.0+ds-5+b1"),
            ),
            ("gone:\n  Installed: (none)\n  Candidate: (none)\n", None),
            ("", None),
        ] {
            assert_eq!(candidate_of(policy).as_deref(), version, "{policy}");
        }
    }
}
