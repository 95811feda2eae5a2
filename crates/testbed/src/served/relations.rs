//! Which relations follow from an entity's own fields.
//!
//! It owns the short list of fields that Backstage's processors read for the kinds that own and are owned. Pure.

use serde_json::Value;

/// A relation, seen from the entity whose field it is, and how the other side sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) kind: &'static str,
    pub(super) inverse: &'static str,
    /// The other entity's reference, in lower case.
    pub(super) target: String,
}

struct Rule {
    kinds: &'static [&'static str],
    field: &'static str,
    target_kind: &'static str,
    relation: &'static str,
    inverse: &'static str,
}

const RULES: [Rule; 6] = [
    Rule {
        kinds: &["component", "api", "resource", "system", "domain"],
        field: "owner",
        target_kind: "group",
        relation: "ownedBy",
        inverse: "ownerOf",
    },
    Rule {
        kinds: &["component", "api", "resource"],
        field: "system",
        target_kind: "system",
        relation: "partOf",
        inverse: "hasPart",
    },
    Rule {
        kinds: &["user"],
        field: "memberOf",
        target_kind: "group",
        relation: "memberOf",
        inverse: "hasMember",
    },
    Rule {
        kinds: &["group"],
        field: "parent",
        target_kind: "group",
        relation: "childOf",
        inverse: "parentOf",
    },
    Rule {
        kinds: &["group"],
        field: "children",
        target_kind: "group",
        relation: "parentOf",
        inverse: "childOf",
    },
    Rule {
        kinds: &["group"],
        field: "members",
        target_kind: "user",
        relation: "hasMember",
        inverse: "memberOf",
    },
];

/// The relations that an entity's own fields make. Its namespace is the default one of what it refers to.
pub(super) fn relations(entity: &Value) -> Vec<Relation> {
    let kind = entity["kind"].as_str().unwrap_or_default().to_lowercase();
    let namespace = namespace(entity);
    let mut relations = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.kinds.contains(&&*kind)) {
        let field = &entity["spec"][rule.field];
        let texts = match field {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            value => value.as_str().into_iter().collect::<Vec<_>>(),
        };
        for text in texts {
            relations.push(Relation {
                kind: rule.relation,
                inverse: rule.inverse,
                target: full_reference(text, rule.target_kind, &namespace),
            });
        }
    }
    relations
}

/// `[kind:][namespace/]name` in full and in lower case. The first `:` ends the kind unless a `/` comes before it.
fn full_reference(text: &str, kind: &str, namespace: &str) -> String {
    let (kind, rest) = match text.split_once(':') {
        Some((before, after)) if !before.contains('/') => (before, after),
        _ => (kind, text),
    };
    let (namespace, name) = rest.split_once('/').unwrap_or((namespace, rest));
    format!("{kind}:{namespace}/{name}").to_lowercase()
}

/// The full reference of an entity, in lower case.
pub(super) fn reference(entity: &Value) -> String {
    let kind = entity["kind"].as_str().unwrap_or_default();
    let name = entity["metadata"]["name"].as_str().unwrap_or_default();
    format!("{kind}:{}/{name}", namespace(entity)).to_lowercase()
}

fn namespace(entity: &Value) -> String {
    let namespace = entity["metadata"]["namespace"].as_str();
    namespace.unwrap_or("default").to_lowercase()
}
