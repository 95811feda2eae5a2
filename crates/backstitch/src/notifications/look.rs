//! What the topology knows that messages need: names and addresses of teams, who has a namespace. It only reads.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use server::status::SourceId;
use server::status::SourceState;
use topology::contact::ContactKind;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::topology::{OwnerId, Topology};
use topology::verdict::ServiceKey;
use topology::view::ServiceView;

use super::gather::{Look, Sources};
use super::message::OfSource;
use crate::config::Happening;

/// Services of a namespace that are looked at.
const LOOKED_AT: usize = 200;

/// The topology; each question takes the read lock for itself, so that the loop is not kept from writing.
#[derive(Clone, Debug)]
pub(super) struct Known(pub(super) Arc<RwLock<Topology>>);

impl Known {
    fn read(&self) -> RwLockReadGuard<'_, Topology> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The e-mail address of a team, or of the nearest group above that can be reached.
    pub(super) fn address(&self, reference: &str) -> Option<String> {
        let topology = self.read();
        let id = owner(&topology, reference)?;
        if let Some(email) = topology.owner(id).email {
            return Some(email.to_owned());
        }
        let ways = topology.owner_contacts(id).ways.into_iter();
        let mut mails = ways.filter(|way| way.kind == ContactKind::Email);
        mails.next().map(|way| way.value.into())
    }
}

impl Look for Known {
    fn team_of_namespace(&self, service: &ServiceKey) -> Option<String> {
        let topology = self.read();
        // No name is empty: the list goes on with the first of the namespace.
        let before = ServiceKey {
            name: "".into(),
            ..service.clone()
        };
        let services = topology.services_after(Some(&before)).take(LOOKED_AT);
        let services = services.map(|id| topology.service(id));
        let here = |it: &ServiceView<'_>| {
            *it.cluster == *service.cluster && *it.namespace == *service.namespace
        };
        let here: Vec<ServiceView<'_>> = services.take_while(here).collect();
        let mut owners = here.iter().filter_map(|it| it.owner);
        let first = owners.next()?;
        // Of a namespace that is not seen whole nothing is said.
        let only = here.len() < LOOKED_AT && owners.all(|owner| owner == first);
        only.then(|| topology.owner_ref(first).to_string())
    }

    fn name(&self, reference: &str) -> Option<String> {
        let topology = self.read();
        let id = owner(&topology, reference)?;
        Some(topology.owner(id).display_name.to_owned())
    }

    fn is_ignored(&self, service: &ServiceKey) -> bool {
        let topology = self.read();
        let found = topology.find_service(service);
        found.is_some_and(|id| topology.is_service_ignored(id))
    }
}

fn owner(topology: &Topology, reference: &str) -> Option<OwnerId> {
    let reference = EntityRef::parse(reference, None, DEFAULT_NAMESPACE).ok()?;
    topology.find_owners(&reference).first().copied()
}

/// What is to be told of sources that stand so. Pure.
pub(super) fn of_sources(states: &[(SourceId, SourceState)]) -> Sources {
    let mut sources = Sources::default();
    // Who paused a source knows of it.
    for (id, state) in states.iter().filter(|(_, state)| !state.paused) {
        let since = state.phase_since.unwrap_or_default();
        let source = format!("{}/{}", id.kind, id.name);
        if let Some(held) = &state.held {
            let removals = if held.removals == 1 {
                "removal"
            } else {
                "removals"
            };
            sources.standing.push(OfSource {
                happening: Happening::RemovalsHeldBack,
                source: source.clone(),
                detail: format!("{} {removals} wait to be confirmed", held.removals),
                remedy: Some(format!(
                    "if they are right, `backstitch decisions confirm {source}`"
                )),
                since,
            });
        }
        if !state.current && state.failure.is_none() {
            sources.unsure.insert(source.clone());
        }
        // One that never answered has nothing that could be stale.
        if let (Some(failure), Some(_), false) = (&state.failure, state.last_good, state.current) {
            sources.standing.push(OfSource {
                happening: Happening::SourceStale,
                source,
                detail: failure.message.clone(),
                remedy: failure.remedy.clone(),
                since,
            });
        }
    }
    sources
}

/// Whether every source has answered once, whatever it said.
pub(super) fn all_answered(states: &[(SourceId, SourceState)]) -> bool {
    states.iter().all(|(_, state)| state.has_answered())
}

#[cfg(test)]
mod tests {
    use server::status::{Failure, FailureKind};

    use super::*;

    /// What is told of a source, and whether it is unsure.
    fn told(state: SourceState) -> String {
        let id = SourceId {
            kind: api::SourceKind::Catalog,
            name: "main".to_owned(),
        };
        let Sources { standing, unsure } = of_sources(&[(id, state)]);
        let mut words: Vec<&str> = standing.iter().map(|it| it.happening.as_str()).collect();
        words.extend((!unsure.is_empty()).then_some("unsure"));
        words.join(" ")
    }

    #[test]
    fn what_is_told_of_a_source() {
        let failure = Some(Failure {
            kind: FailureKind::Unreachable,
            at: 1,
            message: "no route".into(),
            remedy: None,
        });
        let held = Some(api::HeldBack {
            removals: 60,
            times: 1,
            confirmations: 3,
        });
        // As it was last good, is current, failed, and holds back.
        let table = [
            (None, false, &None, &None, "unsure"),
            (None, false, &failure, &None, ""),
            (Some(1), false, &None, &None, "unsure"),
            (Some(1), true, &None, &None, ""),
            (Some(1), false, &failure, &None, "source-stale"),
            (Some(1), true, &None, &held, "removals-held-back"),
            (
                Some(1),
                false,
                &failure,
                &held,
                "removals-held-back source-stale",
            ),
        ];
        for (last_good, current, failure, held, expected) in table {
            let state = SourceState {
                last_good,
                current,
                failure: failure.clone(),
                held: *held,
                ..SourceState::default()
            };
            assert_eq!(told(state), expected, "{last_good:?} {current}");
        }
    }
}
