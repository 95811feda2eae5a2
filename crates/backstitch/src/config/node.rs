//! A YAML document as a tree that knows where everything stands.
//!
//! It is built from parser events, so that a scalar keeps its text and every fault can point at its place. Merge keys are
//! not expanded: a configuration says what it says.

use std::collections::HashMap;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle};

/// Bound on the depth of a configuration.
const MAX_DEPTH: usize = 32;
/// Bound on the nodes that aliases may copy.
const MAX_ALIASED: usize = 10_000;

/// A place in the text: line and column from 1, and how many characters are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) width: usize,
}

impl Place {
    pub(super) const START: Self = Self {
        line: 1,
        column: 1,
        width: 1,
    };

    fn of(at: Marker, width: usize) -> Self {
        Self {
            line: at.line().max(1),
            column: at.col() + 1,
            width: width.max(1),
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: Place,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    /// A scalar; whether it was quoted, and so is a text whatever it looks like.
    Scalar(String, Quoted),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoted {
    Yes,
    No,
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) at: Place,
}

/// Why there is no tree, or what is wrong with it.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) at: Place,
    pub(super) message: String,
}

impl Node {
    /// What stands here, for a message.
    pub(super) fn found(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar(text, _) => format!("`{}`", shortened(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }
}

/// As much of a text as a message can bear.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= SHOWN && line.len() == text.len() {
        return line.to_owned();
    }
    let start: String = line.chars().take(SHOWN).collect();
    format!("{start}…")
}

enum Open {
    List(Place, Vec<Node>),
    Map(Place, Vec<(Key, Node)>, Option<Key>),
}

/// Reads the only document of `text`; without any content it is null.
pub(super) fn parse(text: &str) -> Result<Node, Broken> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = MAX_DEPTH + 1;
    options.block_nesting_limit = MAX_DEPTH + 1;
    let mut tree = Tree::default();
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| Broken {
            at: Place::of(*error.marker(), 1),
            message: scan_message(&error),
        })?;
        let at = Place::of(span.start, width(span.start, span.end));
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    return Err(Broken {
                        at,
                        message: "found a second document, expected one".to_owned(),
                    });
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let value = if style == ScalarStyle::Plain {
                    match &*text {
                        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
                        _ => Value::Scalar(text.into_owned(), Quoted::No),
                    }
                } else {
                    Value::Scalar(text.into_owned(), Quoted::Yes)
                };
                tree.add(Node { at, value }, anchor)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                tree.open(Open::List(first(at), Vec::new()), anchor)?;
            }
            Event::MappingStart(_, anchor, _) => {
                tree.open(Open::Map(first(at), Vec::new(), None), anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => tree.close()?,
            Event::Alias(anchor) => tree.alias(anchor, at)?,
            _ => {}
        }
    }
    Ok(tree.root.unwrap_or(Node {
        at: Place::START,
        value: Value::Null,
    }))
}

/// Of a collection only its first character is pointed at.
fn first(at: Place) -> Place {
    Place { width: 1, ..at }
}

fn width(start: Marker, end: Marker) -> usize {
    if start.line() == end.line() {
        end.col().saturating_sub(start.col())
    } else {
        1
    }
}

/// The parser's message without its place, which stands before it already.
fn scan_message(error: &granit_parser::ScanError) -> String {
    let text = error.to_string();
    let place = [" at byte ", " at char ", " at line "];
    let message = match place.into_iter().find_map(|place| text.split_once(place)) {
        Some((message, _)) => message,
        None => &text,
    };
    format!("not valid YAML: {message}")
}

#[derive(Default)]
struct Tree {
    stack: Vec<(Open, usize)>,
    anchors: HashMap<usize, Node>,
    copied: usize,
    root: Option<Node>,
}

impl Tree {
    fn open(&mut self, open: Open, anchor: usize) -> Result<(), Broken> {
        let at = match &open {
            Open::List(at, _) | Open::Map(at, ..) => *at,
        };
        if self.stack.len() >= MAX_DEPTH {
            return Err(Broken {
                at,
                message: format!("nested more than {MAX_DEPTH} levels deep"),
            });
        }
        if let Some((Open::Map(_, _, None), _)) = self.stack.last() {
            return Err(Broken {
                at,
                message: "found a list or a map as a key, expected a text".to_owned(),
            });
        }
        self.stack.push((open, anchor));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Broken> {
        let Some((open, anchor)) = self.stack.pop() else {
            return Ok(());
        };
        let node = match open {
            Open::List(at, items) => Node {
                at,
                value: Value::List(items),
            },
            Open::Map(at, entries, _) => Node {
                at,
                value: Value::Map(entries),
            },
        };
        self.add(node, anchor)
    }

    fn alias(&mut self, anchor: usize, at: Place) -> Result<(), Broken> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(Broken {
                at,
                message: "the alias stands inside of what it names".to_owned(),
            });
        };
        let node = node.clone();
        self.copied += size(&node);
        if self.copied > MAX_ALIASED {
            return Err(Broken {
                at,
                message: format!("the aliases stand for more than {MAX_ALIASED} values"),
            });
        }
        self.add(node, 0)
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Broken> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(_, items), _)) => items.push(node),
            Some((Open::Map(_, entries, key), _)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(key_of(node)?),
            },
        }
        Ok(())
    }
}

fn key_of(node: Node) -> Result<Key, Broken> {
    match node.value {
        Value::Scalar(text, _) => Ok(Key { text, at: node.at }),
        _ => Err(Broken {
            at: node.at,
            message: format!("found {} as a key, expected a text", node.found()),
        }),
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Null | Value::Scalar(..) => 0,
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|(_, node)| 1 + size(node)).sum(),
    }
}
