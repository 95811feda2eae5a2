//! What the tools take. The JSON schema that clients are shown is made of these types, so that the two cannot differ.
//!
//! It must not know what a tool does with them.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned};
use rmcp::model::JsonObject;
use rmcp::schemars::{self, JsonSchema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

use super::answer::{DEFAULT_ITEMS, MAX_ITEMS};
use crate::args::Moment;
use crate::report::Failure;

/// `who_owns`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoOwns {
    /// What is owned: a Service (`namespace/name` or `cluster/namespace/name`), a workload or pod (`pod/namespace/name`,
    /// `deployment/namespace/name`, `node/name`, ...) or a component (`component:default/name`).
    pub subject: String,
    /// A moment of the past, to ask who owned it then: RFC 3339 such as `2026-01-31T03:12:00Z`, or `2h ago`, or `03:12`.
    pub at: Option<String>,
    /// How many items each list of the answer has at most, 1 to 200; 50 if not given.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

/// `explain`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explain {
    /// A component (`component:default/name`), a Service (`namespace/name` or `cluster/namespace/name`), a workload or pod
    /// (`pod/namespace/name`, `deployment/namespace/name`, ...), or a bare name.
    pub subject: String,
    /// How many items each list of the answer has at most, 1 to 200; 50 if not given.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

/// `team_services`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeamServices {
    /// Reference of the owner, such as `group:default/payments` or `user:default/ann`; a bare name is a Group.
    pub team: String,
    /// Whether the Services of all Groups below it are listed too; false if not given.
    #[serde(default)]
    pub descendants: bool,
    /// How many Services at most, 1 to 200; 50 if not given.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// `next` of the answer before, to go on; everything else has to be as it was.
    pub cursor: Option<String>,
}

/// `what_changed`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhatChanged {
    /// Since when: RFC 3339 such as `2026-01-31T03:12:00Z`, or `24h`, `7d`, `90m`, `yesterday 14:00`. Give the `since` of the
    /// answer before when you go on by `cursor`.
    pub since: String,
    /// Only changes that gave this owner a Service or took one away; a reference, a bare name is a Group.
    pub team: Option<String>,
    /// Only changes of this Service: `namespace/name` or `cluster/namespace/name`.
    pub service: Option<String>,
    /// How many changes at most, 1 to 200; 50 if not given.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// `next` of the answer before, to go on with older changes; everything else has to be as it was.
    pub cursor: Option<String>,
}

/// `unowned`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unowned {
    /// Only Services of this cluster.
    pub cluster: Option<String>,
    /// Only Services of this Kubernetes namespace.
    pub namespace: Option<String>,
    /// How many Services at most, 1 to 200; 50 if not given.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// `next` of the answer before, to go on; everything else has to be as it was.
    pub cursor: Option<String>,
}

/// `resolve_alert`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveAlert {
    /// The labels of the alert as they came, such as `{"namespace": "shop", "pod": "cart-5d8f6c7b9-x2x4z"}`. Labels such as
    /// `cluster`, `namespace`, `service`, `pod`, `deployment`, `node` are looked at, others are passed over.
    pub labels: BTreeMap<String, String>,
    /// A moment of the past, such as when the alert fired: RFC 3339, or `2h ago`, or `03:12`.
    pub at: Option<String>,
    /// How many items each list of the answer has at most, 1 to 200; 50 if not given.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

/// The arguments as the tool takes them, whose schema is given for the message about those that it does not.
///
/// # Errors
/// With what the tool takes.
pub(crate) fn read<T: DeserializeOwned>(
    tool: &str,
    given: Option<JsonObject>,
    schema: &JsonObject,
) -> Result<T, Failure> {
    serde_json::from_value(Value::Object(given.unwrap_or_default())).map_err(|error| {
        Failure::new(format!("the arguments of `{tool}` cannot be used: {error}"))
            .hint(Some(format!("`{tool}` takes {}", taken(schema))))
    })
}

