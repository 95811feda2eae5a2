//! What changed, newest first.

use std::fmt::Write as _;

use api::{Change, HistoryEntry, Ownership, Page, ServiceChange, VerdictChange};
use serde::Serialize;

use super::services::go_on;
use super::{Answer, page};
use crate::diff;
use crate::output::diff::words;
use crate::output::screen::{counted, printable};
use crate::report::Failure;

/// The time that was asked about.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Period {
    /// Since when, in UTC.
    pub since: String,
    /// The time of the server.
    pub until: String,
    /// What is to be known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Serialize)]
struct Changes<'a> {
    #[serde(flatten)]
    period: &'a Period,
    #[serde(rename = "changes")]
    entries: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    /// What happened, in words.
    what: String,
    #[serde(flatten)]
    entry: &'a HistoryEntry,
}

/// A page of history.
pub(crate) fn changes(period: &Period, entries: &Page<HistoryEntry>) -> Result<Answer, Failure> {
    let count = counted(entries.items.len() as u64, "change", "changes");
    let mut text = format!("{count} from {} to {}\n", period.since, period.until);
    if let Some(note) = &period.note {
        // Writing to a text does not fail.
        let _ = writeln!(text, "note: {note}");
    }
    for entry in &entries.items {
        let cause = words(&entry.cause);
        let shown = format!("{}  {}, by {cause}", entry.time, what(&entry.change));
        let _ = writeln!(text, "  {}", printable(&shown));
    }
    let next = entries.next.as_deref();
    go_on(&mut text, next);
    let changes = Changes {
        period,
        entries: entries
            .items
            .iter()
            .map(|entry| Entry {
                what: what(&entry.change),
                entry,
            })
            .collect(),
        next,
    };
    page(text, &changes)
}

fn what(change: &Change) -> String {
    match change {
        Change::Service(it) => format!("Service {}: {}", it.service, of_service(it)),
        Change::Verdict(it) => of_component(it),
        Change::Source(source) => format!("{} {}: {}", source.kind, source.name, source.phase),
    }
}

fn of_service(change: &ServiceChange) -> String {
    let name = |side: Option<&Ownership>| {
        let owner = side.and_then(|side| side.owner.as_deref());
        owner.unwrap_or("nobody").to_owned()
    };
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    match diff::kind(before, after) {
        None => format!("stitched otherwise, owned by {} as before", name(after)),
        Some(diff::Kind::Appeared) => format!("appeared, owned by {}", name(after)),
        Some(diff::Kind::Gone) => format!("gone, was owned by {}", name(before)),
        Some(kind) => format!("{}, from {} to {}", kind.words(), name(before), name(after)),
    }
}

fn of_component(change: &VerdictChange) -> String {
    let of = format!("{} in cluster {}", change.reference, change.cluster);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) if before.verdict == after.verdict => {
            let service = after.service.as_deref().unwrap_or("no single Service");
            format!(
                "{of}: {} as before, to {service}, owner {}",
                after.verdict, after.owner
            )
        }
        (Some(before), Some(after)) => format!("{of}: {}, was {}", after.verdict, before.verdict),
        (None, Some(after)) => format!("{of}: appeared, {}", after.verdict),
        (Some(before), None) => format!("{of}: gone, was {}", before.verdict),
        (None, None) => of,
    }
}
