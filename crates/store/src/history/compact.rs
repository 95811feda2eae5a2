//! Forgetting old history without changing what it answers about the time that is kept.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::HistoryCursor;
use crate::error::{Failure, StoreError};
use crate::open::Store;

/// Rows looked at in one step: some tens of milliseconds.
const STEP: u32 = 10_000;

/// What one step of [`Store::compact`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Changes deleted.
    pub deleted: usize,
    /// Where the next step begins; `None`: everything old was looked at.
    pub next: Option<HistoryCursor>,
}

impl Store {
    /// Deletes changes older than `before` (seconds since the Unix epoch), except the last such change of each subject
    /// that is there: who had a Service at any later moment stays known.
    ///
    /// This is one step, so that commits need not wait for all of them: begin with `None`, go on with
    /// [`Compacted::next`]. The last step also deletes names that nothing refers to any more, for which it reads all
    /// history once.
    ///
    /// # Errors
    /// When the disk is full or fails. The step is undone then; the ones before it stay.
    pub fn compact(
        &mut self,
        before: i64,
        from: Option<HistoryCursor>,
    ) -> Result<Compacted, StoreError> {
        let from = from.unwrap_or(HistoryCursor {
            at: i64::MIN,
            id: 0,
        });
        compact(&mut self.connection, before, from)
            .map_err(|failure| failure.at(&self.path, "delete old history"))
    }
}

fn compact(
    connection: &mut Connection,
    before: i64,
    from: HistoryCursor,
) -> Result<Compacted, Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Oldest first: a change that answers "not there" goes only after everything before it went.
    let rows = transaction
        .prepare_cached(
            "SELECT at, id,
                after_state IS NULL OR EXISTS (
                    SELECT 1 FROM history AS newer
                    WHERE newer.object = history.object AND newer.cluster = history.cluster
                        AND newer.at >= history.at AND newer.at < ?1
                        AND (newer.at, newer.id) > (history.at, history.id))
             FROM history WHERE (at, id) > (?2, ?3) AND at < ?1 ORDER BY at, id LIMIT ?4",
        )?
        .query_map(params![before, from.at, from.id, STEP], |row| {
            Ok((
                HistoryCursor {
                    at: row.get(0)?,
                    id: row.get(1)?,
                },
                row.get(2)?,
            ))
        })?
        .collect::<rusqlite::Result<Vec<(HistoryCursor, bool)>>>()?;
    let next = rows.last().map(|(cursor, _)| *cursor);
    let mut deleted = 0;
    for (cursor, superseded) in rows {
        if superseded {
            deleted += transaction
                .prepare_cached("DELETE FROM history WHERE id = ?1")?
                .execute([cursor.id])?;
        }
    }
    if next.is_none() {
        drop_unnamed(&transaction)?;
    }
    transaction.commit()?;
    Ok(Compacted { deleted, next })
}

/// Deletes the keys of facts that are gone and that no change names any more.
fn drop_unnamed(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction
        .execute(
            "DELETE FROM object WHERE fact IS NULL AND id NOT IN (
                SELECT object FROM history UNION ALL SELECT object FROM recorded
                UNION ALL SELECT before_peer FROM history WHERE before_peer IS NOT NULL
                UNION ALL SELECT after_peer FROM history WHERE after_peer IS NOT NULL
                UNION ALL SELECT peer FROM recorded WHERE peer IS NOT NULL)",
            [],
        )
        .map(|_| ())
}
