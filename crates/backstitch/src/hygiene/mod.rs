//! The hygiene of a catalog: what is known, and the report that is made of it.
//!
//! ```text
//!  sources ─┐
//!           ├─ commands::company ─▶ Company ─▶ report ──▶ Report ──▶ output: Markdown, HTML, JSON, CSV
//!  a server ┘                          │
//!                                      └─────▶ suggest ─▶ suggestions
//! ```
//!
//! It owns what counts as untidy, and in which order it is told. It is pure, over the shapes of `api`, so that sources and a
//! server give the same report; it must not know which of the two was asked.

mod report;
mod trend;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use api::{ComponentRow, OwnerRow, Ownership, ServiceDetail, ServiceRow};

pub(crate) use self::report::{
    Component, Coverage, Listed, Report, Team, Unclaimed, owners_of_namespaces, report,
};

/// All that is known, in the order of the API's lists.
#[derive(Debug, Default)]
pub(crate) struct Company {
    /// A row for each component and cluster.
    pub components: Vec<ComponentRow>,
    /// Every Service.
    pub services: Vec<ServiceRow>,
    /// Every Group and User.
    pub owners: Vec<OwnerRow>,
    /// What is around unclaimed Services, by id; of those that were asked about.
    pub details: BTreeMap<String, ServiceDetail>,
    /// References of the owners that were asked about and cannot be reached.
    pub unreachable: BTreeSet<String>,
    /// How many owners were not asked about, because there are too many.
    pub not_asked: u64,
    /// What was before.
    pub past: Past,
}

/// What history says.
#[derive(Debug)]
pub(crate) enum Past {
    /// Nothing, and why.
    Unknown(String),
    /// Who had each Service that was changed since: `None` where it was not there.
    Known {
        /// The moment, RFC 3339.
        since: String,
        /// By id of the Service.
        before: HashMap<String, Option<Ownership>>,
    },
}

impl Default for Past {
    fn default() -> Self {
        Self::Unknown("the past was not asked for".to_owned())
    }
}

/// `cluster`, `namespace` and `name` of a Service's id. The latter two have no slash.
pub(crate) fn parts(id: &str) -> (&str, &str, &str) {
    let mut parts = id.rsplitn(3, '/');
    let mut part = || parts.next().unwrap_or_default();
    let (name, namespace, cluster) = (part(), part(), part());
    (cluster, namespace, name)
}

/// The Services that nobody has and somebody should have.
pub(crate) fn unclaimed(services: &[ServiceRow]) -> impl Iterator<Item = &ServiceRow> {
    services
        .iter()
        .filter(|it| it.state == api::ServiceState::Unclaimed && !it.ignored)
}
