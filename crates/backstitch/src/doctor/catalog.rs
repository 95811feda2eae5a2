//! A live Backstage: how far one gets with it, what it has, and whether its clock agrees.
//!
//! ```text
//!  Endpoint ── ask: a page of one entity, two counts ──▶ Asked ── checks ──▶ name, connection, tls, answer, token, …
//! ```
//!
//! One question tells how far one gets: what fails says which step it was, and those before it went well. The whole catalog
//! is never read.

use std::num::NonZeroU32;
use std::time::Duration;

use backstage_client::{Client, ConnectFailure, EntityFilter, Error, TimeoutPhase};
use catalog::backstage::ReadError;
use topology::fact::{EntityFact, OwnerKind};
use topology::label_map::LabelMap;
use topology::settings::{InstanceSettings, MatchRule};

use super::{Check, clock, told};
use crate::config::{Credentials, Endpoint};
use crate::sources::backstage::{BackstageError, Clients};

/// The longest that all questions to one Backstage may take together.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What to do where no remedy is known.
const BY_HAND: &str = "`curl --verbose <endpoint>/api/catalog/entities?limit=1` on this machine shows what answers there";

/// What a Backstage said.
pub(crate) struct Asked {
    clock_ahead: Option<i64>,
    answer: Result<Answer, BackstageError>,
}

/// What is known of one that let itself be asked.
struct Answer {
    /// It serves `entities/by-query`.
    by_query: bool,
    counted: Result<Counted, Error>,
}

/// How many entities there are that matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    components: u64,
    groups: u64,
    users: u64,
    /// The components in which the `label_map` finds the name of a Service; `None` where the server cannot count them.
    named: Option<u64>,
}

impl Counted {
    /// Counts one that was read.
    pub(super) fn add(&mut self, entity: &EntityFact) {
        match entity {
            EntityFact::Component(component) => {
                self.components += 1;
                *self.named.get_or_insert(0) += u64::from(component.kubernetes_id.is_some());
            }
            EntityFact::Owner(owner) => match owner.kind {
                OwnerKind::Group => self.groups += 1,
                OwnerKind::User => self.users += 1,
            },
        }
    }
}

/// Asks a Backstage, within its own time limits.
pub(crate) async fn ask(endpoint: &Endpoint, map: &LabelMap) -> Asked {
    let failed = |error| Asked {
        clock_ahead: None,
        answer: Err(error),
    };
    let mut clients = Clients::default();
    let access = match clients.access(endpoint, map) {
        Ok(access) => access,
        Err(error) => return failed(error),
    };
    let answer = asked(
        access.client(),
        access.filter(),
        with_name(map, &endpoint.filter),
    )
    .await;
    Asked {
        clock_ahead: access.client().clock_ahead(),
        answer: answer.map_err(|error| {
            BackstageError::Read(ReadError::Page {
                page: 1,
                source: Box::new(error),
            })
        }),
    }
}

async fn asked(
    client: &Client,
    filter: &EntityFilter,
    with_name: Option<EntityFilter>,
) -> Result<Answer, Error> {
    let mut pager = client.entities(filter.clone(), NonZeroU32::MIN);
    let page = pager.next_page().await?;
    // Only by-query says how many there are.
    let by_query = page.is_some_and(|page| page.total_items().is_some());
    Ok(Answer {
        by_query,
        counted: count(client, filter, with_name).await,
    })
}

/// Counts at the server, which sends no entities for that.
async fn count(
    client: &Client,
    filter: &EntityFilter,
    with_name: Option<EntityFilter>,
) -> Result<Counted, Error> {
    let kinds = client.facets(filter, &["kind"]).await?;
    let of = |kind: &str| -> u64 {
        let values = kinds.get("kind").iter();
        let of = values.filter(|value| value.value.eq_ignore_ascii_case(kind));
        of.map(|value| value.count).sum()
    };
    let named = match with_name {
        Some(filter) => {
            let named = client.facets(&filter, &["kind"]).await?;
            Some(named.get("kind").iter().map(|value| value.count).sum())
        }
        None => None,
    };
    Ok(Counted {
        components: of("component"),
        groups: of("group"),
        users: of("user"),
        named,
    })
}

