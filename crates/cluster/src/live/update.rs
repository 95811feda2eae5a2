//! What a watched cluster says.

use std::sync::Arc;
use std::time::Duration;

use topology::fact::{Fault, ObjectFact, ObjectKey, ObjectKind};
use topology::packed::PackedObjects;

/// Why reading failed, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No answer came.
    Unreachable,
    /// The credentials, or their want.
    Refused,
    /// The API server wants fewer requests.
    RateLimited,
    /// An answer came that cannot be used.
    Answer,
}

/// What a watched cluster says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// All objects of one kind. What was known of the kind and is not among them is gone.
    Restarted {
        /// The kind.
        kind: ObjectKind,
        /// Every object of it.
        objects: PackedObjects,
        /// What could not be used.
        faults: Vec<Fault>,
    },
    /// An object is new or has changed.
    Applied(Box<ObjectFact>),
    /// An object is gone.
    Deleted(ObjectKey),
    /// A part of a changed object could not be used.
    Faulty {
        /// The kind.
        kind: ObjectKind,
        /// What could not be used.
        faults: Vec<Fault>,
    },
    /// Reading the kind failed; what is known of it stays, and gets old.
    Failed {
        /// The kind.
        kind: ObjectKind,
        /// The namespace in which, where namespaces are read one by one.
        namespace: Option<Arc<str>>,
        /// Why, in one word.
        cause: Cause,
        /// Why.
        error: String,
        /// What to do about it.
        hint: Option<String>,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// This user may not read the kind. What is known of it stays.
    Forbidden {
        /// The kind.
        kind: ObjectKind,
        /// The namespace in which, where namespaces are read one by one.
        namespace: Option<Arc<str>>,
        /// Why.
        error: String,
        /// The command that grants it.
        hint: Option<String>,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// The API server does not have the kind, nor what stands in for it.
    NotServed {
        /// The kind.
        kind: ObjectKind,
        /// When it is tried again.
        retry_in: Duration,
    },
}
