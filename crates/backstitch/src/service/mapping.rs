//! A `label_map` as a text that the store keeps beside the facts that were read through it.
//!
//! A stored fact names the path that gave a value by its place in the list, so it can only be understood with the map it
//! was read with. The text is therefore the whole map and not a hash of it: after somebody changed the configuration, the
//! last facts are shown with the map they belong to until the source has been read anew (S26).

use std::collections::BTreeMap;

use topology::field_path::FieldPath;
use topology::label_map::{KEYS, LabelMap};
use topology::settings::{Coverage, InstanceSettings, MatchRule};

use crate::config::InstanceOptions;

/// What a Secret says beside the map, so that what was stitched by it is the same after a restart, before the Secret is read.
const RULES: &str = "match_rules";
const CLUSTERS: &str = "clusters";
const HONOR: &str = "honor_cluster_annotation";

type Lists = BTreeMap<String, Vec<String>>;

fn lists(map: &LabelMap) -> Lists {
    let lists = [&map.kubernetes_id, &map.kubernetes_namespace, &map.owner];
    let texts = |list: &Vec<FieldPath>| list.iter().map(|path| path.as_str().to_owned()).collect();
    KEYS.into_iter()
        .map(str::to_owned)
        .zip(lists.map(texts))
        .collect()
}

fn written(lists: &Lists) -> String {
    // Strings always encode.
    serde_json::to_string(lists).unwrap_or_default()
}

/// The map as text.
pub(super) fn text(map: &LabelMap) -> String {
    written(&lists(map))
}

/// The map as text, with whatever else of the settings is not the instance's `own`: its Secret says so.
pub(super) fn text_of(settings: &InstanceSettings, own: Option<&InstanceSettings>) -> String {
    let mut lists = lists(&settings.label_map);
    let Some(own) = own else {
        return written(&lists);
    };
    if settings.match_rules != own.match_rules {
        let rules = settings.match_rules.iter().map(ToString::to_string);
        lists.insert(RULES.to_owned(), rules.collect());
    }
    if settings.clusters != own.clusters {
        let names = match &settings.clusters {
            Coverage::All => Vec::new(),
            Coverage::Named(names) => names.iter().map(ToString::to_string).collect(),
        };
        lists.insert(CLUSTERS.to_owned(), names);
    }
    if settings.honor_cluster_annotation != own.honor_cluster_annotation {
        let honors = settings.honor_cluster_annotation.to_string();
        lists.insert(HONOR.to_owned(), vec![honors]);
    }
    written(&lists)
}

/// The map of a text; `None` where it is that of another version of the program.
pub(super) fn parse(text: &str) -> Option<LabelMap> {
    let mut lists: Lists = serde_json::from_str(text).ok()?;
    for beside in [RULES, CLUSTERS, HONOR] {
        lists.remove(beside);
    }
    LabelMap::from_lists(lists).ok()
}

/// The settings of an instance that has a Secret, as they were when the text was written; what the configuration says of it
/// goes before.
pub(super) fn recalled(text: &str, own: &InstanceOptions) -> InstanceSettings {
    let mut settings = own.settings.clone();
    let Some(map) = parse(text) else {
        return settings;
    };
    let mut lists: Lists = serde_json::from_str(text).unwrap_or_default();
    let mut beside = |key: &str| lists.remove(key).filter(|_| !own.says(key));
    if !own.says("label_map") {
        settings.label_map = map;
    }
    if let Some(names) = beside(RULES) {
        let (rules, faults) = MatchRule::read_list(names.iter().map(String::as_str));
        if faults.is_empty() {
            settings.match_rules = rules;
        }
    }
    if let Some(names) = beside(CLUSTERS) {
        settings.clusters = if names.is_empty() {
            Coverage::All
        } else {
            Coverage::Named(names.iter().map(|name| name.as_str().into()).collect())
        };
    }
    if let Some(honors) = beside(HONOR) {
        settings.honor_cluster_annotation = honors == ["true"];
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_a_map_reads_back() {
        let lists = [
            (
                "component_kubernetes_id",
                vec!["metadata.name".to_owned(), "labels.x.y/z".to_owned()],
            ),
            ("component_owner", vec!["relations.ownedBy".to_owned()]),
        ];
        for map in [
            LabelMap::default(),
            LabelMap::from_lists(lists).expect("a usable map"),
        ] {
            assert_eq!(parse(&text(&map)), Some(map));
        }
        assert_eq!(parse("f00d"), None);
        assert_eq!(parse(r#"{"component_owner": []}"#), None);
    }

    #[test]
    fn s29_what_a_secret_said_reads_back_unless_the_configuration_says_it_now() {
        let own = InstanceOptions::named("shop");
        let settings = InstanceSettings {
            match_rules: vec![MatchRule::ComponentName, MatchRule::ServiceName],
            clusters: Coverage::Named(vec!["eu".into()]),
            honor_cluster_annotation: true,
            ..own.settings.clone()
        };
        let text = text_of(&settings, Some(&own.settings));
        assert_eq!(recalled(&text, &own), settings);
        assert_eq!(parse(&text), Some(LabelMap::default()));
        let mut says = own.clone();
        says.said = vec!["match_rules"];
        assert_eq!(recalled(&text, &says).match_rules, own.settings.match_rules);
        assert_eq!(recalled(&text, &says).clusters, settings.clusters);
        // What is its own is not written, so that a text from before says the same.
        assert_eq!(
            text_of(&own.settings, Some(&own.settings)),
            super::text(&LabelMap::default())
        );
        assert_eq!(recalled("f00d", &own), own.settings);
    }

    #[test]
    fn the_text_of_a_map_stays_what_it_is() {
        // Stores hold it: another text would have every catalog read as if its map had changed.
        insta::assert_snapshot!(
            text(&LabelMap::default()),
            @r#"{"component_kubernetes_id":["annotations.backstage.io/kubernetes-id"],"component_kubernetes_namespace":["annotations.backstage.io/kubernetes-namespace"],"component_owner":["spec.owner","annotations.backstage.io/owner"]}"#
        );
    }
}
