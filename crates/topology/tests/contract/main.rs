//! The core through its front door, line by line of the contract: fixtures in, text out.

#[path = "../fixture/mod.rs"]
mod fixture;

mod changes;
mod conflicts;
mod contacts;
mod decisions;
mod dependencies;
mod edges;
mod facets;
mod field_paths;
mod graph;
mod inheritance;
mod label_maps;
mod labels;
mod lists;
mod names;
mod owners;
mod packed;
mod packed_objects;
mod properties;
mod resolve;
mod rules;
mod search;
mod sorted;
mod stitching;
mod teams;
mod verdicts;
