//! What is told in one message, and in which words. Pure.
//!
//! Texts of catalogs are in here as they came. Whoever renders a message escapes them for where it goes.

use std::collections::BTreeMap;

use topology::verdict::{ServiceKey, ServiceState};

use crate::config::Happening;

/// Services and sources that a message names; of the others it has the number.
pub(super) const NAMED: usize = 10;
/// Teams that a message names.
pub(super) const NAMED_TEAMS: usize = 10;

/// What shows all that changed of late.
const LAST_DAY: &str = "backstitch diff --since 1d";

/// How often each of them happened.
pub(super) type Counts = BTreeMap<Happening, u64>;

/// One message to one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// What its parts have in common.
    pub(super) about: About,
    /// When it was made: seconds since the Unix epoch.
    pub(super) at: i64,
    /// What happened, and how often.
    pub(super) counts: Counts,
    /// The first few Services, by what happened and by name.
    pub(super) services: Vec<OfService>,
    /// The first few sources.
    pub(super) sources: Vec<OfSource>,
    /// What happened before and was not told, because too many messages had been sent.
    pub(super) left_out: Counts,
}

/// What the parts of a message have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// A team.
    Team(Team),
    /// No team that is known.
    Nobody,
    /// Several teams, of which each would have had a message of its own: how many, and those with the most.
    Several(usize, Vec<(Team, u64)>),
    /// Sources.
    Sources,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Team {
    /// Canonical reference.
    pub(super) reference: String,
    /// What people call it; its reference where it is known no more.
    pub(super) name: String,
}

/// What happened to a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OfService {
    /// What.
    pub(super) happening: Happening,
    /// Which.
    pub(super) service: ServiceKey,
    /// Its state now.
    pub(super) state: ServiceState,
    /// Who had it.
    pub(super) owner_before: Option<String>,
    /// The component that had it, or has it still.
    pub(super) component: Option<String>,
    /// When it changed last: seconds since the Unix epoch.
    pub(super) at: i64,
}

/// What happened to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OfSource {
    /// What.
    pub(super) happening: Happening,
    /// `catalog/main`.
    pub(super) source: String,
    /// Why, or how much.
    pub(super) detail: String,
    /// What to do about it, where that is known.
    pub(super) remedy: Option<String>,
    /// Since when: seconds since the Unix epoch.
    pub(super) since: i64,
}

impl Message {
    /// All of it in one line: `2 Services lost their owner, 1 Service is unclaimed`.
    pub(super) fn title(&self) -> String {
        let mut parts: Vec<String> = self
            .counts
            .iter()
            .map(|(it, count)| words(*it, *count))
            .collect();
        if parts.is_empty() {
            let more: u64 = self.left_out.values().sum();
            parts.push(format!("{more} more {}", events(more)));
        }
        let what = parts.join(", ");
        match &self.about {
            About::Team(team) => format!("{}: {what}", team.name),
            About::Several(teams, _) if *teams > 0 => format!("{teams} teams: {what}"),
            About::Several(..) | About::Nobody | About::Sources => what,
        }
    }

    /// What was left out of earlier messages, in a line.
    pub(super) fn left_out_line(&self) -> Option<String> {
        if self.left_out.is_empty() {
            return None;
        }
        let parts: Vec<String> = self
            .left_out
            .iter()
            .map(|(it, count)| words(*it, *count))
            .collect();
        Some(format!(
            "Not told before, as too many messages had been sent: {}.",
            parts.join(", ")
        ))
    }

    /// How many Services and sources it does not name.
    pub(super) fn unnamed(&self) -> u64 {
        let all: u64 = self.counts.values().sum();
        all.saturating_sub((self.services.len() + self.sources.len()) as u64)
    }

    /// How many events it is about, those that were left out before included.
    pub(super) fn items(&self) -> u64 {
        self.counts.values().chain(self.left_out.values()).sum()
    }

    /// What to look at next, as a command.
    pub(super) fn next_step(&self) -> String {
        let step = match (self.services.first(), self.sources.first()) {
            (Some(first), _) => format!("backstitch explain {}", first.service),
            (None, Some(first)) => format!("backstitch sources {}", first.source),
            (None, None) => LAST_DAY.to_owned(),
        };
        // Somebody may paste it into a shell.
        let is_safe = |letter: char| letter.is_ascii_alphanumeric() || " -_./".contains(letter);
        if step.chars().all(is_safe) {
            step
        } else {
            LAST_DAY.to_owned()
        }
    }
}

