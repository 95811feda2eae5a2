//! From the objects of all files to one generation, in which each object is once.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use topology::fact::{ClusterGeneration, Fault, ObjectFact, ObjectKind};

use super::parse::place;

/// So many faults of one file are listed one by one.
const MAX_FAULTS_PER_FILE: usize = 1000;

/// An object and where it stands.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) fact: ObjectFact,
    pub(super) file: usize,
    pub(super) line: u64,
    pub(super) document: u32,
    pub(super) item: u32,
}

/// What has been parsed so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) objects: Vec<Placed>,
    /// By file: the faults that are listed, and how many more there are.
    faults: BTreeMap<usize, (Vec<Fault>, usize)>,
}

impl Gathered {
    /// Adds a fault of a file.
    pub(super) fn fault(&mut self, file: usize, fault: Fault) {
        let (listed, more) = self.faults.entry(file).or_default();
        if listed.len() < MAX_FAULTS_PER_FILE {
            listed.push(fault);
        } else {
            *more += 1;
        }
    }

    /// Adds what was parsed after this.
    pub(super) fn append(&mut self, mut later: Self) {
        self.objects.append(&mut later.objects);
        for (file, (faults, more)) in later.faults {
            for fault in faults {
                self.fault(file, fault);
            }
            self.faults.entry(file).or_default().1 += more;
        }
    }
}

pub(super) fn merge(mut gathered: Gathered, names: &[String]) -> ClusterGeneration {
    let mut objects = std::mem::take(&mut gathered.objects);
    objects.sort_by(|a, b| {
        identity(&a.fact)
            .cmp(&identity(&b.fact))
            .then_with(|| by_place(a, b))
    });
    let mut generation = ClusterGeneration {
        objects: Vec::with_capacity(objects.len()),
        faults: Vec::new(),
    };
    let mut first: Option<(usize, u64, u32, u32)> = None;
    for placed in objects {
        let kept = generation.objects.last().map(identity);
        if let (Some(kept), Some((file, line, document, item))) = (kept, first)
            && kept == identity(&placed.fact)
        {
            // A Namespace fact is only a name: repeating it contradicts nothing.
            if kept.0 != ObjectKind::Namespace {
                let what = described(&placed.fact);
                let counts = place(&names[file], line, document, item, "");
                let fault = Fault {
                    place: place(
                        &names[placed.file],
                        placed.line,
                        placed.document,
                        placed.item,
                        &what,
                    ),
                    message: format!("the object is there twice; the one at {counts} counts"),
                };
                gathered.fault(placed.file, fault);
            }
            continue;
        }
        first = Some((placed.file, placed.line, placed.document, placed.item));
        generation.objects.push(placed.fact);
    }
    for (file, (listed, more)) in gathered.faults {
        generation.faults.extend(listed);
        if more > 0 {
            generation.faults.push(Fault {
                place: names[file].clone(),
                message: format!("{more} more faults of this file are not listed"),
            });
        }
    }
    generation
}

fn identity(fact: &ObjectFact) -> (ObjectKind, &str, &str) {
    match fact {
        ObjectFact::Namespace(name) => (ObjectKind::Namespace, "", name),
        ObjectFact::Service(service) => (ObjectKind::Service, &service.namespace, &service.name),
        ObjectFact::Workload(workload) => (
            ObjectKind::Workload(workload.kind),
            &workload.namespace,
            &workload.name,
        ),
    }
}

fn described(fact: &ObjectFact) -> String {
    let (kind, namespace, name) = identity(fact);
    format!("{} {namespace}/{name}", kind.as_str())
}

fn by_place(a: &Placed, b: &Placed) -> Ordering {
    (a.file, a.document, a.item).cmp(&(b.file, b.document, b.item))
}
