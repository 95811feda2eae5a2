//! From a slim object to a fact: pure, and the only place that decides what a wrong field costs.
//!
//! A label that cannot be used is dropped. A selector that cannot be used whole selects nothing, because a selector with
//! fewer entries would select more. Only an object without a usable name (or namespace) is lost.

mod refers;

use topology::fact::{
    ControllerRef, LabelPairs, ObjectFact, ObjectKind, ServiceFact, WorkloadFact, WorkloadKind,
};

use self::refers::References;
use crate::kinds::{Scope, scope};
use crate::wire::field::{Field, Found, Many, Pairs};
use crate::wire::object::{Metadata, Object, OwnerReference, Spec, Template};

/// Longest name, namespace, node name or uid (Kubernetes: a DNS subdomain).
const MAX_NAME_BYTES: usize = 253;
/// Longest label key: prefix of 253, a slash, a name of 63.
const MAX_LABEL_KEY_BYTES: usize = 317;
/// Longest label value.
const MAX_LABEL_VALUE_BYTES: usize = 63;
/// So much of a key is shown in a fault.
const SHOWN_KEY_CHARS: usize = 80;
/// The namespace of a namespaced object that names none, as kubectl has it.
const DEFAULT_NAMESPACE: &str = "default";
/// The label of an `EndpointSlice` that names its Service.
const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";
/// The label of an `EndpointSlice` that names who keeps it.
const MANAGED_BY_LABEL: &str = "endpointslice.kubernetes.io/managed-by";
/// Who keeps the slices of Services that have a selector.
const SLICE_CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// A field of one object that could not be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ObjectFault {
    /// Kind, namespace and name as far as they are known: `Service shop/checkout`.
    pub(crate) object: String,
    /// Path of the field.
    pub(crate) field: String,
    /// What was found, what was expected, and what follows from it.
    pub(crate) message: String,
}

/// Reduces an object of this kind; its own `kind` and `apiVersion` are not looked at.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each kind, each a few lines"
)]
pub(crate) fn reduce(
    kind: ObjectKind,
    object: Object,
    faults: &mut Vec<ObjectFault>,
) -> Option<ObjectFact> {
    let mut reduction = Reduction {
        object: kind.as_str().to_owned(),
        faults,
    };
    let Object {
        metadata,
        spec,
        endpoints,
        subsets,
        ..
    } = object;
    let metadata = reduction.map("metadata", metadata);
    let Metadata {
        name,
        namespace,
        uid,
        labels,
        owner_references,
        ..
    } = metadata;

    let name = reduction.name(name)?;
    let namespace = match scope(kind) {
        Scope::Cluster => {
            reduction.object = format!("{} {name}", kind.as_str());
            Box::default()
        }
        Scope::Namespaced => {
            let namespace = reduction.namespace(&name, namespace)?;
            reduction.object = format!("{} {namespace}/{name}", kind.as_str());
            namespace
        }
    };
    if kind == ObjectKind::Namespace {
        return Some(ObjectFact::Namespace(name));
    }

    let spec = reduction.map("spec", spec);
    let ObjectKind::Workload(kind) = kind else {
        return Some(ObjectFact::Service(Box::new(
            reduction.service(namespace, name, labels, spec),
        )));
    };
    let uid = reduction.text("metadata.uid", uid, MAX_NAME_BYTES);
    let controller = reduction.controller(owner_references);
    let mut refers = References::of(&namespace);
    let mut workload = WorkloadFact {
        kind,
        namespace,
        name,
        uid,
        pod_labels: LabelPairs::default(),
        controller,
        service: None,
        node: None,
        refers: Vec::new(),
    };
    match kind {
        WorkloadKind::Pod => {
            workload.pod_labels = reduction.labels("metadata.labels", labels);
            workload.node = reduction.text("spec.nodeName", spec.node_name, MAX_NAME_BYTES);
            let pod = Some(&*workload.name);
            reduction.volumes("spec.volumes", spec.volumes, pod, &mut refers);
        }
        WorkloadKind::EndpointSlice => {
            let labels = reduction.labels("metadata.labels", labels);
            let by_selector = labels
                .iter()
                .any(|(key, manager)| &**key == MANAGED_BY_LABEL && &**manager == SLICE_CONTROLLER);
            workload.service = labels
                .into_iter()
                .find(|(key, _)| &**key == SERVICE_NAME_LABEL)
                .map(|(_, service)| service);
            // The pods of those are what the selector says, and many: they are not kept twice.
            if !by_selector {
                reduction.endpoints("endpoints", endpoints, &mut refers);
            }
        }
        WorkloadKind::Endpoints => {
            workload.service = Some(workload.name.clone());
            reduction.subsets(subsets, &mut refers);
        }
        WorkloadKind::Node => {}
        WorkloadKind::Ingress => reduction.ingress(spec, &mut refers),
        WorkloadKind::HttpRoute | WorkloadKind::GrpcRoute => {
            reduction.route(spec.rules, &mut refers);
        }
        WorkloadKind::PersistentVolumeClaim => refers.claim_of_template(&workload.name),
        WorkloadKind::HorizontalPodAutoscaler => {
            reduction.scale_target(spec.scale_target, &mut refers);
        }
        WorkloadKind::CronJob => {
            let job = reduction.map("spec.jobTemplate", spec.job_template);
            let job = reduction.map("spec.jobTemplate.spec", job.spec);
            workload.pod_labels =
                reduction.template("spec.jobTemplate.spec.template", job.template, &mut refers);
        }
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicaSet
        | WorkloadKind::Job => {
            workload.pod_labels = reduction.template("spec.template", spec.template, &mut refers);
            let templates = spec.claim_templates;
            reduction.claim_templates(templates, &workload.name, &mut refers);
        }
    }
    workload.refers = reduction.settled(refers);
    Some(ObjectFact::Workload(Box::new(workload)))
}

