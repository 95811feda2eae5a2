//! Settings of an instance that stand beside its connection, in the Secret that has both (S29).

use std::path::Path;

use super::endpoint::filter_conditions;
use super::instances::options;
use super::node::parse;
use super::reader::{Faults, Map};
use super::root::Reading;
use super::{Fault, InstanceOptions};

/// What a Secret says of its instance beside how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// What an instance of the configuration file may say as well.
    pub options: InstanceOptions,
    /// Conditions of which an entity must meet one.
    pub filter: Vec<String>,
}

/// Reads them, of the instance of that name; with what is worth a warning.
///
/// # Errors
/// Everything that is wrong, each with its line.
pub(crate) fn settings(name: &str, text: &str) -> Result<(Settings, Vec<String>), Vec<String>> {
    let nowhere = Path::new("settings");
    let mut faults = Faults::new(nowhere, "");
    let mut warnings = Faults::new(nowhere, "");
    let mut read = Settings {
        options: InstanceOptions::named(name),
        filter: Vec::new(),
    };
    match parse(text) {
        Ok(node) => {
            let mut reading = Reading {
                folder: Path::new(""),
                faults: &mut faults,
                warnings: &mut warnings,
                covered: Vec::new(),
                of_secrets_cluster: Vec::new(),
            };
            if let Some(mut map) = Map::open(node, "settings", "`settings`", reading.faults) {
                let (options, refused) = options(&mut map, name, &mut reading);
                read.filter = filter_conditions(map.take_entry("filter"), true, &mut reading);
                map.finish(reading.faults);
                read.options = options;
                faults.list.extend(refused);
            }
        }
        Err(broken) => faults.add(broken.at, broken.message),
    }
    let told = |faults: Vec<Fault>| faults.iter().map(told).collect::<Vec<String>>();
    if faults.list.is_empty() {
        return Ok((read, told(warnings.list)));
    }
    faults.list.sort_by_key(|fault| fault.at);
    Err(told(faults.list))
}

/// In one line. What stands there is not shown: whoever wrote into the wrong key may have written a secret (S31).
fn told(fault: &Fault) -> String {
    let place = format!("`settings`, line {}", fault.at.line);
    match &fault.hint {
        Some(hint) => format!("{place}: {}; {hint}", fault.message),
        None => format!("{place}: {}", fault.message),
    }
}

#[cfg(test)]
mod tests {
    use topology::settings::{Coverage, MatchRule};

    use super::*;

    #[test]
    fn s29_what_is_not_said_stays_as_it_was() {
        let text = "label_map: {component_kubernetes_id: spec.k8s}\nmatch_rules: [component-name]\nfilter: metadata.namespace=a";
        let (read, warnings) = settings("shop", text).expect("usable settings");
        assert_eq!(read.options.said, ["label_map", "match_rules"]);
        assert_eq!(read.filter, ["metadata.namespace=a"]);
        assert!(warnings.is_empty());

        // The file has the last word, key by key.
        let (mut file, _) = settings("shop", "match_rules: [label-selector]\nclusters: [eu]")
            .expect("usable settings");
        file.options.sync_interval = std::time::Duration::from_secs(7);
        let both = file.options.completed_by(&read.options);
        assert_eq!(both.settings.match_rules, [MatchRule::LabelSelector]);
        assert_eq!(both.settings.clusters, Coverage::Named(vec!["eu".into()]));
        assert_eq!(both.settings.label_map, read.options.settings.label_map);
        assert_eq!(both.sync_interval.as_secs(), 7);
    }

    #[test]
    fn s29_a_fault_says_key_and_line() {
        for (text, told) in [
            (
                "match_rules: [service-name]\nmatch_ruls: x",
                "`settings`, line 2: unknown key `match_ruls`; did you mean `match_rules`?",
            ),
            (
                "endpoint: https://b.example",
                "`settings`, line 1: unknown key `endpoint`",
            ),
            (
                "sync_interval: soon",
                "line 1: `sync_interval`: found `soon`, expected a duration",
            ),
            ("- a", "`settings`: found a list, expected a map"),
            ("a: [", "line 1: not valid YAML"),
            (
                "label_map:\n  component_owner: []",
                "line 2: instance `shop`, `label_map.component_owner`",
            ),
        ] {
            let faults = settings("shop", text).expect_err("it is faulty");
            assert!(faults.join("\n").contains(told), "{text}: {faults:?}");
        }
        assert!(settings("shop", "").is_ok(), "nothing is said");
    }
}
