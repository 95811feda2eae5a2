//! The catalog that the Backstage is given, and which owners follow from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::common::{ID, NAMESPACE};

/// The components at the start, and the Services of every cluster: `s0`, `s1` …
pub(crate) const COMPONENTS: usize = 40;
/// The Groups: `team-0`, `team-1` …
pub(crate) const TEAMS: usize = 6;
/// The Users: `user-0`, `user-1` …
pub(crate) const USERS: usize = 3;
/// All of them.
pub(crate) const ENTITIES: usize = COMPONENTS + TEAMS + USERS;

/// Who owns each Service that has a component.
pub(crate) type Truth = BTreeMap<String, String>;

/// What the catalog says at the start.
pub(crate) fn first_truth() -> Truth {
    let owner = |number: usize| match number % 8 {
        7 => format!("user:default/user-{}", number % USERS),
        _ => team(number % TEAMS),
    };
    (0..COMPONENTS)
        .map(|number| (format!("s{number}"), owner(number)))
        .collect()
}

/// The reference of a Group.
pub(crate) fn team(number: usize) -> String {
    format!("group:default/team-{number}")
}

/// All entities of a catalog that says this.
pub(crate) fn entities(truth: &Truth) -> Vec<Value> {
    let teams = (0..TEAMS).map(|number| {
        let profile = json!({"displayName": format!("Team {number}"), "email": format!("team-{number}@example.org")});
        entity("Group", &format!("team-{number}"), &json!({"type": "team", "children": [], "profile": profile}))
    });
    let users = (0..USERS)
        .map(|number| entity("User", &format!("user-{number}"), &json!({"memberOf": []})));
    let components = truth.iter().map(|(name, owner)| component(name, owner));
    teams.chain(users).chain(components).collect()
}

/// A component that claims the Service of its name.
pub(crate) fn component(name: &str, owner: &str) -> Value {
    let spec = json!({"type": "service", "lifecycle": "production", "owner": owner});
    let mut component = entity("Component", name, &spec);
    component["metadata"]["annotations"] = json!({ID: name, NAMESPACE: "shop"});
    component
}

fn entity(kind: &str, name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    })
}

/// What a Backstage says by these entities.
pub(crate) fn truth_of(entities: &[Value]) -> Truth {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entities
        .iter()
        .filter(|entity| entity["kind"] == "Component")
        .map(|entity| {
            (
                text(&entity["metadata"]["name"]),
                text(&entity["spec"]["owner"]),
            )
        })
        .collect()
}
