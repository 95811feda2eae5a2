//! What a person asks about: a component, a Service, or something behind a Service.
//!
//! ```text
//!  component:[namespace/]name             a component
//!  [service/]cluster/namespace/name       a Service
//!  [service/]namespace/name               a Service; without the first word, also a component or a workload
//!  <kind>/[[cluster/]namespace/]name      a workload or what is around it; the kind as kubectl takes it: pod, po, deployment, …
//!  node/[cluster/]name                    a Node
//!  name                                   a component, else a Service, else a workload
//! ```

use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::fact::WorkloadKind;
use topology::topology::{ComponentId, ServiceId, Topology, WorkloadId};
use topology::verdict::ServiceKey;

/// Bound on the names listed with an error.
pub const MAX_CANDIDATES: usize = 50;

const GRAMMAR: &str = "expected a component (`component:default/checkout`), a Service \
                       (`[cluster/]namespace/name`), a workload (`pod/[cluster/]namespace/name`) or a bare name";

/// What was found for a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A component, in every instance that has it; at least one.
    Component(EntityRef, Vec<ComponentId>),
    /// A Service.
    Service(ServiceId),
    /// A workload, a pod, or what is around them.
    Workload(WorkloadId),
}

/// Why nothing was found for a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// It cannot be read.
    #[error("{message}")]
    Malformed {
        /// What was found and what was expected.
        message: String,
    },
    /// There is no such thing.
    #[error("there is no {what} `{text}`")]
    NotFound {
        /// The subject.
        text: String,
        /// What it could have been.
        what: &'static str,
        /// Subjects of near names.
        near: Vec<String>,
    },
    /// There are several.
    #[error("`{text}` is the name of {count} things")]
    Several {
        /// The subject.
        text: String,
        /// How many.
        count: usize,
        /// Subjects that name one each, sorted, at most [`MAX_CANDIDATES`].
        candidates: Vec<String>,
    },
}

/// A subject as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place<'s> {
    cluster: Option<&'s str>,
    namespace: Option<&'s str>,
    name: &'s str,
}

/// The first word of a subject, where it says what is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Service,
    Workload(WorkloadKind),
}

/// Services that may be meant by a key that is that of none: of the very name elsewhere, then of near names; at most
/// [`MAX_CANDIDATES`].
pub(crate) fn services_meant(topology: &Topology, key: &ServiceKey) -> Vec<String> {
    let elsewhere = topology
        .find_services(None, None, &key.name)
        .into_iter()
        .map(|id| topology.service(id).key());
    elsewhere
        .chain(topology.near_services(&key.name))
        .take(MAX_CANDIDATES)
        .map(|near| near.to_string())
        .collect()
}

/// Finds what a subject names.
///
/// # Errors
/// When it cannot be read, names nothing, or names several things.
pub fn find(topology: &Topology, text: &str) -> Result<Target, SubjectError> {
    let malformed = |message: String| SubjectError::Malformed { message };
    let unreadable = || malformed(format!("`{text}` cannot be explained, {GRAMMAR}"));
    if text.contains(':') {
        let reference = EntityRef::parse(text, None, DEFAULT_NAMESPACE)
            .map_err(|error| malformed(error.to_string()))?;
        if &*reference.kind != "component" {
            return Err(malformed(format!(
                "`{reference}` is no Component, and of catalog entities only those are stitched"
            )));
        }
        return find_component(topology, text, &reference);
    }
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err(unreadable());
    }
    if let [first, rest @ ..] = parts.as_slice()
        && let Some(word) = kind_word(first)
        && let Some(place) = place(word, rest)
    {
        return match word {
            Word::Service => one_service(topology, text, place)?
                .ok_or_else(|| not_found(topology, text, "Service", place.name)),
            Word::Workload(kind) => one_workload(topology, text, Some(kind), place)?
                .ok_or_else(|| not_found(topology, text, "workload", place.name)),
        };
    }
    let place = place(Word::Service, &parts).ok_or_else(unreadable)?;
    find_untold(topology, text, place)
}

/// No word says what is meant.
fn find_untold(topology: &Topology, text: &str, place: Place<'_>) -> Result<Target, SubjectError> {
    let component = || {
        let namespace = place.namespace.unwrap_or(DEFAULT_NAMESPACE);
        let reference = EntityRef::new("component", namespace, place.name);
        let found = topology.find_components(&reference);
        (!found.is_empty()).then_some(Target::Component(reference, found))
    };
    let service = || one_service(topology, text, place);
    let workload = || one_workload(topology, text, None, place);
    // A bare name is how people speak of components; two parts are how they speak of what runs.
    let found = match (place.cluster, place.namespace) {
        (Some(_), _) => service()?,
        (None, Some(_)) => match service()? {
            Some(found) => Some(found),
            None => match component() {
                Some(found) => Some(found),
                None => workload()?,
            },
        },
        (None, None) => match component() {
            Some(found) => Some(found),
            None => match service()? {
                Some(found) => Some(found),
                None => workload()?,
            },
        },
    };
    let what = if place.cluster.is_some() {
        "Service"
    } else {
        "component, Service or workload"
    };
    found.ok_or_else(|| not_found(topology, text, what, place.name))
}

