//! From the text of a file to its documents, without parsing them.

use std::path::Path;

use serde_json::value::RawValue;

/// One document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    /// Index of the file.
    pub(super) file: usize,
    /// Number in the file, from 1; empty documents do not count.
    pub(super) document: u32,
    /// Line of the file on which the text begins, from 1.
    pub(super) line: u64,
    pub(super) text: &'t str,
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
}

/// Adds the documents of one file.
///
/// A file whose name ends in `json` is JSON; any other is too if all of it is, because `kubectl get -o json > x.yaml`
/// happens, and JSON is read much faster as what it is.
pub(super) fn split<'t>(file: usize, path: &Path, text: &'t str, pieces: &mut Vec<Piece<'t>>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let named_json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if named_json || text.trim_start().starts_with(['{', '[']) {
        let before = pieces.len();
        let whole = json(file, text, pieces);
        if named_json || whole {
            return;
        }
        pieces.truncate(before);
    }
    yaml(file, text, pieces);
}

/// Splits a YAML stream at its document markers.
///
/// `---` or `...` at the very beginning of a line, followed by a blank or nothing, is a marker wherever it stands: YAML
/// forbids such lines inside scalars, block scalars included.
fn yaml<'t>(file: usize, text: &'t str, pieces: &mut Vec<Piece<'t>>) {
    let mut document = 0;
    let mut emit = |start: (usize, u64), end: usize| {
        document += 1;
        pieces.push(Piece {
            file,
            document,
            line: start.1,
            text: &text[start.0..end],
            format: Format::Yaml,
        });
    };
    let mut offset = 0;
    // Where the current document's directives, and its content, begin.
    let mut directives = None;
    let mut content: Option<(usize, u64)> = None;
    let mut after_marker = false;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let here = (offset, index as u64 + 1);
        offset += line.len();
        if let Some(rest) = marker(line, "---") {
            if let Some(start) = content.take() {
                emit(start, here.0);
            }
            after_marker = true;
            let rest = rest.trim();
            if let Some(start) = directives.take() {
                content = Some(start);
            } else if !(rest.is_empty() || rest.starts_with('#')) {
                content = Some(here);
            }
        } else if marker(line, "...").is_some() {
            if let Some(start) = content.take() {
                emit(start, here.0);
            }
            directives = None;
            after_marker = false;
        } else if content.is_none() {
            let trimmed = line.trim();
            if line.starts_with('%') && !after_marker {
                directives.get_or_insert(here);
            } else if !(trimmed.is_empty() || trimmed.starts_with('#')) {
                content = Some(directives.take().unwrap_or(here));
            }
        }
    }
    if let Some(start) = content {
        emit(start, text.len());
    }
}

/// What follows the marker, if the line is one.
fn marker<'t>(line: &'t str, marker: &str) -> Option<&'t str> {
    line.strip_prefix(marker)
        .filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

/// Splits JSON documents that stand one after another. Says whether all of the text is JSON.
///
/// After a broken document the next begins on a line that starts with `{`: so kubectl prints, and so JSON lines are.
fn json<'t>(file: usize, text: &'t str, pieces: &mut Vec<Piece<'t>>) -> bool {
    let mut whole = true;
    let mut document = 0;
    let mut position = Position {
        text,
        offset: 0,
        line: 1,
    };
    let mut emit = |start: usize, end: usize| {
        document += 1;
        pieces.push(Piece {
            file,
            document,
            line: position.line_of(start),
            text: &text[start..end],
            format: Format::Json,
        });
    };
    let mut offset = 0;
    while offset < text.len() {
        let rest = &text[offset..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let mut broken = None;
        loop {
            let before = stream.byte_offset();
            match stream.next() {
                None => break,
                Some(Ok(raw)) => {
                    let end = offset + stream.byte_offset();
                    emit(end - raw.get().len(), end);
                }
                Some(Err(error)) => {
                    let blank = rest[before..].len() - rest[before..].trim_start().len();
                    broken = Some((offset + before + blank, error));
                    break;
                }
            }
        }
        let Some((start, error)) = broken else {
            break;
        };
        whole = false;
        let end = if error.is_eof() {
            // All that follows belongs to the document that is cut off.
            text.len()
        } else {
            offset + resume(rest, start - offset, error.line())
        };
        emit(start, end);
        offset = end;
    }
    whole
}

