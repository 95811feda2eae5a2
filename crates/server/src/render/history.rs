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

/// What made a change.
pub(super) fn cause(cause: &Cause) -> api::Cause {
    match cause {
        Cause::Read { source, generation } => api::Cause::Read(api::ReadCause {
            kind: source_kind(source),
            source: source.name().to_owned(),
            generation: *generation,
        }),
        Cause::Decision(decision) => api::Cause::Decision(api::DecisionCause {
            decision: *decision,
        }),
    }
}

/// What a source of the store gives.
pub(crate) fn source_kind(source: &Source) -> api::SourceKind {
    match source {
        Source::Instance(_) => api::SourceKind::Catalog,
        Source::Cluster(_) => api::SourceKind::Cluster,
    }
}
