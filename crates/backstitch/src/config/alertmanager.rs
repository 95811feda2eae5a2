//! Where alerts are handed on to, and what is written on them.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use server::alerts::enrich::Enrichment;
use url::Url;

use super::credentials::SecretKeys;
use super::endpoint::{EndpointProblem, parse_endpoint};
use super::node::{Node, Place};
use super::reader::{Map, boolean, duration, number, text};
use super::receivers::is_label_name;
use super::root::Reading;
use super::secret::SecretSource;

/// How long a target is waited for.
const WAITS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(5);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an alert fires unless it comes again: longer than Alertmanager's default `repeat_interval` of four hours.
const DEFAULT_FIRING_FOR: Duration = Duration::from_hours(5);
const FIRING: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(7 * 24);
const DEFAULT_GIVE_UP_AFTER: Duration = Duration::from_hours(24);
const GIVE_UP: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(30 * 24);
const DEFAULT_QUEUE: u64 = 10_000;
const QUEUES: RangeInclusive<u64> = 1..=1_000_000;

/// How alerts are taken from Alertmanager and handed on.
#[derive(Clone, Debug)]
pub(crate) struct Alertmanager {
    /// Where to.
    pub forward: Forward,
    /// What is written on them.
    pub enrichment: Enrichment,
    /// How many notifications may wait.
    pub queue_length: u64,
}

/// Where alerts are handed on to.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    /// Who takes them.
    pub target: Target,
    /// The bearer token that is shown.
    pub token: Option<SecretSource>,
    /// Further root certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// How long what cannot be delivered is tried again.
    pub give_up_after: Duration,
}

/// Who takes alerts. Both are http or https, without user information.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A webhook, which gets the notification. Its URL may be a secret.
    Webhook(Url),
    /// An Alertmanager by its base URL.
    Alertmanager {
        /// Where it is.
        url: Url,
        /// How long an alert fires unless it comes again.
        firing_for: Duration,
    },
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // S31: the path of a webhook may be a secret.
        let (kind, url) = match self {
            Self::Webhook(url) => ("Webhook", url),
            Self::Alertmanager { url, .. } => ("Alertmanager", url),
        };
        f.debug_tuple(kind).field(&url.origin()).finish()
    }
}

pub(super) fn alertmanager(node: Node, reading: &mut Reading<'_, '_>) -> Option<Alertmanager> {
    let at = node.at;
    let mut map = Map::open(node, "alertmanager", "`alertmanager`", reading.faults)?;
    let forward = map.take_entry("forward");
    let labels = map.take("labels");
    let overwrite = map.take("overwrite");
    let queue = map.take("queue_length");
    map.finish(reading.faults);
    if forward.is_none() {
        reading.faults.hint(
            at,
            "`alertmanager` without `forward`, which says where alerts are handed on to",
            "such as `forward: {alertmanager: http://alertmanager:9093}`",
        );
    }
    let forward = forward.and_then(|(at, node)| self::forward(at, node, reading));
    let enrichment = Enrichment {
        overwrite: overwrite
            .and_then(|node| boolean("overwrite", &node, reading.faults))
            .unwrap_or(false),
        ..labels.map_or_else(Enrichment::default, |node| self::labels(node, reading))
    };
    let queue_length = queue
        .and_then(|node| number("queue_length", &node, QUEUES, reading.faults))
        .unwrap_or(DEFAULT_QUEUE);
    Some(Alertmanager {
        forward: forward?,
        enrichment,
        queue_length,
    })
}

