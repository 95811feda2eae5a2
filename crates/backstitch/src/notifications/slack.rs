//! A message as Slack's incoming webhooks take it. Pure.
//!
//! <https://docs.slack.dev/messaging/formatting-message-text>: `&`, `<` and `>` are escaped, so that no text of a catalog can
//! mention a channel or hide an address behind a link. Names stand in code, where nothing else is marked up.

use serde_json::{Value, json};

use super::message::{About, Message, plain};

/// Bound on the header, in characters; Slack takes 150.
const HEADER: usize = 150;
/// Bound on one name, in characters.
const NAME: usize = 200;
/// Bound on a detail, in characters.
const DETAIL: usize = 300;
/// Bound on the text of a section, in bytes; Slack takes 3,000 characters.
const SECTION: usize = 2_900;

/// The body of the request.
pub(super) fn body(message: &Message) -> Value {
    let title = message.title();
    let mut blocks = vec![json!({
        "type": "header",
        "text": {"type": "plain_text", "text": bare(&title), "emoji": false},
    })];
    if let Some(text) = section(message) {
        blocks.push(json!({"type": "section", "text": marked_up(&text)}));
    }
    let mut notes = Vec::new();
    if let Some(line) = message.left_out_line() {
        notes.push(marked_up(&escaped(&line, DETAIL)));
    }
    notes.push(marked_up(&code(&message.next_step())));
    blocks.push(json!({"type": "context", "elements": notes}));
    // Shown where blocks cannot be, as in a notification.
    json!({"text": escaped(&title, HEADER), "blocks": blocks, "unfurl_links": false, "unfurl_media": false})
}

/// Verbatim: nothing that looks like a link, a channel or a name is made one.
fn marked_up(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

fn section(message: &Message) -> Option<String> {
    let mut lines = Vec::new();
    if let About::Several(count, teams) = &message.about {
        for (team, size) in teams {
            lines.push(format!("• {}: {size}", code(&team.name)));
        }
        if *count > teams.len() {
            lines.push(format!("• and {} more teams", count - teams.len()));
        }
    }
    let mut named: Vec<String> = Vec::new();
    for it in &message.services {
        let detail = escaped(&it.detail(), DETAIL);
        named.push(format!("• {} {detail}", code(&it.service.to_string())));
    }
    for it in &message.sources {
        let detail = escaped(&it.detail, DETAIL);
        named.push(format!("• {} {detail}", code(&it.source)));
    }
    let mut length: usize = lines.iter().map(|line| line.len() + 1).sum();
    let mut unnamed = message.unnamed();
    for line in named {
        if length + line.len() > SECTION {
            unnamed += 1;
            continue;
        }
        length += line.len() + 1;
        lines.push(line);
    }
    if unnamed > 0 {
        lines.push(format!("• and {unnamed} more"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn code(text: &str) -> String {
    format!("`{}`", escaped(text, NAME))
}

/// A title, of which nothing has to be escaped and nothing can be taken for a mention.
fn bare(text: &str) -> String {
    plain(text, HEADER).replace('<', "‹").replace('>', "›")
}

/// A text that can mention nobody, link nowhere, and neither begin nor end code.
fn escaped(text: &str, most: usize) -> String {
    let mut escaped = String::new();
    for letter in plain(text, most).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '`' => escaped.push('\u{2019}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::notifications::message::tests::{hostile, of_sources};

    #[test]
    fn names_of_a_catalog_mention_nobody_and_link_nowhere() {
        let shown = |message: &Message| serde_json::to_string_pretty(&body(message)).expect("JSON");
        insta::assert_snapshot!(shown(&hostile()), @r#"
        {
          "blocks": [
            {
              "text": {
                "emoji": false,
                "text": "‹!channel› *a* `b` & ‹https://evil.example|safe›  Bcc: x : 12 Services lost their owner, 1 Service is unclaimed",
                "type": "plain_text"
              },
              "type": "header"
            },
            {
              "text": {
                "text": "• `prod/shop/&lt;!channel&gt; *a* ’b’ &amp; &lt;https://evil.example|safe&gt;  Bcc: x ` was owned by group:default/&lt;!channel&gt; *a* ’b’ &amp; &lt;https://evil.example|safe&gt;  Bcc: x , and component:default/cart claims it no more\n• `prod/shop/cart` no component claims it\n• and 11 more",
                "type": "mrkdwn",
                "verbatim": true
              },
              "type": "section"
            },
            {
              "elements": [
                {
                  "text": "Not told before, as too many messages had been sent: 3 Services lost their owner.",
                  "type": "mrkdwn",
                  "verbatim": true
                },
                {
                  "text": "`backstitch diff --since 1d`",
                  "type": "mrkdwn",
                  "verbatim": true
                }
              ],
              "type": "context"
            }
          ],
          "text": "&lt;!channel&gt; *a* ’b’ &amp; &lt;https://evil.example|safe&gt;  Bcc: x : 12 Services lost their owner, 1 Service is unclaimed",
          "unfurl_links": false,
          "unfurl_media": false
        }
        "#);
        insta::assert_snapshot!(shown(&of_sources()), @r#"
        {
          "blocks": [
            {
              "text": {
                "emoji": false,
                "text": "1 source is stale, 1 source has removals that are held back",
                "type": "plain_text"
              },
              "type": "header"
            },
            {
              "text": {
                "text": "• `catalog/main` connection refused &lt;x&gt;\n• `catalog/main` 60 removals wait to be confirmed",
                "type": "mrkdwn",
                "verbatim": true
              },
              "type": "section"
            },
            {
              "elements": [
                {
                  "text": "`backstitch sources catalog/main`",
                  "type": "mrkdwn",
                  "verbatim": true
                }
              ],
              "type": "context"
            }
          ],
          "text": "1 source is stale, 1 source has removals that are held back",
          "unfurl_links": false,
          "unfurl_media": false
        }
        "#);
    }

    proptest! {
        /// Slack takes no more, and sees no markup but ours.
        #[test]
        fn bounds_hold_whatever_the_names(name in "[<>&`*@#!a-z\\n\u{1f600}]{0,400}", count in 0..10_usize) {
            let mut message = hostile();
            let mut service = message.services[0].clone();
            service.service.name = name.as_str().into();
            service.owner_before = Some(name.clone());
            message.services = vec![service; count];
            message.about = About::Several(1, vec![(crate::notifications::message::Team { reference: name.clone(), name }, 1)]);
            let body = body(&message);
            let header = body["blocks"][0]["text"]["text"].as_str().expect("a header");
            prop_assert!(header.chars().count() <= HEADER);
            let text = body["blocks"][1]["text"]["text"].as_str().expect("a section");
            prop_assert!(text.chars().count() <= 3_000);
            for text in [text, header, body["text"].as_str().expect("a text")] {
                prop_assert!(!text.contains(['<', '>']), "{}", text);
            }
            prop_assert!(text.lines().all(|line| line.starts_with("• ") && line.matches('`').count() % 2 == 0));
        }
    }
}
