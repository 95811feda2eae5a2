//! Whether the server lives and can answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the process works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`; anything else comes as a problem.
    pub status: String,
    /// Version of the program.
    pub version: String,
}

/// Whether the server has something to answer from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// The last state is loaded (S26).
    pub ready: bool,
    /// Sources that were not read completely of late, as `kind/name: phase`.
    pub not_current: Vec<String>,
}
