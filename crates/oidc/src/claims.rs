//! What a provider says of somebody.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Bound on the groups that are looked at; what holds more is cut there, and nobody gets a role for what is beyond.
const MAX_GROUPS: usize = 2_000;

/// What a provider says of somebody: the claims of an ID token that was found good.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Claims {
    /// Who it is, for this provider and for ever.
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(flatten)]
    pub(crate) others: Map<String, Value>,
}

impl Claims {
    /// What to call them: the preferred name, the address, the full name, and where there is none of these the subject.
    pub fn name(&self) -> &str {
        ["preferred_username", "email", "name"]
            .into_iter()
            .filter_map(|claim| self.others.get(claim)?.as_str())
            .find(|name| !name.trim().is_empty())
            .unwrap_or(&self.subject)
    }

    /// The e-mail address, where the provider says that it was verified. Any other could be somebody else's.
    pub fn verified_email(&self) -> Option<&str> {
        let verified = match self.others.get("email_verified")? {
            Value::Bool(verified) => *verified,
            Value::String(text) => text == "true",
            _ => false,
        };
        self.others.get("email")?.as_str().filter(|_| verified)
    }

    /// The groups in that claim: a list of texts, or one text. The name is that of a claim, which may have dots in it, or a path to
    /// one, such as `realm_access.roles`. `None`: there is no such claim.
    pub fn groups(&self, claim: &str) -> Option<BTreeSet<&str>> {
        let found = self.others.get(claim).or_else(|| {
            let (first, rest) = claim.split_once('.')?;
            rest.split('.')
                .try_fold(self.others.get(first)?, |value, key| value.get(key))
        })?;
        Some(match found {
            Value::String(group) => BTreeSet::from([group.as_str()]),
            Value::Array(groups) => groups
                .iter()
                .filter_map(Value::as_str)
                .take(MAX_GROUPS)
                .collect(),
            _ => BTreeSet::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        serde_json::from_value(value).expect("claims")
    }

    #[test]
    fn what_somebody_is_called() {
        for (given, expected) in [
            (json!({"sub": "8a1"}), "8a1"),
            (json!({"sub": "8a1", "name": "Ann Lee"}), "Ann Lee"),
            (
                json!({"sub": "8a1", "name": "Ann Lee", "email": "ann@example.com"}),
                "ann@example.com",
            ),
            (
                json!({"sub": "8a1", "email": "ann@example.com", "preferred_username": "ann"}),
                "ann",
            ),
            (
                json!({"sub": "8a1", "preferred_username": " ", "name": 7}),
                "8a1",
            ),
        ] {
            assert_eq!(claims(given.clone()).name(), expected, "{given}");
        }
    }

    #[test]
    fn an_address_counts_where_it_was_verified() {
        for (given, expected) in [
            (
                json!({"sub": "1", "email": "a@b.c", "email_verified": true}),
                Some("a@b.c"),
            ),
            (
                json!({"sub": "1", "email": "a@b.c", "email_verified": "true"}),
                Some("a@b.c"),
            ),
            (
                json!({"sub": "1", "email": "a@b.c", "email_verified": false}),
                None,
            ),
            (json!({"sub": "1", "email": "a@b.c"}), None),
            (json!({"sub": "1", "email_verified": true}), None),
        ] {
            assert_eq!(claims(given.clone()).verified_email(), expected, "{given}");
        }
    }

    #[test]
    fn groups_are_where_providers_have_them() {
        let somebody = claims(json!({
            "sub": "1",
            "groups": ["sre", "web", 7],
            "role": "dev",
            "https://example.com/groups": ["auth0"],
            "realm_access": {"roles": ["admin"]},
            "odd": {"a": 1},
        }));
        for (claim, expected) in [
            ("groups", Some(vec!["sre", "web"])),
            ("role", Some(vec!["dev"])),
            ("https://example.com/groups", Some(vec!["auth0"])),
            ("realm_access.roles", Some(vec!["admin"])),
            ("realm_access.others", None),
            ("odd", Some(vec![])),
            ("missing", None),
        ] {
            let found = somebody.groups(claim).map(|it| it.into_iter().collect());
            assert_eq!(found, expected, "{claim}");
        }
    }
}
