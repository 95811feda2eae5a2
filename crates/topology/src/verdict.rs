//! What became of a component in a cluster, as a value that contains its evidence (S18, S20).
//!
//! `explain`, the table, the API and every export render this one value; nobody reasons a second time.

use std::cmp::Ordering;
use std::fmt;

use crate::entity_ref::EntityRef;
use crate::fact::{FieldFault, OwnerKind};
use crate::joined::cmp_joined;
use crate::settings::MatchRule;

/// A Service: `cluster/namespace/name`. Ordered by cluster, then as the rest of the text is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceKey {
    /// The cluster's name.
    pub cluster: Box<str>,
    /// The Kubernetes namespace.
    pub namespace: Box<str>,
    /// The Service's name.
    pub name: Box<str>,
}

impl Ord for ServiceKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.cluster.cmp(&other.cluster).then_with(|| {
            cmp_joined(
                (&self.namespace, &self.name),
                (&other.namespace, &other.name),
            )
        })
    }
}

impl PartialOrd for ServiceKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.cluster, self.namespace, self.name)
    }
}

/// The verdicts of S20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// Linked to at least one Service.
    Stitched,
    /// No field of the mapping names a Service, and no other rule found one.
    NoKubernetesId,
    /// A Service is named or selected, and there is none.
    ServiceNotFound,
    /// A name without a namespace is that of several Services.
    Ambiguous,
    /// Another component has the Service.
    Conflict,
    /// The entity or a field cannot be used.
    Invalid,
}

impl VerdictKind {
    /// Every verdict, in the order of the contract.
    pub const ALL: [Self; 6] = [
        Self::Stitched,
        Self::NoKubernetesId,
        Self::ServiceNotFound,
        Self::Ambiguous,
        Self::Conflict,
        Self::Invalid,
    ];

    /// The verdict as output writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stitched => "stitched",
            Self::NoKubernetesId => "no-kubernetes-id",
            Self::ServiceNotFound => "service-not-found",
            Self::Ambiguous => "ambiguous",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
        }
    }
}

/// Whether a component has an owner (S20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerState {
    /// A candidate is a Group or User of the instance.
    Resolved,
    /// There are candidates, and none is.
    Unresolved,
    /// No field had a value.
    None,
}

impl OwnerState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Resolved, Self::Unresolved, Self::None];

    /// The state as output writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Unresolved => "unresolved",
            Self::None => "none",
        }
    }
}

/// What is known of a Service's owner (S20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceState {
    /// A component with a resolved owner is stitched to it.
    Owned,
    /// A component is stitched to it, and that has no resolved owner.
    StitchedWithoutOwner,
    /// No component is stitched to it.
    Unclaimed,
}

impl ServiceState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Owned, Self::StitchedWithoutOwner, Self::Unclaimed];

    /// The state as output writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owned => "owned",
            Self::StitchedWithoutOwner => "stitched-without-owner",
            Self::Unclaimed => "unclaimed",
        }
    }
}

/// A component of one instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentKey {
    /// Name of the instance.
    pub instance: Box<str>,
    /// Canonical reference.
    pub reference: EntityRef,
}

/// One path of the mapping and what stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTried {
    /// The path.
    pub path: Box<str>,
    /// The value, if it had one.
    pub value: Option<Box<str>>,
}

/// One rule, what it looked for and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTried {
    /// The rule.
    pub rule: MatchRule,
    /// What it looked up, in words; `None`: the component gave it nothing to look for.
    pub lookup: Option<String>,
    /// The Services found, sorted, at most [`MAX_SHOWN`].
    pub found: Vec<ServiceKey>,
    /// How many were found in all.
    pub found_total: usize,
}

/// Bound on the Services listed in one piece of evidence; a count always stands beside the list.
pub const MAX_SHOWN: usize = 1000;

/// One owner candidate and what came of it (S12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerTried {
    /// The path of `component_owner` that supplied it.
    pub path: Box<str>,
    /// The canonical reference, or the text as written where it is none.
    pub target: Box<str>,
    /// What came of it.
    pub outcome: OwnerOutcome,
}

/// What came of one owner candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerOutcome {
    /// It is the owner.
    Resolved,
    /// No such Group or User in the instance.
    Dangling,
    /// It names an entity that is neither a Group nor a User.
    WrongKind,
    /// It is no entity reference.
    Malformed,
    /// A candidate before it resolved.
    NotTried,
}

/// The owner of a component, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerVerdict {
    /// The state.
    pub state: OwnerState,
    /// The owner, when resolved.
    pub owner: Option<OwnerSummary>,
    /// Where candidates were looked for: the paths of `component_owner`, in order.
    pub paths: Vec<Box<str>>,
    /// The path that supplied it (S15).
    pub source: Option<Box<str>>,
    /// Every candidate in order.
    pub tried: Vec<OwnerTried>,
    /// Who may be meant by the first candidate, when nothing resolved: who is called so by another kind or in another
    /// namespace, then near names.
    pub near: Vec<EntityRef>,
}

/// Who an owner is and how to reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerSummary {
    /// Canonical reference.
    pub reference: EntityRef,
    /// Group or User.
    pub kind: OwnerKind,
    /// Name for people; the label `/team`.
    pub display_name: Box<str>,
    /// E-mail address.
    pub email: Option<Box<str>>,
}

/// What is known around a name that was not found (S6, S21).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Miss {
    /// Whether the namespace that was named exists; `None` if none was named.
    pub namespace_exists: Option<bool>,
    /// Namespaces near the one named, when that does not exist.
    pub near_namespaces: Vec<Box<str>>,
    /// Where else in the cluster the very name exists, at most [`MAX_SHOWN`].
    pub elsewhere: Vec<ServiceKey>,
    /// Services of near names.
    pub near_services: Vec<ServiceKey>,
    /// The other clusters that the instance covers and that have a Service of the very name.
    pub other_clusters: Vec<Box<str>>,
}

/// What became of one component in one cluster, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The component.
    pub component: ComponentKey,
    /// The cluster.
    pub cluster: Box<str>,
    /// The verdict.
    pub kind: VerdictKind,
    /// A person decided that the component need not run.
    pub ignored: bool,
    /// The rule that decided, if one found anything.
    pub rule: Option<MatchRule>,
    /// The Services it is stitched to, sorted.
    pub services: Vec<ServiceKey>,
    /// For `ambiguous` and `conflict`: the Services in question, sorted, at most [`MAX_SHOWN`].
    pub candidates: Vec<ServiceKey>,
    /// For `conflict`: who has the (first) Service.
    pub conflict_with: Option<ComponentKey>,
    /// Services that it claims beside those it is stitched to, and who has them.
    pub lost: Vec<(ServiceKey, ComponentKey)>,
    /// Its owner.
    pub owner: OwnerVerdict,
    /// Where its Kubernetes name was looked for.
    pub id_paths: Vec<PathTried>,
    /// Where its Kubernetes namespace was looked for.
    pub namespace_paths: Vec<PathTried>,
    /// The rules tried, in order.
    pub rules: Vec<RuleTried>,
    /// For `invalid`: which field and why.
    pub fault: Option<FieldFault>,
    /// For `service-not-found`: what is known around the name.
    pub miss: Option<Miss>,
    /// Generation of the instance that last changed the component.
    pub generation: u32,
    /// When that was read: seconds since the Unix epoch.
    pub read_at: i64,
}
