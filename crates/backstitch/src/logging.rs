//! What the program says of itself while it works, on standard error.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::args::{Cli, Command};
use crate::terminal::Terminal;

/// The environment variable that chooses by crate what is said, such as `catalog=debug`.
const VARIABLE: &str = "BACKSTITCH_LOG";

/// Sets up logging: warnings, more with `-v`. A service also says what it does, with times.
pub(crate) fn init(cli: &Cli, terminal: Terminal) {
    let service = matches!(cli.command, Command::Serve(_) | Command::Demo(_));
    let level = match (service, cli.global.verbose) {
        (false, 0) => LevelFilter::WARN,
        (false, 1) | (true, 0) => LevelFilter::INFO,
        (false, 2) | (true, 1) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.into())
        .with_env_var(VARIABLE)
        .from_env_lossy();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(terminal.err.is_on())
        .with_target(cli.global.verbose > 0);
    // Only one subscriber is ever set, here.
    if service {
        subscriber.init();
    } else {
        subscriber.without_time().init();
    }
}
