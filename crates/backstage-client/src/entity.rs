//! Entities: the shapes of Backstage's catalog model, read so that no entity is lost by a field.
//!
//! ```text
//!  text ──▶ envelope (kind, metadata.name) ──▶ Entity ── fields of a right type: typed
//!                │ missing                       │       all others: in `other`, as they came
//!                ▼                               ▼
//!           EntityError                   Reading::problems: where, what, what was expected
//! ```
//!
//! What was read is written again as it came, but for the order of keys, repeated keys, and numbers
//! beyond what 64 bits hold.

mod list;
mod metadata;
mod object;
mod problem;
mod spec;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use list::{List, Texts};
pub use metadata::{Link, Metadata, Relation, RelationTarget, Status, StatusError, StatusItem};
pub use problem::{EntityError, FieldProblem};
pub use spec::{
    ApiSpec, ComponentSpec, DomainSpec, GroupSpec, LocationSpec, Profile, ResourceSpec, Spec,
    SystemSpec, TemplateSpec, TemplateStep, UserSpec,
};

use crate::entity_ref::DEFAULT_NAMESPACE;
use crate::{EntityRef, EntityRefError, RefContext};
use object::object;
use problem::{At, Problems};

/// Where the catalog marks an entity that no source gives any more.
const ORPHAN: &str = "backstage.io/orphan";

object! {
    /// An entity of the catalog.
    ///
    /// It may be deserialised, too, which is as [`Entity::read`] without the problems.
    ///
    /// ```
    /// use backstage_client::{Entity, entity::Spec};
    ///
    /// let entity = Entity::parse(r#"{
    ///     "apiVersion": "backstage.io/v1alpha1",
    ///     "kind": "Component",
    ///     "metadata": {"name": "refunds", "namespace": "emea", "annotations": {"example.com/tier": "1"}},
    ///     "spec": {"type": "service", "lifecycle": "production", "owner": "payments"}
    /// }"#)?;
    /// assert_eq!(entity.entity_ref().as_str(), "component:emea/refunds");
    /// assert_eq!(entity.metadata.annotations["example.com/tier"], "1");
    /// // A reference without a namespace means that of the entity that has it.
    /// assert_eq!(entity.owners()[0].as_str(), "group:emea/payments");
    /// if let Some(Spec::Component(spec)) = &entity.spec {
    ///     assert_eq!(spec.lifecycle.as_deref(), Some("production"));
    /// }
    /// # Ok::<(), backstage_client::EntityError>(())
    /// ```
    pub struct Entity {
        /// `backstage.io/v1alpha1`, `scaffolder.backstage.io/v1beta3`, …; absent only where the
        /// answer was narrowed to some fields.
        pub api_version: Option<String> = "apiVersion",
        /// `Component`, `Group`, …, in the case in which it was written.
        pub kind: String = "kind",
        /// What the entity says about itself.
        pub metadata: Metadata = "metadata",
        /// What is particular to its kind.
        pub spec: Option<Spec> = "spec",
        /// What the catalog knows of it and others. A while may pass until an entity has them.
        pub relations: List<Relation> = "relations",
        /// What the catalog met when it processed the entity.
        pub status: Option<Status> = "status",
    }
}

/// An entity, and what of it could not be read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// The entity. Fields with a problem are absent from their place, and as they came in `other`.
    pub entity: Entity,
    /// The fields that are of a wrong type: the first 100 of them.
    pub problems: Vec<FieldProblem>,
    /// How many more there are.
    pub further_problems: usize,
}

impl Entity {
    /// Reads an entity in which every known field has the right type.
    ///
    /// # Errors
    /// As [`Entity::read`], and for the first field of a wrong type.
    pub fn parse(text: &str) -> Result<Self, EntityError> {
        let Reading {
            entity, problems, ..
        } = Self::read(text)?;
        match problems.into_iter().next() {
            Some(problem) => Err(EntityError::Field {
                entity: Box::new(entity.entity_ref()),
                problem,
            }),
            None => Ok(entity),
        }
    }

    /// Reads an entity, whatever else is in it: what is of a wrong type is told beside it.
    ///
    /// What is missing is no problem: organisations replace Backstage's validators, an answer may
    /// be narrowed to some fields, and null is as absent.
    ///
    /// ```
    /// use backstage_client::Entity;
    ///
    /// let reading = Entity::read(r#"{
    ///     "kind": "Component",
    ///     "metadata": {"name": "checkout", "labels": {"tier": 1, "area": "shop"}},
    ///     "spec": {"owner": ["payments"]}
    /// }"#)?;
    /// assert_eq!(reading.entity.metadata.labels["area"], "shop");
    /// let problems: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
    /// assert_eq!(problems, [
    ///     "`metadata.labels.tier` is the number 1, expected a text",
    ///     "`spec.owner` is a list, expected a text",
    /// ]);
    /// # Ok::<(), backstage_client::EntityError>(())
    /// ```
    ///
    /// # Errors
    /// Where the text is not JSON, or `kind` or `metadata.name` is not a text with something in it.
    pub fn read(text: &str) -> Result<Reading, EntityError> {
        Self::read_value(serde_json::from_str(text).map_err(EntityError::Json)?)
    }

