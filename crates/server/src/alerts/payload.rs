//! What Alertmanager sends to a webhook, version 4. What stands beside the fields that are named here is kept and handed on.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The only version there is.
const VERSION: &str = "4";
/// Bound on the alerts of one notification.
const MAX_ALERTS: usize = 50_000;
/// Bound on the labels of one alert.
const MAX_LABELS: usize = 256;

/// A notification: the alerts of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The version of the format.
    pub version: String,
    /// What tells the group from others.
    #[serde(rename = "groupKey", default)]
    pub group_key: String,
    /// The alerts; some may be resolved.
    pub alerts: Vec<Alert>,
    /// The labels that all of them have.
    #[serde(rename = "commonLabels", default, deserialize_with = "or_none")]
    pub common_labels: BTreeMap<String, String>,
    /// The annotations that all of them have.
    #[serde(rename = "commonAnnotations", default, deserialize_with = "or_none")]
    pub common_annotations: BTreeMap<String, String>,
    /// All else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// One alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// `firing` or `resolved`.
    #[serde(default)]
    pub status: String,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// What is said of it.
    #[serde(default, deserialize_with = "or_none")]
    pub annotations: BTreeMap<String, String>,
    /// When it began.
    #[serde(rename = "startsAt", default)]
    pub starts_at: String,
    /// When it ended; of one that is firing, the zero of Go's clock.
    #[serde(rename = "endsAt", default)]
    pub ends_at: String,
    /// The page of what raised it.
    #[serde(rename = "generatorURL", default)]
    pub generator_url: String,
    /// All else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Payload {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is none of that version, with what was found and expected.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let payload: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if payload.version != VERSION {
            return Err(format!(
                "`version` is `{}`, expected `{VERSION}`",
                payload.version.escape_debug()
            ));
        }
        if payload.alerts.len() > MAX_ALERTS {
            return Err(format!(
                "there are {} alerts, expected at most {MAX_ALERTS}",
                payload.alerts.len()
            ));
        }
        let labels = payload.alerts.iter().map(|alert| alert.labels.len());
        if let Some(labels) = labels.max().filter(|labels| *labels > MAX_LABELS) {
            return Err(format!(
                "an alert has {labels} labels, expected at most {MAX_LABELS}"
            ));
        }
        Ok(payload)
    }

    /// Works out anew what all alerts have in common.
    pub fn set_common(&mut self) {
        self.common_labels = common(self.alerts.iter().map(|alert| &alert.labels));
        self.common_annotations = common(self.alerts.iter().map(|alert| &alert.annotations));
    }
}

impl Alert {
    /// Whether it has ended.
    pub fn is_resolved(&self) -> bool {
        self.status == "resolved"
    }
}

/// A map; Go writes one that was never made as null.
fn or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn common<'p>(
    mut all: impl Iterator<Item = &'p BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mut pairs = all.next().cloned().unwrap_or_default();
    for other in all {
        pairs.retain(|key, value| other.get(key) == Some(value));
    }
    pairs
}
