//! What is written of a fact, and how it is read back: the two halves stand side by side.

use super::block::{Block, Reader};
use crate::contact::{Contact, ContactKind};
use crate::dependency::{Declaration, Dependency};
use crate::entity_ref::EntityRef;
use crate::fact::{
    ComponentFact, EntityFact, FieldFault, Found, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
};

const COMPONENT: usize = 0;
const GROUP: usize = 1;
const USER: usize = 2;

pub(super) fn write(block: &mut Block, fact: &EntityFact) {
    block.begin();
    match fact {
        EntityFact::Component(component) => {
            block.number(COMPONENT);
            write_component(block, component);
        }
        EntityFact::Owner(owner) => {
            block.number(match owner.kind {
                OwnerKind::Group => GROUP,
                OwnerKind::User => USER,
            });
            write_owner(block, owner);
        }
    }
}

pub(super) fn read(mut reader: Reader<'_>) -> EntityFact {
    match reader.number() {
        COMPONENT => EntityFact::Component(Box::new(read_component(&mut reader))),
        GROUP => EntityFact::Owner(Box::new(read_owner(&mut reader, OwnerKind::Group))),
        _ => EntityFact::Owner(Box::new(read_owner(&mut reader, OwnerKind::User))),
    }
}

/// The reference alone, which every fact begins with.
pub(super) fn read_reference(mut reader: Reader<'_>) -> EntityRef {
    reader.number();
    read_ref(&mut reader)
}

fn write_component(block: &mut Block, component: &ComponentFact) {
    let ComponentFact {
        reference,
        name,
        kubernetes_id,
        kubernetes_namespace,
        label_selector,
        kubernetes_cluster,
        owners,
        component_type,
        lifecycle,
        system,
        dependencies,
        orphan,
        fault,
    } = component;
    write_ref(block, reference);
    // The name as written is most often the one of the reference.
    write_text_if(block, (name != &reference.name).then_some(&**name));
    write_found(block, kubernetes_id.as_ref());
    write_found(block, kubernetes_namespace.as_ref());
    write_text_if(block, label_selector.as_deref());
    write_text_if(block, kubernetes_cluster.as_deref());
    write_list(block, owners, write_claim);
    write_text_if(block, component_type.as_deref());
    write_text_if(block, lifecycle.as_deref());
    write_text_if(block, system.as_deref());
    write_list(block, dependencies, write_dependency);
    block.number(usize::from(*orphan));
    write_fault(block, fault.as_ref());
}

fn read_component(reader: &mut Reader<'_>) -> ComponentFact {
    let reference = read_ref(reader);
    let name = read_text_if(reader).unwrap_or_else(|| reference.name.clone());
    ComponentFact {
        reference,
        name,
        kubernetes_id: read_found(reader),
        kubernetes_namespace: read_found(reader),
        label_selector: read_text_if(reader),
        kubernetes_cluster: read_text_if(reader),
        owners: read_list(reader, read_claim),
        component_type: read_text_if(reader),
        lifecycle: read_text_if(reader),
        system: read_text_if(reader),
        dependencies: read_list(reader, read_dependency),
        orphan: reader.number() != 0,
        fault: read_fault(reader),
    }
}

fn write_owner(block: &mut Block, owner: &OwnerFact) {
    let OwnerFact {
        reference,
        kind: _,
        display_name,
        email,
        contacts,
        parent,
        children,
        members,
        member_of,
    } = owner;
    write_ref(block, reference);
    block.text(display_name);
    write_text_if(block, email.as_deref());
    write_list(block, contacts, write_contact);
    write_list(block, parent.as_slice(), write_ref);
    write_list(block, children, write_ref);
    write_list(block, members, write_ref);
    write_list(block, member_of, write_ref);
}

fn read_owner(reader: &mut Reader<'_>, kind: OwnerKind) -> OwnerFact {
    OwnerFact {
        reference: read_ref(reader),
        kind,
        display_name: reader.text().into(),
        email: read_text_if(reader),
        contacts: read_list(reader, read_contact),
        parent: read_list(reader, read_ref).pop(),
        children: read_list(reader, read_ref),
        members: read_list(reader, read_ref),
        member_of: read_list(reader, read_ref),
    }
}

const WAYS: [ContactKind; 5] = [
    ContactKind::Email,
    ContactKind::Slack,
    ContactKind::PagerDuty,
    ContactKind::Opsgenie,
    ContactKind::Link,
];

