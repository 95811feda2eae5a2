//! Fields that are judged one by one: a value of the wrong type spoils its field, not the object around it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// No text longer than this is kept; Kubernetes allows no name, label or uid near it.
const MAX_TEXT_BYTES: usize = 1024;
/// So much of an overlong label key is kept, to name it in a fault.
const SHOWN_KEY_CHARS: usize = 40;
/// Labels or selector entries kept of one object; Kubernetes' own size limit of objects comes long before.
const MAX_PAIRS: usize = 1024;
/// Entries kept of a list inside an object (`ownerReferences`, `endpoints`).
const MAX_ENTRIES: usize = 1024;

/// One field of an object.
#[derive(Clone, Debug, Default)]
pub(crate) enum Field<T> {
    /// Missing or null.
    #[default]
    Absent,
    /// There and of the expected type.
    Is(T),
    /// There and something else.
    Unusable(Found),
}

impl<T> Field<T> {
    /// The value, if it is usable.
    pub(crate) fn usable(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Unusable(_) => None,
        }
    }

    /// The value, if it is usable.
    pub(crate) fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Unusable(_) => None,
        }
    }
}

/// What was found where something else was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Boolean,
    Number,
    Text,
    LongText(usize),
    LongKey(usize),
    List,
    Map,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => formatter.write_str("a boolean"),
            Self::Number => formatter.write_str("a number"),
            Self::Text => formatter.write_str("a string"),
            Self::LongText(bytes) => write!(formatter, "a string of {bytes} bytes"),
            Self::LongKey(bytes) => write!(formatter, "a key of {bytes} bytes"),
            Self::List => formatter.write_str("a list"),
            Self::Map => formatter.write_str("a map"),
        }
    }
}

/// A type that a field may have: says which of the values a document can hold are usable as it.
pub(crate) trait Shape: Sized {
    fn text(text: &str) -> Field<Self> {
        Field::Unusable(if text.len() > MAX_TEXT_BYTES {
            Found::LongText(text.len())
        } else {
            Found::Text
        })
    }

    fn boolean(_: bool) -> Field<Self> {
        Field::Unusable(Found::Boolean)
    }

    fn list<'de, A: SeqAccess<'de>>(mut entries: A) -> Result<Field<Self>, A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field::Unusable(Found::List))
    }

    fn map<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Field<Self>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Unusable(Found::Map))
    }
}

impl Shape for Box<str> {
    fn text(text: &str) -> Field<Self> {
        if text.len() > MAX_TEXT_BYTES {
            Field::Unusable(Found::LongText(text.len()))
        } else {
            Field::Is(text.into())
        }
    }
}

impl Shape for bool {
    fn boolean(value: bool) -> Field<Self> {
        Field::Is(value)
    }
}

/// A bounded list inside an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Many<T> {
    pub(crate) entries: Vec<Field<T>>,
    /// How many more there were than are kept.
    pub(crate) dropped: usize,
}

impl<T: Shape> Shape for Many<T> {
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Field<Self>, A::Error> {
        let mut entries = Vec::new();
        let mut dropped = 0;
        while entries.len() < MAX_ENTRIES {
            match list.next_element()? {
                Some(entry) => entries.push(entry),
                None => return Ok(Field::Is(Self { entries, dropped })),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            dropped += 1;
        }
        Ok(Field::Is(Self { entries, dropped }))
    }
}

/// A map of which it matters only that it is there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Present;

impl Shape for Present {
    fn map<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Field<Self>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field::Is(Self))
    }
}

/// A map from texts to texts: labels, or an equality selector.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs {
    /// Keys and values in document order.
    pub(crate) entries: Vec<(Box<str>, Field<Box<str>>)>,
    /// How many more there were than are kept.
    pub(crate) dropped: usize,
}

impl Shape for Pairs {
    fn map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Field<Self>, A::Error> {
        let mut pairs = Self::default();
        while let Some(key) = map.next_key_seed(PairKey)? {
            if pairs.entries.len() == MAX_PAIRS {
                pairs.dropped += 1;
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value()?;
            pairs.entries.push(match key {
                PairName::Kept(key) => (key, value),
                PairName::Long { shown, bytes } => (shown, Field::Unusable(Found::LongKey(bytes))),
            });
        }
        Ok(Field::Is(pairs))
    }
}

enum PairName {
    Kept(Box<str>),
    Long { shown: Box<str>, bytes: usize },
}

struct PairKey;

impl<'de> DeserializeSeed<'de> for PairKey {
    type Value = PairName;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<PairName, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for PairKey {
    type Value = PairName;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<PairName, E> {
        Ok(if text.len() > MAX_TEXT_BYTES {
            let shown: String = text.chars().take(SHOWN_KEY_CHARS).chain(['…']).collect();
            PairName::Long {
                shown: shown.into(),
                bytes: text.len(),
            }
        } else {
            PairName::Kept(text.into())
        })
    }
}

/// Reads a key of a map as the one of these names that it is.
pub(crate) struct OneOf(pub(crate) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for OneOf {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for OneOf {
    type Value = Option<&'static str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().copied().find(|name| *name == text))
    }
}

impl<'de, T: Shape> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<'de, T: Shape> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Field<T>, E> {
        Ok(T::boolean(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Field<T>, E> {
        Ok(Field::Unusable(Found::Number))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Field<T>, E> {
        Ok(Field::Unusable(Found::Number))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Field<T>, E> {
        Ok(Field::Unusable(Found::Number))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Field<T>, E> {
        Ok(Field::Unusable(Found::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Field<T>, E> {
        Ok(Field::Unusable(Found::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Field<T>, E> {
        Ok(T::text(text))
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Field<T>, E> {
        Ok(Field::Unusable(Found::Text))
    }

    fn visit_unit<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_none<E>(self) -> Result<Field<T>, E> {
        Ok(Field::Absent)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<Field<T>, A::Error> {
        T::list(entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Field<T>, A::Error> {
        T::map(entries)
    }
}
