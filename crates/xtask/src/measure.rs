//! Runs one program and says what it used: wall time, CPU time, peak resident memory.
//!
//! The kernel keeps the peak for "all children so far" of a process, so each measured program gets a parent of its
//! own: this binary again, as `xtask measure`. Otherwise the compiler, a child as well, would win every time.

use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// What a finished program used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// From start to exit, in seconds.
    pub(crate) wall: f64,
    /// CPU time in the program, over all threads, in seconds.
    pub(crate) user: f64,
    /// CPU time in the kernel on its behalf, in seconds.
    pub(crate) system: f64,
    /// The most memory resident at any moment, in bytes.
    pub(crate) peak_bytes: u64,
}

/// Runs `program` with its standard output in the file `output`, in a fresh parent process.
pub(crate) fn run(program: &Path, arguments: &[OsString], output: &Path) -> Result<Usage> {
    let usage = output.with_extension("usage.json");
    let this = std::env::current_exe().context("cannot find the path of this program")?;
    let status = Command::new(this)
        .args(["measure", "--usage"])
        .arg(&usage)
        .arg("--output")
        .arg(output)
        .arg("--")
        .arg(program)
        .args(arguments)
        .status()
        .context("cannot start the measuring process")?;
    ensure!(status.success(), "the measured program did not finish");
    let text =
        std::fs::read(&usage).with_context(|| format!("cannot read `{}`", usage.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("cannot parse `{}`", usage.display()))
}

/// The body of `xtask measure`: the one child of this process is the measured program.
pub(crate) fn run_child(usage: &Path, output: &Path, command: &[OsString]) -> Result<()> {
    let (program, arguments) = command.split_first().context("no program to measure")?;
    let name = Path::new(program).display();
    let file =
        File::create(output).with_context(|| format!("cannot create `{}`", output.display()))?;
    let started = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(file)
        .status()
        .with_context(|| format!("cannot start `{name}`"))?;
    let wall = started.elapsed().as_secs_f64();
    ensure!(status.success(), "`{name}` ended with {status}");
    let used = usage_of_children(wall)?;
    std::fs::write(usage, serde_json::to_vec(&used)?)
        .with_context(|| format!("cannot write `{}`", usage.display()))
}

#[cfg(unix)]
fn usage_of_children(wall: f64) -> Result<Usage> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeVal;

    // Linux counts the peak in kibibytes, macOS in bytes.
    const PEAK_UNIT: u64 = if cfg!(target_os = "macos") { 1 } else { 1024 };
    const MICROSECONDS: f64 = 1e-6;

    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of a benchmark are far below 2^52"
    )]
    fn seconds(time: TimeVal) -> f64 {
        time.tv_sec() as f64 + time.tv_usec() as f64 * MICROSECONDS
    }

    let used =
        getrusage(UsageWho::RUSAGE_CHILDREN).context("cannot read the usage of the program")?;
    Ok(Usage {
        wall,
        user: seconds(used.user_time()),
        system: seconds(used.system_time()),
        peak_bytes: u64::try_from(used.max_rss()).unwrap_or_default() * PEAK_UNIT,
    })
}

#[cfg(not(unix))]
fn usage_of_children(_wall: f64) -> Result<Usage> {
    anyhow::bail!("measuring needs a Unix system")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_output_is_kept_and_the_usage_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (usage, output) = (folder.path().join("usage"), folder.path().join("output"));
        run_child(&usage, &output, &["echo".into(), "hello".into()]).expect("echo runs");

        assert_eq!(std::fs::read_to_string(output).expect("written"), "hello\n");
        let usage: Usage =
            serde_json::from_slice(&std::fs::read(usage).expect("written")).expect("is JSON");
        assert!(usage.wall > 0.0 && usage.peak_bytes > 100_000, "{usage:?}");
    }

    #[test]
    fn a_program_that_fails_is_no_measurement() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (usage, output) = (folder.path().join("usage"), folder.path().join("output"));
        let fault = run_child(&usage, &output, &["false".into()]).expect_err("`false` fails");
        assert_eq!(fault.to_string(), "`false` ended with exit status: 1");
        assert!(!usage.exists());
    }
}
