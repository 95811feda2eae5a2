//! What sources tell the loop: one closed list of events, over one bounded channel.

use std::sync::Arc;
use std::time::Duration;

use super::task::Woken;
use catalog::backstage::{Contents, Taken};
use server::refresh::Bell;
use server::status::{Failure, NextAttempt};
use tokio::sync::{oneshot, watch};
use topology::fact::{
    CatalogGeneration, ClusterGeneration, Fault, ObjectFact, ObjectKey, ObjectKind,
};
use topology::packed::PackedObjects;
use topology::settings::InstanceSettings;

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
        objects: PackedObjects,
        /// What could not be used.
        faults: Vec<Fault>,
        /// When: seconds since the Unix epoch.
        read_at: i64,
        /// What they were listed for; lists that came early confirm no removal (S23).
        woken: Woken,
    },
    /// An object of a watched cluster is new, or has changed.
    Applied(Box<ObjectFact>, i64),
    /// An object of a watched cluster is gone.
    Deleted(ObjectKey, i64),
    /// Parts of an object of this kind of a watched cluster cannot be used.
    Faulty(ObjectKind, Vec<Fault>),
    /// Where a watched cluster stands: said when that changes, and now and then while all is well; with the read that
    /// has ended by it.
    Health(Health, Option<Ended>),
    /// What configured the source is gone, as it was at every interval since: what the source gave is judged as if it were
    /// empty (S23, S30).
    Withdrawn(Failure, Reading, oneshot::Sender<Taken>),
    /// A person wants the source left alone: nothing of it is read until it says something else.
    Paused,
    /// How the instance is stitched, as what configures it says now.
    Settings(Box<InstanceSettings>),
    /// A source that was not there before.
    Open(Box<Opening>),
    /// The source will say nothing more, and is to be forgotten.
    Close,
    /// How the Secrets of a namespace were read that may hold configuration.
    Secrets {
        /// How many there are; none where they were not read.
        count: Option<u64>,
        /// Why they were not.
        failure: Option<Failure>,
        /// When it is tried again.
        next_attempt: Option<NextAttempt>,
        /// What is no failure and should be known.
        warnings: Vec<String>,
    },
    /// The source could not be read.
    Failed {
        /// Why.
        failure: Failure,
        /// When it is tried again.
        next_attempt: NextAttempt,
        /// The read that failed.
        ended: Ended,
    },
}

/// A source that was not there before.
#[derive(Debug)]
pub(super) struct Opening {
    /// What it is.
    pub(super) what: Opened,
    /// Asks its task for a read.
    pub(super) bell: Arc<Bell>,
    /// Tells its task that something of it is held back.
    pub(super) recheck: watch::Sender<bool>,
}

/// What kind of source comes.
#[derive(Debug)]
pub(super) enum Opened {
    /// An instance, and how it is stitched; its name is that of the source.
    Instance(InstanceSettings),
    /// A cluster of this name.
    Cluster(String),
}

/// A read that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Its number.
    pub(super) number: u64,
    /// How long it took, by a clock that only goes forward.
    pub(super) took: Duration,
    /// What it asked of a server, where there is one and the read did not fail.
    pub(super) cost: Option<api::ReadCost>,
    /// What is no failure and should be known.
    pub(super) warnings: Vec<String>,
}

/// How a read went.
#[derive(Debug)]
pub(super) struct Reading {
    /// When it was done: seconds since the Unix epoch.
    pub(super) read_at: i64,
    /// When the source is read again.
    pub(super) next_attempt: NextAttempt,
    /// Faults mean that documents were lost, as in files, and not only fields of entities that are there.
    pub(super) faults_hide: Hides,
    /// What it was read for. One that came early confirms no removal (S23).
    pub(super) woken: Woken,
    /// A part of the source could not be read at all, and why.
    pub(super) incomplete: Option<Failure>,
    /// What its facts came of, where that is to be kept.
    pub(super) contents: Option<Contents>,
    /// The read itself.
    pub(super) ended: Ended,
}

/// What the faults of a read may hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hides {
    /// Whole entities or objects.
    Documents,
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
    /// When that is tried again.
    pub(super) next_attempt: Option<NextAttempt>,
}

impl Event {
    /// Whether many of these are best taken at once.
    pub(super) fn is_small(&self) -> bool {
        matches!(
            self.said,
            Said::Applied(..) | Said::Deleted(..) | Said::Faulty(..)
        )
    }
}
