//! What a batch of facts changed: the raw material of history and events (S27).

use crate::verdict::{ComponentKey, OwnerState, ServiceKey, ServiceState, VerdictKind};

/// One change, before and after. `None`: it was not there, or is there no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The verdict of a component in a cluster changed.
    Verdict {
        /// The component.
        component: ComponentKey,
        /// The cluster.
        cluster: Box<str>,
        /// Before.
        before: Option<VerdictState>,
        /// After.
        after: Option<VerdictState>,
    },
    /// The stitch or the owner of a Service changed.
    Service {
        /// The Service.
        service: ServiceKey,
        /// Before.
        before: Option<Ownership>,
        /// After.
        after: Option<Ownership>,
    },
}

/// As much of a verdict as history keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictState {
    /// The verdict.
    pub kind: VerdictKind,
    /// The Service, where the verdict is about exactly one.
    pub service: Option<ServiceKey>,
    /// The state of the component's owner.
    pub owner: OwnerState,
}

/// Who has a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The state.
    pub state: ServiceState,
    /// The component stitched to it.
    pub component: Option<ComponentKey>,
    /// Canonical reference of its resolved owner.
    pub owner: Option<Box<str>>,
}

/// What a change is about, in the order in which changes are listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject<'c> {
    /// A component in a cluster.
    Component(&'c str, &'c ComponentKey),
    /// A Service.
    Service(&'c ServiceKey),
}

impl Change {
    /// What the change is about.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Verdict {
                component, cluster, ..
            } => Subject::Component(cluster, component),
            Self::Service { service, .. } => Subject::Service(service),
        }
    }
}
