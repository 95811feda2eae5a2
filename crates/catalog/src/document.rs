//! From the text of one catalog document to a [`Value`].
//!
//! It owns how JSON and YAML become the one tree that entities are read from. It must not know what an entity means, nor
//! where the text came from.
//!
//! ```text
//!  one JSON value ─── json ──┐
//!                            ├──▶ Value<'text>, strings borrowed where the text holds them as they are
//!  one YAML document ─ yaml ─┘
//! ```
//!
//! Both keep numbers and booleans as their text (S3), and both are bounded in depth, so that no document can exhaust
//! the stack.

mod json;
mod yaml;

use std::fmt;

pub use json::from_json;
pub use yaml::{MAX_ALIASED, from_yaml};

/// Bound on the nesting of a document. Catalog entities are some ten levels deep; `serde_json` itself stops at 128.
pub const MAX_DEPTH: usize = 100;

/// Why a text is no document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// Line inside the text, counted from 1.
    pub line: u64,
    /// Column inside the line, counted from 1.
    pub column: u64,
    /// What was found, without the place.
    pub message: String,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl std::error::Error for DocumentError {}

fn too_deep() -> String {
    format!("nested more than {MAX_DEPTH} levels deep")
}
