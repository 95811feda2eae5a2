//! The built binary as a service: real files, a scripted Backstage and a scripted Kubernetes on the loopback, signals and
//! kills.

mod access;
mod alerts;
#[path = "../common/mod.rs"]
mod common;
mod decisions;
mod flood;
mod followed;
mod live_cluster;
mod outage;
mod preview;
mod process;
mod refresh;
mod removal;
mod restart;
mod running;
mod scripted;
mod secrets;
