//! One `--catalog` or `--cluster`: its name and its place.

use std::collections::BTreeMap;
use std::path::Path;

/// A flag's value taken apart: `[name=]place`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flag {
    pub(super) name: Option<String>,
    pub(super) place: String,
}

impl Flag {
    /// What stands before the first `=` is a name unless it looks like a part of a path or a URL, or the whole is the
    /// path of something that exists.
    pub(super) fn parse(text: &str) -> Self {
        let whole = Self {
            name: None,
            place: text.to_owned(),
        };
        match text.split_once('=') {
            Some((name, place)) if is_name(name) && !exists(text) => Self {
                name: Some(name.to_owned()),
                place: place.to_owned(),
            },
            _ => whole,
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|c: char| matches!(c, '/' | '\\' | ':' | '?') || c.is_whitespace())
}

/// Whether a path leads to something, were it a link that leads nowhere.
pub(super) fn exists(path: &str) -> bool {
    Path::new(path).symlink_metadata().is_ok()
}

/// Gives every item that has no name of its own the one that `natural` proposes, with `-2`, `-3` … where that is taken.
/// Those without a name are served in the order of their places, so that the order of flags decides nothing (S33); the
/// same place given twice counts once. Items of one name come together.
pub(super) fn named<'f>(
    flags: impl IntoIterator<Item = &'f Flag>,
    natural: impl Fn(&str) -> String,
) -> BTreeMap<String, Vec<String>> {
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut nameless = Vec::new();
    for flag in flags {
        match &flag.name {
            Some(name) => named
                .entry(name.clone())
                .or_default()
                .push(flag.place.clone()),
            None => nameless.push(flag.place.clone()),
        }
    }
    nameless.sort_unstable();
    nameless.dedup();
    for place in nameless {
        let natural = natural(&place);
        let mut free = natural.clone();
        let mut number = 1;
        while named.contains_key(&free) {
            number += 1;
            free = format!("{natural}-{number}");
        }
        named.insert(free, vec![place]);
    }
    for places in named.values_mut() {
        places.sort_unstable();
        places.dedup();
    }
    named
}

#[cfg(test)]
mod tests {
    use super::{Flag, named};

    #[test]
    fn s33_flags_are_taken_apart() {
        let table = [
            ("./catalog", None, "./catalog"),
            ("shop=./catalog", Some("shop"), "./catalog"),
            (
                "shop=https://b.example?a=b",
                Some("shop"),
                "https://b.example?a=b",
            ),
            ("https://b.example/x?a=b", None, "https://b.example/x?a=b"),
            ("dir/a=b", None, "dir/a=b"),
            ("=x", None, "=x"),
        ];
        for (text, name, place) in table {
            let flag = Flag::parse(text);
            assert_eq!(
                (flag.name.as_deref(), flag.place.as_str()),
                (name, place),
                "{text}"
            );
        }
    }

    #[test]
    fn s33_names_do_not_depend_on_the_order_of_flags() {
        let mut flags: Vec<Flag> = ["b", "default=x", "a", "shop=z", "shop=y", "a"]
            .map(Flag::parse)
            .into();
        let names = |flags: &[Flag]| {
            let named = named(flags, |_| "default".to_owned());
            named
                .into_iter()
                .map(|(name, places)| format!("{name}: {}", places.join(" ")))
                .collect::<Vec<_>>()
        };
        let expected = ["default: x", "default-2: a", "default-3: b", "shop: y z"];
        assert_eq!(names(&flags), expected);
        flags.reverse();
        assert_eq!(names(&flags), expected);
    }
}
