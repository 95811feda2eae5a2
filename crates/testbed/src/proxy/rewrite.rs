//! Faults of what an answer says: from the upstream's JSON to other JSON.
//!
//! It owns the change of documents, and is pure: what it must know of other pages is an argument.

use serde_json::{Value, json};

use super::fault::{Fault, Loop};
use super::script::Crawl;

/// What an answer of the catalog looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{"items": […], "totalItems": n, "pageInfo": {…}}`.
    Page,
    /// `[…]`.
    Array,
    /// `{"items": […]}`, each item in the place of what was asked for.
    ByRefs,
}

impl Shape {
    pub(super) fn of(path: &str) -> Option<Self> {
        if path.ends_with("/entities/by-query") {
            Some(Self::Page)
        } else if path.ends_with("/entities/by-refs") {
            Some(Self::ByRefs)
        } else if path.ends_with("/entities") {
            Some(Self::Array)
        } else {
            None
        }
    }
}

/// Whether the fault is one of what an answer says.
pub(super) fn is_rewriting(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::LoopingCursor(_)
            | Fault::TotalItems(_)
            | Fault::EmptyCatalog
            | Fault::Fraction { .. }
            | Fault::HideKinds(_)
            | Fault::MutateField { .. }
            | Fault::UnknownApiVersion
            | Fault::NullItems { .. }
            | Fault::DuplicateItems { .. }
    )
}

/// Whether the entity is still there under this fault.
pub(super) fn keeps(fault: &Fault, entity: &Value) -> bool {
    match fault {
        Fault::EmptyCatalog => false,
        Fault::Fraction { part, .. } => position(&reference(entity)) < *part,
        Fault::HideKinds(kinds) => !kinds
            .iter()
            .any(|kind| kind.eq_ignore_ascii_case(entity["kind"].as_str().unwrap_or_default())),
        _ => true,
    }
}

/// The document as it is under the fault.
pub(super) fn rewritten(fault: &Fault, shape: Shape, mut body: Value, crawl: &Crawl) -> Value {
    let items = match shape {
        Shape::Array => body.as_array_mut(),
        Shape::Page | Shape::ByRefs => body["items"].as_array_mut(),
    };
    if let Some(items) = items {
        hide(fault, shape, items);
        match fault {
            Fault::MutateField {
                pointer,
                value,
                every,
            } => each(items, *every, |entity| {
                mutate(entity, pointer, value.as_ref());
            }),
            Fault::UnknownApiVersion => each(items, 1, |entity| {
                // Not one that is not there: indexing would make an entity of it.
                let unknown = json!("catalog.example.com/v9");
                mutate(entity, "/apiVersion", Some(&unknown));
            }),
            Fault::NullItems { every } => each(items, *every, |entity| *entity = Value::Null),
            Fault::DuplicateItems { every } if shape != Shape::ByRefs => {
                let mut index = 0;
                *items = std::mem::take(items)
                    .into_iter()
                    .flat_map(|entity| {
                        index += 1;
                        let copies = if (index - 1) % every == 0 { 2 } else { 1 };
                        vec![entity; copies]
                    })
                    .collect();
            }
            _ => {}
        }
    }
    if shape == Shape::Page {
        describe(fault, &mut body, crawl);
    }
    body
}

/// Without the entities that are not there: gone from a page, `null` where they were asked for.
fn hide(fault: &Fault, shape: Shape, items: &mut Vec<Value>) {
    if shape == Shape::ByRefs {
        for item in items.iter_mut().filter(|item| !keeps(fault, item)) {
            *item = Value::Null;
        }
    } else {
        items.retain(|item| keeps(fault, item));
    }
}

/// What a page says about itself and the others.
fn describe(fault: &Fault, body: &mut Value, crawl: &Crawl) {
    match fault {
        Fault::TotalItems(total) => body["totalItems"] = json!(total),
        Fault::EmptyCatalog => {
            body["totalItems"] = json!(0);
            body["pageInfo"] = json!({});
        }
        Fault::Fraction { .. } | Fault::HideKinds(_) => {
            if let Some(total) = crawl.total {
                body["totalItems"] = json!(total);
            }
        }
        Fault::LoopingCursor(Loop::Fresh) => {
            body["pageInfo"]["nextCursor"] = json!(format!("fresh-{}", crawl.answers));
        }
        Fault::LoopingCursor(kind) => {
            let goes_on = *kind == Loop::OfTwo && crawl.answers % 2 == 1;
            if let (false, Some(cursor)) = (goes_on, &crawl.first_cursor) {
                body["pageInfo"]["nextCursor"] = json!(cursor);
            }
        }
        _ => {}
    }
}

/// The first entity, and every so many after it.
fn each(items: &mut [Value], every: usize, mut change: impl FnMut(&mut Value)) {
    for item in items.iter_mut().step_by(every.max(1)) {
        change(item);
    }
}

fn mutate(entity: &mut Value, pointer: &str, value: Option<&Value>) {
    let Some((parent, field)) = pointer.rsplit_once('/') else {
        // The pointer to the whole.
        if let Some(value) = value {
            *entity = value.clone();
        }
        return;
    };
    let field = field.replace("~1", "/").replace("~0", "~");
    match (entity.pointer_mut(parent), value) {
        (Some(Value::Object(parent)), Some(value)) => {
            parent.insert(field, value.clone());
        }
        (Some(Value::Object(parent)), None) => {
            parent.remove(&field);
        }
        (Some(Value::Array(parent)), Some(value)) => {
            if let Some(item) = field.parse().ok().and_then(|at: usize| parent.get_mut(at)) {
                *item = value.clone();
            }
        }
        _ => {}
    }
}

/// The reference of an entity, in lower case.
fn reference(entity: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    let namespace = match text(&entity["metadata"]["namespace"]) {
        namespace if namespace.is_empty() => "default".to_owned(),
        namespace => namespace,
    };
    format!(
        "{}:{namespace}/{}",
        text(&entity["kind"]),
        text(&entity["metadata"]["name"])
    )
}

/// Where a text stands between 0 and 1: always the same place, and texts spread evenly.
fn position(text: &str) -> f64 {
    // FNV-1a, then the end of SplitMix64, since the high bits of FNV hardly differ between short texts.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let high = u32::try_from((hash ^ (hash >> 31)) >> 32).unwrap_or(u32::MAX);
    f64::from(high) / f64::from(u32::MAX)
}
