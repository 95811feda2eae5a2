//! Changes as ids, and as the plain values that others keep.

use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::change::{Change, Ownership, VerdictState};
use crate::records::{NONE, PublishedVerdict};
use crate::topology::{ClusterId, ComponentId, Map, OwnerId, ServiceId, Topology};
use crate::verdict::{ComponentKey, OwnerState, ServiceState, VerdictKind};

#[derive(Clone, Copy, Debug)]
pub(crate) struct RawVerdict {
    pub(crate) component: u32,
    pub(crate) cluster: ClusterId,
    pub(crate) before: Option<PublishedVerdict>,
    pub(crate) after: Option<PublishedVerdict>,
}

/// Component and owner, or [`NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublishedOwnership {
    pub(crate) component: u32,
    pub(crate) owner: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct RawService {
    pub(crate) service: u32,
    pub(crate) before: Option<PublishedOwnership>,
    pub(crate) after: Option<PublishedOwnership>,
}

/// Verdicts and Services of a cluster as they were last told, by state, each in the order of the state's `ALL`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) verdicts: [usize; VerdictKind::ALL.len()],
    pub(crate) owner_states: [usize; OwnerState::ALL.len()],
    pub(crate) service_states: [usize; ServiceState::ALL.len()],
}

#[derive(Debug, Default)]
pub(crate) struct RawChanges {
    pub(crate) verdicts: Vec<RawVerdict>,
    pub(crate) services: Vec<RawService>,
    /// A subject may stand here more than once: it ended and began again, or settings changed before the batch came.
    pub(crate) repeated: bool,
}

impl RawChanges {
    /// Each subject at most once, and only if something changed in the end.
    pub(super) fn net(self) -> Self {
        if !self.repeated {
            return self;
        }
        Self {
            verdicts: net(
                self.verdicts,
                |it| (it.component, it.cluster),
                |first, last| first.after = last.after,
                |it| it.before != it.after,
            ),
            services: net(
                self.services,
                |it| it.service,
                |first, last| first.after = last.after,
                |it| it.before != it.after,
            ),
            repeated: false,
        }
    }
}

/// Folds the changes of one subject into the first of them.
fn net<C, S: Hash + Eq>(
    changes: Vec<C>,
    subject: impl Fn(&C) -> S,
    fold: impl Fn(&mut C, C),
    differs: impl Fn(&C) -> bool,
) -> Vec<C> {
    let mut firsts: Map<S, usize> = Map::default();
    let mut net: Vec<C> = Vec::with_capacity(changes.len());
    for change in changes {
        match firsts.entry(subject(&change)) {
            Entry::Occupied(first) => fold(&mut net[*first.get()], change),
            Entry::Vacant(first) => {
                first.insert(net.len());
                net.push(change);
            }
        }
    }
    net.retain(differs);
    net
}

/// What one batch changed, in little memory. [`Topology::describe`] makes plain values of it, until the next batch.
#[derive(Debug, Default)]
pub struct Changes(RawChanges);

impl Changes {
    pub(crate) fn new(raw: RawChanges) -> Self {
        Self(raw)
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.0.verdicts.len() + self.0.services.len()
    }

    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Topology {
    /// Every change of a verdict goes through here, so that what is told and what is counted agree.
    pub(super) fn tell_verdict(&mut self, change: RawVerdict) {
        for (state, by) in [(change.before, -1), (change.after, 1)] {
            if let Some(state) = state {
                let counted = &mut self.clusters[usize::from(change.cluster.0)].counts;
                add(&mut counted.verdicts, &VerdictKind::ALL, &state.kind, by);
                add(
                    &mut counted.owner_states,
                    &OwnerState::ALL,
                    &state.owner,
                    by,
                );
            }
        }
        self.pending.repeated |= change.after.is_none();
        self.pending.verdicts.push(change);
    }

    /// The same for Services.
    pub(super) fn tell_service(&mut self, change: RawService) {
        let cluster = self.services.get(change.service).cluster;
        let counted = &mut self.clusters[usize::from(cluster.0)].counts.service_states;
        for (state, by) in [(change.before, -1), (change.after, 1)] {
            if let Some(state) = state {
                add(counted, &ServiceState::ALL, &service_state(state), by);
            }
        }
        self.pending.services.push(change);
    }

    /// The changes as plain values, sorted by what they are about. To be called before the next batch is applied.
    pub fn describe(&self, changes: &Changes) -> Vec<Change> {
        let raw = &changes.0;
        let mut verdicts: Vec<_> = raw
            .verdicts
            .iter()
            .map(|raw| Change::Verdict {
                component: self.component_key(raw.component),
                cluster: self.at_cluster(raw.cluster).name.clone(),
                before: raw.before.map(|it| self.describe_verdict(it)),
                after: raw.after.map(|it| self.describe_verdict(it)),
            })
            .collect();
        let mut services: Vec<_> = raw
            .services
            .iter()
            .map(|raw| Change::Service {
                service: self.service(ServiceId(raw.service)).key(),
                before: raw.before.map(|it| self.describe_ownership(it)),
                after: raw.after.map(|it| self.describe_ownership(it)),
            })
            .collect();
        verdicts.sort_by(|a, b| a.subject().cmp(&b.subject()));
        services.sort_by(|a, b| a.subject().cmp(&b.subject()));
        verdicts.append(&mut services);
        verdicts
    }

    pub(crate) fn component_key(&self, component: u32) -> ComponentKey {
        let id = ComponentId(component);
        ComponentKey {
            instance: self.component(id).instance.into(),
            reference: self.component_ref(id),
        }
    }

    fn describe_verdict(&self, published: PublishedVerdict) -> VerdictState {
        VerdictState {
            kind: published.kind,
            service: (published.service != NONE)
                .then(|| self.service(ServiceId(published.service)).key()),
            owner: published.owner,
        }
    }

    fn describe_ownership(&self, published: PublishedOwnership) -> Ownership {
        let present = |id: u32| (id != NONE).then_some(id);
        let component = present(published.component);
        let owner = present(published.owner);
        Ownership {
            state: service_state(published),
            component: component.map(|id| self.component_key(id)),
            owner: owner.map(|id| self.owner_ref(OwnerId(id)).to_string().into()),
        }
    }
}

fn service_state(published: PublishedOwnership) -> ServiceState {
    match (published.component, published.owner) {
        (NONE, _) => ServiceState::Unclaimed,
        (_, NONE) => ServiceState::StitchedWithoutOwner,
        _ => ServiceState::Owned,
    }
}

fn add<T: PartialEq, const N: usize>(counts: &mut [usize; N], all: &[T; N], one: &T, by: isize) {
    if let Some(index) = all.iter().position(|other| other == one) {
        counts[index] = counts[index].saturating_add_signed(by);
    }
}
