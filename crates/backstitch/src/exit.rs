//! Exit statuses (S34).

use std::process::ExitCode;

/// How a command ended that could run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and everything asked for held.
    Done,
    /// A gate failed, or nobody owns what was asked for.
    Refused,
}

/// It could not run.
pub(crate) const COULD_NOT_RUN: u8 = 2;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Refused => Self::from(1),
        }
    }
}