struct Reduction<'f> {
    /// What is known of the object's identity.
    object: String,
    faults: &'f mut Vec<ObjectFault>,
}

impl Reduction<'_> {
    fn fault(&mut self, field: impl Into<String>, message: String) {
        self.faults.push(ObjectFault {
            object: self.object.clone(),
            field: field.into(),
            message,
        });
    }

    fn map<T: Default>(&mut self, path: &str, field: Field<T>) -> T {
        match field {
            Field::Is(map) => map,
            Field::Absent => T::default(),
            Field::Unusable(found) => {
                self.fault(
                    path,
                    format!("found {found}, expected a map; it counts as absent"),
                );
                T::default()
            }
        }
    }

    fn text(&mut self, path: &str, field: Field<Box<str>>, most: usize) -> Option<Box<str>> {
        match bounded(field, most) {
            Ok(text) => text.filter(|text| !text.is_empty()),
            Err(wrong) => {
                self.fault(path, format!("{wrong}; it counts as absent"));
                None
            }
        }
    }

    fn name(&mut self, field: Field<Box<str>>) -> Option<Box<str>> {
        let wrong = match bounded(field, MAX_NAME_BYTES) {
            Ok(Some(name)) if !name.is_empty() => return Some(name),
            Ok(Some(_)) => "it is empty".to_owned(),
            Ok(None) => "it is missing".to_owned(),
            Err(wrong) => wrong,
        };
        self.fault(
            "metadata.name",
            format!("{wrong}; an object without a name is not used"),
        );
        None
    }

    fn namespace(&mut self, name: &str, field: Field<Box<str>>) -> Option<Box<str>> {
        match bounded(field, MAX_NAME_BYTES) {
            Ok(Some(namespace)) if !namespace.is_empty() => Some(namespace),
            Ok(_) => Some(DEFAULT_NAMESPACE.into()),
            Err(wrong) => {
                self.object = format!("{} {name}", self.object);
                self.fault(
                    "metadata.namespace",
                    format!("{wrong}; an object whose namespace is unknown is not used"),
                );
                None
            }
        }
    }

    fn service(
        &mut self,
        namespace: Box<str>,
        name: Box<str>,
        labels: Field<Pairs>,
        spec: Spec,
    ) -> ServiceFact {
        let service_type = self.text("spec.type", spec.service_type, MAX_NAME_BYTES);
        ServiceFact {
            namespace,
            name,
            labels: self.labels("metadata.labels", labels),
            selector: self.selector(spec.selector),
            external_name: service_type.as_deref() == Some("ExternalName"),
        }
    }

    fn template(
        &mut self,
        path: &str,
        template: Field<Template>,
        refers: &mut References,
    ) -> LabelPairs {
        let template = self.map(path, template);
        let spec = self.map(&format!("{path}.spec"), template.spec);
        self.volumes(&format!("{path}.spec.volumes"), spec.volumes, None, refers);
        let metadata = self.map(&format!("{path}.metadata"), template.metadata);
        self.labels(&format!("{path}.metadata.labels"), metadata.labels)
    }

    fn labels(&mut self, path: &str, field: Field<Pairs>) -> LabelPairs {
        let pairs = self.map(path, field);
        if pairs.dropped > 0 {
            let message = format!(
                "found {} entries more than are read; those are left out",
                pairs.dropped
            );
            self.fault(path, message);
        }
        let mut labels = LabelPairs::with_capacity(pairs.entries.len());
        for (key, value) in pairs.entries {
            match pair(&key, value) {
                Ok(value) => labels.push((key, value)),
                Err(wrong) => self.fault(
                    format!("{path}.{}", shortened(&key)),
                    format!("{wrong}; the label is left out"),
                ),
            }
        }
        in_order(&mut labels);
        labels
    }

    fn selector(&mut self, field: Field<Pairs>) -> LabelPairs {
        let pairs = self.map("spec.selector", field);
        let mut whole = pairs.dropped == 0;
        if !whole {
            let message =
                "found more entries than are read; the Service selects nothing".to_owned();
            self.fault("spec.selector", message);
        }
        let mut selector = LabelPairs::with_capacity(pairs.entries.len());
        for (key, value) in pairs.entries {
            match pair(&key, value) {
                Ok(value) => selector.push((key, value)),
                Err(wrong) => {
                    whole = false;
                    self.fault(
                        format!("spec.selector.{}", shortened(&key)),
                        format!("{wrong}; the Service selects nothing"),
                    );
                }
            }
        }
        if !whole {
            return LabelPairs::default();
        }
        in_order(&mut selector);
        selector
    }

    fn controller(&mut self, field: Field<Many<OwnerReference>>) -> Option<ControllerRef> {
        let references = match field {
            Field::Is(references) => references.entries,
            Field::Absent => return None,
            Field::Unusable(found) => {
                let message = format!("found {found}, expected a list; it counts as absent");
                self.fault("metadata.ownerReferences", message);
                return None;
            }
        };
        let (index, reference) = references
            .into_iter()
            .enumerate()
            .filter_map(|(index, reference)| Some((index, reference.usable()?)))
            .find(|(_, reference)| matches!(reference.controller, Field::Is(true)))?;
        let mut part = |name: &str, field| {
            let path = format!("metadata.ownerReferences.{index}.{name}");
            match bounded(field, MAX_NAME_BYTES) {
                Ok(Some(text)) if !text.is_empty() => Some(text),
                Ok(_) => {
                    self.fault(
                        path,
                        "it is missing; the controller is not known".to_owned(),
                    );
                    None
                }
                Err(wrong) => {
                    self.fault(path, format!("{wrong}; the controller is not known"));
                    None
                }
            }
        };
        Some(ControllerRef {
            kind: part("kind", reference.kind)?,
            name: part("name", reference.name)?,
            uid: part("uid", reference.uid)?,
        })
    }
}