/// Of the components that meet one of these conditions, those in which the map finds the name of a Service; `None` where
/// one of its paths is none of the API's.
fn with_name(map: &LabelMap, conditions: &[String]) -> Option<EntityFilter> {
    let mut filter = EntityFilter::kinds(["component"]).ok()?;
    for path in &map.kubernetes_id {
        let path = path.as_str();
        let key = match path.split_once('.') {
            Some(("annotations" | "labels", _)) => format!("metadata.{path}"),
            Some(("relations", _)) => return None,
            _ => path.to_owned(),
        };
        // What holds a comma or an equals sign would be read as several conditions.
        if key.contains([',', '=']) {
            return None;
        }
        if conditions.is_empty() {
            filter = filter.and(key).ok()?;
            continue;
        }
        for condition in conditions {
            filter = filter.and(format!("{condition},{key}")).ok()?;
        }
    }
    Some(filter)
}

/// How far one has to get, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Name,
    Connection,
    Tls,
    Answer,
    Token,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::Name,
        Self::Connection,
        Self::Tls,
        Self::Answer,
        Self::Token,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Answer => "answer",
            Self::Token => "token",
        }
    }

    /// The step at which a request failed so.
    fn of(error: &Error) -> Self {
        match error {
            Error::Connect { failure, .. } => match failure {
                ConnectFailure::Dns => Self::Name,
                ConnectFailure::UntrustedCertificate
                | ConnectFailure::CertificateOfAuthority
                | ConnectFailure::CertificateForOtherName
                | ConnectFailure::CertificateOutOfDate
                | ConnectFailure::NotTls
                | ConnectFailure::ClientCertificateMissing
                | ConnectFailure::ClientCertificateRefused
                | ConnectFailure::Tls => Self::Tls,
                _ => Self::Connection,
            },
            Error::Timeout {
                phase: TimeoutPhase::Connect,
                ..
            } => Self::Connection,
            Error::Unauthorized { .. } | Error::Forbidden { .. } => Self::Token,
            error if error.is_expired_token() => Self::Token,
            _ => Self::Answer,
        }
    }
}

/// The checks that follow.
pub(crate) fn checks(
    endpoint: &Endpoint,
    settings: &InstanceSettings,
    asked: &Asked,
) -> Vec<Check> {
    let mut checks = Vec::new();
    match &asked.answer {
        Ok(_) => checks.extend(Step::ALL.map(|step| passed(step, endpoint))),
        Err(error) => {
            let at = failed_at(error);
            let before = Step::ALL.into_iter().filter(|step| Some(*step) < at);
            checks.extend(before.map(|step| passed(step, endpoint)));
            let what = at.map_or("credentials", Step::word);
            let check = Check::fail(what, message(error)).remedy(error.hint(endpoint));
            checks.push(check.or_else(|| Some(BY_HAND.to_owned())));
        }
    }
    if endpoint.insecure_skip_verify {
        let message = "any certificate is accepted, and whoever stands between can read the token";
        let remedy = "give the authority's certificate by `ca_file`, or `ca.crt` of the Secret, and leave `insecure_skip_verify` out";
        checks.push(Check::warn("verification", message).remedy(Some(remedy)));
    }
    checks.extend(clock::check(asked.clock_ahead));
    if let Ok(answer) = &asked.answer {
        checks.push(version(answer.by_query));
        match &answer.counted {
            Ok(counted) => {
                checks.push(entities(counted, From::Backstage));
                checks.extend(named(counted, settings));
            }
            Err(error) => {
                let message = format!("could not be counted: {}", told(error));
                checks.push(Check::note("entities", message));
            }
        }
    }
    checks
}

/// The check of a Backstage whose answers did not come to an end in time.
pub(crate) fn late() -> Check {
    let message = format!(
        "not all questions were answered within {} s",
        PATIENCE.as_secs()
    );
    let remedy = "look at the load of Backstage and of what stands before it; a network that drops packets looks the same";
    Check::fail("answer", message).remedy(Some(remedy))
}

/// The step at which it failed; `None` where Backstage was not asked.
fn failed_at(error: &BackstageError) -> Option<Step> {
    let BackstageError::Read(ReadError::Page { source, .. }) = error else {
        return None;
    };
    match &**source {
        Error::TokenEndpoint { .. } => None,
        error => Some(Step::of(error)),
    }
}

