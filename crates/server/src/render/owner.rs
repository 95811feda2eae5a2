//! Groups and Users.

use topology::contact::Contact;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::topology::{OwnerId, Topology};

use super::{owned, texts, word};

/// An owner in a list (S14, S32).
pub fn owner_row(topology: &Topology, id: OwnerId) -> api::OwnerRow {
    let view = topology.owner(id);
    api::OwnerRow {
        reference: topology.owner_ref(id).to_string(),
        kind: word::owner_kind(view.kind),
        display_name: view.display_name.to_owned(),
        email: owned(view.email),
        instance: view.instance.to_owned(),
        labels: topology
            .owner_labels(id)
            .into_iter()
            .map(|label| (label.key.into(), label.value.into()))
            .collect(),
    }
}

/// An owner and its place in the company.
pub fn owner_detail(topology: &Topology, id: OwnerId) -> api::OwnerDetail {
    let found = topology.owner_contacts(id);
    api::OwnerDetail {
        row: owner_row(topology, id),
        contacts: contacts(&found.ways),
        contacts_of: found.of.map(|of| of.to_string()),
        parent: topology.owner_parent(id).map(|parent| parent.to_string()),
        children: texts(&topology.owner_children(id)),
        members: texts(&topology.owner_members(id)),
    }
}

/// Who an owner is and how to reach them.
pub fn owner_contact(topology: &Topology, id: OwnerId) -> api::OwnerContact {
    let view = topology.owner(id);
    let found = topology.owner_contacts(id);
    api::OwnerContact {
        reference: topology.owner_ref(id).to_string(),
        kind: word::owner_kind(view.kind),
        display_name: view.display_name.to_owned(),
        email: owned(view.email),
        contacts: contacts(&found.ways),
        contacts_of: found.of.map(|of| of.to_string()),
    }
}

/// Who the owner of that reference is in an instance, in whichever has it where none is named. Of one that no catalog has
/// any more there is its name.
pub fn owner_contact_of(
    topology: &Topology,
    reference: &str,
    instance: Option<&str>,
) -> api::OwnerContact {
    let parsed = EntityRef::parse(reference, Some("group"), DEFAULT_NAMESPACE);
    let known = parsed.as_ref().map(|parsed| topology.find_owners(parsed));
    let found = known
        .unwrap_or_default()
        .into_iter()
        .find(|&id| instance.is_none_or(|instance| topology.owner(id).instance == instance));
    if let Some(id) = found {
        return owner_contact(topology, id);
    }
    let is_user = parsed.as_ref().is_ok_and(|parsed| &*parsed.kind == "user");
    api::OwnerContact {
        reference: reference.to_owned(),
        kind: if is_user {
            api::OwnerKind::User
        } else {
            api::OwnerKind::Group
        },
        display_name: parsed.map_or_else(|_| reference.to_owned(), |parsed| parsed.name.into()),
        email: None,
        contacts: Vec::new(),
        contacts_of: None,
    }
}

fn contacts(ways: &[Contact]) -> Vec<api::Contact> {
    let contact = |way: &Contact| api::Contact {
        kind: word::contact_kind(way.kind),
        value: way.value.to_string(),
        title: owned(way.title.as_deref()),
    };
    ways.iter().map(contact).collect()
}
