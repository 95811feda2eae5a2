//! S22–S26 for the whole program: a real Backstage with everything that may go wrong on the way to it, and the built
//! service that reads it. No fault removes an owner, each is told of, and none needs a restart.
//!
//! Run by `cargo xtask test backstage-real`, which installs the Backstages.

#![cfg(target_os = "linux")]

mod bed;
mod catalog;
#[path = "../common/mod.rs"]
mod common;
mod matrix;
#[path = "../service/running.rs"]
mod running;
mod soak;
mod table;
