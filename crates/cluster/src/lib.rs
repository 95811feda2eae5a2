//! Kubernetes clusters and manifest files as a source of facts.
//!
//! ```text
//!  manifest files ── manifests: find, split, parse ──┐
//!                                                     ├─▶ wire::Object ── reduce ──▶ ObjectFact (topology)
//!  API server ────── live: connect, list, watch ─────┘        slim, lenient           + Fault per unusable field
//! ```
//!
//! It owns: how an object is read (only the fields that stitching needs, each judged on its own, so that one wrong field
//! never loses the object), how manifest files are found and split, how an API server is reached, listed and watched,
//! and what to tell a person when it refuses. It is the only room that knows kube.
//!
//! It must not know: catalogs, stores, the HTTP API, or what is done with the facts. Environment values, arguments,
//! annotations and managed fields of objects are never kept.

mod kinds;
pub mod live;
pub mod manifests;
mod reduce;
mod wire;
