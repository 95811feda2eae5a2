//! What is wrong with an entity, and where in it.

use std::fmt;

use serde_json::Value;

use crate::EntityRef;

/// How many problems of one entity are described: a list may have millions of wrong elements.
const MAX_PROBLEMS: usize = 100;

/// How much of a text or a key from the catalog is shown.
const MAX_SHOWN_CHARS: usize = 60;

/// A field that is not of the type that Backstage's own schema gives it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is {found}, expected {expected}")]
pub struct FieldProblem {
    /// Where: `metadata.annotations.example.com/tier`, `relations[3].targetRef`.
    pub path: String,
    /// What is there: `the number 7`, `missing`.
    pub found: String,
    /// What should be there.
    pub expected: &'static str,
}

/// Why a text is not an entity, or not one without fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntityError {
    /// The text is not JSON, or nested more than 128 deep.
    #[error("the entity is not JSON")]
    Json(#[source] serde_json::Error),
    /// What tells an entity from other things is missing or wrong: `kind`, `metadata` or
    /// `metadata.name`.
    #[error("not an entity: {0}")]
    Envelope(FieldProblem),
    /// A field has a wrong type. Only [`Entity::parse`](crate::Entity::parse) objects to it.
    #[error("the entity `{entity}` has a wrong field: {problem}")]
    Field {
        /// The entity.
        entity: Box<EntityRef>,
        /// Its first field that is wrong.
        problem: FieldProblem,
    },
}

impl EntityError {
    /// The field at fault, where it is a field.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Json(_) => None,
            Self::Envelope(problem) | Self::Field { problem, .. } => Some(&problem.path),
        }
    }
}

/// The problems met so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    pub(crate) described: Vec<FieldProblem>,
    pub(crate) further: usize,
}

impl Problems {
    pub(crate) fn add(&mut self, at: &At<'_>, found: &Value, expected: &'static str) {
        if self.described.len() == MAX_PROBLEMS {
            self.further += 1;
            return;
        }
        self.described.push(at.problem(Some(found), expected));
    }
}

/// A place within an entity, which becomes a text only where there is something to say about it.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    pub(crate) const ROOT: At<'static> = At {
        parent: None,
        step: Step::Root,
    };

    pub(crate) fn key(&'a self, key: &'a str) -> At<'a> {
        At {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    pub(crate) fn index(&'a self, index: usize) -> At<'a> {
        At {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    /// `found` is `None` where nothing is.
    pub(crate) fn problem(&self, found: Option<&Value>, expected: &'static str) -> FieldProblem {
        FieldProblem {
            path: self.to_string(),
            found: found.map_or_else(|| "missing".to_owned(), describe),
            expected,
        }
    }
}

/// The path from the root; the root itself is the `entity`.
impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let above = self.parent.filter(|parent| parent.parent.is_some());
        if let Some(above) = above {
            above.fmt(f)?;
        }
        match self.step {
            Step::Root => f.write_str("entity"),
            Step::Key(key) if above.is_some() => write!(f, ".{}", shown(key)),
            Step::Key(key) => f.write_str(&shown(key)),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(value) if value.is_empty() => "an empty text".to_owned(),
        Value::String(value) => format!("the text \"{}\"", shown(value)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// The beginning of foreign text, without control characters.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    if shown.contains(char::is_control) {
        shown = shown.escape_debug().to_string();
    }
    shown
}
