//! The server in process: real topology, real router, no network but loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod alerts;
mod company;
mod components;
mod decisions;
mod dependencies;
mod events;
mod explain;
mod facets;
mod graph;
mod history;
mod integrations;
mod openapi;
mod operation;
mod owner_info;
mod owners;
mod paging;
mod past;
mod preview;
mod problems;
mod refresh;
mod resolve;
mod roles;
mod search;
mod serve;
mod services;
mod state;
mod teams;
