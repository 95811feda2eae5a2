//! History: every change of a verdict, a stitch or an owner with time, cause, before and after (S27).
//!
//! Rows name objects and owners by number, so that a change takes some forty bytes; `state` turns a side of a change
//! into columns, `write` records, `read` answers, `recorded` keeps the last state of each subject, `compact` forgets.

mod compact;
mod read;
mod recorded;
mod state;
mod write;

use std::fmt;

use topology::change::Change;
use topology::verdict::{ComponentKey, ServiceKey};

pub use compact::{Compaction, Progress};
pub use read::{Reader, Recent};
pub use recorded::{Recorded, RecordedStates};

use crate::decision::DecisionId;
use crate::source::Source;

/// The largest page of history.
pub const MAX_HISTORY_PAGE: usize = 1000;

/// What made a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A batch of a source.
    Read {
        /// The source.
        source: Source,
        /// The generation that the batch was part of.
        generation: u32,
    },
    /// A person's decision that was made, or ended.
    Decision(DecisionId),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { source, generation } => write!(f, "read {generation} of {source}"),
            Self::Decision(id) => write!(f, "decision {id}"),
        }
    }
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The verdicts of a component, in every cluster.
    Component(ComponentKey),
    /// The stitch and the owner of a Service.
    Service(ServiceKey),
}

/// Which changes are asked for. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Changes of this only.
    pub subject: Option<Subject>,
    /// Canonical reference of an owner: changes that gave it a Service or took one away.
    pub owner: Option<Box<str>>,
    /// Not before this moment: seconds since the Unix epoch.
    pub since: Option<i64>,
    /// Not after this moment: seconds since the Unix epoch.
    pub until: Option<i64>,
}

/// A place in history, to go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryCursor {
    /// Time of the entry.
    pub at: i64,
    /// Its number, which orders entries of one time.
    pub id: i64,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its place.
    pub cursor: HistoryCursor,
    /// What made it.
    pub cause: Cause,
    /// Before and after.
    pub change: Change,
}
