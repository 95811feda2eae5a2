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
    /// The path of the list over all namespaces.
    pub(crate) fn path(&self) -> String {
        if self.group.is_empty() {
            format!("/api/{}/{}", self.version, self.plural)
        } else {
            format!("/apis/{}/{}/{}", self.group, self.version, self.plural)
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
}

const fn alone(preferred: Resource) -> Served {
    Served {
        preferred,
        instead: &[],
    }
}

/// What is read from an API server. Services come first, because without them nothing else is worth reading; Pods come
/// last, because they are the most.
pub(crate) const SERVED: [Served; 10] = [
    alone(resource(ObjectKind::Service, "", "v1", "services")),
    alone(cluster_wide(resource(
        ObjectKind::Namespace,
        "",
        "v1",
        "namespaces",
    ))),
    Served {
        preferred: workload(
            WorkloadKind::EndpointSlice,
            "discovery.k8s.io",
            "v1",
            "endpointslices",
        ),
        instead: &[
            workload(
                WorkloadKind::EndpointSlice,
                "discovery.k8s.io",
                "v1beta1",
                "endpointslices",
            ),
            workload(WorkloadKind::Endpoints, "", "v1", "endpoints"),
        ],
    },
    alone(workload(
        WorkloadKind::Deployment,
        "apps",
        "v1",
        "deployments",
    )),
    alone(workload(
        WorkloadKind::StatefulSet,
        "apps",
        "v1",
        "statefulsets",
    )),
    alone(workload(
        WorkloadKind::DaemonSet,
        "apps",
        "v1",
        "daemonsets",
    )),
    alone(workload(
        WorkloadKind::ReplicaSet,
        "apps",
        "v1",
        "replicasets",
    )),
    alone(workload(WorkloadKind::Job, "batch", "v1", "jobs")),
    Served {
        preferred: workload(WorkloadKind::CronJob, "batch", "v1", "cronjobs"),
        instead: &[workload(
            WorkloadKind::CronJob,
            "batch",
            "v1beta1",
            "cronjobs",
        )],
    },
    alone(workload(WorkloadKind::Pod, "", "v1", "pods")),
];

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
    let resource = form_of(|resource| resource.kind.as_str() == kind)?;
    let Some(api_version) = api_version else {
        return Some(resource.kind);
    };
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let formerly_extensions = resource.group == "apps" && group == "extensions";
    (group == resource.group || formerly_extensions).then_some(resource.kind)
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
    fn every_kind_of_the_core_is_served() {
        for kind in WorkloadKind::ALL.map(ObjectKind::Workload) {
            assert_ne!(api_version(kind), "", "{kind:?}");
        }
    }
}
