//! Who is told of what happens to ownership, and how.

mod email;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::HeaderName;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use url::Url;

use self::email::email;
use super::credentials::SecretKeys;
use super::endpoint::{EndpointProblem, parse_endpoint};
use super::headers::headers;
use super::node::{Node, Place, Value};
use super::reader::{Map, duration, items, listed, number, text, texts};
use super::root::Reading;
use super::secret::SecretSource;
use topology::nearest::nearest;

pub(crate) use self::email::{Addressee, Email, Tls};

/// Bound on the receivers.
const MAX_RECEIVERS: usize = 100;
/// How long what happens is gathered before it is told.
const DEFAULT_WINDOW: Duration = Duration::from_mins(1);
const WINDOWS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);
/// Messages in an hour, for each team.
const DEFAULT_PER_HOUR: u32 = 10;
const PER_HOUR: RangeInclusive<u32> = 1..=1_000;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUTS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(5);
/// The longest name of a receiver; it is a part of the name of a file.
const LONGEST_NAME: usize = 63;

/// One receiver.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    /// Its name: small letters, digits and `-`; no two of one.
    pub name: String,
    /// Where messages go.
    pub channel: Channel,
    /// What is told.
    pub filter: Filter,
    /// How long what happens is gathered before it is told.
    pub window: Duration,
    /// Messages in an hour, for each team.
    pub most_per_hour: u32,
    /// How long an answer is waited for.
    pub timeout: Duration,
}

/// What a receiver is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Of these; at least one.
    pub events: Vec<Happening>,
    /// Of these teams alone, by canonical reference; `None`: of all, and of what is no team's.
    pub teams: Option<Vec<String>>,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Happening {
    /// A Service that had an owner has none.
    OwnerLost,
    /// A Service that is new, or had a component, has none.
    ServiceUnclaimed,
    /// A source does not answer, and what it said last is served on.
    SourceStale,
    /// A source lacks so much that its removals wait to be confirmed.
    RemovalsHeldBack,
}

impl Happening {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [
        Self::OwnerLost,
        Self::ServiceUnclaimed,
        Self::SourceStale,
        Self::RemovalsHeldBack,
    ];

    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::OwnerLost => "owner-lost",
            Self::ServiceUnclaimed => "service-unclaimed",
            Self::SourceStale => "source-stale",
            Self::RemovalsHeldBack => "removals-held-back",
        }
    }

    /// Whether it happens to a source, and so to no team.
    pub(crate) fn is_of_sources(self) -> bool {
        matches!(self, Self::SourceStale | Self::RemovalsHeldBack)
    }
}

/// Where messages go.
#[derive(Clone, Debug)]
pub(crate) enum Channel {
    /// An incoming webhook of Slack, or of what is compatible with it, by its URL, which is a secret.
    Slack(SecretSource),
    /// Whatever takes `CloudEvents`.
    Webhook(Webhook),
    /// Mail.
    Email(Email),
}

impl Channel {
    /// The word.
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Slack(_) => "slack",
            Self::Webhook(_) => "webhook",
            Self::Email(_) => "email",
        }
    }
}

/// What takes `CloudEvents`.
#[derive(Clone)]
pub(crate) struct Webhook {
    /// http or https, without user information. It may be a secret.
    pub url: Url,
    /// The bearer token that is shown.
    pub token: Option<SecretSource>,
    /// Further headers.
    pub headers: Vec<(HeaderName, SecretSource)>,
    /// Further root certificates, PEM.
    pub ca_file: Option<PathBuf>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // S31: the path of a webhook may be a secret.
        f.debug_tuple("Webhook").field(&self.url.origin()).finish()
    }
}

pub(super) fn notifications(node: Node, reading: &mut Reading<'_, '_>) -> Vec<Receiver> {
    let at = node.at;
    let nodes = items("notifications", node, reading.faults);
    if nodes.len() > MAX_RECEIVERS {
        let message = format!(
            "`notifications`: found {} receivers, expected at most {MAX_RECEIVERS}",
            nodes.len()
        );
        reading.faults.add(at, message);
    }
    let mut receivers: Vec<Receiver> = Vec::new();
    for node in nodes {
        let place = node.at;
        let Some(receiver) = receiver(node, reading) else {
            continue;
        };
        if receivers.iter().any(|other| other.name == receiver.name) {
            let message = format!("the receiver `{}` is there twice", receiver.name);
            reading
                .faults
                .hint(place, message, "give each a name of its own");
        }
        receivers.push(receiver);
    }
    receivers
}

