//! Routes and receivers as the YAML of an alertmanager.yml. Every text is quoted, whatever it holds.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Alertmanager, Integration, LeftOut, Matcher, Route};

/// Writes the document.
pub(crate) fn write(made: &Alertmanager, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "# Made by `backstitch export alertmanager-routes`; made anew, it is the same for the same owners."
    )?;
    for left_out in &made.left_out {
        writeln!(out, "# {}", comment(&told(left_out)))?;
    }
    if let Some(smtp) = &made.smtp {
        writeln!(out, "global:")?;
        writeln!(out, "  smtp_smarthost: {}", quoted(&smtp.smarthost))?;
        writeln!(out, "  smtp_from: {}", quoted(&smtp.from))?;
    }
    writeln!(out, "route:")?;
    writeln!(out, "  receiver: {}", quoted(&made.default_receiver))?;
    let labels: Vec<String> = made.group_by.iter().map(|label| quoted(label)).collect();
    writeln!(out, "  group_by: [{}]", labels.join(", "))?;
    if !made.routes.is_empty() {
        writeln!(out, "  routes:")?;
    }
    for route in &made.routes {
        write_route(route, out)?;
    }
    writeln!(out, "receivers:")?;
    for (name, integrations) in &made.receivers {
        write_receiver(name, integrations, out)?;
    }
    Ok(())
}

/// Who goes to the default route, and what to do about it.
pub(crate) fn told(left_out: &LeftOut) -> String {
    let LeftOut {
        owner,
        team,
        why,
        remedy,
    } = left_out;
    format!("`{owner}` ({team}) goes to the default receiver: {why}; {remedy}")
}

fn write_route(route: &Route, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "    # {}", comment(&route.about))?;
    writeln!(out, "    - receiver: {}", quoted(&route.receiver))?;
    writeln!(out, "      matchers:")?;
    for matcher in &route.matchers {
        writeln!(out, "        - {}", quoted(&matched(matcher)))?;
    }
    Ok(())
}

fn write_receiver(name: &str, integrations: &[Integration], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  - name: {}", quoted(name))?;
    let mut last = "";
    for integration in integrations {
        // They are sorted by kind.
        let kind = match integration {
            Integration::PagerDuty { .. } => "pagerduty_configs",
            Integration::Opsgenie { .. } => "opsgenie_configs",
            Integration::Slack { .. } => "slack_configs",
            Integration::Email { .. } => "email_configs",
        };
        if kind != last {
            writeln!(out, "    {kind}:")?;
            last = kind;
        }
        match integration {
            Integration::PagerDuty { routing_key_file } => {
                writeln!(
                    out,
                    "      - routing_key_file: {}",
                    quoted(routing_key_file)
                )?;
            }
            Integration::Opsgenie { team, api_key_file } => {
                writeln!(out, "      - responders:")?;
                writeln!(out, "          - name: {}", quoted(team))?;
                writeln!(out, "            type: team")?;
                if let Some(file) = api_key_file {
                    writeln!(out, "        api_key_file: {}", quoted(file))?;
                }
            }
            Integration::Slack {
                channel,
                api_url_file,
            } => {
                writeln!(out, "      - channel: {}", quoted(channel))?;
                if let Some(file) = api_url_file {
                    writeln!(out, "        api_url_file: {}", quoted(file))?;
                }
                writeln!(out, "        send_resolved: true")?;
            }
            Integration::Email { to } => {
                writeln!(out, "      - to: {}", quoted(to))?;
                writeln!(out, "        send_resolved: true")?;
            }
        }
    }
    Ok(())
}

/// As Alertmanager writes a matcher: both of its parsers, the one up to 0.26 and the one of UTF-8 names, read it alike.
fn matched(matcher: &Matcher) -> String {
    let (operator, value) = match matcher.values.as_slice() {
        [only] => ("=", only.clone()),
        several => {
            let values: Vec<String> = several.iter().map(|value| literal(value)).collect();
            ("=~", values.join("|"))
        }
    };
    let mut text = format!("{}{operator}\"", matcher.label);
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            letter => text.push(letter),
        }
    }
    text.push('"');
    text
}

/// A regular expression of RE2 that is this text.
fn literal(text: &str) -> String {
    let mut expression = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            expression.push('\\');
        }
        expression.push(letter);
    }
    expression
}

/// A double-quoted scalar: only there every character can be written.
fn quoted(text: &str) -> String {
    let mut scalar = String::with_capacity(text.len() + 2);
    scalar.push('"');
    for letter in text.chars() {
        match letter {
            '"' => scalar.push_str("\\\""),
            '\\' => scalar.push_str("\\\\"),
            '\n' => scalar.push_str("\\n"),
            letter if is_unprintable(letter) => {
                // Writing to a text cannot fail.
                let _ = write!(scalar, "\\U{:08X}", u32::from(letter));
            }
            letter => scalar.push(letter),
        }
    }
    scalar.push('"');
    scalar
}

/// One line, whatever the text.
fn comment(text: &str) -> String {
    let letters = text.chars();
    letters
        .map(|letter| if is_unprintable(letter) { ' ' } else { letter })
        .collect()
}

/// What YAML takes for the end of a line or does not take at all.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}
