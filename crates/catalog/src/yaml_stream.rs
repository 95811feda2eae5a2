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
pub fn split(stream: &[u8]) -> Documents<'_> {
    Documents {
        stream,
        lines: Lines::new(stream),
        number: 0,
        next: Some(Pending {
            offset: 0,
            line: 1,
            has_marker: false,
            has_content: false,
        }),
    }
}

/// The documents of a stream, in order.
#[derive(Debug)]
pub struct Documents<'a> {
    stream: &'a [u8],
    lines: Lines<'a>,
    number: u32,
    /// The document being collected; `None` at the end of the stream.
    next: Option<Pending>,
}

/// What is known of a document before its end is found.
#[derive(Clone, Copy, Debug)]
struct Pending {
    offset: usize,
    line: u64,
    has_marker: bool,
    has_content: bool,
}

impl Documents<'_> {
    /// Moves to the end of the document being collected and gives its end and what comes after it.
    fn collect(&mut self, document: &mut Pending) -> (usize, Option<Pending>) {
        for (offset, line, text) in self.lines.by_ref() {
            match marker(text) {
                // Directives and comments before `---` belong to the document that it opens.
                Some((Marker::Start, rest)) if !document.has_marker && !document.has_content => {
                    document.has_marker = true;
                    document.has_content = !is_blank(rest);
                }
                Some((Marker::Start, rest)) => {
                    let next = Pending {
                        offset,
                        line,
                        has_marker: true,
                        has_content: !is_blank(rest),
                    };
                    return (offset, Some(next));
                }
                // `...` itself belongs to nothing: the next document starts on the line after it.
                Some((Marker::End, _)) => {
                    let next = Pending {
                        offset: self.lines.offset,
                        line: line + 1,
                        has_marker: false,
                        has_content: false,
                    };
                    return (offset, Some(next));
                }
                None => {
                    let directive = !document.has_marker && text.starts_with(b"%");
                    document.has_content |= !is_blank(text) && !directive;
                }
            }
        }
        (self.stream.len(), None)
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = Document<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(mut document) = self.next {
            let (end, next) = self.collect(&mut document);
            self.next = next;
            if document.has_marker || document.has_content {
                self.number = self.number.saturating_add(1);
            }
            if document.has_content {
                let bytes = &self.stream[document.offset..end];
                return Some(Document {
                    bytes: bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes),
                    number: self.number,
                    line: document.line,
                });
            }
        }
        None
    }
}

impl Document<'_> {
    /// The line of the stream on which the content starts: the first that is no comment, marker or directive.
    pub fn content_line(&self) -> u64 {
        Lines::new(self.bytes)
            .find(|(_, _, text)| {
                let content = marker(text).map_or(*text, |(_, rest)| rest);
                !is_blank(content) && !content.starts_with(b"%")
            })
            .map_or(self.line, |(_, line, _)| self.line + line - 1)
    }
}

enum Marker {
    Start,
    End,
}

/// The marker that a line is, and what follows it on the line.
fn marker(line: &[u8]) -> Option<(Marker, &[u8])> {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let (mark, rest) = line.split_at_checked(3)?;
    if !matches!(rest.first(), None | Some(b' ' | b'\t')) {
        return None;
    }
    match mark {
        b"---" => Some((Marker::Start, rest)),
        b"..." => Some((Marker::End, rest)),
        _ => None,
    }
}

/// Nothing but blanks and a comment.
fn is_blank(line: &[u8]) -> bool {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    matches!(line.trim_ascii_start().first(), None | Some(b'#'))
}

/// Lines with their offset and number, ended by `\n`, `\r\n` or `\r`.
#[derive(Debug)]
struct Lines<'a> {
    rest: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            rest: text,
            offset: 0,
            line: 0,
        }
    }
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

    /// A stream, and the number, content line and text of each of its documents.
    type Case = (&'static str, &'static [(u32, u64, &'static str)]);

    #[test]
    fn documents_end_at_markers_and_nowhere_else() {
        let cases: &[Case] = &[
            ("", &[]),
            ("# only a comment\n", &[]),
            ("---\n", &[]),
            ("a: 1", &[(1, 1, "a: 1")]),
            (
                "---\na: 1\n---\nb: 2\n",
                &[(1, 2, "---\na: 1\n"), (2, 4, "---\nb: 2\n")],
            ),
            // A comment or blanks after the marker, and content on its line.
            (
                "--- # first\na: 1\n---\t\nb: 2",
                &[(1, 2, "--- # first\na: 1\n"), (2, 4, "---\t\nb: 2")],
            ),
            (
                "--- {a: 1}\n--- {b: 2}\n",
                &[(1, 1, "--- {a: 1}\n"), (2, 2, "--- {b: 2}\n")],
            ),
            // Comments and directives before the marker belong to the document after it.
            (
                "# licence\n\n---\na: 1\n",
                &[(1, 4, "# licence\n\n---\na: 1\n")],
            ),
            (
                "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 2\n",
                &[
                    (1, 3, "%YAML 1.2\n---\na: 1\n"),
                    (2, 7, "%YAML 1.2\n---\nb: 2\n"),
                ],
            ),
            ("a: 1\n...\nb: 2\n", &[(1, 1, "a: 1\n"), (2, 3, "b: 2\n")]),
            // What only looks like a marker.
            (
                "a: |\n  ---\n  text\nb: ---\n----\n",
                &[(1, 1, "a: |\n  ---\n  text\nb: ---\n----\n")],
            ),
            (
                "a: |\n  text\n---\nb: 2\n",
                &[(1, 1, "a: |\n  text\n"), (2, 4, "---\nb: 2\n")],
            ),
            // Empty documents count, but are not given.
            (
                "---\n---\n# none\n---\na: 1\n---\n",
                &[(3, 5, "---\na: 1\n")],
            ),
            // Line ends and byte order marks, as concatenated files from Windows have them.
            (
                "\u{feff}a: 1\r\n---\r\nb: 2\r\n",
                &[(1, 1, "a: 1\r\n"), (2, 3, "---\r\nb: 2\r\n")],
            ),
            ("a: 1\r---\rb: 2", &[(1, 1, "a: 1\r"), (2, 3, "---\rb: 2")]),
            (
                "a: 1\n\u{feff}---\nb: 2\n",
                &[(1, 1, "a: 1\n"), (2, 3, "---\nb: 2\n")],
            ),
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