fn receiver(node: Node, reading: &mut Reading<'_, '_>) -> Option<Receiver> {
    let at = node.at;
    let mut map = Map::open(node, "notifications", "a receiver", reading.faults)?;
    let name = map.take("name");
    let slack = map.take_entry("slack");
    let webhook = map.take_entry("webhook");
    let email_entry = map.take_entry("email");
    let events = map.take("events");
    let teams = map.take("teams");
    let window = map.take("window");
    let most_per_hour = map.take("most_per_hour");
    let timeout = map.take("timeout");
    map.finish(reading.faults);
    let name = name_of(at, name, reading);
    reading.faults.at_most_one(
        [
            ("slack", &slack),
            ("webhook", &webhook),
            ("email", &email_entry),
        ],
        "one of `slack`, `webhook` and `email`",
    );
    let channel = match (slack, webhook, email_entry) {
        (Some((at, node)), _, _) => self::slack(at, node, reading).map(Channel::Slack),
        (None, Some((at, node)), _) => self::webhook(at, node, reading).map(Channel::Webhook),
        (None, None, Some((at, node))) => email(at, node, reading).map(Channel::Email),
        (None, None, None) => {
            reading.faults.hint(
                at,
                "a receiver without `slack`, `webhook` and `email`, expected one of them",
                "such as `slack: {url_file: /run/secrets/slack-url}`",
            );
            None
        }
    };
    let for_owners = matches!(&channel, Some(Channel::Email(email)) if email.is_only_to_owners());
    let filter = filter(events, teams, for_owners, reading);
    let window = window
        .and_then(|node| duration("window", &node, WINDOWS, reading.faults))
        .unwrap_or(DEFAULT_WINDOW);
    let most_per_hour = most_per_hour
        .and_then(|node| number("most_per_hour", &node, PER_HOUR, reading.faults))
        .unwrap_or(DEFAULT_PER_HOUR);
    let timeout = timeout
        .and_then(|node| duration("timeout", &node, TIMEOUTS, reading.faults))
        .unwrap_or(DEFAULT_TIMEOUT);
    Some(Receiver {
        name: name?,
        channel: channel?,
        filter,
        window,
        most_per_hour,
        timeout,
    })
}

fn name_of(at: Place, node: Option<Node>, reading: &mut Reading<'_, '_>) -> Option<String> {
    let Some(node) = node else {
        reading
            .faults
            .add(at, "a receiver without `name`, which it needs");
        return None;
    };
    let name = text("name", &node, reading.faults)?;
    let is_name = name.len() <= LONGEST_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_name {
        let expected = "small letters, digits and `-`, at most 63 of them";
        reading.faults.expected("name", &node, expected);
    }
    Some(name)
}

fn filter(
    events: Option<Node>,
    teams: Option<Node>,
    for_owners: bool,
    reading: &mut Reading<'_, '_>,
) -> Filter {
    let teams = teams.map(|node| self::teams(node, reading));
    // A source is no team's.
    let of_teams = for_owners || teams.is_some();
    let Some(node) = events else {
        let all = Happening::ALL.into_iter();
        let events = all.filter(|event| !(of_teams && event.is_of_sources()));
        return Filter {
            events: events.collect(),
            teams,
        };
    };
    let at = node.at;
    let words = texts("events", node, reading.faults).unwrap_or_default();
    let mut events = Vec::new();
    let known = Happening::ALL.map(Happening::as_str);
    for (at, word) in &words {
        let found = Happening::ALL.into_iter().find(|it| it.as_str() == *word);
        let Some(event) = found else {
            let hint = match nearest(word, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the events are {}", listed(&known)),
            };
            let message = format!("`events`: there is no `{word}`");
            reading.faults.hint(*at, message, hint);
            continue;
        };
        if event.is_of_sources() && of_teams {
            let message = format!("`events`: `{word}` for teams alone, and a source is no team's");
            let hint = "give it to a receiver without `teams`, and by mail to an address";
            reading.faults.hint(*at, message, hint);
        }
        events.push(event);
    }
    if words.is_empty() {
        reading
            .faults
            .add(at, "`events`: the list is empty, expected an event");
    }
    Filter { events, teams }
}

