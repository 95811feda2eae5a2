//! The command line: what may be written, and what `--help` says of it.
//!
//! It owns words, defaults and help. It must not decide what a source is or what a command does.

mod decisions;
mod diff;
mod export;
mod gate;
mod mcp;
mod moment;
mod notes;
mod owner;
mod report;
mod suggest;
mod writeback;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use self::notes::{
    DECISIONS_NOTES, DOCTOR_NOTES, EXPLAIN_EXAMPLES, MAIN_EXAMPLES, NOTIFY_NOTES, REFRESH_NOTES,
    SERVE_NOTES, SOURCES_NOTES, STITCH_EXAMPLES, WRITEBACK_NOTES,
};

pub(crate) use self::decisions::{
    BothArgs, DecisionsArgs, DecisionsCommand, DecisionsExportArgs, ImportArgs, ListArgs,
    StandingArgs, WhoArgs, WithdrawArgs,
};
pub(crate) use self::diff::{DiffArgs, DiffFormat};
pub(crate) use self::export::{ExportArgs, ExportTarget, MatchWord, RoutesArgs};
pub(crate) use self::gate::{Condition, Gate, Threshold};
pub(crate) use self::mcp::McpArgs;
pub(crate) use self::moment::Moment;
pub(crate) use self::owner::OwnerArgs;
pub(crate) use self::report::{ReportArgs, ReportFormat};
pub(crate) use self::suggest::{SuggestArgs, SuggestFormat};
pub(crate) use self::writeback::WritebackArgs;

/// Who owns what is running: Backstage catalogs stitched to Kubernetes clusters
#[derive(Debug, Parser)]
#[command(name = "backstitch", version, after_help = MAIN_EXAMPLES, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Configuration file: instances, clusters, and how they are stitched
    #[arg(long, global = true, env = "BACKSTITCH_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Say more on standard error: -v time and memory per phase, -vv what is done
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour; `NO_COLOR` is honoured
    #[arg(
        long,
        global = true,
        env = "BACKSTITCH_COLOR",
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Where the output is a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Stitch catalogs to clusters once, and print what came of it
    #[command(after_help = STITCH_EXAMPLES)]
    Stitch(StitchArgs),
    /// Explain step by step why a component, Service or workload is as it is
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Say who owns a Service, workload or component, and how to reach them
    #[command(after_help = owner::NOTES)]
    Owner(OwnerArgs),
    /// Say what changed hands, appeared or lost its owner, by the history of a running server
    #[command(after_help = diff::NOTES)]
    Diff(DiffArgs),
    /// Report on the catalog: coverage, what nobody has, what runs nowhere, owners that are not there
    #[command(after_help = report::NOTES)]
    Report(ReportArgs),
    /// Write what would mend the catalog: annotations as a diff, drafts for Services that nobody has
    #[command(after_help = suggest::NOTES)]
    Suggest(SuggestArgs),
    /// Say where the sources of a running server stand: what they hold, when they are read, what is wrong
    #[command(after_help = SOURCES_NOTES)]
    Sources(SourcesArgs),
    /// Have a running server read its sources now
    #[command(after_help = REFRESH_NOTES)]
    Refresh(RefreshArgs),
    /// Decide what sources cannot say: pin, prefer, ignore, confirm; kept by a running server, with who and why
    #[command(after_help = DECISIONS_NOTES)]
    Decisions(DecisionsArgs),
    /// Write owners back to Services and workloads as annotations, for tools that read those
    #[command(after_help = WRITEBACK_NOTES)]
    Writeback(WritebackArgs),
    /// Check all that a server depends on, and say what keeps owners from appearing
    #[command(after_help = DOCTOR_NOTES)]
    Doctor(DoctorArgs),
    /// Send an example message to a receiver of notifications, and say what came back
    #[command(after_help = NOTIFY_NOTES)]
    Notify(NotifyArgs),
    /// Write what is known for another program
    Export(ExportArgs),
    /// Answer the questions of AI agents about a running server, by the Model Context Protocol
    #[command(after_help = mcp::NOTES)]
    Mcp(McpArgs),
    /// Run as a service: watch the sources of --config, keep history, answer over HTTP
    #[command(after_help = SERVE_NOTES)]
    Serve(ServeArgs),
    /// Run the service over a made-up company, to look around
    Demo(DemoArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Print the manual page, in roff
    Man(ManArgs),
}

