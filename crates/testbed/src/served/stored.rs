//! A catalog in memory, entity by entity, for tests that change it.
//!
//! It owns uids, etags and relations, which a real catalog adds to what it is given.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::{Value, json};

use super::filter::search_rows;
use super::model::{Model, Query, Slice, etag, mixed, uid};
use super::relations::{reference, relations};

/// Entities by their references.
#[derive(Default)]
pub struct Stored {
    entities: BTreeMap<String, Entity>,
    /// References by uid: the order of a crawl.
    by_uid: BTreeMap<String, String>,
    /// What the fields of others say of an entity, whether it exists or not: its kind, and who.
    inverse: BTreeMap<String, BTreeSet<(&'static str, String)>>,
    /// Counts the uids given.
    created: u64,
}

struct Entity {
    uid: String,
    /// As it was put.
    given: Value,
    /// As it is served.
    served: Value,
    text: Bytes,
}

impl Stored {
    pub(super) fn put(&mut self, mut given: Value) {
        // A real one shows the namespace of an entity that has none.
        if let Some(metadata) = given["metadata"].as_object_mut() {
            metadata.entry("namespace").or_insert(json!("default"));
        }
        let reference = reference(&given);
        let mut touched = self.unlink(&reference);
        // The uid stays while the entity does, and is a new one when it is created again.
        let uid = if let Some(entity) = self.entities.get(&reference) {
            entity.uid.clone()
        } else {
            self.created += 1;
            uid(mixed(self.created), mixed(!self.created))
        };
        for relation in relations(&given) {
            let seen = (relation.inverse, reference.clone());
            self.inverse
                .entry(relation.target.clone())
                .or_default()
                .insert(seen);
            touched.insert(relation.target);
        }
        self.by_uid.insert(uid.clone(), reference.clone());
        let entity = Entity {
            uid,
            given,
            served: Value::Null,
            text: Bytes::new(),
        };
        touched.insert(reference.clone());
        self.entities.insert(reference, entity);
        self.stitch(&touched);
    }

    pub(super) fn remove(&mut self, reference: &str) -> bool {
        let touched = self.unlink(reference);
        let Some(entity) = self.entities.remove(reference) else {
            return false;
        };
        self.by_uid.remove(&entity.uid);
        self.stitch(&touched);
        true
    }

    pub(super) fn clear(&mut self) {
        // What was created stays counted: a catalog that is filled again has new uids.
        *self = Self {
            created: self.created,
            ..Self::default()
        };
    }

    pub(super) fn len(&self) -> usize {
        self.entities.len()
    }

    /// All entities as they are served, in the order of their references.
    pub(super) fn entities(&self) -> Vec<Value> {
        self.entities
            .values()
            .map(|entity| entity.served.clone())
            .collect()
    }

    /// Forgets what the fields of this entity say of others, and gives those.
    fn unlink(&mut self, reference: &str) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        let Some(entity) = self.entities.get(reference) else {
            return touched;
        };
        for relation in relations(&entity.given) {
            if let Some(seen) = self.inverse.get_mut(&relation.target) {
                seen.remove(&(relation.inverse, reference.to_owned()));
            }
            touched.insert(relation.target);
        }
        touched
    }

    /// Makes the entities anew as they are served: as in a real one, relations go both ways, a target need not exist,
    /// and the etag is a hash of everything but the uid, so that a group's changes when it comes to own something.
    fn stitch(&mut self, references: &BTreeSet<String>) {
        for reference in references {
            let Some(entity) = self.entities.get_mut(reference) else {
                continue;
            };
            let mut all: BTreeSet<(String, String)> = relations(&entity.given)
                .into_iter()
                .map(|relation| (relation.kind.to_owned(), relation.target))
                .collect();
            let seen = self.inverse.get(reference).into_iter().flatten();
            all.extend(seen.map(|(kind, other)| ((*kind).to_owned(), other.clone())));
            let mut served = entity.given.clone();
            // What a test gives as relations is what it wants to see.
            if served["relations"].is_null() {
                served["relations"] = all
                    .into_iter()
                    .map(|(kind, target)| json!({"type": kind, "targetRef": target}))
                    .collect();
            }
            let etag = etag(&served.to_string());
            if let Some(metadata) = served["metadata"].as_object_mut() {
                metadata.insert("uid".to_owned(), json!(entity.uid));
                metadata.insert("etag".to_owned(), json!(etag));
            }
            entity.text = served.to_string().into();
            entity.served = served;
        }
    }

    fn slice<'a>(query: &Query, found: impl Iterator<Item = &'a Entity>) -> Slice {
        let mut found = found
            .filter(|entity| query.filter.finds(&search_rows(&entity.served)))
            .skip(query.offset);
        let page: Vec<&Entity> = found.by_ref().take(query.limit).collect();
        let ends = match (page.first(), page.last()) {
            (Some(first), Some(last)) => Some((first.uid.clone(), last.uid.clone())),
            _ => None,
        };
        let texts: Vec<Bytes> = page.iter().map(|entity| entity.text.clone()).collect();
        Slice {
            texts: Box::new(texts.into_iter()),
            ends,
            more: query.limit > 0 && found.next().is_some(),
        }
    }
}

impl Model for Stored {
    fn count(&self, query: &Query) -> u64 {
        let found = self
            .entities
            .values()
            .filter(|entity| query.filter.finds(&search_rows(&entity.served)));
        found.count() as u64
    }

    fn by_uid(&self, query: &Query) -> Slice {
        let uids = match &query.after {
            Some(after) => self
                .by_uid
                .range::<String, _>((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded)),
            None => self.by_uid.range::<String, _>(..),
        };
        Self::slice(
            query,
            uids.filter_map(|(_, reference)| self.entities.get(reference)),
        )
    }

    fn by_reference(&self, query: &Query) -> Slice {
        Self::slice(query, self.entities.values())
    }

    fn find(&self, reference: &str) -> Option<Bytes> {
        self.entities
            .get(reference)
            .map(|entity| entity.text.clone())
    }
}
