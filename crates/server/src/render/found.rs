//! What a search found.

use topology::holder::Holder;
use topology::search::Found;
use topology::topology::{OwnerId, ServiceId, Topology, WorkloadId};

use super::service::service_id;
use super::word;

/// Something that was found, with who owns it.
pub fn found(topology: &Topology, found: Found) -> api::Found {
    let kind = word::found_kind(found.kind());
    match found {
        Found::Service(id) => {
            let it = topology.service(id);
            api::Found {
                place: [it.cluster, it.namespace].join("/"),
                ..owned_by(
                    topology,
                    it.owner,
                    kind,
                    service_id(it.cluster, it.namespace, it.name),
                    it.name,
                )
            }
        }
        Found::Component(id) => {
            let it = topology.component(id);
            let reference = topology.component_ref(id).to_string();
            api::Found {
                place: [it.instance, it.namespace].join("/"),
                ..owned_by(topology, it.owner, kind, reference, it.name)
            }
        }
        Found::Owner(id) => {
            let it = topology.owner(id);
            let reference = topology.owner_ref(id).to_string();
            api::Found {
                place: [it.instance, it.namespace].join("/"),
                ..owned_by(topology, None, kind, reference, it.display_name)
            }
        }
        Found::Workload(id) => workload(topology, id, kind),
    }
}

fn workload(topology: &Topology, id: WorkloadId, kind: api::FoundKind) -> api::Found {
    let it = topology.workload(id);
    let services = topology.nearest_services(id);
    let owner = match topology.holder_of_nearest(&services) {
        Holder::One { owner, .. } => Some(owner),
        Holder::Nobody | Holder::Several => None,
    };
    // Of several the one that its owner comes from says more.
    let of_owner = |id: &&ServiceId| owner.is_some() && topology.service(**id).owner == owner;
    let service = services.iter().find(of_owner).or(services.first());
    let place = [it.cluster, it.namespace];
    let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
    api::Found {
        place: place.join("/"),
        object_kind: Some(it.kind.as_str().to_owned()),
        service: service.map(|id| topology.service(*id).key().to_string()),
        ..owned_by(topology, owner, kind, it.place(), it.name)
    }
}

fn owned_by(
    topology: &Topology,
    owner: Option<OwnerId>,
    kind: api::FoundKind,
    id: String,
    name: &str,
) -> api::Found {
    api::Found {
        kind,
        id,
        name: name.to_owned(),
        place: String::new(),
        object_kind: None,
        service: None,
        owner: owner.map(|owner| topology.owner_ref(owner).to_string()),
        owner_name: owner.map(|owner| topology.owner(owner).display_name.to_owned()),
    }
}
