//! Facts: what the sources say, reduced to what stitching needs.
//!
//! A fact is state, not an event: a source may say it again at any time, in any order. Sources build facts at the
//! border and forget the documents they came from.

use crate::contact::Contact;
use crate::dependency::Dependency;
use crate::entity_ref::EntityRef;
use crate::packed::PackedEntities;

/// Something wrong with one document, object or field of a source. It never stops the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where: file, document, line, entity, field, as precisely as is known.
    pub place: String,
    /// What was found, what was expected and what to do.
    pub message: String,
}

/// A field that is there and cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// The path of the field, as a `label_map` would write it.
    pub field: Box<str>,
    /// What was found there.
    pub found: Box<str>,
    /// What would be usable.
    pub expected: Box<str>,
}

/// A value and the path of the `label_map` list that supplied it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Index into the list of paths.
    pub path: u8,
    /// The trimmed, non-empty text (S3).
    pub value: Box<str>,
}

/// One owner candidate of a component (S12), in the order in which it is tried.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerClaim {
    /// Index into `component_owner`.
    pub path: u8,
    /// Whom it names.
    pub target: OwnerTarget,
}

/// Whom an owner candidate names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerTarget {
    /// A reference to a Group, a User or, unusable, something else.
    Ref(EntityRef),
    /// A text that is no entity reference, as written.
    Malformed(Box<str>),
}

/// What a catalog says of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityFact {
    /// A Component.
    Component(Box<ComponentFact>),
    /// A Group or a User.
    Owner(Box<OwnerFact>),
}

impl EntityFact {
    /// The entity's identity in its instance.
    pub fn reference(&self) -> &EntityRef {
        match self {
            Self::Component(component) => &component.reference,
            Self::Owner(owner) => &owner.reference,
        }
    }
}

/// A Component, read through the instance's `label_map`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFact {
    /// Canonical reference.
    pub reference: EntityRef,
    /// `metadata.name` as written.
    pub name: Box<str>,
    /// The Kubernetes name by S5.
    pub kubernetes_id: Option<Found>,
    /// The Kubernetes namespace by S5.
    pub kubernetes_namespace: Option<Found>,
    /// Annotation `backstage.io/kubernetes-label-selector` (S11), as written.
    pub label_selector: Option<Box<str>>,
    /// Annotation `backstage.io/kubernetes-cluster` (S8).
    pub kubernetes_cluster: Option<Box<str>>,
    /// Owner candidates in order (S12).
    pub owners: Vec<OwnerClaim>,
    /// `spec.type`.
    pub component_type: Option<Box<str>>,
    /// `spec.lifecycle`.
    pub lifecycle: Option<Box<str>>,
    /// `spec.system`, as written.
    pub system: Option<Box<str>>,
    /// What it declares to depend on, or to be a dependency of; sorted, each once.
    pub dependencies: Vec<Dependency>,
    /// Annotation `backstage.io/orphan` is `true`: nobody emits the entity any more.
    pub orphan: bool,
    /// A field that stitching needs cannot be used: the verdict is `invalid` (S20).
    pub fault: Option<FieldFault>,
}

/// Whether an owner is a Group or a User.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerKind {
    /// A team.
    Group,
    /// A person.
    User,
}

impl OwnerKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Group, Self::User];

    /// The kind as Backstage writes it: `Group` or `User`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "Group",
            Self::User => "User",
        }
    }
}

/// A Group or a User: one `ServiceOwner` (S14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerFact {
    /// Canonical reference, of kind `group` or `user`.
    pub reference: EntityRef,
    /// Which of the two.
    pub kind: OwnerKind,
    /// `spec.profile.displayName`, else `metadata.title`, else `metadata.name`.
    pub display_name: Box<str>,
    /// `spec.profile.email`.
    pub email: Option<Box<str>>,
    /// What annotations and links say of how it is reached, the most direct first.
    pub contacts: Vec<Contact>,
    /// `spec.parent` of a Group.
    pub parent: Option<EntityRef>,
    /// `spec.children` of a Group.
    pub children: Vec<EntityRef>,
    /// `spec.members` of a Group.
    pub members: Vec<EntityRef>,
    /// `spec.memberOf` of a User.
    pub member_of: Vec<EntityRef>,
}

/// Labels or an equality selector: keys with values.
pub type LabelPairs = Vec<(Box<str>, Box<str>)>;

/// The kinds of Kubernetes objects that ownership flows to (S19), beside Service and Namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "each variant is the Kubernetes kind of that name"
)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    CronJob,
    Pod,
    EndpointSlice,
    Endpoints,
    Node,
    Ingress,
    HttpRoute,
    GrpcRoute,
    PersistentVolumeClaim,
    HorizontalPodAutoscaler,
}

impl WorkloadKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::CronJob,
        Self::Pod,
        Self::EndpointSlice,
        Self::Endpoints,
        Self::Node,
        Self::Ingress,
        Self::HttpRoute,
        Self::GrpcRoute,
        Self::PersistentVolumeClaim,
        Self::HorizontalPodAutoscaler,
    ];

    /// The kind as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Pod => "Pod",
            Self::EndpointSlice => "EndpointSlice",
            Self::Endpoints => "Endpoints",
            Self::Node => "Node",
            Self::Ingress => "Ingress",
            Self::HttpRoute => "HTTPRoute",
            Self::GrpcRoute => "GRPCRoute",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
        }
    }

    /// The kind that Kubernetes writes so, if ownership flows to it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a cluster says of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFact {
    /// A Namespace exists.
    Namespace(Box<str>),
    /// A Service.
    Service(Box<ServiceFact>),
    /// Anything behind a Service.
    Workload(Box<WorkloadFact>),
}

