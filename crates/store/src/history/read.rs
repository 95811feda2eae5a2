//! Questions to history, on a connection of their own.

use std::path::PathBuf;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, params_from_iter};
use topology::change::{Change, Ownership};
use topology::verdict::ServiceKey;

use super::state::{Columns, NO_CLUSTER, NO_SOURCE, Names, find_owner, service_key, service_state};
use super::{Cause, HistoryCursor, HistoryEntry, HistoryFilter, MAX_HISTORY_PAGE, Subject};
use crate::error::{Failure, StoreError};
use crate::object::{self, ObjectId};
use crate::open::Store;
use crate::record::entity;
use crate::source::{self, Source, SourceId};

/// Answers questions to history beside the writer. Each answer is of one consistent state.
#[derive(Debug)]
pub struct Reader {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
}

impl Reader {
    pub(crate) fn new(connection: Connection, path: PathBuf) -> Self {
        Self { connection, path }
    }

    /// The changes that pass the filter, newest first: those before the cursor, and at most `limit` or
    /// [`MAX_HISTORY_PAGE`], whichever is less.
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn history(
        &mut self,
        filter: &HistoryFilter,
        before: Option<HistoryCursor>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let snapshot = self.connection.transaction().map_err(Failure::from);
        snapshot
            .and_then(|snapshot| history(&snapshot, filter, before, limit.min(MAX_HISTORY_PAGE)))
            .map_err(|failure| failure.at(&self.path, "read history"))
    }

    /// The changes of Services that were recorded after number `after`, in the order in which they were recorded, and at most
    /// `limit` or [`MAX_HISTORY_PAGE`]. Clocks may step back, numbers do not.
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn services_after(&mut self, after: i64, limit: usize) -> Result<Recent, StoreError> {
        let snapshot = self.connection.transaction().map_err(Failure::from);
        snapshot
            .and_then(|snapshot| services_after(&snapshot, after, limit.min(MAX_HISTORY_PAGE)))
            .map_err(|failure| failure.at(&self.path, "read what was recorded last"))
    }

    /// Who had a Service at a moment, in seconds since the Unix epoch. `None`: it was not there, or history does not
    /// reach back so far.
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn service_owner_at(
        &mut self,
        service: &ServiceKey,
        at: i64,
    ) -> Result<Option<Ownership>, StoreError> {
        let snapshot = self.connection.transaction().map_err(Failure::from);
        snapshot
            .and_then(|snapshot| service_owner_at(&snapshot, service, at))
            .map_err(|failure| failure.at(&self.path, format!("read the history of `{service}`")))
    }

    /// Since when it can say what was: seconds since the Unix epoch. Of what was before nothing was recorded, or it is
    /// forgotten. `None`: nothing was ever recorded.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn begin(&mut self) -> Result<Option<i64>, StoreError> {
        begin(&self.connection).map_err(|failure| failure.at(&self.path, BEGIN))
    }

    /// The changes that gave an owner, by canonical reference, the Services that it had at a moment (seconds since the
    /// Unix epoch); newest first, those before the cursor, and at most `limit` or [`MAX_HISTORY_PAGE`].
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn owned_at(
        &mut self,
        owner: &str,
        at: i64,
        before: Option<HistoryCursor>,
        limit: usize,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let snapshot = self.connection.transaction().map_err(Failure::from);
        snapshot
            .and_then(|snapshot| {
                owned_at(&snapshot, owner, at, before, limit.min(MAX_HISTORY_PAGE))
            })
            .map_err(|failure| failure.at(&self.path, format!("read the history of `{owner}`")))
    }

    /// How many Services there were at a moment (seconds since the Unix epoch), by the state of their owner, in the order of
    /// [`ServiceState::ALL`].
    ///
    /// # Errors
    /// When the disk fails or a row cannot be understood.
    pub fn service_counts_at(&mut self, at: i64) -> Result<[u64; 3], StoreError> {
        service_counts_at(&self.connection, at)
            .map_err(|failure| failure.at(&self.path, "count the Services of a moment"))
    }
}

/// What was recorded after some number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// The changes, the first first.
    pub entries: Vec<HistoryEntry>,
    /// The number up to which these are all: to go on from.
    pub upto: i64,
    /// There may be more after it.
    pub more: bool,
}

