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

    /// The Services that the object itself leads to, or else the nearest of what made it; of a claim, an autoscaler or a
    /// route over what that leads to first. Less than [`inherited`](Self::inherited), and as short for what has ten thousand
    /// pods. Sorted by key.
    pub fn nearest_services(&self, id: WorkloadId) -> Vec<ServiceId> {
        let it = self.workloads.get(id.0);
        let from = match it.kind {
            WorkloadKind::Node => None,
            WorkloadKind::PersistentVolumeClaim => self.mounting(id.0).first().map(|id| id.0),
            WorkloadKind::HorizontalPodAutoscaler => {
                let mut targets = self.referred(id.0, |_| true);
                // It may name anything, another autoscaler included: only what runs is followed.
                targets.find(|id| self.workloads.get(*id).kind.may_control())
            }
            _ => Some(id.0),
        };
        let mut found: Vec<ServiceId> = match it.kind {
            WorkloadKind::Ingress | WorkloadKind::HttpRoute | WorkloadKind::GrpcRoute => {
                self.backends(it).collect()
            }
            _ => {
                let chain = from.into_iter().flat_map(|id| self.chain(id));
                let mut over = chain.map(|id| self.services_over(self.workloads.get(id)));
                let nearest = over.find(|services| !services.is_empty());
                nearest
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(service, _)| service)
                    .collect()
            }
        };
        found.sort_by_cached_key(|id| self.service(*id).key());
        found.dedup();
        found
    }

    /// Who has the nearest Services of an object.
    pub fn holder_of_nearest(&self, services: &[ServiceId]) -> Holder {
        let views = services.iter().map(|id| self.service(*id));
        views.fold(Holder::Nobody, |holder, it| {
            holder.and(it.owner, it.component)
        })
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
