//! One JSON value as a [`Value`], reading only what stitching can ask for.
//!
//! The roots of an entity are first split as raw text; then `kind` decides which of them are read at all. So the
//! definition of an API and the 100,000 relations of a Group cost no more than skipping them.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use topology::entity::MAX_LISTED;
use topology::value::Value;

use super::{DocumentError, MAX_DEPTH, too_deep};

/// The kinds whose contents matter: those that stitching uses, and `Location`, which leads to further files.
const READ_KINDS: [&str; 4] = ["component", "group", "user", "location"];

/// Reads one JSON value. Of an entity only `apiVersion`, `kind`, `metadata`, `spec` and the relations of [`KEPT`] are kept,
/// and of an entity of a kind that is not used only the first two.
///
/// # Errors
/// When the text is not exactly one JSON value, or is nested deeper than [`MAX_DEPTH`].
pub fn from_json(text: &str) -> Result<Value<'_>, DocumentError> {
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => entity(text),
        // No entity; only what it is gets reported, so its contents are checked and dropped.
        Some(b'[') => parse::<IgnoredAny>(text, text).map(|_| Value::Array(Vec::new())),
        _ => value(text, text),
    }
}

fn entity(text: &str) -> Result<Value<'_>, DocumentError> {
    let roots: Roots<'_> = parse(text, text)?;
    let mut entries = Vec::with_capacity(5);
    let mut read = true;
    if let Some(raw) = roots.kind {
        let kind = value(raw, text)?;
        if let Value::String(kind) = &kind {
            read = READ_KINDS.contains(&kind.trim().to_lowercase().as_str());
        }
        entries.push((Cow::Borrowed("kind"), kind));
    }
    if let Some(raw) = roots.api_version {
        entries.push((Cow::Borrowed("apiVersion"), value(raw, text)?));
    }
    if read {
        for (key, raw) in [("metadata", roots.metadata), ("spec", roots.spec)] {
            if let Some(raw) = raw {
                entries.push((Cow::Borrowed(key), value(raw, text)?));
            }
        }
        if let Some(raw) = roots.relations {
            entries.push((Cow::Borrowed("relations"), relations(raw, text)?));
        }
    }
    Ok(Value::Map(entries))
}

/// The parts of an entity as raw text; a key given twice counts with its last value.
#[derive(Default)]
struct Roots<'a> {
    api_version: Option<&'a str>,
    kind: Option<&'a str>,
    metadata: Option<&'a str>,
    spec: Option<&'a str>,
    relations: Option<&'a str>,
}

impl<'de> Deserialize<'de> for Roots<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RootsVisitor;
        impl<'de> Visitor<'de> for RootsVisitor {
            type Value = Roots<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entity")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut roots = Roots::default();
                while let Some(Text(key)) = map.next_key()? {
                    let root = match &*key {
                        "apiVersion" => &mut roots.api_version,
                        "kind" => &mut roots.kind,
                        "metadata" => &mut roots.metadata,
                        "spec" => &mut roots.spec,
                        "relations" => &mut roots.relations,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *root = Some(map.next_value::<&RawValue>()?.get());
                }
                Ok(roots)
            }
        }
        deserializer.deserialize_map(RootsVisitor)
    }
}

/// The relations of [`KEPT`]; anything else there is skipped.
fn relations<'a>(raw: &'a str, whole: &str) -> Result<Value<'a>, DocumentError> {
    if !raw.starts_with('[') {
        return value(raw, whole);
    }
    let Relations(kept) = parse(raw, whole)?;
    let mut relations = Vec::with_capacity(kept.len());
    for relation in kept {
        let Some(kind) = relation.kind else {
            continue;
        };
        let mut entries = vec![(
            Cow::Borrowed("type"),
            Value::String(Cow::Borrowed(KEPT[kind])),
        )];
        for (key, raw) in [
            ("targetRef", relation.target_ref),
            ("target", relation.target),
        ] {
            if let Some(raw) = raw {
                entries.push((Cow::Borrowed(key), value(raw, whole)?));
            }
        }
        relations.push(Value::Map(entries));
    }
    Ok(Value::Array(relations))
}

/// The types of relations that are read.
const KEPT: [&str; 3] = ["ownedBy", "dependsOn", "dependencyOf"];

struct Relations<'a>(Vec<Relation<'a>>);

impl<'de> Deserialize<'de> for Relations<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RelationsVisitor;
        impl<'de> Visitor<'de> for RelationsVisitor {
            type Value = Relations<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of relations")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut kept = Vec::new();
                let mut counts = [0; KEPT.len()];
                while let Some(relation) = seq.next_element::<Relation<'de>>()? {
                    if let Some(kind) = relation.kind
                        && counts[kind] < MAX_LISTED
                    {
                        counts[kind] += 1;
                        kept.push(relation);
                    }
                }
                Ok(Relations(kept))
            }
        }
        deserializer.deserialize_seq(RelationsVisitor)
    }
}

