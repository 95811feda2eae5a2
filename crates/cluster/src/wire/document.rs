//! A whole document: one object, or a list of which each object is handed on as soon as it is read, so that a list of
//! 100,000 costs no more memory than its facts.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::field::{Field, Found, OneOf};
use super::object::Object;

/// Takes what a document holds.
pub(crate) trait Sink {
    /// The next entry of a list begins.
    fn next_item(&mut self);
    /// The number of the current entry, counted from 1 over all lists of the document; 0 outside of a list.
    fn item(&self) -> u32;
    /// An object, which is entry `item`.
    fn object(&mut self, object: Object, item: u32);
    /// Something that cannot be an object, at entry `item`; `None` is null.
    fn stray(&mut self, found: Option<Found>, item: u32);
}

/// Reads one document into a sink.
pub(crate) struct Document<'s, S>(pub(crate) &'s mut S);

impl<'de, S: Sink> DeserializeSeed<'de> for Document<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self(sink) = self;
        if let Some(object) = (Node { sink: &mut *sink }).deserialize(deserializer)? {
            sink.object(object, 0);
        }
        Ok(())
    }
}

const ITEMS: &str = "items";
const KEYS: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "spec",
    "endpoints",
    "subsets",
    ITEMS,
];

/// Reads an object, or hands the entries of a list on and gives nothing.
struct Node<'s, S> {
    sink: &'s mut S,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Node<'_, S> {
    type Value = Option<Object>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<S: Sink> Node<'_, S> {
    fn stray(self, found: Option<Found>) -> Option<Object> {
        let item = self.sink.item();
        self.sink.stray(found, item);
        None
    }
}

impl<'de, S: Sink> Visitor<'de> for Node<'_, S> {
    type Value = Option<Object>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a Kubernetes object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut head = Object::default();
        let mut list = None;
        while let Some(key) = entries.next_key_seed(OneOf(KEYS))? {
            if key == Some(ITEMS) {
                let items = Items {
                    sink: &mut *self.sink,
                    list: &head,
                };
                list = entries.next_value_seed(items)?;
            } else {
                head.take(key, &mut entries)?;
            }
        }
        let Some(without_kind) = list else {
            return Ok(Some(head));
        };
        for (mut object, item) in without_kind {
            name_kind(&mut object, &head);
            self.sink.object(object, item);
        }
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        let items = Items {
            sink: &mut *self.sink,
            list: &Object::default(),
        };
        for (object, item) in items.visit_seq(entries)?.into_iter().flatten() {
            self.sink.object(object, item);
        }
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(self.stray(Some(Found::Boolean)))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(self.stray(Some(Found::Number)))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(self.stray(Some(Found::Number)))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(self.stray(Some(Found::Number)))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(self.stray(Some(Found::Text)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.stray(None))
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(self.stray(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The entries of a list that name no kind: a typed list (`ServiceList`) may say it once for all, and after them.
type WithoutKind = Vec<(Object, u32)>;

struct Items<'s, S> {
    sink: &'s mut S,
    /// What is known of the list so far.
    list: &'s Object,
}

impl<'de, S: Sink> DeserializeSeed<'de> for Items<'_, S> {
    type Value = Option<WithoutKind>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Items<'_, S> {
    /// `None`: this was no list, so the map around it is an object of its own that happens to have a field `items`.
    type Value = Option<WithoutKind>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of Kubernetes objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut without_kind = Vec::new();
        loop {
            self.sink.next_item();
            let item = self.sink.item();
            let node = Node {
                sink: &mut *self.sink,
            };
            let Some(entry) = entries.next_element_seed(node)? else {
                return Ok(Some(without_kind));
            };
            let Some(mut object) = entry else { continue };
            name_kind(&mut object, self.list);
            if matches!(object.kind, Field::Absent) {
                without_kind.push((object, item));
            } else {
                self.sink.object(object, item);
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        // An API server writes `items: null` for an empty list.
        Ok(Some(Vec::new()))
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Vec::new()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Gives an entry of a typed list the kind that the list names.
fn name_kind(object: &mut Object, list: &Object) {
    if !matches!(object.kind, Field::Absent) {
        return;
    }
    let kind = list
        .kind
        .as_ref()
        .and_then(|kind| kind.strip_suffix("List"));
    if let Some(kind) = kind.filter(|kind| !kind.is_empty()) {
        object.kind = Field::Is(kind.into());
        if matches!(object.api_version, Field::Absent) {
            object.api_version = list.api_version.clone();
        }
    }
}
