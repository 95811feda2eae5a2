//! How an error reaches a person: what failed, why, and what to do.

use std::error::Error;
use std::fmt;
use std::io::Write;

use crate::config::ConfigError;
use crate::output::paint::{Paint, Style};

/// One thing that failed, with its causes, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What failed.
    pub message: String,
    /// Why, and why that.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a cause of its own.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// A failure because of an error and all that caused that.
    pub(crate) fn because(message: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        let mut causes = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            causes.push(error.to_string());
            next = error.source();
        }
        Self {
            causes,
            ..Self::new(message)
        }
    }

    /// The same with what to do about it.
    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }
}

/// Everything that kept a command from running; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failures(pub Vec<Failure>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<&str> = self
            .0
            .iter()
            .map(|failure| failure.message.as_str())
            .collect();
        f.write_str(&messages.join("; "))
    }
}

impl Error for Failures {}

impl From<Failure> for Failures {
    fn from(failure: Failure) -> Self {
        Self(vec![failure])
    }
}

impl From<Failure> for anyhow::Error {
    fn from(failure: Failure) -> Self {
        Failures::from(failure).into()
    }
}

/// Writes an error: each failure as a paragraph of its own.
pub(crate) fn write(
    error: &anyhow::Error,
    paint: Paint,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if let Some(Failures(failures)) = error.downcast_ref() {
        for (index, failure) in failures.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            write_failure(failure, paint, out)?;
        }
        return Ok(());
    }
    let mut chain = error.chain();
    let message = chain.next().map(ToString::to_string).unwrap_or_default();
    let hint = match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Unreadable {
            what: "configuration",
            ..
        }) => Some("`--config` names the file"),
        _ => None,
    };
    let failure = Failure {
        message,
        causes: chain.map(ToString::to_string).collect(),
        hint: hint.map(str::to_owned),
    };
    write_failure(&failure, paint, out)
}

fn write_failure(failure: &Failure, paint: Paint, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{}: {}",
        paint.paint(Style::Error, "error"),
        failure.message
    )?;
    for cause in &failure.causes {
        writeln!(out, "  {}: {cause}", paint.paint(Style::Faint, "caused by"))?;
    }
    if let Some(hint) = &failure.hint {
        writeln!(out, "{}: {hint}", paint.paint(Style::Hint, "hint"))?;
    }
    Ok(())
}

/// An error and all that caused it, in one line.
pub(crate) fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
