//! One YAML document as a [`Value`], by the core schema of YAML 1.2, which is what Backstage reads.
//!
//! It is built from parser events rather than through `serde`, because a scalar must keep its text: `1.10`, `0123` and
//! `1e3` are values of annotations as often as numbers. So `yes` and dates are texts, and `0123` stays `0123`.
//! Merge keys (`<<`) are expanded, as the people who write them expect; aliases are copied within a budget.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Tag};
use topology::value::Value;

use super::{DocumentError, MAX_DEPTH, too_deep};

/// Bound on what the aliases of one document may copy: values plus bytes of text. A document that needs more than this
/// is an attack.
pub const MAX_ALIASED: usize = 1_000_000;

/// Reads one document; `text` holds one, with or without its `---`. An empty text is null.
///
/// # Errors
/// When it is not YAML, holds more than one document, or exceeds [`MAX_DEPTH`] or [`MAX_ALIASED`].
pub fn from_yaml(text: &str) -> Result<Value<'_>, DocumentError> {
    let mut options = Options::default();
    options.emit_comments = false;
    // One level more than is allowed, so that our own message is the one that is seen.
    options.flow_nesting_limit = MAX_DEPTH + 1;
    options.block_nesting_limit = MAX_DEPTH + 1;
    let mut builder = Builder::default();
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        let at = span.start;
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(error(
                        at,
                        "a second document where one was expected".to_owned(),
                    ));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                builder.scalar(text, style, anchor, tag.as_deref(), at)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                builder.open(Open::List(Vec::new()), anchor, at)?;
            }
            Event::MappingStart(_, anchor, _) => {
                builder.open(Open::Map(OpenMap::default()), anchor, at)?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(at)?,
            Event::Alias(anchor) => builder.alias(anchor, at)?,
            _ => {}
        }
    }
    Ok(builder.root.unwrap_or(Value::Null))
}

/// A collection that is being filled.
enum Open<'a> {
    List(Vec<Value<'a>>),
    Map(OpenMap<'a>),
}

type Entries<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

#[derive(Default)]
struct OpenMap<'a> {
    entries: Entries<'a>,
    /// The key whose value comes next.
    key: Option<Key<'a>>,
    /// What merge keys bring, in order.
    merged: Vec<Entries<'a>>,
}

impl<'a> OpenMap<'a> {
    /// Merged entries stand before all others, where a lookup, which takes the last, prefers every explicit one to them
    /// and an earlier source to a later one.
    fn into_value(self) -> Value<'a> {
        if self.merged.is_empty() {
            return Value::Map(self.entries);
        }
        let mut entries: Entries<'a> = self.merged.into_iter().rev().flatten().collect();
        entries.extend(self.entries);
        Value::Map(entries)
    }

    fn merge(&mut self, value: Value<'a>, at: Marker) -> Result<(), DocumentError> {
        match value {
            Value::Map(entries) => self.merged.push(entries),
            Value::Array(sources) => {
                for source in sources {
                    match source {
                        Value::Map(entries) => self.merged.push(entries),
                        other => return Err(not_mergeable(&other, at)),
                    }
                }
            }
            other => return Err(not_mergeable(&other, at)),
        }
        Ok(())
    }
}

enum Key<'a> {
    Text(Cow<'a, str>),
    Merge,
}

/// An anchored value with what a copy of it costs and how deep it is.
struct Anchored<'a> {
    value: Value<'a>,
    cost: usize,
    height: usize,
}

#[derive(Default)]
struct Builder<'a> {
    stack: Vec<(Open<'a>, usize)>,
    anchors: HashMap<usize, Anchored<'a>>,
    copied: usize,
    root: Option<Value<'a>>,
}

impl<'a> Builder<'a> {
    fn open(&mut self, open: Open<'a>, anchor: usize, at: Marker) -> Result<(), DocumentError> {
        if self.key_expected() {
            return Err(error(
                at,
                "a list or a map as a key, expected a text".to_owned(),
            ));
        }
        if self.stack.len() == MAX_DEPTH {
            return Err(error(at, too_deep()));
        }
        self.stack.push((open, anchor));
        Ok(())
    }

