//! The edge out: what the topology knows, over HTTP.
//!
//! ```text
//!   the loop ──▶ Topology (write lock) ─────read lock, one page───▶ render ──▶ api types ──▶ JSON
//!        ├─────▶ Sources (status) ───────────────────────────────▶    │
//!   sources ◀─── Bell (refresh) ◀──────────────────────────── POST    │
//!        ◀────── Desk (decisions, tokens) ◀──────────── POST, DELETE   │
//!   readers ◀─── Desk (preview: by another map) ◀───────────── POST    │
//!        └─────▶ Events (ring) ──────────▶ server-sent events         └──▶ one-shot output of the command line
//!   Alertmanager ──POST──▶ alerts ──▶ Queue (on the disk) ──▶ whoever hands them on
//! ```
//!
//! Alerts are the one thing that passes through: `alerts` keeps them until they are handed on.
//!
//! It owns routes, parameters, page tokens, problem documents, the event stream, metrics, who may ask what (tokens, people who
//! sign in, their roles, host names), and the one rendering of the core's values into the shapes of `api`. It must not know any source, and it
//! decides nothing about ownership: what it says was reasoned in `topology`.

mod access;
pub mod alerts;
pub mod api_tokens;
mod app;
mod collector;
pub mod decisions;
pub mod desk;
pub mod events;
pub mod explain;
mod guard;
mod identity;
pub mod integrations;
mod metrics;
pub mod notifications;
mod openapi;
pub mod owner_info;
mod pages;
mod params;
pub mod preview;
mod problem;
mod random;
pub mod refresh;
pub mod render;
mod roles;
mod routes;
mod scope;
pub mod serve;
mod session;
mod slices;
pub mod status;
pub mod subject;
mod token;

pub use access::{Access, Hosts, SignIn};
pub use app::AppState;
pub use guard::guarded;
pub use openapi::document as openapi_document;
pub use roles::{Grant, Grants};
pub use routes::router;
