//! What was, at a moment of the past (S27): what history says, and how owners are reached now.

use store::HistoryEntry;
use topology::change::{Change, Ownership};
use topology::topology::Topology;
use topology::verdict::ServiceKey;

use super::history::cause;
use super::{owned, owner_contact_of, time, word};

/// Who had the Service after the change, unless the change took it away.
fn ownership(entry: &HistoryEntry) -> Option<&Ownership> {
    match &entry.change {
        Change::Service { after, .. } => after.as_ref(),
        Change::Verdict { .. } => None,
    }
}

/// Whether the Service was there after the change.
pub fn is_there(last: &HistoryEntry) -> bool {
    ownership(last).is_some()
}

/// A Service at a moment, by its last change up to that; `None`: it was not there.
pub fn service_at(
    topology: &Topology,
    service: &ServiceKey,
    at: i64,
    last: &HistoryEntry,
) -> Option<api::ServiceAt> {
    let then = ownership(last)?;
    let component = then.component.as_ref();
    Some(api::ServiceAt {
        id: service.to_string(),
        at: time(at),
        state: word::service_state(then.state),
        component: component.map(|component| component.reference.to_string()),
        instance: component.map(|component| component.instance.to_string()),
        owner: contact(topology, then),
        since: time(last.cursor.at),
        cause: cause(&last.cause),
    })
}

/// A Service that an owner had, by the change that gave it; `None`: the change is of something else.
pub fn owned_at(gave: &HistoryEntry) -> Option<api::OwnedAt> {
    let Change::Service {
        service,
        after: Some(then),
        ..
    } = &gave.change
    else {
        return None;
    };
    let component = then.component.as_ref();
    Some(api::OwnedAt {
        id: service.to_string(),
        component: component.map(|component| component.reference.to_string()),
        instance: component.map(|component| component.instance.to_string()),
        since: time(gave.cursor.at),
        cause: cause(&gave.cause),
    })
}

/// Turns an answer about now into one about a moment of the past: of each Service that the labels lead to, its last change
/// up to that moment says whose it was.
pub fn resolution_at(
    topology: &Topology,
    mut answer: api::ResolveAnswer,
    at: i64,
    services: &[(ServiceKey, Option<HistoryEntry>)],
) -> api::ResolveAnswer {
    let moment = time(at);
    if answer.confidence != api::Confidence::Exact && !services.is_empty() {
        let now = "what leads to a Service is as it is now: history keeps owners alone";
        answer.path.push(now.to_owned());
    }
    answer.owners.clear();
    for (service, last) in services {
        let then = last
            .as_ref()
            .and_then(|last| Some((last, ownership(last)?)));
        let Some((last, then)) = then else {
            let gone = format!("Service `{service}` was not there at {moment}");
            answer.path.push(gone);
            continue;
        };
        let component = then.component.as_ref();
        answer.owners.push(api::ResolvedOwner {
            service: service.to_string(),
            component: component.map(|component| component.reference.to_string()),
            owner: contact(topology, then),
            since: Some(time(last.cursor.at)),
            cause: Some(cause(&last.cause)),
        });
    }
    let mut owners = answer.owners.iter().map(|it| &it.owner);
    let first = owners.next();
    let differ = owners.any(|owner| Some(owner) != first);
    answer.confidence = match answer.confidence {
        _ if first.is_none() => api::Confidence::Unknown,
        api::Confidence::Inherited | api::Confidence::Shared if differ => api::Confidence::Shared,
        api::Confidence::Shared => api::Confidence::Inherited,
        sure => sure,
    };
    answer.at = Some(moment);
    answer
}

fn contact(topology: &Topology, then: &Ownership) -> Option<api::OwnerContact> {
    let instance = then.component.as_ref().map(|it| &*it.instance);
    let reference = owned(then.owner.as_deref())?;
    Some(owner_contact_of(topology, &reference, instance))
}