fn teams(node: Node, reading: &mut Reading<'_, '_>) -> Vec<String> {
    let at = node.at;
    let words = texts("teams", node, reading.faults).unwrap_or_default();
    if words.is_empty() {
        reading
            .faults
            .add(at, "`teams`: the list is empty, expected a team");
    }
    let mut teams = Vec::new();
    for (at, word) in words {
        match EntityRef::parse(&word, Some("group"), DEFAULT_NAMESPACE) {
            Ok(reference) => teams.push(reference.to_string()),
            Err(error) => reading.faults.hint(
                at,
                format!("`teams`: {error}"),
                "such as `group:default/payments`, or `payments`",
            ),
        }
    }
    teams
}

/// The keys of a channel. S31: where a URL stands in their place, it is not shown.
fn open(
    node: Node,
    key: &'static str,
    what: &'static str,
    reading: &mut Reading<'_, '_>,
) -> Option<Map> {
    if !matches!(node.value, Value::Map(_) | Value::Null) {
        let message = format!("`{key}`: expected a map");
        let hint = match key {
            "slack" => "such as `slack: {url_file: /run/secrets/slack-url}`",
            _ => "such as `webhook: {url: 'https://hub.example.com/events'}`",
        };
        reading.faults.hint(node.at, message, hint);
        return None;
    }
    Map::open(node, key, what, reading.faults)
}

fn slack(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<SecretSource> {
    let mut map = open(node, "slack", "`slack`", reading)?;
    let file = map.take_entry("url_file");
    let variable = map.take_entry("url_env");
    // S31: whoever writes the URL here has it shown by no fault.
    map.finish_unshown(reading.faults);
    reading.faults.at_most_one(
        [("url_file", &file), ("url_env", &variable)],
        "one of `url_file` and `url_env`",
    );
    if file.is_none() && variable.is_none() {
        reading.faults.hint(
            at,
            "`slack` without `url_file` and `url_env`, expected one of them",
            "the URL is a secret: put it into a file, and name that",
        );
    }
    let keys = SecretKeys {
        file: ("url_file", file),
        variable: ("url_env", variable),
        inline: ("url", None),
    };
    keys.read(reading)
}

fn webhook(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<Webhook> {
    let mut map = open(node, "webhook", "`webhook`", reading)?;
    let url = map.take("url");
    let token_file = map.take_entry("token_file");
    let token_env = map.take_entry("token_env");
    let extra = map.take("headers");
    let ca_file = map.take("ca_file");
    map.finish(reading.faults);
    reading.faults.at_most_one(
        [("token_file", &token_file), ("token_env", &token_env)],
        "one of `token_file` and `token_env`",
    );
    let authorized = token_file.is_some() || token_env.is_some();
    if url.is_none() {
        reading
            .faults
            .add(at, "`webhook` without `url`, which it needs");
    }
    let url = url.and_then(|node| self::url(&node, reading));
    let keys = SecretKeys {
        file: ("token_file", token_file),
        variable: ("token_env", token_env),
        inline: ("token", None),
    };
    let token = keys.read(reading);
    let headers = extra.map_or_else(Vec::new, |node| headers(node, authorized, reading));
    let ca_file = reading.path("ca_file", ca_file);
    Some(Webhook {
        url: url?,
        token,
        headers,
        ca_file,
    })
}

fn url(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Url> {
    let written = text("url", node, reading.faults)?;
    // S31: it may be a secret, and is not shown.
    match parse_endpoint(&written) {
        Ok(url) => return Some(url),
        Err(EndpointProblem::UserInfo) => reading.faults.hint(
            node.at,
            "`url`: the URL carries a user name or password",
            "leave it out, and give a token by `token_file` or `token_env`",
        ),
        Err(EndpointProblem::NotHttp) => reading.faults.add(
            node.at,
            "`url`: expected a URL that begins with `http://` or `https://`",
        ),
    }
    None
}

#[cfg(test)]
mod tests;
