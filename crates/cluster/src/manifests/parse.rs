//! From documents to facts, on all cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde::de::DeserializeSeed as _;
use topology::fact::Fault;

use super::merge::{Gathered, Placed};
use super::split::{Format, Piece};
use crate::kinds;
use crate::reduce::{ObjectFault, reduce};
use crate::wire::document::{Document, Sink};
use crate::wire::field::{Field, Found};
use crate::wire::object::Object;

/// More threads than this are not started, whatever the machine has.
const MAX_THREADS: usize = 4;
/// Less text than this is not worth another thread.
const BYTES_PER_THREAD: usize = 1024 * 1024;
/// Nesting of a YAML document; schemas inside of custom resource definitions go deep.
const MAX_DEPTH: usize = 128;
/// Events that the aliases of one YAML document may add to those it spells out; what is beyond is an alias bomb.
const MAX_REPLAYED_EVENTS: usize = 100_000;
/// Bytes of text that they may add.
const MAX_REPLAYED_BYTES: usize = 16 * 1024 * 1024;

/// Parses the pieces; `advanced` hears of the bytes done so far.
pub(super) fn parse(
    pieces: &[Piece<'_>],
    names: &[String],
    advanced: &mut dyn FnMut(u64),
) -> Gathered {
    let bytes: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(MAX_THREADS).min(1 + bytes / BYTES_PER_THREAD);
    let mut shares = shares(pieces, bytes, threads).into_iter();
    let own = shares.next().unwrap_or_default();
    let done = AtomicU64::new(0);
    let done = &done;
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| scope.spawn(move || parse_share(share, names, done, &mut |_| {})))
            .collect();
        let mut gathered = parse_share(own, names, done, advanced);
        for other in others {
            match other.join() {
                Ok(part) => gathered.append(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        gathered
    })
}

/// Cuts the pieces into runs of about equal size.
fn shares<'p, 't>(pieces: &'p [Piece<'t>], bytes: usize, threads: usize) -> Vec<&'p [Piece<'t>]> {
    let target = bytes / threads + 1;
    let mut shares = Vec::with_capacity(threads);
    let mut start = 0;
    let mut size = 0;
    for (index, piece) in pieces.iter().enumerate() {
        size += piece.text.len();
        if size >= target {
            shares.push(&pieces[start..=index]);
            start = index + 1;
            size = 0;
        }
    }
    if start < pieces.len() {
        shares.push(&pieces[start..]);
    }
    shares
}

fn parse_share(
    pieces: &[Piece<'_>],
    names: &[String],
    done: &AtomicU64,
    advanced: &mut dyn FnMut(u64),
) -> Gathered {
    let mut gathered = Gathered::default();
    let mut reported = 0;
    for piece in pieces {
        parse_piece(piece, &names[piece.file], &mut gathered);
        let bytes = piece.text.len() as u64;
        let total = done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if total - reported >= BYTES_PER_THREAD as u64 {
            reported = total;
            advanced(total);
        }
    }
    gathered
}

fn parse_piece(piece: &Piece<'_>, name: &str, gathered: &mut Gathered) {
    let mut collector = Collector {
        piece,
        name,
        item: 0,
        gathered,
    };
    let broken = match piece.format {
        Format::Json => parse_json(&mut collector),
        Format::Yaml => parse_yaml(&mut collector),
    };
    if let Err(broken) = broken {
        let kept = if collector.item > 0 {
            "the entries before that count"
        } else {
            "the document is not used"
        };
        let Broken {
            line,
            column,
            message,
        } = broken;
        let line = piece.line + line.saturating_sub(1);
        let hint = if piece.format == Format::Yaml && piece.text.contains("{{") {
            ": a Helm template has to be rendered first, with `helm template`"
        } else {
            ""
        };
        let document = piece.document;
        gathered.fault(
            piece.file,
            Fault {
                place: format!("{name}:{line}:{column}, document {document}"),
                message: format!("{message}; {kept}{hint}"),
            },
        );
    }
}

/// Where a document broke (line and column within its text, from 1), and how.
struct Broken {
    line: u64,
    column: u64,
    message: String,
}

fn parse_json(collector: &mut Collector<'_>) -> Result<(), Broken> {
    let mut deserializer = serde_json::Deserializer::from_str(collector.piece.text);
    Document(collector)
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| {
            let shown = error.to_string();
            let message = shown
                .rsplit_once(" at line ")
                .map_or(&*shown, |(message, _)| message);
            Broken {
                line: error.line() as u64,
                column: error.column() as u64,
                message: format!("broken JSON: {message}"),
            }
        })
}

