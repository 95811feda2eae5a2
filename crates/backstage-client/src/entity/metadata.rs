//! What every entity says about itself, whatever its kind, and what the catalog says about it.

use serde_json::Value;

use super::list::{List, Texts};
use super::object::{Field, Read, object};
use super::problem::{At, Problems};
use crate::{EntityRef, EntityRefError};

object! {
    /// `metadata`: what every entity says about itself.
    pub struct Metadata {
        /// The name, unique for the kind and the namespace without regard to case. Backstage's own
        /// rule is 1 to 63 of `[A-Za-z0-9._-]`, but organisations replace it.
        pub name: String = "name",
        /// The catalog namespace; absent means `default`, see [`Entity::namespace`](super::Entity::namespace).
        pub namespace: Option<String> = "namespace",
        /// An identifier made by the catalog. Not stable: an entity that is deleted and read again
        /// gets another one.
        pub uid: Option<String> = "uid",
        /// A hash of the entity with its relations and status: equal where nothing has changed.
        pub etag: Option<String> = "etag",
        /// A name for people.
        pub title: Option<String> = "title",
        /// A description for people, Markdown.
        pub description: Option<String> = "description",
        /// Labels, to select by.
        pub labels: Texts = "labels",
        /// Annotations, such as `backstage.io/source-location`.
        pub annotations: Texts = "annotations",
        /// Tags, to search by.
        pub tags: List<String> = "tags",
        /// Links for people.
        pub links: List<Link> = "links",
    }
}

impl Field for Metadata {
    fn read_field(value: Value, at: &At<'_>, problems: &mut Problems) -> Result<Self, Value> {
        Self::read(value, at, problems)
    }

    fn is_written(&self) -> bool {
        true
    }
}

object! {
    /// One of `metadata.links`.
    pub struct Link {
        /// Where it leads.
        pub url: Option<String> = "url",
        /// What to call it.
        pub title: Option<String> = "title",
        /// The key of an icon of the Backstage app.
        pub icon: Option<String> = "icon",
        /// What it is, in the organisation's own words.
        pub type_: Option<String> = "type",
    }
}

object! {
    /// One of `relations`: what the catalog has found out about this entity and another one.
    ///
    /// The other entity need not exist.
    pub struct Relation {
        /// `ownedBy`, `ownerOf`, `partOf`, `dependsOn`, …
        pub type_: Option<String> = "type",
        /// The other entity, a full reference in lower case.
        pub target_ref: Option<String> = "targetRef",
        /// The other entity in parts, which a Backstage before 1.41 says besides or instead.
        pub target: Option<RelationTarget> = "target",
    }
}

impl Relation {
    /// The other entity: `targetRef`, or `target` where that is missing or cannot be read.
    ///
    /// ```
    /// use backstage_client::Entity;
    ///
    /// let entity = Entity::parse(r#"{
    ///     "kind": "Component", "metadata": {"name": "checkout"},
    ///     "relations": [{
    ///         "type": "ownedBy",
    ///         "target": {"kind": "group", "namespace": "default", "name": "payments"}
    ///     }]
    /// }"#)?;
    /// let owner = entity.relations[0].entity_ref();
    /// assert_eq!(owner.map(|owner| owner.to_string()).as_deref(), Some("group:default/payments"));
    /// # Ok::<(), backstage_client::EntityError>(())
    /// ```
    pub fn entity_ref(&self) -> Option<EntityRef> {
        let text = self.target_ref.as_deref();
        text.and_then(|text| text.parse().ok())
            .or_else(|| self.target.as_ref()?.entity_ref()?.ok())
    }
}

object! {
    /// The other entity of a relation, in parts.
    pub struct RelationTarget {
        /// Its kind.
        pub kind: Option<String> = "kind",
        /// Its namespace.
        pub namespace: Option<String> = "namespace",
        /// Its name.
        pub name: Option<String> = "name",
    }
}

impl RelationTarget {
    fn entity_ref(&self) -> Option<Result<EntityRef, EntityRefError>> {
        let (kind, name) = (self.kind.as_deref()?, self.name.as_deref()?);
        let namespace = self.namespace.as_deref();
        let namespace = namespace.unwrap_or(crate::entity_ref::DEFAULT_NAMESPACE);
        Some(EntityRef::new(kind, namespace, name))
    }
}

object! {
    /// `status`: what the catalog met when it processed the entity. An error here means that the
    /// entity is as it was when it was last good, not that it is gone.
    pub struct Status {
        /// What was met, one by one.
        pub items: List<StatusItem> = "items",
    }
}

object! {
    /// One of `status.items`.
    pub struct StatusItem {
        /// Who says so, such as `backstage.io/catalog-processing`.
        pub type_: Option<String> = "type",
        /// `info`, `warning` or `error`.
        pub level: Option<String> = "level",
        /// What it is about.
        pub message: Option<String> = "message",
        /// The error, where it is one.
        pub error: Option<StatusError> = "error",
    }
}

object! {
    /// The error of a status item.
    pub struct StatusError {
        /// Its kind, such as `InputError`.
        pub name: Option<String> = "name",
        /// What it says.
        pub message: Option<String> = "message",
        /// A code, where there is one.
        pub code: Option<String> = "code",
        /// Where in Backstage it came about.
        pub stack: Option<String> = "stack",
    }
}
