//! Changes of the past.

use store::{HistoryEntry, Source};

use super::{change, time};

/// A change, when it was made and by whose read.
pub fn history_entry(entry: &HistoryEntry) -> api::HistoryEntry {
    api::HistoryEntry {
        time: time(entry.cursor.at),
        cause: api::Cause {
            kind: match entry.cause.source {
                Source::Instance(_) => api::SourceKind::Catalog,
                Source::Cluster(_) => api::SourceKind::Cluster,
            },
            source: entry.cause.source.name().to_owned(),
            generation: entry.cause.generation,
        },
        change: change(&entry.change),
    }
}
