//! `cargo xtask bench cluster`: what the example `cluster` of the testbed needs to run: the program, the baseline, and a
//! real Kubernetes.

use std::ffi::OsString;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::kubernetes::{self, INSTALLATION};
use crate::places;

/// Changes a second of a flood, where nothing else is said.
const RATE: u32 = 10_000;

/// How large, and against what.
#[derive(Debug, Clone, Args)]
pub(super) struct ClusterSizes {
    /// Pods in the cluster of `cluster`
    #[arg(long, default_value_t = 100_000)]
    pods: u32,
    /// Services in it, each with its `EndpointSlice`
    #[arg(long, default_value_t = 20_000)]
    services: u32,
    /// Deployments in it, each with its `ReplicaSet`, and a component that claims it
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    workloads: u32,
    /// Nodes in it
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    nodes: u32,
    /// Serve the objects of `cluster` in process, without a real API server
    #[arg(long)]
    served: bool,
    /// Change pods of `cluster` for so many seconds, and see whether it ends in the true state
    #[arg(long, value_name = "SECONDS")]
    flood: Option<u32>,
    /// Changes a second of `--flood`
    #[arg(long, default_value_t = RATE, requires = "flood")]
    rate: u32,
}

impl Default for ClusterSizes {
    fn default() -> Self {
        Self {
            pods: 100_000,
            services: 20_000,
            workloads: 10_000,
            nodes: 1_000,
            served: false,
            flood: None,
            rate: RATE,
        }
    }
}

/// Runs it.
pub(super) fn run(sizes: &ClusterSizes) -> Result<()> {
    let program = places::release_binary()?;
    let [bench, baseline] = examples()?;
    // Lives until the end, and with it the lock on what is used.
    let installed = if sizes.served {
        None
    } else {
        Some(kubernetes::install()?)
    };
    let mut arguments: Vec<OsString> = vec![
        if sizes.served { "served" } else { "real" }.into(),
        program.into(),
        baseline,
    ];
    let ClusterSizes {
        pods,
        services,
        workloads,
        nodes,
        ..
    } = sizes;
    arguments.extend([pods, services, workloads, nodes].map(|size| size.to_string().into()));
    if let Some(seconds) = sizes.flood {
        arguments.extend([sizes.rate, seconds].map(|number| number.to_string().into()));
    }
    let mut command = std::process::Command::new(bench);
    command.args(arguments);
    if let Some(installed) = &installed {
        command.env(INSTALLATION, installed.folder());
    }
    let status = command.status().context("cannot start the benchmark")?;
    ensure!(status.success(), "the benchmark failed");
    Ok(())
}

/// The benchmark and its baseline, built together.
fn examples() -> Result<[OsString; 2]> {
    let names = ["cluster", "reflector"];
    let mut command = places::cargo();
    command.args([
        "build",
        "--release",
        "--package",
        "testbed",
        "--package",
        "cluster",
    ]);
    for name in names {
        command.args(["--example", name]);
    }
    let output = command
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .context("cannot start `cargo build`")?;
    ensure!(
        output.status.success(),
        "the benchmark does not build; cargo printed why above"
    );
    let found = names.map(|name| places::executable(&output.stdout, name));
    let [Some(bench), Some(baseline)] = found else {
        anyhow::bail!("cargo built the benchmark but did not say where");
    };
    Ok([bench.into(), baseline.into()])
}
