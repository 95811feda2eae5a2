//! Where in the text of a document a value stands or could stand, and what is to be written there. It guarantees nothing:
//! whoever uses it reads the result again.

use std::fmt::Write as _;
use std::ops::Range;

use catalog::document::MAX_DEPTH;
use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};

/// What is written in place of what.
pub(super) struct Splice {
    pub range: Range<usize>,
    pub text: String,
}

/// A value and where it stands.
struct Node {
    range: Range<usize>,
    what: What,
}

enum What {
    Scalar(ScalarStyle),
    Map(StructureStyle, Vec<Entry>),
    List(StructureStyle, Vec<Node>),
    Alias,
}

struct Entry {
    /// The key, if it is a text.
    key: Option<String>,
    at: Range<usize>,
    value: Node,
}

/// What to write so that the value stands at those keys.
pub(super) fn splice(text: &str, keys: &[String], to: &str) -> Result<Splice, String> {
    let root = root(text).ok_or("it cannot be read")?;
    let mut node = &root;
    let mut entry: Option<&Entry> = None;
    for (depth, key) in keys.iter().enumerate() {
        let rest = &keys[depth..];
        match &node.what {
            What::Map(style, entries) => {
                let found = entries.iter().rfind(|it| it.key.as_ref() == Some(key));
                let Some(found) = found else {
                    return match style {
                        StructureStyle::Block => into_block(text, entries, rest, to),
                        StructureStyle::Flow => Ok(into_flow(node, entries, rest, to)),
                    };
                };
                entry = Some(found);
                node = &found.value;
            }
            What::Scalar(ScalarStyle::Plain) if is_null(text, node) => {
                let entry = entry.ok_or("it is empty")?;
                return below_null(text, node, entry, rest, to);
            }
            What::Alias => {
                return Err(format!(
                    "`{}` stands behind an alias",
                    keys[..depth].join(".")
                ));
            }
            _ => return Err(format!("`{}` is no map", keys[..depth].join("."))),
        }
    }
    let entry = entry.ok_or("there is no place for it")?;
    match node.what {
        What::Scalar(_) if node.range.is_empty() => {
            let colon = after_colon(text, entry).ok_or("its value is laid out unusually")?;
            Ok(Splice {
                range: colon..colon,
                text: format!(" {}", scalar(to)),
            })
        }
        What::Scalar(style) => Ok(Splice {
            range: node.range.clone(),
            text: match style {
                ScalarStyle::Plain => scalar(to),
                ScalarStyle::SingleQuoted if !to.contains(['\'', '\n', '\r']) => format!("'{to}'"),
                ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => quoted(to),
                ScalarStyle::Literal | ScalarStyle::Folded => {
                    return Err("its value is a block of text".to_owned());
                }
            },
        }),
        What::Alias => Err("its value is an alias".to_owned()),
        What::Map(..) | What::List(..) => Err("its value is no text".to_owned()),
    }
}

