//! A catalog of any size that is never held: each entity follows from a seed and its index.
//!
//! It owns what a generated entity looks like (about 1.2 kB, as in catalogs of real companies) and the few changes made
//! to some of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::filter::{Kinds, search_rows};
use super::model::{Model, Query, Slice, etag, mixed, uid};

const NAMES: [&str; 10] = [
    "checkout", "cart", "ledger", "search", "profile", "billing", "mailer", "ingest", "index",
    "edge",
];

/// How many entities of each kind, and the seed of all that is arbitrary in them.
///
/// The entity with index `i` is a component for `i < components`, then come the groups, then the users. Each component
/// is owned by a group, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    /// How many components.
    pub components: u64,
    /// How many groups.
    pub groups: u64,
    /// How many users.
    pub users: u64,
    /// The seed.
    pub seed: u64,
}

impl Generated {
    /// How many entities there are.
    pub fn len(&self) -> u64 {
        self.components + self.groups + self.users
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The full reference of the entity with this index, in lower case. References are ordered as indexes are.
    pub fn reference(&self, index: u64) -> String {
        let (kind, number) = self.kind(index);
        format!("{}:default/{}", kind.to_lowercase(), name(kind, number))
    }

    /// The entity with this index, without uid and etag.
    pub fn entity(&self, index: u64) -> Value {
        let (kind, number) = self.kind(index);
        let name = name(kind, number);
        match kind {
            "Component" => self.component(number, &name),
            "Group" => group(number, &name),
            _ => self.user(number, &name),
        }
    }

    fn kind(&self, index: u64) -> (&'static str, u64) {
        if index < self.components {
            ("Component", index)
        } else if index < self.components + self.groups {
            ("Group", index - self.components)
        } else {
            ("User", index - self.components - self.groups)
        }
    }

    fn index(&self, reference: &str) -> Option<u64> {
        let (kind, name) = reference.split_once(":default/")?;
        let number: u64 = name.rsplit('-').next()?.parse().ok()?;
        let index = match kind {
            "component" => number,
            "group" => self.components.checked_add(number)?,
            "user" => (self.components + self.groups).checked_add(number)?,
            _ => return None,
        };
        // The spelling of a name is the same as the one made here, or it is no name of ours.
        (index < self.len() && self.reference(index) == reference).then_some(index)
    }

    fn arbitrary(&self, number: u64, use_of: u64, below: u64) -> u64 {
        mixed(self.seed ^ mixed(number).wrapping_add(use_of)) % below.max(1)
    }

    fn component(&self, number: u64, name: &str) -> Value {
        let word = NAMES[usize::try_from(number % 10).unwrap_or_default()];
        let team = self.arbitrary(number, 1, self.groups);
        let owner = format!("team-{team:06}");
        let (system, tier) = (self.arbitrary(number, 2, 500), number % 3);
        let location =
            format!("url:https://github.com/acme/{word}-{number}/tree/main/catalog-info.yaml");
        json!({
            "metadata": {
                "namespace": "default",
                "annotations": {
                    "backstage.io/managed-by-location": location,
                    "backstage.io/managed-by-origin-location": location,
                    "backstage.io/view-url": format!("https://github.com/acme/{word}-{number}/tree/main/catalog-info.yaml"),
                    "backstage.io/source-location": format!("url:https://github.com/acme/{word}-{number}/tree/main/"),
                    "backstage.io/kubernetes-id": format!("{word}-{number}"),
                    "backstage.io/kubernetes-namespace": format!("ns-{team}"),
                    "backstage.io/techdocs-ref": "dir:.",
                    "github.com/project-slug": format!("acme/{word}-{number}"),
                },
                "name": name,
                "title": format!("{word} {number}"),
                "description": format!("The {word} service number {number} of {owner}, which keeps what others ask it for."),
                "labels": {"tier": tier.to_string()},
                "tags": [if number.is_multiple_of(2) { "go" } else { "java" }, word],
            },
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Component",
            "spec": {"type": "service", "lifecycle": "production", "owner": owner, "system": format!("system-{system}")},
            "relations": [
                {"type": "ownedBy", "targetRef": format!("group:default/{owner}")},
                {"type": "partOf", "targetRef": format!("system:default/system-{system}")},
            ],
        })
    }

    fn user(&self, number: u64, name: &str) -> Value {
        let team = format!("team-{:06}", self.arbitrary(number, 3, self.groups));
        let location = "url:https://github.com/acme/org/tree/main/users.yaml";
        json!({
            "metadata": {
                "namespace": "default",
                "annotations": {"backstage.io/managed-by-location": location, "backstage.io/managed-by-origin-location": location},
                "name": name,
            },
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "User",
            "spec": {
                "profile": {"displayName": format!("User {number}"), "email": format!("{name}@acme.example")},
                "memberOf": [team],
            },
            "relations": [{"type": "memberOf", "targetRef": format!("group:default/{team}")}],
        })
    }

    /// A number without a common divisor with the number of entities, near the golden ratio of it.
    fn step(&self) -> u64 {
        let len = self.len().max(1);
        let golden = u64::try_from(u128::from(len) * 618_034 / 1_000_000).unwrap_or(1);
        (golden.max(1)..=golden + len)
            .find(|step| divisor(*step, len) == 1)
            .unwrap_or(1)
    }
}

fn name(kind: &str, number: u64) -> String {
    match kind {
        "Component" => format!("component-{number:08}"),
        "Group" => format!("team-{number:06}"),
        _ => format!("user-{number:08}"),
    }
}

fn group(number: u64, name: &str) -> Value {
    let location = "url:https://github.com/acme/org/tree/main/groups.yaml";
    let mut entity = json!({
        "metadata": {
            "namespace": "default",
            "annotations": {"backstage.io/managed-by-location": location, "backstage.io/managed-by-origin-location": location},
            "name": name,
        },
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Group",
        "spec": {
            "type": "team",
            "children": [],
            "profile": {"displayName": format!("Team {number}"), "email": format!("{name}@acme.example")},
        },
        "relations": [],
    });
    if number > 0 {
        let parent = format!("team-{:06}", (number - 1) / 8);
        entity["relations"] =
            json!([{"type": "childOf", "targetRef": format!("group:default/{parent}")}]);
        entity["spec"]["parent"] = json!(parent);
    }
    entity
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// A generated catalog with what was changed of it.
#[derive(Clone)]
pub struct Changed {
    generated: Generated,
    /// The entity at a place in the order of uids has the index `place * step`, modulo how many there are: a fixed
    /// shuffle, so that kinds come mixed as with uids that are random.
    step: u64,
    /// The shuffle's way back.
    back: u64,
    /// Fields set, by index of the entity.
    edits: Arc<BTreeMap<u64, Vec<(String, Value)>>>,
    removed: Arc<BTreeSet<u64>>,
}

impl Changed {
    pub(super) fn new(generated: Generated) -> Self {
        Self {
            generated,
            step: generated.step(),
            back: inverse(generated.step(), generated.len().max(1)),
            edits: Arc::default(),
            removed: Arc::default(),
        }
    }

    pub(super) fn edit(&mut self, index: u64, pointer: &str, value: Value) {
        Arc::make_mut(&mut self.edits)
            .entry(index)
            .or_default()
            .push((pointer.to_owned(), value));
    }

    pub(super) fn remove(&mut self, index: u64) {
        Arc::make_mut(&mut self.removed).insert(index);
    }

    pub(super) fn restore(&mut self) {
        self.edits = Arc::default();
        self.removed = Arc::default();
    }

    fn entity(&self, index: u64) -> Value {
        let mut entity = self.generated.entity(index);
        for (pointer, value) in self.edits.get(&index).into_iter().flatten() {
            let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", pointer));
            if let Some(Value::Object(parent)) = entity.pointer_mut(parent) {
                parent.insert(field.to_owned(), value.clone());
            }
        }
        entity
    }

    fn text(&self, place: u64, index: u64) -> Bytes {
        let mut entity = self.entity(index);
        let etag = etag(&entity.to_string());
        if let Some(metadata) = entity["metadata"].as_object_mut() {
            metadata.insert("uid".to_owned(), json!(self.uid(place)));
            metadata.insert("etag".to_owned(), json!(etag));
        }
        entity.to_string().into()
    }

    fn uid(&self, place: u64) -> String {
        uid(place, mixed(self.generated.seed ^ place))
    }

    fn index_at(&self, place: u64) -> u64 {
        self.times(place, self.step)
    }

    fn place_of(&self, index: u64) -> u64 {
        self.times(index, self.back)
    }

    fn times(&self, number: u64, factor: u64) -> u64 {
        let len = u128::from(self.generated.len().max(1));
        u64::try_from(u128::from(number) * u128::from(factor) % len).unwrap_or_default()
    }

    fn is_found(&self, query: &Query, kinds: &Kinds, index: u64) -> bool {
        if self.removed.contains(&index) {
            return false;
        }
        match kinds {
            Kinds::All => true,
            Kinds::Only(kinds) => kinds
                .iter()
                .any(|kind| kind.eq_ignore_ascii_case(self.generated.kind(index).0)),
            Kinds::AndMore => query.filter.finds(&search_rows(&self.entity(index))),
        }
    }

    /// From a walk over `(place, index)`.
    fn slice(&self, query: &Query, walk: impl Iterator<Item = (u64, u64)>) -> Slice {
        let kinds = query.filter.kinds();
        let mut found = walk
            .filter(|(_, index)| self.is_found(query, &kinds, *index))
            .skip(query.offset);
        let page: Vec<(u64, u64)> = found.by_ref().take(query.limit).collect();
        let more = query.limit > 0 && found.next().is_some();
        let ends = match (page.first(), page.last()) {
            (Some(first), Some(last)) => Some((self.uid(first.0), self.uid(last.0))),
            _ => None,
        };
        let changed = self.clone();
        Slice {
            texts: Box::new(
                page.into_iter()
                    .map(move |(place, index)| changed.text(place, index)),
            ),
            ends,
            more,
        }
    }
}

/// The number that times `a` is one more than a multiple of `modulus`.
fn inverse(a: u64, modulus: u64) -> u64 {
    let (mut old, mut new) = ((i128::from(a), 1_i128), (i128::from(modulus), 0_i128));
    while new.0 != 0 {
        let quotient = old.0 / new.0;
        (old, new) = (new, (old.0 - quotient * new.0, old.1 - quotient * new.1));
    }
    u64::try_from(old.1.rem_euclid(i128::from(modulus))).unwrap_or_default()
}

impl Model for Changed {
    fn count(&self, query: &Query) -> u64 {
        let kinds = query.filter.kinds();
        let is_asked_for = |kind: &str| match &kinds {
            Kinds::All => true,
            Kinds::Only(kinds) => kinds.contains(kind),
            Kinds::AndMore => false,
        };
        if matches!(kinds, Kinds::AndMore) {
            let found =
                (0..self.generated.len()).filter(|index| self.is_found(query, &kinds, *index));
            return found.count() as u64;
        }
        let Generated {
            components,
            groups,
            users,
            ..
        } = self.generated;
        let all = [
            ("component", components),
            ("group", groups),
            ("user", users),
        ]
        .into_iter()
        .filter(|(kind, _)| is_asked_for(kind))
        .map(|(_, count)| count);
        let gone = self.removed.iter().filter(|index| {
            let kind = self.generated.kind(**index).0;
            is_asked_for(&kind.to_lowercase())
        });
        all.sum::<u64>() - gone.count() as u64
    }

    fn by_uid(&self, query: &Query) -> Slice {
        // Uids are ordered as places, so the first place after a uid can be searched for.
        let len = self.generated.len();
        let start = match &query.after {
            Some(after) => {
                let (mut low, mut high) = (0, len);
                while low < high {
                    let middle = low + (high - low) / 2;
                    if self.uid(middle) <= *after {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                low
            }
            None => 0,
        };
        self.slice(
            query,
            (start..len).map(|place| (place, self.index_at(place))),
        )
    }

    fn by_reference(&self, query: &Query) -> Slice {
        let indexes = 0..self.generated.len();
        self.slice(query, indexes.map(|index| (self.place_of(index), index)))
    }

    fn find(&self, reference: &str) -> Option<Bytes> {
        let index = self.generated.index(reference)?;
        (!self.removed.contains(&index)).then(|| self.text(self.place_of(index), index))
    }
}
