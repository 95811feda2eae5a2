//! Changes of the past.

use store::{Cause, HistoryEntry, Source};

use super::{change, time};

/// A change, when it was made and by whose read.
pub fn history_entry(entry: &HistoryEntry) -> api::HistoryEntry {
    api::HistoryEntry {
        time: time(entry.cursor.at),
        cause: cause(&entry.cause),
        change: change(&entry.change),
    }
}

/// Whose read made a change.
pub(super) fn cause(cause: &Cause) -> api::Cause {
    api::Cause {
        kind: match cause.source {
            Source::Instance(_) => api::SourceKind::Catalog,
            Source::Cluster(_) => api::SourceKind::Cluster,
        },
        source: cause.source.name().to_owned(),
        generation: cause.generation,
    }
}