/// A line after the last of a block, or before its first where the end of the last cannot be told.
fn into_block(text: &str, entries: &[Entry], keys: &[String], to: &str) -> Result<Splice, String> {
    let first = entries.first().ok_or("it is empty")?;
    let start = text[..first.at.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[start..first.at.start];
    if !indent.bytes().all(|byte| byte == b' ') {
        return Err("it is laid out in a way that cannot be added to".to_owned());
    }
    let line = nested(keys, to, indent, line_break(text));
    let end = entries.last().and_then(last_end);
    Ok(match end {
        Some(end) => {
            let at = line_end(text, end);
            Splice {
                range: at..at,
                text: format!("{}{line}", line_break(text)),
            }
        }
        None => Splice {
            range: start..start,
            text: format!("{line}{}", line_break(text)),
        },
    })
}

/// After the opening brace, so that no comma has to be looked for.
fn into_flow(node: &Node, entries: &[Entry], keys: &[String], to: &str) -> Splice {
    let at = node.range.start + 1;
    let comma = if entries.is_empty() { "" } else { ", " };
    Splice {
        range: at..at,
        text: format!("{}{comma}", in_flow(keys, to)),
    }
}

/// A key without a value gets a block below its line; a `null` or `~` that is written is replaced.
fn below_null(
    text: &str,
    node: &Node,
    entry: &Entry,
    keys: &[String],
    to: &str,
) -> Result<Splice, String> {
    if !node.range.is_empty() {
        return Ok(Splice {
            range: node.range.clone(),
            text: format!("{{{}}}", in_flow(keys, to)),
        });
    }
    let start = text[..entry.at.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[start..entry.at.start];
    let colon = after_colon(text, entry);
    let colon = colon.ok_or("its value is laid out unusually")?;
    if !indent.bytes().all(|byte| byte == b' ') {
        return Ok(Splice {
            range: colon..colon,
            text: format!(" {{{}}}", in_flow(keys, to)),
        });
    }
    let at = line_end(text, colon);
    let line = nested(keys, to, &format!("{indent}  "), line_break(text));
    Ok(Splice {
        range: at..at,
        text: format!("{}{line}", line_break(text)),
    })
}

/// `key: value`, each further key on a line of its own and further in.
fn nested(keys: &[String], to: &str, indent: &str, line_break: &str) -> String {
    let mut text = String::new();
    let mut indent = indent.to_owned();
    for (depth, key) in keys.iter().enumerate() {
        if depth > 0 {
            text.push_str(line_break);
        }
        let _ = write!(text, "{indent}{}:", scalar(key));
        indent.push_str("  ");
    }
    text.push(' ');
    text.push_str(&scalar(to));
    text
}

/// `key: {key: value}`.
fn in_flow(keys: &[String], to: &str) -> String {
    let mut keys = keys.iter().rev();
    let last = keys.next().map(|key| scalar(key)).unwrap_or_default();
    let inner = format!("{last}: {}", scalar(to));
    keys.fold(inner, |inner, key| format!("{}: {{{inner}}}", scalar(key)))
}

/// A text as YAML reads it back: plain where nothing else could be meant by it.
fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-._/".contains(&it))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// In double quotes, by the escapes that JSON and YAML share; what YAML does not print is escaped too.
pub(in crate::suggest) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let is_printed = |c: char| {
        !matches!(
            c,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
    };
    let mut quoted = String::with_capacity(json.len());
    for c in json.chars() {
        if is_printed(c) {
            quoted.push(c);
        } else {
            let _ = write!(quoted, "\\u{:04x}", u32::from(c));
        }
    }
    quoted
}

fn is_null(text: &str, node: &Node) -> bool {
    matches!(
        &text[node.range.clone()],
        "" | "~" | "null" | "Null" | "NULL"
    )
}

/// The place after the colon of a key.
fn after_colon(text: &str, entry: &Entry) -> Option<usize> {
    let after = &text[entry.at.end..];
    let blanks = after.len() - after.trim_start_matches(' ').len();
    after[blanks..]
        .starts_with(':')
        .then_some(entry.at.end + blanks + 1)
}

/// The end of the line on which something ends, before its line break.
fn line_end(text: &str, from: usize) -> usize {
    let end = text[from..].find('\n').map_or(text.len(), |at| from + at);
    if text[from..end].ends_with('\r') {
        end - 1
    } else {
        end
    }
}

/// As the document breaks its lines.
fn line_break(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the last thing of an entry ends; blocks of text end where their blank lines do, which is no place to go on.
fn last_end(entry: &Entry) -> Option<usize> {
    node_end(&entry.value, entry.at.end)
}

fn node_end(node: &Node, key_end: usize) -> Option<usize> {
    match &node.what {
        What::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => None,
        What::Scalar(_) if node.range.is_empty() => Some(key_end),
        What::Scalar(_)
        | What::Alias
        | What::Map(StructureStyle::Flow, _)
        | What::List(StructureStyle::Flow, _) => Some(node.range.end),
        What::Map(StructureStyle::Block, entries) => last_end(entries.last()?),
        What::List(StructureStyle::Block, items) => {
            let last = items.last()?;
            // An empty item has no place of its own.
            let is_empty = matches!(last.what, What::Scalar(_)) && last.range.is_empty();
            if is_empty {
                None
            } else {
                node_end(last, key_end)
            }
        }
    }
}

/// The tree of a document; `None` where it cannot be read.
fn root(text: &str) -> Option<Node> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    let mut events =
        Parser::new_from_str_with_options(text, options).filter_map(|event| match event {
            Ok((
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(..)
                | Event::DocumentEnd,
                _,
            )) => None,
            Ok((event, span)) => Some(Some((event, span))),
            Err(_) => Some(None),
        });
    let mut next = || events.next().flatten();
    let first = next()?;
    node(first, &mut next)
}

type Placed<'t> = (Event<'t>, Span);

/// The value that begins with this event. Its depth is bounded by the parser.
fn node<'t>(
    (event, span): Placed<'t>,
    next: &mut dyn FnMut() -> Option<Placed<'t>>,
) -> Option<Node> {
    let mut range = span.byte_range()?;
    let what = match event {
        Event::Scalar(_, style, ..) => What::Scalar(style),
        Event::Alias(_) => What::Alias,
        Event::MappingStart(style, ..) => {
            let mut entries = Vec::new();
            loop {
                let (event, span) = next()?;
                if event == Event::MappingEnd {
                    range.end = span.byte_range()?.end;
                    break;
                }
                let key = match &event {
                    Event::Scalar(text, ..) => Some(text.clone().into_owned()),
                    _ => None,
                };
                let at = node((event, span), next)?.range;
                let first = next()?;
                let value = node(first, next)?;
                entries.push(Entry { key, at, value });
            }
            What::Map(style, entries)
        }
        Event::SequenceStart(style, ..) => {
            let mut items = Vec::new();
            loop {
                let (event, span) = next()?;
                if event == Event::SequenceEnd {
                    range.end = span.byte_range()?.end;
                    break;
                }
                items.push(node((event, span), next)?);
            }
            What::List(style, items)
        }
        _ => return None,
    };
    Some(Node { range, what })
}
