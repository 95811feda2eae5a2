//! Kubernetes label selectors, with the full grammar of `kubectl -l`: `a=b`, `a==b`, `a!=b`, `a in (b,c)`,
//! `a notin (b,c)`, `a`, `!a`, joined by commas.
//! Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.

use std::fmt;

/// A selector; every requirement must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) key: Box<str>,
    pub(crate) operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    In(Vec<Box<str>>),
    NotIn(Vec<Box<str>>),
    Exists,
    DoesNotExist,
}

/// Why a text is no selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SelectorError(String);

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Selector {
    pub(crate) fn parse(text: &str) -> Result<Self, SelectorError> {
        let requirements = split(text)?
            .into_iter()
            .map(requirement)
            .collect::<Result<Vec<_>, _>>()?;
        if requirements.is_empty() {
            return Err(SelectorError("an empty selector".to_owned()));
        }
        Ok(Self { requirements })
    }

    /// Whether labels, asked by key, satisfy the selector.
    pub(crate) fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|requirement| {
            let value = label(&requirement.key);
            let among = |values: &[Box<str>]| {
                value.is_some_and(|value| values.iter().any(|other| **other == *value))
            };
            match &requirement.operator {
                Operator::In(values) => among(values),
                Operator::NotIn(values) => !among(values),
                Operator::Exists => value.is_some(),
                Operator::DoesNotExist => value.is_none(),
            }
        })
    }
}

/// Splits at the commas that stand outside brackets.
fn split(text: &str) -> Result<Vec<&str>, SelectorError> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut inside = false;
    for (at, character) in text.char_indices() {
        match character {
            '(' if inside => return Err(SelectorError("a bracket inside brackets".to_owned())),
            '(' => inside = true,
            ')' if !inside => {
                return Err(SelectorError("a `)` without its `(`".to_owned()));
            }
            ')' => inside = false,
            ',' if !inside => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err(SelectorError("a `(` without its `)`".to_owned()));
    }
    parts.push(&text[start..]);
    let all_blank = parts.iter().all(|part| part.trim().is_empty());
    if all_blank {
        return Ok(Vec::new());
    }
    Ok(parts)
}

fn requirement(text: &str) -> Result<Requirement, SelectorError> {
    let text = text.trim();
    let made = |found: &str, operator| {
        Ok(Requirement {
            key: key(found)?,
            operator,
        })
    };
    if let Some(found) = text.strip_prefix('!')
        && !found.starts_with('=')
    {
        return made(found, Operator::DoesNotExist);
    }
    if let Some((found, rest)) = text.split_once("!=") {
        return made(found, Operator::NotIn(vec![value(rest)?]));
    }
    if let Some((found, rest)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return made(found, Operator::In(vec![value(rest)?]));
    }
    if let Some(list) = text.strip_suffix(')') {
        let Some((head, values)) = list.split_once('(') else {
            return Err(SelectorError(format!("`{text}` has a `)` without its `(`")));
        };
        let values = values
            .split(',')
            .map(value)
            .collect::<Result<Vec<_>, _>>()?;
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(found), Some("in"), None) => made(found, Operator::In(values)),
            (Some(found), Some("notin"), None) => made(found, Operator::NotIn(values)),
            _ => Err(SelectorError(format!(
                "`{text}` is neither `key in (…)` nor `key notin (…)`"
            ))),
        };
    }
    made(text, Operator::Exists)
}

fn key(text: &str) -> Result<Box<str>, SelectorError> {
    let text = text.trim();
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    let prefix_fits = prefix.is_none_or(|prefix| {
        (1..=253).contains(&prefix.len())
            && prefix.split('.').all(|label| {
                fits(
                    label,
                    63,
                    |c| c.is_ascii_lowercase() || c.is_ascii_digit(),
                    "-",
                )
            })
    });
    if prefix_fits && fits(name, 63, |c| c.is_ascii_alphanumeric(), "-_.") {
        Ok(text.into())
    } else {
        Err(SelectorError(format!("`{text}` is no label key")))
    }
}

fn value(text: &str) -> Result<Box<str>, SelectorError> {
    let text = text.trim();
    if text.is_empty() || fits(text, 63, |c| c.is_ascii_alphanumeric(), "-_.") {
        Ok(text.into())
    } else {
        Err(SelectorError(format!("`{text}` is no label value")))
    }
}

/// At most `most` characters; `edge` ones at both ends, and those or `inner` ones between.
fn fits(text: &str, most: usize, edge: impl Fn(char) -> bool, inner: &str) -> bool {
    !text.is_empty()
        && text.len() <= most
        && text.starts_with(&edge)
        && text.ends_with(&edge)
        && text.chars().all(|c| edge(c) || inner.contains(c))
}

#[cfg(test)]
mod tests {
    use super::Selector;

    const LABELS: [(&str, &str); 3] = [("app", "checkout"), ("tier", "web"), ("empty", "")];

    fn matches(selector: &str) -> bool {
        Selector::parse(selector)
            .unwrap_or_else(|error| panic!("{selector}: {error}"))
            .matches(|key| {
                LABELS
                    .iter()
                    .find_map(|(name, value)| (*name == key).then_some(*value))
            })
    }

    #[test]
    fn s11_selectors_follow_the_grammar_of_kubernetes() {
        let table = [
            ("app=checkout", true),
            ("app==checkout", true),
            (" app = checkout , tier = web ", true),
            ("app=checkout,tier=db", false),
            ("app!=checkout", false),
            ("app!=cart", true),
            ("absent!=x", true),
            ("app in (cart, checkout)", true),
            ("app in (cart)", false),
            ("app notin (cart)", true),
            ("absent notin (cart)", true),
            ("tier", true),
            ("absent", false),
            ("!absent", true),
            ("! tier", false),
            ("empty=", true),
            ("empty in ()", true),
        ];
        for (selector, expected) in table {
            assert_eq!(matches(selector), expected, "{selector}");
        }
    }

    #[test]
    fn s20_what_is_no_selector_is_refused() {
        for text in [
            "",
            " ",
            "app=checkout,",
            "=x",
            "app=${{ values.name }}",
            "app in (a",
            "app)",
            "app of (a)",
            "app in ((a))",
            "-app",
            "Bad.Prefix/app",
            "app=a b",
            "app>3",
        ] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
