//! The tests of the Helm chart: Helm's own library and the schemas of Kubernetes, installed into the cache.
//!
//! What has to be true of the chart is in `tests/chart/check.py`, since both are packages of Python. This module owns that they are
//! there, exactly as `tests/chart/requirements.txt` pins them.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::places;
use crate::python::{install, python};
use crate::step::Step;

/// The step of a test run; `arguments` are those of `check.py`.
pub(crate) fn step(arguments: &[OsString]) -> Step {
    let arguments = arguments.to_vec();
    Step::prepared("chart", move || check(&arguments))
}

fn check(arguments: &[OsString]) -> Result<Command> {
    let manifests = places::checkout().join("tests/chart");
    // The packages were used just now, and are kept for days after that: the lock is not needed while they run.
    let installed = install(
        "Helm's library and the schemas of Kubernetes",
        "chart",
        &manifests,
    )?;
    let mut command = python();
    command
        .current_dir(places::checkout())
        .arg(manifests.join("check.py"))
        .args(arguments)
        .env("PYTHONPATH", &installed.folder)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}
