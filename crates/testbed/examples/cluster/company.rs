//! A made-up company of any size: how many objects of which kind there are, what they are called, and who owns them.
//!
//! Workloads are Deployments of the same number of pods each, with one `ReplicaSet`; the Services and their endpoints are
//! spread over the workloads. The first Service of a workload has its name, and a component claims it. How an object looks is
//! in `objects`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::Failure;

/// Kinds, in the order in which they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Namespace,
    Node,
    Deployment,
    ReplicaSet,
    Service,
    EndpointSlice,
    Pod,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Namespace,
        Self::Node,
        Self::Deployment,
        Self::ReplicaSet,
        Self::Service,
        Self::EndpointSlice,
        Self::Pod,
    ];

    /// As manifests name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Node => "Node",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::Service => "Service",
            Self::EndpointSlice => "EndpointSlice",
            Self::Pod => "Pod",
        }
    }

    /// Where an API server has them.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Namespace => "/api/v1/namespaces",
            Self::Node => "/api/v1/nodes",
            Self::Deployment => "/apis/apps/v1/deployments",
            Self::ReplicaSet => "/apis/apps/v1/replicasets",
            Self::Service => "/api/v1/services",
            Self::EndpointSlice => "/apis/discovery.k8s.io/v1beta1/endpointslices",
            Self::Pod => "/api/v1/pods",
        }
    }

    /// Where an API server keeps them in etcd.
    fn registry(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::Node => "minions",
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::Service => "services/specs",
            Self::EndpointSlice => "endpointslices",
            Self::Pod => "pods",
        }
    }
}

const WORDS: [&str; 24] = [
    "checkout",
    "payment",
    "cart",
    "search",
    "catalog",
    "pricing",
    "inventory",
    "shipping",
    "returns",
    "fraud",
    "loyalty",
    "review",
    "session",
    "profile",
    "billing",
    "ledger",
    "invoice",
    "tax",
    "email",
    "push",
    "export",
    "import",
    "recommend",
    "ranking",
];
const SORTS: [&str; 8] = [
    "api", "worker", "gateway", "service", "consumer", "backend", "proxy", "jobs",
];
const WORKLOADS_IN_A_NAMESPACE: usize = 40;
const WORKLOADS_OF_A_TEAM: usize = 50;
/// What a controller splits into several slices has no place here.
const MOST_ENDPOINTS: usize = 100;
/// Letters of generated names, as Kubernetes takes them.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// How many of what there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Company {
    pub(crate) pods: usize,
    pub(crate) services: usize,
    pub(crate) workloads: usize,
    pub(crate) nodes: usize,
}