fn forward(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<Forward> {
    let mut map = Map::open(node, "forward", "`forward`", reading.faults)?;
    let webhook = map.take_entry("webhook");
    let alertmanager = map.take_entry("alertmanager");
    let token = map.take_entry("token");
    let token_file = map.take_entry("token_file");
    let token_env = map.take_entry("token_env");
    let ca_file = map.take("ca_file");
    let timeout = map.take("timeout");
    let firing_for = map.take_entry("firing_for");
    let give_up_after = map.take("give_up_after");
    map.finish(reading.faults);
    reading.faults.at_most_one(
        [("webhook", &webhook), ("alertmanager", &alertmanager)],
        "one of `webhook` and `alertmanager`",
    );
    reading.faults.at_most_one(
        [
            ("token", &token),
            ("token_file", &token_file),
            ("token_env", &token_env),
        ],
        "one of `token_file`, `token_env` and `token`",
    );
    if webhook.is_none() && alertmanager.is_none() {
        reading.faults.add(
            at,
            "`forward` without `webhook` and `alertmanager`, expected one of them",
        );
    }
    if let (None, Some((at, _))) = (&alertmanager, &firing_for) {
        reading.faults.add(
            *at,
            "`firing_for` without `alertmanager`: a webhook gets notifications as they came",
        );
    }
    let firing_for = firing_for
        .and_then(|(_, node)| duration("firing_for", &node, FIRING, reading.faults))
        .unwrap_or(DEFAULT_FIRING_FOR);
    let target = match (webhook, alertmanager) {
        (Some((_, node)), _) => url("webhook", &node, reading).map(Target::Webhook),
        (None, Some((_, node))) => {
            url("alertmanager", &node, reading).map(|url| Target::Alertmanager { url, firing_for })
        }
        (None, None) => None,
    };
    let token = SecretKeys {
        file: ("token_file", token_file),
        variable: ("token_env", token_env),
        inline: ("token", token),
    };
    let token = token.read(reading);
    let ca_file = reading.path("ca_file", ca_file);
    let timeout = timeout
        .and_then(|node| duration("timeout", &node, WAITS, reading.faults))
        .unwrap_or(DEFAULT_TIMEOUT);
    let give_up_after = give_up_after
        .and_then(|node| duration("give_up_after", &node, GIVE_UP, reading.faults))
        .unwrap_or(DEFAULT_GIVE_UP_AFTER);
    Some(Forward {
        target: target?,
        token,
        ca_file,
        timeout,
        give_up_after,
    })
}

fn url(key: &'static str, node: &Node, reading: &mut Reading<'_, '_>) -> Option<Url> {
    let written = text(key, node, reading.faults)?;
    // S31: a webhook's URL may be a secret, and is not shown.
    match parse_endpoint(&written) {
        Ok(url) => Some(url),
        Err(EndpointProblem::UserInfo) => {
            reading.faults.hint(
                node.at,
                format!("`{key}`: the URL carries a user name or password"),
                "leave it out, and give a token by `token_file` or `token_env`",
            );
            None
        }
        Err(EndpointProblem::NotHttp) => {
            reading.faults.add(
                node.at,
                format!("`{key}`: expected a URL that begins with `http://` or `https://`"),
            );
            None
        }
    }
}

fn labels(node: Node, reading: &mut Reading<'_, '_>) -> Enrichment {
    let mut names = Enrichment::default();
    let Some(mut map) = Map::open(node, "labels", "`labels`", reading.faults) else {
        return names;
    };
    let mut used = BTreeSet::new();
    for (key, name) in [
        ("owner_ref", &mut names.owner_ref),
        ("team", &mut names.team),
        ("component", &mut names.component),
        ("system", &mut names.system),
        ("mark", &mut names.mark),
    ] {
        let node = map.take(key);
        if let Some(node) = &node
            && let Some(given) = text(key, node, reading.faults)
        {
            if !is_label_name(&given) {
                let expected = "the name of a label: letters, digits and `_`";
                reading.faults.expected(key, node, expected);
            }
            *name = given;
        }
        if !used.insert(name.clone()) {
            let at = node.map_or_else(|| map.at(), |node| node.at);
            reading.faults.add(
                at,
                format!("`{key}`: the label `{name}` is another's already"),
            );
        }
    }
    map.finish(reading.faults);
    names
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, ConfigError};

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("etc/backstitch.yaml"), text)
    }

    #[test]
    fn all_that_can_be_said() {
        let config = parse(
            "
alertmanager:
  forward:
    alertmanager: https://am.example/prefix
    token_file: token
    ca_file: ca.pem
    timeout: 3s
    firing_for: 2h
    give_up_after: 1h
  labels: {team: squad, mark: seen}
  overwrite: true
  queue_length: 5
",
        );
        let alertmanager = config.expect("a configuration").alertmanager;
        let alertmanager = alertmanager.expect("it is configured");
        let forward = &alertmanager.forward;
        let url = Url::parse("https://am.example/prefix").expect("a URL");
        let firing_for = Duration::from_hours(2);
        assert_eq!(forward.target, Target::Alertmanager { url, firing_for });
        assert!(
            matches!(&forward.token, Some(SecretSource::File(file)) if file == Path::new("etc/token"))
        );
        assert_eq!(forward.ca_file.as_deref(), Some(Path::new("etc/ca.pem")));
        assert_eq!(forward.timeout, Duration::from_secs(3));
        assert_eq!(forward.give_up_after, Duration::from_hours(1));
        assert_eq!(alertmanager.queue_length, 5);
        let enrichment = Enrichment {
            team: "squad".to_owned(),
            mark: "seen".to_owned(),
            overwrite: true,
            ..Enrichment::default()
        };
        assert_eq!(alertmanager.enrichment, enrichment);
        assert!(parse("").expect("a configuration").alertmanager.is_none());
    }

    #[test]
    fn what_cannot_be_used() {
        for (text, told) in [
            ("{}", "`alertmanager` without `forward`"),
            (
                "{forward: {}}",
                "`forward` without `webhook` and `alertmanager`",
            ),
            (
                "{forward: {webhook: 'http://a', alertmanager: 'http://b'}}",
                "`alertmanager` beside `webhook`",
            ),
            (
                "{forward: {webhook: 'http://a', firing_for: 1h}}",
                "`firing_for` without `alertmanager`",
            ),
            (
                "{forward: {webhook: 'http://a', token: x, token_env: Y}}",
                "expected one of `token_file`",
            ),
            ("{forward: {webhook: 'ftp://a'}}", "expected a URL"),
            (
                "{forward: {webhook: 'http://u:p@a'}}",
                "user name or password",
            ),
            (
                "{forward: {webhook: 'http://a'}, labels: {team: a-b}}",
                "expected the name of a label",
            ),
            (
                "{forward: {webhook: 'http://a'}, labels: {team: system}}",
                "`system`: the label `system` is another's already",
            ),
            (
                "{forward: {webhook: 'http://a'}, queue_length: 0}",
                "a number from 1",
            ),
            (
                "{forward: {webhook: 'http://a'}, forwards: 0}",
                "did you mean `forward`?",
            ),
        ] {
            let error = parse(&format!("alertmanager: {text}")).expect_err("it is faulty");
            let error = error.to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn s31_the_url_of_a_webhook_is_in_no_fault() {
        let error = parse("alertmanager: {forward: {webhook: 'htp://sentinel/sentinel'}, x: y}");
        let error = error.expect_err("it is faulty").to_string();
        assert!(!error.contains("sentinel"), "{error}");
    }
}
