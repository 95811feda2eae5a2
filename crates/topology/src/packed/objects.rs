//! Many objects of a cluster in little memory: what a complete list of a kind keeps until all of it came.
//!
//! What objects share (namespaces, labels, nodes, controllers, the pods that several endpoints name) is kept once per list
//! and named by a number; an object's own name and uid stand in its block. A pod takes a tenth of what it takes as a fact.

use super::block::{Block, Reader};
use super::list::{Draining, List};
use crate::fact::{
    ControllerRef, LabelPairs, ObjectFact, ObjectKey, ObjectKind, Reference, Referred, ServiceFact,
    WorkloadFact, WorkloadKind,
};
use crate::names::Names;

/// Objects, each in a few bytes more than what it alone says.
#[derive(Clone, Debug, Default)]
pub struct PackedObjects {
    shared: Names,
    list: List,
}

impl PackedObjects {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.live()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an object, which may have the key of another.
    pub fn push(&mut self, fact: &ObjectFact) {
        let shared = &mut self.shared;
        self.list.push(|block| write(shared, block, fact));
    }

    /// Takes out every object of which `stays` says so, by its key and how many were added before it.
    pub fn retain(&mut self, mut stays: impl FnMut(&ObjectKey, usize) -> bool) {
        let gone: Vec<u32> = self
            .list
            .entries()
            .filter(|(index, reader)| {
                !stays(&read_key(&self.shared, reader.clone()), *index as usize)
            })
            .map(|(index, _)| index)
            .collect();
        for index in gone {
            self.list.remove(index);
        }
    }

    /// Every object, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = ObjectFact> {
        let readers = self.list.readers();
        readers.map(|reader| read(&self.shared, reader))
    }

    /// The keys of all objects, in the order of [`iter`](Self::iter).
    pub fn keys(&self) -> impl Iterator<Item = ObjectKey> {
        let readers = self.list.readers();
        readers.map(|reader| read_key(&self.shared, reader))
    }
}

/// Two are equal whose objects are, in their order.
impl PartialEq for PackedObjects {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for PackedObjects {}

impl Extend<ObjectFact> for PackedObjects {
    fn extend<I: IntoIterator<Item = ObjectFact>>(&mut self, facts: I) {
        for fact in facts {
            self.push(&fact);
        }
    }
}

impl FromIterator<ObjectFact> for PackedObjects {
    fn from_iter<I: IntoIterator<Item = ObjectFact>>(facts: I) -> Self {
        let mut packed = Self::default();
        packed.extend(facts);
        packed
    }
}

impl IntoIterator for PackedObjects {
    type Item = ObjectFact;
    type IntoIter = IntoObjects;

    fn into_iter(self) -> IntoObjects {
        IntoObjects {
            left: self.len(),
            shared: self.shared,
            list: Draining::new(self.list),
        }
    }
}

/// Gives out objects and frees the memory of those that were given.
#[derive(Debug)]
pub struct IntoObjects {
    left: usize,
    shared: Names,
    list: Draining,
}

impl Iterator for IntoObjects {
    type Item = ObjectFact;

