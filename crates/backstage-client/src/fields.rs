//! Which fields of an entity are asked for, where not all are.

use crate::SettingsError;

/// Without these an entity has no identity.
const IDENTITY: [&str; 3] = ["kind", "metadata.name", "metadata.namespace"];

/// The value of `fields=`: what is asked for, after what identifies an entity.
pub(crate) fn parameter(fields: &[String]) -> Result<String, SettingsError> {
    for field in fields {
        let plain =
            |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ',' | '[' | ']');
        let parts = !field.is_empty() && !field.starts_with('.') && !field.ends_with('.');
        if !parts || !field.chars().all(plain) {
            let shown = field.escape_debug().take(MAX_SHOWN).collect();
            return Err(SettingsError::Field(shown));
        }
    }
    // A field with all that is below it is asked for by its own name.
    let covered = |wanted: &&str| {
        !fields.iter().any(|field| {
            let below = wanted.strip_prefix(field.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    let identity = IDENTITY.iter().copied().filter(covered);
    let all: Vec<&str> = identity.chain(fields.iter().map(String::as_str)).collect();
    Ok(all.join(","))
}

/// How much of a field that cannot be asked for is shown.
const MAX_SHOWN: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(fields: &[&str]) -> Result<String, SettingsError> {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        parameter(&fields)
    }

    #[test]
    fn the_identity_is_always_asked_for() {
        for (fields, expected) in [
            (&[][..], "kind,metadata.name,metadata.namespace"),
            (
                &[
                    "spec.owner",
                    "metadata.annotations.backstage.io/kubernetes-id",
                ],
                "kind,metadata.name,metadata.namespace,spec.owner,metadata.annotations.backstage.io/kubernetes-id",
            ),
            (&["metadata", "kind"], "metadata,kind"),
            (&["metadata.name"], "kind,metadata.namespace,metadata.name"),
            (
                &["metadata.names"],
                "kind,metadata.name,metadata.namespace,metadata.names",
            ),
        ] {
            assert_eq!(asked(fields).expect("fields"), expected, "{fields:?}");
        }
    }

    #[test]
    fn what_backstage_cannot_take_is_refused() {
        for field in [
            "",
            ".",
            "a.",
            ".a",
            "a,b",
            "a b",
            "a[0]",
            "a\n",
            "relations[]",
        ] {
            let error = asked(&["spec", field]).expect_err(field);
            assert!(matches!(error, SettingsError::Field(_)), "{field}: {error}");
        }
    }
}
