//! Lists and maps of which single elements may be of a wrong type.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::object::{Field, Read, into_object};
use super::problem::{At, Problems};

/// A list of an entity, which is read as a slice.
///
/// Elements of a wrong type are not in the slice, but kept at their place when the list is
/// serialised. A list that is absent is as one that is empty.
///
/// ```
/// use backstage_client::entity::List;
///
/// let tags: List<String> = ["java", "pci"].map(str::to_owned).into_iter().collect();
/// assert_eq!(tags.len(), 2);
/// assert!(tags.iter().any(|tag| tag == "java"));
/// ```
#[derive(Clone, Debug)]
pub struct List<T> {
    items: Vec<T>,
    /// Elements of a wrong type, with their index in the whole list, ascending.
    odd: Vec<(usize, Value)>,
    /// Whether an empty list was there, which must not vanish.
    given: bool,
}

impl<T> List<T> {
    /// The elements of a wrong type, each with its index in the whole list.
    pub fn odd(&self) -> &[(usize, Value)] {
        &self.odd
    }

    /// The elements of the right type.
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            odd: Vec::new(),
            given: false,
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self {
            items,
            odd: Vec::new(),
            given: true,
        }
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        items.into_iter().collect::<Vec<T>>().into()
    }
}

/// By the elements: whether an empty list was written or left out makes no difference.
impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items && self.odd == other.odd
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = self.items.len() + self.odd.len();
        let mut list = serializer.serialize_seq(Some(length))?;
        let (mut items, mut odd) = (self.items.iter(), self.odd.iter().peekable());
        for index in 0..length {
            // The last branch is for lists that are shorter than an index of an odd element says.
            if let Some((_, value)) = odd.next_if(|(at, _)| *at == index) {
                list.serialize_element(value)?;
            } else if let Some(item) = items.next() {
                list.serialize_element(item)?;
            } else if let Some((_, value)) = odd.next() {
                list.serialize_element(value)?;
            }
        }
        list.end()
    }
}

impl<T: Read> Read for List<T> {
    fn read(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        let Value::Array(values) = value else {
            problems.add(at, &value, "a list");
            return Err(value);
        };
        let mut list = Self::from(Vec::with_capacity(values.len()));
        for (index, value) in values.into_iter().enumerate() {
            match T::read(value, &at.index(index), problems) {
                Ok(item) => list.items.push(item),
                Err(value) => list.odd.push((index, value)),
            }
        }
        Ok(list)
    }
}

impl<T: Read + Serialize> Field for List<T> {
    fn read_field(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        Self::read(value, at, problems)
    }

    fn is_written(&self) -> bool {
        self.given || !self.items.is_empty() || !self.odd.is_empty()
    }
}

/// Labels or annotations: texts by their keys, read as a [`BTreeMap`].
///
/// Values that are no texts are not in it, but kept when it is serialised.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    entries: BTreeMap<String, String>,
    odd: Map<String, Value>,
    given: bool,
}

impl Texts {
    /// The values that are no texts.
    pub fn odd(&self) -> &Map<String, Value> {
        &self.odd
    }
}

impl Deref for Texts {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl From<BTreeMap<String, String>> for Texts {
    fn from(texts: BTreeMap<String, String>) -> Self {
        Self {
            entries: texts,
            odd: Map::new(),
            given: true,
        }
    }
}

/// By the texts: whether an empty map was written or left out makes no difference.
impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries && self.odd == other.odd
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = self.entries.len() + self.odd.len();
        let mut map = serializer.serialize_map(Some(length))?;
        for (key, text) in &self.entries {
            map.serialize_entry(key, text)?;
        }
        for (key, value) in &self.odd {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Field for Texts {
    fn read_field(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        let mut read = Self::from(BTreeMap::new());
        for (key, value) in into_object(value, at, problems)? {
            match value {
                Value::String(text) => {
                    read.entries.insert(key, text);
                }
                odd => {
                    // Null is as absent, here as everywhere.
                    if !odd.is_null() {
                        problems.add(&at.key(&key), &odd, "a text");
                    }
                    read.odd.insert(key, odd);
                }
            }
        }
        Ok(read)
    }

    fn is_written(&self) -> bool {
        self.given || !self.entries.is_empty() || !self.odd.is_empty()
    }
}