/// The error without the page that it was found at, which says nothing here.
fn message(error: &BackstageError) -> String {
    match error {
        BackstageError::Read(ReadError::Page { source, .. }) => told(&**source),
        error => told(error),
    }
}

fn passed(step: Step, endpoint: &Endpoint) -> Check {
    let what = step.word();
    let encrypted = endpoint.url.scheme() == "https";
    match step {
        Step::Name => Check::ok(what, "the host is found"),
        Step::Connection => Check::ok(what, "something listens there"),
        Step::Tls if encrypted && endpoint.insecure_skip_verify => {
            Check::ok(what, "the connection is encrypted")
        }
        Step::Tls if encrypted => Check::ok(
            what,
            "the connection is encrypted, and the certificate is trusted",
        ),
        Step::Tls => Check::note(what, "the connection is not encrypted, as it is `http://`"),
        Step::Answer => Check::ok(what, "the Catalog API answers"),
        Step::Token => match &endpoint.credentials {
            Credentials::None => Check::ok(what, "none is given, and none is wanted"),
            Credentials::Token(_) => Check::ok(what, "is accepted"),
            Credentials::OAuth2(_) => {
                Check::ok(what, "is given by the token endpoint, and accepted")
            }
        },
    }
}

fn version(by_query: bool) -> Check {
    if by_query {
        return Check::ok(
            "version",
            "Backstage 1.12 or later, which is read by cursor",
        );
    }
    let message = "Backstage before 1.12, which is read by offset: a catalog that changes meanwhile is read twice";
    Check::note("version", message)
}

/// Where entities were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Backstage,
    Files,
}

/// Whether there is something to stitch, and somebody to own it.
pub(super) fn entities(counted: &Counted, from: From) -> Check {
    let Counted {
        components,
        groups,
        users,
        ..
    } = counted;
    let message = format!("components {components}, groups {groups}, users {users}");
    let remedy = match (components, groups + users, from) {
        (0, 0, From::Backstage) => {
            "a token that may not read the catalog sees an empty one and no error: compare with what Backstage itself shows, \
             and look at `filter` of the instance"
        }
        (0, _, From::Backstage) => {
            "only components are stitched: register some, or look at `filter` of the instance"
        }
        (0, _, From::Files) => {
            "only components are stitched: let `path` of the instance name files that have some"
        }
        (_, 0, From::Backstage) => {
            "owners are Groups and Users of the catalog: import them into Backstage, or look at `filter` of the instance"
        }
        (_, 0, From::Files) => {
            "owners are Groups and Users of the catalog: let `path` of the instance name files that have some"
        }
        _ => return Check::ok("entities", message),
    };
    Check::fail("entities", message).remedy(Some(remedy))
}

