//! From a bag of labels, such as an alert carries, to an owner.
//!
//! The most telling label is taken first: a Service by name, then a pod, then its workload, then what the name of a pod
//! or what mounts, scales or leads to it, then what the name of a pod
//! that is gone still says, then an application's name, and last the node. What was taken is said in `path`.

use std::collections::BTreeMap;

use crate::fact::WorkloadKind;
use crate::inherit::Inherited;
use crate::topology::{ComponentId, OwnerId, ServiceId, Topology, WorkloadId};
use crate::verdict::ServiceKey;

/// How sure an answer is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The labels name one Service.
    Exact,
    /// They name something that inherits from one owner.
    Inherited,
    /// They name something that several owners share: all are given.
    Shared,
    /// A name suggests it.
    Guess,
    /// Nothing that is known.
    Unknown,
}

impl Confidence {
    /// The word that output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Inherited => "inherited",
            Self::Shared => "shared",
            Self::Guess => "guess",
            Self::Unknown => "unknown",
        }
    }
}

/// One owner that a bag of labels leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedOwner {
    /// The Service that it leads over.
    pub service: ServiceId,
    /// The component stitched to that.
    pub component: Option<ComponentId>,
    /// Its owner.
    pub owner: Option<OwnerId>,
}

/// What a bag of labels leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The Service, if it is one.
    pub service: Option<ServiceId>,
    /// The workload or pod that was named, if one was found.
    pub workload: Option<WorkloadId>,
    /// The owners, each with the Service it is the owner of; empty if nothing is known.
    pub owners: Vec<ResolvedOwner>,
    /// How sure that is.
    pub confidence: Confidence,
    /// How it was found, step by step, in words.
    pub path: Vec<String>,
    /// Services that the labels fit equally well, where they fit several.
    pub candidates: Vec<ServiceKey>,
}

/// Bound on the owners of one answer.
pub const MAX_OWNERS: usize = 100;

const CLUSTER: &[&str] = &[
    "cluster",
    "k8s_cluster_name",
    "k8s.cluster.name",
    "cluster_name",
];
const NAMESPACE: &[&str] = &[
    "exported_namespace",
    "namespace",
    "k8s_namespace_name",
    "k8s.namespace.name",
    "kubernetes_namespace",
    "destination_service_namespace",
];
const SERVICE: &[&str] = &[
    "exported_service",
    "service",
    "k8s_service_name",
    "k8s.service.name",
    "kubernetes_service",
    "kubernetes_name",
    "destination_service_name",
];
const POD: &[&str] = &[
    "exported_pod",
    "pod",
    "k8s_pod_name",
    "k8s.pod.name",
    "pod_name",
    "kubernetes_pod_name",
];
const NODE: &[&str] = &["node", "k8s_node_name", "k8s.node.name", "kubernetes_node"];
const APPLICATION: &[&str] = &[
    "workload",
    "app",
    "app_kubernetes_io_name",
    "app.kubernetes.io/name",
    "service_name",
    "service.name",
    "job",
    "container",
];
const WORKLOADS: &[(WorkloadKind, &[&str])] = &[
    (
        WorkloadKind::Deployment,
        &["deployment", "k8s_deployment_name", "k8s.deployment.name"],
    ),
    (
        WorkloadKind::StatefulSet,
        &[
            "statefulset",
            "k8s_statefulset_name",
            "k8s.statefulset.name",
        ],
    ),
    (
        WorkloadKind::DaemonSet,
        &["daemonset", "k8s_daemonset_name", "k8s.daemonset.name"],
    ),
    (
        WorkloadKind::ReplicaSet,
        &["replicaset", "k8s_replicaset_name", "k8s.replicaset.name"],
    ),
    (
        WorkloadKind::CronJob,
        &["cronjob", "k8s_cronjob_name", "k8s.cronjob.name"],
    ),
    (
        WorkloadKind::Job,
        &["job_name", "k8s_job_name", "k8s.job.name"],
    ),
    (WorkloadKind::Ingress, &["exported_ingress", "ingress"]),
    (
        WorkloadKind::PersistentVolumeClaim,
        &[
            "persistentvolumeclaim",
            "k8s_persistentvolumeclaim_name",
            "k8s.persistentvolumeclaim.name",
        ],
    ),
    (
        WorkloadKind::HorizontalPodAutoscaler,
        &[
            "horizontalpodautoscaler",
            "hpa",
            "k8s_hpa_name",
            "k8s.hpa.name",
        ],
    ),
];

/// A label of the bag: its key and its value.
type Label<'b> = (&'b str, &'b str);

