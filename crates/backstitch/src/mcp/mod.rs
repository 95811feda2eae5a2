//! Tools for AI agents, by the Model Context Protocol: questions about who owns what, asked of a running server.
//!
//! ```text
//!  client ── stdin, stdout ─────────────┐
//!  client ── HTTP ── who may ask ──▶ handler ──▶ tools ──▶ ask ──▶ the HTTP API of `backstitch serve`
//!                                       ▲                              │
//!                                       └── text, structured ◀── answer ◀── shapes of `api`
//! ```
//!
//! It owns the tools: their names, descriptions, arguments, bounds, and how an answer of the API becomes one for a model. `answer`
//! is pure. It must not know where the server has its knowledge from, and no tool changes anything.

pub(crate) mod answer;
pub(crate) mod arguments;
mod ask;
mod handler;
pub(crate) mod http;
mod schema;
pub(crate) mod stdio;
mod tools;

pub(crate) use self::handler::Handler;

/// Bound on one message of a client, in bytes: arguments are a few names, or the labels of an alert.
const MAX_MESSAGE: usize = 256 * 1024;
