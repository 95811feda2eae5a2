//! What a read has found so far, and the generation that it becomes.
//!
//! It owns identity (each reference once), the order of the result, and how a fault names its place. Nothing here
//! depends on the order in which documents arrive.

use std::collections::HashMap;

use topology::entity_ref::EntityRef;
use topology::fact::{CatalogGeneration, EntityFact, Fault, FieldFault};
use topology::packed::{PackedEntities, Slot};

/// Bound on the faults reported of one file; the rest are counted.
pub(crate) const MAX_FAULTS_PER_FILE: usize = 1_000;

/// Index of a file in its [`Collector`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileIndex(u32);

/// Where an entity was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) file: FileIndex,
    /// Position of the document in the file from 1; 0 for the file as a whole.
    pub(crate) document: u32,
    /// Line of the file from 1; 0 where there is none.
    pub(crate) line: u64,
}

/// What a fault of a part costs, where the rest of the entity is as good as it is.
pub(crate) fn part_left_out(entity: &EntityRef) -> String {
    format!("this part of `{entity}` is left out")
}

struct File {
    name: String,
    /// What its parts are called: `document` or `entity`.
    part: &'static str,
    faults: usize,
}

#[derive(Default)]
pub(crate) struct Collector {
    files: Vec<File>,
    entities: PackedEntities,
    found: Vec<(EntityRef, Origin, Slot)>,
    faults: Vec<(Origin, Fault)>,
    /// How many of the faults cost a part of an entity.
    faulty_parts: usize,
}

impl Collector {
    /// A file, or a path that was given, under the name by which faults call it.
    pub(crate) fn file(&mut self, name: String, part: &'static str) -> FileIndex {
        let index = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.push(File {
            name,
            part,
            faults: 0,
        });
        FileIndex(index)
    }

    pub(crate) fn entities(&self) -> usize {
        self.found.len()
    }

    pub(crate) fn fact(&mut self, fact: &EntityFact, origin: Origin) {
        let slot = self.entities.push(fact);
        self.found.push((fact.reference().clone(), origin, slot));
    }

    pub(crate) fn fault(&mut self, origin: Origin, message: impl Into<String>) {
        let place = self.place(origin);
        self.push(origin, place, message.into());
    }

    /// A fault of one field, which is part of its place.
    pub(crate) fn field_fault(&mut self, origin: Origin, fault: &FieldFault, consequence: &str) {
        let mut place = self.place(origin);
        if !fault.field.is_empty() {
            place = format!("{place}, field `{}`", fault.field);
        }
        let message = format!(
            "found {}, expected {}; {consequence}",
            fault.found, fault.expected
        );
        self.push(origin, place, message);
    }

    /// A fault of one field that costs nothing else.
    pub(crate) fn part_fault(&mut self, origin: Origin, entity: &EntityRef, fault: &FieldFault) {
        let before = self.faults.len();
        self.field_fault(origin, fault, &part_left_out(entity));
        self.faulty_parts += self.faults.len() - before;
    }

    fn push(&mut self, origin: Origin, place: String, message: String) {
        let Some(file) = self.files.get_mut(origin.file.0 as usize) else {
            return;
        };
        file.faults += 1;
        if file.faults <= MAX_FAULTS_PER_FILE {
            self.faults.push((origin, Fault { place, message }));
        }
    }

    fn place(&self, origin: Origin) -> String {
        let Some(file) = self.files.get(origin.file.0 as usize) else {
            return String::new();
        };
        match (origin.document, origin.line) {
            (0, 0) => file.name.clone(),
            (0, line) => format!("{}, line {line}", file.name),
            (u32::MAX, _) => file.name.clone(),
            (document, line) => format!("{}, {} {document}, line {line}", file.name, file.part),
        }
    }

    /// Each reference once: of several the one counts whose file, then whose position in it, comes first. Faults are
    /// sorted by place.
    pub(crate) fn finish(mut self) -> CatalogGeneration {
        let mut by_name: Vec<FileIndex> = (0..self.files.len())
            .map(|index| FileIndex(u32::try_from(index).unwrap_or(u32::MAX)))
            .collect();
        by_name.sort_by(|a, b| self.name(*a).cmp(self.name(*b)));
        let ranks: HashMap<FileIndex, usize> = by_name
            .into_iter()
            .enumerate()
            .map(|(rank, index)| (index, rank))
            .collect();
        let position = |origin: &Origin| {
            (
                ranks.get(&origin.file).copied(),
                origin.document,
                origin.line,
            )
        };

        let mut entities = std::mem::take(&mut self.entities);
        let mut found = std::mem::take(&mut self.found);
        found.sort_by(|(a, at, _), (b, bt, _)| {
            a.cmp(b).then_with(|| position(at).cmp(&position(bt)))
        });
        let mut counting: Option<(&EntityRef, Origin)> = None;
        for (reference, origin, slot) in &found {
            match counting {
                Some((last, first)) if last == reference => {
                    let message = format!(
                        "`{reference}` is also at {}, which counts, being the first of the two; rename or remove one of them",
                        self.place(first)
                    );
                    self.fault(*origin, message);
                    entities.remove(*slot);
                }
                _ => counting = Some((reference, *origin)),
            }
        }
        drop(found);

        for index in 0..self.files.len() {
            let (faults, name) = (self.files[index].faults, self.files[index].name.clone());
            if let Some(more @ 1..) = faults.checked_sub(MAX_FAULTS_PER_FILE) {
                let origin = Origin {
                    file: FileIndex(u32::try_from(index).unwrap_or(u32::MAX)),
                    document: u32::MAX,
                    line: 0,
                };
                let message = format!("{more} more faults, which are not listed");
                self.faults.push((
                    origin,
                    Fault {
                        place: name,
                        message,
                    },
                ));
            }
        }
        let mut faults = std::mem::take(&mut self.faults);
        faults.sort_by(|(at, a), (bt, b)| position(at).cmp(&position(bt)).then_with(|| a.cmp(b)));
        let faults = faults.into_iter().map(|(_, fault)| fault).collect();
        CatalogGeneration {
            faulty_parts: self.faulty_parts,
            ..CatalogGeneration::whole(entities, faults)
        }
    }

    fn name(&self, index: FileIndex) -> &str {
        self.files
            .get(index.0 as usize)
            .map_or("", |file| &file.name)
    }
}
