//! One side of a change as columns, and back. The codes are the format: they are never given another meaning.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, OptionalExtension, Row};
use topology::change::{Ownership, VerdictState};
use topology::entity_ref::EntityRef;
use topology::fact::{ObjectKey, ObjectKind};
use topology::verdict::{ComponentKey, OwnerState, ServiceKey, ServiceState, VerdictKind};

use crate::error::{Failure, RecordError};
use crate::object::{self, ObjectId};
use crate::record::{entity, object as object_record};
use crate::source::{self, Source, SourceId};

/// The cluster of a row that is about a Service; no source has this id.
pub(super) const NO_CLUSTER: SourceId = 0;

/// The source of a row whose cause is a decision; its generation is the decision's number.
pub(super) const NO_SOURCE: SourceId = 0;

/// The columns `state`, `owner_state`, `peer` and `owner` of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) state: i64,
    pub(super) owner_state: Option<i64>,
    pub(super) peer: Option<ObjectId>,
    pub(super) owner: Option<i64>,
}

impl Columns {
    /// Reads the four columns that begin at `first`; `None` where the side was not there.
    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Self>> {
        let Some(state) = row.get(first)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            state,
            owner_state: row.get(first + 1)?,
            peer: row.get(first + 2)?,
            owner: row.get(first + 3)?,
        }))
    }
}

fn verdict_code(kind: VerdictKind) -> i64 {
    match kind {
        VerdictKind::Stitched => 1,
        VerdictKind::NoKubernetesId => 2,
        VerdictKind::ServiceNotFound => 3,
        VerdictKind::Ambiguous => 4,
        VerdictKind::Conflict => 5,
        VerdictKind::Invalid => 6,
    }
}

fn owner_state_code(state: OwnerState) -> i64 {
    match state {
        OwnerState::Resolved => 1,
        OwnerState::Unresolved => 2,
        OwnerState::None => 3,
    }
}

fn service_state_code(state: ServiceState) -> i64 {
    match state {
        ServiceState::Owned => 1,
        ServiceState::StitchedWithoutOwner => 2,
        ServiceState::Unclaimed => 3,
    }
}

/// The state of a Service's owner that a code means.
pub(super) fn service_state(code: i64) -> Result<ServiceState, RecordError> {
    meaning(
        "state of a Service",
        &ServiceState::ALL,
        service_state_code,
        code,
    )
}

fn meaning<T: Copy>(
    what: &'static str,
    all: &[T],
    code: fn(T) -> i64,
    found: i64,
) -> Result<T, RecordError> {
    all.iter()
        .copied()
        .find(|value| code(*value) == found)
        .ok_or(RecordError::Unknown { what, found })
}

/// Turns names into rows, making those that are missing.
///
/// It remembers what it found: a stitch names its component and its Service twice, in the verdict and in the Service's
/// change. It lives for one chunk of changes, which bounds it.
pub(super) struct Numbers<'c> {
    connection: &'c Connection,
    sources: HashMap<Source, SourceId>,
    objects: HashMap<(SourceId, Vec<u8>), ObjectId>,
    owners: HashMap<Box<str>, i64>,
}

impl<'c> Numbers<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            sources: HashMap::new(),
            objects: HashMap::new(),
            owners: HashMap::new(),
        }
    }

    fn object(&mut self, source: SourceId, key: Vec<u8>) -> rusqlite::Result<ObjectId> {
        match self.objects.entry((source, key)) {
            Entry::Occupied(known) => Ok(*known.get()),
            Entry::Vacant(place) => {
                let id = object::ensure(self.connection, source, &place.key().1)?;
                Ok(*place.insert(id))
            }
        }
    }

    pub(super) fn source(&mut self, source: &Source) -> rusqlite::Result<SourceId> {
        if let Some(id) = self.sources.get(source) {
            return Ok(*id);
        }
        let id = source::ensure(self.connection, source)?;
        self.sources.insert(source.clone(), id);
        Ok(id)
    }

    pub(super) fn cluster(&mut self, name: &str) -> rusqlite::Result<SourceId> {
        self.source(&Source::Cluster(name.into()))
    }

    pub(super) fn component(&mut self, key: &ComponentKey) -> Result<ObjectId, Failure> {
        let source = self.source(&Source::Instance(key.instance.clone()))?;
        Ok(self.object(source, entity::key(&key.reference)?)?)
    }

    pub(super) fn service(&mut self, key: &ServiceKey) -> Result<ObjectId, Failure> {
        let source = self.cluster(&key.cluster)?;
        Ok(self.object(source, service_key(key)?)?)
    }

    fn owner(&mut self, reference: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.owners.get(reference) {
            return Ok(*id);
        }
        let id = match find_owner(self.connection, reference)? {
            Some(id) => id,
            None => self
                .connection
                .prepare_cached("INSERT INTO owner (reference) VALUES (?1) RETURNING id")?
                .query_row([reference], |row| row.get(0))?,
        };
        self.owners.insert(reference.into(), id);
        Ok(id)
    }

    pub(super) fn verdict(&mut self, state: &VerdictState) -> Result<Columns, Failure> {
        Ok(Columns {
            state: verdict_code(state.kind),
            owner_state: Some(owner_state_code(state.owner)),
            peer: state
                .service
                .as_ref()
                .map(|service| self.service(service))
                .transpose()?,
            owner: None,
        })
    }

    pub(super) fn ownership(&mut self, ownership: &Ownership) -> Result<Columns, Failure> {
        Ok(Columns {
            state: service_state_code(ownership.state),
            owner_state: None,
            peer: ownership
                .component
                .as_ref()
                .map(|component| self.component(component))
                .transpose()?,
            owner: ownership
                .owner
                .as_deref()
                .map(|owner| self.owner(owner))
                .transpose()?,
        })
    }
}