#[derive(Default)]
struct Relation<'a> {
    /// Its type, as an index into [`KEPT`].
    kind: Option<usize>,
    target_ref: Option<&'a str>,
    target: Option<&'a str>,
}

impl<'de> Deserialize<'de> for Relation<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if !raw.starts_with('{') {
            return Ok(Self::default());
        }
        serde_json::Deserializer::from_str(raw)
            .deserialize_map(RelationVisitor)
            .map_err(D::Error::custom)
    }
}

struct RelationVisitor;

impl<'de> Visitor<'de> for RelationVisitor {
    type Value = Relation<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a relation")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut relation = Relation::default();
        while let Some(Text(key)) = map.next_key()? {
            let raw = map.next_value::<&RawValue>()?.get();
            match &*key {
                "type" => {
                    let kind = raw.trim_matches('"');
                    relation.kind = KEPT.iter().position(|kept| *kept == kind);
                }
                "targetRef" => relation.target_ref = Some(raw),
                "target" => relation.target = Some(raw),
                _ => {}
            }
        }
        Ok(relation)
    }
}

/// A whole value. A number with a fraction or an exponent loses its spelling in `serde_json`; documents that have one
/// are read a second time, slowly, with every number as its text.
fn value<'a>(raw: &'a str, whole: &str) -> Result<Value<'a>, DocumentError> {
    let inexact = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(raw);
    let seed = ValueSeed {
        depth: 0,
        inexact: &inexact,
    };
    let value = seed
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| located(&error, raw, whole))?;
    if inexact.get() {
        return exact(raw, whole);
    }
    Ok(value)
}

fn exact<'a>(raw: &'a str, whole: &str) -> Result<Value<'a>, DocumentError> {
    let raw = raw.trim_ascii();
    Ok(match raw.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = parse(raw, whole)?;
            let entries = entries
                .into_iter()
                .map(|(key, raw)| Ok((key, exact(raw, whole)?)))
                .collect::<Result<_, _>>()?;
            Value::Map(entries)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = parse(raw, whole)?;
            let items = items
                .into_iter()
                .map(|raw| exact(raw.get(), whole))
                .collect::<Result<_, _>>()?;
            Value::Array(items)
        }
        Some(b'-' | b'0'..=b'9') => Value::Number(Cow::Borrowed(raw)),
        _ => value(raw, whole)?,
    })
}

struct Entries<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((Text(key), raw)) = map.next_entry::<_, &RawValue>()? {
                    entries.push((key, raw.get()));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A string, borrowed unless it has escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[derive(Clone, Copy)]
struct ValueSeed<'s> {
    depth: usize,
    /// Set when a number was read whose spelling is lost.
    inexact: &'s Cell<bool>,
}

impl ValueSeed<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(too_deep()));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Cow::Owned(value.to_string())))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(Cow::Owned(value.to_string())))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        self.inexact.set(true);
        Ok(Value::Number(Cow::Owned(value.to_string())))
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let inner = self.deeper()?;
        let mut entries = Vec::new();
        while let Some(Text(key)) = map.next_key()? {
            entries.push((key, map.next_value_seed(inner)?));
        }
        Ok(Value::Map(entries))
    }
}

fn parse<'a, T: Deserialize<'a>>(raw: &'a str, whole: &str) -> Result<T, DocumentError> {
    serde_json::from_str(raw).map_err(|error| located(&error, raw, whole))
}

