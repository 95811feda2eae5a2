//! Reads JSON into structs so that nothing is lost: what has a wrong type is told and kept.
//!
//! ```text
//!  {"title": "A", "tags": 7, "x": 1, "uid": null}
//!      │            │         │        └─▶ `other`, as if it were not there
//!      │            │         └─▶ `other`: not known
//!      │            └─▶ `other`, and a problem
//!      └─▶ `title`
//! ```

use serde::Serialize;
use serde_json::{Map, Value};

use super::problem::{At, Problems};

/// What can be read from one JSON value.
pub(crate) trait Read: Sized {
    /// Gives the value back where it is of another type, and says so.
    fn read(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value>;
}

/// What a struct can have under a key that may be absent.
pub(crate) trait Field: Default + Serialize {
    /// As [`Read::read`].
    fn read_field(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value>;

    /// Whether the key is to be written.
    fn is_written(&self) -> bool;
}

impl<T: Read + Serialize> Field for Option<T> {
    fn read_field(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        T::read(value, at, problems).map(Some)
    }

    fn is_written(&self) -> bool {
        self.is_some()
    }
}

impl Read for String {
    fn read(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        match value {
            Value::String(text) => Ok(text),
            other => {
                problems.add(at, &other, "a text");
                Err(other)
            }
        }
    }
}

/// What must be there, and was found to be there before the struct is read.
impl Field for String {
    fn read_field(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        Self::read(value, at, problems)
    }

    fn is_written(&self) -> bool {
        true
    }
}

/// What may be anything.
impl Read for Value {
    fn read(value: Value, _: &At<'_>, _: &mut Problems) -> Result<Self, Value> {
        Ok(value)
    }
}

/// Takes the value of a key out of the map, where it is of the right type; null is as absent.
pub(crate) fn take<F: Field>(
    map: &mut Map<String, Value>,
    key: &'static str,
    at: &At<'_>,
    problems: &mut Problems,
) -> F {
    if map.get(key).is_none_or(Value::is_null) {
        return F::default();
    }
    let value = map.remove(key).unwrap_or_default();
    F::read_field(value, &at.key(key), problems).unwrap_or_else(|value| {
        map.insert(key.to_owned(), value);
        F::default()
    })
}

/// The object that a value is.
pub(crate) fn into_object(
    value: Value,
    at: &At<'_>,
    problems: &mut Problems,
) -> Result<Map<String, Value>, Value> {
    match value {
        Value::Object(map) => Ok(map),
        other => {
            problems.add(at, &other, "an object");
            Err(other)
        }
    }
}

/// A struct of the catalog model: its fields with their keys, and all that is not among them.
macro_rules! object {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* pub $field:ident: $type:ty = $key:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
            /// All else, by its key: fields that this crate does not know, fields of a wrong type,
            /// and nulls. A field above wins over one of the same key here.
            pub other: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            pub(in $crate::entity) fn read_map(
                mut map: serde_json::Map<String, serde_json::Value>,
                at: &$crate::entity::problem::At<'_>,
                problems: &mut $crate::entity::problem::Problems,
            ) -> Self {
                Self {
                    $($field: $crate::entity::object::take(&mut map, $key, at, problems),)*
                    other: map,
                }
            }
        }

        impl $crate::entity::object::Read for $name {
            fn read(
                value: serde_json::Value,
                at: &$crate::entity::problem::At<'_>,
                problems: &mut $crate::entity::problem::Problems,
            ) -> Result<Self, serde_json::Value> {
                let map = $crate::entity::object::into_object(value, at, problems)?;
                Ok(Self::read_map(map, at, problems))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use $crate::entity::object::Field as _;
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $(if self.$field.is_written() {
                    map.serialize_entry($key, &self.$field)?;
                })*
                for (key, value) in &self.other {
                    let is_written = match key.as_str() {
                        $($key => self.$field.is_written(),)*
                        _ => false,
                    };
                    if !is_written {
                        map.serialize_entry(key, value)?;
                    }
                }
                map.end()
            }
        }
    };
}

pub(super) use object;
