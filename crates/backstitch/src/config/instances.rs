//! The list of instances.

use std::time::Duration;

use backstage_client::EntityFilter;
use topology::label_map::{KEYS, LabelMap};
use topology::settings::{Coverage, InstanceSettings, MatchRule};
use url::Url;

use super::fault::Fault;
use super::node::{Node, Place, Value};
use super::reader::{Map, boolean, duration, listed, text, texts};
use super::root::Reading;
use super::token::TokenSource;
use super::{
    Config, DEFAULT_SYNC_INTERVAL, Endpoint, Instance, InstanceOptions, InstanceSource,
    RefusedInstance, SecretRef,
};

/// Backstage is not asked more often.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// And not less often.
const LONGEST_INTERVAL: Duration = Duration::from_hours(24 * 7);
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
            config.refused.push(RefusedInstance { name, faults });
            continue;
        }
        match source {
            Some(source) => config.instances.push(Instance { options, source }),
            None => config.without_source.push(options),
        }
    }
}

struct Read {
    at: Place,
    options: InstanceOptions,
    source: Option<InstanceSource>,
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
    let sync_interval = map.take("sync_interval").and_then(|node| {
        let range = SHORTEST_INTERVAL..=LONGEST_INTERVAL;
        duration("sync_interval", &node, range, reading.faults)
    });
    let clusters = coverage(map.take("clusters"), reading);
    let match_rules = match_rules(map.take("match_rules"), reading);
    let honor_cluster_annotation = map
        .take("honor_cluster_annotation")
        .and_then(|node| boolean("honor_cluster_annotation", &node, reading.faults))
        .unwrap_or(false);
    let mapping = map.take("label_map");
    map.finish(reading.faults);

    let name = name.unwrap_or_else(|| match &source {
        Some(InstanceSource::Secret(secret)) => secret.name.clone(),
        _ => DEFAULT_NAME.to_owned(),
    });
    let (label_map, faults) = label_map(mapping, &name, reading);
    Some(Read {
        at,
        options: InstanceOptions {
            settings: InstanceSettings {
                name: name.into(),
                label_map,
                match_rules,
                clusters,
                honor_cluster_annotation,
            },
            sync_interval: sync_interval.unwrap_or(DEFAULT_SYNC_INTERVAL),
        },
        source,
        faults,
    })
}

/// Which of the ways to a catalog is given; no two may be.
fn source(map: &mut Map, reading: &mut Reading<'_, '_>) -> Option<InstanceSource> {
    let secret = map.take_entry("secretName");
    let namespace = map.take_entry("namespace");
    let path = map.take_entry("path");
    let endpoint = map.take_entry("endpoint");
    let given: Vec<(&str, Place)> = [
        ("secretName", &secret),
        ("path", &path),
        ("endpoint", &endpoint),
    ]
    .into_iter()
    .filter_map(|(key, entry)| entry.as_ref().map(|(at, _)| (key, *at)))
    .collect();
    if let [(first, _), (second, at), ..] = given.as_slice() {
        reading.faults.add(
            *at,
            format!(
                "`{second}` beside `{first}`, expected one of `secretName`, `path` and `endpoint`: an instance has one catalog"
            ),
        );
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
        let Some((_, namespace)) = namespace else {
            reading.faults.add(
                at,
                "`secretName` without `namespace`, expected the namespace of the Secret too",
            );
            return None;
        };
        let namespace = text("namespace", &namespace, reading.faults)?;
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

fn endpoint_url(node: &Node, reading: &mut Reading<'_, '_>) -> Option<Url> {
    let written = text("endpoint", node, reading.faults)?;
    match parse_endpoint(&written) {
        Ok(url) => Some(url),
        Err(EndpointProblem::UserInfo) => {
            reading.faults.hint(
                node.at,
                "`endpoint`: the URL carries a user name or password",
                "leave it out, and give a token by `token_file` or `token_env`",
            );
            None
        }
        Err(EndpointProblem::NotHttp) => {
            reading.faults.expected(
                "endpoint",
                node,
                "the URL of a Backstage backend such as `https://backstage.example.com`",
            );
            None
        }
    }
}

/// Why a text cannot be the URL of a Backstage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointProblem {
    /// It carries a user name or password.
    UserInfo,
    /// It is no http or https URL with a host.
    NotHttp,
}

/// Reads the URL of a Backstage backend.
///
/// # Errors
/// When it cannot be one.
pub(crate) fn parse_endpoint(text: &str) -> Result<Url, EndpointProblem> {
    // What cannot be read may hold a password all the same, and is not to be shown then (S31).
    let wrong = || match text.contains('@') {
        true => EndpointProblem::UserInfo,
        false => EndpointProblem::NotHttp,
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointProblem::UserInfo);
    }
    Ok(url)
}

