//! The commands, one file each: from arguments to output and exit status.

mod ask;
pub(crate) mod explain;
pub(crate) mod owner;
pub(crate) mod shell;
pub(crate) mod stitch;
