//! The report as Markdown, for an issue, a wiki or a job's summary.

use std::io::{self, Write};

use super::TITLE;
use super::sections::{Cell, Section, lead, sections};
use crate::hygiene::Report;

/// Writes it.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {TITLE}\n")?;
    for sentence in lead(report) {
        writeln!(out, "{}\n", escaped(&sentence))?;
    }
    for section in sections(report) {
        write_section(&section, out)?;
    }
    writeln!(out, "Made at {} by `backstitch report`.", report.made_at)
}

fn write_section(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}\n", section.title)?;
    if section.rows.is_empty() {
        return writeln!(out, "{}\n", section.empty);
    }
    writeln!(out, "{}\n", section.says)?;
    let columns = &section.columns;
    let titles: Vec<&str> = columns.iter().map(|it| it.title).collect();
    writeln!(out, "| {} |", titles.join(" | "))?;
    let rules = columns.iter();
    let rules: Vec<&str> = rules
        .map(|it| if it.numeric { "---:" } else { "---" })
        .collect();
    writeln!(out, "| {} |", rules.join(" | "))?;
    for row in &section.rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    if section.cut > 0 {
        writeln!(out, "\n{} more are not shown.", section.cut)?;
    }
    writeln!(out)
}

fn cell(cell: &Cell) -> String {
    escaped(&cell.plain())
}

/// The text such that Markdown shows it as it is: no markup, no HTML, no mention, no link, and on one line.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A mention would call people, and what looks like an address would become a link.
            '@' => escaped.push_str("&#64;"),
            ':' if rest.starts_with("://") => escaped.push_str("&#58;"),
            '.' if escaped.to_ascii_lowercase().ends_with("www") => escaped.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if is_hidden(c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    escaped
}

/// What would break a line, or change what is shown around it.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn hostile_text_stays_text() {
        for (text, expected) in [
            ("shop/cart", "shop/cart"),
            ("a|b", "a\\|b"),
            ("`rm`", "\\`rm\\`"),
            ("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"),
            ("@everyone", "&#64;everyone"),
            ("[a](https://evil)", "\\[a\\](https&#58;//evil)"),
            ("www.evil.example", "www&#46;evil.example"),
            (
                "one\ntwo\r\n| three",
                "one\u{fffd}two\u{fffd}\u{fffd}\\| three",
            ),
            ("\u{202e}gnp", "\u{fffd}gnp"),
            ("a\\|b", "a\\\\\\|b"),
            ("&lt;", "&amp;lt;"),
        ] {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }
}
