//! One file: its documents, judged and read, whatever it holds.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use topology::entity::read_entity;
use topology::label_map::LabelMap;
use topology::value::Value;

use super::inputs::{Found, Roots, could_not_read};
use super::judge::{Judgement, Reach, broken_may_be_entity, judge};
use super::location;
use super::look::Stamp;
use crate::collect::{Collector, FileIndex, Origin};
use crate::document::{from_json, from_yaml};
use crate::json_stream::{self, Content, Layout, MAX_ENTITY_BYTES, Piece, line_breaks};
use crate::yaml_stream;

/// Bound on a YAML file, which is held in memory; a JSON dump is not.
pub(crate) const MAX_YAML_BYTES: u64 = 1 << 30;

const LEFT_OUT: &str = "this entity is left out";

/// What reading a file has shown beside facts and faults.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Documents that are catalog entities, of whatever kind.
    pub(crate) entities: u64,
    /// What was reported of it.
    pub(crate) faults: u64,
    /// Files that its Locations lead to, by canonical path.
    pub(crate) targets: Vec<PathBuf>,
    /// The state in which it was read.
    pub(crate) stamp: Option<Stamp>,
}

pub(crate) struct Reader<'r> {
    pub(crate) collector: &'r mut Collector,
    pub(crate) map: &'r LabelMap,
    pub(crate) roots: &'r Roots,
    /// Called with the bytes read since the last call, and the entities found so far.
    pub(crate) advanced: &'r mut dyn FnMut(u64, usize),
}

impl Reader<'_> {
    pub(crate) fn read(&mut self, path: &Path, found: &Found) -> Outcome {
        let mut outcome = Outcome::default();
        let name = found.shown.display().to_string();
        let opened = File::open(path).and_then(|mut file| {
            let mut head = Vec::new();
            let stamp = Stamp::of(&file.metadata()?);
            file.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
            Ok((file, head, stamp))
        });
        let (file, head, stamp) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let file = self.collector.file(name, "document");
                self.collector.fault(whole(file), could_not_read(&error));
                outcome.faults += 1;
                outcome.stamp = Stamp::at(path);
                return outcome;
            }
        };
        outcome.stamp = stamp;
        let format = Format::of(&found.shown, &head);
        let part = match format {
            Format::Yaml => "document",
            Format::Json(_) => "entity",
        };
        let index = self.collector.file(name, part);
        let mut document = Documents {
            reader: self,
            found,
            file: index,
            outcome: &mut outcome,
        };
        let stream = head.as_slice().chain(file);
        match format {
            Format::Yaml => document.yaml(stream),
            Format::Json(layout) => document.json(stream, layout),
        }
        outcome
    }
}

/// Enough of a file to see what it is.
const HEAD_BYTES: u64 = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Yaml,
    Json(Layout),
}

impl Format {
    /// By the name; where that says nothing, by the beginning.
    fn of(path: &Path, head: &[u8]) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_lowercase).as_deref() {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json(Layout::Unknown),
            Some("jsonl" | "ndjson") => Self::Json(Layout::Lines),
            _ => match head.trim_ascii_start().first() {
                Some(b'{' | b'[') => Self::Json(Layout::Unknown),
                _ => Self::Yaml,
            },
        }
    }
}

fn whole(file: FileIndex) -> Origin {
    Origin {
        file,
        document: 0,
        line: 0,
    }
}

struct Documents<'d, 'r> {
    reader: &'d mut Reader<'r>,
    found: &'d Found,
    file: FileIndex,
    outcome: &'d mut Outcome,
}

