//! The store from outside: what it keeps, what it answers, and what it survives.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod contents;
mod decisions;
mod facts;
mod given;
mod history;
mod inspecting;
mod kill;
mod opening;
mod queue;
mod version_1;
