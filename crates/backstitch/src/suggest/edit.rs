//! Changes one value of one entity in the text of a catalog file, and nothing else.
//!
//! ```text
//!  text ─▶ documents ─▶ the entity's ─▶ places of its nodes ─▶ one splice ─▶ read again: is that value, and that alone, another?
//! ```
//!
//! Comments, order, quotes and line ends stay, because nothing is written anew. Where the result does not prove to be what was
//! meant, as behind an alias or where a list stands in the way, there is no result, and why.

mod place;

use std::borrow::Cow;
use std::collections::BTreeMap;

use catalog::document::from_yaml;
use catalog::yaml_stream;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef, lower};
use topology::value::Value;

pub(super) use self::place::quoted;
use self::place::splice;

/// One document of a file.
struct Document<'t> {
    /// Where it starts, in bytes.
    offset: usize,
    text: &'t str,
    /// What it holds, where that can be read.
    value: Option<Value<'t>>,
}

impl Document<'_> {
    fn is(&self, entity: &EntityRef) -> bool {
        self.reference().as_ref() == Some(entity)
    }

    /// Which entity it is; the parts of the name are taken as texts, whatever else is wrong.
    fn reference(&self) -> Option<EntityRef> {
        let value = self.value.as_ref()?;
        let api = value.get("apiVersion").and_then(Value::text)?;
        if !api.starts_with("backstage.io/") {
            return None;
        }
        let kind = value.get("kind").and_then(Value::text)?;
        let metadata = value.get("metadata")?;
        let name = metadata.get("name").and_then(Value::text)?;
        let namespace = metadata.get("namespace").and_then(Value::text);
        Some(EntityRef {
            kind: lower(kind),
            namespace: lower(namespace.unwrap_or(DEFAULT_NAMESPACE)),
            name: lower(name),
        })
    }
}

/// The entities of a file, once for each document.
pub(crate) fn entities(text: &str) -> Vec<EntityRef> {
    let documents = documents(text);
    documents.iter().filter_map(Document::reference).collect()
}

fn documents(text: &str) -> Vec<Document<'_>> {
    let start = text.as_ptr().addr();
    let documents = yaml_stream::split(text.as_bytes());
    documents
        .filter_map(|document| {
            let offset = document.bytes.as_ptr().addr() - start;
            let text = text.get(offset..offset + document.bytes.len())?;
            let value = from_yaml(text).ok();
            Some(Document {
                offset,
                text,
                value,
            })
        })
        .collect()
}

/// The text in which the entity has that value at those keys.
///
/// # Errors
/// With why there is none: the entity is not there or there twice, or the place cannot be changed for sure.
pub(crate) fn edit(
    text: &str,
    entity: &EntityRef,
    keys: &[String],
    to: &str,
) -> Result<String, String> {
    let before = documents(text);
    let mut found = before.iter().enumerate().filter(|(_, it)| it.is(entity));
    let (index, document) = found.next().ok_or("it is not in the file")?;
    if found.next().is_some() {
        return Err("it is in the file twice".to_owned());
    }
    let value = document.value.as_ref().ok_or("it cannot be read")?;
    if at(value, keys).and_then(Value::text) == Some(to) {
        return Ok(text.to_owned());
    }
    let splice = splice(document.text, keys, to)?;
    let mut changed = text.to_owned();
    let range = splice.range.start + document.offset..splice.range.end + document.offset;
    changed.replace_range(range, &splice.text);
    let wanted = with(value, keys, to);
    if proves(&before, index, &wanted, &documents(&changed)) {
        Ok(changed)
    } else {
        Err("the change would touch more than the value".to_owned())
    }
}

/// The text that the entity has at those keys.
pub(crate) fn found(text: &str, entity: &EntityRef, keys: &[String]) -> Option<String> {
    let documents = documents(text);
    let document = documents.iter().find(|it| it.is(entity))?;
    let value = at(document.value.as_ref()?, keys)?;
    value.text().map(str::to_owned)
}

fn at<'v, 'a>(value: &'v Value<'a>, keys: &[String]) -> Option<&'v Value<'a>> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

/// Whether the documents are as they were, and the one is as it should be.
fn proves(
    before: &[Document<'_>],
    index: usize,
    wanted: &Value<'_>,
    after: &[Document<'_>],
) -> bool {
    let same_text = |number: usize| {
        let (one, other) = (&before[number], &after[number]);
        one.text == other.text
    };
    before.len() == after.len()
        && (0..before.len()).all(|number| number == index || same_text(number))
        && after[index]
            .value
            .as_ref()
            .is_some_and(|value| same(value, wanted))
}

/// The value with another text at those keys; maps on the way are made.
fn with<'a>(value: &Value<'a>, keys: &[String], to: &str) -> Value<'a> {
    let Some((key, rest)) = keys.split_first() else {
        return Value::String(Cow::Owned(to.to_owned()));
    };
    let mut entries = match value {
        Value::Map(entries) => entries.clone(),
        _ => Vec::new(),
    };
    let old = value.get(key).cloned().unwrap_or(Value::Null);
    entries.retain(|(name, _)| name != key);
    entries.push((Cow::Owned(key.clone()), with(&old, rest, to)));
    Value::Map(entries)
}

/// Whether two values mean the same: the order of a map's keys does not count, and of a key given twice the last does.
fn same(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one, other) {
        (Value::Map(one), Value::Map(other)) => {
            let one: BTreeMap<&str, &Value<'_>> = one.iter().map(|(k, v)| (&**k, v)).collect();
            let other: BTreeMap<&str, &Value<'_>> = other.iter().map(|(k, v)| (&**k, v)).collect();
            one.len() == other.len()
                && one
                    .iter()
                    .zip(&other)
                    .all(|((key, value), (name, against))| key == name && same(value, against))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests;
