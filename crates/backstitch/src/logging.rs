//! What the program says of itself while it works, on standard error.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::args::LogFormat;
use crate::terminal::Terminal;

/// The environment variable that chooses by crate what is said, such as `catalog=debug`.
const VARIABLE: &str = "BACKSTITCH_LOG";

/// What is said by crate while nobody asks for more: the SDK of MCP has three lines for each request over HTTP.
const UNASKED: &str = "rmcp=warn";

/// For whom is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody who waits for the end of a command.
    Command,
    /// Somebody who reads later what a service did, and when, in this format.
    Service(LogFormat),
}

/// Sets up logging: warnings, more with `-v`. A service also says what it does, with times.
pub(crate) fn init(kind: Kind, terminal: Terminal) {
    let level = match (kind, terminal.verbose) {
        (Kind::Command, 0) => LevelFilter::WARN,
        (Kind::Command, 1) | (Kind::Service(_), 0) => LevelFilter::INFO,
        (Kind::Command, 2) | (Kind::Service(_), 1) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let chosen = std::env::var(VARIABLE).ok();
    let chosen = chosen.unwrap_or_else(|| match terminal.verbose {
        0 => format!("{level},{UNASKED}"),
        _ => String::new(),
    });
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .parse_lossy(chosen);
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(terminal.err.is_on())
        .with_target(terminal.verbose > 0);
    // Only one subscriber is ever set, here.
    match kind {
        Kind::Service(LogFormat::Text) => subscriber.init(),
        Kind::Service(LogFormat::Json) => subscriber.json().flatten_event(true).init(),
        Kind::Command => subscriber.without_time().init(),
    }
}
