//! What could not be used, on standard error.

use std::io::{self, Write};

use api::stitch::SourceFault;

use super::paint::{Paint, Style};
use super::screen::{counted, printable};

/// How many are listed.
const LISTED: usize = 20;

/// Writes the first of the faults, and how many more there are.
pub(crate) fn write(errors: &[SourceFault], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let warning = paint.paint(Style::Warning, "warning");
    for error in errors.iter().take(LISTED) {
        writeln!(
            out,
            "{warning}: {}: {}: {}",
            printable(&error.source),
            printable(&error.place),
            printable(&error.message)
        )?;
    }
    match errors.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(
            out,
            "{warning}: and {} (see `errors` of `-o json`)",
            counted(more as u64, "more", "more")
        ),
    }
}

/// Writes notes on what was given.
pub(crate) fn write_notes(notes: &[String], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let warning = paint.paint(Style::Warning, "warning");
    notes
        .iter()
        .try_for_each(|note| writeln!(out, "{warning}: {note}"))
}