    fn next(&mut self) -> Option<ObjectFact> {
        let fact = self.list.next(|reader| read(&self.shared, reader));
        self.left -= usize::from(fact.is_some());
        fact
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for IntoObjects {}

const NAMESPACE: usize = 0;
const SERVICE: usize = 1;
/// The first of the kinds of workloads.
const WORKLOADS: usize = 2;

const TO_SERVICE: usize = 0;
const TO_CLAIM_TEMPLATE: usize = 1;
/// The first of the kinds of workloads.
const TO_WORKLOADS: usize = 2;

fn write(shared: &mut Names, block: &mut Block, fact: &ObjectFact) {
    block.begin();
    match fact {
        ObjectFact::Namespace(name) => {
            block.number(NAMESPACE);
            block.text(name);
        }
        ObjectFact::Service(service) => {
            let ServiceFact {
                namespace,
                name,
                labels,
                selector,
                external_name,
            } = &**service;
            block.number(SERVICE);
            block.text(name);
            write_shared(shared, block, namespace);
            write_pairs(shared, block, labels);
            write_pairs(shared, block, selector);
            block.number(usize::from(*external_name));
        }
        ObjectFact::Workload(workload) => write_workload(shared, block, workload),
    }
}

fn read(shared: &Names, mut reader: Reader<'_>) -> ObjectFact {
    let reader = &mut reader;
    match reader.number() {
        NAMESPACE => ObjectFact::Namespace(reader.text().into()),
        SERVICE => ObjectFact::Service(Box::new(ServiceFact {
            name: reader.text().into(),
            namespace: read_shared(shared, reader),
            labels: read_pairs(shared, reader),
            selector: read_pairs(shared, reader),
            external_name: reader.number() != 0,
        })),
        kind => ObjectFact::Workload(Box::new(read_workload(
            shared,
            reader,
            kind_at(kind, WORKLOADS),
        ))),
    }
}

/// The key alone, which every fact begins with.
fn read_key(shared: &Names, mut reader: Reader<'_>) -> ObjectKey {
    let kind = match reader.number() {
        NAMESPACE => ObjectKind::Namespace,
        SERVICE => ObjectKind::Service,
        kind => ObjectKind::Workload(kind_at(kind, WORKLOADS)),
    };
    let name = reader.text().into();
    let namespace = match kind {
        ObjectKind::Namespace => "".into(),
        ObjectKind::Service | ObjectKind::Workload(_) => read_shared(shared, &mut reader),
    };
    ObjectKey {
        kind,
        namespace,
        name,
    }
}

fn write_workload(shared: &mut Names, block: &mut Block, workload: &WorkloadFact) {
    let WorkloadFact {
        kind,
        namespace,
        name,
        uid,
        pod_labels,
        controller,
        service,
        node,
        refers,
    } = workload;
    block.number(place_of(*kind, WORKLOADS));
    block.text(name);
    write_shared(shared, block, namespace);
    block.number(usize::from(uid.is_some()));
    if let Some(uid) = uid {
        block.text(uid);
    }
    write_pairs(shared, block, pod_labels);
    block.number(usize::from(controller.is_some()));
    if let Some(ControllerRef { kind, name, uid }) = controller {
        for part in [kind, name, uid] {
            write_shared(shared, block, part);
        }
    }
    write_shared_if(shared, block, service.as_deref());
    write_shared_if(shared, block, node.as_deref());
    block.number(refers.len());
    for Reference {
        to,
        namespace,
        name,
    } in refers
    {
        block.number(match to {
            Referred::Service => TO_SERVICE,
            Referred::ClaimTemplate => TO_CLAIM_TEMPLATE,
            Referred::Workload(kind) => place_of(*kind, TO_WORKLOADS),
        });
        write_shared(shared, block, namespace);
        write_shared(shared, block, name);
    }
}

fn read_workload(shared: &Names, reader: &mut Reader<'_>, kind: WorkloadKind) -> WorkloadFact {
    WorkloadFact {
        kind,
        name: reader.text().into(),
        namespace: read_shared(shared, reader),
        uid: (reader.number() != 0).then(|| reader.text().into()),
        pod_labels: read_pairs(shared, reader),
        controller: (reader.number() != 0).then(|| ControllerRef {
            kind: read_shared(shared, reader),
            name: read_shared(shared, reader),
            uid: read_shared(shared, reader),
        }),
        service: read_shared_if(shared, reader),
        node: read_shared_if(shared, reader),
        refers: {
            let length = reader.number();
            (0..length)
                .map(|_| read_reference(shared, reader))
                .collect()
        },
    }
}

fn read_reference(shared: &Names, reader: &mut Reader<'_>) -> Reference {
    Reference {
        to: match reader.number() {
            TO_SERVICE => Referred::Service,
            TO_CLAIM_TEMPLATE => Referred::ClaimTemplate,
            kind => Referred::Workload(kind_at(kind, TO_WORKLOADS)),
        },
        namespace: read_shared(shared, reader),
        name: read_shared(shared, reader),
    }
}

fn place_of(kind: WorkloadKind, first: usize) -> usize {
    let place = WorkloadKind::ALL.iter().position(|other| *other == kind);
    first + place.unwrap_or_default()
}

fn kind_at(place: usize, first: usize) -> WorkloadKind {
    let kind = WorkloadKind::ALL.get(place.wrapping_sub(first));
    kind.copied().unwrap_or(WorkloadKind::Pod)
}

fn write_shared(shared: &mut Names, block: &mut Block, text: &str) {
    block.number(shared.intern(text).raw() as usize);
}

fn read_shared(shared: &Names, reader: &mut Reader<'_>) -> Box<str> {
    shared.text_of(reader.number()).into()
}

/// No name has the number 0.
fn write_shared_if(shared: &mut Names, block: &mut Block, text: Option<&str>) {
    match text {
        Some(text) => write_shared(shared, block, text),
        None => block.number(0),
    }
}

fn read_shared_if(shared: &Names, reader: &mut Reader<'_>) -> Option<Box<str>> {
    let number = reader.number();
    (number != 0).then(|| shared.text_of(number).into())
}

fn write_pairs(shared: &mut Names, block: &mut Block, pairs: &LabelPairs) {
    block.number(pairs.len());
    for (key, value) in pairs {
        write_shared(shared, block, key);
        write_shared(shared, block, value);
    }
}

fn read_pairs(shared: &Names, reader: &mut Reader<'_>) -> LabelPairs {
    let length = reader.number();
    let pair = |_| (read_shared(shared, reader), read_shared(shared, reader));
    (0..length).map(pair).collect()
}
