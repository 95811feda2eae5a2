//! Standard output and standard error, for the whole program.

use std::io::{self, BufWriter, Write};

use crate::args::Color;
use crate::output::paint::Paint;
use crate::report::Failure;

/// Output is collected to so many bytes before it is written.
const BUFFER: usize = 256 * 1024;

/// How this run speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Colour on standard output.
    pub out: Paint,
    /// Colour on standard error.
    pub err: Paint,
    /// How often `-v` was given.
    pub verbose: u8,
}

impl Terminal {
    /// By the choice of the user.
    pub(crate) fn new(color: Color, verbose: u8) -> Self {
        Self {
            out: Paint::choose(color, &io::stdout()),
            err: Paint::choose(color, &io::stderr()),
            verbose,
        }
    }

    /// Prints data. A reader that has seen enough, as `head` has, is no error.
    ///
    /// # Errors
    /// When standard output cannot be written, as on a full disk.
    pub(crate) fn print(
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut out = BufWriter::with_capacity(BUFFER, io::stdout().lock());
        match write(&mut out).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::because("cannot write to standard output", &error)),
        }
    }

    /// Tells a person something. That nobody listens is no error.
    pub(crate) fn tell(self, write: impl FnOnce(&mut dyn Write, Paint) -> io::Result<()>) {
        let mut err = BufWriter::new(io::stderr().lock());
        let _ = write(&mut err, self.err).and_then(|()| err.flush());
    }
}
