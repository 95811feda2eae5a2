//! The labels that stitching writes on Services and owners (S16–S18).

use crate::field_path::FieldPath;
use crate::settings::MatchRule;
use crate::topology::{OwnerId, ServiceId, Topology};

/// The prefix of the seed page (S16).
pub const DEFAULT_PREFIX: &str = "causely.ai";

/// One label. Its value is never empty (S17).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// `<prefix>/<name>`.
    pub key: Box<str>,
    /// The value.
    pub value: Box<str>,
    /// Where the value comes from (S18).
    pub why: &'static str,
}

impl Topology {
    /// `metadata.labels` of a Service, sorted by key.
    pub fn kubernetes_labels(&self, id: ServiceId) -> Vec<(&str, &str)> {
        let labels = self.services.get(id.0).labels().iter();
        let mut labels: Vec<(&str, &str)> = labels
            .map(|&(key, value)| (self.names.get(key), self.names.get(value)))
            .collect();
        labels.sort_unstable();
        labels
    }

    /// The labels of a Service, sorted by key; none if no component is stitched to it.
    pub fn service_labels(&self, id: ServiceId) -> Vec<Label> {
        let service = self.service(id);
        let Some(component_id) = service.component else {
            return Vec::new();
        };
        let component = self.component(component_id);
        // A selector uses no name.
        let used = match service.rule {
            Some(MatchRule::ComponentName) => Some(component.name),
            Some(MatchRule::LabelSelector) => None,
            _ => component.kubernetes_id,
        };
        let mut labels = Labels::new(&self.prefix);
        labels.add(
            "backstage-scraper",
            Some(component.instance),
            "name of the instance",
        );
        labels.add("backstage-component", Some(component.name), "metadata.name");
        labels.add(
            "backstage-component-type",
            component.component_type,
            "spec.type",
        );
        labels.add(
            "backstage-component-lifecycle",
            component.lifecycle,
            "spec.lifecycle",
        );
        labels.add(
            "backstage-component-system",
            component.system,
            "spec.system",
        );
        labels.add(
            "backstage-kubernetes-id",
            used,
            "the name used for stitching",
        );
        labels.add(
            "backstage-kubernetes-namespace",
            Some(service.namespace),
            "the namespace the name resolved to",
        );
        if let Some(owner) = service.owner {
            let owner = self.owner(owner);
            let reference = self.owner_ref(owner.id).to_string();
            labels.add(
                "team",
                Some(owner.display_name),
                "display name of the owner",
            );
            labels.add(
                "backstage-owner-ref",
                Some(&reference),
                "reference of the owner",
            );
            labels.add(
                "backstage-owner-kind",
                Some(owner.kind.as_str()),
                "kind of the owner",
            );
            labels.add(
                "backstage-owner-source",
                self.owner_source(component_id.0),
                "the path that supplied the owner",
            );
        }
        labels.finish()
    }

    /// The labels of an owner, sorted by key.
    pub fn owner_labels(&self, id: OwnerId) -> Vec<Label> {
        let owner = self.owner(id);
        let reference = self.owner_ref(id).to_string();
        let mut labels = Labels::new(&self.prefix);
        labels.add(
            "backstage-scraper",
            Some(owner.instance),
            "name of the instance",
        );
        labels.add(
            "backstage-owner-ref",
            Some(&reference),
            "reference of the owner",
        );
        labels.add(
            "backstage-owner-kind",
            Some(owner.kind.as_str()),
            "kind of the owner",
        );
        labels.add(
            "display-name",
            Some(owner.display_name),
            "display name of the owner",
        );
        labels.add("email", owner.email, "spec.profile.email");
        labels.finish()
    }

    /// The path that supplied the owner of a component (S15).
    fn owner_source(&self, component: u32) -> Option<&str> {
        let it = self.components.get(component);
        let list = self.candidates.get(it.candidates);
        let (index, _) = list.resolved?;
        let path = list.list.get(index as usize)?.path;
        let paths = &self.at_instance(it.instance).settings.label_map.owner;
        paths.get(usize::from(path)).map(FieldPath::as_str)
    }
}

struct Labels<'p> {
    prefix: &'p str,
    labels: Vec<Label>,
}

impl<'p> Labels<'p> {
    fn new(prefix: &'p str) -> Self {
        Self {
            prefix,
            labels: Vec::new(),
        }
    }

    fn add(&mut self, name: &str, value: Option<&str>, why: &'static str) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.labels.push(Label {
                key: format!("{}/{name}", self.prefix).into(),
                value: value.into(),
                why,
            });
        }
    }

    fn finish(mut self) -> Vec<Label> {
        self.labels.sort();
        self.labels
    }
}
