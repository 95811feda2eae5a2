//! The kinds that are read, and where an API server serves them.

use topology::fact::{ObjectKind, WorkloadKind};

/// Whether objects of a kind live in namespaces. What does not is out of reach of a role of one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Namespaced,
    Cluster,
}

/// A kind as one API version serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) kind: ObjectKind,
    /// API group; empty for the core group.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) scope: Scope,
}

impl Resource {
    /// The path of the list over all namespaces, or over one.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let namespace =
            namespace.map_or_else(String::new, |namespace| format!("namespaces/{namespace}/"));
        if self.group.is_empty() {
            format!("/api/{}/{namespace}{}", self.version, self.plural)
        } else {
            format!(
                "/apis/{}/{}/{namespace}{}",
                self.group, self.version, self.plural
            )
        }
    }

    /// The resource as kubectl and RBAC commands name it: `pods`, `deployments.apps`.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
}

const fn resource(
    kind: ObjectKind,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
) -> Resource {
    Resource {
        kind,
        group,
        version,
        plural,
        scope: Scope::Namespaced,
    }
}

const fn cluster_wide(resource: Resource) -> Resource {
    Resource {
        scope: Scope::Cluster,
        ..resource
    }
}

const fn workload(
    kind: WorkloadKind,
    group: &'static str,
    version: &'static str,
    plural: &'static str,
) -> Resource {
    resource(ObjectKind::Workload(kind), group, version, plural)
}

/// A kind, and what stands in for it where it is not served.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    pub(crate) preferred: Resource,
    pub(crate) instead: &'static [Resource],
}

impl Served {
    /// Every form of the kind, the best first.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &Resource> {
        std::iter::once(&self.preferred).chain(self.instead)
    }

    /// Whether Kubernetes comes without it, so that it is usual that it is not served.
    pub(crate) fn is_extension(&self) -> bool {
        self.preferred.group == GATEWAY
    }
}

const fn alone(preferred: Resource) -> Served {
    Served {
        preferred,
        instead: &[],
    }
}

const fn or(preferred: Resource, instead: &'static [Resource]) -> Served {
    Served { preferred, instead }
}

const fn pod_maker(kind: WorkloadKind, group: &'static str, plural: &'static str) -> Served {
    alone(workload(kind, group, "v1", plural))
}

const DISCOVERY: &str = "discovery.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const AUTOSCALING: &str = "autoscaling";

const fn slices(version: &'static str) -> Resource {
    workload(
        WorkloadKind::EndpointSlice,
        DISCOVERY,
        version,
        "endpointslices",
    )
}

const fn ingresses(group: &'static str, version: &'static str) -> Resource {
    workload(WorkloadKind::Ingress, group, version, "ingresses")
}

const fn http_routes(version: &'static str) -> Resource {
    workload(WorkloadKind::HttpRoute, GATEWAY, version, "httproutes")
}

const fn grpc_routes(version: &'static str) -> Resource {
    workload(WorkloadKind::GrpcRoute, GATEWAY, version, "grpcroutes")
}

const fn autoscalers(version: &'static str) -> Resource {
    workload(
        WorkloadKind::HorizontalPodAutoscaler,
        AUTOSCALING,
        version,
        "horizontalpodautoscalers",
    )
}

const fn cron_jobs(version: &'static str) -> Resource {
    workload(WorkloadKind::CronJob, "batch", version, "cronjobs")
}

/// What is read from an API server, the one list of it. Services and Namespaces come first, because without them nothing
/// else is worth reading; Pods come last, because they are the most.
pub(crate) const SERVED: [Served; 16] = [
    alone(resource(ObjectKind::Service, "", "v1", "services")),
    alone(cluster_wide(resource(
        ObjectKind::Namespace,
        "",
        "v1",
        "namespaces",
    ))),
    or(
        slices("v1"),
        &[
            slices("v1beta1"),
            workload(WorkloadKind::Endpoints, "", "v1", "endpoints"),
        ],
    ),
    pod_maker(WorkloadKind::Deployment, "apps", "deployments"),
    pod_maker(WorkloadKind::StatefulSet, "apps", "statefulsets"),
    pod_maker(WorkloadKind::DaemonSet, "apps", "daemonsets"),
    pod_maker(WorkloadKind::ReplicaSet, "apps", "replicasets"),
    pod_maker(WorkloadKind::Job, "batch", "jobs"),
    or(cron_jobs("v1"), &[cron_jobs("v1beta1")]),
    or(
        ingresses(NETWORKING, "v1"),
        &[
            ingresses(NETWORKING, "v1beta1"),
            ingresses("extensions", "v1beta1"),
        ],
    ),
    or(
        http_routes("v1"),
        &[http_routes("v1beta1"), http_routes("v1alpha2")],
    ),
    or(grpc_routes("v1"), &[grpc_routes("v1alpha2")]),
    alone(workload(
        WorkloadKind::PersistentVolumeClaim,
        "",
        "v1",
        "persistentvolumeclaims",
    )),
    or(
        autoscalers("v2"),
        &[autoscalers("v2beta2"), autoscalers("v1")],
    ),
    alone(cluster_wide(workload(
        WorkloadKind::Node,
        "",
        "v1",
        "nodes",
    ))),
    alone(workload(WorkloadKind::Pod, "", "v1", "pods")),
];

