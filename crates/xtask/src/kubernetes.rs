//! A real Kubernetes for the contract tests, built once into the cache and reused by every checkout.
//!
//! ```text
//!  tests/kubernetes/build.sh ─ hash ─▶ <cache>/kubernetes/1.20.2-<hash>/{bin,manifests}
//! ```
//!
//! It must not know how a cluster is started; that is the testbed's.

use std::ffi::OsString;
use std::fs::{self, File};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use xxhash_rust::xxh3::xxh3_64;

use crate::cached::{self, Cached};
use crate::places;

/// The variable that says where it is, for the testbed.
pub(crate) const INSTALLATION: &str = "BACKSTITCH_KUBERNETES";

/// The version that the script builds.
const VERSION: &str = "1.20.2";

/// From the root of the checkout.
const SCRIPT: &str = "tests/kubernetes/build.sh";

/// A build that stays where it is while this value lives.
#[derive(Debug)]
pub(crate) struct Kubernetes {
    folder: OsString,
    /// A lock ends with the file it is on.
    _in_use: File,
}

impl Kubernetes {
    /// Its folder.
    pub(crate) fn folder(&self) -> &OsString {
        &self.folder
    }
}

/// The build, made first where the cache lacks it.
pub(crate) fn install() -> Result<Kubernetes> {
    let root = places::cache()?.join("kubernetes");
    fs::create_dir_all(&root).with_context(|| format!("cannot create `{}`", root.display()))?;
    let script = places::checkout().join(SCRIPT);
    let text = fs::read(&script).with_context(|| format!("cannot read `{}`", script.display()))?;
    let built = Cached::new(
        format!("Kubernetes {VERSION}"),
        root.join(format!("{VERSION}-{:016x}", xxh3_64(&text))),
    );
    let lock = built.in_use(|folder| {
        let status = Command::new("bash").arg(&script).arg(folder).status();
        let status = status.context("cannot start `bash`")?;
        ensure!(
            status.success(),
            "`{SCRIPT}` ended with {status}; it printed why above"
        );
        Ok(())
    })?;
    cached::sweep(&root, &[&built], SystemTime::now())?;
    Ok(Kubernetes {
        folder: built.folder().into(),
        _in_use: lock,
    })
}
