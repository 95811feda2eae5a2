//! The `label_map` of an instance, with the place of each of its faults (S1, S4).

use topology::label_map::{KEYS, LabelMap};

use super::fault::Fault;
use super::node::{Node, Place, Value};
use super::reader::Map;
use super::root::Reading;

/// A key of a `label_map`, where it stands, and its paths with their places.
type PlacedList = (String, Place, Vec<(Place, String)>);

/// A `label_map`, and its faults with their places (S1, S4).
pub(super) fn label_map(
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
    let mut places: Vec<PlacedList> = Vec::new();
    for (key, node) in entries {
        let known = KEYS.contains(&key.text.as_str());
        let paths = match &node.value {
            // A key without a value keeps its default, as a missing one does.
            Value::Null if known => continue,
            Value::Scalar(path, _) => vec![(node.at, path.clone())],
            Value::List(items) => items
                .iter()
                .filter_map(|item| {
                    if let Value::Scalar(path, _) = &item.value {
                        return Some((item.at, path.clone()));
                    }
                    let expected = "a path such as `annotations.backstage.io/kubernetes-id`";
                    reading
                        .faults
                        .expected(&format!("label_map.{}", key.text), item, expected);
                    None
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
