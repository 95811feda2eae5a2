//! The words of `backstitch report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Moment, WhereArgs};

pub(super) const NOTES: &str = "\
It says how many Services have an owner, by cluster, namespace and team; which Services nobody has,
those first that most depends on; which components run nowhere, are ambiguous or in conflict; which
owners are not there or cannot be reached; which Kubernetes ids several components have.

What depends on a Service: the workloads and pods behind it, the Ingresses and routes in front of
it, and the components that name it, each counted once.

A trend is known to a running server alone, whose history has to reach back to --since. Its times
are those of `backstitch diff`.

Examples:
  backstitch report --config backstitch.yaml > hygiene.md
  backstitch report --server http://localhost:7465 --since 30d -o html --out hygiene.html
  backstitch report --catalog ./catalog --cluster prod-eu -o csv --top 1000";

/// `backstitch report`
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// Where to ask.
    #[command(flatten)]
    pub at: WhereArgs,
    /// The time to compare with, such as `30d`; with a server
    #[arg(
        long, value_name = "TIME", value_parser = Moment::parse, default_value = "7d",
        help_heading = "Server"
    )]
    pub since: Moment,
    /// What to write
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "markdown",
        help_heading = "Output"
    )]
    pub output: ReportFormat,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// How long each list may be; how much was cut is said
    #[arg(long, value_name = "N", default_value_t = 25, help_heading = "Output")]
    pub top: usize,
}

/// What `report` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Tables for an issue, a wiki or the summary of a job
    Markdown,
    /// One page that needs nothing else
    Html,
    /// One document whose keys are a stable interface
    Json,
    /// One flat table; column `section` says what a line is about
    Csv,
}
