//! The commands, one file each: from arguments to output and exit status.

mod ask;
pub(crate) mod decisions;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod notify;
pub(crate) mod owner;
pub(crate) mod refresh;
pub(crate) mod serve;
pub(crate) mod shell;
pub(crate) mod sources;
pub(crate) mod stitch;
pub(crate) mod writeback;