/// Where catalogs and clusters are, for commands that read them once.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Sources")]
pub(crate) struct SourceArgs {
    /// A catalog: folder, file or pattern of catalog YAML, dump of the Catalog API, or URL of a Backstage
    #[arg(long, value_name = "[NAME=]DIR|FILE|URL")]
    pub catalog: Vec<String>,
    /// A cluster: folder or file of manifests, or context of the kubeconfig
    #[arg(long, value_name = "[NAME=]DIR|FILE|CONTEXT")]
    pub cluster: Vec<String>,
    /// File that holds the token for catalogs given as a URL; `BACKSTITCH_TOKEN` holds the token itself
    #[arg(long, value_name = "FILE", env = "BACKSTITCH_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Kubeconfig in which --cluster looks for contexts, instead of the usual one
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
}

impl SourceArgs {
    /// Whether a source is named here.
    pub(crate) fn names_sources(&self) -> bool {
        !self.catalog.is_empty() || !self.cluster.is_empty()
    }
}

/// `backstitch stitch`
#[derive(Clone, Debug, Args)]
pub(crate) struct StitchArgs {
    /// Where to read.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// What to print on standard output
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "table",
        help_heading = "Output"
    )]
    pub output: Format,
    /// Print components of these verdicts only; with table, wide and csv
    #[arg(
        long,
        value_name = "VERDICT",
        value_delimiter = ',',
        help_heading = "Output"
    )]
    pub only: Vec<VerdictWord>,
    /// Exit with 1 where one of these gates fails, such as `unowned=5%,ambiguous`; see below
    #[arg(long, value_name = "GATE", value_delimiter = ',', value_parser = Gate::parse, help_heading = "Gates")]
    pub fail_on: Vec<Gate>,
    /// Exit with 1 where any document or object cannot be used
    #[arg(long, help_heading = "Gates")]
    pub strict: bool,
}

/// What `stitch` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A summary, and a table as wide as the terminal
    Table,
    /// The same with every column, nothing cut
    Wide,
    /// One document whose keys are a stable interface
    Json,
    /// The same document as YAML
    Yaml,
    /// The table for spreadsheets: one line per component and cluster
    Csv,
}

/// A verdict as `--only` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerdictWord {
    Stitched,
    NoKubernetesId,
    ServiceNotFound,
    Ambiguous,
    Conflict,
    Invalid,
}

impl From<VerdictWord> for api::Verdict {
    fn from(word: VerdictWord) -> Self {
        match word {
            VerdictWord::Stitched => Self::Stitched,
            VerdictWord::NoKubernetesId => Self::NoKubernetesId,
            VerdictWord::ServiceNotFound => Self::ServiceNotFound,
            VerdictWord::Ambiguous => Self::Ambiguous,
            VerdictWord::Conflict => Self::Conflict,
            VerdictWord::Invalid => Self::Invalid,
        }
    }
}

/// Where to ask: sources that are read now, or a running server.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhereArgs {
    /// Where to read.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Ask this running server instead of reading sources; without sources, `BACKSTITCH_SERVER` names it
    #[arg(
        long, value_name = "URL", help_heading = "Server",
        conflicts_with_all = ["catalog", "cluster", "kubeconfig"]
    )]
    pub server: Option<String>,
    /// What the server wants.
    #[command(flatten)]
    pub token: TokenArgs,
}

/// Where to ask, and how to say what came of it.
#[derive(Clone, Debug, Args)]
pub(crate) struct AskArgs {
    /// Where to ask.
    #[command(flatten)]
    pub at: WhereArgs,
    /// What to print on standard output
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub output: AnswerFormat,
}

/// Which server to ask.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// The running server; without it, the one of this machine
    #[arg(long, value_name = "URL", env = "BACKSTITCH_SERVER")]
    pub server: Option<String>,
    /// What the server wants.
    #[command(flatten)]
    pub token: TokenArgs,
}

