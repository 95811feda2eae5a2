//! Catalog entity references: `[kind:][namespace/]name`, compared without regard to case (S9, S12).
//!
//! The grammar is Backstage's own (`parseEntityRef` of `@backstage/catalog-model`): the first `:` ends the kind unless
//! a `/` stands before it, the first `/` ends the namespace, and the rest, further `:` and `/` included, is the name.
//! Organisations may replace Backstage's name validators, so odd names are accepted; only empty parts are refused.

use std::cmp::Ordering;
use std::fmt;

use crate::joined::cmp_joined;

/// The namespace of an entity that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// A full reference in canonical form: every part lower-case. References are ordered as their texts are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntityRef {
    /// `component`, `group`, `user`, …
    pub kind: Box<str>,
    /// The catalog namespace, which is not a Kubernetes namespace.
    pub namespace: Box<str>,
    /// The entity's name.
    pub name: Box<str>,
}

/// Why a text is not an entity reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityRefError {
    /// The kind, the namespace or the name is empty.
    EmptyPart {
        /// The whole text.
        text: String,
        /// Which part: `kind`, `namespace` or `name`.
        part: &'static str,
    },
    /// No kind was given where none may be assumed.
    NoKind {
        /// The whole text.
        text: String,
    },
}

impl fmt::Display for EntityRefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyPart { text, part } => {
                write!(
                    f,
                    "`{text}` has an empty {part}, expected `[kind:][namespace/]name`"
                )
            }
            Self::NoKind { text } => {
                write!(
                    f,
                    "`{text}` names no kind, expected `kind:[namespace/]name`"
                )
            }
        }
    }
}

impl std::error::Error for EntityRefError {}

impl EntityRef {
    /// A reference from its parts, which are lower-cased.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: lower(kind),
            namespace: lower(namespace),
            name: lower(name),
        }
    }

    /// Reads `text`, filling a missing kind and namespace from the arguments.
    ///
    /// # Errors
    /// When a part is empty, or the kind is missing and `default_kind` is `None`.
    pub fn parse(
        text: &str,
        default_kind: Option<&str>,
        default_namespace: &str,
    ) -> Result<Self, EntityRefError> {
        let empty = |part| EntityRefError::EmptyPart {
            text: text.to_owned(),
            part,
        };
        let colon = text.find(':');
        let slash = text.find('/');
        let (kind, rest) = match (colon, slash) {
            (Some(c), None) => (Some(&text[..c]), &text[c + 1..]),
            (Some(c), Some(s)) if c < s => (Some(&text[..c]), &text[c + 1..]),
            _ => (None, text),
        };
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (namespace, name),
            None => (default_namespace, rest),
        };
        let kind = match kind.or(default_kind) {
            Some("") => return Err(empty("kind")),
            Some(kind) => kind,
            None => {
                return Err(EntityRefError::NoKind {
                    text: text.to_owned(),
                });
            }
        };
        if namespace.is_empty() {
            return Err(empty("namespace"));
        }
        if name.is_empty() {
            return Err(empty("name"));
        }
        Ok(Self::new(kind, namespace, name))
    }
}

impl Ord for EntityRef {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.kind == other.kind {
            return cmp_joined(
                (&self.namespace, &self.name),
                (&other.namespace, &other.name),
            );
        }
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for EntityRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

/// Lower-cases by Unicode's rules without regard to a locale, as Backstage does.
pub fn lower(text: &str) -> Box<str> {
    text.to_lowercase().into_boxed_str()
}
