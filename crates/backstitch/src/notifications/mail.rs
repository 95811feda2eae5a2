//! A message as mail: plain text, and a subject of one line. Pure.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::message::{About, Message, plain};

/// Bound on the subject, in characters.
const SUBJECT: usize = 150;
/// Bound on one line of the text, in characters.
const LINE: usize = 500;

/// What of a mail depends on the message. The rest is the receiver's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mail {
    /// Addresses; at least one.
    pub(super) to: Vec<String>,
    /// In one line.
    pub(super) subject: String,
    /// All of it.
    pub(super) text: String,
    /// The left part of its `Message-ID`, the same for every attempt.
    pub(super) id: String,
    /// When it was made: seconds since the Unix epoch.
    pub(super) at: i64,
}

/// The mail of a message to those addresses.
pub(super) fn mail(message: &Message, to: Vec<String>, id: &str) -> Mail {
    let title = message.title();
    Mail {
        to,
        subject: plain(&title, SUBJECT),
        text: text(message, &title),
        id: id.to_owned(),
        at: message.at,
    }
}

fn text(message: &Message, title: &str) -> String {
    let mut lines = vec![title.to_owned(), String::new()];
    if let About::Several(count, teams) = &message.about {
        for (team, size) in teams {
            lines.push(format!("- {} ({}): {size}", team.name, team.reference));
        }
        if *count > teams.len() {
            lines.push(format!("- and {} more teams", count - teams.len()));
        }
        lines.push(String::new());
    }
    for it in &message.services {
        lines.push(format!("- {}", it.service));
        lines.push(format!("  {}", it.detail()));
    }
    for it in &message.sources {
        lines.push(format!("- {}", it.source));
        lines.push(format!("  {}", it.detail));
        if let Some(remedy) = &it.remedy {
            lines.push(format!("  hint: {remedy}"));
        }
    }
    if message.unnamed() > 0 && !message.counts.is_empty() {
        lines.push(format!("- and {} more", message.unnamed()));
    }
    if let Some(line) = message.left_out_line() {
        lines.extend([String::new(), line]);
    }
    lines.extend([String::new(), format!("See more: {}", message.next_step())]);
    let mut text = String::new();
    for line in lines {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{}", plain(&line, LINE).trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notifications::message::tests::{hostile, of_sources};

    #[test]
    fn a_mail_in_words() {
        let shown = |message: &Message| {
            let mail = mail(message, vec!["a@b.example".to_owned()], "1");
            assert!(!mail.subject.contains(['\r', '\n']));
            format!("{}\n\n{}", mail.subject, mail.text)
        };
        insta::assert_snapshot!(shown(&hostile()), @r"
        <!channel> *a* `b` & <https://evil.example|safe>  Bcc: x : 12 Services lost their owner, 1 Service is unclaimed

        <!channel> *a* `b` & <https://evil.example|safe>  Bcc: x : 12 Services lost their owner, 1 Service is unclaimed

        - prod/shop/<!channel> *a* `b` & <https://evil.example|safe>  Bcc: x
          was owned by group:default/<!channel> *a* `b` & <https://evil.example|safe>  Bcc: x , and component:default/cart claims it no more
        - prod/shop/cart
          no component claims it
        - and 11 more

        Not told before, as too many messages had been sent: 3 Services lost their owner.

        See more: backstitch diff --since 1d
        ");
        insta::assert_snapshot!(shown(&of_sources()), @r"
        1 source is stale, 1 source has removals that are held back

        1 source is stale, 1 source has removals that are held back

        - catalog/main
          connection refused <x>
          hint: start it
        - catalog/main
          60 removals wait to be confirmed

        See more: backstitch sources catalog/main
        ");
    }
}
