//! The baseline as a process: the example `reflector` of the cluster crate.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use testbed::backstage::Usage;

use crate::Failure;
use crate::program::quiet;

/// A running baseline, which ends when dropped.
pub(crate) struct Baseline {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
    started: Instant,
}

impl Baseline {
    pub(crate) fn start(program: &Path, how: &str, kubeconfig: &Path) -> Result<Self, Failure> {
        let mut child = Command::new(program)
            .arg(how)
            .arg(kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().map(BufReader::new);
        Ok(Self {
            child,
            output,
            started: Instant::now(),
        })
    }

    /// Waits until it has every object; how long that took from the start.
    pub(crate) async fn complete(&mut self, objects: usize) -> Result<Duration, Failure> {
        let mut output = self.output.take().ok_or("it was waited for already")?;
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            output.read_line(&mut line).map(|_| line)
        });
        let line = line.await??;
        let found: usize = line
            .trim()
            .parse()
            .map_err(|_| "the baseline ended before it had everything")?;
        // The API server has some of its own, such as the Service `kubernetes`.
        if found < objects {
            return Err(format!("the baseline has {found} objects of {objects}").into());
        }
        Ok(self.started.elapsed())
    }

    pub(crate) fn usage(&self) -> Result<Usage, Failure> {
        Ok(Usage::of(self.child.id())?)
    }

    pub(crate) async fn quiet(&mut self) -> Result<Usage, Failure> {
        quiet(self.child.id()).await
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        // What fails here has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
