//! `backstitch demo`: the service over a made-up company that is part of the program.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, Result};
use include_dir::{Dir, include_dir};
use server::{Access, Hosts};
use store::{Options, Store};
use tempfile::TempDir;

use super::serve::listen;
use crate::args::DemoArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::output::paint::{Paint, Style};
use crate::output::summary;
use crate::service::{Random, Service, Signals};
use crate::terminal::Terminal;

/// Lindhaven Parcel: a catalog, two clusters and a configuration.
static COMPANY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../examples/demo");
/// Its configuration.
const CONFIGURATION: &str = "backstitch.yaml";

/// What to try on the command line: why, and the command without the server's address.
const COMMANDS: [(&str, &str); 6] = [
    (
        "who owns a Service, and how to reach them",
        "owner eu-central-1/tracking/tracking-web",
    ),
    (
        "the same for a Pod that two teams share",
        "owner pod/eu-central-1/dispatch/dispatch-core-99db5c4584-nxx45",
    ),
    (
        "a component found by its label, step by step",
        "explain component:default/tracking-page",
    ),
    (
        "a typo in an annotation, and the line that mends it",
        "explain component:default/conveyor-telemetry",
    ),
    (
        "a name that three Services have",
        "explain component:default/shared-redis",
    ),
    (
        "two components that want one Service",
        "explain component:default/courier-assignment",
    ),
];

/// What to ask the API: why, and the path.
const PATHS: [(&str, &str); 5] = [
    ("the counts", "/api/v1/summary"),
    (
        "Services that nobody claims",
        "/api/v1/services?state=unclaimed",
    ),
    (
        "whom an alert about a Pod is for",
        "/api/v1/resolve?cluster=us-east-1&namespace=linehaul&pod=linehaul-scheduler-cd8fccddd-dbwf6",
    ),
    (
        "who owned what, and since when",
        "/api/v1/history?service=eu-central-1/tracking/tracking-web",
    ),
    ("how this API is described", "/api/v1/openapi.json"),
];

/// Runs the command.
pub(crate) async fn run(args: &DemoArgs, terminal: Terminal) -> Result<Exit> {
    let mut signals = Signals::listen()?;
    let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, args.port))).await?;
    let address = listener.local_addr()?;
    // Removed with all that is in it when this command ends.
    let folder = TempDir::with_prefix("backstitch-demo-")
        .context("cannot make a folder for the example company")?;
    COMPANY
        .extract(folder.path())
        .context("cannot write the example company")?;
    let config = Config::load(&folder.path().join(CONFIGURATION))?;
    let store = open_store(args, folder.path())?;
    let mut service = Service::start(&config, store, Random::new())?;
    tokio::select! {
        () = service.settled() => {}
        _ = signals.next() => return Ok(Exit::Done),
    }
    {
        let state = service.state();
        let Ok(topology) = state.topology.read() else {
            anyhow::bail!("the example company could not be read");
        };
        Terminal::print(|out| {
            writeln!(
                out,
                "{}\n",
                terminal
                    .out
                    .paint(Style::Heading, "Lindhaven Parcel, a company made up")
            )?;
            summary::write(&topology, terminal.out, out)?;
            write_what_to_try(address, terminal.out, out)
        })?;
    }
    let access = Access {
        hosts: Hosts::Loopback(Vec::new()),
        ..Access::default()
    };
    service.serve(listener, access, &mut signals).await?;
    Ok(Exit::Done)
}

fn open_store(args: &DemoArgs, folder: &Path) -> Result<Store> {
    if args.no_store {
        return Ok(Store::in_memory()?);
    }
    Ok(Store::open(&folder.join("demo.db"), &Options::default())?)
}

fn write_what_to_try(address: SocketAddr, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    // As it was called, so that what is printed can be pasted where the program is on no path.
    let program = std::env::args()
        .next()
        .unwrap_or_else(|| "backstitch".to_owned());
    writeln!(
        out,
        "\n{}\n  http://{address}/",
        paint.paint(Style::Heading, "Open in a browser")
    )?;
    writeln!(out, "\n{}", paint.paint(Style::Heading, "Ask the API"))?;
    for (why, path) in PATHS {
        writeln!(
            out,
            "  {}\n    curl 'http://{address}{path}'",
            paint.paint(Style::Faint, format!("# {why}"))
        )?;
    }
    writeln!(
        out,
        "\n{}",
        paint.paint(Style::Heading, "Ask, from another terminal")
    )?;
    for (why, command) in COMMANDS {
        writeln!(
            out,
            "  {}\n    {program} {command} --server http://{address}",
            paint.paint(Style::Faint, format!("# {why}"))
        )?;
    }
    writeln!(out, "\nListening on http://{address} until Ctrl-C")
}
