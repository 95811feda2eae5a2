//! `cargo xtask demo`: from a fresh clone to the running example company.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::places::release_binary;

/// Builds the binary and becomes `backstitch demo`.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    let mut command = Command::new(release_binary()?);
    command.arg("demo").args(arguments);
    become_command(command)
}

/// Replaces this process, so that Ctrl-C reaches the demo alone and its exit status is ours.
#[cfg(unix)]
fn become_command(mut command: Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;

    // `exec` returns only when it failed.
    Err(anyhow::Error::new(command.exec()).context("cannot start `backstitch demo`"))
}

#[cfg(not(unix))]
fn become_command(mut command: Command) -> Result<()> {
    use anyhow::{Context as _, ensure};

    let status = command.status().context("cannot start `backstitch demo`")?;
    ensure!(status.success(), "`backstitch demo` ended with {status}");
    Ok(())
}