impl Topology {
    /// Whom the labels lead to.
    pub fn resolve(&self, bag: &BTreeMap<String, String>) -> Resolution {
        let place = Place {
            cluster: pick(bag, CLUSTER),
            namespace: pick(bag, NAMESPACE),
        };
        // A name that several Services have decides only when nothing tells more.
        let (by_service, several) = match self.by_service(bag, &place) {
            Some(found) if found.confidence == Confidence::Unknown => (None, Some(found)),
            found => (found, None),
        };
        by_service
            .or_else(|| self.by_pod(bag, &place))
            .or_else(|| self.by_workload(bag, &place))
            .or_else(|| self.by_name_of_pod(bag, &place))
            .or(several)
            .or_else(|| self.by_application(bag, &place))
            .or_else(|| self.by_node(bag, &place))
            .unwrap_or_else(|| Resolution {
                path: vec!["no label names anything that is known".to_owned()],
                ..nothing()
            })
    }

    /// The Service that the labels name in full, whether it is there or not. A cluster need not be named where there is
    /// only one.
    pub fn named_service(&self, bag: &BTreeMap<String, String>) -> Option<ServiceKey> {
        let mut clusters = self.clusters().map(|(_, name)| name);
        let only = clusters.next().filter(|_| clusters.next().is_none());
        let cluster = pick(bag, CLUSTER).map(|(_, cluster)| cluster).or(only)?;
        Some(ServiceKey {
            cluster: cluster.into(),
            namespace: pick(bag, NAMESPACE)?.1.into(),
            name: pick(bag, SERVICE)?.1.into(),
        })
    }

    fn by_service(&self, bag: &BTreeMap<String, String>, place: &Place<'_>) -> Option<Resolution> {
        let label = pick(bag, SERVICE)?;
        self.service_called(label, place, Confidence::Exact)
    }

    /// The Service of that name; several are candidates, unless they have one owner.
    fn service_called(
        &self,
        (key, name): Label<'_>,
        place: &Place<'_>,
        confidence: Confidence,
    ) -> Option<Resolution> {
        let found = self.find_services(place.cluster(), place.namespace(), name);
        let step = format!("label `{key}` = `{name}`{}", place.words());
        match found.as_slice() {
            [] => None,
            [service] => Some(Resolution {
                service: Some(*service),
                owners: vec![self.owned_by(*service)],
                confidence,
                path: vec![step, format!("Service `{}`", self.service(*service).key())],
                ..nothing()
            }),
            several if self.have_one_owner(several) => Some(Resolution {
                owners: several
                    .iter()
                    .take(MAX_OWNERS)
                    .map(|id| self.owned_by(*id))
                    .collect(),
                confidence: confidence.max(Confidence::Inherited),
                path: vec![
                    step,
                    format!("{} Services of that name, all of one owner", several.len()),
                ],
                ..nothing()
            }),
            several => Some(Resolution {
                confidence: Confidence::Unknown,
                path: vec![step, format!("{} Services of that name", several.len())],
                candidates: several
                    .iter()
                    .take(MAX_OWNERS)
                    .map(|id| self.service(*id).key())
                    .collect(),
                ..nothing()
            }),
        }
    }

    fn have_one_owner(&self, services: &[ServiceId]) -> bool {
        let mut owners = services.iter().map(|id| self.service(*id).owner);
        let first = owners.next().flatten();
        first.is_some() && owners.all(|owner| owner == first)
    }

    fn by_pod(&self, bag: &BTreeMap<String, String>, place: &Place<'_>) -> Option<Resolution> {
        let label = pick(bag, POD)?;
        self.workload_called(WorkloadKind::Pod, label, place)
    }

    fn by_workload(&self, bag: &BTreeMap<String, String>, place: &Place<'_>) -> Option<Resolution> {
        WORKLOADS
            .iter()
            .find_map(|(kind, keys)| self.workload_called(*kind, pick(bag, keys)?, place))
    }

    fn workload_called(
        &self,
        kind: WorkloadKind,
        (key, name): Label<'_>,
        place: &Place<'_>,
    ) -> Option<Resolution> {
        let found = self.find_workloads(place.cluster(), Some(kind), place.namespace(), name);
        let [workload] = found.as_slice() else {
            return None;
        };
        let step = format!("label `{key}` = `{name}`{}", place.words());
        self.inheriting(*workload, vec![step], None)
    }

    /// A pod that is gone: its name is that of its workload and a suffix that Kubernetes made up.
    fn by_name_of_pod(
        &self,
        bag: &BTreeMap<String, String>,
        place: &Place<'_>,
    ) -> Option<Resolution> {
        let (key, name) = pick(bag, POD)?;
        let (without_last, _) = name.rsplit_once('-')?;
        let without_two = without_last.rsplit_once('-').map(|(head, _)| head);
        let attempts = [
            (WorkloadKind::Deployment, without_two),
            (WorkloadKind::StatefulSet, Some(without_last)),
            (WorkloadKind::DaemonSet, Some(without_last)),
            (WorkloadKind::Job, Some(without_last)),
            (WorkloadKind::CronJob, without_two),
        ];
        for (kind, workload) in attempts {
            let Some(workload) = workload else { continue };
            let found =
                self.find_workloads(place.cluster(), Some(kind), place.namespace(), workload);
            if let [only] = found.as_slice() {
                let step = format!(
                    "label `{key}` = `{name}`{}: no such pod now, and its name is that of a pod of {} `{workload}`",
                    place.words(),
                    kind.as_str()
                );
                return self.inheriting(*only, vec![step], Some(Confidence::Guess));
            }
        }
        None
    }

