//! What commands print: tables, documents, steps, warnings.
//!
//! Data goes to standard output, everything else to standard error; nothing needs colour to be understood.

pub mod csv;
pub mod document;
pub mod explanation;
pub mod ownership;
pub mod paint;
pub mod screen;
pub mod summary;
pub mod table;
pub mod walk;
pub mod warnings;
