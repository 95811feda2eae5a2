//! What readers see of the topology: plain values that borrow its names.

use crate::fact::{OwnerKind, WorkloadKind};
use crate::settings::MatchRule;
use crate::topology::{ClusterId, ComponentId, InstanceId, OwnerId, ServiceId};
use crate::verdict::{ServiceKey, ServiceState};

/// A component as its catalog gives it. Its verdicts are a question of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentView<'t> {
    /// Its id.
    pub id: ComponentId,
    /// Its instance.
    pub instance_id: InstanceId,
    /// Name of the instance.
    pub instance: &'t str,
    /// Catalog namespace, lower-case.
    pub namespace: &'t str,
    /// Name, lower-case: the reference is `component:<namespace>/<key>`.
    pub key: &'t str,
    /// `metadata.name` as written.
    pub name: &'t str,
    /// `spec.type`.
    pub component_type: Option<&'t str>,
    /// `spec.lifecycle`.
    pub lifecycle: Option<&'t str>,
    /// `spec.system`, as written.
    pub system: Option<&'t str>,
    /// Its Kubernetes id.
    pub kubernetes_id: Option<&'t str>,
    /// Its Kubernetes namespace.
    pub kubernetes_namespace: Option<&'t str>,
    /// Nobody emits it any more.
    pub orphan: bool,
    /// Its resolved owner.
    pub owner: Option<OwnerId>,
    /// Generation of the instance that last changed it.
    pub generation: u32,
    /// When that was read: seconds since the Unix epoch.
    pub read_at: i64,
}

/// A Service and who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceView<'t> {
    /// Its id.
    pub id: ServiceId,
    /// Its cluster.
    pub cluster_id: ClusterId,
    /// Name of the cluster.
    pub cluster: &'t str,
    /// Its namespace.
    pub namespace: &'t str,
    /// Its name.
    pub name: &'t str,
    /// What is known of its owner.
    pub state: ServiceState,
    /// The component stitched to it.
    pub component: Option<ComponentId>,
    /// The rule that stitched it.
    pub rule: Option<MatchRule>,
    /// Its owner.
    pub owner: Option<OwnerId>,
}

impl ServiceView<'_> {
    /// Its key, owned.
    pub fn key(&self) -> ServiceKey {
        ServiceKey {
            cluster: self.cluster.into(),
            namespace: self.namespace.into(),
            name: self.name.into(),
        }
    }
}

/// A Group or a User: a `ServiceOwner` (S14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerView<'t> {
    /// Its id.
    pub id: OwnerId,
    /// Its instance.
    pub instance_id: InstanceId,
    /// Name of the instance.
    pub instance: &'t str,
    /// Group or User.
    pub kind: OwnerKind,
    /// Catalog namespace, lower-case.
    pub namespace: &'t str,
    /// Name, lower-case: the reference is `<kind>:<namespace>/<key>`.
    pub key: &'t str,
    /// Name for people.
    pub display_name: &'t str,
    /// E-mail address.
    pub email: Option<&'t str>,
    /// Generation of the instance that last changed it.
    pub generation: u32,
    /// When that was read: seconds since the Unix epoch.
    pub read_at: i64,
}

/// A workload, a pod, or what is around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkloadView<'t> {
    /// Its cluster.
    pub cluster_id: ClusterId,
    /// Name of the cluster.
    pub cluster: &'t str,
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its namespace.
    pub namespace: &'t str,
    /// Its name.
    pub name: &'t str,
    /// The node a Pod runs on.
    pub node: Option<&'t str>,
}

impl WorkloadView<'_> {
    /// `cluster/namespace/name`, or `cluster/name` of what lives in no namespace.
    pub fn place(&self) -> String {
        let parts = [self.cluster, self.namespace, self.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("/")
    }
}
