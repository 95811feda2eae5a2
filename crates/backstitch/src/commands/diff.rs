//! `backstitch diff`: what is different since a time, by the history of a running server.

use anyhow::Result;
use api::{HistoryBounds, HistoryEntry, Page};
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

/// Changes of one request: as many as the server gives.
const PAGE: &str = "1000";
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
async fn changes(server: &Server, since: Timestamp) -> Result<Changes, Failure> {
    let since = since.to_string();
    let mut changes = Changes::default();
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut query = vec![("since", since.as_str()), ("limit", PAGE)];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: Page<HistoryEntry> = server.get(&["history"], &query).await?;
        for entry in page.items {
            changes.add_older(entry);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(changes);
        }
    }
    Err(Failure::new(format!(
        "there are more than a million changes since {since}"
    ))
    .hint(Some("compare with a later time, by `--since`")))
}
