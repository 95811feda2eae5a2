//! Entity references: `[kind:][namespace/]name`, read and compared as Backstage does.
//!
//! The grammar is that of `parseEntityRef` of `@backstage/catalog-model`: the first `:` ends the
//! kind unless a `/` stands before it, the first `/` ends the namespace, and the rest, further `:`
//! and `/` included, is the name. Organisations replace Backstage's validators of names, so that
//! nothing is refused but empty parts, and nothing is trimmed.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The namespace of an entity that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Names one entity of a catalog: a kind, a namespace and a name.
///
/// The parts keep the case in which they were written, which means nothing to Backstage: two
/// references are equal, ordered and hashed by their [canonical form](Self::as_str), which is also
/// how they are displayed and serialised. They are deserialised from a text with a kind, or from
/// an object with `kind`, `namespace` and `name`.
///
/// ```
/// use backstage_client::{EntityRef, RefContext};
///
/// let owner: EntityRef = "Group:Default/Payments".parse()?;
/// assert_eq!(owner.to_string(), "group:default/payments");
/// assert_eq!(owner.name(), "Payments");
///
/// // `spec.owner: payments` of an entity in the namespace `emea`
/// let context = RefContext { kind: Some("group"), namespace: Some("emea") };
/// let owner = EntityRef::parse("payments", context)?;
/// assert_eq!(owner, EntityRef::new("Group", "emea", "payments")?);
/// # Ok::<(), backstage_client::EntityRefError>(())
/// ```
#[derive(Clone)]
pub struct EntityRef {
    /// `kind:namespace/name`, in the case in which the parts came.
    written: Box<str>,
    /// Where in it the `:` and the `/` are that part it.
    colon: usize,
    slash: usize,
    /// The canonical form, where it differs.
    canonical: Option<Box<str>>,
}

/// What a reference that leaves parts out means, which depends on where it stands.
///
/// In `spec.owner`, for one, a missing kind is `group`, and a missing namespace is that of the
/// entity that says it ([`Entity::resolve`](crate::Entity::resolve) knows this).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefContext<'a> {
    /// The kind of references without one; where this is `None`, they are errors.
    pub kind: Option<&'a str>,
    /// The namespace of references without one; where this is `None` or empty, `default`.
    pub namespace: Option<&'a str>,
}

/// Why a text is not an entity reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntityRefError {
    /// The kind, the namespace or the name is empty.
    #[error(
        "the entity reference `{text}` has an empty {part}, expected `[kind:][namespace/]name`"
    )]
    EmptyPart {
        /// The whole text.
        text: String,
        /// Which part: `kind`, `namespace` or `name`.
        part: &'static str,
    },
    /// No kind was given where none may be assumed.
    #[error("the entity reference `{text}` names no kind, expected `kind:[namespace/]name`")]
    NoKind {
        /// The whole text.
        text: String,
    },
}

impl EntityRef {
    /// A reference from its parts, of which none may be empty.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Result<Self, EntityRefError> {
        for (part, text) in [("kind", kind), ("namespace", namespace), ("name", name)] {
            if text.is_empty() {
                let text = format!("{kind}:{namespace}/{name}");
                return Err(EntityRefError::EmptyPart { text, part });
            }
        }
        Ok(Self::joined(kind, namespace, name))
    }

    /// Reads `text` and takes the parts that it leaves out from the context.
    ///
    /// ```
    /// # use backstage_client::{EntityRef, RefContext};
    /// let context = RefContext { kind: Some("component"), ..RefContext::default() };
    /// // The first `/` ends the namespace, and what follows is the name.
    /// assert_eq!(EntityRef::parse("a/b/c", context)?.name(), "b/c");
    /// assert!(EntityRef::parse("a/", context).is_err());
    /// assert!(EntityRef::parse("checkout", RefContext::default()).is_err(), "no kind");
    /// # Ok::<(), backstage_client::EntityRefError>(())
    /// ```
    pub fn parse(text: &str, context: RefContext<'_>) -> Result<Self, EntityRefError> {
        let (kind, rest) = match (text.find(':'), text.find('/')) {
            (Some(colon), slash) if slash.is_none_or(|slash| colon < slash) => {
                (Some(&text[..colon]), &text[colon + 1..])
            }
            _ => (None, text),
        };
        let (namespace, name) = rest.split_once('/').unwrap_or_else(|| {
            let given = context.namespace.filter(|given| !given.is_empty());
            (given.unwrap_or(DEFAULT_NAMESPACE), rest)
        });
        let Some(kind) = kind.or(context.kind) else {
            // An empty name is the greater fault where both are missing.
            let text = text.to_owned();
            return Err(match name {
                "" => EntityRefError::EmptyPart { text, part: "name" },
                _ => EntityRefError::NoKind { text },
            });
        };
        for (part, found) in [("kind", kind), ("namespace", namespace), ("name", name)] {
            if found.is_empty() {
                let text = text.to_owned();
                return Err(EntityRefError::EmptyPart { text, part });
            }
        }
        Ok(Self::joined(kind, namespace, name))
    }

    /// The reference of parts that come from an entity, which has them whatever they are.
    pub(crate) fn joined(kind: &str, namespace: &str, name: &str) -> Self {
        let written = format!("{kind}:{namespace}/{name}").into_boxed_str();
        // By Unicode's rules and without regard to a locale, as in JavaScript.
        let lower = written.to_lowercase();
        let canonical = (*lower != *written).then(|| lower.into_boxed_str());
        Self {
            written,
            colon: kind.len(),
            slash: kind.len() + 1 + namespace.len(),
            canonical,
        }
    }

    /// The kind, as it was written: `Component`, `group`, …
    pub fn kind(&self) -> &str {
        &self.written[..self.colon]
    }

    /// The catalog namespace, as it was written, which is not a Kubernetes namespace.
    pub fn namespace(&self) -> &str {
        &self.written[self.colon + 1..self.slash]
    }

    /// The entity's name, as it was written.
    pub fn name(&self) -> &str {
        &self.written[self.slash + 1..]
    }

    /// The canonical form: `kind:namespace/name` in lower case, which is what Backstage writes
    /// into relations and expects in [`Client::by_refs`](crate::Client::by_refs).
    pub fn as_str(&self) -> &str {
        self.canonical.as_deref().unwrap_or(&self.written)
    }

    /// Whether the reference is to this kind, in any case.
    pub fn is_kind(&self, kind: &str) -> bool {
        self.kind().to_lowercase() == kind.to_lowercase()
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntityRef({})", self.written)
    }
}

/// Reads a reference that names its kind; a missing namespace is `default`.
impl FromStr for EntityRef {
    type Err = EntityRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, RefContext::default())
    }
}

impl PartialEq for EntityRef {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for EntityRef {}

impl Ord for EntityRef {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for EntityRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for EntityRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// The canonical form: a map by reference can be asked by it.
impl Borrow<str> for EntityRef {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

/// The canonical form.
impl AsRef<str> for EntityRef {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Serialize for EntityRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EntityRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an entity reference, as a text or an object")]
        enum Wire {
            Text(String),
            Parts {
                kind: String,
                namespace: Option<String>,
                name: String,
            },
        }
        match Wire::deserialize(deserializer)? {
            Wire::Text(text) => text.parse(),
            Wire::Parts {
                kind,
                namespace,
                name,
            } => Self::new(
                &kind,
                namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE),
                &name,
            ),
        }
        .map_err(serde::de::Error::custom)
    }
}