/// What a schema says that a tool takes, in words.
fn taken(schema: &JsonObject) -> String {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return "no arguments".to_owned();
    };
    let shown = properties.iter().map(|(name, property)| {
        let kind = match &property["type"] {
            Value::Array(several) => several.first().and_then(Value::as_str),
            one => one.as_str(),
        };
        let kind = match kind {
            Some("object") => "object of strings",
            Some(kind) => kind,
            None => "value",
        };
        if required.contains(&name.as_str()) {
            format!("`{name}` ({kind}, required)")
        } else {
            format!("`{name}` ({kind})")
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// How many items are wanted.
///
/// # Errors
/// When it is none, or more than anybody is given.
pub(crate) fn limit(given: Option<u32>) -> Result<usize, Failure> {
    match given {
        None => Ok(DEFAULT_ITEMS),
        Some(limit) => match usize::try_from(limit) {
            Ok(limit) if (1..=MAX_ITEMS).contains(&limit) => Ok(limit),
            _ => Err(
                Failure::new(format!("`limit` is {limit}, expected 1 to {MAX_ITEMS}"))
                    .hint(Some("leave it out for 50; lists go on by `cursor`")),
            ),
        },
    }
}

/// The moment that is meant, now.
///
/// # Errors
/// When it is no time.
pub(crate) fn moment(name: &str, text: &str, now: &Zoned) -> Result<Timestamp, Failure> {
    Moment::parse(text)
        .and_then(|moment| moment.on(now))
        .map_err(|error| Failure::new(format!("`{name}` cannot be `{text}`: {error}")))
}

/// The canonical reference of an owner; a bare name is a Group.
///
/// # Errors
/// When it is no reference.
pub(crate) fn owner(name: &str, text: &str) -> Result<String, Failure> {
    EntityRef::parse(text, Some("group"), DEFAULT_NAMESPACE)
        .map(|owner| owner.to_string())
        .map_err(|error| {
            Failure::new(format!("`{name}` cannot be `{text}`: {error}")).hint(Some(
                "expected such as `payments` or `group:default/payments`",
            ))
        })
}

#[cfg(test)]
mod tests {
    use rmcp::handler::server::tool::schema_for_input;
    use serde_json::json;

    use super::*;

    fn complaint<T: DeserializeOwned + JsonSchema + 'static>(given: &Value) -> String {
        let schema = schema_for_input::<T>().expect("an object");
        let failure = read::<T>("tool", given.as_object().cloned(), &schema)
            .err()
            .expect("it cannot be used");
        format!("{}\nhint: {}", failure.message, failure.hint.expect("one"))
    }

    #[test]
    fn arguments_that_cannot_be_used() {
        insta::assert_snapshot!(complaint::<WhoOwns>(&json!({})), @r"
        the arguments of `tool` cannot be used: missing field `subject`
        hint: `tool` takes `at` (string), `limit` (integer), `subject` (string, required)
        ");
        insta::assert_snapshot!(complaint::<Explain>(&json!({"subject": 5})), @r"
        the arguments of `tool` cannot be used: invalid type: integer `5`, expected a string
        hint: `tool` takes `limit` (integer), `subject` (string, required)
        ");
        insta::assert_snapshot!(complaint::<TeamServices>(&json!({"team": "a", "descendents": true})), @r"
        the arguments of `tool` cannot be used: unknown field `descendents`, expected one of `team`, `descendants`, `limit`, `cursor`
        hint: `tool` takes `cursor` (string), `descendants` (boolean), `limit` (integer), `team` (string, required)
        ");
        insta::assert_snapshot!(complaint::<ResolveAlert>(&json!({"labels": {"pod": 1}})), @r"
        the arguments of `tool` cannot be used: invalid type: integer `1`, expected a string
        hint: `tool` takes `at` (string), `labels` (object of strings, required), `limit` (integer)
        ");
        insta::assert_snapshot!(complaint::<Unowned>(&json!({"limit": -1})), @r"
        the arguments of `tool` cannot be used: invalid value: integer `-1`, expected u32
        hint: `tool` takes `cluster` (string), `cursor` (string), `limit` (integer), `namespace` (string)
        ");
    }

    #[test]
    fn limits() {
        for (given, expected) in [
            (None, Some(50)),
            (Some(1), Some(1)),
            (Some(200), Some(200)),
            (Some(0), None),
            (Some(201), None),
        ] {
            assert_eq!(limit(given).ok(), expected, "{given:?}");
        }
    }

    #[test]
    fn owners_are_named_in_full() {
        for (text, expected) in [
            ("web", Some("group:default/web")),
            ("user:ann", Some("user:default/ann")),
            // It stays within one segment of a path.
            ("..", Some("group:default/..")),
            ("", None),
            ("group:", None),
        ] {
            assert_eq!(owner("team", text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_named() {
        let now = Zoned::default();
        let failure = moment("since", "lately", &now).expect_err("no time");
        assert!(
            failure
                .message
                .starts_with("`since` cannot be `lately`: expected such as")
        );
        assert_eq!(
            moment("since", "2026-01-31T03:12:00Z", &now).map(|it| it.to_string()),
            Ok("2026-01-31T03:12:00Z".to_owned())
        );
    }
}
