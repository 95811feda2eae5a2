//! From how an owner is reached to a receiver of an Alertmanager.
//!
//! What a catalog says is not to be trusted here: Alertmanager expands `{{ … }}` in the values of a receiver, and part of a
//! value becomes the path of a file. Whoever may write an entity must not get to either.

use api::{ContactKind, OwnerContact};

use super::Integration;

/// Bound on the length of a value that is taken from a catalog, in bytes.
const LONGEST: usize = 256;
/// Where IDs of Slack begin: channels, groups, direct messages, user groups, users.
const SLACK_IDS: [char; 6] = ['C', 'G', 'D', 'S', 'U', 'W'];

/// What may be referred to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Referred<'w> {
    /// The folder of files with keys.
    pub secrets_dir: Option<&'w str>,
    /// There is a mail server.
    pub mail: bool,
}

/// Why an owner has no receiver by its contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unreached {
    /// What is known and cannot be used, each with the reason.
    pub unusable: Vec<String>,
}

/// Whose contacts they are, and what a receiver by them does.
///
/// # Errors
/// When none of them can be used.
pub(crate) fn by_contacts(
    owner: &OwnerContact,
    referred: Referred<'_>,
) -> Result<(String, Vec<Integration>), Unreached> {
    let mut unreached = Unreached::default();
    let mut integrations = Vec::new();
    for contact in &owner.contacts {
        match integration(contact.kind, &contact.value, referred) {
            Some(Ok(integration)) => integrations.push(integration),
            Some(Err(why)) => unreached.unusable.push(why),
            None => {}
        }
    }
    if let Some(email) = &owner.email {
        match integration(ContactKind::Email, email, referred) {
            Some(Ok(integration)) => integrations.push(integration),
            Some(Err(why)) => unreached.unusable.push(why),
            None => {}
        }
    }
    integrations.sort();
    integrations.dedup();
    // Mail beside a pager or a channel tells everybody twice.
    if integrations.iter().any(|it| !is_mail(it)) {
        integrations.retain(|it| !is_mail(it));
    }
    if integrations.is_empty() {
        return Err(unreached);
    }
    let of = owner.contacts_of.as_ref().unwrap_or(&owner.reference);
    Ok((of.clone(), integrations))
}

fn is_mail(integration: &Integration) -> bool {
    matches!(integration, Integration::Email { .. })
}

/// `None` where that kind of contact receives nothing.
fn integration(
    kind: ContactKind,
    value: &str,
    referred: Referred<'_>,
) -> Option<Result<Integration, String>> {
    let in_folder = |name: &str| {
        let folder = referred.secrets_dir?.trim_end_matches('/');
        Some(format!("{folder}/{name}"))
    };
    let refused = |what: &str, why: &str| Some(Err(format!("{what} `{}` {why}", shown(value))));
    let plain = is_plain(value);
    match kind {
        ContactKind::Link => None,
        ContactKind::PagerDuty if !is_file_name(value) => {
            refused("the PagerDuty service", "is no ID")
        }
        ContactKind::PagerDuty => match in_folder(&format!("pagerduty/{value}")) {
            Some(routing_key_file) => Some(Ok(Integration::PagerDuty { routing_key_file })),
            None => refused("the PagerDuty service", "needs `--secrets-dir`"),
        },
        ContactKind::Opsgenie if !plain => refused("the Opsgenie team", "is no name"),
        ContactKind::Opsgenie => Some(Ok(Integration::Opsgenie {
            team: value.to_owned(),
            api_key_file: in_folder("opsgenie_api_key"),
        })),
        ContactKind::Slack if !plain => refused("the Slack channel", "is no channel"),
        ContactKind::Slack => Some(Ok(Integration::Slack {
            channel: channel(value),
            api_url_file: in_folder("slack_api_url"),
        })),
        ContactKind::Email if !plain || !value.contains('@') => {
            refused("the e-mail address", "is no address")
        }
        ContactKind::Email if !referred.mail => refused(
            "the e-mail address",
            "needs `--smtp-smarthost` and `--smtp-from`",
        ),
        ContactKind::Email => Some(Ok(Integration::Email {
            to: value.to_owned(),
        })),
    }
}

/// Whether Alertmanager takes it as it is: it is short, and no template.
fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= LONGEST
        && !value.contains("{{")
        && !value.contains(char::is_control)
}

