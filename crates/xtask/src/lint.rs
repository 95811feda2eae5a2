//! The checks that read the sources and the dependency tree rather than run the program.

use std::process::Command;

use anyhow::Result;

use crate::step::Step;
use crate::{places, tools};

/// Format, clippy, and the dependency rules of `deny.toml`, fastest first.
pub(crate) fn steps() -> Vec<Step> {
    vec![
        Step::new("format", format()),
        Step::prepared("deny", deny),
        Step::new("clippy", clippy(&["--all-targets"])),
        // What only runs against real systems is no part of "all targets", by `test = false`.
        Step::new("clippy-real", clippy(&["--test", "real_*"])),
    ]
}

fn format() -> Command {
    let mut command = places::cargo();
    command.args(["fmt", "--all", "--check"]);
    command
}

fn clippy(targets: &[&str]) -> Command {
    let mut command = places::cargo();
    command
        .args(["clippy", "--workspace"])
        .args(targets)
        .args(["--", "-D", "warnings"]);
    command
}

/// Advisories are left out: they need a database from the network on every run, and a test must give the same
/// answer tomorrow for the same tree.
fn deny() -> Result<Command> {
    let mut command = Command::new(tools::cargo_deny()?);
    command.current_dir(places::checkout());
    // Warnings are denied, so that an exception in `deny.toml` leaves with its cause.
    command.args([
        "--workspace",
        "check",
        "-D",
        "warnings",
        "bans",
        "licenses",
        "sources",
    ]);
    Ok(command)
}