fn find_component(
    topology: &Topology,
    text: &str,
    reference: &EntityRef,
) -> Result<Target, SubjectError> {
    let found = topology.find_components(reference);
    if found.is_empty() {
        return Err(SubjectError::NotFound {
            text: text.to_owned(),
            what: "component",
            near: topology
                .near_components(&reference.name)
                .iter()
                .take(MAX_CANDIDATES)
                .map(ToString::to_string)
                .collect(),
        });
    }
    Ok(Target::Component(reference.clone(), found))
}

fn one_service(
    topology: &Topology,
    text: &str,
    place: Place<'_>,
) -> Result<Option<Target>, SubjectError> {
    match topology
        .find_services(place.cluster, place.namespace, place.name)
        .as_slice()
    {
        [] => Ok(None),
        [service] => Ok(Some(Target::Service(*service))),
        several => Err(several_things(
            text,
            several
                .iter()
                .map(|&service| topology.service(service).key().to_string()),
        )),
    }
}

fn one_workload(
    topology: &Topology,
    text: &str,
    kind: Option<WorkloadKind>,
    place: Place<'_>,
) -> Result<Option<Target>, SubjectError> {
    match topology
        .find_workloads(place.cluster, kind, place.namespace, place.name)
        .as_slice()
    {
        [] => Ok(None),
        [workload] => Ok(Some(Target::Workload(*workload))),
        several => Err(several_things(
            text,
            several.iter().map(|&workload| {
                let view = topology.workload(workload);
                let kind = view.kind.as_str().to_lowercase();
                format!("{kind}/{}", view.place())
            }),
        )),
    }
}

fn several_things(text: &str, candidates: impl ExactSizeIterator<Item = String>) -> SubjectError {
    let count = candidates.len();
    let mut candidates: Vec<String> = candidates.collect();
    candidates.sort_unstable();
    candidates.truncate(MAX_CANDIDATES);
    SubjectError::Several {
        text: text.to_owned(),
        count,
        candidates,
    }
}

fn not_found(topology: &Topology, text: &str, what: &'static str, name: &str) -> SubjectError {
    let services = topology.near_services(name);
    let components = topology.near_components(name);
    SubjectError::NotFound {
        text: text.to_owned(),
        what,
        near: components
            .iter()
            .map(ToString::to_string)
            .chain(services.iter().map(ToString::to_string))
            .take(MAX_CANDIDATES)
            .collect(),
    }
}

fn place<'s>(word: Word, parts: &[&'s str]) -> Option<Place<'s>> {
    let (cluster, namespace, name) = match *parts {
        [name] => (None, None, name),
        // A Node lives in no namespace.
        [cluster, name] if word == Word::Workload(WorkloadKind::Node) => {
            (Some(cluster), None, name)
        }
        [namespace, name] => (None, Some(namespace), name),
        [cluster, namespace, name] => (Some(cluster), Some(namespace), name),
        _ => return None,
    };
    Some(Place {
        cluster,
        namespace,
        name,
    })
}

/// The kinds as kubectl takes them: singular, plural, short.
fn kind_word(text: &str) -> Option<Word> {
    const SERVICE: [&str; 3] = ["service", "services", "svc"];
    const WORKLOADS: [(WorkloadKind, &[&str]); 15] = [
        (
            WorkloadKind::Deployment,
            &["deployment", "deployments", "deploy"],
        ),
        (
            WorkloadKind::StatefulSet,
            &["statefulset", "statefulsets", "sts"],
        ),
        (WorkloadKind::DaemonSet, &["daemonset", "daemonsets", "ds"]),
        (
            WorkloadKind::ReplicaSet,
            &["replicaset", "replicasets", "rs"],
        ),
        (WorkloadKind::Job, &["job", "jobs"]),
        (WorkloadKind::CronJob, &["cronjob", "cronjobs", "cj"]),
        (WorkloadKind::Pod, &["pod", "pods", "po"]),
        (
            WorkloadKind::EndpointSlice,
            &["endpointslice", "endpointslices"],
        ),
        (WorkloadKind::Endpoints, &["endpoints", "ep"]),
        (WorkloadKind::Node, &["node", "nodes", "no"]),
        (WorkloadKind::Ingress, &["ingress", "ingresses", "ing"]),
        (WorkloadKind::HttpRoute, &["httproute", "httproutes"]),
        (WorkloadKind::GrpcRoute, &["grpcroute", "grpcroutes"]),
        (
            WorkloadKind::PersistentVolumeClaim,
            &["persistentvolumeclaim", "persistentvolumeclaims", "pvc"],
        ),
        (
            WorkloadKind::HorizontalPodAutoscaler,
            &["horizontalpodautoscaler", "horizontalpodautoscalers", "hpa"],
        ),
    ];
    let word = text.to_lowercase();
    if SERVICE.contains(&word.as_str()) {
        return Some(Word::Service);
    }
    WORKLOADS
        .into_iter()
        .find(|(_, words)| words.contains(&word.as_str()))
        .map(|(kind, _)| Word::Workload(kind))
}
