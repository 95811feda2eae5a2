//! Entities of a catalog as they are written.

use serde::{Deserialize, Serialize};
use topology::contact::{Contact, ContactKind};
use topology::dependency::{Declaration, Dependency};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, FieldFault, Found, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
};

use super::{bare, from_bare, from_versioned, versioned};
use crate::error::RecordError;

const KEY: &str = "the key of an entity";
const FACT: &str = "the fact of an entity";

/// The kinds that nearly every reference has take one byte.
#[derive(Serialize, Deserialize)]
enum KindRecord<'a> {
    Other(&'a str),
    Component,
    Group,
    User,
}

#[derive(Serialize, Deserialize)]
struct RefRecord<'a> {
    #[serde(borrow)]
    kind: KindRecord<'a>,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> RefRecord<'a> {
    fn of(reference: &'a EntityRef) -> Self {
        let kind = match &*reference.kind {
            "component" => KindRecord::Component,
            "group" => KindRecord::Group,
            "user" => KindRecord::User,
            other => KindRecord::Other(other),
        };
        Self {
            kind,
            namespace: &reference.namespace,
            name: &reference.name,
        }
    }

    fn into_ref(self) -> EntityRef {
        let kind = match self.kind {
            KindRecord::Component => "component",
            KindRecord::Group => "group",
            KindRecord::User => "user",
            KindRecord::Other(other) => other,
        };
        EntityRef {
            kind: kind.into(),
            namespace: self.namespace.into(),
            name: self.name.into(),
        }
    }
}

fn refs(references: &[EntityRef]) -> Vec<RefRecord<'_>> {
    references.iter().map(RefRecord::of).collect()
}

fn into_refs(records: Vec<RefRecord<'_>>) -> Vec<EntityRef> {
    records.into_iter().map(RefRecord::into_ref).collect()
}

