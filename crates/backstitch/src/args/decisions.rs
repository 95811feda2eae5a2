//! `backstitch decisions` and what stands below it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AnswerFormat, ServerArgs};

/// `backstitch decisions`
#[derive(Clone, Debug, Args)]
pub(crate) struct DecisionsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DecisionsCommand,
}

/// What to do with decisions.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DecisionsCommand {
    /// List what people decided: what stands, and what of it is stale
    List(ListArgs),
    /// Say that a component is this Service, whatever its fields say
    Pin(BothArgs),
    /// Say which of the components that claim a Service has it
    Prefer(BothArgs),
    /// Say that a component need not run, or a Service need not have an owner
    Ignore(IgnoreArgs),
    /// Say that the removals which are held back of a source are true
    Confirm(ConfirmArgs),
    /// End a decision
    Withdraw(WithdrawArgs),
    /// Print the decisions that stand as a file to keep in Git
    Export(DecisionsExportArgs),
    /// Make the decisions of a file, as far as they do not stand already
    Import(ImportArgs),
}

/// `backstitch decisions list`
#[derive(Clone, Debug, Args)]
pub(crate) struct ListArgs {
    /// Those that have ended instead
    #[arg(long, conflicts_with = "stale")]
    pub ended: bool,
    /// Those only whose component or Service is not there, or that bear on nothing else
    #[arg(long)]
    pub stale: bool,
    /// Which server to ask.
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to print on standard output
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: AnswerFormat,
}

/// Who decides, why, and for how long.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhoArgs {
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Who decides; without it, the user of this machine
    #[arg(long, value_name = "NAME", env = "BACKSTITCH_AUTHOR")]
    pub author: Option<String>,
    /// Which server to ask.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What a decision that stands is of, when it ends, who makes it and why.
#[derive(Clone, Debug, Args)]
pub(crate) struct StandingArgs {
    /// Instance of the component, where several have it
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// When it ends by itself: after a time such as `30d` or `12h`, or at one such as `2027-01-31`
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Decide even if what it names is not there now
    #[arg(long)]
    pub force: bool,
    /// Who and why.
    #[command(flatten)]
    pub who: WhoArgs,
}

/// `backstitch decisions pin` and `prefer`
#[derive(Clone, Debug, Args)]
pub(crate) struct BothArgs {
    /// The component: `component:[namespace/]name`, or its name
    pub component: String,
    /// The Service: `cluster/namespace/name`
    pub service: String,
    /// Of what, for how long, by whom and why.
    #[command(flatten)]
    pub standing: StandingArgs,
}

/// `backstitch decisions ignore`
#[derive(Clone, Debug, Args)]
pub(crate) struct IgnoreArgs {
    /// `component:[namespace/]name` or a Service, `cluster/namespace/name`
    pub subject: String,
    /// Of what, for how long, by whom and why.
    #[command(flatten)]
    pub standing: StandingArgs,
}

/// `backstitch decisions confirm`
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfirmArgs {
    /// The source: its name, or `catalog/NAME`, `cluster/NAME`
    pub source: String,
    /// Who and why.
    #[command(flatten)]
    pub who: WhoArgs,
}

/// `backstitch decisions withdraw`
#[derive(Clone, Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// Number of the decision, as `list` shows it
    #[arg(value_parser = number)]
    pub id: i64,
    /// Who and why.
    #[command(flatten)]
    pub who: WhoArgs,
}

/// `backstitch decisions export`
#[derive(Clone, Debug, Args)]
pub(crate) struct DecisionsExportArgs {
    /// Which server to ask.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `backstitch decisions import`
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file
    pub file: PathBuf,
    /// Withdraw what stands and is not in the file
    #[arg(long)]
    pub replace: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Who and why.
    #[command(flatten)]
    pub who: WhoArgs,
}

/// A number with or without the `#` that lists write before it.
fn number(text: &str) -> Result<i64, std::num::ParseIntError> {
    text.trim_start_matches('#').parse()
}
