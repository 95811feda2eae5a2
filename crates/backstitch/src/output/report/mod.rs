//! The report on a catalog's hygiene, as Markdown, HTML and CSV; as JSON it is the value itself.
//!
//! Markdown and HTML are two renderings of the same sections. Whatever comes from a catalog or a cluster is a text that
//! somebody else wrote: it is escaped where it is written, for the format that it is written in.

mod csv;
mod html;
mod markdown;
mod sections;

pub(crate) use self::csv::write as write_csv;
pub(crate) use self::html::write as write_html;
pub(crate) use self::markdown::write as write_markdown;

/// The title of the whole.
const TITLE: &str = "Catalog hygiene";
