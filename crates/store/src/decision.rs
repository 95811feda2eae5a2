//! What people decided (S26): kept apart from what sources say, so that no read can take it away.
//!
//! A decision that has ended stays, with who ended it and why: it is its own history.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use topology::decisions::Decision;
use topology::entity_ref::EntityRef;
use topology::verdict::{ComponentKey, ServiceKey};

use crate::error::{Failure, RecordError, StoreError};
use crate::history::Reader;
use crate::open::Store;
use crate::source::Source;

/// Bound on the decisions that stand at once: people make them one by one.
pub const MAX_DECISIONS: usize = 10_000;

/// Number of a decision; grows with time, and is never given twice.
pub type DecisionId = i64;

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// Something that bears on what is stitched to what, or is counted.
    Standing(Decision),
    /// Removals of this source that were held back are true (S23). It is done at once, and stands for no time.
    Confirmed(Source),
}

/// A decision to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDecision {
    /// What.
    pub decided: Decided,
    /// Who, as they say.
    pub author: Box<str>,
    /// Why; may be empty.
    pub reason: Box<str>,
    /// When it ends by itself: seconds since the Unix epoch.
    pub until: Option<i64>,
}

/// A decision that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// Its number.
    pub id: DecisionId,
    /// When it was made: seconds since the Unix epoch.
    pub at: i64,
    /// What was decided, by whom and why.
    pub new: NewDecision,
    /// How it ended; `None`: it stands.
    pub ended: Option<Ended>,
}

/// How a decision ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When: seconds since the Unix epoch.
    pub at: i64,
    /// Who ended it; `None`: its time was over.
    pub by: Option<Box<str>>,
    /// Why; may be empty.
    pub why: Box<str>,
}

/// Which decisions are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Those that stand.
    Yes,
    /// Those that have ended.
    No,
    /// All.
    Either,
}

impl Store {
    /// Makes a decision, and ends those whose place it takes: both or neither. When this returns, it is on the disk.
    ///
    /// # Errors
    /// When the disk is full or fails. Nothing was decided then.
    pub fn decide(
        &mut self,
        at: i64,
        new: &NewDecision,
        replaced: &[DecisionId],
    ) -> Result<DecisionRecord, StoreError> {
        decide(&mut self.connection, at, new, replaced)
            .map_err(|failure| failure.at(&self.path, "keep a decision"))
    }

    /// Ends a decision; `None` where there is none of that number, or it has ended already.
    ///
    /// # Errors
    /// When the disk is full or fails. The decision stands then.
    pub fn end_decision(
        &mut self,
        id: DecisionId,
        ended: &Ended,
    ) -> Result<Option<DecisionRecord>, StoreError> {
        end(&mut self.connection, id, ended)
            .map_err(|failure| failure.at(&self.path, format!("end decision {id}")))
    }

    /// Every decision that stands, the first first.
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn standing_decisions(&self) -> Result<Vec<DecisionRecord>, StoreError> {
        let rows = select(&self.connection, Standing::Yes, None, MAX_DECISIONS);
        let mut records = rows.map_err(|failure| failure.at(&self.path, "read the decisions"))?;
        records.reverse();
        Ok(records)
    }
}

impl Reader {
    /// Decisions, the last first: those of a lower number than `before`, and at most `limit`.
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn decisions(
        &mut self,
        standing: Standing,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<Vec<DecisionRecord>, StoreError> {
        select(&self.connection, standing, before, limit)
            .map_err(|failure| failure.at(&self.path, "read the decisions"))
    }

    /// The decision of that number.
    ///
    /// # Errors
    /// When the disk fails or the row cannot be understood.
    pub fn decision(&mut self, id: DecisionId) -> Result<Option<DecisionRecord>, StoreError> {
        one(&self.connection, id)
            .map_err(|failure| failure.at(&self.path, format!("read decision {id}")))
    }
}

/// The columns that say what was decided.
#[derive(Default)]
struct Columns {
    kind: i64,
    instance: Option<Box<str>>,
    component: Option<Box<str>>,
    cluster: Option<Box<str>>,
    namespace: Option<Box<str>>,
    service: Option<Box<str>>,
}

impl Columns {
    fn of(decided: &Decided) -> Self {
        match decided {
            Decided::Standing(Decision::Pin { component, service }) => Self {
                kind: 1,
                ..Self::both(component, service)
            },
            Decided::Standing(Decision::Prefer { component, service }) => Self {
                kind: 2,
                ..Self::both(component, service)
            },
            Decided::Standing(Decision::IgnoreComponent(component)) => Self {
                kind: 3,
                instance: Some(component.instance.clone()),
                component: Some(component.reference.to_string().into()),
                ..Self::default()
            },
            Decided::Standing(Decision::IgnoreService(service)) => Self {
                kind: 4,
                cluster: Some(service.cluster.clone()),
                namespace: Some(service.namespace.clone()),
                service: Some(service.name.clone()),
                ..Self::default()
            },
            Decided::Confirmed(Source::Instance(name)) => Self {
                kind: 5,
                instance: Some(name.clone()),
                ..Self::default()
            },
            Decided::Confirmed(Source::Cluster(name)) => Self {
                kind: 5,
                cluster: Some(name.clone()),
                ..Self::default()
            },
        }
    }

    fn both(component: &ComponentKey, service: &ServiceKey) -> Self {
        Self {
            kind: 0,
            instance: Some(component.instance.clone()),
            component: Some(component.reference.to_string().into()),
            cluster: Some(service.cluster.clone()),
            namespace: Some(service.namespace.clone()),
            service: Some(service.name.clone()),
        }
    }

