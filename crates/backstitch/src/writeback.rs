//! Writing owners back to Kubernetes as annotations: what is wanted, what is there, and what to do about the difference.
//!
//! ```text
//!  stitched topology ── wanted ──▶ annotations per object ─┐
//!  API server ── cluster::live::annotated ─────────────────┴─ plan ──▶ steps, conflicts ──▶ cluster::live::annotate
//! ```
//!
//! It owns which labels of S16 are written, and that nothing is written or removed but what is ours. How an object is
//! read and written is the cluster's business.

mod plan;
mod wanted;

pub(crate) use plan::{Change, Clash, Plan, Removals, Step, plan};
pub(crate) use wanted::{Kinds, Wanted, of_services, of_topology};