    fn close(&mut self, at: Marker) -> Result<(), DocumentError> {
        let Some((open, anchor)) = self.stack.pop() else {
            return Ok(());
        };
        let value = match open {
            Open::List(items) => Value::Array(items),
            Open::Map(map) => map.into_value(),
        };
        self.anchor(anchor, &value, at)?;
        self.add(value, at)
    }

    fn scalar(
        &mut self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: Marker,
    ) -> Result<(), DocumentError> {
        if self.key_expected() {
            if anchor != 0 {
                self.anchor(anchor, &Value::String(text.clone()), at)?;
            }
            let merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
            self.key(if merge { Key::Merge } else { Key::Text(text) });
            return Ok(());
        }
        let value = resolved(text, style, tag);
        self.anchor(anchor, &value, at)?;
        self.add(value, at)
    }

    fn alias(&mut self, anchor: usize, at: Marker) -> Result<(), DocumentError> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            // The parser refuses unknown names; what is left is an alias inside its own anchor.
            return Err(error(at, "an alias to a value that contains it".to_owned()));
        };
        if self.stack.len() + anchored.height > MAX_DEPTH {
            return Err(error(at, too_deep()));
        }
        let (cost, value) = (anchored.cost, &anchored.value);
        if self.copied + cost > MAX_ALIASED {
            return Err(too_many_aliases(at));
        }
        self.copied += cost;
        let value = value.clone();
        if self.key_expected() {
            return match value {
                Value::String(text) | Value::Number(text) => {
                    self.key(Key::Text(text));
                    Ok(())
                }
                _ => Err(error(at, "an alias as a key that is no text".to_owned())),
            };
        }
        self.add(value, at)
    }

    fn key_expected(&self) -> bool {
        matches!(self.stack.last(), Some((Open::Map(map), _)) if map.key.is_none())
    }

    fn key(&mut self, key: Key<'a>) {
        if let Some((Open::Map(map), _)) = self.stack.last_mut() {
            map.key = Some(key);
        }
    }

    fn anchor(
        &mut self,
        anchor: usize,
        value: &Value<'a>,
        at: Marker,
    ) -> Result<(), DocumentError> {
        if anchor == 0 {
            return Ok(());
        }
        let (cost, height) = measure(value);
        if self.copied + cost > MAX_ALIASED {
            return Err(too_many_aliases(at));
        }
        self.copied += cost;
        let value = value.clone();
        self.anchors.insert(
            anchor,
            Anchored {
                value,
                cost,
                height,
            },
        );
        Ok(())
    }

    fn add(&mut self, value: Value<'a>, at: Marker) -> Result<(), DocumentError> {
        match self.stack.last_mut() {
            None => self.root = Some(value),
            Some((Open::List(items), _)) => items.push(value),
            Some((Open::Map(map), _)) => match map.key.take() {
                Some(Key::Text(key)) => map.entries.push((key, value)),
                Some(Key::Merge) => map.merge(value, at)?,
                None => return Err(error(at, "a value without a key".to_owned())),
            },
        }
        Ok(())
    }
}

fn not_mergeable(value: &Value<'_>, at: Marker) -> DocumentError {
    let found = format!(
        "{} under the merge key `<<`, expected a map",
        value.describe()
    );
    error(at, found)
}

fn resolved<'a>(text: Cow<'a, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value<'a> {
    let plain = match tag {
        None => style == ScalarStyle::Plain,
        // `!!str` and tags of an application make a text; `!!int` and the like say what the spelling says anyway.
        Some(tag) => matches!(tag.core_suffix(), Some("null" | "bool" | "int" | "float")),
    };
    if !plain {
        return Value::String(text);
    }
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        number if is_number(number) => Value::Number(text),
        _ => Value::String(text),
    }
}

/// Whether the core schema of YAML 1.2 takes a plain scalar for a number.
fn is_number(text: &str) -> bool {
    let all =
        |digits: &str, valid: fn(char) -> bool| !digits.is_empty() && digits.chars().all(valid);
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |c| ('0'..='7').contains(&c));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, |c| c.is_ascii_hexdigit());
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digit: fn(char) -> bool = |c| c.is_ascii_digit();
    (all(whole, digit) || (whole.is_empty() && all(fraction, digit)))
        && fraction.chars().all(digit)
        && exponent.is_none_or(|exponent| {
            all(exponent.strip_prefix(['-', '+']).unwrap_or(exponent), digit)
        })
}

