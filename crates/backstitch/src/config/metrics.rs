//! What `/metrics` says of owners.

use std::collections::BTreeSet;

use server::owner_info::{Owned, OwnerInfo};
use topology::nearest::nearest;

use super::node::Node;
use super::reader::{Map, boolean, listed, number, texts};
use super::root::Reading;

/// More series than this no scrape should bring, however large the Prometheus is.
const MOST: usize = 10_000_000;

/// What the key `metrics` says.
pub(super) fn metrics(node: Option<Node>, reading: &mut Reading<'_, '_>) -> OwnerInfo {
    let default = OwnerInfo::default();
    let Some(node) = node else {
        return default;
    };
    let Some(mut map) = Map::open(node, "metrics", "`metrics`", reading.faults) else {
        return default;
    };
    let of = map.take("owners").map(|node| owned(node, reading));
    let most_series = map
        .take("most_series")
        .and_then(|node| number("most_series", &node, 0..=MOST, reading.faults));
    let unowned = map
        .take("unowned")
        .and_then(|node| boolean("unowned", &node, reading.faults));
    map.finish(reading.faults);
    OwnerInfo {
        of: of.unwrap_or(default.of),
        most_series: most_series.unwrap_or(default.most_series),
        unowned: unowned.unwrap_or(default.unowned),
    }
}

fn owned(node: Node, reading: &mut Reading<'_, '_>) -> BTreeSet<Owned> {
    let words = Owned::ALL.map(Owned::as_str);
    let mut of = BTreeSet::new();
    for (at, text) in texts("owners", node, reading.faults).unwrap_or_default() {
        if let Some(owned) = Owned::ALL.into_iter().find(|of| of.as_str() == text) {
            of.insert(owned);
            continue;
        }
        let hint = match nearest(&text, words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", listed(&words)),
        };
        let message = format!("`owners`: found `{text}`, expected what may have an owner");
        reading.faults.hint(at, message, hint);
    }
    of
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Owned::{Pods, Services, Workloads};
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_there_are_series_of() {
        let info = |of: &[Owned], most_series, unowned| OwnerInfo {
            of: of.iter().copied().collect(),
            most_series,
            unowned,
        };
        for (text, expected) in [
            ("", OwnerInfo::default()),
            ("{}", info(&[Services, Workloads], 100_000, false)),
            ("{owners: []}", info(&[], 100_000, false)),
            (
                "{owners: pods, most_series: 5, unowned: true}",
                info(&[Pods], 5, true),
            ),
            (
                "{owners: [pods, services, pods]}",
                info(&[Services, Pods], 100_000, false),
            ),
        ] {
            let config = Config::parse(Path::new("b.yaml"), &format!("metrics: {text}"));
            let config = config.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(config.metrics, expected, "{text}");
        }
        for (text, told) in [
            ("7", "`metrics`: found `7`, expected a map"),
            ("{owners: [pod]}", "did you mean `pods`?"),
            ("{most_series: -1}", "expected a number from 0 to 10000000"),
            ("{unowned: perhaps}", "expected `true` or `false`"),
            ("{owner: []}", "did you mean `owners`?"),
        ] {
            let config = Config::parse(Path::new("b.yaml"), &format!("metrics: {text}"));
            let faults = config.expect_err("it is faulty").to_string();
            assert!(faults.contains(told), "{text}: {faults}");
        }
    }
}
