//! What people decided.

use store::{Decided, DecisionRecord};
use topology::decisions::{Decision, Effect};
use topology::topology::Topology;
use topology::verdict::{ComponentKey, ServiceKey};

use super::history::source_kind;
use super::time;

/// A decision, and whether it bears on anything.
pub fn decision(topology: &Topology, record: &DecisionRecord) -> api::Decision {
    let effect = match &record.new.decided {
        Decided::Standing(decision) if record.ended.is_none() => Some(topology.effect(decision)),
        _ => None,
    };
    let mut rendered = api::Decision {
        id: record.id,
        kind: api::DecisionKind::ConfirmRemovals,
        component: None,
        instance: None,
        service: None,
        source: None,
        author: record.new.author.to_string(),
        reason: record.new.reason.to_string(),
        made_at: time(record.at),
        until: record.new.until.map(time),
        state: match &effect {
            None => api::DecisionState::Ended,
            Some(effect) if effect.is_stale() => api::DecisionState::Stale,
            Some(_) => api::DecisionState::InForce,
        },
        stale: effect
            .filter(Effect::is_stale)
            .map(|effect| effect.to_string()),
        ended: record.ended.as_ref().map(|ended| api::DecisionEnd {
            at: time(ended.at),
            by: ended.by.as_deref().map(str::to_owned),
            why: ended.why.to_string(),
        }),
    };
    match &record.new.decided {
        Decided::Standing(Decision::Pin { component, service }) => {
            rendered.kind = api::DecisionKind::Pin;
            of_component(&mut rendered, component);
            of_service(&mut rendered, service);
        }
        Decided::Standing(Decision::Prefer { component, service }) => {
            rendered.kind = api::DecisionKind::Prefer;
            of_component(&mut rendered, component);
            of_service(&mut rendered, service);
        }
        Decided::Standing(Decision::IgnoreComponent(component)) => {
            rendered.kind = api::DecisionKind::Ignore;
            of_component(&mut rendered, component);
        }
        Decided::Standing(Decision::IgnoreService(service)) => {
            rendered.kind = api::DecisionKind::Ignore;
            of_service(&mut rendered, service);
        }
        Decided::Confirmed(source) => {
            rendered.source = Some(api::DecisionSource {
                kind: source_kind(source),
                name: source.name().to_owned(),
            });
        }
    }
    rendered
}

fn of_component(decision: &mut api::Decision, component: &ComponentKey) {
    decision.component = Some(component.reference.to_string());
    decision.instance = Some(component.instance.to_string());
}

fn of_service(decision: &mut api::Decision, service: &ServiceKey) {
    decision.service = Some(service.to_string());
}