#[derive(Serialize, Deserialize)]
enum EntityRecord<'a> {
    #[serde(borrow)]
    Component(ComponentRecord<'a>),
    #[serde(borrow)]
    Owner(OwnerRecord<'a>),
    /// An owner that says more than an address of how it is reached.
    #[serde(borrow)]
    Reachable(ReachableRecord<'a>),
    /// A component that declares dependencies.
    #[serde(borrow)]
    Declaring(DeclaringRecord<'a>),
}

#[derive(Serialize, Deserialize)]
struct DeclaringRecord<'a> {
    #[serde(borrow)]
    component: ComponentRecord<'a>,
    #[serde(borrow)]
    dependencies: Vec<(DeclarationRecord, RefRecord<'a>)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum DeclarationRecord {
    DependsOn,
    DependencyOf,
    DependsOnRelation,
    DependencyOfRelation,
}

impl DeclarationRecord {
    fn of(declared: Declaration) -> Self {
        match declared {
            Declaration::DependsOn => Self::DependsOn,
            Declaration::DependencyOf => Self::DependencyOf,
            Declaration::DependsOnRelation => Self::DependsOnRelation,
            Declaration::DependencyOfRelation => Self::DependencyOfRelation,
        }
    }

    fn into_declaration(self) -> Declaration {
        match self {
            Self::DependsOn => Declaration::DependsOn,
            Self::DependencyOf => Declaration::DependencyOf,
            Self::DependsOnRelation => Declaration::DependsOnRelation,
            Self::DependencyOfRelation => Declaration::DependencyOfRelation,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ReachableRecord<'a> {
    #[serde(borrow)]
    owner: OwnerRecord<'a>,
    #[serde(borrow)]
    contacts: Vec<ContactRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
struct ContactRecord<'a> {
    kind: WayRecord,
    value: &'a str,
    title: Option<&'a str>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum WayRecord {
    Email,
    Slack,
    PagerDuty,
    Opsgenie,
    Link,
}

impl WayRecord {
    fn of(kind: ContactKind) -> Self {
        match kind {
            ContactKind::Email => Self::Email,
            ContactKind::Slack => Self::Slack,
            ContactKind::PagerDuty => Self::PagerDuty,
            ContactKind::Opsgenie => Self::Opsgenie,
            ContactKind::Link => Self::Link,
        }
    }

    fn into_kind(self) -> ContactKind {
        match self {
            Self::Email => ContactKind::Email,
            Self::Slack => ContactKind::Slack,
            Self::PagerDuty => ContactKind::PagerDuty,
            Self::Opsgenie => ContactKind::Opsgenie,
            Self::Link => ContactKind::Link,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ComponentRecord<'a> {
    /// `None`: written as the reference has it.
    name: Option<&'a str>,
    #[serde(borrow)]
    kubernetes_id: Option<FoundRecord<'a>>,
    #[serde(borrow)]
    kubernetes_namespace: Option<FoundRecord<'a>>,
    label_selector: Option<&'a str>,
    kubernetes_cluster: Option<&'a str>,
    #[serde(borrow)]
    owners: Vec<(u8, TargetRecord<'a>)>,
    component_type: Option<&'a str>,
    lifecycle: Option<&'a str>,
    system: Option<&'a str>,
    orphan: bool,
    #[serde(borrow)]
    fault: Option<FaultRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
struct FoundRecord<'a> {
    path: u8,
    value: &'a str,
}

impl<'a> FoundRecord<'a> {
    fn of(found: &'a Found) -> Self {
        Self {
            path: found.path,
            value: &found.value,
        }
    }

    fn into_found(self) -> Found {
        Found {
            path: self.path,
            value: self.value.into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
enum TargetRecord<'a> {
    #[serde(borrow)]
    Ref(RefRecord<'a>),
    Malformed(&'a str),
}

#[derive(Serialize, Deserialize)]
struct FaultRecord<'a> {
    field: &'a str,
    found: &'a str,
    expected: &'a str,
}

#[derive(Serialize, Deserialize)]
struct OwnerRecord<'a> {
    user: bool,
    display_name: &'a str,
    email: Option<&'a str>,
    #[serde(borrow)]
    parent: Option<RefRecord<'a>>,
    #[serde(borrow)]
    children: Vec<RefRecord<'a>>,
    #[serde(borrow)]
    members: Vec<RefRecord<'a>>,
    #[serde(borrow)]
    member_of: Vec<RefRecord<'a>>,
}

/// The key of an entity in its instance.
pub(crate) fn key(reference: &EntityRef) -> Result<Vec<u8>, RecordError> {
    bare(KEY, &RefRecord::of(reference))
}

/// The reference that [`key`] wrote.
pub(crate) fn from_key(key: &[u8]) -> Result<EntityRef, RecordError> {
    from_bare::<RefRecord<'_>>(KEY, key).map(RefRecord::into_ref)
}

/// The fact without its key.
pub(crate) fn encode(fact: &EntityFact) -> Result<Vec<u8>, RecordError> {
    let record = match fact {
        EntityFact::Component(component) if component.dependencies.is_empty() => {
            EntityRecord::Component(component_record(component))
        }
        EntityFact::Component(component) => {
            let dependencies = component.dependencies.iter().map(|dependency| {
                let declared = DeclarationRecord::of(dependency.declared);
                (declared, RefRecord::of(&dependency.target))
            });
            EntityRecord::Declaring(DeclaringRecord {
                component: component_record(component),
                dependencies: dependencies.collect(),
            })
        }
        EntityFact::Owner(owner) if owner.contacts.is_empty() => {
            EntityRecord::Owner(owner_record(owner))
        }
        EntityFact::Owner(owner) => {
            let contacts = owner.contacts.iter().map(|contact| ContactRecord {
                kind: WayRecord::of(contact.kind),
                value: &contact.value,
                title: contact.title.as_deref(),
            });
            EntityRecord::Reachable(ReachableRecord {
                owner: owner_record(owner),
                contacts: contacts.collect(),
            })
        }
    };
    versioned(FACT, &record)
}

/// The fact that [`encode`] wrote.
pub(crate) fn decode(reference: EntityRef, bytes: &[u8]) -> Result<EntityFact, RecordError> {
    Ok(match from_versioned(FACT, bytes)? {
        EntityRecord::Component(record) => {
            EntityFact::Component(Box::new(component(reference, record)))
        }
        EntityRecord::Declaring(record) => {
            let dependencies = record.dependencies.into_iter();
            EntityFact::Component(Box::new(ComponentFact {
                dependencies: dependencies
                    .map(|(declared, target)| Dependency {
                        target: target.into_ref(),
                        declared: declared.into_declaration(),
                    })
                    .collect(),
                ..component(reference, record.component)
            }))
        }
        EntityRecord::Owner(record) => owner(reference, record, Vec::new()),
        EntityRecord::Reachable(record) => owner(reference, record.owner, record.contacts),
    })
}

fn owner_record(owner: &OwnerFact) -> OwnerRecord<'_> {
    OwnerRecord {
        user: owner.kind == OwnerKind::User,
        display_name: &owner.display_name,
        email: owner.email.as_deref(),
        parent: owner.parent.as_ref().map(RefRecord::of),
        children: refs(&owner.children),
        members: refs(&owner.members),
        member_of: refs(&owner.member_of),
    }
}

fn owner(
    reference: EntityRef,
    record: OwnerRecord<'_>,
    contacts: Vec<ContactRecord<'_>>,
) -> EntityFact {
    let contacts = contacts.into_iter().map(|contact| Contact {
        kind: contact.kind.into_kind(),
        value: contact.value.into(),
        title: contact.title.map(Into::into),
    });
    EntityFact::Owner(Box::new(OwnerFact {
        reference,
        kind: if record.user {
            OwnerKind::User
        } else {
            OwnerKind::Group
        },
        display_name: record.display_name.into(),
        email: record.email.map(Into::into),
        contacts: contacts.collect(),
        parent: record.parent.map(RefRecord::into_ref),
        children: into_refs(record.children),
        members: into_refs(record.members),
        member_of: into_refs(record.member_of),
    }))
}

fn component_record(component: &ComponentFact) -> ComponentRecord<'_> {
    ComponentRecord {
        name: (component.name != component.reference.name).then_some(&*component.name),
        kubernetes_id: component.kubernetes_id.as_ref().map(FoundRecord::of),
        kubernetes_namespace: component.kubernetes_namespace.as_ref().map(FoundRecord::of),
        label_selector: component.label_selector.as_deref(),
        kubernetes_cluster: component.kubernetes_cluster.as_deref(),
        owners: component
            .owners
            .iter()
            .map(|claim| (claim.path, target_record(&claim.target)))
            .collect(),
        component_type: component.component_type.as_deref(),
        lifecycle: component.lifecycle.as_deref(),
        system: component.system.as_deref(),
        orphan: component.orphan,
        fault: component.fault.as_ref().map(|fault| FaultRecord {
            field: &fault.field,
            found: &fault.found,
            expected: &fault.expected,
        }),
    }
}

fn component(reference: EntityRef, record: ComponentRecord<'_>) -> ComponentFact {
    ComponentFact {
        name: record
            .name
            .map_or_else(|| reference.name.clone(), Into::into),
        reference,
        kubernetes_id: record.kubernetes_id.map(FoundRecord::into_found),
        kubernetes_namespace: record.kubernetes_namespace.map(FoundRecord::into_found),
        label_selector: record.label_selector.map(Into::into),
        kubernetes_cluster: record.kubernetes_cluster.map(Into::into),
        owners: record
            .owners
            .into_iter()
            .map(|(path, target)| OwnerClaim {
                path,
                target: match target {
                    TargetRecord::Ref(reference) => OwnerTarget::Ref(reference.into_ref()),
                    TargetRecord::Malformed(text) => OwnerTarget::Malformed(text.into()),
                },
            })
            .collect(),
        component_type: record.component_type.map(Into::into),
        lifecycle: record.lifecycle.map(Into::into),
        system: record.system.map(Into::into),
        dependencies: Vec::new(),
        orphan: record.orphan,
        fault: record.fault.map(|fault| FieldFault {
            field: fault.field.into(),
            found: fault.found.into(),
            expected: fault.expected.into(),
        }),
    }
}

fn target_record(target: &OwnerTarget) -> TargetRecord<'_> {
    match target {
        OwnerTarget::Ref(reference) => TargetRecord::Ref(RefRecord::of(reference)),
        OwnerTarget::Malformed(text) => TargetRecord::Malformed(text),
    }
}