/// Whether it names a file of a folder and leads nowhere else.
fn is_file_name(value: &str) -> bool {
    (1..=64).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// A name gets the `#` that Alertmanager asks for; an ID and what has a mark of its own stay.
fn channel(value: &str) -> String {
    let is_id = value.len() >= 9
        && value.starts_with(SLACK_IDS)
        && value
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if is_id || value.starts_with(['#', '@']) {
        value.to_owned()
    } else {
        format!("#{value}")
    }
}

/// As much of a value as a message can bear.
fn shown(value: &str) -> String {
    const SHOWN: usize = 60;
    value
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect()
}

#[cfg(test)]
mod tests {
    use api::{Contact, OwnerKind};

    use super::*;

    fn owner(email: Option<&str>, contacts: &[(ContactKind, &str)]) -> OwnerContact {
        OwnerContact {
            reference: "group:default/web".to_owned(),
            kind: OwnerKind::Group,
            display_name: "Web".to_owned(),
            email: email.map(str::to_owned),
            contacts: contacts
                .iter()
                .map(|(kind, value)| Contact {
                    kind: *kind,
                    value: (*value).to_owned(),
                    title: None,
                })
                .collect(),
            contacts_of: None,
        }
    }

    /// What each integration is, in short, or why there is none.
    fn reached(owner: &OwnerContact, secrets_dir: Option<&str>, mail: bool) -> String {
        let referred = Referred { secrets_dir, mail };
        match by_contacts(owner, referred) {
            Ok((_, integrations)) => {
                let short = integrations.iter().map(|it| match it {
                    Integration::PagerDuty { routing_key_file } => format!("pd {routing_key_file}"),
                    Integration::Opsgenie { team, api_key_file } => {
                        format!("og {team} {}", api_key_file.as_deref().unwrap_or("-"))
                    }
                    Integration::Slack {
                        channel,
                        api_url_file,
                    } => format!("slack {channel} {}", api_url_file.as_deref().unwrap_or("-")),
                    Integration::Email { to } => format!("mail {to}"),
                });
                short.collect::<Vec<_>>().join("; ")
            }
            Err(unreached) => format!("none: {}", unreached.unusable.join("; ")),
        }
    }

    #[test]
    fn contacts_become_integrations() {
        use ContactKind::{Email, Link, Opsgenie, PagerDuty, Slack};
        let all = [
            (Slack, "web"),
            (PagerDuty, "PAB12CD"),
            (Opsgenie, "Web ops"),
        ];
        let table: [(_, &[_], _, _, &str); 12] = [
            (
                None,
                &all,
                Some("/s/"),
                true,
                "pd /s/pagerduty/PAB12CD; og Web ops /s/opsgenie_api_key; slack #web /s/slack_api_url",
            ),
            (None, &all, None, true, "og Web ops -; slack #web -"),
            (Some("a@b.example"), &all[..1], None, true, "slack #web -"),
            (Some("a@b.example"), &[], None, true, "mail a@b.example"),
            (
                Some("a@b.example"),
                &[],
                None,
                false,
                "none: the e-mail address `a@b.example` needs `--smtp-smarthost` and `--smtp-from`",
            ),
            (
                None,
                &[(Email, "a@b.example")],
                None,
                true,
                "mail a@b.example",
            ),
            (
                None,
                &[(PagerDuty, "PAB12CD")],
                None,
                true,
                "none: the PagerDuty service `PAB12CD` needs `--secrets-dir`",
            ),
            (
                None,
                &[(Link, "https://x.example")],
                Some("s"),
                true,
                "none: ",
            ),
            (
                None,
                &[(Slack, "C024BE91L"), (Slack, "#a"), (Slack, "@b")],
                None,
                true,
                "slack #a -; slack @b -; slack C024BE91L -",
            ),
            (
                None,
                &[(PagerDuty, "../../etc/passwd")],
                Some("s"),
                true,
                "none: the PagerDuty service `../../etc/passwd` is no ID",
            ),
            (
                None,
                &[(Slack, "{{ .CommonLabels }}")],
                None,
                true,
                "none: the Slack channel `{{ .CommonLabels }}` is no channel",
            ),
            (
                None,
                &[(Opsgenie, "a\nb")],
                None,
                true,
                "none: the Opsgenie team `a\\nb` is no name",
            ),
        ];
        for (email, contacts, secrets_dir, mail, expected) in table {
            let owner = owner(email, contacts);
            assert_eq!(reached(&owner, secrets_dir, mail), expected, "{owner:?}");
        }
    }
}