fn parse_yaml(collector: &mut Collector<'_>) -> Result<(), Broken> {
    let text = collector.piece.text;
    serde_saphyr::with_deserializer_from_str_with_options(
        text,
        options(text.len()),
        |deserializer| Document(collector).deserialize(deserializer),
    )
    .map_err(|error| {
        let error = error.without_snippet();
        let (line, column) = error
            .location()
            .map_or((1, 1), |location| (location.line(), location.column()));
        let shown = error.to_string();
        let message = shown.split(" at line ").next().unwrap_or(&shown);
        Broken {
            line,
            column,
            message: format!("broken YAML: {message}"),
        }
    })
}

/// What an honest document of so many bytes may need: no node is spelled out in less than a byte, so all beyond comes
/// from aliases, which have a bound of their own.
fn options(bytes: usize) -> serde_saphyr::Options {
    let nodes = bytes.saturating_add(MAX_REPLAYED_EVENTS);
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: nodes.saturating_mul(2),
            max_nodes: nodes,
            max_total_scalar_bytes: bytes.saturating_add(MAX_REPLAYED_BYTES),
            max_depth: MAX_DEPTH,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_REPLAYED_EVENTS },
        // The last value of a key given twice counts, as in JSON, and the visitor sees to that.
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
        emit_comments: false,
        with_snippet: false,
    }
}

struct Collector<'c> {
    piece: &'c Piece<'c>,
    name: &'c str,
    item: u32,
    gathered: &'c mut Gathered,
}

impl Collector<'_> {
    fn fault(&mut self, item: u32, what: &str, message: String) {
        let place = place(self.name, self.piece.line, self.piece.document, item, what);
        self.gathered
            .fault(self.piece.file, Fault { place, message });
    }
}

/// `shop.yaml:41, document 3, item 7, Service shop/checkout`
pub(super) fn place(name: &str, line: u64, document: u32, item: u32, what: &str) -> String {
    let item = if item > 0 {
        format!(", item {item}")
    } else {
        String::new()
    };
    let comma = if what.is_empty() { "" } else { ", " };
    format!("{name}:{line}, document {document}{item}{comma}{what}")
}

impl Sink for Collector<'_> {
    fn next_item(&mut self) {
        self.item = self.item.saturating_add(1);
    }

    fn item(&self) -> u32 {
        self.item
    }

    fn object(&mut self, object: Object, item: u32) {
        let kind = match &object.kind {
            Field::Is(kind) if !kind.is_empty() => kind,
            Field::Is(_) | Field::Absent => {
                self.fault(
                    item,
                    "",
                    "not a Kubernetes object: `kind` is missing".to_owned(),
                );
                return;
            }
            Field::Unusable(found) => {
                let message =
                    format!("not a Kubernetes object: `kind` is {found}, expected a string");
                self.fault(item, "", message);
                return;
            }
        };
        let api_version = object
            .api_version
            .as_ref()
            .filter(|version| !version.is_empty());
        let Some(kind) = kinds::recognise(kind, api_version.map(|version| &**version)) else {
            return;
        };
        let nameless_version = api_version.is_none();
        let mut faults = Vec::new();
        let fact = reduce(kind, object, &mut faults);
        if nameless_version {
            let message = format!(
                "`apiVersion` is missing; taken for `{}`",
                kinds::api_version(kind)
            );
            self.fault(item, kind.as_str(), message);
        }
        for ObjectFault {
            object,
            field,
            message,
        } in faults
        {
            self.fault(item, &format!("{object}, {field}"), message);
        }
        if let Some(fact) = fact {
            self.gathered.objects.push(Placed {
                fact,
                file: self.piece.file,
                line: self.piece.line,
                document: self.piece.document,
                item,
            });
        }
    }

    fn stray(&mut self, found: Option<Found>, item: u32) {
        match found {
            Some(found) => self.fault(
                item,
                "",
                format!("not a Kubernetes object: found {found}, expected a map"),
            ),
            None if item > 0 => self.fault(
                item,
                "",
                "not a Kubernetes object: found null, expected a map".to_owned(),
            ),
            // An empty document says nothing and misses nothing.
            None => {}
        }
    }
}
