//! A `label_map` as a text that the store keeps beside the facts that were read through it.
//!
//! A stored fact names the path that gave a value by its place in the list, so it can only be understood with the map it
//! was read with. The text is therefore the whole map and not a hash of it: after somebody changed the configuration, the
//! last facts are shown with the map they belong to until the source has been read anew (S26).

use std::collections::BTreeMap;

use topology::field_path::FieldPath;
use topology::label_map::{KEYS, LabelMap};

/// The map as text.
pub(super) fn text(map: &LabelMap) -> String {
    let lists = [&map.kubernetes_id, &map.kubernetes_namespace, &map.owner];
    let lists: BTreeMap<&str, Vec<&str>> = KEYS
        .into_iter()
        .zip(lists.map(|list| list.iter().map(FieldPath::as_str).collect()))
        .collect();
    // Strings always encode.
    serde_json::to_string(&lists).unwrap_or_default()
}

/// The map of a text; `None` where it is that of another version of the program.
pub(super) fn parse(text: &str) -> Option<LabelMap> {
    let lists: BTreeMap<String, Vec<String>> = serde_json::from_str(text).ok()?;
    LabelMap::from_lists(lists).ok()
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
    fn the_text_of_a_map_stays_what_it_is() {
        // Stores hold it: another text would have every catalog read as if its map had changed.
        insta::assert_snapshot!(
            text(&LabelMap::default()),
            @r#"{"component_kubernetes_id":["annotations.backstage.io/kubernetes-id"],"component_kubernetes_namespace":["annotations.backstage.io/kubernetes-namespace"],"component_owner":["spec.owner","annotations.backstage.io/owner"]}"#
        );
    }
}
