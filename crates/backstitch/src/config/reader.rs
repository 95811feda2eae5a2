//! Reading a tree key by key, gathering every fault on the way.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use topology::nearest::nearest;

use super::fault::Fault;
use super::node::{Key, Node, Place, Quoted, Value};

/// Where faults are gathered.
pub(super) struct Faults<'f> {
    path: &'f Path,
    lines: Vec<&'f str>,
    /// The numbers of lines that are not shown.
    hidden: BTreeSet<usize>,
    pub(super) list: Vec<Fault>,
}

impl<'f> Faults<'f> {
    pub(super) fn new(path: &'f Path, text: &'f str) -> Self {
        Self {
            path,
            lines: text.lines().collect(),
            hidden: BTreeSet::new(),
            list: Vec::new(),
        }
    }

    /// S31: no fault shows one of these lines.
    pub(super) fn hide(&mut self, lines: BTreeSet<usize>) {
        self.hidden = lines;
    }

    pub(super) fn add(&mut self, at: Place, message: impl Into<String>) {
        self.push(at, message.into(), None);
    }

    /// Faults the second of several keys of which at most one may be given, in the order in which they are listed here.
    pub(super) fn at_most_one<const N: usize>(
        &mut self,
        entries: [(&str, &Option<(Place, Node)>); N],
        expected: &str,
    ) {
        let mut given = entries
            .into_iter()
            .filter_map(|(key, entry)| entry.as_ref().map(|(at, _)| (key, *at)));
        if let (Some((first, _)), Some((second, at))) = (given.next(), given.next()) {
            self.add(
                at,
                format!("`{second}` beside `{first}`, expected {expected}"),
            );
        }
    }

    /// Faults each key that is missing and that `what` needs.
    pub(super) fn lacking<const N: usize>(
        &mut self,
        at: Place,
        what: &str,
        keys: [(&str, bool); N],
    ) {
        for (key, _) in keys.into_iter().filter(|(_, missing)| *missing) {
            self.add(at, format!("`{what}` without `{key}`, which it needs"));
        }
    }

    pub(super) fn hint(&mut self, at: Place, message: impl Into<String>, hint: impl Into<String>) {
        self.push(at, message.into(), Some(hint.into()));
    }

    pub(super) fn push(&mut self, at: Place, message: String, hint: Option<String>) {
        let fault = self.fault(at, message, hint);
        self.list.push(fault);
    }

    /// A fault at this place, not gathered.
    pub(super) fn fault(&self, at: Place, message: String, hint: Option<String>) -> Fault {
        let text = self.lines.get(at.line - 1).copied().unwrap_or_default();
        // S31: where the places of secrets are not known, because the text is no YAML, the words tell.
        let secret = self.hidden.contains(&at.line)
            || text.contains("token:")
            || text.contains("client_secret:")
            || text.contains('@');
        let text = if secret { "" } else { text };
        Fault {
            at,
            message,
            hint,
            text: text.to_owned(),
            path: self.path.to_owned(),
        }
    }

    /// What was found where something else was expected.
    pub(super) fn expected(&mut self, key: &str, node: &Node, expected: &str) {
        self.add(
            node.at,
            format!("`{key}`: found {}, expected {expected}", node.found()),
        );
    }
}

/// A map that is taken apart key by key. What nobody took is unknown.
pub(super) struct Map {
    at: Place,
    /// What it is, for messages: `` an instance ``.
    what: &'static str,
    entries: Vec<(Key, Node)>,
    known: Vec<&'static str>,
}

impl Map {
    /// The entries of a map; null is an empty one. A key that stands there twice is a fault.
    pub(super) fn open(
        node: Node,
        key: &str,
        what: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<Self> {
        let at = node.at;
        let entries = match node.value {
            Value::Null => Vec::new(),
            Value::Map(entries) => entries,
            _ => {
                faults.expected(key, &node, "a map");
                return None;
            }
        };
        let mut kept: Vec<(Key, Node)> = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            match kept.iter().find(|(other, _)| other.text == key.text) {
                Some((first, _)) => faults.add(
                    key.at,
                    format!(
                        "`{}` is given twice, first in line {}; keep one of them",
                        key.text, first.at.line
                    ),
                ),
                None => kept.push((key, node)),
            }
        }
        Some(Self {
            at,
            what,
            entries: kept,
            known: Vec::new(),
        })
    }

    pub(super) fn at(&self) -> Place {
        self.at
    }

