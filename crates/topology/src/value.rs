//! A plain tree of values, as catalog documents are made of.
//!
//! Sources parse JSON or YAML into it, borrowing where they can; everything that reads a field reads it from here, so
//! that a live Backstage and a file are judged by the same code.

use std::borrow::Cow;

/// One value of a catalog document.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`, or an empty YAML value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, kept as its text.
    Number(Cow<'a, str>),
    /// A text.
    String(Cow<'a, str>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// A map in document order; a key given twice counts with its last value.
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        match self {
            Value::Map(entries) => entries
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a scalar by S3: trimmed and non-empty; numbers and booleans count as their text.
    pub fn text(&self) -> Option<&str> {
        let text = match self {
            Value::String(text) | Value::Number(text) => text.trim(),
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Null | Value::Array(_) | Value::Map(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// What this is, in the words of an error message: `a list`, `a map`, …
    pub fn describe(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}