    fn decided(self) -> Result<Decided, RecordError> {
        let kind = self.kind;
        let lacks = || RecordError::Malformed {
            what: "a decision",
            reason: format!("kind {kind} lacks a column"),
        };
        let source = (self.instance.clone(), self.cluster.clone());
        let component = || {
            let instance = self.instance.clone().ok_or_else(lacks)?;
            let text = self.component.as_deref().ok_or_else(lacks)?;
            let reference = EntityRef::parse(text, None, "default").map_err(|error| {
                RecordError::Malformed {
                    what: "the component of a decision",
                    reason: error.to_string(),
                }
            })?;
            Ok(ComponentKey {
                instance,
                reference,
            })
        };
        let service = || {
            Ok(ServiceKey {
                cluster: self.cluster.clone().ok_or_else(lacks)?,
                namespace: self.namespace.clone().ok_or_else(lacks)?,
                name: self.service.clone().ok_or_else(lacks)?,
            })
        };
        Ok(match kind {
            1 => Decided::Standing(Decision::Pin {
                component: component()?,
                service: service()?,
            }),
            2 => Decided::Standing(Decision::Prefer {
                component: component()?,
                service: service()?,
            }),
            3 => Decided::Standing(Decision::IgnoreComponent(component()?)),
            4 => Decided::Standing(Decision::IgnoreService(service()?)),
            5 => Decided::Confirmed(match source {
                (Some(instance), None) => Source::Instance(instance),
                (None, Some(cluster)) => Source::Cluster(cluster),
                _ => return Err(lacks()),
            }),
            found => {
                return Err(RecordError::Unknown {
                    what: "kind of decision",
                    found,
                });
            }
        })
    }
}

fn decide(
    connection: &mut Connection,
    at: i64,
    new: &NewDecision,
    replaced: &[DecisionId],
) -> Result<DecisionRecord, Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let record = insert(&transaction, at, new)?;
    let ended = Ended {
        at,
        by: Some(new.author.clone()),
        why: format!("replaced by decision {}", record.id).into(),
    };
    for id in replaced {
        set_ended(&transaction, *id, &ended)?;
    }
    transaction.commit()?;
    Ok(record)
}

fn insert(connection: &Connection, at: i64, new: &NewDecision) -> Result<DecisionRecord, Failure> {
    let columns = Columns::of(&new.decided);
    let ended = matches!(new.decided, Decided::Confirmed(_)).then(|| Ended {
        at,
        by: Some(new.author.clone()),
        why: "done".into(),
    });
    let id = connection
        .prepare_cached(
            "INSERT INTO decision (kind, instance, component, cluster, namespace, service,
                author, reason, at, until, ended_at, ended_by, ended_why)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) RETURNING id",
        )?
        .query_row(
            params![
                columns.kind,
                columns.instance,
                columns.component,
                columns.cluster,
                columns.namespace,
                columns.service,
                new.author,
                new.reason,
                at,
                new.until,
                ended.as_ref().map(|ended| ended.at),
                ended.as_ref().and_then(|ended| ended.by.as_deref()),
                ended.as_ref().map(|ended| &*ended.why),
            ],
            |row| row.get(0),
        )?;
    Ok(DecisionRecord {
        id,
        at,
        new: new.clone(),
        ended,
    })
}

fn end(
    connection: &mut Connection,
    id: DecisionId,
    ended: &Ended,
) -> Result<Option<DecisionRecord>, Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !set_ended(&transaction, id, ended)? {
        return Ok(None);
    }
    let record = one(&transaction, id)?;
    transaction.commit()?;
    Ok(record)
}

/// Whether it stood until now.
fn set_ended(connection: &Connection, id: DecisionId, ended: &Ended) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE decision SET ended_at = ?2, ended_by = ?3, ended_why = ?4 WHERE id = ?1 AND ended_at IS NULL",
        )?
        .execute(params![id, ended.at, ended.by, ended.why])?;
    Ok(changed > 0)
}

const COLUMNS: &str = "id, kind, instance, component, cluster, namespace, service, author, reason, at, until, ended_at, ended_by, ended_why";

fn one(connection: &Connection, id: DecisionId) -> Result<Option<DecisionRecord>, Failure> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM decision WHERE id = ?1"))?
        .query_row([id], |row| Ok(record(row)))
        .optional()?
        .transpose()
}

fn select(
    connection: &Connection,
    standing: Standing,
    before: Option<DecisionId>,
    limit: usize,
) -> Result<Vec<DecisionRecord>, Failure> {
    let condition = match standing {
        Standing::Yes => "ended_at IS NULL",
        Standing::No => "ended_at IS NOT NULL",
        Standing::Either => "TRUE",
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM decision WHERE {condition} AND id < ?1 ORDER BY id DESC LIMIT ?2"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![before.unwrap_or(i64::MAX), limit])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}

fn record(row: &Row<'_>) -> Result<DecisionRecord, Failure> {
    let columns = Columns {
        kind: row.get(1)?,
        instance: row.get(2)?,
        component: row.get(3)?,
        cluster: row.get(4)?,
        namespace: row.get(5)?,
        service: row.get(6)?,
    };
    let ended: Option<i64> = row.get(11)?;
    Ok(DecisionRecord {
        id: row.get(0)?,
        at: row.get(9)?,
        new: NewDecision {
            decided: columns.decided()?,
            author: row.get(7)?,
            reason: row.get(8)?,
            until: row.get(10)?,
        },
        ended: match ended {
            Some(at) => Some(Ended {
                at,
                by: row.get(12)?,
                why: row.get::<_, Option<Box<str>>>(13)?.unwrap_or_default(),
            }),
            None => None,
        },
    })
}
