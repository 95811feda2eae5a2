//! The names of other objects in an object: backends, endpoints' pods, claims, what is scaled.
//!
//! A name that cannot be used is left out, and said. What is behind a name is nobody's business here.

use std::collections::BTreeSet;

use topology::fact::{Reference, Referred, WorkloadKind};

use super::{MAX_NAME_BYTES, Reduction, bounded};
use crate::wire::field::{Field, Many, Shape};
use crate::wire::object::{Backend, ClaimTemplate, Endpoint, Rule, Spec, Subset, Target, Volume};

/// Distinct names kept of one object; an Endpoints object has at most 1,000 addresses.
const MAX_REFERENCES: usize = 1024;

/// What was found of one object so far.
pub(super) struct References {
    namespace: Box<str>,
    found: BTreeSet<Reference>,
    dropped: usize,
}

impl References {
    pub(super) fn of(namespace: &str) -> Self {
        Self {
            namespace: namespace.into(),
            found: BTreeSet::new(),
            dropped: 0,
        }
    }

    /// What it names is in its own namespace unless another is given.
    fn add(&mut self, to: Referred, namespace: Option<Box<str>>, name: Box<str>) {
        let reference = Reference {
            to,
            namespace: namespace.unwrap_or_else(|| self.namespace.clone()),
            name,
        };
        if self.found.len() < MAX_REFERENCES {
            self.found.insert(reference);
        } else if !self.found.contains(&reference) {
            self.dropped += 1;
        }
    }

    /// A claim that a `StatefulSet` made is called `<template>-<StatefulSet>-<ordinal>`.
    pub(super) fn claim_of_template(&mut self, claim: &str) {
        if let Some((made_by, ordinal)) = claim.rsplit_once('-')
            && !ordinal.is_empty()
            && ordinal.bytes().all(|byte| byte.is_ascii_digit())
        {
            self.add(Referred::ClaimTemplate, None, made_by.into());
        }
    }
}

