//! The list of instances.

use std::time::Duration;

use topology::settings::{Coverage, InstanceSettings, MatchRule, RuleProblem};

use super::endpoint::{endpoint_url, reach};
use super::fault::Fault;
use super::mapping::label_map;
use super::node::{Node, Place, Value};
use super::reader::{Map, boolean, duration, listed, text, texts};
use super::root::Reading;
use super::secrets::checked;
use super::{
    Config, DEFAULT_SYNC_INTERVAL, Endpoint, Instance, InstanceOptions, InstanceSource,
    RefusedInstance, SETTINGS, SecretRef,
};

/// Backstage is not asked more often.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// And not less often.
const LONGEST_INTERVAL: Duration = Duration::from_hours(24 * 7);
/// What an instance can be.
const TYPES: [&str; 2] = ["backstage", "file"];
/// The instance of a catalog that was given no name (S33).
pub(crate) const DEFAULT_NAME: &str = "default";

pub(super) fn instances(list: Vec<Node>, reading: &mut Reading<'_, '_>, config: &mut Config) {
    let mut names: Vec<String> = Vec::new();
    for node in list {
        let Some(read) = instance(node, reading) else {
            continue;
        };
        let Read {
            at,
            options,
            source,
            covers_by_default,
            faults,
        } = read;
        let name = options.settings.name.to_string();
        if names.contains(&name) {
            reading.faults.hint(
                at,
                format!("a second instance is called `{name}`"),
                "give each a `name` of its own",
            );
            continue;
        }
        names.push(name.clone());
        if !faults.is_empty() {
            let secret = match source {
                Some(InstanceSource::Secret(secret)) => Some(secret),
                _ => None,
            };
            config.refused.push(RefusedInstance {
                name,
                secret,
                faults,
            });
            continue;
        }
        match source {
            Some(source) => {
                if covers_by_default && matches!(source, InstanceSource::Secret(_)) {
                    reading.of_secrets_cluster.push(name);
                }
                config.instances.push(Instance { options, source });
            }
            None => config.without_source.push(options),
        }
    }
}

struct Read {
    at: Place,
    options: InstanceOptions,
    source: Option<InstanceSource>,
    /// Nothing says which clusters it covers.
    covers_by_default: bool,
    /// What keeps this instance, and no other, from starting (S4).
    faults: Vec<Fault>,
}

fn instance(node: Node, reading: &mut Reading<'_, '_>) -> Option<Read> {
    let mut map = Map::open(node, "instances", "an instance", reading.faults)?;
    let at = map.at();
    let name = map
        .take("name")
        .and_then(|node| text("name", &node, reading.faults));
    let source = source(&mut map, reading);
    let name = name.unwrap_or_else(|| match &source {
        Some(InstanceSource::Secret(secret)) => secret.name.clone(),
        _ => DEFAULT_NAME.to_owned(),
    });
    let (options, faults) = options(&mut map, &name, reading);
    map.finish(reading.faults);
    Some(Read {
        at,
        covers_by_default: !options.says("clusters"),
        options,
        source,
        faults,
    })
}

/// What is said of an instance beside where its catalog is, and what keeps it from starting (S4).
pub(super) fn options(
    map: &mut Map,
    name: &str,
    reading: &mut Reading<'_, '_>,
) -> (InstanceOptions, Vec<Fault>) {
    let said = SETTINGS.into_iter().filter(|key| map.has(key)).collect();
    let sync_interval = map
        .take("sync_interval")
        .and_then(|node| sync_interval(&node, reading));
    let clusters = coverage(map.take("clusters"), reading);
    let match_rules = match_rules(map.take("match_rules"), reading);
    let honor_cluster_annotation = map
        .take("honor_cluster_annotation")
        .and_then(|node| boolean("honor_cluster_annotation", &node, reading.faults))
        .unwrap_or(false);
    let (label_map, faults) = label_map(map.take("label_map"), name, reading);
    let options = InstanceOptions {
        settings: InstanceSettings {
            name: name.into(),
            label_map,
            match_rules,
            clusters,
            honor_cluster_annotation,
        },
        sync_interval: sync_interval.unwrap_or(DEFAULT_SYNC_INTERVAL),
        said,
    };
    (options, faults)
}

