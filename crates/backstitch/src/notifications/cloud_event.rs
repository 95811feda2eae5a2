//! A message as `CloudEvents` 1.0, structured as JSON: one for each sort of event. Pure.
//!
//! The official SDK for Rust would bring a second library of times, one of errors, one of UUIDs and macros for each of them, for
//! eight fields of a JSON object; that these are right is tested against the official SDK for Python.
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>

use serde_json::{Map, Value, json};
use server::render::time;

use super::message::{About, Message, OfService, OfSource, Team};
use crate::config::Happening;

/// The media type of the body.
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// What all types begin with.
const TYPES: &str = "ai.causely.backstitch.";

/// The events of a message to a receiver, and how many things each is about. The id tells the message from all others.
pub(super) fn bodies(message: &Message, receiver: &str, id: &str) -> Vec<(Value, u64)> {
    Happening::ALL
        .into_iter()
        .filter_map(|happening| {
            let count = message.counts.get(&happening).copied().unwrap_or(0);
            let left_out = message.left_out.get(&happening).copied().unwrap_or(0);
            let all = count.saturating_add(left_out);
            (all > 0).then(|| {
                (
                    body(message, happening, (count, left_out), receiver, id),
                    all,
                )
            })
        })
        .collect()
}

fn body(
    message: &Message,
    happening: Happening,
    (count, left_out): (u64, u64),
    receiver: &str,
    id: &str,
) -> Value {
    let word = happening.as_str();
    let services = message
        .services
        .iter()
        .filter(|it| it.happening == happening);
    let sources = message
        .sources
        .iter()
        .filter(|it| it.happening == happening);
    let mut data = Map::new();
    data.insert("event".to_owned(), word.into());
    data.insert("count".to_owned(), count.into());
    data.insert("left_out_before".to_owned(), left_out.into());
    if happening.is_of_sources() {
        data.insert("sources".to_owned(), sources.map(source).collect());
    } else {
        data.insert("services".to_owned(), services.map(service).collect());
    }
    match &message.about {
        About::Team(it) => {
            data.insert("team".to_owned(), team(it));
        }
        About::Several(count, teams) => {
            data.insert("team_count".to_owned(), (*count).into());
            let teams = teams.iter().map(|(it, _)| team(it));
            data.insert("teams".to_owned(), teams.collect());
        }
        About::Nobody | About::Sources => {}
    }
    let mut event = json!({
        "specversion": "1.0",
        // Within a source no id is used twice.
        "id": format!("{id}-{word}"),
        "source": format!("/backstitch/notifications/{receiver}"),
        "type": format!("{TYPES}{word}"),
        "time": time(message.at),
        "datacontenttype": "application/json",
        "data": data,
    });
    if let About::Team(team) = &message.about {
        event["subject"] = team.reference.as_str().into();
    }
    event
}

fn team(team: &Team) -> Value {
    json!({"ref": team.reference, "name": team.name})
}

fn service(it: &OfService) -> Value {
    json!({
        "cluster": &*it.service.cluster,
        "namespace": &*it.service.namespace,
        "name": &*it.service.name,
        "state": it.state.as_str(),
        "owner_before": it.owner_before,
        "component": it.component,
        "changed_at": time(it.at),
    })
}

fn source(it: &OfSource) -> Value {
    json!({
        "source": it.source,
        "detail": it.detail,
        "remedy": it.remedy,
        "since": time(it.since),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::message::tests::{hostile, of_sources};

    fn shown(message: &Message) -> String {
        let bodies = bodies(message, "hub", "6553f13c-1");
        let bodies: Vec<String> = bodies
            .iter()
            .map(|(body, items)| format!("{items} {body:#}"))
            .collect();
        // A compiler takes no such mark in a literal.
        bodies.join("\n").replace('\u{202e}', "[202e]")
    }

    #[test]
    fn one_event_for_each_sort() {
        insta::assert_snapshot!(shown(&hostile()), @r#"
        15 {
          "data": {
            "count": 12,
            "event": "owner-lost",
            "left_out_before": 3,
            "services": [
              {
                "changed_at": "2023-11-14T22:13:20Z",
                "cluster": "prod",
                "component": "component:default/cart",
                "name": "<!channel> *a* `b` & <https://evil.example|safe>\r\nBcc: x[202e]",
                "namespace": "shop",
                "owner_before": "group:default/<!channel> *a* `b` & <https://evil.example|safe>\r\nBcc: x[202e]",
                "state": "unclaimed"
              }
            ],
            "team": {
              "name": "<!channel> *a* `b` & <https://evil.example|safe>\r\nBcc: x[202e]",
              "ref": "group:default/web"
            }
          },
          "datacontenttype": "application/json",
          "id": "6553f13c-1-owner-lost",
          "source": "/backstitch/notifications/hub",
          "specversion": "1.0",
          "subject": "group:default/web",
          "time": "2023-11-14T22:14:20Z",
          "type": "ai.causely.backstitch.owner-lost"
        }
        1 {
          "data": {
            "count": 1,
            "event": "service-unclaimed",
            "left_out_before": 0,
            "services": [
              {
                "changed_at": "2023-11-14T22:13:20Z",
                "cluster": "prod",
                "component": null,
                "name": "cart",
                "namespace": "shop",
                "owner_before": null,
                "state": "unclaimed"
              }
            ],
            "team": {
              "name": "<!channel> *a* `b` & <https://evil.example|safe>\r\nBcc: x[202e]",
              "ref": "group:default/web"
            }
          },
          "datacontenttype": "application/json",
          "id": "6553f13c-1-service-unclaimed",
          "source": "/backstitch/notifications/hub",
          "specversion": "1.0",
          "subject": "group:default/web",
          "time": "2023-11-14T22:14:20Z",
          "type": "ai.causely.backstitch.service-unclaimed"
        }
        "#);
    }

    #[test]
    fn events_of_sources_have_no_subject() {
        insta::assert_snapshot!(shown(&of_sources()), @r#"
        1 {
          "data": {
            "count": 1,
            "event": "source-stale",
            "left_out_before": 0,
            "sources": [
              {
                "detail": "connection refused <x>",
                "remedy": "start it",
                "since": "2023-11-14T22:13:20Z",
                "source": "catalog/main"
              }
            ]
          },
          "datacontenttype": "application/json",
          "id": "6553f13c-1-source-stale",
          "source": "/backstitch/notifications/hub",
          "specversion": "1.0",
          "time": "2023-11-14T22:14:20Z",
          "type": "ai.causely.backstitch.source-stale"
        }
        1 {
          "data": {
            "count": 1,
            "event": "removals-held-back",
            "left_out_before": 0,
            "sources": [
              {
                "detail": "60 removals wait to be confirmed",
                "remedy": null,
                "since": "2023-11-14T22:13:20Z",
                "source": "catalog/main"
              }
            ]
          },
          "datacontenttype": "application/json",
          "id": "6553f13c-1-removals-held-back",
          "source": "/backstitch/notifications/hub",
          "specversion": "1.0",
          "time": "2023-11-14T22:14:20Z",
          "type": "ai.causely.backstitch.removals-held-back"
        }
        "#);
    }
}