/// Whether components say which Service they are.
pub(super) fn named(counted: &Counted, settings: &InstanceSettings) -> Option<Check> {
    let (named, components) = (counted.named?, counted.components);
    if components == 0 {
        return None;
    }
    let paths: Vec<String> = settings
        .label_map
        .kubernetes_id
        .iter()
        .map(|path| format!("`{path}`"))
        .collect();
    let message = format!(
        "components {named} of {components} name their Service by {}",
        paths.join(" or ")
    );
    if named > 0 {
        return Some(Check::ok("kubernetes-id", message));
    }
    // These do without.
    let others = [MatchRule::LabelSelector, MatchRule::ComponentName];
    if settings
        .match_rules
        .iter()
        .any(|rule| others.contains(rule))
    {
        return Some(Check::note("kubernetes-id", message));
    }
    let remedy = "let `label_map.component_kubernetes_id` of the instance name the field that has it, or add `component-name` to its `match_rules`";
    Some(Check::fail("kubernetes-id", message).remedy(Some(remedy)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn endpoint(url: &str) -> Endpoint {
        Endpoint::at(url.parse().expect("a URL"))
    }

    fn shown(checks: &[Check]) -> String {
        let lines = checks.iter().map(|check| {
            let remedy = if check.remedy.is_some() {
                " (remedy)"
            } else {
                ""
            };
            format!(
                "{:?} {}: {}{remedy}\n",
                check.outcome, check.what, check.message
            )
        });
        lines.collect()
    }

    fn counted(components: u64, groups: u64, named: Option<u64>) -> Counted {
        Counted {
            components,
            groups,
            users: 0,
            named,
        }
    }

    #[test]
    fn what_a_healthy_one_comes_to() {
        let asked = Asked {
            clock_ahead: Some(1),
            answer: Ok(Answer {
                by_query: true,
                counted: Ok(counted(7, 2, Some(5))),
            }),
        };
        let settings = InstanceSettings::named("main");
        let checks = checks(&endpoint("https://backstage.example"), &settings, &asked);
        insta::assert_snapshot!(shown(&checks), @r"
        Ok name: the host is found
        Ok connection: something listens there
        Ok tls: the connection is encrypted, and the certificate is trusted
        Ok answer: the Catalog API answers
        Ok token: none is given, and none is wanted
        Ok clock: agrees with that of this machine
        Ok version: Backstage 1.12 or later, which is read by cursor
        Ok entities: components 7, groups 2, users 0
        Ok kubernetes-id: components 5 of 7 name their Service by `annotations.backstage.io/kubernetes-id`
        ");
    }

    #[test]
    fn what_fails_says_which_step_it_was() {
        let url = || "https://b.example".to_owned();
        let timeout = |phase| Error::Timeout {
            url: url(),
            phase,
            limit: Duration::from_secs(1),
        };
        for (error, step) in [
            (timeout(TimeoutPhase::Connect), Step::Connection),
            (timeout(TimeoutPhase::Answer), Step::Answer),
            (
                Error::Redirected {
                    url: url(),
                    to: url(),
                },
                Step::Answer,
            ),
        ] {
            assert_eq!(Step::of(&error), step, "{error}");
        }
        assert!(Step::ALL.is_sorted());
    }

    #[test]
    fn there_have_to_be_components_and_owners() {
        for (components, groups, outcome) in [
            (0, 0, Outcome::Fail),
            (0, 1, Outcome::Fail),
            (1, 0, Outcome::Fail),
            (1, 1, Outcome::Ok),
        ] {
            for from in [From::Backstage, From::Files] {
                let check = entities(&counted(components, groups, None), from);
                assert_eq!(check.outcome, outcome, "{components} {groups}");
                assert_eq!(check.remedy.is_some(), outcome == Outcome::Fail);
            }
        }
    }

    #[test]
    fn components_have_to_name_their_service_where_no_rule_does_without() {
        let mut settings = InstanceSettings::named("main");
        let outcome = |settings: &InstanceSettings, named| {
            super::named(&counted(9, 1, named), settings).map(|check| check.outcome)
        };
        assert_eq!(outcome(&settings, None), None);
        assert_eq!(outcome(&settings, Some(1)), Some(Outcome::Ok));
        assert_eq!(outcome(&settings, Some(0)), Some(Outcome::Fail));
        settings.match_rules.push(MatchRule::ComponentName);
        assert_eq!(outcome(&settings, Some(0)), Some(Outcome::Note));
    }

    #[test]
    fn paths_are_asked_for_as_the_api_calls_them() {
        let filter = |path: &str, conditions: &[&str]| {
            let lists = [("component_kubernetes_id", vec![path.to_owned()])];
            let map = LabelMap::from_lists(lists).expect("a map");
            let conditions: Vec<String> = conditions.iter().map(ToString::to_string).collect();
            with_name(&map, &conditions).map(|filter| filter.to_string())
        };
        for (path, conditions, expected) in [
            (
                "annotations.backstage.io/kubernetes-id",
                &[][..],
                Some("kind=component,metadata.annotations.backstage.io/kubernetes-id"),
            ),
            (
                "labels.app",
                &[],
                Some("kind=component,metadata.labels.app"),
            ),
            (
                "spec.k8s.name",
                &["spec.type=a", "spec.type=b"],
                Some(
                    "kind=component,spec.type=a,spec.k8s.name or kind=component,spec.type=b,spec.k8s.name",
                ),
            ),
            ("annotations.a=b", &[], None),
        ] {
            assert_eq!(filter(path, conditions).as_deref(), expected, "{path}");
        }
    }
}
