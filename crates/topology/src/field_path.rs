//! Field paths: where in an entity a `label_map` finds a value (S2, S3).
//!
//! Annotation keys hold dots and slashes, so `JSONPath` cannot say them plainly; this grammar can.

use std::fmt;

use crate::nearest::nearest;
use crate::value::Value;

/// Bound on the length of a path in bytes.
pub const MAX_PATH_BYTES: usize = 1024;

const ROOTS: [&str; 6] = [
    "annotations",
    "labels",
    "spec",
    "metadata",
    "kind",
    "apiVersion",
];
const OWNED_BY: &str = "relations.ownedBy";

/// A path that was read successfully.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath {
    text: Box<str>,
    root: Root,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Root {
    Annotation(Box<str>),
    Label(Box<str>),
    Spec(Box<str>),
    Metadata(Box<str>),
    Kind,
    ApiVersion,
    OwnedBy,
}

/// Why a text is not a path, and the nearest one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPathError {
    /// The path as written.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// The nearest valid spelling, where one suggests itself.
    pub nearest: Option<String>,
}

impl fmt::Display for FieldPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path `{}`: {}", self.path, self.problem)?;
        match &self.nearest {
            Some(nearest) => write!(f, ", did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FieldPathError {}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What stands at a path of an entity.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup<'v, 'a> {
    /// The value there; whether it counts is for the reader to say (S3).
    Value(&'v Value<'a>),
    /// Nothing.
    Absent,
    /// A step of the path that must be a map is something else.
    NotAMap {
        /// The step, as a path.
        at: &'static str,
        /// What stands there.
        found: &'static str,
    },
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    /// When the root is unknown, the rest is missing, or a step is empty.
    pub fn parse(path: &str) -> Result<Self, FieldPathError> {
        let error = |problem: String, nearest: Option<String>| FieldPathError {
            path: clip(path),
            problem,
            nearest,
        };
        if path.len() > MAX_PATH_BYTES {
            return Err(error(
                format!("is longer than {MAX_PATH_BYTES} bytes"),
                None,
            ));
        }
        let trimmed = path.trim();
        if trimmed.is_empty() {
            return Err(error("is empty".to_owned(), None));
        }
        if trimmed != path {
            let nearest = match Self::parse(trimmed) {
                Ok(path) => Some(path.text.into()),
                Err(error) => error.nearest,
            };
            return Err(error("has blanks around it".to_owned(), nearest));
        }
        let (root, rest) = match path.split_once('.') {
            Some((root, rest)) => (root, Some(rest)),
            None => (path, None),
        };
        let root = match (root, rest) {
            ("kind", None) => Root::Kind,
            ("apiVersion", None) => Root::ApiVersion,
            ("kind" | "apiVersion", Some(_)) => {
                return Err(error(
                    format!("`{root}` stands alone"),
                    Some(root.to_owned()),
                ));
            }
            ("annotations" | "labels" | "spec" | "metadata", None | Some("")) => {
                let example = match root {
                    "annotations" => "annotations.backstage.io/kubernetes-id",
                    "labels" => "labels.backstage.io/kubernetes-id",
                    "spec" => "spec.owner",
                    _ => "metadata.name",
                };
                return Err(error(
                    format!("`{root}` needs a key after it"),
                    Some(example.to_owned()),
                ));
            }
            ("annotations", Some(key)) => Root::Annotation(key.into()),
            ("labels", Some(key)) => Root::Label(key.into()),
            ("spec", Some(rest)) => Root::Spec(steps(path, rest)?),
            ("metadata", Some(rest)) => match rest.split_once('.') {
                Some(("annotations", key)) if !key.is_empty() => Root::Annotation(key.into()),
                Some(("labels", key)) if !key.is_empty() => Root::Label(key.into()),
                _ => Root::Metadata(steps(path, rest)?),
            },
            ("relations", Some("ownedBy")) => Root::OwnedBy,
            ("relations", _) => {
                return Err(error(
                    "of the relations only `ownedBy` can be read".to_owned(),
                    Some(OWNED_BY.to_owned()),
                ));
            }
            _ => return Err(error(unknown_root(root), suggestion(path, root, rest))),
        };
        Ok(Self {
            text: path.into(),
            root,
        })
    }

    /// The path as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is `relations.ownedBy`, which yields references rather than a value (S15a).
    pub fn is_owned_by(&self) -> bool {
        self.root == Root::OwnedBy
    }

    /// What stands at this path in `entity`. `relations.ownedBy` is never found here: its targets are read from the
    /// relations.
    pub fn lookup<'v, 'a>(&self, entity: &'v Value<'a>) -> Lookup<'v, 'a> {
        match &self.root {
            Root::Annotation(key) => keyed(entity, "annotations", "metadata.annotations", key),
            Root::Label(key) => keyed(entity, "labels", "metadata.labels", key),
            Root::Spec(rest) => walked(entity.get("spec"), "spec", rest),
            Root::Metadata(rest) => walked(entity.get("metadata"), "metadata", rest),
            Root::Kind => found(entity.get("kind")),
            Root::ApiVersion => found(entity.get("apiVersion")),
            Root::OwnedBy => Lookup::Absent,
        }
    }
}

fn found<'v, 'a>(value: Option<&'v Value<'a>>) -> Lookup<'v, 'a> {
    value.map_or(Lookup::Absent, Lookup::Value)
}

fn keyed<'v, 'a>(entity: &'v Value<'a>, map: &str, at: &'static str, key: &str) -> Lookup<'v, 'a> {
    match entity
        .get("metadata")
        .and_then(|metadata| metadata.get(map))
    {
        None | Some(Value::Null) => Lookup::Absent,
        Some(values @ Value::Map(_)) => found(values.get(key)),
        Some(other) => Lookup::NotAMap {
            at,
            found: other.describe(),
        },
    }
}

fn walked<'v, 'a>(start: Option<&'v Value<'a>>, at: &'static str, rest: &str) -> Lookup<'v, 'a> {
    match start {
        None | Some(Value::Null) => Lookup::Absent,
        Some(map @ Value::Map(_)) => found(walk(map, rest)),
        Some(other) => Lookup::NotAMap {
            at,
            found: other.describe(),
        },
    }
}

/// At a map the whole remainder is tried as a key first, then the shortest dotted prefix that is one (S2).
fn walk<'v, 'a>(mut value: &'v Value<'a>, mut rest: &str) -> Option<&'v Value<'a>> {
    loop {
        match value {
            Value::Map(_) => {
                if let Some(whole) = value.get(rest) {
                    return Some(whole);
                }
                let (next, after) = rest
                    .match_indices('.')
                    .find_map(|(dot, _)| Some((value.get(&rest[..dot])?, &rest[dot + 1..])))?;
                (value, rest) = (next, after);
            }
            Value::Array(items) => {
                let (step, after) = match rest.split_once('.') {
                    Some((step, after)) => (step, Some(after)),
                    None => (rest, None),
                };
                let item = items.get(step.parse::<usize>().ok()?)?;
                match after {
                    Some(after) => (value, rest) = (item, after),
                    None => return Some(item),
                }
            }
            _ => return None,
        }
    }
}

fn steps(path: &str, rest: &str) -> Result<Box<str>, FieldPathError> {
    if rest.split('.').any(str::is_empty) {
        let cleaned: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
        return Err(FieldPathError {
            path: clip(path),
            problem: "has an empty step".to_owned(),
            nearest: (cleaned.len() > 1).then(|| cleaned.join(".")),
        });
    }
    Ok(rest.into())
}

fn unknown_root(root: &str) -> String {
    format!(
        "`{}` is no root, expected one of {}",
        clip(root),
        ROOTS.map(|root| format!("`{root}`")).join(", ")
    )
}

fn suggestion(path: &str, root: &str, rest: Option<&str>) -> Option<String> {
    let known = nearest(root, ROOTS.into_iter().chain(["relations"]));
    let respelled = known.and_then(|known| match (known, rest) {
        ("kind" | "apiVersion", None) => Some(known.to_owned()),
        (_, Some(rest)) => Some(format!("{known}.{rest}")),
        _ => None,
    });
    // A bare annotation key, such as `backstage.io/kubernetes-id`, is the commonest slip.
    respelled
        .or_else(|| path.contains('/').then(|| format!("annotations.{path}")))
        .or_else(|| rest.is_none().then(|| format!("spec.{path}")))
        .filter(|candidate| FieldPath::parse(candidate).is_ok())
}

/// Enough of an overlong text to recognise it by.
fn clip(text: &str) -> String {
    const SHOWN: usize = 120;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
