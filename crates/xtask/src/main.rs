//! The project's own tasks, run as `cargo xtask <task>`.
//!
//! Owns how people build, test, bench and demo Backstitch; every such command in the documents and in
//! `.ci/run` is one of these. It must not know any other crate of the workspace: it drives them through
//! cargo and through the built binary, as a user would.

mod alertmanager;
mod backstages;
mod bench;
mod cached;
mod chart;
mod debian;
mod demo;
mod generate;
mod image;
mod kubernetes;
mod lint;
mod measure;
mod pages;
mod places;
mod python;
mod real;
mod report;
mod sbom;
mod step;
mod suite;
mod tools;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Build, test, bench and demo Backstitch.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build the release binary and run `backstitch demo` with it
    Demo {
        /// Arguments handed to `backstitch demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run the lints and the tests
    Test {
        /// What to test: `all`, `core` (the pure core alone), `backstage-real` (against Backstages installed for it),
        /// `kubernetes-real` (against clusters built for it), `prometheus-real` and `alertmanager-real` (against Debian's Prometheus and Alertmanager), `mcp-real` (by the official MCP client), `notifications-real` (against a mail server), `pages` (the web pages, in a browser too), `chart`, `lint`, `tidy`, or the name of a crate
        #[arg(default_value = "all")]
        suite: suite::Suite,
        /// Arguments for the test binaries, such as part of a test's name (not with `all` or `lint`)
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
    /// Run what `test` runs before the tests: format, clippy, dependencies, the rules of the tree
    Lint,
    /// Run benchmarks
    Bench(bench::Arguments),
    /// Write generated inputs of any size, for benchmarks and for trying things out
    Gen {
        #[command(subcommand)]
        input: generate::Input,
    },
    /// Build the web pages into `ui/dist`, from where a debug build reads them
    Pages,
    /// Write the manifests of `deploy/`, and all else that is rendered from the chart, anew
    Manifests,
    /// Put together what the container image holds, and say how large it is
    Image(image::Arguments),
    /// Write the bill of materials of the program
    Sbom {
        /// The file, in JSON of `CycloneDX`
        #[arg(long, default_value = "backstitch.cdx.json")]
        out: PathBuf,
    },
    /// Run one program and write down what it used; `bench` calls this in a process of its own
    #[command(hide = true)]
    Measure {
        /// Where to write the usage, as JSON
        #[arg(long)]
        usage: PathBuf,
        /// Where the program's standard output goes
        #[arg(long)]
        output: PathBuf,
        /// The program and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Demo { arguments } => demo::run(&arguments),
        Task::Test { suite, arguments } => suite::run(&suite, &arguments),
        Task::Lint => suite::run(&suite::Suite::Lint, &[]),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Gen { input } => generate::run(&input),
        Task::Pages => pages::build(),
        Task::Manifests => suite::run(&suite::Suite::Chart, &["--accept".into()]),
        Task::Image(arguments) => image::run(&arguments),
        Task::Sbom { out } => sbom::run(&out),
        Task::Measure {
            usage,
            output,
            command,
        } => measure::run_child(&usage, &output, &command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            report::note(format_args!("error: {fault:#}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_task_can_be_asked_for() {
        Arguments::command().debug_assert();
    }
}
