//! The one rendering of the core's values into the shapes of `api`: for HTTP, for events and for one-shot output.
//!
//! Nothing here decides: it names, it prints references, and it looks up who an id is.

mod change;
mod component;
mod decision;
mod dependency;
mod document;
mod explanation;
mod facet;
mod found;
mod graph;
mod history;
mod owner;
mod past;
mod preview;
mod resolution;
mod service;
mod summary;
mod team;
mod word;

pub use change::{change, ownership};
pub use component::{component_detail, component_row};
pub use decision::decision;
pub use document::document;
pub use explanation::{
    component_explanation, service_explanation, verdict_explanation, workload_explanation,
};
pub use facet::{component_facets, service_facets};
pub use found::found;
pub use graph::graph;
pub use history::history_entry;
pub use owner::{owner_contact, owner_contact_of, owner_detail, owner_row};
pub use past::{is_there, owned_at, resolution_at, service_at};
pub use preview::{preview, trial};
pub use resolution::resolution;
pub use service::{service_detail, service_row, workload_row};
pub use summary::{summary, summary_answer, summary_at};
pub use team::team;

use std::fmt::Display;

/// A time in seconds since the Unix epoch, as RFC 3339 in UTC.
pub fn time(seconds: i64) -> String {
    let limit = if seconds < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    };
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(limit)
        .to_string()
}

/// Each as its text.
fn texts<'i>(items: impl IntoIterator<Item = &'i (impl Display + 'i)>) -> Vec<String> {
    items.into_iter().map(ToString::to_string).collect()
}

/// A text that may be absent, owned.
fn owned(text: Option<impl AsRef<str>>) -> Option<String> {
    text.map(|text| text.as_ref().to_owned())
}

/// A count as the wire has it.
fn count(count: usize) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (i64::MAX, "9999-12-30T22:00:00.999999999Z"),
        ] {
            assert_eq!(time(seconds), text);
        }
    }
}
