//! Which entities to ask for, in the words of the API's `filter` parameter.

use std::fmt;

/// Backstage does not index longer values, so that a filter on one finds nothing.
const MAX_VALUE_CHARS: usize = 200;

/// Which entities to read: those of any of some kinds that also meet one of some conditions.
///
/// A condition is written as the API writes it: `key=value` pairs joined by commas, all of which
/// must hold; a key alone asks that it be present; a key repeated asks for any of its values. Case
/// is ignored, and keys are paths such as `spec.type` or `metadata.annotations.example.com/tier`.
///
/// ```
/// use backstage_client::EntityFilter;
///
/// let filter = EntityFilter::kinds(["component", "group"])?.and("metadata.namespace=emea")?;
/// assert_eq!(
///     filter.to_string(),
///     "kind=component,metadata.namespace=emea or kind=group,metadata.namespace=emea"
/// );
/// # Ok::<(), backstage_client::FilterError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityFilter {
    kinds: Vec<String>,
    conditions: Vec<String>,
}

impl EntityFilter {
    /// Every entity.
    pub fn all() -> Self {
        Self::default()
    }

    /// The entities of these kinds; of every kind, where none is named.
    pub fn kinds<K: Into<String>>(kinds: impl IntoIterator<Item = K>) -> Result<Self, FilterError> {
        let kinds: Vec<String> = kinds.into_iter().map(Into::into).collect();
        for kind in &kinds {
            if kind.trim().is_empty() || kind.contains([',', '=']) || has_control(kind) {
                return Err(FilterError::Kind(kind.clone()));
            }
        }
        Ok(Self {
            kinds,
            conditions: Vec::new(),
        })
    }

    /// Only those, of each kind, that meet this condition; called again, that or this one.
    pub fn and(mut self, condition: impl Into<String>) -> Result<Self, FilterError> {
        let condition = condition.into();
        check(&condition)?;
        self.conditions.push(condition);
        Ok(self)
    }

    /// The values of the `filter` parameters, of which any must hold.
    pub(crate) fn values(&self) -> Vec<String> {
        let kinds = self.kinds.iter().map(|kind| format!("kind={kind}"));
        if self.conditions.is_empty() {
            return kinds.collect();
        }
        if self.kinds.is_empty() {
            return self.conditions.clone();
        }
        kinds
            .flat_map(|kind| {
                self.conditions
                    .iter()
                    .map(move |more| format!("{kind},{more}"))
            })
            .collect()
    }
}

impl fmt::Display for EntityFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.values() {
            values if values.is_empty() => f.write_str("every entity"),
            values => f.write_str(&values.join(" or ")),
        }
    }
}

fn check(condition: &str) -> Result<(), FilterError> {
    if has_control(condition) {
        return Err(FilterError::Control(condition.escape_debug().to_string()));
    }
    for pair in condition.split(',') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let place = || (condition.to_owned(), pair.to_owned());
        if key.trim().is_empty() {
            let (condition, pair) = place();
            return Err(FilterError::NoKey { condition, pair });
        }
        // A repeated key means any of its values: `kind` here would widen what `kinds` narrows.
        if key.trim().eq_ignore_ascii_case("kind") {
            return Err(FilterError::KindAgain(condition.to_owned()));
        }
        if value.chars().count() > MAX_VALUE_CHARS {
            let (condition, _) = place();
            return Err(FilterError::LongValue {
                condition,
                key: key.to_owned(),
            });
        }
    }
    Ok(())
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Why a filter cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A kind that cannot be one.
    #[error("the kind `{0}` must be one word such as `component`")]
    Kind(String),
    /// A condition with an empty part.
    #[error("the filter `{condition}` has `{pair}` where a `key=value` or a key is expected")]
    NoKey {
        /// The whole condition.
        condition: String,
        /// The part at fault.
        pair: String,
    },
    /// A condition on the kind, beside the kinds.
    #[error("the filter `{0}` must not ask for a `kind`: which kinds are read is already settled")]
    KindAgain(String),
    /// A value longer than what Backstage indexes.
    #[error(
        "the filter `{condition}` would find nothing: Backstage does not index values over 200 characters, as that of `{key}` is"
    )]
    LongValue {
        /// The whole condition.
        condition: String,
        /// The key whose value is too long.
        key: String,
    },
    /// A condition with a control character, such as a line break.
    #[error("the filter `{0}` must not contain control characters")]
    Control(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_narrows_each_kind() {
        let kinds = EntityFilter::kinds(["component", "user"]).expect("kinds");
        assert_eq!(kinds.values(), ["kind=component", "kind=user"]);
        let one = kinds
            .and("spec.type=service,metadata.tags.java")
            .expect("a condition");
        assert_eq!(
            one.values(),
            [
                "kind=component,spec.type=service,metadata.tags.java",
                "kind=user,spec.type=service,metadata.tags.java"
            ]
        );
        let two = one.and("a=b=c").expect("a condition");
        assert_eq!(two.values().len(), 4);
        assert_eq!(two.values()[1], "kind=component,a=b=c");
    }

    #[test]
    fn without_kinds_or_conditions() {
        assert!(EntityFilter::all().values().is_empty());
        assert_eq!(EntityFilter::all().to_string(), "every entity");
        let spec = EntityFilter::all()
            .and("spec.type=a,spec.type=b")
            .expect("a condition");
        assert_eq!(spec.values(), ["spec.type=a,spec.type=b"]);
    }

    #[test]
    fn says_what_cannot_be_asked() {
        for (condition, expected) in [
            (
                "",
                "the filter `` has `` where a `key=value` or a key is expected",
            ),
            ("a=b,", "the filter `a=b,` has `` where"),
            ("=b", "the filter `=b` has `=b` where"),
            (
                "Kind=api",
                "the filter `Kind=api` must not ask for a `kind`",
            ),
            (
                "a=b\n",
                "the filter `a=b\\n` must not contain control characters",
            ),
            (&format!("a={}", "x".repeat(201)), "the filter `a=xxx"),
        ] {
            let error = EntityFilter::all().and(condition).expect_err(condition);
            assert!(error.to_string().starts_with(expected), "{error}");
        }
        assert!(
            EntityFilter::all()
                .and(format!("a={}", "é".repeat(200)))
                .is_ok()
        );
        for kind in ["", " ", "a,b", "kind=a", "a\n"] {
            assert_eq!(
                EntityFilter::kinds([kind]),
                Err(FilterError::Kind(kind.into()))
            );
        }
    }
}