/// What a server wants of whoever asks.
#[derive(Clone, Debug, Args)]
pub(crate) struct TokenArgs {
    /// File that holds the server's token; `BACKSTITCH_API_TOKEN` holds the token itself
    #[arg(
        long,
        value_name = "FILE",
        env = "BACKSTITCH_API_TOKEN_FILE",
        help_heading = "Server"
    )]
    pub api_token_file: Option<PathBuf>,
}

/// What `explain`, `owner` and `sources` print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// Steps to read
    Text,
    /// The answer of the HTTP API
    Json,
    /// The same as YAML
    Yaml,
}

/// `backstitch explain`
#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArgs {
    /// What to explain: a component, a Service or a workload; see below
    pub subject: String,
    /// Where to ask.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `backstitch sources`
#[derive(Clone, Debug, Args)]
pub(crate) struct SourcesArgs {
    /// Only these: names of instances and clusters, or `catalog/NAME`, `cluster/NAME`
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Which server to ask.
    #[command(flatten)]
    pub server: ServerArgs,
    /// What to print on standard output
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub output: AnswerFormat,
    /// Exit with 1 where a source is in one of these phases
    #[arg(
        long,
        value_name = "PHASE",
        value_delimiter = ',',
        help_heading = "Gates"
    )]
    pub fail_on: Vec<PhaseWord>,
}

/// A phase as `--fail-on` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PhaseWord {
    Starting,
    Stale,
    Failing,
    Held,
}

impl From<PhaseWord> for api::Phase {
    fn from(word: PhaseWord) -> Self {
        match word {
            PhaseWord::Starting => Self::Starting,
            PhaseWord::Stale => Self::Stale,
            PhaseWord::Failing => Self::Failing,
            PhaseWord::Held => Self::Held,
        }
    }
}

/// `backstitch refresh`
#[derive(Clone, Debug, Args)]
pub(crate) struct RefreshArgs {
    /// Only these: names of instances and clusters, or `catalog/NAME`, `cluster/NAME`
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Wait until the reads have ended, and say how
    #[arg(long)]
    pub wait: bool,
    /// How many seconds to wait at most
    #[arg(long, value_name = "SECONDS", default_value_t = 600, requires = "wait")]
    pub timeout: u64,
    /// Read even what is to be left alone
    #[arg(long)]
    pub force: bool,
    /// Which server to ask.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `backstitch doctor`
#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// File of the embedded store, instead of `store` of the configuration
    #[arg(long, value_name = "FILE", env = "BACKSTITCH_STORE")]
    pub store: Option<PathBuf>,
    /// What to print on standard output
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub output: DoctorFormat,
    /// Print warnings and failures only; with text
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Write a support archive too, to a file that is not there yet
    #[arg(long, value_name = "FILE.tar.gz", help_heading = "Output")]
    pub bundle: Option<PathBuf>,
}

/// What `doctor` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorFormat {
    /// A line for each check, and what to do
    Text,
    /// One document whose keys are a stable interface
    Json,
}

/// `backstitch notify`
#[derive(Clone, Debug, Args)]
pub(crate) struct NotifyArgs {
    /// The receiver, by its name under `notifications` of the configuration
    #[arg(long, value_name = "RECEIVER")]
    pub test: String,
}

/// `backstitch serve`
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on, instead of `listen` of the configuration
    #[arg(long, value_name = "ADDRESS", env = "BACKSTITCH_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// File of the embedded store, instead of `store` of the configuration
    #[arg(long, value_name = "FILE", env = "BACKSTITCH_STORE")]
    pub store: Option<PathBuf>,
    /// How the log on standard error is written
    #[arg(
        long,
        value_name = "FORMAT",
        env = "BACKSTITCH_LOG_FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines to read, in colour on a terminal
    Text,
    /// One JSON object per line, for what collects logs
    Json,
}

/// `backstitch demo`
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Port to listen on; 0 takes one that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Keep nothing on disk
    #[arg(long)]
    pub no_store: bool,
}

/// `backstitch completions`
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// `backstitch man`
#[derive(Clone, Debug, Args)]
pub(crate) struct ManArgs {
    /// Print the page of this command instead of the whole program's
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}
