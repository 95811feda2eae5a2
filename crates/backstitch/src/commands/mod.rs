//! The commands, one file each: from arguments to output and exit status.

pub(crate) mod ask;
mod checkout;
mod company;
pub(crate) mod decisions;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod mcp;
pub(crate) mod notify;
pub(crate) mod owner;
pub(crate) mod refresh;
pub(crate) mod report;
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod sources;
pub(crate) mod stitch;
pub(crate) mod suggest;
pub(crate) mod writeback;