/// Where reading goes on after a document that began at `start` and broke on line `error_line` (both within `text`).
fn resume(text: &str, start: usize, error_line: usize) -> usize {
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if index + 1 >= error_line && offset > start && line.starts_with('{') {
            return offset;
        }
        offset += line.len();
    }
    text.len()
}

/// Counts lines going forward.
struct Position<'t> {
    text: &'t str,
    offset: usize,
    line: u64,
}

impl Position<'_> {
    fn line_of(&mut self, offset: usize) -> u64 {
        self.line += self.text[self.offset..offset].matches('\n').count() as u64;
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn pieces(name: &str, text: &str) -> String {
        let mut pieces = Vec::new();
        split(0, Path::new(name), text, &mut pieces);
        let mut shown = String::new();
        for piece in pieces {
            let Piece {
                document,
                line,
                text,
                format,
                ..
            } = piece;
            writeln!(shown, "{document} {format:?} line {line} {text:?}")
                .expect("a string takes all");
        }
        shown
    }

    #[test]
    fn a_yaml_stream_falls_apart_at_its_markers_only() {
        let text = "# heading\n---\n# comment\na: 1\n---   # named\nb: |\n  ---\n  text\n--- \n\n---\n--- {c: 1}\n...\n# end\nd: 1\r\n---\r\ne: 1";
        insta::assert_snapshot!(pieces("x.yaml", text), @r#"
        1 Yaml line 4 "a: 1\n"
        2 Yaml line 6 "b: |\n  ---\n  text\n"
        3 Yaml line 12 "--- {c: 1}\n"
        4 Yaml line 15 "d: 1\r\n"
        5 Yaml line 17 "e: 1"
        "#);
    }

    #[test]
    fn directives_belong_to_the_document_after_them() {
        insta::assert_snapshot!(pieces("x.yaml", "%YAML 1.2\n---\na: 1\n...\n%YAML 1.2\n---\nb: 1\n---\n%c: 1\n"), @r#"
        1 Yaml line 1 "%YAML 1.2\n---\na: 1\n"
        2 Yaml line 5 "%YAML 1.2\n---\nb: 1\n"
        3 Yaml line 9 "%c: 1\n"
        "#);
    }

    #[test]
    fn words_that_begin_like_markers_are_none() {
        insta::assert_snapshot!(pieces("x.yaml", "a: 1\n---b: 1\n....\n"), @r#"1 Yaml line 1 "a: 1\n---b: 1\n....\n""#);
    }

    #[test]
    fn nothing_is_no_document() {
        for text in [
            "",
            "\n\n",
            "# only a comment\n",
            "---\n---\n",
            "\u{feff}---\n",
        ] {
            assert_eq!(pieces("x.yaml", text), "", "{text:?}");
        }
    }

    #[test]
    fn json_documents_stand_one_after_another_or_one_a_line() {
        insta::assert_snapshot!(pieces("x.json", "\u{feff}{\"a\":\n1}{\"b\":1}\n\n[1]\n"), @r#"
        1 Json line 1 "{\"a\":\n1}"
        2 Json line 2 "{\"b\":1}"
        3 Json line 4 "[1]"
        "#);
    }

    #[test]
    fn a_broken_json_document_does_not_take_the_next_with_it() {
        insta::assert_snapshot!(pieces("x.json", "{\"a\":1}\n{\"b\":\n{\"c\":1}\n{\"d\":\"x\n{\"e\":1}\n{\n \"f\": {\n}"), @r#"
        1 Json line 1 "{\"a\":1}"
        2 Json line 2 "{\"b\":\n{\"c\":1}\n"
        3 Json line 4 "{\"d\":\"x\n"
        4 Json line 5 "{\"e\":1}"
        5 Json line 6 "{\n \"f\": {\n}"
        "#);
    }

    #[test]
    fn json_is_known_by_its_content_and_flow_yaml_is_not_json() {
        insta::assert_snapshot!(pieces("x.yaml", "{\"a\": 1}\n"), @r#"1 Json line 1 "{\"a\": 1}""#);
        insta::assert_snapshot!(pieces("x.yaml", "{a: 1}\n---\n{\"b\": 1}\n"), @r#"
        1 Yaml line 1 "{a: 1}\n"
        2 Yaml line 3 "{\"b\": 1}\n"
        "#);
    }
}
