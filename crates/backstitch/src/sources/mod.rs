//! The sources of one run: which they are, and reading all of them at once.
//!
//! ```text
//!  flags + Config ── select ──▶ Plan ── read: every source at its own pace ──▶ Reading, or every failure
//!                                                                               └─ stitch ──▶ Topology, faults
//! ```
//!
//! It owns names of sources given by flags, tokens on their way to a client, and the progress shown. It must not know
//! what is printed afterwards.

pub(crate) mod backstage;
mod flag;
mod progress;
mod read;
mod select;
mod stitch;

pub(crate) use read::read;
pub(crate) use select::{select, select_clusters};
pub(crate) use stitch::{Stitched, stitch};
