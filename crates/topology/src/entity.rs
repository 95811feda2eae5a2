//! From a catalog document to a fact: reading an entity through a `label_map` (S1–S5, S12, S14).

use crate::contact;
use crate::dependency;
use crate::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use crate::fact::{
    ComponentFact, EntityFact, FieldFault, Found, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
};
use crate::field_path::{FieldPath, Lookup};
use crate::label_map::LabelMap;
use crate::value::Value;

/// Bound on a value that is kept, in bytes. No Kubernetes name, selector or reference comes near it.
pub const MAX_VALUE_BYTES: usize = 4096;
/// Bound on the owner candidates of one component, and on each list of an owner.
pub const MAX_LISTED: usize = 10_000;

/// Reads one catalog document. `Ok(None)`: an entity of a kind that stitching does not use. What costs only itself, and leaves
/// the rest of the entity as good as it is, is added to `faults`.
///
/// # Errors
/// When the document is no entity, or has no usable kind or name; such an entity has no identity to attach a verdict to.
pub fn read_entity(
    document: &Value<'_>,
    map: &LabelMap,
    faults: &mut Vec<FieldFault>,
) -> Result<Option<EntityFact>, FieldFault> {
    if !matches!(document, Value::Map(_)) {
        return Err(fault("", document.describe(), "an entity (a map)"));
    }
    let kind = required(document.get("kind"), "kind", "a text such as `Component`")?;
    let kind = kind.to_lowercase();
    if !matches!(kind.as_str(), "component" | "group" | "user") {
        return Ok(None);
    }
    let metadata = match document.get("metadata") {
        Some(metadata @ Value::Map(_)) => metadata,
        other => return Err(fault("metadata", described(other), "a map with a `name`")),
    };
    let name = required(metadata.get("name"), "metadata.name", "a non-empty text")?;
    let namespace = match metadata.get("namespace") {
        None | Some(Value::Null) => DEFAULT_NAMESPACE,
        Some(Value::String(text)) if text.trim().is_empty() => DEFAULT_NAMESPACE,
        given => required(given, "metadata.namespace", "a text")?,
    };
    // A reference ends the namespace at the first `/`, so nobody could name the entity, or tell it from another.
    if namespace.contains('/') {
        let found = format!("`{namespace}`");
        return Err(fault("metadata.namespace", &found, "a text without `/`"));
    }
    let reference = EntityRef::new(&kind, namespace, name);
    Ok(Some(match kind.as_str() {
        "component" => {
            let dependencies = dependency::read(document, &reference, faults);
            let component = component(document, map, reference, name);
            EntityFact::Component(Box::new(ComponentFact {
                dependencies,
                ..component
            }))
        }
        "group" => EntityFact::Owner(Box::new(owner(document, reference, name, OwnerKind::Group))),
        _ => EntityFact::Owner(Box::new(owner(document, reference, name, OwnerKind::User))),
    }))
}

fn component(
    document: &Value<'_>,
    map: &LabelMap,
    reference: EntityRef,
    name: &str,
) -> ComponentFact {
    let mut unusable = None;
    let mut mapped = |paths: &[FieldPath]| {
        first_value(document, paths).unwrap_or_else(|problem| {
            unusable.get_or_insert(problem.into_fault());
            None
        })
    };
    let kubernetes_id = mapped(&map.kubernetes_id);
    let kubernetes_namespace = mapped(&map.kubernetes_namespace);
    // These three are read where they are and are no part of the mapping: a document whose annotations are no map
    // simply has none of them.
    let mut annotation = |key: &str| {
        let path = FieldPath::parse(&format!("annotations.{key}")).ok()?;
        match first_value(document, &[path]) {
            Ok(found) => Some(found?.value),
            Err(Unusable::TooLong(problem)) => {
                unusable.get_or_insert(problem);
                None
            }
            Err(Unusable::NotAMap(_)) => None,
        }
    };
    let label_selector = annotation("backstage.io/kubernetes-label-selector");
    let kubernetes_cluster = annotation("backstage.io/kubernetes-cluster");
    let orphan = annotation("backstage.io/orphan").is_some_and(|value| &*value == "true");
    let owners = owner_claims(document, map, &reference);
    let spec = |key: &str| {
        let text = document.get("spec")?.get(key)?.text()?;
        (text.len() <= MAX_VALUE_BYTES).then(|| Box::from(text))
    };
    ComponentFact {
        reference,
        name: name.into(),
        kubernetes_id,
        kubernetes_namespace,
        label_selector,
        kubernetes_cluster,
        owners,
        component_type: spec("type"),
        lifecycle: spec("lifecycle"),
        system: spec("system"),
        dependencies: Vec::new(),
        orphan,
        fault: unusable,
    }
}

/// Why no path of a list could be used.
enum Unusable {
    /// A step that must be a map is something else, and no other path had a value.
    NotAMap(FieldFault),
    /// The value is too long to be kept.
    TooLong(FieldFault),
}

impl Unusable {
    fn into_fault(self) -> FieldFault {
        match self {
            Self::NotAMap(fault) | Self::TooLong(fault) => fault,
        }
    }
}