pub(super) fn sync_interval(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Duration> {
    let range = SHORTEST_INTERVAL..=LONGEST_INTERVAL;
    duration("sync_interval", node, range, reading.faults)
}

/// Which of the ways to a catalog is given; no two may be.
fn source(map: &mut Map, reading: &mut Reading<'_, '_>) -> Option<InstanceSource> {
    let secret = map.take_entry("secretName");
    let namespace = map.take_entry("namespace");
    let path = map.take_entry("path");
    let endpoint = map.take_entry("endpoint");
    let kind = map.take_entry("type");
    reading.faults.at_most_one(
        [
            ("secretName", &secret),
            ("path", &path),
            ("endpoint", &endpoint),
        ],
        "one of `secretName`, `path` and `endpoint`: an instance has one catalog",
    );
    if let Some((at, node)) = &kind {
        let live = endpoint.as_ref().or(secret.as_ref());
        check_type(*at, node, path.as_ref(), live, reading);
    }
    let reach = reach(map, endpoint.is_some(), reading);
    if let (Some((at, _)), None) = (&namespace, &secret) {
        reading.faults.add(
            *at,
            "`namespace` without `secretName`: it is the namespace of that Secret",
        );
    }
    if let Some((at, node)) = secret {
        let name = text("secretName", &node, reading.faults)?;
        if !checked("secretName", node.at, &name, reading) {
            return None;
        }
        let Some((_, namespace)) = namespace else {
            reading.faults.add(
                at,
                "`secretName` without `namespace`, expected the namespace of the Secret too",
            );
            return None;
        };
        let node = namespace;
        let namespace = text("namespace", &node, reading.faults)?;
        if !checked("namespace", node.at, &namespace, reading) {
            return None;
        }
        return Some(InstanceSource::Secret(SecretRef { namespace, name }));
    }
    if let Some((_, node)) = path {
        return Some(InstanceSource::Files(reading.paths("path", node)));
    }
    let (_, node) = endpoint?;
    let url = endpoint_url(&node, reading)?;
    Some(InstanceSource::Endpoint(Box::new(Endpoint {
        url,
        ..reach?
    })))
}

/// `type` says what the other keys say already, and so can only contradict them.
fn check_type(
    at: Place,
    node: &Node,
    path: Option<&(Place, Node)>,
    live: Option<&(Place, Node)>,
    reading: &mut Reading<'_, '_>,
) {
    let Some(kind) = text("type", node, reading.faults) else {
        return;
    };
    match (kind.as_str(), path, live) {
        ("file", _, Some((at, _))) => reading.faults.add(
            *at,
            "a live Backstage beside `type: file`, expected `path`; `type: backstage` is the default",
        ),
        ("file", None, None) => reading.faults.add(
            at,
            "`type: file` without `path`, expected a folder, a file, a pattern or a list of them",
        ),
        ("backstage", Some((at, _)), _) => reading.faults.add(
            *at,
            "`path` beside `type: backstage`, expected `endpoint`; files are `type: file`",
        ),
        ("file" | "backstage", ..) => {}
        _ => reading
            .faults
            .expected("type", node, &format!("one of {}", listed(&TYPES))),
    }
}

/// `clusters: all` or a list of names (S8).
fn coverage(node: Option<Node>, reading: &mut Reading<'_, '_>) -> Coverage {
    let Some(node) = node else {
        return Coverage::All;
    };
    match &node.value {
        Value::Scalar(text, _) if text == "all" => return Coverage::All,
        Value::List(items) if !items.is_empty() => {}
        _ => {
            reading
                .faults
                .expected("clusters", &node, "`all` or a list of cluster names");
            return Coverage::All;
        }
    }
    let names = texts("clusters", node, reading.faults).unwrap_or_default();
    let covered = names.iter().map(|(_, name)| name.as_str().into()).collect();
    reading.covered.extend(names);
    Coverage::Named(covered)
}

/// The rules in order (S11).
fn match_rules(node: Option<Node>, reading: &mut Reading<'_, '_>) -> Vec<MatchRule> {
    let default = vec![MatchRule::ServiceName];
    let Some(node) = node else {
        return default;
    };
    let at = node.at;
    let before = reading.faults.list.len();
    let names = texts("match_rules", node, reading.faults).unwrap_or_default();
    let (rules, errors) = MatchRule::read_list(names.iter().map(|(_, name)| name.as_str()));
    // Where none could be read as a text, that was said.
    let said = names.is_empty() && reading.faults.list.len() > before;
    for error in errors.into_iter().filter(|_| !said) {
        let at = error.at.map_or(at, |index| names[index].0);
        let message = error.to_string();
        let hint = match error.problem {
            RuleProblem::Unknown {
                nearest: Some(near),
            } => format!("did you mean `{near}`?"),
            RuleProblem::Unknown { nearest: None } => {
                let known = listed(&MatchRule::ALL.map(MatchRule::as_str));
                format!("the rules are {known}")
            }
            RuleProblem::Twice | RuleProblem::Empty => {
                reading.faults.add(at, message);
                continue;
            }
        };
        reading.faults.hint(at, message, hint);
    }
    if rules.is_empty() {
        return default;
    }
    rules
}
