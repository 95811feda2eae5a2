//! Splitting a dump into its entities, whatever the pieces it comes in.

use super::*;

/// Gives its bytes in pieces of the given size, so that every boundary is met.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(self.0.len()).min(buffer.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

fn shown(text: &str, layout: Layout, step: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    split(Trickle(text.as_bytes(), step), layout, &mut |piece| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let content = match piece.content {
            Content::Value(bytes) => text(bytes),
            Content::TooLarge => "too large".to_owned(),
            Content::CutOff(bytes) => format!("cut off: {}", text(bytes)),
            Content::NotJson(bytes) => format!("not JSON: {}", text(bytes)),
        };
        pieces.push(format!("{} {} {content}", piece.number, piece.line));
    })
    .expect("reading from memory");
    pieces
}

#[test]
fn every_shape_of_a_dump_is_split_into_its_entities() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        (" \n\t", &[]),
        ("[]", &[]),
        (
            "[ {\"a\": 1},\n {\"b\": [{}]} ]\n",
            &["1 1 {\"a\": 1}", "2 2 {\"b\": [{}]}"],
        ),
        // Brackets and quotes inside texts.
        (
            r#"[{"a":"]}\"["},null,{"b":"\\"}]"#,
            &[r#"1 1 {"a":"]}\"["}"#, "2 1 null", r#"3 1 {"b":"\\"}"#],
        ),
        // A page of by-query, its items first or last.
        (
            r#"{"items":[{"a":1},{"b":2}],"totalItems":2,"pageInfo":{"nextCursor":"x}"}}"#,
            &[r#"1 1 {"a":1}"#, r#"2 1 {"b":2}"#],
        ),
        (
            "{\"totalItems\": 1,\n\"items\": [\n{\"a\":1}]}",
            &["1 3 {\"a\":1}"],
        ),
        (r#"{"items":[],"pageInfo":{}}"#, &[]),
        // Pages one after another.
        (
            "{\"items\":[{\"a\":1}]}\n{\"items\":[{\"b\":2}]}\n",
            &["1 1 {\"a\":1}", "2 2 {\"b\":2}"],
        ),
        // One entity, JSON lines, and entities printed over several lines.
        (
            "{\n \"kind\": \"Component\"\n}\n",
            &["1 1 {\n \"kind\": \"Component\"\n}"],
        ),
        (
            "{\"a\":1}\n\n{\"b\":2}\n",
            &["1 1 {\"a\":1}", "2 3 {\"b\":2}"],
        ),
        (
            "{\n\"a\":1}\n{\n\"b\":2}",
            &["1 1 {\n\"a\":1}", "2 3 {\n\"b\":2}"],
        ),
        ("{\"a\":1} {\"b\":2}", &["1 1 {\"a\":1}", "2 1 {\"b\":2}"]),
        // `items` that is no list is an entity's own.
        (r#"{"items":{"a":[1]}}"#, &[r#"1 1 {"items":{"a":[1]}}"#]),
        ("\u{feff}[{\"a\":1}]", &["1 1 {\"a\":1}"]),
    ];
    for (text, expected) in cases {
        for step in [1, 2, 3, 7, usize::MAX] {
            assert_eq!(
                shown(text, Layout::Unknown, step),
                *expected,
                "{text:?} by {step}"
            );
        }
    }
}

#[test]
fn a_broken_entity_costs_no_other() {
    let cases: &[(&str, Layout, &[&str])] = &[
        // What is inside is for the parser to judge.
        (
            r#"[{"a" 1},{"b":2}]"#,
            Layout::Unknown,
            &[r#"1 1 {"a" 1}"#, r#"2 1 {"b":2}"#],
        ),
        (
            r#"[{"a":1} {"b":2}]"#,
            Layout::Unknown,
            &[r#"1 1 {"a":1}"#, r#"2 1 {"b":2}"#],
        ),
        (
            "[}, {\"b\":2}]",
            Layout::Unknown,
            &["1 1 }", "2 1 {\"b\":2}"],
        ),
        // A quote that is missing ends with its line.
        (
            "[{\"a\": \"x\n},\n{\"b\":2}]",
            Layout::Unknown,
            &["1 1 {\"a\": \"x\n}", "2 3 {\"b\":2}"],
        ),
        // In JSON lines a missing bracket does, too.
        (
            "{\"a\":1}\n{\"b\":\n{\"c\":3}\n",
            Layout::Unknown,
            &["1 1 {\"a\":1}", "2 2 {\"b\":", "3 3 {\"c\":3}"],
        ),
        (
            "{\"a\":\n{\"b\":2}\n",
            Layout::Lines,
            &["1 1 {\"a\":", "2 2 {\"b\":2}"],
        ),
        // Cut off.
        (
            r#"[{"a":1},{"b":"#,
            Layout::Unknown,
            &[r#"1 1 {"a":1}"#, r#"2 1 cut off: {"b":"#],
        ),
        (
            r#"[{"a":1},"#,
            Layout::Unknown,
            &[r#"1 1 {"a":1}"#, "2 1 cut off: "],
        ),
        (
            r#"{"items":[{"a":1},{"b"#,
            Layout::Unknown,
            &[r#"1 1 {"a":1}"#, r#"2 1 cut off: {"b"#],
        ),
        (
            r#"{"items":[{"a":1}],"#,
            Layout::Unknown,
            &[r#"1 1 {"a":1}"#, "2 1 cut off: "],
        ),
        (
            r#"{"a":"b\"#,
            Layout::Unknown,
            &[r#"1 1 cut off: {"a":"b\"#],
        ),
        // No JSON at all.
        (
            "<!doctype html>\n<p>",
            Layout::Unknown,
            &["1 1 not JSON: <!doctype html>\n<p>"],
        ),
        ("\u{feff}", Layout::Unknown, &[]),
    ];
    for (text, layout, expected) in cases {
        for step in [1, 5, usize::MAX] {
            assert_eq!(shown(text, *layout, step), *expected, "{text:?} by {step}");
        }
    }
}

#[test]
fn an_entity_too_large_is_passed_over_within_bounded_memory() {
    let huge = "x".repeat(MAX_ENTITY_BYTES + 2 * CHUNK_BYTES);
    let text = format!("[{{\"a\":1}},\n{{\"b\":\"{huge}\"}},\n{{\"c\":3}}]");
    let mut pieces = Vec::new();
    split(text.as_bytes(), Layout::Unknown, &mut |piece| {
        let what = match piece.content {
            Content::Value(bytes) => bytes.len(),
            Content::TooLarge => 0,
            Content::CutOff(_) | Content::NotJson(_) => usize::MAX,
        };
        pieces.push((piece.number, piece.line, what));
    })
    .expect("reading from memory");
    assert_eq!(pieces, [(1, 1, 7), (2, 2, 0), (3, 3, 7)]);
}
