//! The two sorts of facts, and what storing one takes.

use topology::entity_ref::EntityRef;
use topology::fact::{EntityFact, ObjectFact, ObjectKey, ObjectKind};

use crate::error::RecordError;
use crate::record::{entity, object};
use crate::source::Source;

/// What a source gives: [`EntityFact`]s from an instance, [`ObjectFact`]s from a cluster.
pub trait Fact: stored::Stored {}

impl Fact for EntityFact {}
impl Fact for ObjectFact {}

pub(crate) mod stored {
    use super::{RecordError, Source};

    /// Nobody else can store facts of their own.
    pub trait Stored: Sized {
        /// Identity in the source.
        type Key: Clone + std::fmt::Debug;

        fn source(name: &str) -> Source;
        fn key(&self) -> Self::Key;
        fn encode_key(key: &Self::Key) -> Result<Vec<u8>, RecordError>;
        fn decode_key(bytes: &[u8]) -> Result<Self::Key, RecordError>;
        fn encode(&self) -> Result<Vec<u8>, RecordError>;
        fn decode(key: Self::Key, bytes: &[u8]) -> Result<Self, RecordError>;
        /// How messages write a key.
        fn show(key: &Self::Key) -> String;
        /// Whether history may name it, so that its key must outlive its fact.
        fn in_history(key: &Self::Key) -> bool;
    }
}

impl stored::Stored for EntityFact {
    type Key = EntityRef;

    fn source(name: &str) -> Source {
        Source::Instance(name.into())
    }

    fn key(&self) -> EntityRef {
        self.reference().clone()
    }

    fn encode_key(key: &EntityRef) -> Result<Vec<u8>, RecordError> {
        entity::key(key)
    }

    fn decode_key(bytes: &[u8]) -> Result<EntityRef, RecordError> {
        entity::from_key(bytes)
    }

    fn encode(&self) -> Result<Vec<u8>, RecordError> {
        entity::encode(self)
    }

    fn decode(key: EntityRef, bytes: &[u8]) -> Result<Self, RecordError> {
        entity::decode(key, bytes)
    }

    fn show(key: &EntityRef) -> String {
        format!("entity `{key}`")
    }

    fn in_history(key: &EntityRef) -> bool {
        !matches!(&*key.kind, "group" | "user")
    }
}

impl stored::Stored for ObjectFact {
    type Key = ObjectKey;

    fn source(name: &str) -> Source {
        Source::Cluster(name.into())
    }

    fn key(&self) -> ObjectKey {
        self.key()
    }

    fn encode_key(key: &ObjectKey) -> Result<Vec<u8>, RecordError> {
        object::key(key)
    }

    fn decode_key(bytes: &[u8]) -> Result<ObjectKey, RecordError> {
        object::from_key(bytes)
    }

    fn encode(&self) -> Result<Vec<u8>, RecordError> {
        object::encode(self)
    }

    fn decode(key: ObjectKey, bytes: &[u8]) -> Result<Self, RecordError> {
        object::decode(key, bytes)
    }

    fn show(key: &ObjectKey) -> String {
        format!("{} `{}/{}`", key.kind.as_str(), key.namespace, key.name)
    }

    fn in_history(key: &ObjectKey) -> bool {
        key.kind == ObjectKind::Service
    }
}
