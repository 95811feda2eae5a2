//! Colour, where it is wanted.

use std::fmt::Display;
use std::io::IsTerminal;

use crate::args::Color;

/// What a text is, as far as colour says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Good news.
    Good,
    /// What failed.
    Error,
    /// What deserves a look.
    Warning,
    /// What to do.
    Hint,
    /// A heading.
    Heading,
    /// What may be passed over.
    Faint,
}

/// Whether one stream is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Text that no terminal shows.
    pub(crate) const NONE: Self = Self { on: false };

    /// By the choice of the user for this stream; the environment's `NO_COLOR` counts where the choice is left open.
    pub(crate) fn choose(color: Color, stream: &impl IsTerminal) -> Self {
        let on = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                stream.is_terminal() && !refused && !dumb
            }
        };
        Self { on }
    }

    /// Whether anything is painted.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    /// The text in the colour of what it is.
    pub(crate) fn paint(self, style: Style, text: impl Display) -> String {
        if !self.on {
            return text.to_string();
        }
        let code = match style {
            Style::Good => "32",
            Style::Error => "1;31",
            Style::Warning => "33",
            Style::Hint => "36",
            Style::Heading => "1",
            Style::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
