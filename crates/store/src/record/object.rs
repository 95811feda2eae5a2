//! Objects of a cluster as they are written.

use serde::{Deserialize, Serialize};
use topology::fact::{
    ControllerRef, ObjectFact, ObjectKey, ObjectKind, Reference, Referred, ServiceFact,
    WorkloadFact, WorkloadKind,
};

use super::{Pairs, bare, from_bare, from_pairs, from_versioned, pairs, versioned};
use crate::error::RecordError;

const KEY: &str = "the key of an object";
const FACT: &str = "the fact of an object";

#[derive(Serialize, Deserialize)]
enum KindRecord {
    Namespace,
    Service,
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

impl KindRecord {
    fn of(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Namespace => Self::Namespace,
            ObjectKind::Service => Self::Service,
            ObjectKind::Workload(WorkloadKind::Deployment) => Self::Deployment,
            ObjectKind::Workload(WorkloadKind::StatefulSet) => Self::StatefulSet,
            ObjectKind::Workload(WorkloadKind::DaemonSet) => Self::DaemonSet,
            ObjectKind::Workload(WorkloadKind::ReplicaSet) => Self::ReplicaSet,
            ObjectKind::Workload(WorkloadKind::Job) => Self::Job,
            ObjectKind::Workload(WorkloadKind::CronJob) => Self::CronJob,
            ObjectKind::Workload(WorkloadKind::Pod) => Self::Pod,
            ObjectKind::Workload(WorkloadKind::EndpointSlice) => Self::EndpointSlice,
            ObjectKind::Workload(WorkloadKind::Endpoints) => Self::Endpoints,
            ObjectKind::Workload(WorkloadKind::Node) => Self::Node,
            ObjectKind::Workload(WorkloadKind::Ingress) => Self::Ingress,
            ObjectKind::Workload(WorkloadKind::HttpRoute) => Self::HttpRoute,
            ObjectKind::Workload(WorkloadKind::GrpcRoute) => Self::GrpcRoute,
            ObjectKind::Workload(WorkloadKind::PersistentVolumeClaim) => {
                Self::PersistentVolumeClaim
            }
            ObjectKind::Workload(WorkloadKind::HorizontalPodAutoscaler) => {
                Self::HorizontalPodAutoscaler
            }
        }
    }

