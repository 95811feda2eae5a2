//! `history`: how long is remembered what changed, and in how much room (S27).

use std::ops::RangeInclusive;
use std::time::Duration;

use super::node::{Node, Value};
use super::reader::{Map, duration};
use super::root::Reading;

/// How long history is kept unless set otherwise.
const DEFAULT_RETENTION: Duration = Duration::from_hours(90 * 24);
/// For how long it may be kept.
const RETENTIONS: RangeInclusive<Duration> =
    Duration::from_hours(1)..=Duration::from_hours(10 * 365 * 24);
/// What is less holds no store.
const LEAST_BYTES: u64 = 1_000_000;

/// How much of what changed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct History {
    /// What is older is forgotten.
    pub retention: Duration,
    /// Where the store takes more than this, history is forgotten earlier.
    pub most_bytes: Option<u64>,
}

impl Default for History {
    fn default() -> Self {
        Self {
            retention: DEFAULT_RETENTION,
            most_bytes: None,
        }
    }
}

pub(super) fn read(node: Option<Node>, reading: &mut Reading<'_, '_>) -> History {
    let default = History::default();
    let map = node.and_then(|node| Map::open(node, "history", "`history`", reading.faults));
    let Some(mut map) = map else {
        return default;
    };
    let retention = map
        .take("retention")
        .and_then(|node| duration("retention", &node, RETENTIONS, reading.faults));
    let most_bytes = map
        .take("most_bytes")
        .and_then(|node| bytes("most_bytes", &node, reading));
    map.finish(reading.faults);
    History {
        retention: retention.unwrap_or(default.retention),
        most_bytes,
    }
}

fn bytes(key: &str, node: &Node, reading: &mut Reading<'_, '_>) -> Option<u64> {
    let parsed = match &node.value {
        Value::Scalar(text, _) => parse_bytes(text.trim()),
        _ => None,
    };
    let enough = parsed.filter(|bytes| *bytes >= LEAST_BYTES);
    if enough.is_none() {
        let expected = "a size of at least `1MB`, such as `500MB` or `2GiB`";
        reading.faults.expected(key, node, expected);
    }
    enough
}

fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::parse_bytes;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("1000000", Some(1_000_000)),
            ("500MB", Some(500_000_000)),
            ("2 GiB", Some(2_147_483_648)),
            ("64KiB", Some(65_536)),
            ("", None),
            ("GB", None),
            ("1.5GB", None),
            ("-1MB", None),
            ("99999999999GiB", None),
        ] {
            assert_eq!(parse_bytes(text), expected, "{text}");
        }
    }
}