/// The error with its place in the whole text, of which `raw` is a part.
fn located(error: &serde_json::Error, raw: &str, whole: &str) -> DocumentError {
    let before = (raw.as_ptr() as usize)
        .checked_sub(whole.as_ptr() as usize)
        .and_then(|offset| whole.get(..offset))
        .unwrap_or("");
    let (line, column) = (error.line() as u64, error.column() as u64);
    let lines_before = before.matches('\n').count() as u64;
    let columns_before = before
        .rsplit('\n')
        .next()
        .map_or(0, |tail| tail.chars().count()) as u64;
    let message = error.to_string();
    let place = format!(" at line {line} column {column}");
    DocumentError {
        line: lines_before + line.max(1),
        column: if line <= 1 {
            columns_before + column
        } else {
            column
        }
        .max(1),
        message: message.strip_suffix(&place).unwrap_or(&message).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match from_json(text) {
            Ok(value) => format!("{value:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn only_what_stitching_reads_is_kept() {
        let text = r#"{"apiVersion":"backstage.io/v1beta1","kind":"Component","status":{"items":[1.50]},
            "metadata":{"name":"a\nb","etag":"x"},"spec":{"owner":null},
            "relations":[{"type":"partOf","targetRef":"system:default/s"},7,{"type":"dependsOn","targetRef":"resource:default/db"},{"type":1},
              {"targetRef":"group:default/g","type":"ownedBy","target":{"kind":"group"}}]}"#;
        insta::assert_snapshot!(shown(text), @r#"Map([("kind", String("Component")), ("apiVersion", String("backstage.io/v1beta1")), ("metadata", Map([("name", String("a\nb")), ("etag", String("x"))])), ("spec", Map([("owner", Null)])), ("relations", Array([Map([("type", String("dependsOn")), ("targetRef", String("resource:default/db"))]), Map([("type", String("ownedBy")), ("targetRef", String("group:default/g")), ("target", Map([("kind", String("group"))]))])]))])"#);
        let api = r#"{"kind":"API","spec":{"definition":"…"},"metadata":{"name":"x"}}"#;
        insta::assert_snapshot!(shown(api), @r#"Map([("kind", String("API"))])"#);
    }

    #[test]
    fn kinds_that_are_not_kept_are_none_that_stitching_reads() {
        let map = topology::label_map::LabelMap::default();
        for kind in ["API", "System", "Domain", "Resource", "Template", "Widget"] {
            let text = format!(r#"{{"kind":"{kind}","metadata":{{"name":"x"}}}}"#);
            let document = from_json(&text).expect("JSON");
            assert_eq!(
                topology::entity::read_entity(&document, &map, &mut Vec::new()),
                Ok(None),
                "{kind}"
            );
        }
        for kind in ["component", "Group", "USER"] {
            let text = format!(r#"{{"kind":"{kind}","metadata":{{"name":"x"}}}}"#);
            let document = from_json(&text).expect("JSON");
            let fact = topology::entity::read_entity(&document, &map, &mut Vec::new());
            assert!(matches!(fact, Ok(Some(_))), "{kind}: {fact:?}");
        }
    }

    #[test]
    fn s3_numbers_keep_their_text() {
        for number in [
            "0",
            "-1",
            "1.10",
            "1e3",
            "-0",
            "1E+2",
            "12345678901234567890123",
            "0.1",
            "18446744073709551615",
        ] {
            let text = format!(r#"{{"metadata":{{"annotations":{{"k":[{number}],"s":"t\t"}}}}}}"#);
            let value = from_json(&text).expect("JSON");
            let annotations = value
                .get("metadata")
                .and_then(|map| map.get("annotations"))
                .expect("a map");
            let Some(Value::Array(items)) = annotations.get("k") else {
                panic!("{annotations:?}");
            };
            assert_eq!(items[0].text(), Some(number));
            assert_eq!(annotations.get("s"), Some(&Value::String("t\t".into())));
        }
    }

    #[test]
    fn texts_are_borrowed_where_they_can_be() {
        let text = r#"{"metadata":{"name":"plain","title":"esc\u0041ped"}}"#;
        let value = from_json(text).expect("JSON");
        let metadata = value.get("metadata").expect("a map");
        assert!(matches!(
            metadata.get("name"),
            Some(Value::String(Cow::Borrowed("plain")))
        ));
        assert!(
            matches!(metadata.get("title"), Some(Value::String(Cow::Owned(text))) if text == "escAped")
        );
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let value = from_json(
            r#"{"kind":"API","kind":"Group","metadata":{"a":1},"metadata":{"a":2,"a":3}}"#,
        );
        let value = value.expect("JSON");
        assert_eq!(value.get("kind").and_then(Value::text), Some("Group"));
        assert_eq!(
            value
                .get("metadata")
                .and_then(|map| map.get("a"))
                .and_then(Value::text),
            Some("3")
        );
    }

    #[test]
    fn errors_name_their_place_in_the_whole_text() {
        let deep = format!(
            "{{\"spec\":\n{}1{}}}",
            "[".repeat(MAX_DEPTH + 1),
            "]".repeat(MAX_DEPTH + 1)
        );
        let cases = [
            ("", "line 1, column 1: EOF while parsing a value"),
            ("{\"a\" 1}", "line 1, column 6: expected `:`"),
            (
                "{\"kind\":\"Group\",\n\"metadata\": {\"name\":\n  \"\\ud800\"}}",
                "line 3, column 10: unexpected end of hex escape",
            ),
            ("{} {}", "line 1, column 4: trailing characters"),
            (
                deep.as_str(),
                "line 2, column 101: nested more than 100 levels deep",
            ),
            ("[1, 2", "line 1, column 5: EOF while parsing a list"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(shown("[1,2]"), "Array([])");
        assert_eq!(shown("7"), "Number(\"7\")");
    }
}
