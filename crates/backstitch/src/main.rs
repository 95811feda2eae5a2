//! The binary: arguments, configuration, wiring, commands, output.
//!
//! ```text
//!  args ──▶ config ──▶ commands ─┬─ stitch, explain, owner ── sources ──▶ topology ──▶ output
//!                                ├─ explain, owner, diff, sources, refresh, decisions ─ a server ▶ output
//!                                ├─ report, suggest ── the same ──▶ what is untidy, and what would mend it
//!                                ├─ export, writeback ── the same ──▶ routes for an Alertmanager, annotations
//!                                ├─ mcp ── a server ── tools ──▶ an AI agent
//!                                ├─ notify ── an example message ─────────────────────▶ a receiver
//!                                ├─ doctor ── every source, asked ───────────────────▶ output
//!                                └─ serve, demo ── the loop ──▶ store, server
//! ```
//!
//! It is the only crate that may know all others; it decides nothing about ownership.

mod alerts;
mod apart;
mod args;
mod blocking;
mod commands;
mod config;
mod diff;
mod doctor;
mod exit;
mod export;
mod gates;
mod hygiene;
mod logging;
mod mcp;
mod memory;
mod notifications;
mod outbound;
mod output;
mod phases;
mod report;
mod secrets;
mod service;
mod sign_in;
mod sources;
mod suggest;
mod terminal;
mod writeback;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use crate::args::{Cli, Command, GlobalArgs, LogFormat};
use crate::config::Config;
use crate::exit::{COULD_NOT_RUN, Exit};
use crate::terminal::Terminal;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(cli.global.color, cli.global.verbose);
    match run(cli, terminal) {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal.tell(|err, paint| report::write(&error, paint, err));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn run(cli: Cli, terminal: Terminal) -> Result<Exit> {
    let kind = match &cli.command {
        Command::Serve(args) => logging::Kind::Service(args.log_format),
        Command::Demo(_) => logging::Kind::Service(LogFormat::Text),
        Command::Mcp(args) if args.listen.is_some() => logging::Kind::Service(args.log_format),
        _ => logging::Kind::Command,
    };
    logging::init(kind, terminal);
    if matches!(kind, logging::Kind::Service(_)) {
        memory::give_back_what_is_freed();
    }
    let global = cli.global;
    match cli.command {
        Command::Completions(args) => commands::shell::completions(args),
        Command::Man(args) => commands::shell::man(&args),
        Command::Stitch(args) => {
            let config = configuration(&global)?;
            connected(commands::stitch::run(&args, &config, terminal))
        }
        Command::Explain(args) => {
            let config = configuration(&global)?;
            connected(commands::explain::run(&args, &config, terminal))
        }
        Command::Owner(args) => {
            let config = configuration(&global)?;
            connected(commands::owner::run(&args, &config, terminal))
        }
        Command::Diff(args) => {
            let config = configuration(&global)?;
            connected(commands::diff::run(&args, &config, terminal))
        }
        Command::Report(args) => {
            let config = configuration(&global)?;
            connected(commands::report::run(&args, &config, terminal))
        }
        Command::Suggest(args) => {
            let config = configuration(&global)?;
            connected(commands::suggest::run(&args, &config, terminal))
        }
        Command::Sources(args) => {
            let config = configuration(&global)?;
            connected(commands::sources::run(&args, &config, terminal))
        }
        Command::Refresh(args) => {
            let config = configuration(&global)?;
            connected(commands::refresh::run(&args, &config, terminal))
        }
        Command::Decisions(args) => {
            let config = configuration(&global)?;
            connected(commands::decisions::run(&args, &config, terminal))
        }
        Command::Writeback(args) => {
            let config = configuration(&global)?;
            connected(commands::writeback::run(&args, &config, terminal))
        }
        Command::Notify(args) => {
            let config = configuration(&global)?;
            connected(commands::notify::run(&args, &config))
        }
        Command::Export(args) => {
            let config = configuration(&global)?;
            connected(commands::export::run(&args.target, &config, terminal))
        }
        Command::Mcp(args) => {
            let config = configuration(&global)?;
            connected(commands::mcp::run(&args, &config, terminal))
        }
        Command::Serve(args) => {
            let config = configuration(&global)?;
            connected(commands::serve::run(&args, &config))
        }
        Command::Doctor(args) => connected(commands::doctor::run(
            &args,
            global.config.as_deref(),
            terminal,
        )),
        Command::Demo(args) => connected(commands::demo::run(&args, terminal)),
    }
}

/// Runs what waits and speaks TLS.
fn connected(command: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    // Every TLS connection of the process goes by this one provider.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another TLS provider is installed already"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let outcome = runtime.block_on(command);
    // A read of files that hangs must not keep the process from ending.
    runtime.shutdown_background();
    outcome
}

fn configuration(args: &GlobalArgs) -> Result<Config> {
    match &args.config {
        Some(path) => Ok(Config::load(path)?),
        None => Ok(Config::default()),
    }
}