    /// Whether something is given by `key`; null is as absent.
    pub(super) fn has(&self, key: &str) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|(entry, node)| entry.text == key && !matches!(node.value, Value::Null))
    }

    /// Takes the value of `key`; null is as absent.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        Some(self.take_entry(key)?.1)
    }

    /// The same, with the place of the key.
    pub(super) fn take_entry(&mut self, key: &'static str) -> Option<(Place, Node)> {
        self.known.push(key);
        let index = self
            .entries
            .iter()
            .position(|(entry, _)| entry.text == key)?;
        let (key, node) = self.entries.remove(index);
        (!matches!(node.value, Value::Null)).then_some((key.at, node))
    }

    /// Whatever is left, with its keys.
    pub(super) fn rest(self) -> Vec<(Key, Node)> {
        self.entries
    }

    /// Every key that nobody took is a fault.
    pub(super) fn finish(self, faults: &mut Faults<'_>) {
        for (key, _) in &self.entries {
            let hint = match nearest(&key.text, self.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{} has {}", self.what, listed(&self.known)),
            };
            faults.hint(key.at, format!("unknown key `{}`", key.text), hint);
        }
    }

    /// The same where a secret may have come to stand for a key (S31): `{s3cret}` is a map.
    pub(super) fn finish_unshown(self, faults: &mut Faults<'_>) {
        for (key, _) in &self.entries {
            let hint = format!("{} has {}", self.what, listed(&self.known));
            faults.hint(key.at, "unknown key, which is not shown", hint);
        }
    }
}

pub(super) fn listed(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// A text without blanks around it and not empty.
pub(super) fn text(key: &str, node: &Node, faults: &mut Faults<'_>) -> Option<String> {
    match &node.value {
        Value::Scalar(text, _) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Scalar(..) => {
            faults.add(
                node.at,
                format!("`{key}`: found an empty text, expected a value"),
            );
            None
        }
        _ => {
            faults.expected(key, node, "a text");
            None
        }
    }
}

/// `true` or `false`; quoted counts too, since Secrets and Helm values often hold texts.
pub(super) fn boolean(key: &str, node: &Node, faults: &mut Faults<'_>) -> Option<bool> {
    match &node.value {
        Value::Scalar(text, _) if text == "true" => Some(true),
        Value::Scalar(text, _) if text == "false" => Some(false),
        _ => {
            faults.expected(key, node, "`true` or `false`");
            None
        }
    }
}

/// A list of texts; one text stands for a list of one.
pub(super) fn texts(
    key: &str,
    node: Node,
    faults: &mut Faults<'_>,
) -> Option<Vec<(Place, String)>> {
    match node.value {
        Value::Scalar(..) => text(key, &node, faults).map(|text| vec![(node.at, text)]),
        Value::List(items) => Some(
            items
                .iter()
                .filter_map(|item| Some((item.at, text(key, item, faults)?)))
                .collect(),
        ),
        _ => {
            faults.expected(key, &node, "a list of texts");
            None
        }
    }
}

/// The items of a list.
pub(super) fn items(key: &str, node: Node, faults: &mut Faults<'_>) -> Vec<Node> {
    if let Value::List(items) = node.value {
        return items;
    }
    faults.expected(key, &node, "a list");
    Vec::new()
}

/// A number within bounds.
pub(super) fn number<N>(
    key: &str,
    node: &Node,
    range: std::ops::RangeInclusive<N>,
    faults: &mut Faults<'_>,
) -> Option<N>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let number = match &node.value {
        Value::Scalar(text, Quoted::No) => {
            text.parse().ok().filter(|number| range.contains(number))
        }
        _ => None,
    };
    if number.is_none() {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        faults.expected(key, node, &expected);
    }
    number
}

/// A duration such as `30s`, `5m` or `1h30m`, within bounds.
pub(super) fn duration(
    key: &str,
    node: &Node,
    range: std::ops::RangeInclusive<Duration>,
    faults: &mut Faults<'_>,
) -> Option<Duration> {
    let parsed = match &node.value {
        Value::Scalar(text, _) => parse_duration(text.trim()),
        _ => None,
    };
    match parsed {
        Some(duration) if range.contains(&duration) => Some(duration),
        Some(_) => {
            let expected = format!("from {:?} to {:?}", range.start(), range.end());
            faults.expected(key, node, &expected);
            None
        }
        None => {
            faults.expected(key, node, "a duration such as `30s`, `5m` or `1h30m`");
            None
        }
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let seconds = match rest[..unit].trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "ms" => {
                total = total.checked_add(Duration::from_millis(number))?;
                rest = &rest[unit..];
                continue;
            }
            _ => return None,
        };
        total = total.checked_add(Duration::from_secs(number.checked_mul(seconds)?))?;
        rest = &rest[unit..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse_duration;

    #[test]
    fn durations() {
        let seconds = Duration::from_secs;
        let table: [(&str, Option<Duration>); 10] = [
            ("30s", Some(seconds(30))),
            ("5m", Some(seconds(300))),
            ("1h30m", Some(seconds(5_400))),
            ("2d", Some(seconds(172_800))),
            ("500ms", Some(Duration::from_millis(500))),
            ("5", None),
            ("", None),
            ("m", None),
            ("5 minutes", None),
            ("99999999999999999999s", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }
}
