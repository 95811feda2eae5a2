//! What must survive a restart (S26): the facts of every source, what is known of the sources themselves, and history.
//!
//! ```text
//!              ┌ 1 Store::commit   facts of one batch, one transaction ─────▶ object, source
//!  the loop ───┤ 2 topology.apply  (not here)
//!              └ 3 Store::record   what that changed, one transaction ──────▶ history, recorded
//!
//!  start ───── Store::sources, Store::load ──▶ topology ──▶ compared with Store::recorded_states ──▶ Store::record
//!  people ─── Store::decide, Store::end_decision ──▶ decision ──▶ topology ──▶ Store::record
//!         └─ Store::keep_api_token, Store::end_api_token ──▶ api_token
//!  requests ── Reader: history, who owned a Service at a time, decisions
//! ```
//!
//! What is stitched to what is a pure function of the facts. So the store keeps facts, not conclusions, and a restart
//! computes the conclusions again. History alone cannot be computed again, and it is written after the facts: a process
//! that dies between 1 and 3 has facts whose changes were never recorded. For that the store also keeps, for each
//! verdict and each Service, the state that history last recorded, written in the same transaction as the history. At
//! start the program compares it with what it derives from the facts, and records the difference; nothing is lost and
//! nothing is recorded twice.
//!
//! A `label_map` decides how an entity becomes a fact, so stored facts are those of one mapping: its fingerprint stands
//! with the source ([`SourceRecord::mapping`]), and a loader that finds another one knows that it must read again.
//!
//! Beside a fact stands what it came of ([`Content`]), so that a source that says the same again after a restart need not
//! be read anew. Both are written by one statement, so that neither is ever taken for the other's.
//!
//! The store blocks. One thread owns the [`Store`] and is the only writer, of this process and of all (a lock file sees
//! to that); any number of [`Reader`]s look on, each at a consistent state. A commit is on the disk when it returns, and
//! one that fails leaves nothing behind and the store usable.
//!
//! What is to be handed on, such as alerts, waits in a [`Queue`], a file of its own.
//!
//! It knows the core's types and nothing of networks, clocks (time is an argument) or wire formats. No type that holds
//! a Secret's value can be given to it (S31).

mod api_token;
mod commit;
mod content;
mod decision;
mod error;
mod fact;
mod history;
mod inspect;
mod load;
mod object;
mod open;
mod queue;
mod record;
mod schema;
mod source;

pub use api_token::{ApiTokenId, ApiTokenRecord, MAX_API_TOKENS, NewApiToken};
pub use commit::{CommitBatch, Committed};
pub use content::{Content, Contents, Origin};
pub use decision::{
    Decided, DecisionId, DecisionRecord, Ended, MAX_DECISIONS, NewDecision, Standing,
};
pub use error::{RecordError, StoreError};
pub use fact::Fact;
pub use history::{
    Cause, Compaction, HistoryCursor, HistoryEntry, HistoryFilter, MAX_HISTORY_PAGE, Progress,
    Reader, Recent, Recorded, RecordedStates, Subject,
};
pub use inspect::{Inspection, inspect};
pub use load::{Load, Loaded, LoadedPage, PAGE};
pub use open::{Options, Store};
pub use queue::{Dead, NewEntry, Pushed, Queue, QueueBounds, QueueStanding, Waiting};
pub use source::{Good, HeldRecord, Source, SourceRecord};

#[cfg(test)]
mod disk_full;
#[cfg(test)]
mod killed;
