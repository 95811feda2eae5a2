//! `backstitch diff`.

use clap::{Args, ValueEnum};

use super::{Moment, ServerArgs};

pub(super) const NOTES: &str = "\
Of each Service it compares who had it then with who has it now, and says when that was last
changed and by which read. What changed and changed back is no difference. A Service that changed
hands stands with both teams; one that nobody has, and that nobody had, stands with nobody.

Times of `--since`, in the time zone of this machine where they name none:
  24h, 90m, 7d                 so long ago
  03:12, 03:12:30              the last time that the clock showed it
  today 09:30, yesterday 14:00
  2026-01-31, 2026-01-31 14:00
  2026-01-31T13:00:00Z         RFC 3339

Without --server and BACKSTITCH_SERVER, the server is asked that `backstitch serve` runs on this
machine: at `listen` of --config, else at http://127.0.0.1:7465.

Exit status:
  0  done, whether there is a difference or not
  2  could not run

Examples:
  backstitch diff
  backstitch diff --since 7d --team payments
  backstitch diff --since 'yesterday 14:00' -o json";

/// `backstitch diff`
#[derive(Clone, Debug, Args)]
pub(crate) struct DiffArgs {
    /// The time to compare with; see below
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, default_value = "24h")]
    pub since: Moment,
    /// Only what this team gained or lost: reference of an owner; a bare name is a Group
    #[arg(long, value_name = "OWNER")]
    pub team: Option<String>,
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
    pub output: DiffFormat,
}

/// What `diff` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// A line for each Service, by team
    Text,
    /// One document whose keys are a stable interface
    Json,
}