/// Everything about a live Backstage but its URL. `None` where something of it is wrong.
fn reach(map: &mut Map, live: bool, reading: &mut Reading<'_, '_>) -> Option<Endpoint> {
    let before = reading.faults.list.len();
    let inline = map.take_entry("token");
    let file = map.take_entry("token_file");
    let variable = map.take_entry("token_env");
    let insecure = map.take_entry("insecure_skip_verify");
    let ca_file = map.take_entry("ca_file");
    let filter = map.take_entry("filter");
    if !live {
        let keys = [
            ("token", &inline),
            ("token_file", &file),
            ("token_env", &variable),
            ("insecure_skip_verify", &insecure),
            ("ca_file", &ca_file),
        ];
        for (key, entry) in keys {
            if let Some((at, _)) = entry {
                reading.faults.add(
                    *at,
                    format!("`{key}` without `endpoint`: it is about a live Backstage"),
                );
            }
        }
    }
    let given: Vec<(&str, Place)> = [
        ("token", &inline),
        ("token_file", &file),
        ("token_env", &variable),
    ]
    .into_iter()
    .filter_map(|(key, entry)| entry.as_ref().map(|(at, _)| (key, *at)))
    .collect();
    if let [(first, _), (second, at), ..] = given.as_slice() {
        reading.faults.add(
            *at,
            format!(
                "`{second}` beside `{first}`, expected one of `token_file`, `token_env` and `token`"
            ),
        );
    }
    let token = if let Some((_, node)) = file {
        reading
            .path("token_file", Some(node))
            .map(TokenSource::File)
    } else if let Some((_, node)) = variable {
        text("token_env", &node, reading.faults).map(TokenSource::Environment)
    } else if let Some((at, node)) = inline {
        inline_token(at, &node, reading)
    } else {
        None
    };
    let insecure_skip_verify = insecure
        .and_then(|(_, node)| boolean("insecure_skip_verify", &node, reading.faults))
        .unwrap_or(false);
    let ca_file = ca_file.and_then(|(_, node)| reading.path("ca_file", Some(node)));
    let filter = filter_conditions(filter, live, reading);
    let placeholder = Url::parse("http://localhost").ok()?;
    (reading.faults.list.len() == before).then_some(Endpoint {
        url: placeholder,
        token,
        insecure_skip_verify,
        ca_file,
        filter,
    })
}

fn inline_token(at: Place, node: &Node, reading: &mut Reading<'_, '_>) -> Option<TokenSource> {
    let Value::Scalar(token, _) = &node.value else {
        reading.faults.expected("token", node, "a text");
        return None;
    };
    reading.warnings.hint(
        at,
        "the token stands in the configuration itself, where it is easily shared",
        "give it by `token_file` or `token_env`",
    );
    let token = token.trim();
    (!token.is_empty()).then(|| TokenSource::Inline(token.to_owned().into()))
}