impl Store {
    /// As [`Reader::begin`].
    ///
    /// # Errors
    /// When the disk fails.
    pub fn begin(&self) -> Result<Option<i64>, StoreError> {
        begin(&self.connection).map_err(|failure| failure.at(&self.path, BEGIN))
    }
}

const BEGIN: &str = "read where history begins";

fn begin(connection: &Connection) -> Result<Option<i64>, Failure> {
    let sql = "SELECT coalesce((SELECT moment FROM history_begin), (SELECT min(at) FROM history))";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// The condition that no later change of the same subject comes up to a moment.
const LAST_UP_TO: &str = "NOT EXISTS (SELECT 1 FROM history AS newer
    WHERE newer.object = history.object AND newer.cluster = history.cluster
        AND newer.at >= history.at AND newer.at <= ?
        AND (newer.at, newer.id) > (history.at, history.id))";

fn owned_at(
    snapshot: &Transaction<'_>,
    owner: &str,
    at: i64,
    before: Option<HistoryCursor>,
    limit: usize,
) -> Result<Vec<HistoryEntry>, Failure> {
    let Some(owner) = find_owner(snapshot, owner)? else {
        return Ok(Vec::new());
    };
    let mut conditions = Conditions::default();
    conditions.add("after_owner = ?", [owner]);
    conditions.add("at <= ?", [at]);
    conditions.add(LAST_UP_TO, [at]);
    if let Some(cursor) = before {
        conditions.add("(at, id) < (?, ?)", [cursor.at, cursor.id]);
    }
    select(snapshot, &conditions, limit)
}

fn service_counts_at(connection: &Connection, at: i64) -> Result<[u64; 3], Failure> {
    let mut conditions = Conditions::default();
    conditions.add("cluster = ?", [NO_CLUSTER]);
    conditions.add("after_state IS NOT NULL", []);
    conditions.add("at <= ?", [at]);
    conditions.add(LAST_UP_TO, [at]);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT after_state, count(*) FROM history WHERE {} GROUP BY after_state",
        conditions.sql.join(" AND ")
    ))?;
    let mut counts = [0; 3];
    let mut rows = statement.query(params_from_iter(conditions.values))?;
    while let Some(row) = rows.next()? {
        let state = service_state(row.get(0)?)?;
        let count: i64 = row.get(1)?;
        counts[state as usize] = count.unsigned_abs();
    }
    Ok(counts)
}

fn service_owner_at(
    snapshot: &Transaction<'_>,
    service: &ServiceKey,
    at: i64,
) -> Result<Option<Ownership>, Failure> {
    let Some(object) = find_service(snapshot, service)? else {
        return Ok(None);
    };
    let columns = snapshot
        .prepare_cached(
            "SELECT after_state, after_owner_state, after_peer, after_owner FROM history
             WHERE object = ?1 AND at <= ?2 ORDER BY at DESC, id DESC LIMIT 1",
        )?
        .query_row(params![object, at], |row| Columns::read(row, 0))
        .optional()?
        .flatten();
    columns
        .map(|columns| Names::new(snapshot).ownership(columns))
        .transpose()
}

fn find_service(
    connection: &Connection,
    service: &ServiceKey,
) -> Result<Option<ObjectId>, Failure> {
    let cluster = source::find(connection, &Source::Cluster(service.cluster.clone()))?;
    let Some(cluster) = cluster else {
        return Ok(None);
    };
    Ok(object::find(connection, cluster, &service_key(service)?)?)
}

fn find_subject(connection: &Connection, subject: &Subject) -> Result<Option<ObjectId>, Failure> {
    match subject {
        Subject::Service(service) => find_service(connection, service),
        Subject::Component(component) => {
            let instance = Source::Instance(component.instance.clone());
            let Some(instance) = source::find(connection, &instance)? else {
                return Ok(None);
            };
            Ok(object::find(
                connection,
                instance,
                &entity::key(&component.reference)?,
            )?)
        }
    }
}

