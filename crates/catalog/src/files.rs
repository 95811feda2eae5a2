//! Catalogs from files: folders of catalog YAML, single files, and dumps of the Catalog API.
//!
//! ```text
//!  paths ── inputs ──▶ files ── reader ──▶ documents ── judge ──▶ entities ──▶ CatalogGeneration
//!                        ▲                                 │
//!                        └────────── location ◀── Locations┘
//! ```
//!
//! What is read:
//! - a folder: every `*.yaml`, `*.yml`, `*.json`, `*.jsonl` and `*.ndjson` in it, at any depth, but not in hidden folders
//!   or `node_modules`. Documents that are no catalog entities are passed over there;
//! - a pattern (`teams/*/catalog-info.yaml`), unless a file of that very name exists;
//! - a file, whatever its name: YAML with any number of documents, or JSON as [`json_stream`](crate::json_stream) takes
//!   it. Here a document that is no entity is a fault.
//!
//! `Location` entities are followed to other files inside the folders given (for a file: its own folder). Files carry no
//! order (S33), and a file that is reached twice is read once.

mod inputs;
mod judge;
mod location;
mod look;
mod reader;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use topology::fact::CatalogGeneration;
use topology::label_map::LabelMap;

use crate::Progress;
use crate::collect::{Collector, Origin};
use inputs::{Found, MAX_FILES};
pub(crate) use inputs::{Inputs, WILDCARDS};
use judge::Reach;
pub(crate) use look::Look;
use reader::Reader;

/// Reads all of `paths` as one catalog. What cannot be read is among the faults and costs nothing else.
pub fn read(
    paths: &[PathBuf],
    map: &LabelMap,
    progress: &mut dyn FnMut(Progress),
) -> CatalogGeneration {
    read_inputs(paths, Inputs::resolve(paths), map, progress).0
}

/// The same of paths that were looked up already; with the files in the state in which each was read.
pub(crate) fn read_inputs(
    paths: &[PathBuf],
    mut inputs: Inputs,
    map: &LabelMap,
    progress: &mut dyn FnMut(Progress),
) -> (CatalogGeneration, Look) {
    let mut stamps = BTreeMap::new();
    let mut collector = Collector::default();
    for (path, message) in &inputs.faults {
        path_fault(&mut collector, path, message.clone());
    }
    let mut files = std::mem::take(&mut inputs.files);
    let mut waiting: Vec<PathBuf> = files.keys().rev().cloned().collect();
    let mut report = Report {
        done: 0,
        total: files.keys().map(|path| length(path)).sum(),
        progress,
    };
    // What each of the paths came to: files, and what was found in them, be it a fault.
    let mut given: BTreeMap<usize, (usize, u64)> = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        let Some(found) = files.get(&path).cloned() else {
            continue;
        };
        let outcome = Reader {
            collector: &mut collector,
            map,
            roots: &inputs.roots,
            advanced: &mut |bytes, entities| report.advance(bytes, entities),
        }
        .read(&path, &found);
        tracing::debug!(file = %found.shown.display(), entities = outcome.entities, "catalog file read");
        stamps.insert(path, outcome.stamp);
        for index in &found.given {
            let (files, found) = given.entry(*index).or_default();
            *files += 1;
            *found += outcome.entities + outcome.faults;
        }
        for target in outcome.targets {
            if files.contains_key(&target) {
                continue;
            }
            if files.len() >= MAX_FILES {
                path_fault(
                    &mut collector,
                    &found.shown,
                    format!("leads to more than {MAX_FILES} files"),
                );
                break;
            }
            report.total += length(&target);
            let shown = inputs.roots.shown(&target);
            files.insert(
                target.clone(),
                Found {
                    shown,
                    reach: Reach::Named,
                    given: Vec::new(),
                },
            );
            waiting.push(target);
        }
    }
    for (index, path) in paths.iter().enumerate() {
        match given.get(&index) {
            Some((_, 1..)) => {}
            Some((files, _)) => {
                let files = if *files == 1 {
                    "the file".to_owned()
                } else {
                    format!("{files} files")
                };
                let message = format!("no catalog entity found in {files}");
                path_fault(&mut collector, path, message);
            }
            None if path.is_dir() => {
                let message = "no catalog entity found: the folder has no YAML or JSON file";
                path_fault(&mut collector, path, message.to_owned());
            }
            // Its own fault says that it cannot be read or matches nothing.
            None => {}
        }
    }
    let reached = files
        .iter()
        .filter(|(_, found)| found.given.is_empty())
        .map(|(path, _)| path.clone())
        .collect();
    inputs.files = files;
    (collector.finish(), Look::with(&inputs, stamps, reached))
}

struct Report<'p> {
    done: u64,
    total: u64,
    progress: &'p mut dyn FnMut(Progress),
}

impl Report<'_> {
    fn advance(&mut self, bytes: u64, entities: usize) {
        self.done += bytes;
        (self.progress)(Progress {
            entities: entities as u64,
            done: self.done,
            total: Some(self.total.max(self.done)),
        });
    }
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn path_fault(collector: &mut Collector, path: &Path, message: String) {
    let file = collector.file(path.display().to_string(), "file");
    let origin = Origin {
        file,
        document: 0,
        line: 0,
    };
    collector.fault(origin, message);
}
