//! Whether a document is a catalog entity.
//!
//! A scanned folder holds much that is none: manifests, pipelines, package files. Those are passed over in silence, but
//! never anything that may be an entity: what looks like one and does not say so is reported. A file that was named is
//! meant to be a catalog, so there everything that is no entity is reported.

use topology::value::Value;

/// How strictly a file is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Given by its own path, or only by a Location.
    Named,
    /// Found in a folder.
    Scanned,
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// To be read as an entity, and reported where it cannot be.
    Entity,
    /// A Location, whose targets are files to read.
    Location,
    /// Something else altogether.
    Other,
    /// Left out, and why a person should know.
    Doubtful(String),
}

/// The kinds of Backstage's own model.
const KINDS: [&str; 9] = [
    "component",
    "group",
    "user",
    "location",
    "api",
    "system",
    "domain",
    "resource",
    "template",
];

/// The kinds that stitching reads.
const READ_KINDS: [&str; 4] = ["component", "group", "user", "location"];

/// Groups of Kubernetes custom resources that also have a kind Component, Group or User.
const KUBERNETES_GROUPS: [&str; 8] = [
    "k8s.io",
    "dapr.io",
    "oam.dev",
    "openshift.io",
    "crossplane.io",
    "upbound.io",
    "rabbitmq.com",
    "cattle.io",
];

pub(crate) fn judge(document: &Value<'_>, reach: Reach) -> Judgement {
    let kind = document.get("kind").and_then(Value::text);
    let lower = kind.map(str::to_lowercase);
    let api_version = document.get("apiVersion").and_then(Value::text);
    let is = |kinds: &[&str]| lower.as_deref().is_some_and(|kind| kinds.contains(&kind));
    let has_metadata = document.get("metadata").is_some();
    let group = api_version.map(|version| version.split_once('/').map_or("", |(group, _)| group));
    let in_group = |of: &str| {
        group.is_some_and(|group| {
            group
                .strip_suffix(of)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    let entity = if is(&["location"]) {
        Judgement::Location
    } else {
        Judgement::Entity
    };
    let kubernetes = KUBERNETES_GROUPS.into_iter().any(in_group);
    if in_group("backstage.io") || (!kubernetes && looks_like_entity(document, lower.as_deref())) {
        return placeholder(document).unwrap_or(entity);
    }
    let doubtful = || {
        Judgement::Doubtful(format!(
            "kind `{}` of apiVersion `{}` is no entity of a Backstage catalog (`apiVersion: backstage.io/v1alpha1`), \
             so it is left out",
            kind.unwrap_or("(none)"),
            api_version.unwrap_or("(none)")
        ))
    };
    match reach {
        // Without an apiVersion the kind alone decides.
        Reach::Scanned if api_version.is_none() && is(&READ_KINDS) && has_metadata => {
            placeholder(document).unwrap_or(entity)
        }
        Reach::Scanned if is(&READ_KINDS) && has_metadata && !kubernetes => doubtful(),
        Reach::Scanned => Judgement::Other,
        Reach::Named if api_version.is_some() && (kubernetes || !is(&KINDS)) => doubtful(),
        Reach::Named => placeholder(document).unwrap_or(entity),
    }
}

/// Whether the fields are those of a catalog entity whatever its apiVersion says: organisations have their own.
fn looks_like_entity(document: &Value<'_>, kind: Option<&str>) -> bool {
    let annotations = document
        .get("metadata")
        .and_then(|metadata| metadata.get("annotations"));
    let annotated = matches!(annotations, Some(Value::Map(entries))
        if entries.iter().any(|(key, _)| key.starts_with("backstage.io/")));
    let spec = document.get("spec");
    let has = |key: &str| spec.is_some_and(|spec| spec.get(key).is_some());
    match kind {
        Some("component") => {
            let typical = ["type", "lifecycle", "owner"];
            annotated || typical.into_iter().filter(|key| has(key)).count() >= 2
        }
        Some("group") => annotated || (has("type") && has("children")) || has("profile"),
        Some("user") => annotated || has("memberOf") || has("profile"),
        Some("location") => has("targets") || has("target"),
        // Any Kubernetes object may carry an annotation of Backstage's; what lacks its kind must have an owner.
        None => has("owner") && (has("type") || has("lifecycle")),
        Some(_) => false,
    }
}

/// A skeleton of the scaffolder: an entity to be, whose name is still a placeholder.
fn placeholder(document: &Value<'_>) -> Option<Judgement> {
    let name = document.get("metadata")?.get("name")?.text()?;
    name.contains("{{").then(|| {
        Judgement::Doubtful(format!(
            "the name `{name}` is a template's placeholder, so this is left out"
        ))
    })
}

/// Whether a text that could not be parsed may have been an entity. Templates of other tools (Helm, Jinja) are not YAML.
pub(crate) fn broken_may_be_entity(text: &[u8], reach: Reach, is_yaml: bool) -> bool {
    let holds = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
    match reach {
        Reach::Named => true,
        Reach::Scanned if is_yaml => holds(b"backstage.io/") || !(holds(b"{{") && holds(b"}}")),
        // Configuration with comments in it is often called `.json` and is none.
        Reach::Scanned => holds(b"backstage.io/") || holds(b"\"kind\""),
    }
}
