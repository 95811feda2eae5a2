//! The records of the topology: facts reduced to interned names and ids.

use crate::contact::Way;
use crate::fact::{OwnerKind, Referred, WorkloadKind};
use crate::id_set::IdSet;
use crate::names::Name;
use crate::settings::MatchRule;
use crate::topology::{ClusterId, InstanceId};
use crate::verdict::{OwnerState, VerdictKind};

/// No id.
pub(crate) const NONE: u32 = u32::MAX;

/// A reference to an entity, as names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RefNames {
    pub(crate) kind: Name,
    pub(crate) namespace: Name,
    pub(crate) name: Name,
}

#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) instance: InstanceId,
    pub(crate) live: bool,
    pub(crate) orphan: bool,
    /// Its fault stands in `Topology::faults`.
    pub(crate) faulty: bool,
    pub(crate) id_path: u8,
    pub(crate) namespace_path: u8,
    pub(crate) namespace: Name,
    pub(crate) key: Name,
    pub(crate) name: Name,
    pub(crate) kubernetes_id: Option<Name>,
    pub(crate) kubernetes_namespace: Option<Name>,
    pub(crate) label_selector: Option<Name>,
    pub(crate) kubernetes_cluster: Option<Name>,
    pub(crate) kind: Option<Name>,
    pub(crate) lifecycle: Option<Name>,
    pub(crate) system: Option<Name>,
    /// Id of its list of owner candidates.
    pub(crate) candidates: u32,
    /// Head of the list of its cells.
    pub(crate) first_cell: u32,
    pub(crate) generation: u32,
}

/// What the rules made of a component in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing to look for.
    NoKubernetesId,
    /// Looked for and not there.
    NotFound,
    /// Several, and the rule wants one.
    Ambiguous,
    /// A field cannot be used.
    Invalid,
    /// The targets of the cell. Whether it has them or lost them is the Services' to say.
    Found,
}

/// A component in a covered cluster.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) component: u32,
    pub(crate) cluster: ClusterId,
    pub(crate) outcome: Outcome,
    pub(crate) rule: Option<MatchRule>,
    /// Waits to be judged again in the running batch.
    pub(crate) dirty: bool,
    /// Waits to be compared with what was published.
    pub(crate) touched: bool,
    /// Stands in the order of all cells.
    pub(crate) ordered: bool,
    /// The Services it claims, ascending ids.
    pub(crate) targets: IdSet,
    /// The next cell of the component.
    pub(crate) next: u32,
    pub(crate) published: Option<PublishedVerdict>,
}

/// What the last change of a cell said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublishedVerdict {
    pub(crate) kind: VerdictKind,
    pub(crate) owner: OwnerState,
    /// The one Service it is about, or [`NONE`].
    pub(crate) service: u32,
}

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, and they share a word"
)]
pub(crate) struct Service {
    pub(crate) cluster: ClusterId,
    pub(crate) live: bool,
    /// Its winner or the owner of that may have changed in the running batch.
    pub(crate) touched: bool,
    /// It was announced by a change.
    pub(crate) published: bool,
    /// Stands in the order of all Services.
    pub(crate) ordered: bool,
    /// How many of `pairs` are labels; the rest is the selector.
    pub(crate) labels: u8,
    pub(crate) namespace: Name,
    pub(crate) name: Name,
    pub(crate) pairs: Box<[(Name, Name)]>,
    /// The cells that claim it, in the order of S10: the first is the winner.
    pub(crate) claims: IdSet,
    pub(crate) published_component: u32,
    pub(crate) published_owner: u32,
}

impl Service {
    pub(crate) fn labels(&self) -> &[(Name, Name)] {
        &self.pairs[..usize::from(self.labels)]
    }

    pub(crate) fn selector(&self) -> &[(Name, Name)] {
        &self.pairs[usize::from(self.labels)..]
    }
}

#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) instance: InstanceId,
    pub(crate) live: bool,
    pub(crate) kind: OwnerKind,
    pub(crate) reference: RefNames,
    pub(crate) display_name: Name,
    pub(crate) email: Option<Name>,
    pub(crate) ways: Box<[Way]>,
    pub(crate) parent: Option<RefNames>,
    pub(crate) children: Box<[RefNames]>,
    pub(crate) members: Box<[RefNames]>,
    pub(crate) member_of: Box<[RefNames]>,
    pub(crate) generation: u32,
}

/// Whom one candidate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    Ref(RefNames),
    Malformed(Name),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Candidate {
    pub(crate) path: u8,
    pub(crate) target: Target,
}

/// A list of owner candidates. Components of one team mostly share one, so it is kept and resolved once.
#[derive(Debug)]
pub(crate) struct CandidateList {
    pub(crate) instance: InstanceId,
    pub(crate) list: Box<[Candidate]>,
    /// Index into `list` and the owner it resolved to.
    pub(crate) resolved: Option<(u32, u32)>,
    /// The components that have it, where a change of an owner may concern them.
    pub(crate) components: IdSet,
    /// How many components have it.
    pub(crate) users: u32,
}

impl CandidateList {
    /// The state of the owner of whoever has this list (S20).
    pub(crate) fn owner_state(&self) -> OwnerState {
        match (self.resolved, self.list.is_empty()) {
            (Some(_), _) => OwnerState::Resolved,
            (None, false) => OwnerState::Unresolved,
            (None, true) => OwnerState::None,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Workload {
    pub(crate) cluster: ClusterId,
    pub(crate) live: bool,
    pub(crate) kind: WorkloadKind,
    pub(crate) namespace: Name,
    pub(crate) name: Name,
    pub(crate) uid: Option<Name>,
    pub(crate) pod_labels: Box<[(Name, Name)]>,
    pub(crate) controller: Option<Controller>,
    pub(crate) service: Option<Name>,
    pub(crate) node: Option<Name>,
    /// Namespace and name of what it refers to.
    pub(crate) refers: Box<[(Referred, Name, Name)]>,
}

/// How an object leads to another, for the index that finds the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Link {
    /// It refers to it.
    To(Referred),
    /// It has the endpoints of that Service.
    EndpointsOf,
    /// It is a Pod that runs on that node, whose name stands for its namespace, too.
    OnNode,
    /// That is its controller.
    ControlledBy(WorkloadKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Controller {
    pub(crate) kind: Name,
    pub(crate) name: Name,
    pub(crate) uid: Name,
}