    fn into_kind(self) -> ObjectKind {
        ObjectKind::Workload(match self {
            Self::Namespace => return ObjectKind::Namespace,
            Self::Service => return ObjectKind::Service,
            Self::Deployment => WorkloadKind::Deployment,
            Self::StatefulSet => WorkloadKind::StatefulSet,
            Self::DaemonSet => WorkloadKind::DaemonSet,
            Self::ReplicaSet => WorkloadKind::ReplicaSet,
            Self::Job => WorkloadKind::Job,
            Self::CronJob => WorkloadKind::CronJob,
            Self::Pod => WorkloadKind::Pod,
            Self::EndpointSlice => WorkloadKind::EndpointSlice,
            Self::Endpoints => WorkloadKind::Endpoints,
            Self::Node => WorkloadKind::Node,
            Self::Ingress => WorkloadKind::Ingress,
            Self::HttpRoute => WorkloadKind::HttpRoute,
            Self::GrpcRoute => WorkloadKind::GrpcRoute,
            Self::PersistentVolumeClaim => WorkloadKind::PersistentVolumeClaim,
            Self::HorizontalPodAutoscaler => WorkloadKind::HorizontalPodAutoscaler,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct KeyRecord<'a> {
    kind: KindRecord,
    namespace: &'a str,
    name: &'a str,
}

#[derive(Serialize, Deserialize)]
enum ObjectRecord<'a> {
    Namespace,
    #[serde(borrow)]
    Service(ServiceRecord<'a>),
    #[serde(borrow)]
    Workload(WorkloadRecord<'a>),
    /// A workload that refers to something. What does not is written as it was before there were references.
    #[serde(borrow)]
    Referring(ReferringRecord<'a>),
}

#[derive(Serialize, Deserialize)]
struct ReferringRecord<'a> {
    #[serde(borrow)]
    workload: WorkloadRecord<'a>,
    #[serde(borrow)]
    refers: Vec<ReferenceRecord<'a>>,
}

#[derive(Serialize, Deserialize)]
enum ReferredRecord {
    Service,
    Workload(KindRecord),
    ClaimTemplate,
}

#[derive(Serialize, Deserialize)]
struct ReferenceRecord<'a> {
    to: ReferredRecord,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> ReferenceRecord<'a> {
    fn of(reference: &'a Reference) -> Self {
        Self {
            to: match reference.to {
                Referred::Service => ReferredRecord::Service,
                Referred::Workload(kind) => {
                    ReferredRecord::Workload(KindRecord::of(ObjectKind::Workload(kind)))
                }
                Referred::ClaimTemplate => ReferredRecord::ClaimTemplate,
            },
            namespace: &reference.namespace,
            name: &reference.name,
        }
    }

    fn into_reference(self) -> Result<Reference, RecordError> {
        let to = match self.to {
            ReferredRecord::Service => Referred::Service,
            ReferredRecord::ClaimTemplate => Referred::ClaimTemplate,
            ReferredRecord::Workload(kind) => match kind.into_kind() {
                ObjectKind::Workload(kind) => Referred::Workload(kind),
                kind => {
                    return Err(RecordError::Malformed {
                        what: FACT,
                        reason: format!("it refers to a {} as to a workload", kind.as_str()),
                    });
                }
            },
        };
        Ok(Reference {
            to,
            namespace: self.namespace.into(),
            name: self.name.into(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ServiceRecord<'a> {
    #[serde(borrow)]
    labels: Pairs<'a>,
    #[serde(borrow)]
    selector: Pairs<'a>,
    external_name: bool,
}

#[derive(Serialize, Deserialize)]
struct WorkloadRecord<'a> {
    uid: Option<&'a str>,
    #[serde(borrow)]
    pod_labels: Pairs<'a>,
    #[serde(borrow)]
    controller: Option<ControllerRecord<'a>>,
    service: Option<&'a str>,
    node: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct ControllerRecord<'a> {
    kind: &'a str,
    name: &'a str,
    uid: &'a str,
}

/// The key of an object in its cluster.
pub(crate) fn key(key: &ObjectKey) -> Result<Vec<u8>, RecordError> {
    let record = KeyRecord {
        kind: KindRecord::of(key.kind),
        namespace: &key.namespace,
        name: &key.name,
    };
    bare(KEY, &record)
}

/// The identity that [`key`] wrote.
pub(crate) fn from_key(key: &[u8]) -> Result<ObjectKey, RecordError> {
    let record: KeyRecord<'_> = from_bare(KEY, key)?;
    Ok(ObjectKey {
        kind: record.kind.into_kind(),
        namespace: record.namespace.into(),
        name: record.name.into(),
    })
}

/// The fact without its key.
pub(crate) fn encode(fact: &ObjectFact) -> Result<Vec<u8>, RecordError> {
    let record = match fact {
        ObjectFact::Namespace(_) => ObjectRecord::Namespace,
        ObjectFact::Service(service) => ObjectRecord::Service(ServiceRecord {
            labels: pairs(&service.labels),
            selector: pairs(&service.selector),
            external_name: service.external_name,
        }),
        ObjectFact::Workload(workload) => {
            let record = WorkloadRecord {
                uid: workload.uid.as_deref(),
                pod_labels: pairs(&workload.pod_labels),
                controller: workload
                    .controller
                    .as_ref()
                    .map(|controller| ControllerRecord {
                        kind: &controller.kind,
                        name: &controller.name,
                        uid: &controller.uid,
                    }),
                service: workload.service.as_deref(),
                node: workload.node.as_deref(),
            };
            let refers: Vec<_> = workload.refers.iter().map(ReferenceRecord::of).collect();
            if refers.is_empty() {
                ObjectRecord::Workload(record)
            } else {
                ObjectRecord::Referring(ReferringRecord {
                    workload: record,
                    refers,
                })
            }
        }
    };
    versioned(FACT, &record)
}

/// The fact that [`encode`] wrote.
pub(crate) fn decode(key: ObjectKey, bytes: &[u8]) -> Result<ObjectFact, RecordError> {
    match (key.kind, from_versioned(FACT, bytes)?) {
        (ObjectKind::Namespace, ObjectRecord::Namespace) => Ok(ObjectFact::Namespace(key.name)),
        (ObjectKind::Service, ObjectRecord::Service(record)) => {
            Ok(ObjectFact::Service(Box::new(ServiceFact {
                namespace: key.namespace,
                name: key.name,
                labels: from_pairs(record.labels),
                selector: from_pairs(record.selector),
                external_name: record.external_name,
            })))
        }
        (ObjectKind::Workload(kind), ObjectRecord::Workload(record)) => {
            Ok(workload(kind, key.namespace, key.name, record, Vec::new()))
        }
        (ObjectKind::Workload(kind), ObjectRecord::Referring(record)) => {
            let refers = record
                .refers
                .into_iter()
                .map(ReferenceRecord::into_reference);
            let refers = refers.collect::<Result<_, _>>()?;
            Ok(workload(
                kind,
                key.namespace,
                key.name,
                record.workload,
                refers,
            ))
        }
        (kind, _) => Err(RecordError::Malformed {
            what: FACT,
            reason: format!("it is not that of a {}", kind.as_str()),
        }),
    }
}

fn workload(
    kind: WorkloadKind,
    namespace: Box<str>,
    name: Box<str>,
    record: WorkloadRecord<'_>,
    refers: Vec<Reference>,
) -> ObjectFact {
    ObjectFact::Workload(Box::new(WorkloadFact {
        kind,
        namespace,
        name,
        uid: record.uid.map(Into::into),
        pod_labels: from_pairs(record.pod_labels),
        controller: record.controller.map(|controller| ControllerRef {
            kind: controller.kind.into(),
            name: controller.name.into(),
            uid: controller.uid.into(),
        }),
        service: record.service.map(Into::into),
        node: record.node.map(Into::into),
        refers,
    }))
}
