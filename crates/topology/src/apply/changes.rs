//! Changes as ids, and as the plain values that others keep.

use crate::change::{Change, Ownership, VerdictState};
use crate::records::{NONE, PublishedVerdict};
use crate::topology::{ClusterId, ComponentId, OwnerId, ServiceId, Topology};
use crate::verdict::{ComponentKey, ServiceState};

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

#[derive(Debug, Default)]
pub(crate) struct RawChanges {
    pub(crate) verdicts: Vec<RawVerdict>,
    pub(crate) services: Vec<RawService>,
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
            state: match (component, owner) {
                (None, _) => ServiceState::Unclaimed,
                (Some(_), None) => ServiceState::StitchedWithoutOwner,
                (Some(_), Some(_)) => ServiceState::Owned,
            },
            component: component.map(|id| self.component_key(id)),
            owner: owner.map(|id| self.owner_ref(OwnerId(id)).to_string().into()),
        }
    }
}
