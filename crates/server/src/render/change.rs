//! Changes, for events and history (S27).

use topology::change::{Change, Ownership, VerdictState};

use super::{owned, word};

/// A change, before and after.
pub fn change(change: &Change) -> api::Change {
    match change {
        Change::Verdict {
            component,
            cluster,
            before,
            after,
        } => api::Change::Verdict(api::VerdictChange {
            reference: component.reference.to_string(),
            instance: component.instance.to_string(),
            cluster: cluster.to_string(),
            before: before.as_ref().map(verdict_state),
            after: after.as_ref().map(verdict_state),
        }),
        Change::Service {
            service,
            before,
            after,
        } => api::Change::Service(api::ServiceChange {
            service: service.to_string(),
            before: before.as_ref().map(ownership),
            after: after.as_ref().map(ownership),
        }),
    }
}

fn verdict_state(state: &VerdictState) -> api::VerdictState {
    api::VerdictState {
        verdict: word::verdict(state.kind),
        service: state.service.as_ref().map(ToString::to_string),
        owner: word::owner_state(state.owner),
    }
}

/// Who has a Service.
pub fn ownership(ownership: &Ownership) -> api::Ownership {
    let component = ownership.component.as_ref();
    api::Ownership {
        state: word::service_state(ownership.state),
        component: component.map(|component| component.reference.to_string()),
        instance: component.map(|component| component.instance.to_string()),
        owner: owned(ownership.owner.as_deref()),
    }
}
