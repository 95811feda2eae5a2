//! The binary: arguments, configuration, wiring, commands, output.
//!
//! ```text
//!  args ──▶ config ──▶ commands ─┬─ stitch, explain, owner ── sources ──▶ topology ──▶ output
//!                                ├─ explain, owner ── a running server ──────────────▶ output
//!                                └─ serve, demo ── the loop ──▶ store, server
//! ```
//!
//! It is the only crate that may know all others; it decides nothing about ownership.

mod args;
mod commands;
mod config;
mod exit;
mod gates;
mod logging;
mod output;
mod phases;
mod report;
mod sources;
mod terminal;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use crate::args::{Cli, Command, GlobalArgs};
use crate::config::Config;
use crate::exit::{COULD_NOT_RUN, Exit};
use crate::terminal::Terminal;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(cli.global.color, cli.global.verbose);
    match run(&cli, terminal) {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal.tell(|err, paint| report::write(&error, paint, err));
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn run(cli: &Cli, terminal: Terminal) -> Result<Exit> {
    match &cli.command {
        Command::Completions(args) => {
            terminal.print(|out| commands::shell::completions(*args, out))?;
            return Ok(Exit::Done);
        }
        Command::Man(args) => {
            let page = commands::shell::man(args)?;
            terminal.print(|out| out.write_all(&page))?;
            return Ok(Exit::Done);
        }
        _ => {}
    }
    logging::init(cli, terminal);
    // Every TLS connection of the process goes by this one provider.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("another TLS provider is installed already"))?;
    let config = configuration(&cli.global)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        match &cli.command {
            Command::Stitch(args) => commands::stitch::run(args, &config, terminal).await,
            Command::Explain(args) => commands::explain::run(args, &config, terminal).await,
            Command::Owner(args) => commands::owner::run(args, &config, terminal).await,
            Command::Serve(_) | Command::Demo(_) => Ok(Exit::Done),
            Command::Completions(_) | Command::Man(_) => Ok(Exit::Done),
        }
    })
}

fn configuration(args: &GlobalArgs) -> Result<Config> {
    match &args.config {
        Some(path) => Ok(Config::load(path)?),
        None => Ok(Config::default()),
    }
}