impl ObjectFact {
    /// The object's identity in its cluster.
    pub fn key(&self) -> ObjectKey {
        match self {
            Self::Namespace(name) => ObjectKey {
                kind: ObjectKind::Namespace,
                namespace: "".into(),
                name: name.clone(),
            },
            Self::Service(service) => ObjectKey {
                kind: ObjectKind::Service,
                namespace: service.namespace.clone(),
                name: service.name.clone(),
            },
            Self::Workload(workload) => ObjectKey {
                kind: ObjectKind::Workload(workload.kind),
                namespace: workload.namespace.clone(),
                name: workload.name.clone(),
            },
        }
    }
}

/// A kind of object that a cluster source reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "each variant is the Kubernetes kind of that name"
)]
pub enum ObjectKind {
    Namespace,
    Service,
    Workload(WorkloadKind),
}

impl ObjectKind {
    /// The kind as Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Service => "Service",
            Self::Workload(kind) => kind.as_str(),
        }
    }
}

/// The identity of an object in its cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its namespace; empty for a Namespace and a Node.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
}

/// A core/v1 Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFact {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// `metadata.labels`.
    pub labels: LabelPairs,
    /// `spec.selector`; empty selects nothing.
    pub selector: LabelPairs,
    /// `spec.type` is `ExternalName`: it stands for a host outside and selects nothing, whatever its selector says.
    pub external_name: bool,
}

/// What stands behind a Service, in front of it, or below what is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadFact {
    /// Its kind.
    pub kind: WorkloadKind,
    /// Its namespace; empty for a Node.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// `metadata.uid`; absent in manifests that were never applied.
    pub uid: Option<Box<str>>,
    /// What a Service's selector is held against: a Pod's own labels, a workload's pod template labels.
    pub pod_labels: LabelPairs,
    /// The controlling owner reference.
    pub controller: Option<ControllerRef>,
    /// The Service whose endpoints these are: label `kubernetes.io/service-name` of an `EndpointSlice`, the name of an
    /// Endpoints object.
    pub service: Option<Box<str>>,
    /// `spec.nodeName` of a Pod.
    pub node: Option<Box<str>>,
    /// What else it names: the backends of an Ingress or a route, the pods of endpoints, the claims that a Pod or a
    /// template mounts, the target of an autoscaler.
    pub refers: Vec<Reference>,
}

/// A name of another object in an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What it names.
    pub to: Referred,
    /// The namespace of that.
    pub namespace: Box<str>,
    /// The name of that.
    pub name: Box<str>,
}

/// What a [`Reference`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Referred {
    /// A Service.
    Service,
    /// An object of that kind.
    Workload(WorkloadKind),
    /// `<template>-<StatefulSet>`: the claims that a `StatefulSet` makes by a template are called so, and have an
    /// ordinal behind it. The `StatefulSet` refers to it, and so does the claim.
    ClaimTemplate,
}

/// `metadata.ownerReferences` entry with `controller: true`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControllerRef {
    /// Kind as written.
    pub kind: Box<str>,
    /// Name of the controller.
    pub name: Box<str>,
    /// Uid: what identifies it, since names are used again.
    pub uid: Box<str>,
}

/// One complete read of a catalog: all of it, or what is other than it was at the read before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogGeneration {
    /// The entities that are new or have changed, each reference once. Those of the read before that are neither here nor
    /// in `absent` are as they were.
    pub entities: PackedEntities,
    /// What the catalog does not have.
    pub absent: Absent,
    /// How much it has, whatever of that is in `entities`.
    pub size: CatalogSize,
    /// What could not be used.
    pub faults: Vec<Fault>,
    /// How many of the faults cost a part of an entity, and so hide none.
    pub faulty_parts: usize,
}

impl CatalogGeneration {
    /// A generation that has these entities and no others.
    pub fn whole(entities: PackedEntities, faults: Vec<Fault>) -> Self {
        let mut size = CatalogSize::default();
        for reference in entities.references() {
            *size.of_kind_mut(&reference.kind) += 1;
        }
        Self {
            entities,
            absent: Absent::AllOthers,
            size,
            faults,
            faulty_parts: 0,
        }
    }
}

/// What a catalog does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// Whatever is not among the entities of the generation.
    #[default]
    AllOthers,
    /// These, which it had before; sorted.
    These(Vec<EntityRef>),
}

/// How many entities of each kind a catalog has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CatalogSize {
    /// Components.
    pub components: u64,
    /// Groups.
    pub groups: u64,
    /// Users.
    pub users: u64,
}

impl CatalogSize {
    /// The count of a kind as references write it. Every kind but `component` and `group` is taken for `user`, because
    /// there is no fact of any other.
    pub fn of_kind_mut(&mut self, kind: &str) -> &mut u64 {
        match kind {
            "component" => &mut self.components,
            "group" => &mut self.groups,
            _ => &mut self.users,
        }
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.components + self.groups + self.users
    }
}

/// One complete read of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterGeneration {
    /// Every object, each key once.
    pub objects: Vec<ObjectFact>,
    /// What could not be used.
    pub faults: Vec<Fault>,
}
