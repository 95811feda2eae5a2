//! Backstage and catalog files as a source of facts.
//!
//! ```text
//!  a live Backstage ── backstage ──┐                    ┌─▶ entities, each reference once, sorted
//!                                  ├─▶ document ─▶ facts┤
//!  folders, files, dumps ─ files ──┘                    └─▶ faults, each with its place
//!                           ▲
//!                         watch: when they change, and when they have come to rest
//! ```
//!
//! It owns when a catalog is read, what counts as a complete read, and how bytes become the documents that the core
//! reads entities from. A [`CatalogGeneration`](topology::fact::CatalogGeneration) is one complete read (S22). It must
//! not know of clusters, stitching, stores or the command line; what a field means is the core's business.

pub mod backstage;
mod collect;
pub mod document;
pub mod files;
pub mod json_stream;
pub mod schedule;
pub mod watch;
pub mod yaml_stream;

/// How far a read has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Components, Groups and Users found so far.
    pub entities: u64,
    /// How much is done: bytes of files, entities of a Backstage.
    pub done: u64,
    /// How much there is to do, in the unit of `done`; it may still grow.
    pub total: Option<u64>,
}
