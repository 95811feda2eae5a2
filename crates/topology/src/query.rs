//! Questions to the topology: lists by keyset, filters, counts.
//!
//! Every list is walked a page at a time from the key after which it goes on, so that a reader holds the topology for
//! one page at most, and every page costs the same.

use crate::entity_ref::EntityRef;
use crate::fact::OwnerKind;
use crate::topology::{ClusterId, ComponentId, OwnerId, ServiceId};
use crate::verdict::{OwnerState, ServiceKey, ServiceState, VerdictKind};

/// Bound on the items of one page.
pub const MAX_PAGE: usize = 1000;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items in order.
    pub items: Vec<T>,
    /// There is more after the last item.
    pub more: bool,
}

/// What came of one slice of a walk, between two of which nobody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slice {
    /// There may be more.
    Cut,
    /// That was all of it.
    Whole,
}

/// Which Services to list. `None` and empty mean any; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFilter {
    /// Name of the cluster.
    pub cluster: Option<String>,
    /// Kubernetes namespace.
    pub namespace: Option<String>,
    /// State of S20.
    pub state: Option<ServiceState>,
    /// Whether a person decided to ignore it.
    pub ignored: Option<bool>,
    /// Display name of the owner, without regard to case.
    pub team: Option<String>,
    /// `spec.lifecycle` of the component stitched to it.
    pub lifecycle: Option<String>,
    /// `spec.system` of the component stitched to it.
    pub system: Option<String>,
    /// The owner is one of these.
    pub owners: Option<Vec<OwnerId>>,
    /// Labels written on the Service (S16): key, and value if one is asked for.
    pub labels: Vec<(String, Option<String>)>,
    /// A text that the name, the namespace or the component's name contains, without regard to case.
    pub text: Option<String>,
}

/// Which verdicts to list. `None` and empty mean any; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentFilter {
    /// Name of the cluster.
    pub cluster: Option<String>,
    /// Name of the instance.
    pub instance: Option<String>,
    /// Catalog namespace, without regard to case.
    pub namespace: Option<String>,
    /// Verdict.
    pub verdict: Option<VerdictKind>,
    /// State of the owner.
    pub owner_state: Option<OwnerState>,
    /// Whether a person decided to ignore it.
    pub ignored: Option<bool>,
    /// Display name of the owner, without regard to case.
    pub team: Option<String>,
    /// The owner is one of these.
    pub owners: Option<Vec<OwnerId>>,
    /// A text that the reference or the Kubernetes id contains, without regard to case.
    pub text: Option<String>,
}

/// Which owners to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerFilter {
    /// Name of the instance.
    pub instance: Option<String>,
    /// Groups or Users.
    pub kind: Option<OwnerKind>,
    /// A text that the reference, the display name or the e-mail address contains, without regard to case.
    pub text: Option<String>,
}

/// One line of the list of components: a component in a cluster that its instance covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictRow {
    /// The component.
    pub component: ComponentId,
    /// The cluster.
    pub cluster: ClusterId,
    /// The verdict.
    pub kind: VerdictKind,
    /// The state of the component's owner.
    pub owner: OwnerState,
}

/// Where a list of components goes on: cluster, reference, instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerdictCursor {
    /// Name of the cluster.
    pub cluster: String,
    /// The component's reference.
    pub reference: EntityRef,
    /// Name of the instance.
    pub instance: String,
}

/// Where a list of owners goes on: reference, instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnerCursor {
    /// The owner's reference.
    pub reference: EntityRef,
    /// Name of the instance.
    pub instance: String,
}

/// Where a list of Services goes on.
pub type ServiceCursor = ServiceKey;

/// Counts over everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Components, each counted once, whatever the number of clusters.
    pub components: usize,
    /// Verdicts by kind, in the order of [`VerdictKind::ALL`], one per component and covered cluster.
    pub verdicts: [usize; 6],
    /// Verdicts by the state of the owner, in the order of [`OwnerState::ALL`].
    pub owner_states: [usize; 3],
    /// Services.
    pub services: usize,
    /// Services by state, in the order of [`ServiceState::ALL`].
    pub service_states: [usize; 3],
    /// Groups and Users.
    pub owners: usize,
    /// What of these people decided to ignore.
    pub ignored: Ignored,
}

/// What people decided to ignore, as far as it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Components.
    pub components: usize,
    /// Services.
    pub services: usize,
    /// Services that are owned all the same.
    pub owned: usize,
}

impl Summary {
    /// Owned Services of all Services, those left out that people decided to ignore, 0 to 1; 1 where there is none to own.
    pub fn coverage(&self) -> f64 {
        coverage(&self.service_states, self.services, &self.ignored)
    }
}

/// Counts over one cluster; see [`Summary`] for what is counted how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSummary {
    /// Name of the cluster.
    pub cluster: Box<str>,
    /// Verdicts by kind.
    pub verdicts: [usize; 6],
    /// Verdicts by the state of the owner.
    pub owner_states: [usize; 3],
    /// Services.
    pub services: usize,
    /// Services by state.
    pub service_states: [usize; 3],
    /// What of these people decided to ignore.
    pub ignored: Ignored,
}

impl ClusterSummary {
    /// As [`Summary::coverage`].
    pub fn coverage(&self) -> f64 {
        coverage(&self.service_states, self.services, &self.ignored)
    }
}

fn coverage(states: &[usize; 3], services: usize, ignored: &Ignored) -> f64 {
    let services = services.saturating_sub(ignored.services);
    let owned = states[0].saturating_sub(ignored.owned);
    owned_share(owned as u64, services as u64)
}

/// How many of so many Services are owned, 0 to 1; 1 where there is none to own (S32).
pub fn owned_share(owned: u64, services: u64) -> f64 {
    if services == 0 {
        return 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let share = owned as f64 / services as f64;
    share
}

/// The Services of an owner, direct or by descendant groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The owner and, on request, its descendant groups.
    pub owners: Vec<OwnerId>,
    /// Their Services, sorted by key.
    pub services: Vec<ServiceId>,
}