/// A text of at most this length, absent, or what is wrong with it.
fn bounded(field: Field<Box<str>>, most: usize) -> Result<Option<Box<str>>, String> {
    match field {
        Field::Absent => Ok(None),
        Field::Is(text) if text.len() <= most => Ok(Some(text)),
        Field::Is(text) => Err(too_long(Found::LongText(text.len()), most)),
        Field::Unusable(found @ Found::LongText(_)) => Err(too_long(found, most)),
        Field::Unusable(found @ Found::LongKey(_)) => Err(too_long(found, MAX_LABEL_KEY_BYTES)),
        Field::Unusable(found @ (Found::Boolean | Found::Number)) => Err(format!(
            "found {found}, expected a string: put it in quotes"
        )),
        Field::Unusable(found) => Err(format!("found {found}, expected a string")),
    }
}

fn too_long(found: Found, most: usize) -> String {
    format!("found {found}, Kubernetes allows {most}")
}

/// A key as a fault names it.
fn shortened(key: &str) -> String {
    match key.char_indices().nth(SHOWN_KEY_CHARS) {
        Some((end, _)) => format!("{}…", &key[..end]),
        None => key.to_owned(),
    }
}

/// The value of a label or selector entry; null is no value.
fn pair(key: &str, value: Field<Box<str>>) -> Result<Box<str>, String> {
    if key.len() > MAX_LABEL_KEY_BYTES && matches!(value, Field::Is(_) | Field::Absent) {
        return Err(too_long(Found::LongKey(key.len()), MAX_LABEL_KEY_BYTES));
    }
    bounded(value, MAX_LABEL_VALUE_BYTES)?.ok_or_else(|| "found null, expected a string".to_owned())
}

/// Sorts by key; a key given twice counts with its last value.
fn in_order(pairs: &mut LabelPairs) {
    pairs.reverse();
    pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
    pairs.dedup_by(|(a, _), (b, _)| a == b);
}
