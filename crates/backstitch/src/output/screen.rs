//! How much room there is, and texts cut and folded to it.

/// The width where nobody says.
const DEFAULT_WIDTH: usize = 100;
/// Nothing is cut narrower than this.
const NARROWEST: usize = 40;

/// How wide lines may be: `COLUMNS`, else the terminal's width, else 100.
pub(crate) fn width() -> usize {
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    columns
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .unwrap_or(DEFAULT_WIDTH)
        .max(NARROWEST)
}

/// The text in at most `width` characters, its end cut where it has to be.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// The text in lines of at most `width` characters, broken at blanks, and inside of words that are longer.
pub(crate) fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let word_length = word.chars().count();
            let gap = usize::from(length > 0);
            if length + gap + word_length <= width {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                length += gap + word_length;
                break;
            }
            if length > 0 {
                lines.push(std::mem::take(&mut line));
                length = 0;
                continue;
            }
            let end = word
                .char_indices()
                .nth(width)
                .map_or(word.len(), |(index, _)| index);
            lines.push(word[..end].to_owned());
            word = &word[end..];
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Text from a source with what would move a terminal's cursor made visible.
pub(crate) fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().any(char::is_control) {
        text.chars()
            .flat_map(|c| {
                if c.is_control() {
                    Escaped::Hidden(c.escape_debug())
                } else {
                    Escaped::Plain(Some(c))
                }
            })
            .collect::<String>()
            .into()
    } else {
        text.into()
    }
}

enum Escaped {
    Plain(Option<char>),
    Hidden(std::char::EscapeDebug),
}

impl Iterator for Escaped {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::Plain(c) => c.take(),
            Self::Hidden(escape) => escape.next(),
        }
    }
}

/// `3 Services`, `1 Service`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A share as people read it: `76.7%`.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.1}%", part as f64 * 100.0 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::{cut, fold, printable};

    #[test]
    fn texts_are_cut_and_folded() {
        assert_eq!(cut("checkout", 8), "checkout");
        assert_eq!(cut("checkout", 5), "chec…");
        assert_eq!(fold("one two three", 7), ["one two", "three"]);
        assert_eq!(fold("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(fold("  ", 3), Vec::<String>::new());
    }

    #[test]
    fn nothing_from_a_source_moves_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(printable("plain"), "plain");
    }
}
