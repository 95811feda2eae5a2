//! `backstitch diff`: what is different since a time, by the history of a running server.

use anyhow::Result;
use api::{HistoryBounds, HistoryEntry};
use jiff::{Timestamp, Zoned};
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

use super::ask::Server;
use crate::args::{DiffArgs, DiffFormat};
use crate::config::Config;
use crate::diff::Changes;
use crate::exit::Exit;
use crate::output::{diff, document, warnings};
use crate::report::Failure;
use crate::terminal::Terminal;

/// Bound on the requests: a million changes.
const MAX_PAGES: usize = 1_000;

/// Runs the command.
pub(crate) async fn run(args: &DiffArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let team = args.team.as_deref().map(owner).transpose()?;
    let since = args.since.on(&Zoned::now());
    let mut since =
        since.map_err(|error| Failure::new(format!("`--since` cannot be used: {error}")))?;
    let server = Server::named(&args.server, config)?;
    let bounds: HistoryBounds = server.get(&["history", "bounds"], &[]).await?;
    let begin = bounds.begin.as_deref().map(str::parse::<Timestamp>);
    match begin {
        Some(Ok(begin)) if begin > since => {
            note(
                format!("history begins at {begin}: what was there already counts as appeared"),
                terminal,
            );
            since = begin;
        }
        None => note(
            "history is empty, nothing was recorded yet".to_owned(),
            terminal,
        ),
        _ => {}
    }
    let changes = changes(&server, since).await?;
    let diff = diff::Diff {
        since: since.to_string(),
        until: bounds.now,
        teams: changes.by_team(team.as_deref()),
    };
    Terminal::print(|out| match args.output {
        DiffFormat::Text => diff::write(&diff, terminal.out, out),
        DiffFormat::Json => document::json(&diff, out),
    })?;
    Ok(Exit::Done)
}

fn note(note: String, terminal: Terminal) {
    terminal.tell(|err, paint| warnings::write_notes(&[note], paint, err));
}

/// The canonical reference of an owner.
fn owner(text: &str) -> Result<String, Failure> {
    EntityRef::parse(text, Some("group"), DEFAULT_NAMESPACE)
        .map(|owner| owner.to_string())
        .map_err(|error| Failure::new(format!("`--team` cannot be used: {error}")))
}

/// Every change since a moment, put together.
pub(super) async fn changes(server: &Server, since: Timestamp) -> Result<Changes, Failure> {
    let since = since.to_string();
    let mut changes = Changes::default();
    let query = [("since", since.as_str())];
    let mut pages = server.pages(&["history"], &query);
    for _ in 0..MAX_PAGES {
        let entries: Vec<HistoryEntry> = pages.next().await?.unwrap_or_default();
        for entry in entries {
            changes.add_older(entry);
        }
        if pages.are_read() {
            return Ok(changes);
        }
    }
    Err(Failure::new(format!(
        "there are more than a million changes since {since}"
    ))
    .hint(Some("compare with a later time, by `--since`")))
}
