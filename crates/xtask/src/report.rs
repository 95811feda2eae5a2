//! The one place that writes to the terminal: results to standard output, everything else to standard error.
//!
//! Write errors are dropped on purpose: when the reader of a pipe is gone there is nobody left to tell.

use std::fmt::Display;
use std::io::{self, Write};

/// Says what is going on, on standard error.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints a result, on standard output.
pub(crate) fn result(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Passes a line of a child process on, unchanged.
pub(crate) fn pass_on(line: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(line);
    let _ = out.flush();
}
