//! A YAML stream split into its documents, before anything is parsed.
//!
//! A parser that meets an error cannot go on, so one broken document would take all after it along. The split needs no
//! parser: a line that starts with `---` or `...` and a blank ends a document whatever it stands in, block scalars and
//! quoted texts included, for YAML forbids it inside all of them.

/// One document of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Its bytes, with its directives and its `---`, without a byte order mark.
    pub bytes: &'a [u8],
    /// Its position in the stream, counted from 1.
    pub number: u32,
    /// The line of the stream on which `bytes` starts, counted from 1.
    pub line: u64,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Splits a stream. Documents without any content are left out, but keep their number.
pub fn split(stream: &[u8]) -> impl Iterator<Item = Document<'_>> {
    let mut lines = Lines {
        rest: stream,
        offset: 0,
        line: 0,
    };
    // Where the document being collected starts, and what it has so far.
    let mut start = (0, 1);
    let mut has_marker = false;
    let mut has_content = false;
    let mut number = 0;
    let mut done = false;
    std::iter::from_fn(move || {
        while !done {
            let (end, end_line, next) = match lines.next() {
                Some((offset, line, text)) => match marker(text) {
                    // Directives and comments before `---` belong to the document that it opens.
                    Some(Marker::Start) if !has_marker && !has_content => {
                        has_marker = true;
                        has_content = !is_blank(&text[3..]);
                        continue;
                    }
                    Some(Marker::Start) => (offset, line, (true, !is_blank(&text[3..]))),
                    Some(Marker::End) => (offset, line, (false, false)),
                    None => {
                        has_content |= !is_blank(text) && (has_marker || !text.starts_with(b"%"));
                        continue;
                    }
                },
                None => {
                    done = true;
                    (stream.len(), 0, (false, false))
                }
            };
            let document = (has_marker || has_content).then(|| {
                number += 1;
                let bytes = &stream[start.0..end];
                Document {
                    bytes: bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes),
                    number,
                    line: start.1,
                }
            });
            let finished = document.filter(|_| has_content);
            // `...` itself belongs to nothing: the next document starts on the line after it.
            start = match next {
                (true, _) => (end, end_line),
                (false, _) => (lines.offset, lines.line + 1),
            };
            (has_marker, has_content) = next;
            if finished.is_some() {
                return finished;
            }
        }
        None
    })
}

impl Document<'_> {
    /// The line of the stream on which the content starts: the first that is no comment, marker or directive.
    pub fn content_line(&self) -> u64 {
        let lines = Lines {
            rest: self.bytes,
            offset: 0,
            line: 0,
        };
        let mut first = self.line;
        for (_, line, text) in lines {
            let opened = marker(text).is_some();
            let content = if opened { &text[3..] } else { text };
            if !is_blank(content) && !content.starts_with(b"%") {
                first = self.line + line - 1;
                break;
            }
        }
        first
    }
}

enum Marker {
    Start,
    End,
}

fn marker(line: &[u8]) -> Option<Marker> {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let (mark, rest) = line.split_at_checked(3)?;
    if !matches!(rest.first(), None | Some(b' ' | b'\t')) {
        return None;
    }
    match mark {
        b"---" => Some(Marker::Start),
        b"..." => Some(Marker::End),
        _ => None,
    }
}

/// Nothing but blanks and a comment.
fn is_blank(line: &[u8]) -> bool {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    matches!(line.trim_ascii_start().first(), None | Some(b'#'))
}

/// Lines with their offset and number, ended by `\n`, `\r\n` or `\r`.
struct Lines<'a> {
    rest: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self
            .rest
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .unwrap_or(self.rest.len());
        let line_break = match self.rest[length..] {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        let text = &self.rest[..length];
        let start = self.offset;
        self.rest = &self.rest[length + line_break..];
        self.offset += length + line_break;
        self.line += 1;
        Some((start, self.line, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stream: &str) -> Vec<(u32, u64, String)> {
        split(stream.as_bytes())
            .map(|document| {
                let text = String::from_utf8_lossy(document.bytes).into_owned();
                (document.number, document.content_line(), text)
            })
            .collect()
    }

    #[test]
    fn documents_end_at_markers_and_nowhere_else() {
        let cases: &[(&str, &[(u32, u64, &str)])] = &[
            ("", &[]),
            ("# only a comment\n", &[]),
            ("---\n", &[]),
            ("a: 1", &[(1, 1, "a: 1")]),
            ("---\na: 1\n---\nb: 2\n", &[(1, 2, "---\na: 1\n"), (2, 4, "---\nb: 2\n")]),
            // A comment or blanks after the marker, and content on its line.
            ("--- # first\na: 1\n---\t\nb: 2", &[(1, 2, "--- # first\na: 1\n"), (2, 4, "---\t\nb: 2")]),
            ("--- {a: 1}\n--- {b: 2}\n", &[(1, 1, "--- {a: 1}\n"), (2, 2, "--- {b: 2}\n")]),
            // Comments and directives before the marker belong to the document after it.
            ("# licence\n\n---\na: 1\n", &[(1, 4, "# licence\n\n---\na: 1\n")]),
            ("%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n", &[
                (1, 3, "%YAML 1.2\n---\na: 1\n"),
                (2, 7, "%YAML 1.2\n---\nb: 2\n"),
            ]),
            ("a: 1\n...\nb: 2\n", &[(1, 1, "a: 1\n"), (2, 3, "b: 2\n")]),
            // What only looks like a marker.
            ("a: |\n  ---\n  text\nb: ---\n----\n", &[(1, 1, "a: |\n  ---\n  text\nb: ---\n----\n")]),
            ("a: |\n  text\n---\nb: 2\n", &[(1, 1, "a: |\n  text\n"), (2, 4, "---\nb: 2\n")]),
            // Empty documents count, but are not given.
            ("---\n---\n# none\n---\na: 1\n---\n", &[(3, 5, "---\na: 1\n")]),
            // Line ends and byte order marks, as concatenated files from Windows have them.
            ("\u{feff}a: 1\r\n---\r\nb: 2\r\n", &[(1, 1, "a: 1\r\n"), (2, 3, "---\r\nb: 2\r\n")]),
            ("a: 1\r---\rb: 2", &[(1, 1, "a: 1\r"), (2, 3, "---\rb: 2")]),
            ("a: 1\n\u{feff}---\nb: 2\n", &[(1, 1, "a: 1\n"), (2, 3, "---\nb: 2\n")]),
        ];
        for (stream, expected) in cases {
            let expected: Vec<_> = expected
                .iter()
                .map(|(number, line, text)| (*number, *line, (*text).to_owned()))
                .collect();
            assert_eq!(shown(stream), expected, "{stream:?}");
        }
    }
}