/// What a copy costs, and how many levels it has. Recursion is bounded by [`MAX_DEPTH`].
fn measure(value: &Value<'_>) -> (usize, usize) {
    let text = |text: &Cow<'_, str>| match text {
        Cow::Borrowed(_) => 1,
        Cow::Owned(text) => 1 + text.len(),
    };
    match value {
        Value::Null | Value::Bool(_) => (1, 0),
        Value::Number(number) => (text(number), 0),
        Value::String(string) => (text(string), 0),
        Value::Array(items) => items
            .iter()
            .map(measure)
            .fold((1, 1), |sum, (cost, height)| {
                (sum.0 + cost, sum.1.max(height + 1))
            }),
        Value::Map(entries) => entries.iter().fold((1, 1), |sum, (key, value)| {
            let (cost, height) = measure(value);
            (sum.0 + text(key) + cost, sum.1.max(height + 1))
        }),
    }
}

fn too_many_aliases(at: Marker) -> DocumentError {
    error(
        at,
        format!("aliases that unfold to more than {MAX_ALIASED} values and bytes"),
    )
}

fn error(at: Marker, message: String) -> DocumentError {
    DocumentError {
        line: at.line() as u64,
        column: at.col() as u64 + 1,
        message,
    }
}

fn scan_error(found: &ScanError) -> DocumentError {
    error(*found.marker(), found.info())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn shown(text: &str) -> String {
        match from_yaml(text) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn s3_scalars_are_those_of_the_core_schema_and_keep_their_text() {
        let texts = [
            "yes",
            "No",
            "on",
            "2024-01-02",
            "1_000",
            "0b11",
            "1.2.3",
            "0xg",
            "12e",
            "+",
            ".",
            "1:30",
            "tRue",
            "nulL",
        ];
        let numbers = [
            "0", "0123", "-7", "+7", "1.10", "1e3", "1.", ".5", "-.5E-3", "0o17", "0x1F", ".inf",
            "-.INF", ".NaN",
        ];
        for text in texts {
            assert_eq!(
                from_yaml(&format!("a: {text}")),
                Ok(map("a", Value::String(text.into()))),
                "{text}"
            );
        }
        for number in numbers {
            assert_eq!(
                from_yaml(&format!("a: {number}")),
                Ok(map("a", Value::Number(number.into()))),
                "{number}"
            );
            let quoted = format!("a: '{number}'");
            assert_eq!(
                from_yaml(&quoted),
                Ok(map("a", Value::String(number.into()))),
                "{quoted}"
            );
        }
        for (text, value) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("NULL", Value::Null),
            ("True", Value::Bool(true)),
            ("FALSE", Value::Bool(false)),
        ] {
            assert_eq!(
                from_yaml(&format!("a: {text}")),
                Ok(map("a", value)),
                "{text}"
            );
        }
    }

    fn map<'a>(key: &'a str, value: Value<'a>) -> Value<'a> {
        Value::Map(vec![(key.into(), value)])
    }

    #[test]
    fn documents_become_values() {
        insta::assert_snapshot!(shown("a: |\n  x\n  y\nb: >-\n  x\n  y\nc: [1, {d: \"\\u0041\"}]\n1: true # comment\n"), @r#"Map([("a", String("x\ny\n")), ("b", String("x y")), ("c", Array([Number("1"), Map([("d", String("A"))])])), ("1", Bool(true))])"#);
        insta::assert_snapshot!(shown("%YAML 1.2\n---\na: !!str 7\nb: !!int '7'\nc: !mine x\nd: !!null x\n"), @r#"Map([("a", String("7")), ("b", Number("7")), ("c", String("x")), ("d", String("x"))])"#);
        insta::assert_snapshot!(shown(""), @"Null");
        insta::assert_snapshot!(shown("--- text"), @r#"String("text")"#);
        insta::assert_snapshot!(shown("{\"a\": [true, null, 1.50]}"), @r#"Map([("a", Array([Bool(true), Null, Number("1.50")]))])"#);
    }

    #[test]
    fn aliases_and_merge_keys_are_expanded() {
        insta::assert_snapshot!(shown("a: &a {x: 1}\nb: *a\nc: &t text\n*t : [*a]\n"), @r#"Map([("a", Map([("x", Number("1"))])), ("b", Map([("x", Number("1"))])), ("c", String("text")), ("text", Array([Map([("x", Number("1"))])]))])"#);
        let merged = from_yaml(
            "base: &b {x: 1, y: 1}\nmore: &m {y: 2, z: 2}\nall:\n  z: 3\n  <<: [*m, *b]\n",
        )
        .expect("YAML");
        let all = merged.get("all").expect("a map");
        let values = ["x", "y", "z"].map(|key| all.get(key).and_then(Value::text));
        assert_eq!(values, [Some("1"), Some("2"), Some("3")]);
        insta::assert_snapshot!(shown("a: {<<: 1}"), @"line 1, column 9: a number under the merge key `<<`, expected a map");
    }

    #[test]
    fn a_key_given_twice_counts_with_its_last_value() {
        let value = from_yaml("a: 1\na: 2").expect("YAML");
        assert_eq!(value.get("a").and_then(Value::text), Some("2"));
    }

    #[test]
    fn faults_name_their_place() {
        let cases = [
            "a: [1, 2\n",
            "a: b: c\n",
            "a:\n\t- b\n",
            "a: 'x\n",
            "a: *missing\n",
            "a: &a [*a]\n",
            "? [a]\n: b\n",
            "a: 1\n---\nb: 2\n",
            "a: @x\n",
            "a: \"\\q\"\n",
        ];
        let shown: Vec<String> = cases
            .into_iter()
            .map(|text| format!("{text:?}: {}", shown(text)))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        "a: [1, 2\n": line 1, column 4: unclosed bracket '['
        "a: b: c\n": line 1, column 5: mapping values are not allowed in this context
        "a:\n\t- b\n": line 2, column 2: tabs disallowed within this context (block indentation)
        "a: 'x\n": line 1, column 4: unclosed quote
        "a: *missing\n": line 1, column 4: while parsing node, found unknown anchor
        "a: &a [*a]\n": line 1, column 8: an alias to a value that contains it
        "? [a]\n: b\n": line 1, column 3: a list or a map as a key, expected a text
        "a: 1\n---\nb: 2\n": line 2, column 1: a second document where one was expected
        "a: @x\n": line 1, column 4: unexpected character: `@'
        "a: \"\\q\"\n": line 1, column 4: while parsing a quoted scalar, found unknown escape character
        "#);
    }

    #[test]
    fn depth_and_aliases_are_bounded() {
        let deep = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(from_yaml(&deep).is_ok());
        for text in [
            "[".repeat(MAX_DEPTH + 1),
            "[".repeat(1_000_000),
            "- ".repeat(100_000),
            "{a: ".repeat(100_000),
            "? ".repeat(10_000),
        ] {
            assert!(from_yaml(&text).is_err());
        }
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..50 {
            let below = format!("*a{}", level - 1);
            let _ = writeln!(
                bomb,
                "a{level}: &a{level} [{}]",
                [below.as_str(); 9].join(", ")
            );
        }
        insta::assert_snapshot!(shown(&bomb), @"line 6, column 53: aliases that unfold to more than 1000000 values and bytes");
        let mut chain = "a0: &a0 [x]\n".to_owned();
        for level in 1..10_000 {
            let _ = writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1);
        }
        insta::assert_snapshot!(shown(&chain), @"line 100, column 12: nested more than 100 levels deep");
        let long = format!(
            "a: &a \"{}\\n\"\nb: [{}]\n",
            "x".repeat(10_000),
            "*a, ".repeat(1_000)
        );
        insta::assert_snapshot!(shown(&long), @"line 2, column 397: aliases that unfold to more than 1000000 values and bytes");
    }
}
