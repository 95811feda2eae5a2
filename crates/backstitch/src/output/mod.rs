//! What commands print: tables, documents, steps, warnings.
//!
//! Data goes to standard output, everything else to standard error; nothing needs colour to be understood.

pub(crate) mod csv;
pub(crate) mod document;
pub(crate) mod explanation;
pub(crate) mod ownership;
pub(crate) mod paint;
pub(crate) mod screen;
pub(crate) mod sources;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod walk;
pub(crate) mod warnings;
