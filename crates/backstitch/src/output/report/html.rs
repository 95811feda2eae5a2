//! The report as one page of HTML that needs nothing else: no script, no file, no network.

use std::io::{self, Write};

use super::TITLE;
use super::markdown::is_hidden;
use super::sections::{Cell, Column, Section, lead, sections};
use crate::hygiene::Report;

/// Colours follow the reader's, and print is black on white. A column of figures has figures of one width.
const STYLE: &str = include_str!("page.css");

/// Writes it.
pub(crate) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let sections = sections(report);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{TITLE}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<header>\n<h1>{TITLE}</h1>\n"
    )?;
    for sentence in lead(report) {
        writeln!(out, "<p>{}</p>", escaped(&sentence))?;
    }
    let share = report.total.coverage;
    writeln!(out, "{}\n</header>\n<nav>\n<ul>", bar(share))?;
    for (index, section) in sections.iter().enumerate() {
        let count = section.rows.len() as u64 + section.cut;
        writeln!(
            out,
            "<li><a href=\"#s{index}\">{}</a> <span>{count}</span></li>",
            section.title
        )?;
    }
    writeln!(out, "</ul>\n</nav>")?;
    for (index, section) in sections.iter().enumerate() {
        write_section(index, section, out)?;
    }
    writeln!(
        out,
        "<footer>Made at {} by <code>backstitch report</code>.</footer>\n</main>\n</body>\n</html>",
        escaped(&report.made_at)
    )
}

fn write_section(index: usize, section: &Section, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section id=\"s{index}\">\n<h2>{}</h2>", section.title)?;
    if section.rows.is_empty() {
        return writeln!(out, "<p class=\"none\">{}</p>\n</section>", section.empty);
    }
    writeln!(out, "<p>{}</p>", escaped(&section.says))?;
    write!(out, "<div class=\"wide\">\n<table>\n<thead><tr>")?;
    for column in &section.columns {
        write!(
            out,
            "<th{} scope=\"col\">{}</th>",
            class(column),
            column.title
        )?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for row in &section.rows {
        write!(out, "<tr>")?;
        for (column, cell) in section.columns.iter().zip(row) {
            write!(out, "<td{}>{}</td>", class(column), content(cell))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>")?;
    if section.cut > 0 {
        writeln!(
            out,
            "<p class=\"none\">{} more are not shown.</p>",
            section.cut
        )?;
    }
    writeln!(out, "</section>")
}

fn class(column: &Column) -> &'static str {
    if column.numeric { " class=\"n\"" } else { "" }
}

fn content(cell: &Cell) -> String {
    match cell {
        Cell::Name(name) if name.is_empty() => String::new(),
        Cell::Name(name) => format!("<span class=\"name\">{}</span>", escaped(name)),
        Cell::Share(share) => format!("{} {}", bar(*share), cell.plain()),
        Cell::Text(_) | Cell::Count(_) => escaped(&cell.plain()),
    }
}

/// A share as a length. It repeats what stands beside it, so readers of screens skip it.
fn bar(share: f64) -> String {
    let width = (share.clamp(0.0, 1.0) * 100.0).round();
    format!("<span class=\"bar\" aria-hidden=\"true\"><i style=\"width:{width}%\"></i></span>")
}

/// The text such that a page shows it as it is, also inside of an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if is_hidden(c) => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn hostile_text_stays_text() {
        for (text, expected) in [
            ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
            ("\" onload='x'", "&quot; onload=&#39;x&#39;"),
            ("&amp;", "&amp;amp;"),
            ("a\u{0}\u{202e}b", "a\u{fffd}\u{fffd}b"),
        ] {
            assert_eq!(escaped(text), expected, "{text:?}");
        }
    }
}