impl Reduction<'_> {
    pub(super) fn settled(&mut self, references: References) -> Vec<topology::fact::Reference> {
        if references.dropped > 0 {
            let message = format!(
                "it names {} objects more than the {MAX_REFERENCES} that are read; those are left out",
                references.dropped
            );
            self.fault("spec", message);
        }
        references.found.into_iter().collect()
    }

    /// The volumes of a Pod, whose name is given, or of a template.
    pub(super) fn volumes(
        &mut self,
        path: &str,
        field: Field<Many<Volume>>,
        pod: Option<&str>,
        references: &mut References,
    ) {
        let claims = Referred::Workload(WorkloadKind::PersistentVolumeClaim);
        for (index, volume) in self.entries(path, field) {
            if let Field::Is(claim) = volume.claim {
                let place = || format!("{path}.{index}.persistentVolumeClaim.claimName");
                if let Some(name) = self.named(place, claim.name) {
                    references.add(claims, None, name);
                }
            }
            // The claim of an ephemeral volume is made with the Pod and called after both.
            if let (Field::Is(_), Some(pod)) = (volume.ephemeral, pod)
                && let Some(name) = self.named(|| format!("{path}.{index}.name"), volume.name)
            {
                references.add(claims, None, format!("{pod}-{name}").into());
            }
        }
    }

    pub(super) fn claim_templates(
        &mut self,
        field: Field<Many<ClaimTemplate>>,
        stateful_set: &str,
        references: &mut References,
    ) {
        let path = "spec.volumeClaimTemplates";
        for (index, template) in self.entries(path, field) {
            let metadata = self.map(&format!("{path}.{index}.metadata"), template.metadata);
            let place = || format!("{path}.{index}.metadata.name");
            if let Some(name) = self.named(place, metadata.name) {
                let made = format!("{name}-{stateful_set}");
                references.add(Referred::ClaimTemplate, None, made.into());
            }
        }
    }

    /// The pods of an `EndpointSlice`.
    pub(super) fn endpoints(
        &mut self,
        path: &str,
        field: Field<Many<Endpoint>>,
        references: &mut References,
    ) {
        for (index, endpoint) in self.entries(path, field) {
            let place = format!("{path}.{index}.targetRef");
            let target = self.map(&place, endpoint.target);
            if matches!(&target.kind, Field::Is(kind) if &**kind == "Pod")
                && let Some(name) = self.named(|| format!("{place}.name"), target.name)
            {
                references.add(Referred::Workload(WorkloadKind::Pod), None, name);
            }
        }
    }

    /// The pods of an Endpoints object, ready or not.
    pub(super) fn subsets(&mut self, field: Field<Many<Subset>>, references: &mut References) {
        for (index, subset) in self.entries("subsets", field) {
            let path = format!("subsets.{index}.addresses");
            self.endpoints(&path, subset.addresses, references);
            let path = format!("subsets.{index}.notReadyAddresses");
            self.endpoints(&path, subset.not_ready, references);
        }
    }

    pub(super) fn ingress(&mut self, spec: Spec, references: &mut References) {
        self.backend("spec.defaultBackend", spec.default_backend, references);
        self.backend("spec.backend", spec.backend, references);
        for (index, rule) in self.entries("spec.rules", spec.rules) {
            let path = format!("spec.rules.{index}.http");
            let http = self.map(&path, rule.http);
            let path = format!("{path}.paths");
            for (index, http_path) in self.entries(&path, http.paths) {
                let path = format!("{path}.{index}.backend");
                self.backend(&path, http_path.backend, references);
            }
        }
    }

    fn backend(&mut self, path: &str, field: Field<Backend>, references: &mut References) {
        let backend = self.map(path, field);
        let service = self.map(&format!("{path}.service"), backend.service);
        let name = self.named(|| format!("{path}.service.name"), service.name);
        let before = self.named(|| format!("{path}.serviceName"), backend.service_name);
        if let Some(name) = name.or(before) {
            references.add(Referred::Service, None, name);
        }
    }

    /// The Services of a route, which may be in other namespaces.
    pub(super) fn route(&mut self, field: Field<Many<Rule>>, references: &mut References) {
        for (index, rule) in self.entries("spec.rules", field) {
            let path = format!("spec.rules.{index}.backendRefs");
            for (index, backend) in self.entries(&path, rule.backends) {
                let is = |field: &Field<Box<str>>, default: &str| match field {
                    Field::Absent => true,
                    Field::Is(text) => &**text == default,
                    Field::Unusable(_) => false,
                };
                if !is(&backend.group, "") || !is(&backend.kind, "Service") {
                    continue;
                }
                let place = |field: &str| format!("{path}.{index}.{field}");
                let namespace = self.named(|| place("namespace"), backend.namespace);
                if let Some(name) = self.named(|| place("name"), backend.name) {
                    references.add(Referred::Service, namespace, name);
                }
            }
        }
    }

    /// What an autoscaler scales, where that is of a kind that is read.
    pub(super) fn scale_target(&mut self, field: Field<Target>, references: &mut References) {
        let path = "spec.scaleTargetRef";
        let target = self.map(path, field);
        let kind = self.named(|| format!("{path}.kind"), target.kind);
        let name = self.named(|| format!("{path}.name"), target.name);
        if let Some(kind) = kind.and_then(|kind| WorkloadKind::parse(&kind))
            && let Some(name) = name
        {
            references.add(Referred::Workload(kind), None, name);
        }
    }

    /// The usable entries of a list, with their indexes.
    fn entries<T: Shape>(&mut self, path: &str, field: Field<Many<T>>) -> Vec<(usize, T)> {
        let many = self.map_list(path, field);
        if many.dropped > 0 {
            let message = format!(
                "found {} entries more than are read; those are left out",
                many.dropped
            );
            self.fault(path, message);
        }
        let mut usable = Vec::with_capacity(many.entries.len());
        for (index, entry) in many.entries.into_iter().enumerate() {
            match entry {
                Field::Is(entry) => usable.push((index, entry)),
                Field::Absent => {}
                Field::Unusable(found) => self.fault(
                    format!("{path}.{index}"),
                    format!("found {found}, expected a map; the entry is left out"),
                ),
            }
        }
        usable
    }

    fn map_list<T>(&mut self, path: &str, field: Field<Many<T>>) -> Many<T> {
        match field {
            Field::Is(many) => many,
            Field::Absent => Many {
                entries: Vec::new(),
                dropped: 0,
            },
            Field::Unusable(found) => {
                let message = format!("found {found}, expected a list; it counts as absent");
                self.fault(path, message);
                Many {
                    entries: Vec::new(),
                    dropped: 0,
                }
            }
        }
    }

    /// A name that is there and may be one; the place is put together for a fault alone.
    fn named(&mut self, place: impl Fn() -> String, field: Field<Box<str>>) -> Option<Box<str>> {
        match bounded(field, MAX_NAME_BYTES) {
            Ok(name) => name.filter(|name| !name.is_empty()),
            Err(wrong) => {
                self.fault(place(), format!("{wrong}; it counts as absent"));
                None
            }
        }
    }
}
