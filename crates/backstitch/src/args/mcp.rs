//! `backstitch mcp`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{LogFormat, ServerArgs};

pub(super) const NOTES: &str = "\
Tools, all of which only read:
  who_owns       who owns a Service, workload or component, and how to reach them; now or at a time
  explain        why it is so, step by step
  team_services  the Services of a team, on request those of the teams below it
  what_changed   what changed since a time
  unowned        the Services that nobody owns
  resolve_alert  whom the labels of an alert lead to

Without --listen it speaks on standard input and output, and is started by an MCP client. Without
--server and BACKSTITCH_SERVER, the server is asked that `backstitch serve` runs on this machine.

With --listen it serves MCP's Streamable HTTP at `/mcp`. Beyond this machine it listens only with a
token that clients send: --client-token-file, or BACKSTITCH_MCP_TOKEN, which holds the token itself.

Exit status:
  0  the client or a signal ended it
  2  could not run

Examples:
  backstitch mcp --server http://localhost:7465
  claude mcp add backstitch -- backstitch mcp --server http://localhost:7465
  backstitch mcp --listen 127.0.0.1:8082
  backstitch mcp --listen 0.0.0.0:8082 --client-token-file token.txt --server http://backstitch:7465";

/// `backstitch mcp`
#[derive(Clone, Debug, Args)]
pub(crate) struct McpArgs {
    /// Serve HTTP on this address and port, instead of one client on standard input and output
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "BACKSTITCH_MCP_LISTEN",
        help_heading = "HTTP"
    )]
    pub listen: Option<SocketAddr>,
    /// File that holds the token that clients must send; `BACKSTITCH_MCP_TOKEN` holds the token itself
    #[arg(
        long,
        value_name = "FILE",
        env = "BACKSTITCH_MCP_TOKEN_FILE",
        help_heading = "HTTP"
    )]
    pub client_token_file: Option<PathBuf>,
    /// A host name by which clients reach it, beside those of loopback; may be repeated
    #[arg(long, value_name = "NAME", help_heading = "HTTP")]
    pub allow_host: Vec<String>,
    /// How the log on standard error is written; with --listen
    #[arg(
        long,
        value_name = "FORMAT",
        env = "BACKSTITCH_LOG_FORMAT",
        default_value = "text",
        help_heading = "HTTP"
    )]
    pub log_format: LogFormat,
    /// Which server to ask.
    #[command(flatten)]
    pub server: ServerArgs,
}