impl Documents<'_, '_> {
    fn yaml(&mut self, stream: impl Read) {
        let mut bytes = Vec::new();
        let mut stream = stream.take(MAX_YAML_BYTES + 1);
        if let Err(error) = stream.read_to_end(&mut bytes) {
            return self.fault(whole(self.file), could_not_read(&error));
        }
        let length = bytes.len() as u64;
        if length > MAX_YAML_BYTES {
            let message = format!(
                "is larger than {MAX_YAML_BYTES} bytes: split it, or give JSON, which is streamed"
            );
            return self.fault(whole(self.file), message);
        }
        if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            return self.fault(whole(self.file), "is UTF-16, expected UTF-8".to_owned());
        }
        for document in yaml_stream::split(&bytes) {
            let origin = Origin {
                file: self.file,
                document: document.number,
                line: document.content_line(),
            };
            self.yaml_document(document, origin);
        }
        (self.reader.advanced)(length, self.reader.collector.entities());
    }

    fn yaml_document(&mut self, document: yaml_stream::Document<'_>, origin: Origin) {
        let parsed = match std::str::from_utf8(document.bytes) {
            Ok(text) => from_yaml(text).map_err(|error| {
                let line = document.line + error.line.saturating_sub(1);
                (
                    line,
                    format!(
                        "column {}: {}; this document is left out",
                        error.column, error.message
                    ),
                )
            }),
            Err(error) => {
                let (line, message) = not_utf8(document.bytes, &error);
                Err((document.line + line, message))
            }
        };
        match parsed {
            Ok(value) => self.value(value, origin, true),
            Err((line, message)) => {
                if broken_may_be_entity(document.bytes, self.found.reach, true) {
                    self.fault(Origin { line, ..origin }, message);
                }
            }
        }
    }

    fn json(&mut self, stream: impl Read, layout: Layout) {
        let bytes = Cell::new(0);
        let counted = Counted {
            inner: stream,
            bytes: &bytes,
        };
        let mut pieces = 0;
        let mut location = None;
        let result = json_stream::split(counted, layout, &mut |piece| {
            pieces = piece.number;
            self.piece(piece, &mut location);
            if piece.number.is_multiple_of(PROGRESS_ENTITIES) {
                (self.reader.advanced)(bytes.take(), self.reader.collector.entities());
            }
        });
        if let Err(error) = result {
            self.fault(whole(self.file), could_not_read(&error));
        }
        (self.reader.advanced)(bytes.take(), self.reader.collector.entities());
        // A dump already holds what its Locations led to.
        if let (Some((text, origin)), 1) = (location, pieces)
            && let Ok(location) = from_json(&text)
        {
            self.location(&location, origin);
        }
    }

    /// Reads one piece of a dump; the first is kept when it is a Location.
    fn piece(&mut self, piece: Piece<'_>, location: &mut Option<(String, Origin)>) {
        let origin = Origin {
            file: self.file,
            document: piece.number,
            line: piece.line,
        };
        match piece.content {
            Content::Value(bytes) => self.json_value(bytes, origin, location),
            Content::TooLarge => {
                let message = format!("more than {MAX_ENTITY_BYTES} bytes; {LEFT_OUT}");
                self.fault(origin, message);
            }
            Content::CutOff(bytes) => {
                if self.outcome.entities > 0 || broken_may_be_entity(bytes, self.found.reach, false)
                {
                    let message = "the file ends in the middle of this one; it is left out, and what may have followed \
                                   is missing: write the file again";
                    self.fault(origin, message.to_owned());
                }
            }
            Content::NotJson(bytes) => {
                if self.outcome.entities > 0 || self.found.reach == Reach::Named {
                    let found = String::from_utf8_lossy(bytes);
                    let found = found.lines().next().unwrap_or_default();
                    let message = format!(
                        "found `{found}`, expected JSON: a list of entities, a map with `items`, or entities one after \
                         another"
                    );
                    self.fault(origin, message);
                }
            }
        }
    }

    fn json_value(
        &mut self,
        bytes: &[u8],
        origin: Origin,
        location: &mut Option<(String, Origin)>,
    ) {
        let parsed = match std::str::from_utf8(bytes) {
            Ok(text) => match from_json(text) {
                Ok(value) => {
                    if origin.document == 1
                        && judge(&value, self.found.reach) == Judgement::Location
                    {
                        *location = Some((text.to_owned(), origin));
                    }
                    Ok(value)
                }
                Err(error) => {
                    let line = origin.line + error.line.saturating_sub(1);
                    Err((
                        line,
                        format!("column {}: {}; {LEFT_OUT}", error.column, error.message),
                    ))
                }
            },
            Err(error) => {
                let (line, message) = not_utf8(bytes, &error);
                Err((origin.line + line, message))
            }
        };
        match parsed {
            Ok(value) => self.value(value, origin, false),
            Err((line, message)) => {
                if broken_may_be_entity(bytes, self.found.reach, false) {
                    self.fault(Origin { line, ..origin }, message);
                }
            }
        }
    }

    /// A document: an entity, or a YAML copy of what the API answers, which is many.
    fn value(&mut self, value: Value<'_>, origin: Origin, follow: bool) {
        match value {
            // What `by-query` gives where an entity is not ready, and an empty document.
            Value::Null => {}
            Value::Array(items) if follow => {
                for item in items {
                    self.entity(&item, origin, false);
                }
            }
            map @ Value::Map(_) if follow && map.get("kind").is_none() => match map.get("items") {
                Some(Value::Array(items)) => {
                    for item in items {
                        self.entity(item, origin, false);
                    }
                }
                _ => self.entity(&map, origin, follow),
            },
            other => self.entity(&other, origin, follow),
        }
    }

    fn entity(&mut self, value: &Value<'_>, origin: Origin, follow: bool) {
        match judge(value, self.found.reach) {
            Judgement::Other => {}
            Judgement::Doubtful(message) => self.fault(origin, message),
            Judgement::Location => {
                self.outcome.entities += 1;
                if follow {
                    self.location(value, origin);
                }
            }
            Judgement::Entity => {
                let mut parts = Vec::new();
                match read_entity(value, self.reader.map, &mut parts) {
                    Ok(fact) => {
                        self.outcome.entities += 1;
                        if let Some(fact) = fact {
                            self.reader.collector.fact(&fact, origin);
                            self.outcome.faults += parts.len() as u64;
                            for fault in &parts {
                                self.reader
                                    .collector
                                    .part_fault(origin, fact.reference(), fault);
                            }
                        }
                    }
                    Err(fault) => {
                        self.outcome.faults += 1;
                        self.reader.collector.field_fault(origin, &fault, LEFT_OUT);
                    }
                }
            }
        }
    }

    fn location(&mut self, value: &Value<'_>, origin: Origin) {
        let (files, faults) = location::targets(value, &self.found.shown, self.reader.roots);
        self.outcome.targets.extend(files);
        for fault in faults {
            self.fault(origin, fault.0);
        }
    }

    fn fault(&mut self, origin: Origin, message: String) {
        self.outcome.faults += 1;
        self.reader.collector.fault(origin, message);
    }
}

/// How many entities go by between two reports of progress.
const PROGRESS_ENTITIES: u32 = 1_000;

/// Counts what goes through it.
struct Counted<'c, R> {
    inner: R,
    bytes: &'c Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// The line of the first byte that is no UTF-8, counted from 0, and the fault.
fn not_utf8(bytes: &[u8], error: &std::str::Utf8Error) -> (u64, String) {
    let lines = line_breaks(&bytes[..error.valid_up_to()]);
    let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
    (
        lines,
        format!("byte 0x{byte:02X} is not UTF-8; this document is left out"),
    )
}