impl OfService {
    /// What there is to say beside its name: who had it, by which component.
    pub(super) fn detail(&self) -> String {
        match (self.happening, &self.owner_before, &self.component) {
            (Happening::OwnerLost, Some(owner), Some(component)) => match self.state {
                ServiceState::Unclaimed => {
                    format!("was owned by {owner}, and {component} claims it no more")
                }
                _ => format!("was owned by {owner}, and {component} has no owner that is known"),
            },
            (_, Some(owner), None) => format!("was owned by {owner}"),
            (_, _, Some(component)) => format!("{component} claims it no more"),
            (_, None, None) => "no component claims it".to_owned(),
        }
    }
}

fn words(happening: Happening, count: u64) -> String {
    let (one, several) = match happening {
        Happening::OwnerLost => ("Service lost its owner", "Services lost their owner"),
        Happening::ServiceUnclaimed => ("Service is unclaimed", "Services are unclaimed"),
        Happening::SourceStale => ("source is stale", "sources are stale"),
        Happening::RemovalsHeldBack => (
            "source has removals that are held back",
            "sources have removals that are held back",
        ),
    };
    format!("{count} {}", if count == 1 { one } else { several })
}

fn events(count: u64) -> &'static str {
    if count == 1 { "event" } else { "events" }
}

/// A text in one line, without what could break out of it, and at most so many characters of it.
pub(super) fn plain(text: &str, most: usize) -> String {
    let mut letters = text
        .chars()
        .map(|letter| if is_odd(letter) { ' ' } else { letter });
    let mut plain: String = letters.by_ref().take(most).collect();
    if letters.next().is_some() {
        plain.pop();
        plain.push('…');
    }
    plain
}

/// What breaks a line, or turns the letters around it: marks of direction would show another name than there is.
fn is_odd(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A message of names that would break out of whatever they stand in.
    pub(in crate::notifications) fn hostile() -> Message {
        let name = "<!channel> *a* `b` & <https://evil.example|safe>\r\nBcc: x\u{202e}";
        let of_service = |happening, name: &str| OfService {
            happening,
            service: ServiceKey {
                cluster: "prod".into(),
                namespace: "shop".into(),
                name: name.into(),
            },
            state: ServiceState::Unclaimed,
            owner_before: (happening == Happening::OwnerLost)
                .then(|| format!("group:default/{name}")),
            component: (happening == Happening::OwnerLost)
                .then(|| "component:default/cart".to_owned()),
            at: 1_700_000_000,
        };
        Message {
            about: About::Team(Team {
                reference: "group:default/web".to_owned(),
                name: name.to_owned(),
            }),
            at: 1_700_000_060,
            counts: Counts::from([(Happening::OwnerLost, 12), (Happening::ServiceUnclaimed, 1)]),
            services: vec![
                of_service(Happening::OwnerLost, name),
                of_service(Happening::ServiceUnclaimed, "cart"),
            ],
            sources: Vec::new(),
            left_out: Counts::from([(Happening::OwnerLost, 3)]),
        }
    }

    /// One about sources.
    pub(in crate::notifications) fn of_sources() -> Message {
        let of_source = |happening, detail: &str, remedy: Option<&str>| OfSource {
            happening,
            source: "catalog/main".to_owned(),
            detail: detail.to_owned(),
            remedy: remedy.map(str::to_owned),
            since: 1_700_000_000,
        };
        Message {
            about: About::Sources,
            counts: Counts::from([
                (Happening::SourceStale, 1),
                (Happening::RemovalsHeldBack, 1),
            ]),
            services: Vec::new(),
            sources: vec![
                of_source(
                    Happening::SourceStale,
                    "connection refused <x>",
                    Some("start it"),
                ),
                of_source(
                    Happening::RemovalsHeldBack,
                    "60 removals wait to be confirmed",
                    None,
                ),
            ],
            left_out: Counts::new(),
            ..hostile()
        }
    }

    #[test]
    fn a_text_stays_in_its_line_and_within_its_bound() {
        for (text, most, expected) in [
            ("a\r\nb", 9, "a  b"),
            ("abcdef", 4, "abc…"),
            ("abcd", 4, "abcd"),
            ("a\u{202e}b\u{2028}", 9, "a b "),
            ("", 4, ""),
        ] {
            assert_eq!(plain(text, most), expected, "{text:?}");
        }
    }
}
