//! JSON values as block YAML in the manner of kubectl: only what a Kubernetes manifest needs.

use std::io::{self, Write};

use serde_json::Value;

const STEP: usize = 2;

/// Writes a value as one item of a sequence at the left margin, as kubectl writes the `items` of a List.
pub(super) fn write_item(value: &Value, out: &mut impl Write) -> io::Result<()> {
    write_sequence_item(value, 0, out)
}

fn write_sequence_item(value: &Value, indent: usize, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{:indent$}- ", "")?;
    match value {
        // The first key stands beside the dash, the others below it.
        Value::Object(map) if !map.is_empty() => {
            for (place, (key, value)) in map.iter().enumerate() {
                let lead = if place == 0 { 0 } else { indent + STEP };
                write_entry(key, value, lead, indent + STEP, out)?;
            }
            Ok(())
        }
        scalar => writeln!(out, "{}", flow(scalar)),
    }
}

/// Writes `key: value` after `lead` spaces; what the value holds stands at `indent` or deeper.
fn write_entry(
    key: &str,
    value: &Value,
    lead: usize,
    indent: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    write!(out, "{:lead$}{}:", "", text(key))?;
    match value {
        Value::Object(map) if !map.is_empty() => {
            writeln!(out)?;
            for (key, value) in map {
                write_entry(key, value, indent + STEP, indent + STEP, out)?;
            }
            Ok(())
        }
        // kubectl puts the dashes of a sequence under its key, not further in.
        Value::Array(items) if !items.is_empty() => {
            writeln!(out)?;
            items
                .iter()
                .try_for_each(|item| write_sequence_item(item, indent, out))
        }
        scalar => writeln!(out, " {}", flow(scalar)),
    }
}

/// A scalar or an empty collection; a nested sequence, which no Service has, in flow style.
fn flow(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        other => other.to_string(),
    }
}

/// A string, in quotes wherever YAML could read it as something else. JSON's quotes are valid YAML.
fn text(string: &str) -> String {
    let starts_plainly = string.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_plain = string
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c));
    let is_a_word_of_yaml = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .iter()
        .any(|word| string.eq_ignore_ascii_case(word));
    if starts_plainly && is_plain && !is_a_word_of_yaml {
        string.to_owned()
    } else {
        Value::from(string).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nested_values_are_indented_as_kubectl_does() {
        let mut out = Vec::new();
        let value = json!({
            "a": { "b": "text", "c": {} },
            "list": [ { "x": 1, "deep": { "z": true } }, "plain", [] ],
        });
        write_item(&value, &mut out).expect("memory takes everything");
        insta::assert_snapshot!(String::from_utf8(out).expect("is text"), @"
        - a:
            b: text
            c: {}
          list:
          - deep:
              z: true
            x: 1
          - plain
          - []
        ");
    }

    #[test]
    fn strings_that_yaml_would_read_otherwise_are_quoted() {
        for (string, written) in [
            ("checkout", "checkout"),
            ("helm.sh/chart", "helm.sh/chart"),
            ("10.0.0.1", "\"10.0.0.1\""),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("a\"b", "\"a\\\"b\""),
            ("-", "\"-\""),
        ] {
            assert_eq!(text(string), written);
        }
    }
}