/// The first path with a value (S5).
fn first_value(document: &Value<'_>, paths: &[FieldPath]) -> Result<Option<Found>, Unusable> {
    let mut not_a_map = None;
    for (index, path) in (0..=u8::MAX).zip(paths) {
        match path.lookup(document) {
            Lookup::Absent => {}
            Lookup::NotAMap { at, found } => {
                not_a_map.get_or_insert_with(|| fault(at, found, "a map"));
            }
            Lookup::Value(value) => match value.text() {
                Some(text) if text.len() > MAX_VALUE_BYTES => {
                    let found = format!("a text of {} bytes", text.len());
                    let expected = format!("at most {MAX_VALUE_BYTES} bytes");
                    return Err(Unusable::TooLong(fault(path.as_str(), &found, &expected)));
                }
                Some(text) => {
                    return Ok(Some(Found {
                        path: index,
                        value: text.into(),
                    }));
                }
                None => {}
            },
        }
    }
    not_a_map.map_or(Ok(None), |fault| Err(Unusable::NotAMap(fault)))
}

fn owner_claims(document: &Value<'_>, map: &LabelMap, component: &EntityRef) -> Vec<OwnerClaim> {
    let mut claims = Vec::new();
    for (path, field) in (0..=u8::MAX).zip(&map.owner) {
        let mut claim = |target| {
            if claims.len() < MAX_LISTED {
                claims.push(OwnerClaim { path, target });
            }
        };
        if field.is_owned_by() {
            owned_by(document, component, &mut claim);
        } else if let Lookup::Value(value) = field.lookup(document) {
            claimed(value, component, &mut claim);
        }
    }
    claims
}

/// A reference, a map of its parts, or a list of either (S12).
fn claimed(value: &Value<'_>, component: &EntityRef, claim: &mut impl FnMut(OwnerTarget)) {
    match value {
        Value::Array(items) => {
            for item in items {
                if !matches!(item, Value::Array(_)) {
                    claimed(item, component, claim);
                }
            }
        }
        Value::Map(entries) => {
            let part = |key| value.get(key).and_then(Value::text);
            if let Some(name) = part("name") {
                claim(OwnerTarget::Ref(EntityRef::new(
                    part("kind").unwrap_or("group"),
                    part("namespace").unwrap_or(&component.namespace),
                    name,
                )));
            } else if !entries.is_empty() {
                claim(OwnerTarget::Malformed("(a map without a `name`)".into()));
            }
        }
        scalar => {
            if let Some(text) = scalar.text() {
                claim(named(text, component));
            }
        }
    }
}

/// Default kind Group, default namespace the component's own; a bare name is never silently a User (S12).
fn named(text: &str, component: &EntityRef) -> OwnerTarget {
    if text.len() > MAX_VALUE_BYTES {
        return OwnerTarget::Malformed(format!("(a text of {} bytes)", text.len()).into());
    }
    match EntityRef::parse(text, Some("group"), &component.namespace) {
        Ok(reference) => OwnerTarget::Ref(reference),
        Err(_) => OwnerTarget::Malformed(text.into()),
    }
}

/// The targets of the entity's `ownedBy` relations (S15a): `targetRef`, or the parts in `target` where an older
/// Backstage writes only those.
fn owned_by(document: &Value<'_>, component: &EntityRef, claim: &mut impl FnMut(OwnerTarget)) {
    let Some(Value::Array(relations)) = document.get("relations") else {
        return;
    };
    for relation in relations {
        if relation.get("type").and_then(Value::text) == Some("ownedBy")
            && let Some(target) = relation.get("targetRef").or_else(|| relation.get("target"))
        {
            claimed(target, component, claim);
        }
    }
}

fn owner(document: &Value<'_>, reference: EntityRef, name: &str, kind: OwnerKind) -> OwnerFact {
    let bounded = |text: &str| (text.len() <= MAX_VALUE_BYTES).then(|| Box::from(text));
    let spec = document.get("spec");
    let profile = |key: &str| {
        let text = spec?.get("profile")?.get(key)?.text()?;
        bounded(text)
    };
    let title = || bounded(document.get("metadata")?.get("title")?.text()?);
    let refs = |key: &str, kind: &str| -> Vec<EntityRef> {
        let items = match spec.and_then(|spec| spec.get(key)) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(single) => std::slice::from_ref(single),
            None => &[],
        };
        items
            .iter()
            .filter_map(Value::text)
            .filter(|text| text.len() <= MAX_VALUE_BYTES)
            .filter_map(|text| EntityRef::parse(text, Some(kind), &reference.namespace).ok())
            .take(MAX_LISTED)
            .collect()
    };
    OwnerFact {
        display_name: profile("displayName")
            .or_else(title)
            .unwrap_or_else(|| name.into()),
        email: profile("email"),
        contacts: contact::read(document.get("metadata"), MAX_VALUE_BYTES),
        parent: refs("parent", "group").into_iter().next(),
        children: refs("children", "group"),
        members: refs("members", "user"),
        member_of: refs("memberOf", "group"),
        kind,
        reference,
    }
}

fn required<'v>(
    value: Option<&'v Value<'_>>,
    field: &str,
    expected: &str,
) -> Result<&'v str, FieldFault> {
    match value.and_then(Value::text) {
        Some(text) if text.len() > MAX_VALUE_BYTES => Err(fault(
            field,
            &format!("a text of {} bytes", text.len()),
            &format!("at most {MAX_VALUE_BYTES} bytes"),
        )),
        Some(text) => Ok(text),
        None => Err(fault(field, described(value), expected)),
    }
}

fn described(value: Option<&Value<'_>>) -> &'static str {
    match value {
        None => "nothing",
        Some(Value::String(_)) => "an empty text",
        Some(other) => other.describe(),
    }
}

fn fault(field: &str, found: &str, expected: &str) -> FieldFault {
    FieldFault {
        field: field.into(),
        found: found.into(),
        expected: expected.into(),
    }
}