    fn by_application(
        &self,
        bag: &BTreeMap<String, String>,
        place: &Place<'_>,
    ) -> Option<Resolution> {
        APPLICATION
            .iter()
            .filter_map(|key| pick(bag, &[key]))
            .find_map(|label| {
                // `job` is often `namespace/name`.
                let name = label.1.rsplit_once('/').map_or(label.1, |(_, name)| name);
                self.service_called((label.0, name), place, Confidence::Guess)
            })
    }

    fn by_node(&self, bag: &BTreeMap<String, String>, place: &Place<'_>) -> Option<Resolution> {
        let (key, name) = pick(bag, NODE)?;
        let node = self.names.find(name)?;
        let clusters = self
            .clusters()
            .filter(|(_, name)| place.cluster().is_none_or(|cluster| cluster == *name));
        let on_it = clusters.flat_map(|(cluster, _)| self.pods_on(cluster, node));
        let mut inherited: Vec<Inherited> = on_it.flat_map(|id| self.inherited(id)).collect();
        inherited.sort_by_cached_key(|it| self.service(it.service).key());
        inherited.dedup_by_key(|it| it.service);
        if inherited.is_empty() {
            return None;
        }
        let step = format!(
            "label `{key}` = `{name}`{}: what runs on the node",
            place.words()
        );
        Some(self.shared(None, &inherited, vec![step], Confidence::Shared))
    }

    fn inheriting(
        &self,
        workload: WorkloadId,
        mut path: Vec<String>,
        confidence: Option<Confidence>,
    ) -> Option<Resolution> {
        let inherited = self.inherited(workload);
        let first = inherited.first()?;
        let it = self.workload(workload);
        path.push(format!("{} `{}`", it.kind.as_str(), it.place()));
        path.extend(
            first
                .path
                .iter()
                .map(|hop| format!("{} `{}` by {}", hop.kind, hop.name, hop.by)),
        );
        let mut owners: Vec<Option<OwnerId>> = inherited
            .iter()
            .map(|it| self.service(it.service).owner)
            .collect();
        owners.sort();
        owners.dedup();
        let natural = match owners.len() {
            1 => Confidence::Inherited,
            _ => Confidence::Shared,
        };
        Some(self.shared(
            Some(workload),
            &inherited,
            path,
            confidence.unwrap_or(natural),
        ))
    }

    fn shared(
        &self,
        workload: Option<WorkloadId>,
        inherited: &[Inherited],
        path: Vec<String>,
        confidence: Confidence,
    ) -> Resolution {
        Resolution {
            service: match inherited {
                [only] => Some(only.service),
                _ => None,
            },
            workload,
            owners: inherited
                .iter()
                .take(MAX_OWNERS)
                .map(|it| self.owned_by(it.service))
                .collect(),
            confidence,
            path,
            candidates: Vec::new(),
        }
    }

    fn owned_by(&self, service: ServiceId) -> ResolvedOwner {
        let it = self.service(service);
        ResolvedOwner {
            service,
            component: it.component,
            owner: it.owner,
        }
    }
}

/// Where the bag says that something is.
struct Place<'b> {
    cluster: Option<Label<'b>>,
    namespace: Option<Label<'b>>,
}

impl<'b> Place<'b> {
    fn cluster(&self) -> Option<&'b str> {
        self.cluster.map(|(_, value)| value)
    }

    fn namespace(&self) -> Option<&'b str> {
        self.namespace.map(|(_, value)| value)
    }

    fn words(&self) -> String {
        let labels = [self.namespace, self.cluster];
        let labels: Vec<String> = labels
            .into_iter()
            .flatten()
            .map(|(key, value)| format!(", `{key}` = `{value}`"))
            .collect();
        labels.concat()
    }
}

fn nothing() -> Resolution {
    Resolution {
        service: None,
        workload: None,
        owners: Vec::new(),
        confidence: Confidence::Unknown,
        path: Vec::new(),
        candidates: Vec::new(),
    }
}

/// The first of the keys that the bag has a value for.
fn pick<'b>(bag: &'b BTreeMap<String, String>, keys: &[&str]) -> Option<Label<'b>> {
    keys.iter().find_map(|key| {
        let (key, value) = bag.get_key_value(*key)?;
        let value = value.trim();
        (!value.is_empty()).then_some((key.as_str(), value))
    })
}
