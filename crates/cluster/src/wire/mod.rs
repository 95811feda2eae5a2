//! What Kubernetes writes, reduced while it is parsed.
//!
//! One set of slim types serves JSON, YAML and watch events, and all kinds of objects at once: the fields that matter do
//! not clash between kinds. Everything else is skipped by the parser and never allocated.

pub(crate) mod document;
pub(crate) mod field;
pub(crate) mod object;