    /// Reads an entity from JSON that was parsed already, as [`Entity::read`] does.
    ///
    /// # Errors
    /// Where `kind` or `metadata.name` is not a text with something in it.
    pub fn read_value(value: Value) -> Result<Reading, EntityError> {
        let content = envelope(value).map_err(EntityError::Envelope)?;
        let mut problems = Problems::default();
        let mut entity = Self::read_map(content, &At::ROOT, &mut problems);
        if let Some(Spec::Other(content)) = entity.spec.take() {
            let at = At::ROOT.key("spec");
            entity.spec = Some(Spec::of_kind(&entity.kind, content, &at, &mut problems));
        }
        Ok(Reading {
            entity,
            problems: problems.described,
            further_problems: problems.further,
        })
    }

    /// What names this entity. It is the identity to go by: `metadata.uid` changes when an entity
    /// is deleted and read again.
    pub fn entity_ref(&self) -> EntityRef {
        EntityRef::joined(&self.kind, self.namespace(), &self.metadata.name)
    }

    /// The catalog namespace: `default`, where it says none.
    pub fn namespace(&self) -> &str {
        let given = self.metadata.namespace.as_deref();
        given
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or(DEFAULT_NAMESPACE)
    }

    /// Whether the entity is of this kind, in any case.
    pub fn is_kind(&self, kind: &str) -> bool {
        self.kind.to_lowercase() == kind.to_lowercase()
    }

    /// What a reference within this entity means: one without a namespace stays in that of the
    /// entity, and one without a kind is to `kind`, where there is one.
    pub fn resolve(&self, text: &str, kind: Option<&str>) -> Result<EntityRef, EntityRefError> {
        let namespace = Some(self.namespace());
        EntityRef::parse(text, RefContext { kind, namespace })
    }

    /// The entities that this one has a relation of this type to, such as `partOf`. They need not
    /// exist, and one may come twice.
    pub fn related(&self, type_: &str) -> impl Iterator<Item = EntityRef> {
        self.relations
            .iter()
            .filter(move |relation| relation.type_.as_deref() == Some(type_))
            .filter_map(Relation::entity_ref)
    }

    /// Who owns this entity: whom the `ownedBy` relations name, which Backstage holds to be
    /// authoritative, or else, while the catalog has not made them yet, whom `spec.owner` names.
    pub fn owners(&self) -> Vec<EntityRef> {
        let related: Vec<EntityRef> = self.related("ownedBy").collect();
        if !related.is_empty() {
            return related;
        }
        let written = self.spec.as_ref().and_then(Spec::owner);
        let owner = written.and_then(|owner| self.resolve(owner, Some("group")).ok());
        owner.into_iter().collect()
    }

    /// What to call this entity before people: `spec.profile.displayName`, `metadata.title`, or
    /// the name.
    pub fn display_name(&self) -> &str {
        let profile = match &self.spec {
            Some(Spec::Group(spec)) => spec.profile.as_ref(),
            Some(Spec::User(spec)) => spec.profile.as_ref(),
            _ => None,
        };
        let shown = profile.and_then(|profile| profile.display_name.as_deref());
        [shown, self.metadata.title.as_deref()]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())
            .unwrap_or(&self.metadata.name)
    }

    /// Whether the catalog keeps this entity although no source gives it any more.
    pub fn is_orphan(&self) -> bool {
        let mark = self.metadata.annotations.get(ORPHAN);
        mark.is_some_and(|mark| mark == "true")
    }
}

/// The content of an entity, which a JSON value is by what it has.
fn envelope(value: Value) -> Result<Map<String, Value>, FieldProblem> {
    let root = At::ROOT;
    let Value::Object(entity) = value else {
        return Err(root.problem(Some(&value), "an object with `kind` and `metadata`"));
    };
    check_text(&entity, "kind", &root)?;
    let metadata = root.key("metadata");
    match entity.get("metadata") {
        Some(Value::Object(content)) => check_text(content, "name", &metadata)?,
        found => return Err(metadata.problem(found, "an object with a `name`")),
    }
    Ok(entity)
}

fn check_text(map: &Map<String, Value>, key: &str, at: &At<'_>) -> Result<(), FieldProblem> {
    match map.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(()),
        found => Err(at.key(key).problem(found, "a text that is not empty")),
    }
}

impl<'de> Deserialize<'de> for Entity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let reading = Self::read_value(value).map_err(serde::de::Error::custom)?;
        Ok(reading.entity)
    }
}
