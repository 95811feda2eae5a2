//! The commands, one file each: from arguments to output and exit status.

mod ask;
pub mod explain;
pub mod owner;
pub mod shell;
pub mod stitch;
