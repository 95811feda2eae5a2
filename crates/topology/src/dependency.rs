//! What components declare to depend on, and what depends on them.
//!
//! ```text
//!  dependsOn, dependencyOf ── read ──▶ Dependency ── apply ──▶ lists by component, and the way back by target
//!                                                                    │
//!                                                                    └─ around ──▶ dependencies, dependents
//! ```
//!
//! It owns which fields declare a dependency, in which direction, and how their references are read. A declaration decides over
//! nothing: no verdict and no owner follows from it.

mod around;

use crate::entity_ref::EntityRef;
use crate::fact::FieldFault;
use crate::names::Name;
use crate::records::RefNames;
use crate::topology::{InstanceId, Map};
use crate::value::Value;

pub use around::{Declared, Neighbour, Neighbours};

use crate::entity::MAX_VALUE_BYTES;
use crate::id_set::IdSet;

/// Bound on the declarations of one component.
pub const MAX_DECLARED: usize = 1_000;

/// What declares a dependency: a field of a file, or a relation where Backstage has made these of the fields of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Declaration {
    /// `spec.dependsOn`.
    DependsOn,
    /// `spec.dependencyOf`.
    DependencyOf,
    /// Relation `dependsOn`.
    DependsOnRelation,
    /// Relation `dependencyOf`.
    DependencyOfRelation,
}

impl Declaration {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::DependsOn,
        Self::DependencyOf,
        Self::DependsOnRelation,
        Self::DependencyOfRelation,
    ];

    /// The path of the field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DependsOn => "spec.dependsOn",
            Self::DependencyOf => "spec.dependencyOf",
            Self::DependsOnRelation => "relations.dependsOn",
            Self::DependencyOfRelation => "relations.dependencyOf",
        }
    }

    /// Who declares it depends on what it names, and not the other way round.
    pub fn is_outward(self) -> bool {
        matches!(self, Self::DependsOn | Self::DependsOnRelation)
    }
}

/// One declaration of a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// What it names: any kind, whether it exists or not.
    pub target: EntityRef,
    /// Where that stands.
    pub declared: Declaration,
}

/// The declarations of a component, sorted, each once. Where there are relations they count: Backstage has made them of the
/// fields of both sides. As for Backstage, a reference has to name its kind, and its namespace is the component's unless it
/// says another. What cannot be used costs only itself, and is among the faults.
pub(crate) fn read(
    document: &Value<'_>,
    component: &EntityRef,
    faults: &mut Vec<FieldFault>,
) -> Vec<Dependency> {
    let mut reading = Reading {
        component,
        found: Vec::new(),
        faults,
    };
    if let Some(Value::Array(relations)) = document.get("relations") {
        for relation in relations {
            let declared = match relation.get("type").and_then(Value::text) {
                Some("dependsOn") => Declaration::DependsOnRelation,
                Some("dependencyOf") => Declaration::DependencyOfRelation,
                _ => continue,
            };
            // An older Backstage writes the parts of the reference alone.
            let target = relation.get("targetRef").or_else(|| relation.get("target"));
            reading.target(declared, target.unwrap_or(&Value::Null));
        }
    } else if let Some(spec) = document.get("spec") {
        for (key, declared) in [
            ("dependsOn", Declaration::DependsOn),
            ("dependencyOf", Declaration::DependencyOf),
        ] {
            match spec.get(key) {
                None | Some(Value::Null) => {}
                Some(Value::Array(items)) => {
                    for item in items {
                        reading.target(declared, item);
                    }
                }
                Some(single) => reading.target(declared, single),
            }
        }
    }
    let mut found = reading.found;
    found.sort();
    found.dedup();
    if let Some(past) = found.get(MAX_DECLARED) {
        faults.push(FieldFault {
            field: past.declared.as_str().into(),
            found: format!("{} dependencies", found.len()).into(),
            expected: format!("at most {MAX_DECLARED}").into(),
        });
        found.truncate(MAX_DECLARED);
    }
    found
}

struct Reading<'r> {
    component: &'r EntityRef,
    found: Vec<Dependency>,
    faults: &'r mut Vec<FieldFault>,
}

impl Reading<'_> {
    fn target(&mut self, declared: Declaration, value: &Value<'_>) {
        match self.parse(value) {
            // That something depends on itself says nothing.
            Ok(target) if target == *self.component => {}
            // Relations are made for both sides: what is a component has its own, and nothing need be known twice.
            Ok(target)
                if declared == Declaration::DependencyOfRelation
                    && &*target.kind == "component" => {}
            Ok(target) => self.found.push(Dependency { target, declared }),
            Err(found) => self.faults.push(FieldFault {
                field: declared.as_str().into(),
                found,
                expected: "`kind:[namespace/]name`, such as `component:checkout`".into(),
            }),
        }
    }

    /// The reference, or what stands in its place.
    fn parse(&self, value: &Value<'_>) -> Result<EntityRef, Box<str>> {
        let namespace = &self.component.namespace;
        if let Value::Map(_) = value {
            let part = |key| value.get(key).and_then(Value::text);
            return match (part("kind"), part("name")) {
                (Some(kind), Some(name)) => {
                    let namespace = part("namespace").unwrap_or(namespace);
                    Ok(EntityRef::new(kind, namespace, name))
                }
                _ => Err("a map without `kind` and `name`".into()),
            };
        }
        match value.text() {
            Some(text) if text.len() > MAX_VALUE_BYTES => {
                Err(format!("a text of {} bytes", text.len()).into())
            }
            Some(text) => {
                EntityRef::parse(text, None, namespace).map_err(|_| format!("`{text}`").into())
            }
            None if matches!(value, Value::String(_)) => Err("an empty text".into()),
            None => Err(value.describe().into()),
        }
    }
}

/// One declaration, as names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredNames {
    pub(crate) target: RefNames,
    pub(crate) declared: Declaration,
}

/// What all components declare. Those that declare nothing cost nothing here.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    /// The declarations of a component, by its id.
    pub(crate) by_component: Map<u32, Box<[DeclaredNames]>>,
    /// The components that name a component of that namespace and name, whether it is there or not.
    pub(crate) by_target: Map<(InstanceId, Name, Name), IdSet>,
}

impl Dependencies {
    pub(crate) fn of(&self, component: u32) -> &[DeclaredNames] {
        self.by_component.get(&component).map_or(&[], |list| list)
    }
}
