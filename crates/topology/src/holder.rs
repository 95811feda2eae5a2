//! The one owner of something, where an answer has room for one only, as the labels of a metric have (S19).
//!
//! It follows from what `inherit` says of all owners: who is not the only one is not told.

use crate::fact::WorkloadKind;
use crate::topology::{ComponentId, OwnerId, ServiceId, Topology, WorkloadId};

/// Who has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody that is known.
    Nobody,
    /// One owner.
    One {
        /// The owner.
        owner: OwnerId,
        /// The component it is owned by way of; none where there are several of that owner.
        component: Option<ComponentId>,
    },
    /// Several owners share it.
    Several,
}

impl Holder {
    /// With one more Service over it. A Service that nobody owns takes nothing from those that have an owner.
    fn and(self, owner: Option<OwnerId>, component: Option<ComponentId>) -> Self {
        let Some(owner) = owner else { return self };
        match self {
            Self::Nobody => Self::One { owner, component },
            Self::One { owner: other, .. } if other != owner => Self::Several,
            Self::One {
                component: other, ..
            } => Self::One {
                owner,
                component: other.filter(|other| Some(*other) == component),
            },
            Self::Several => Self::Several,
        }
    }
}

impl Topology {
    /// Who has a Service.
    pub fn holder_of_service(&self, id: ServiceId) -> Holder {
        let it = self.service(id);
        Holder::Nobody.and(it.owner, it.component)
    }

    /// Who has a workload or a pod, by all Services that it [inherits](Self::inherited) from; of what is around them nobody.
    pub fn holder_of_workload(&self, id: WorkloadId) -> Holder {
        let kind = self.workloads.get(id.0).kind;
        if !kind.may_control() && kind != WorkloadKind::Pod {
            return Holder::Nobody;
        }
        let below = self.controlled(id.0);
        let all = self
            .chain(id.0)
            .chain(below.into_iter().filter(|other| *other != id.0));
        let mut holder = Holder::Nobody;
        for other in all {
            for (service, _) in self.services_over(self.workloads.get(other)) {
                let it = self.service(service);
                holder = holder.and(it.owner, it.component);
            }
            if holder == Holder::Several {
                break;
            }
        }
        holder
    }

    /// Whether something that is known made it, as a Deployment makes its `ReplicaSets`.
    pub fn is_controlled(&self, id: WorkloadId) -> bool {
        self.controller(self.workloads.get(id.0)).is_some()
    }

    /// The workloads, pods and what is around them after `after`, in the order of their ids, which means nothing but that a
    /// walk can go on from one. What comes while nobody looks may take an id that the walk has passed.
    pub fn workloads_after(
        &self,
        after: Option<WorkloadId>,
    ) -> impl Iterator<Item = (WorkloadId, WorkloadKind)> {
        let from = after.map_or(0, |id| id.0.saturating_add(1));
        self.workloads
            .iter_from(from)
            .filter(|(_, it)| it.live)
            .map(|(id, it)| (WorkloadId(id), it.kind))
    }
}
