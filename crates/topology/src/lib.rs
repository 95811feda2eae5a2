//! The core of Backstitch: what is running, what the catalog says of it, and who owns it.
//!
//! ```text
//!  documents ── entity, label_map ──▶ facts ── apply ──▶ Topology ── verdict, labels, query ──▶ answers with reasons
//!                                                          │
//!                                                          └─▶ changes (history, events)
//! ```
//!
//! It owns names, facts, label maps, stitching, owners, verdicts and their reasons, inheritance and queries. It must
//! not know of networks, files, clocks, threads, wire formats or stores: time is an argument, and everything here is a
//! function of the facts given.

pub mod apply;
mod by_name;
pub mod change;
pub mod contact;
pub mod decisions;
pub mod dependency;
pub mod entity;
pub mod entity_ref;
mod evidence;
pub mod facets;
pub mod fact;
pub mod field_path;
mod fix;
pub mod generation;
pub mod graph;
pub mod holder;
mod id_set;
mod index;
pub mod inherit;
mod joined;
pub mod label_map;
pub mod labels;
mod labels_index;
mod lists;
mod lookup;
mod names;
mod near_names;
pub mod nearest;
mod order;
pub mod packed;
pub mod preview;
pub mod query;
mod records;
pub mod relations;
pub mod resolve;
mod rules;
pub mod search;
mod selector;
pub mod settings;
mod slab;
pub mod sorted;
mod stitch;
pub mod teams;
pub mod topology;
pub mod value;
pub mod verdict;
pub mod view;
