//! What is wrong with a configuration, shown where it stands.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use super::node::Place;

/// One fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(super) at: Place,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// The line of the file, which is shown with it.
    pub(super) text: String,
    pub(super) path: PathBuf,
}

impl Fault {
    /// Its place and what is wrong, in one line.
    pub(crate) fn summary(&self) -> String {
        let Place { line, column, .. } = self.at;
        format!("{}:{line}:{column}: {}", self.path.display(), self.message)
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Fault {
    /// ```text
    /// backstitch.yaml:7:9: unknown key `sync_intervall`
    ///     7 |         sync_intervall: 5m
    ///       |         ^^^^^^^^^^^^^^
    ///     hint: did you mean `sync_interval`?
    /// ```
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place {
            line,
            column,
            width,
        } = self.at;
        f.write_str(&self.summary())?;
        if !self.text.is_empty() {
            let shown = Excerpt::of(&self.text, column, width);
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            write!(f, "\n    {number} | {}", shown.text)?;
            write!(
                f,
                "\n    {margin} | {}{}",
                shown.before,
                "^".repeat(shown.width)
            )?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n    hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// The part of a line that is shown, and the blanks that lead to the place meant.
struct Excerpt {
    text: String,
    before: String,
    width: usize,
}

impl Excerpt {
    /// The longest part of a line that is shown.
    const LONGEST: usize = 120;

    fn of(line: &str, column: usize, width: usize) -> Self {
        let skipped = column.saturating_sub(Self::LONGEST / 2 + 1);
        let skipped = if line.chars().count() > Self::LONGEST {
            skipped
        } else {
            0
        };
        let text: String = line.chars().skip(skipped).take(Self::LONGEST).collect();
        let column = column.saturating_sub(1 + skipped);
        // Tabs stay tabs, so that the caret stands where the reader's terminal puts the text.
        let before = text
            .chars()
            .chain(std::iter::repeat(' '))
            .take(column)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let room = text.chars().count().saturating_sub(column).max(1);
        Self {
            text: text.trim_end().to_owned(),
            before,
            width: width.min(room),
        }
    }
}

/// Why a configuration, or a file of decisions, cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the {what} `{}`", path.display())]
    Unreadable {
        /// What it is.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There are faults in it; all of them are listed.
    #[error("{}", listed(what, path, faults))]
    Faults {
        /// What the file is.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// In the order of their places; at least one.
        faults: Vec<Fault>,
    },
}

fn listed(what: &str, path: &Path, faults: &[Fault]) -> String {
    let count = match faults.len() {
        1 => "a fault".to_owned(),
        count => format!("{count} faults"),
    };
    let mut text = format!("the {what} `{}` has {count}", path.display());
    for fault in faults {
        // Writing to a text cannot fail.
        let _ = write!(text, "\n\n{fault}");
    }
    text
}