fn services_after(snapshot: &Transaction<'_>, after: i64, limit: usize) -> Result<Recent, Failure> {
    let last: i64 = snapshot.query_row("SELECT coalesce(max(id), 0) FROM history", [], |row| {
        row.get(0)
    })?;
    let sql = format!("{COLUMNS} WHERE id > ? AND cluster = ? ORDER BY id LIMIT ?");
    let mut statement = snapshot.prepare_cached(&sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, NO_CLUSTER, limit])?;
    let mut names = Names::new(snapshot);
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(&mut names, row)?);
    }
    let more = i64::try_from(entries.len()).is_ok_and(|count| count == limit);
    let upto = match entries.last().filter(|_| more) {
        Some(entry) => entry.cursor.id,
        None => last,
    };
    Ok(Recent {
        entries,
        upto,
        more,
    })
}

/// Conditions and the values of their parameters, in order.
#[derive(Clone, Default)]
struct Conditions {
    sql: Vec<&'static str>,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, sql: &'static str, values: impl IntoIterator<Item = i64>) {
        self.sql.push(sql);
        self.values.extend(values.into_iter().map(Value::Integer));
    }
}

fn history(
    snapshot: &Transaction<'_>,
    filter: &HistoryFilter,
    before: Option<HistoryCursor>,
    limit: usize,
) -> Result<Vec<HistoryEntry>, Failure> {
    let mut conditions = Conditions::default();
    if let Some(subject) = &filter.subject {
        let Some(object) = find_subject(snapshot, subject)? else {
            return Ok(Vec::new());
        };
        conditions.add("object = ?", [object]);
    }
    if let Some(since) = filter.since {
        conditions.add("at >= ?", [since]);
    }
    if let Some(until) = filter.until {
        conditions.add("at <= ?", [until]);
    }
    if let Some(cursor) = before {
        conditions.add("(at, id) < (?, ?)", [cursor.at, cursor.id]);
    }
    let Some(owner) = &filter.owner else {
        return select(snapshot, &conditions, limit);
    };
    let Some(owner) = find_owner(snapshot, owner)? else {
        return Ok(Vec::new());
    };
    // Two walks of two indexes in the order of time; one condition with OR would sort everything the owner ever had.
    let mut gave = conditions.clone();
    gave.add("after_owner = ?", [owner]);
    let mut took = conditions;
    took.add("before_owner = ? AND after_owner IS NOT ?", [owner, owner]);
    let mut entries = select(snapshot, &gave, limit)?;
    entries.extend(select(snapshot, &took, limit)?);
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.cursor));
    entries.truncate(limit);
    Ok(entries)
}

/// What [`entry`] reads.
const COLUMNS: &str = "SELECT id, at, source, generation, object, cluster,
            before_state, before_owner_state, before_peer, before_owner,
            after_state, after_owner_state, after_peer, after_owner
         FROM history";

fn select(
    snapshot: &Transaction<'_>,
    conditions: &Conditions,
    limit: usize,
) -> Result<Vec<HistoryEntry>, Failure> {
    let mut sql = COLUMNS.to_owned();
    if !conditions.sql.is_empty() {
        sql += " WHERE ";
        sql += &conditions.sql.join(" AND ");
    }
    sql += " ORDER BY at DESC, id DESC LIMIT ?";
    let limit = Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX));
    let mut statement = snapshot.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(conditions.values.iter().chain([&limit])))?;
    let mut names = Names::new(snapshot);
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(&mut names, row)?);
    }
    Ok(entries)
}

fn entry(names: &mut Names<'_>, row: &Row<'_>) -> Result<HistoryEntry, Failure> {
    let (object, cluster): (ObjectId, SourceId) = (row.get(4)?, row.get(5)?);
    let (before, after) = (Columns::read(row, 6)?, Columns::read(row, 10)?);
    let change = if cluster == NO_CLUSTER {
        Change::Service {
            service: names.service(object)?,
            before: before.map(|side| names.ownership(side)).transpose()?,
            after: after.map(|side| names.ownership(side)).transpose()?,
        }
    } else {
        Change::Verdict {
            component: names.component(object)?,
            cluster: names.cluster(cluster)?,
            before: before.map(|side| names.verdict(side)).transpose()?,
            after: after.map(|side| names.verdict(side)).transpose()?,
        }
    };
    Ok(HistoryEntry {
        cursor: HistoryCursor {
            at: row.get(1)?,
            id: row.get(0)?,
        },
        cause: match row.get(2)? {
            NO_SOURCE => Cause::Decision(row.get(3)?),
            source => Cause::Read {
                source: names.source(source)?,
                generation: row.get(3)?,
            },
        },
        change,
    })
}