fn filter_conditions(
    entry: Option<(Place, Node)>,
    live: bool,
    reading: &mut Reading<'_, '_>,
) -> Vec<String> {
    let Some((at, node)) = entry else {
        return Vec::new();
    };
    let conditions = texts("filter", node, reading.faults).unwrap_or_default();
    for (at, condition) in &conditions {
        if let Err(error) = EntityFilter::all().and(condition.clone()) {
            reading.faults.hint(
                *at,
                format!("`filter`: {error}"),
                "expected such as `metadata.namespace=emea`; the kinds are chosen already",
            );
        }
        if condition
            .split(',')
            .any(|pair| pair.trim_start().starts_with("spec."))
        {
            reading.warnings.add(
                *at,
                "a `filter` on `spec` leaves out Groups and Users as well, so that owners cannot be resolved",
            );
        }
    }
    if !live {
        reading.warnings.add(
            at,
            "`filter` has no effect: only a live Backstage is asked with one",
        );
    }
    conditions
        .into_iter()
        .map(|(_, condition)| condition)
        .collect()
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
    let mut rules: Vec<MatchRule> = Vec::new();
    for (at, name) in names {
        match MatchRule::parse(&name) {
            Ok(rule) if rules.contains(&rule) => reading
                .faults
                .add(at, format!("`match_rules` lists `{name}` twice")),
            Ok(rule) => rules.push(rule),
            Err(near) => {
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!(
                        "the rules are {}",
                        listed(&MatchRule::ALL.map(MatchRule::as_str))
                    ),
                };
                reading
                    .faults
                    .hint(at, format!("`match_rules`: unknown rule `{name}`"), hint);
            }
        }
    }
    if rules.is_empty() {
        if reading.faults.list.len() == before {
            reading.faults.add(
                at,
                "`match_rules`: the list is empty, expected at least one rule",
            );
        }
        return default;
    }
    rules
}

/// A `label_map`, and its faults with their places (S1, S4).
fn label_map(
    node: Option<Node>,
    instance: &str,
    reading: &mut Reading<'_, '_>,
) -> (LabelMap, Vec<Fault>) {
    let Some(node) = node else {
        return (LabelMap::default(), Vec::new());
    };
    let Some(map) = Map::open(node, "label_map", "a `label_map`", reading.faults) else {
        return (LabelMap::default(), Vec::new());
    };
    let entries = map.rest();
    let mut lists: Vec<(String, Vec<String>)> = Vec::new();
    let mut places: Vec<(String, Place, Vec<(Place, String)>)> = Vec::new();
    for (key, node) in entries {
        let known = KEYS.contains(&key.text.as_str());
        let paths = match &node.value {
            // A key without a value keeps its default, as a missing one does.
            Value::Null if known => continue,
            Value::Scalar(path, _) => vec![(node.at, path.clone())],
            Value::List(items) => items
                .iter()
                .filter_map(|item| match &item.value {
                    Value::Scalar(path, _) => Some((item.at, path.clone())),
                    _ => {
                        let expected = "a path such as `annotations.backstage.io/kubernetes-id`";
                        reading
                            .faults
                            .expected(&format!("label_map.{}", key.text), item, expected);
                        None
                    }
                })
                .collect(),
            _ if known => {
                reading.faults.expected(
                    &format!("label_map.{}", key.text),
                    &node,
                    "a list of paths",
                );
                continue;
            }
            _ => Vec::new(),
        };
        lists.push((
            key.text.clone(),
            paths.iter().map(|(_, path)| path.clone()).collect(),
        ));
        places.push((key.text, key.at, paths));
    }
    let errors = match LabelMap::from_lists(lists) {
        Ok(map) => return (map, Vec::new()),
        Err(errors) => errors,
    };
    let faults = errors
        .into_iter()
        .map(|error| {
            let place = places.iter().find(|(key, ..)| *key == error.key);
            let at = place.map_or(Place::START, |(_, key_at, paths)| {
                paths
                    .iter()
                    .find(|(_, path)| Some(path) == error.path.as_ref())
                    .map_or(*key_at, |(at, _)| *at)
            });
            let hint = error
                .nearest
                .as_ref()
                .map(|near| format!("did you mean `{near}`?"));
            let path = error
                .path
                .as_ref()
                .map_or_else(String::new, |path| format!(", path `{path}`"));
            let message = format!(
                "instance `{instance}`, `label_map.{}`{path}: {}",
                error.key, error.problem
            );
            reading.faults.fault(at, message, hint)
        })
        .collect();
    (LabelMap::default(), faults)
}