/// The kinds that are read, in the order in which they are. What stands in for a kind that is not served is not among
/// them.
pub fn kinds() -> impl Iterator<Item = ObjectKind> {
    SERVED.iter().map(|served| served.preferred.kind)
}

/// The kind for which this one stands in, or the kind itself.
pub fn stood_in_for(kind: ObjectKind) -> ObjectKind {
    let served = SERVED
        .iter()
        .find(|served| served.forms().any(|form| form.kind == kind));
    served.map_or(kind, |served| served.preferred.kind)
}

fn form_of(wanted: impl Fn(&Resource) -> bool) -> Option<Resource> {
    SERVED
        .iter()
        .flat_map(Served::forms)
        .find(|resource| wanted(resource))
        .copied()
}

/// Whether objects of the kind live in namespaces.
pub(crate) fn scope(kind: ObjectKind) -> Scope {
    form_of(|resource| resource.kind == kind).map_or(Scope::Namespaced, |resource| resource.scope)
}

/// The kind that a manifest names, if it is one that is read. A kind of the same name in a foreign group (Knative has a
/// `Service` of its own) is another kind. Without an `apiVersion` the name alone decides.
pub(crate) fn recognise(kind: &str, api_version: Option<&str>) -> Option<ObjectKind> {
    let Some(api_version) = api_version else {
        return form_of(|resource| resource.kind.as_str() == kind).map(|resource| resource.kind);
    };
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    // Where workloads were before they were in `apps`; nobody serves them there any more.
    let serves = |resource: &Resource| {
        group == resource.group || (group == "extensions" && resource.group == "apps")
    };
    form_of(|resource| resource.kind.as_str() == kind && serves(resource))
        .map(|resource| resource.kind)
}

/// The `apiVersion` that a manifest of this kind has today.
pub(crate) fn api_version(kind: ObjectKind) -> String {
    form_of(|resource| resource.kind == kind).map_or_else(String::new, |resource| {
        if resource.group.is_empty() {
            resource.version.to_owned()
        } else {
            format!("{}/{}", resource.group, resource.version)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_its_name_and_its_group() {
        let service = Some(ObjectKind::Service);
        let deployment = Some(ObjectKind::Workload(WorkloadKind::Deployment));
        let ingress = Some(ObjectKind::Workload(WorkloadKind::Ingress));
        let slice = Some(ObjectKind::Workload(WorkloadKind::EndpointSlice));
        let cases = [
            ("Service", Some("v1"), service),
            ("Service", None, service),
            ("Service", Some("serving.knative.dev/v1"), None),
            ("service", Some("v1"), None),
            ("Deployment", Some("apps/v1"), deployment),
            ("Deployment", Some("extensions/v1beta1"), deployment),
            ("Deployment", Some("v1"), None),
            ("EndpointSlice", Some("discovery.k8s.io/v1beta1"), slice),
            ("Ingress", Some("extensions/v1beta1"), ingress),
            ("Ingress", Some("networking.k8s.io/v1"), ingress),
            (
                "Ingress",
                Some("networking.internal.knative.dev/v1alpha1"),
                None,
            ),
            ("ConfigMap", Some("v1"), None),
        ];
        for (kind, api_version, expected) in cases {
            assert_eq!(
                recognise(kind, api_version),
                expected,
                "{kind} {api_version:?}"
            );
        }
    }

    #[test]
    fn services_and_namespaces_are_read_first_and_pods_last() {
        let order: Vec<ObjectKind> = kinds().collect();
        assert_eq!(order[..2], [ObjectKind::Service, ObjectKind::Namespace]);
        assert_eq!(order.last(), Some(&ObjectKind::Workload(WorkloadKind::Pod)));
        let once: std::collections::BTreeSet<ObjectKind> = kinds().collect();
        assert_eq!(once.len(), order.len());
    }

    #[test]
    fn every_kind_of_the_core_is_served() {
        for kind in WorkloadKind::ALL.map(ObjectKind::Workload) {
            assert_ne!(api_version(kind), "", "{kind:?}");
        }
    }
}
