//! Who owns what, as series that others join by their labels: `backstitch_service_owner_info` and its like.
//!
//! ```text
//!  Walk ── a slice, under the read lock ──▶ text ──▶ the body, as fast as the scraper takes it
//! ```
//!
//! It owns what these series say, how many there are at most, and what is said of those that there are not. It must not
//! know how an owner is found; that is `topology`'s.

mod series;
mod walk;

use std::collections::BTreeSet;

pub(crate) use walk::Walk;

/// How many series there are at most, unless set otherwise.
pub const MOST_SERIES: usize = 100_000;

/// Of what there are series, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerInfo {
    /// What there are series of.
    pub of: BTreeSet<Owned>,
    /// Bound on the series of all of these together.
    pub most_series: usize,
    /// Whether what nobody owns has a series as well, whose `owner_ref` is empty.
    pub unowned: bool,
}

impl Default for OwnerInfo {
    fn default() -> Self {
        Self {
            of: BTreeSet::from([Owned::Services, Owned::Workloads]),
            most_series: MOST_SERIES,
            unowned: false,
        }
    }
}

/// What may have an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owned {
    /// Services.
    Services,
    /// What makes pods: of what makes one another the topmost, and Jobs.
    Workloads,
    /// Pods.
    Pods,
}

impl Owned {
    /// All of them, in the order in which they are given.
    pub const ALL: [Self; 3] = [Self::Services, Self::Workloads, Self::Pods];

    /// The word of the configuration and of labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::Workloads => "workloads",
            Self::Pods => "pods",
        }
    }
}