impl Company {
    pub(crate) fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Namespace => self.workloads.div_ceil(WORKLOADS_IN_A_NAMESPACE),
            Kind::Node => self.nodes,
            Kind::Deployment | Kind::ReplicaSet => self.workloads,
            Kind::Service | Kind::EndpointSlice => self.services,
            Kind::Pod => self.pods,
        }
    }

    pub(crate) fn objects(&self) -> usize {
        Kind::ALL.iter().map(|kind| self.count(*kind)).sum()
    }

    /// One for each workload that has a Service.
    pub(crate) fn components(&self) -> usize {
        self.workloads.min(self.services)
    }

    fn pods_each(&self) -> usize {
        self.pods.div_ceil(self.workloads.max(1)).max(1)
    }

    /// The workload that a Deployment, `ReplicaSet`, Service, slice or pod belongs to.
    pub(crate) fn workload_of(&self, kind: Kind, index: usize) -> usize {
        match kind {
            Kind::Pod => index / self.pods_each(),
            Kind::Service | Kind::EndpointSlice => index % self.workloads.max(1),
            Kind::Namespace | Kind::Node | Kind::Deployment | Kind::ReplicaSet => index,
        }
    }

    /// The pods of a workload.
    pub(crate) fn pods_of(&self, workload: usize) -> std::ops::Range<usize> {
        let each = self.pods_each();
        let first = (workload * each).min(self.pods);
        first..(first + each).min(self.pods)
    }

    /// Those of them that the endpoints of a Service name.
    pub(crate) fn endpoints_of(&self, workload: usize) -> impl Iterator<Item = usize> {
        self.pods_of(workload).take(MOST_ENDPOINTS)
    }

    /// The namespace of an object, empty where it has none, and its name.
    pub(crate) fn name(&self, kind: Kind, index: usize) -> (String, String) {
        let workload = self.workload_of(kind, index);
        let namespace = namespace(workload);
        match kind {
            Kind::Namespace => (String::new(), format!("ns-{index:03}")),
            Kind::Node => (String::new(), node(index)),
            Kind::Deployment => (namespace, workload_name(workload)),
            Kind::ReplicaSet => (namespace, replica_set(workload)),
            Kind::Service => (namespace, self.service(index)),
            Kind::EndpointSlice => {
                let suffix = letters(drawn(5, index), 5);
                (namespace, format!("{}-{suffix}", self.service(index)))
            }
            Kind::Pod => {
                let suffix = letters(drawn(4, index), 5);
                (namespace, format!("{}-{suffix}", replica_set(workload)))
            }
        }
    }

    pub(crate) fn key(&self, kind: Kind, index: usize) -> String {
        let (namespace, name) = self.name(kind, index);
        let registry = kind.registry();
        if namespace.is_empty() {
            format!("/registry/{registry}/{name}")
        } else {
            format!("/registry/{registry}/{namespace}/{name}")
        }
    }

    /// The first Service of a workload has its name.
    pub(crate) fn service(&self, index: usize) -> String {
        let workload = workload_name(index % self.workloads.max(1));
        match index / self.workloads.max(1) {
            0 => workload,
            1 => format!("{workload}-headless"),
            more => format!("{workload}-{more}"),
        }
    }

    pub(crate) fn node_of(&self, pod: usize) -> usize {
        usize::try_from(drawn(6, pod)).unwrap_or_default() % self.nodes.max(1)
    }

    /// Writes the catalog: a component for each workload that has a Service, and the teams that own them.
    pub(crate) fn write_catalog(&self, folder: &Path) -> Result<(), Failure> {
        const IN_A_FILE: usize = 500;
        fs::create_dir_all(folder)?;
        let teams = self.components().div_ceil(WORKLOADS_OF_A_TEAM);
        let mut text = String::new();
        for team in 0..teams {
            let group = json!({
                "apiVersion": "backstage.io/v1alpha1", "kind": "Group",
                "metadata": {"name": team_name(team)},
                "spec": {"type": "team", "profile": {"displayName": format!("Team {team}"),
                    "email": format!("{}@company.example", team_name(team))}, "children": []},
            });
            // Writing to a text does not fail. JSON is YAML.
            let _ = writeln!(text, "---\n{group}");
        }
        fs::write(folder.join("teams.yaml"), text)?;
        for first in (0..self.components()).step_by(IN_A_FILE) {
            let mut text = String::new();
            for workload in first..self.components().min(first + IN_A_FILE) {
                let name = workload_name(workload);
                let component = json!({
                    "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
                    "metadata": {
                        "name": name, "description": format!("{name} of the company, with all that it does"),
                        "annotations": {
                            "backstage.io/kubernetes-id": name,
                            "backstage.io/kubernetes-namespace": namespace(workload),
                            "github.com/project-slug": format!("company/{name}"),
                            "pagerduty.com/integration-key": letters(drawn(7, workload), 20),
                        },
                        "tags": ["go", "grpc", "tier-2"],
                    },
                    "spec": {"type": "service", "lifecycle": "production", "owner": team_name(workload / WORKLOADS_OF_A_TEAM),
                        "system": WORDS[workload % WORDS.len()]},
                });
                let _ = writeln!(text, "---\n{component}");
            }
            fs::write(folder.join(format!("components-{first:06}.yaml")), text)?;
        }
        Ok(())
    }
}

pub(crate) fn namespace(workload: usize) -> String {
    format!("ns-{:03}", workload / WORKLOADS_IN_A_NAMESPACE)
}

pub(crate) fn team_name(team: usize) -> String {
    format!("team-{team:03}")
}

pub(crate) fn team_of(workload: usize) -> String {
    team_name(workload / WORKLOADS_OF_A_TEAM)
}

pub(crate) fn workload_name(workload: usize) -> String {
    let word = WORDS[workload % WORDS.len()];
    let sort = SORTS[workload / WORDS.len() % SORTS.len()];
    format!("{word}-{sort}-{workload:05}")
}

pub(crate) fn replica_set(workload: usize) -> String {
    format!("{}-{}", workload_name(workload), template_hash(workload))
}

pub(crate) fn template_hash(workload: usize) -> String {
    letters(drawn(3, workload), 10)
}

pub(crate) fn node(index: usize) -> String {
    format!(
        "ip-10-{}-{}-17.eu-central-1.compute.internal",
        index / 250,
        index % 250
    )
}

/// The uid of an object: one and the same for its place, whoever names it.
pub(crate) fn uid(kind: Kind, index: usize) -> String {
    let (high, low) = (
        drawn(kind as u64 + 10, index),
        drawn(kind as u64 + 20, index),
    );
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// A number that looks like chance and is the same in every run.
pub(crate) fn drawn(stream: u64, index: usize) -> u64 {
    let mut mixed = (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn letters(mut number: u64, count: usize) -> String {
    let base = LETTERS.len() as u64;
    let letter = |_| {
        let at = usize::try_from(number % base).unwrap_or_default();
        number = (number / base).wrapping_add(number.rotate_left(29));
        char::from(LETTERS[at])
    };
    (0..count).map(letter).collect()
}