fn write_contact(block: &mut Block, contact: &Contact) {
    let Contact { kind, value, title } = contact;
    let known = WAYS.iter().position(|way| way == kind);
    block.number(known.unwrap_or_default());
    block.text(value);
    write_text_if(block, title.as_deref());
}

fn read_contact(reader: &mut Reader<'_>) -> Contact {
    Contact {
        kind: WAYS
            .get(reader.number())
            .copied()
            .unwrap_or(ContactKind::Link),
        value: reader.text().into(),
        title: read_text_if(reader),
    }
}

/// The kinds that most references have, which are then one byte.
const KINDS: [&str; 3] = ["component", "group", "user"];

fn write_ref(block: &mut Block, reference: &EntityRef) {
    let known = KINDS.iter().position(|kind| *kind == &*reference.kind);
    block.number(known.unwrap_or(KINDS.len()));
    if known.is_none() {
        block.text(&reference.kind);
    }
    block.text(&reference.namespace);
    block.text(&reference.name);
}

fn read_ref(reader: &mut Reader<'_>) -> EntityRef {
    let kind = match KINDS.get(reader.number()) {
        Some(kind) => kind,
        None => reader.text(),
    };
    EntityRef {
        kind: kind.into(),
        namespace: reader.text().into(),
        name: reader.text().into(),
    }
}

fn write_text_if(block: &mut Block, text: Option<&str>) {
    block.number(usize::from(text.is_some()));
    if let Some(text) = text {
        block.text(text);
    }
}

fn read_text_if(reader: &mut Reader<'_>) -> Option<Box<str>> {
    (reader.number() != 0).then(|| reader.text().into())
}

fn write_list<T>(block: &mut Block, list: &[T], item: impl Fn(&mut Block, &T)) {
    block.number(list.len());
    for it in list {
        item(block, it);
    }
}

fn read_list<T>(reader: &mut Reader<'_>, item: impl Fn(&mut Reader<'_>) -> T) -> Vec<T> {
    let length = reader.number();
    (0..length).map(|_| item(reader)).collect()
}

fn write_found(block: &mut Block, found: Option<&Found>) {
    block.number(found.map_or(0, |found| usize::from(found.path) + 1));
    if let Some(found) = found {
        block.text(&found.value);
    }
}

fn read_found(reader: &mut Reader<'_>) -> Option<Found> {
    let path = reader.number().checked_sub(1)?;
    Some(Found {
        path: u8::try_from(path).unwrap_or(u8::MAX),
        value: reader.text().into(),
    })
}

fn write_claim(block: &mut Block, claim: &OwnerClaim) {
    block.number(usize::from(claim.path));
    match &claim.target {
        OwnerTarget::Ref(reference) => {
            block.number(0);
            write_ref(block, reference);
        }
        OwnerTarget::Malformed(text) => {
            block.number(1);
            block.text(text);
        }
    }
}

fn read_claim(reader: &mut Reader<'_>) -> OwnerClaim {
    OwnerClaim {
        path: u8::try_from(reader.number()).unwrap_or(u8::MAX),
        target: match reader.number() {
            0 => OwnerTarget::Ref(read_ref(reader)),
            _ => OwnerTarget::Malformed(reader.text().into()),
        },
    }
}

fn write_dependency(block: &mut Block, dependency: &Dependency) {
    let Dependency { target, declared } = dependency;
    let known = Declaration::ALL.iter().position(|it| it == declared);
    block.number(known.unwrap_or_default());
    write_ref(block, target);
}

fn read_dependency(reader: &mut Reader<'_>) -> Dependency {
    let declared = Declaration::ALL.get(reader.number()).copied();
    Dependency {
        declared: declared.unwrap_or(Declaration::DependsOn),
        target: read_ref(reader),
    }
}

fn write_fault(block: &mut Block, fault: Option<&FieldFault>) {
    block.number(usize::from(fault.is_some()));
    if let Some(FieldFault {
        field,
        found,
        expected,
    }) = fault
    {
        block.text(field);
        block.text(found);
        block.text(expected);
    }
}

fn read_fault(reader: &mut Reader<'_>) -> Option<FieldFault> {
    (reader.number() != 0).then(|| FieldFault {
        field: reader.text().into(),
        found: reader.text().into(),
        expected: reader.text().into(),
    })
}
