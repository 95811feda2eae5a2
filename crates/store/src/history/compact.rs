//! Forgetting old history without changing what it answers about the time that is kept.

use rusqlite::{TransactionBehavior, params};

use super::HistoryCursor;
use crate::error::{Failure, StoreError};
use crate::open::Store;

/// Rows looked at in one transaction, so that a commit of facts never waits long.
const STEP: i64 = 10_000;

impl Store {
    /// Deletes changes older than `before` (seconds since the Unix epoch), except the last such change of each subject
    /// that is there: who had a Service at any later moment stays known. Returns how many were deleted.
    ///
    /// # Errors
    /// When the disk is full or fails. What was deleted until then stays so.
    pub fn compact(&mut self, before: i64) -> Result<usize, StoreError> {
        let mut deleted = 0;
        let mut from = HistoryCursor {
            at: i64::MIN,
            id: 0,
        };
        let result = loop {
            match self.compact_step(before, from) {
                Ok((count, Some(next))) => {
                    deleted += count;
                    from = next;
                }
                Ok((_, None)) => break self.drop_unnamed().map(|()| deleted),
                Err(failure) => break Err(failure),
            }
        };
        result.map_err(|failure| failure.at(&self.path, "delete old history"))
    }

    /// One step: how many rows went, and the last row looked at.
    fn compact_step(
        &mut self,
        before: i64,
        from: HistoryCursor,
    ) -> Result<(usize, Option<HistoryCursor>), Failure> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Oldest first: a deletion that answers "not there" goes only after everything before it went.
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
        let last = rows.last().map(|(cursor, _)| *cursor);
        let mut deleted = 0;
        for (cursor, superseded) in rows {
            if superseded {
                deleted += transaction
                    .prepare_cached("DELETE FROM history WHERE id = ?1")?
                    .execute([cursor.id])?;
            }
        }
        transaction.commit()?;
        Ok((deleted, last))
    }

    /// Deletes the keys of facts that are gone and that no change names any more.
    fn drop_unnamed(&mut self) -> Result<(), Failure> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "DELETE FROM object WHERE fact IS NULL AND id NOT IN (
                SELECT object FROM history UNION ALL SELECT object FROM recorded
                UNION ALL SELECT before_peer FROM history WHERE before_peer IS NOT NULL
                UNION ALL SELECT after_peer FROM history WHERE after_peer IS NOT NULL
                UNION ALL SELECT peer FROM recorded WHERE peer IS NOT NULL)",
            [],
        )?;
        transaction.commit()?;
        Ok(())
    }
}
