//! Recording changes.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use topology::change::Change;

use super::Cause;
use super::recorded;
use super::state::{Columns, NO_CLUSTER, NO_SOURCE, Numbers};
use crate::error::{Failure, StoreError};
use crate::object::ObjectId;
use crate::open::Store;
use crate::source::{self, SourceId};

/// Changes turned into rows at a time: bounds the memory that a record of any size takes.
const CHUNK: usize = 10_000;

/// A change as a row.
pub(super) struct ChangeRow {
    pub(super) object: ObjectId,
    pub(super) cluster: SourceId,
    before: Option<Columns>,
    pub(super) after: Option<Columns>,
}

impl Store {
    /// Records what a batch changed, and with it the states that hold from now on. When this returns, it is on the
    /// disk.
    ///
    /// `at` is in seconds since the Unix epoch. The changes have one order, the one given.
    ///
    /// # Errors
    /// When the disk is full or fails. Nothing is recorded then.
    pub fn record(&mut self, at: i64, cause: &Cause, changes: &[Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        record(&mut self.connection, at, cause, changes)
            .map_err(|failure| failure.at(&self.path, format!("record what {cause} changed")))
    }
}

fn record(
    connection: &mut Connection,
    at: i64,
    cause: &Cause,
    changes: &[Change],
) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let cause = match cause {
        Cause::Read { source, generation } => (
            source::ensure(&transaction, source)?,
            i64::from(*generation),
        ),
        Cause::Decision(id) => (NO_SOURCE, *id),
    };
    for chunk in changes.chunks(CHUNK) {
        let mut numbers = Numbers::new(&transaction);
        let mut rows = chunk
            .iter()
            .map(|change| row(&mut numbers, change))
            .collect::<Result<Vec<_>, _>>()?;
        insert(&transaction, at, cause, &rows)?;
        // In the order of the table; of two changes of one subject the later stays the later.
        rows.sort_by_key(|row| (row.object, row.cluster));
        for row in &rows {
            recorded::write(&transaction, row)?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn row(numbers: &mut Numbers<'_>, change: &Change) -> Result<ChangeRow, Failure> {
    match change {
        Change::Verdict {
            component,
            cluster,
            before,
            after,
        } => Ok(ChangeRow {
            object: numbers.component(component)?,
            cluster: numbers.cluster(cluster)?,
            before: before
                .as_ref()
                .map(|state| numbers.verdict(state))
                .transpose()?,
            after: after
                .as_ref()
                .map(|state| numbers.verdict(state))
                .transpose()?,
        }),
        Change::Service {
            service,
            before,
            after,
        } => Ok(ChangeRow {
            object: numbers.service(service)?,
            cluster: NO_CLUSTER,
            before: before
                .as_ref()
                .map(|ownership| numbers.ownership(ownership))
                .transpose()?,
            after: after
                .as_ref()
                .map(|ownership| numbers.ownership(ownership))
                .transpose()?,
        }),
    }
}

fn insert(
    transaction: &Transaction<'_>,
    at: i64,
    (source, generation): (SourceId, i64),
    rows: &[ChangeRow],
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO history (at, source, generation, object, cluster,
            before_state, before_owner_state, before_peer, before_owner,
            after_state, after_owner_state, after_peer, after_owner)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    for row in rows {
        let (before, after) = (row.before, row.after);
        statement.execute(params![
            at,
            source,
            generation,
            row.object,
            row.cluster,
            before.map(|side| side.state),
            before.and_then(|side| side.owner_state),
            before.and_then(|side| side.peer),
            before.and_then(|side| side.owner),
            after.map(|side| side.state),
            after.and_then(|side| side.owner_state),
            after.and_then(|side| side.peer),
            after.and_then(|side| side.owner),
        ])?;
    }
    Ok(())
}