/// The key of a Service in its cluster.
pub(super) fn service_key(key: &ServiceKey) -> Result<Vec<u8>, RecordError> {
    object_record::key(&ObjectKey {
        kind: ObjectKind::Service,
        namespace: key.namespace.clone(),
        name: key.name.clone(),
    })
}

/// The row of an owner, if history ever named it.
pub(super) fn find_owner(
    connection: &Connection,
    reference: &str,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT id FROM owner WHERE reference = ?1")?
        .query_row([reference], |row| row.get(0))
        .optional()
}

/// Turns rows back into names. Sources and owners are few and remembered.
pub(super) struct Names<'c> {
    connection: &'c Connection,
    sources: HashMap<SourceId, Source>,
    owners: HashMap<i64, Box<str>>,
}

impl<'c> Names<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            sources: HashMap::new(),
            owners: HashMap::new(),
        }
    }

    pub(super) fn source(&mut self, id: SourceId) -> Result<Source, Failure> {
        if let Some(source) = self.sources.get(&id) {
            return Ok(source.clone());
        }
        let source = source::get(self.connection, id)?;
        self.sources.insert(id, source.clone());
        Ok(source)
    }

    pub(super) fn cluster(&mut self, id: SourceId) -> Result<Box<str>, Failure> {
        match self.source(id)? {
            Source::Cluster(name) => Ok(name),
            Source::Instance(_) => Err(RecordError::Unknown {
                what: "cluster",
                found: id,
            }
            .into()),
        }
    }

    fn key(&self, id: ObjectId) -> Result<Vec<u8>, Failure> {
        let key = self
            .connection
            .prepare_cached("SELECT key FROM object WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(key.ok_or(RecordError::Unknown {
            what: "object",
            found: id,
        })?)
    }

    pub(super) fn component(&mut self, id: ObjectId) -> Result<ComponentKey, Failure> {
        let Source::Instance(instance) = self.source(object::source_of(id))? else {
            return Err(RecordError::Unknown {
                what: "component",
                found: id,
            }
            .into());
        };
        let reference: EntityRef = entity::from_key(&self.key(id)?)?;
        Ok(ComponentKey {
            instance,
            reference,
        })
    }

    pub(super) fn service(&mut self, id: ObjectId) -> Result<ServiceKey, Failure> {
        let cluster = self.cluster(object::source_of(id))?;
        let key = object_record::from_key(&self.key(id)?)?;
        Ok(ServiceKey {
            cluster,
            namespace: key.namespace,
            name: key.name,
        })
    }

    fn owner(&mut self, id: i64) -> Result<Box<str>, Failure> {
        if let Some(owner) = self.owners.get(&id) {
            return Ok(owner.clone());
        }
        let owner: Option<Box<str>> = self
            .connection
            .prepare_cached("SELECT reference FROM owner WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let owner = owner.ok_or(RecordError::Unknown {
            what: "owner",
            found: id,
        })?;
        self.owners.insert(id, owner.clone());
        Ok(owner)
    }

    pub(super) fn verdict(&mut self, columns: Columns) -> Result<VerdictState, Failure> {
        let owner = columns.owner_state.unwrap_or_default();
        Ok(VerdictState {
            kind: meaning("verdict", &VerdictKind::ALL, verdict_code, columns.state)?,
            service: columns.peer.map(|peer| self.service(peer)).transpose()?,
            owner: meaning(
                "state of an owner",
                &OwnerState::ALL,
                owner_state_code,
                owner,
            )?,
        })
    }

    pub(super) fn ownership(&mut self, columns: Columns) -> Result<Ownership, Failure> {
        Ok(Ownership {
            state: service_state(columns.state)?,
            component: columns.peer.map(|peer| self.component(peer)).transpose()?,
            owner: columns.owner.map(|owner| self.owner(owner)).transpose()?,
        })
    }
}
