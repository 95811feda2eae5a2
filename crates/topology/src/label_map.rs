//! `label_map`: which fields of a component say what it is called, where it runs and who owns it (S1, S4).

use std::fmt;

use crate::field_path::FieldPath;
use crate::nearest::nearest;

/// Bound on the number of paths in one list: an index of a path is kept in a byte.
pub const MAX_PATHS: usize = 100;

const ID: &str = "component_kubernetes_id";
const NAMESPACE: &str = "component_kubernetes_namespace";
const OWNER: &str = "component_owner";

/// The keys a `label_map` may have.
pub const KEYS: [&str; 3] = [ID, NAMESPACE, OWNER];

/// A checked `label_map` of one instance. Each list holds at least one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelMap {
    /// Where the name of the Kubernetes Service is read.
    pub kubernetes_id: Vec<FieldPath>,
    /// Where its namespace is read.
    pub kubernetes_namespace: Vec<FieldPath>,
    /// Where owner candidates are read.
    pub owner: Vec<FieldPath>,
}

/// One fault of a `label_map` (S4); the instance is added by whoever knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelMapError {
    /// The key as written.
    pub key: String,
    /// The path as written, where a path is at fault.
    pub path: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// The nearest valid spelling.
    pub nearest: Option<String>,
}

impl fmt::Display for LabelMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`label_map.{}`", self.key)?;
        if let Some(path) = &self.path {
            write!(f, ", path `{path}`")?;
        }
        write!(f, ": {}", self.problem)?;
        match &self.nearest {
            Some(nearest) => write!(f, ", did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LabelMapError {}

impl Default for LabelMap {
    fn default() -> Self {
        let lists: [(&str, Vec<String>); 0] = [];
        match Self::from_lists(lists) {
            Ok(map) => map,
            Err(_) => unreachable!("the default paths are valid"),
        }
    }
}

fn defaults(key: &str) -> &'static [&'static str] {
    match key {
        ID => &["annotations.backstage.io/kubernetes-id"],
        NAMESPACE => &["annotations.backstage.io/kubernetes-namespace"],
        _ => &["spec.owner", "annotations.backstage.io/owner"],
    }
}

impl LabelMap {
    /// Reads the lists of a `label_map`. A missing key keeps its default; a given list replaces it (S1).
    ///
    /// # Errors
    /// Every fault at once: unknown keys, empty lists, paths that cannot be read (S4).
    pub fn from_lists<K: AsRef<str>>(
        lists: impl IntoIterator<Item = (K, Vec<String>)>,
    ) -> Result<Self, Vec<LabelMapError>> {
        let mut errors = Vec::new();
        let mut given: [Option<Vec<FieldPath>>; 3] = [None, None, None];
        for (key, paths) in lists {
            let key = key.as_ref();
            match KEYS.iter().position(|known| *known == key) {
                Some(index) => given[index] = Some(read_list(key, &paths, &mut errors)),
                None => errors.push(LabelMapError {
                    key: key.to_owned(),
                    path: None,
                    problem: format!(
                        "unknown key, expected one of {}",
                        KEYS.map(|key| format!("`{key}`")).join(", ")
                    ),
                    nearest: nearest(key, KEYS).map(str::to_owned),
                }),
            }
        }
        let [id, namespace, owner] = given;
        let mut or_default = |list: Option<Vec<FieldPath>>, key| {
            list.unwrap_or_else(|| {
                let paths: Vec<String> = defaults(key).iter().map(|&path| path.into()).collect();
                read_list(key, &paths, &mut errors)
            })
        };
        let map = Self {
            kubernetes_id: or_default(id, ID),
            kubernetes_namespace: or_default(namespace, NAMESPACE),
            owner: or_default(owner, OWNER),
        };
        if errors.is_empty() {
            Ok(map)
        } else {
            Err(errors)
        }
    }
}

fn read_list(key: &str, paths: &[String], errors: &mut Vec<LabelMapError>) -> Vec<FieldPath> {
    let whole_list = |problem: String| LabelMapError {
        key: key.to_owned(),
        path: None,
        problem,
        nearest: None,
    };
    if paths.is_empty() {
        errors.push(LabelMapError {
            nearest: Some(defaults(key)[0].to_owned()),
            ..whole_list("the list is empty, expected at least one path".to_owned())
        });
    }
    if paths.len() > MAX_PATHS {
        errors.push(whole_list(format!(
            "{} paths, expected at most {MAX_PATHS}",
            paths.len()
        )));
        return Vec::new();
    }
    let mut read = Vec::with_capacity(paths.len());
    for path in paths {
        match FieldPath::parse(path) {
            Ok(parsed) if parsed.is_owned_by() && key != OWNER => errors.push(LabelMapError {
                key: key.to_owned(),
                path: Some(path.clone()),
                problem: format!("can only be listed in `{OWNER}`"),
                nearest: None,
            }),
            Ok(parsed) => read.push(parsed),
            Err(error) => errors.push(LabelMapError {
                key: key.to_owned(),
                path: Some(error.path),
                problem: error.problem,
                nearest: error.nearest,
            }),
        }
    }
    read
}
