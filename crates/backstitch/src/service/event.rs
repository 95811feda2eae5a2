//! What sources tell the loop: one closed list of events, over one bounded channel.

use catalog::backstage::Taken;
use server::status::Failure;
use tokio::sync::oneshot;
use topology::fact::{
    CatalogGeneration, ClusterGeneration, Fault, ObjectFact, ObjectKey, ObjectKind,
};

/// Which source speaks: its place in the list of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceNo(pub(super) usize);

/// A source and what it says.
#[derive(Debug)]
pub(super) struct Event {
    /// The source.
    pub(super) source: SourceNo,
    /// What it says.
    pub(super) said: Said,
}

/// What a source says.
#[derive(Debug)]
pub(super) enum Said {
    /// A catalog was read, and who read it wants to know what became of that.
    Catalog(CatalogGeneration, Reading, oneshot::Sender<Taken>),
    /// All of a cluster was read at once.
    Cluster(ClusterGeneration, Reading),
    /// All objects of one kind of a watched cluster.
    Listed {
        /// The kind.
        kind: ObjectKind,
        /// Every object of it.
        objects: Vec<ObjectFact>,
        /// What could not be used.
        faults: Vec<Fault>,
        /// When: seconds since the Unix epoch.
        read_at: i64,
    },
    /// An object of a watched cluster is new, or has changed.
    Applied(Box<ObjectFact>, i64),
    /// An object of a watched cluster is gone.
    Deleted(ObjectKey, i64),
    /// Parts of an object of a watched cluster cannot be used.
    Faulty(Vec<Fault>),
    /// Where a watched cluster stands: said when that changes, and now and then while all is well.
    Health(Health),
    /// The source could not be read.
    Failed {
        /// Why.
        failure: Failure,
        /// When it is tried again: seconds since the Unix epoch.
        next_attempt: i64,
    },
}

/// How a read went.
#[derive(Debug)]
pub(super) struct Reading {
    /// When it was done: seconds since the Unix epoch.
    pub(super) read_at: i64,
    /// When the source is read again.
    pub(super) next_attempt: i64,
    /// Faults mean that documents were lost, as in files, and not only fields of entities that are there.
    pub(super) faults_hide: Hides,
    /// A part of the source could not be read at all, and why.
    pub(super) incomplete: Option<Failure>,
}

/// What the faults of a read may hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hides {
    /// Whole entities or objects.
    Documents,
    /// Whole entities, of a read that came at once after a change: it confirms no removal, or an editor that saves a
    /// broken file three times in a minute would remove what stood in it (S23).
    DocumentsAtOnce,
    /// Nothing that would seem to be gone.
    Nothing,
}

/// Where a watched cluster stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Health {
    /// Every kind that can be read was read, and is being watched.
    pub(super) complete: bool,
    /// What keeps a kind from being read.
    pub(super) failure: Option<Failure>,
    /// When that is tried again: seconds since the Unix epoch.
    pub(super) next_attempt: Option<i64>,
}

impl Event {
    /// Whether many of these are best taken at once.
    pub(super) fn is_small(&self) -> bool {
        matches!(
            self.said,
            Said::Applied(..) | Said::Deleted(..) | Said::Faulty(_)
        )
    }
}
