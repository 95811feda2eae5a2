//! From what the API answers to what a model is given: a short text, and the same as structured content. Pure.
//!
//! Both are bounded, whatever a catalog holds. What was cut is said in both, with how to go on.

mod changes;
mod explained;
mod owned;
mod services;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::report::Failure;

pub(crate) use self::changes::{Period, changes};
pub(crate) use self::explained::explained;
pub(crate) use self::owned::{component, resolved};
pub(crate) use self::services::{no_owner, team, unowned};

/// Items of a list when nobody says how many.
pub(crate) const DEFAULT_ITEMS: usize = 50;
/// Bound on the items of a list.
pub(crate) const MAX_ITEMS: usize = 200;
/// Bound on a single text of the structured content, in characters.
const MAX_STRING: usize = 2_000;
/// Bound on the text, in characters: some thousand words.
const MAX_TEXT: usize = 16_000;
/// Lists are cut shorter than was asked for until the structured content is no larger, in bytes.
const MAX_STRUCTURED: usize = 128 * 1024;
/// Bound on the places that are said to be cut.
const MAX_CUTS: usize = 20;
/// The key that says what was cut.
const CUT: &str = "cut";

/// What a tool answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// To be read.
    pub text: String,
    /// The same for programs; an object.
    pub structured: Value,
}

/// Something that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cut {
    /// JSON pointer to it.
    at: String,
    /// How many items, or characters of a text, are left.
    shown: usize,
    /// How many there were.
    of: usize,
}

/// An answer whose lists have at most so many items.
///
/// # Errors
/// When it is no object, which none of ours is.
fn cut_to(text: String, value: &impl Serialize, limit: usize) -> Result<Answer, Failure> {
    let whole = encoded(value)?;
    let mut limit = limit;
    let (mut object, cuts) = loop {
        let mut cuts = Vec::new();
        let shown = shortened(Value::Object(whole.clone()), limit, "", &mut cuts);
        if limit == 1 || shown.to_string().len() <= MAX_STRUCTURED {
            break (shown, cuts);
        }
        limit = (limit / 2).max(1);
    };
    let mut text = clipped(text);
    if !cuts.is_empty() {
        let places: Vec<String> = cuts
            .iter()
            .take(MAX_CUTS)
            .map(|cut| format!("`{}` has {} of {}", cut.at, cut.shown, cut.of))
            .collect();
        let places = places.join(", ");
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "cut: {places}; ask with a larger `limit`, up to {MAX_ITEMS}, or about less"
        );
        let places = cuts
            .iter()
            .take(MAX_CUTS)
            .map(|cut| json!({"at": cut.at, "shown": cut.shown, "of": cut.of}));
        object[CUT] = places.collect();
    }
    Ok(Answer {
        text,
        structured: object,
    })
}

/// A page of a list, which was asked for with its limit: nothing is cut, and `next` goes on.
///
/// # Errors
/// When it is no object, which none of ours is.
fn page(text: String, value: &impl Serialize) -> Result<Answer, Failure> {
    Ok(Answer {
        text: clipped(text),
        structured: Value::Object(encoded(value)?),
    })
}

fn encoded(value: &impl Serialize) -> Result<Map<String, Value>, Failure> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::new("the answer is no object")),
        Err(error) => Err(Failure::because("the answer cannot be written", &error)),
    }
}

/// The value with lists of at most `limit` items and no endless text.
fn shortened(value: Value, limit: usize, at: &str, cuts: &mut Vec<Cut>) -> Value {
    let cut = |shown, of| Cut {
        at: at.to_owned(),
        shown,
        of,
    };
    match value {
        Value::String(text) => match text.char_indices().nth(MAX_STRING) {
            Some((end, _)) => {
                cuts.push(cut(MAX_STRING, text.chars().count()));
                Value::String(format!("{}…", &text[..end]))
            }
            None => Value::String(text),
        },
        Value::Array(items) => {
            if items.len() > limit {
                cuts.push(cut(limit, items.len()));
            }
            let kept = items.into_iter().take(limit).enumerate();
            kept.map(|(index, item)| shortened(item, limit, &format!("{at}/{index}"), cuts))
                .collect()
        }
        Value::Object(entries) => {
            let kept = entries.into_iter().map(|(key, value)| {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                let value = shortened(value, limit, &at, cuts);
                (key, value)
            });
            Value::Object(kept.collect())
        }
        other => other,
    }
}

/// The text up to its bound, to whole lines where it has any.
fn clipped(text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(MAX_TEXT) else {
        return text;
    };
    let kept = &text[..end];
    let kept = kept.rfind('\n').map_or(kept, |line| &kept[..line]);
    format!("{kept}\n… cut; the structured content has more\n")
}

/// What a writer of the command line writes.
fn written(
    write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
) -> Result<String, Failure> {
    let mut text = Vec::new();
    write(&mut text).map_err(|error| Failure::because("the answer cannot be written", &error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
