//! How alerts are handed on: as the notification that they came in, or as alerts to the API of an Alertmanager.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::payload::{Alert, Payload};
use crate::render::time;

/// What the target takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The same notification.
    Webhook,
    /// `POST /api/v2/alerts` of an Alertmanager.
    Alertmanager {
        /// How long an alert fires from when it came, unless it comes again: a notification is repeated by
        /// `repeat_interval`, and the target would take an alert without an end for resolved after its own
        /// `resolve_timeout`.
        firing_for: Duration,
    },
}

/// The body to be sent; `now` is seconds since the Unix epoch.
pub fn body(payload: &Payload, wire: Wire, now: i64) -> Vec<u8> {
    let written = match wire {
        Wire::Webhook => serde_json::to_vec(payload),
        Wire::Alertmanager { firing_for } => {
            let seconds = i64::try_from(firing_for.as_secs()).unwrap_or(i64::MAX);
            let until = time(now.saturating_add(seconds));
            let alerts = payload.alerts.iter();
            let alerts: Vec<Value> = alerts
                .map(|alert| posted(alert, &until, &time(now)))
                .collect();
            serde_json::to_vec(&alerts)
        }
    };
    // Both are made of maps with text keys, which always encode.
    written.unwrap_or_default()
}

/// An alert as the API takes it. What it would refuse is left out: it would refuse all alerts beside it too.
fn posted(alert: &Alert, until: &str, now: &str) -> Value {
    let ends_at = match alert.is_resolved() {
        false => until,
        true if is_time(&alert.ends_at) => &alert.ends_at,
        true => now,
    };
    let mut posted = Map::new();
    // An empty label is none, and would be refused.
    let labels = alert.labels.iter().filter(|(_, value)| !value.is_empty());
    let labels: Map<String, Value> = labels
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    posted.insert("labels".to_owned(), labels.into());
    posted.insert("annotations".to_owned(), json!(alert.annotations));
    if is_time(&alert.starts_at) {
        posted.insert("startsAt".to_owned(), json!(alert.starts_at));
    }
    posted.insert("endsAt".to_owned(), json!(ends_at));
    if is_url(&alert.generator_url) {
        posted.insert("generatorURL".to_owned(), json!(alert.generator_url));
    }
    posted.into()
}

/// A time, and not the zero of Go's clock.
fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>()
        .is_ok_and(|time| time.as_second() > 0)
}

fn is_url(text: &str) -> bool {
    let rest = ["http://", "https://"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'"')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn payload() -> Payload {
        let alert = |status: &str, name: &str, ends_at: &str, url: &str| {
            json!({"status": status, "labels": {"alertname": name, "empty": ""}, "annotations": {"a": "b"},
                   "startsAt": "2023-11-14T22:00:00.5Z", "endsAt": ends_at, "generatorURL": url, "fingerprint": "f"})
        };
        let payload = json!({
            "version": "4", "groupKey": "{}:{}", "receiver": "r", "status": "firing", "truncatedAlerts": 0,
            "groupLabels": {}, "externalURL": "http://am",
            "alerts": [
                alert("firing", "one", "0001-01-01T00:00:00Z", "http://prom/graph?g0.expr=up"),
                alert("resolved", "two", "2023-11-14T22:10:00Z", "no url"),
                alert("resolved", "three", "nonsense", ""),
            ]
        });
        Payload::parse(payload.to_string().as_bytes()).expect("a payload")
    }

    fn written(wire: Wire) -> String {
        let body = body(&payload(), wire, NOW);
        let value: Value = serde_json::from_slice(&body).expect("JSON");
        serde_json::to_string_pretty(&value).expect("JSON")
    }

    #[test]
    fn alerts_for_the_api() {
        let firing_for = Duration::from_hours(5);
        insta::assert_snapshot!(written(Wire::Alertmanager { firing_for }), @r#"
        [
          {
            "annotations": {
              "a": "b"
            },
            "endsAt": "2023-11-15T03:13:20Z",
            "generatorURL": "http://prom/graph?g0.expr=up",
            "labels": {
              "alertname": "one"
            },
            "startsAt": "2023-11-14T22:00:00.5Z"
          },
          {
            "annotations": {
              "a": "b"
            },
            "endsAt": "2023-11-14T22:10:00Z",
            "labels": {
              "alertname": "two"
            },
            "startsAt": "2023-11-14T22:00:00.5Z"
          },
          {
            "annotations": {
              "a": "b"
            },
            "endsAt": "2023-11-14T22:13:20Z",
            "labels": {
              "alertname": "three"
            },
            "startsAt": "2023-11-14T22:00:00.5Z"
          }
        ]
        "#);
    }

    #[test]
    fn the_notification_is_handed_on_whole() {
        let value: Value = serde_json::from_str(&written(Wire::Webhook)).expect("JSON");
        assert_eq!(value["externalURL"], "http://am");
        assert_eq!(value["alerts"][0]["fingerprint"], "f");
        assert_eq!(value["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
        assert_eq!(value["truncatedAlerts"], 0);
    }
}
