//! Forgetting old history without changing what it answers about the time that is kept.
//!
//! ```text
//!  changes, oldest first ──▶ names of what is gone and no change names ──▶ free pages, back to the file system
//! ```
//!
//! Each step is one short transaction, so that commits need not wait for all of them. It knows no clock and no setting:
//! the moment before which is forgotten is an argument.

use std::collections::HashSet;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::HistoryCursor;
use crate::error::{Failure, StoreError};
use crate::object::ObjectId;
use crate::open::Store;
use crate::schema::INCREMENTAL;
use crate::source::SourceId;

/// Rows looked at in one step: some tens of milliseconds.
const STEP: u32 = 10_000;
/// Changes, or names, deleted in one step: each of them stands in several indexes.
const DELETED: usize = 1_000;
/// Names that one compaction deletes at most; the rest is for the next one.
const MAX_NAMES: usize = 100_000;
/// Free pages given back in one step: four megabytes.
const PAGES: i64 = 1_000;
/// Free pages that are left for what comes next, where a quarter of the file is less.
const SPARE_PAGES: i64 = 1_000;

/// A compaction, and how far it has come. Nothing of it has to survive: one that is begun anew does what is left.
#[derive(Clone, Debug)]
pub struct Compaction {
    before: i64,
    deleted: usize,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Changes up to here were looked at.
    Changes(HistoryCursor),
    /// Objects that are gone were looked at up to this one.
    Gone(ObjectId, Nameless),
    /// Every change is looked at for whom it names.
    Named(Nameless),
    /// The recorded states up to this one were looked at for whom they name.
    Recorded((ObjectId, SourceId), Nameless),
    /// What nothing names is deleted.
    Names(Nameless),
    /// Free pages are given back.
    Space,
    Done,
}

/// Objects that are gone and that nothing was found to name.
#[derive(Clone, Debug, Default)]
struct Nameless {
    objects: HashSet<ObjectId>,
    /// Changes up to this number were looked at. Later ones have higher numbers, since none is deleted meanwhile.
    looked_at: i64,
}

/// Whether a compaction goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    More,
    /// Everything old is forgotten.
    Done,
}

impl Compaction {
    /// One that has everything before it: changes older than `before` (seconds since the Unix epoch) are deleted, except
    /// the last such change of each subject that is there. So who had a Service at any later moment stays known.
    pub fn new(before: i64) -> Self {
        let start = HistoryCursor {
            at: i64::MIN,
            id: 0,
        };
        Self {
            before,
            deleted: 0,
            stage: Stage::Changes(start),
        }
    }

    /// How many changes it has deleted.
    pub fn deleted(&self) -> usize {
        self.deleted
    }
}

impl Store {
    /// Takes the next step of a compaction.
    ///
    /// # Errors
    /// When the disk is full or fails. The step is undone then, and can be taken again; the ones before it stay.
    pub fn compact(&mut self, work: &mut Compaction) -> Result<Progress, StoreError> {
        step(&mut self.connection, work)
            .map_err(|failure| failure.at(&self.path, "delete old history"))
    }
}

fn step(connection: &mut Connection, work: &mut Compaction) -> Result<Progress, Failure> {
    // What is changed here is put back only when it is on the disk.
    let mut stage = work.stage.clone();
    let mut deleted = 0;
    if matches!(stage, Stage::Space) {
        stage = give_back(connection)?;
    } else if !matches!(stage, Stage::Done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        stage = match stage {
            Stage::Changes(from) => {
                let (count, next) = delete_changes(&transaction, work.before, from)?;
                deleted = count;
                match next {
                    Some(next) => Stage::Changes(next),
                    None if work.deleted == 0 => Stage::Space,
                    None => Stage::Gone(0, Nameless::default()),
                }
            }
            Stage::Gone(after, nameless) => find_gone(&transaction, after, nameless)?,
            Stage::Named(mut nameless) => match nameless.look_on(&transaction)? {
                Progress::More => Stage::Named(nameless),
                Progress::Done => Stage::Recorded((0, 0), nameless),
            },
            Stage::Recorded(after, nameless) => spare_recorded(&transaction, after, nameless)?,
            Stage::Names(nameless) => delete_names(&transaction, nameless)?,
            Stage::Space | Stage::Done => Stage::Done,
        };
        transaction.commit()?;
    }
    work.deleted += deleted;
    work.stage = stage;
    Ok(match work.stage {
        Stage::Done => Progress::Done,
        _ => Progress::More,
    })
}

fn delete_changes(
    transaction: &Transaction<'_>,
    before: i64,
    from: HistoryCursor,
) -> Result<(usize, Option<HistoryCursor>), Failure> {
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
    let mut next = None;
    let mut deleted = 0;
    for (cursor, superseded) in rows {
        if deleted == DELETED {
            break;
        }
        next = Some(cursor);
        if superseded {
            deleted += transaction
                .prepare_cached("DELETE FROM history WHERE id = ?1")?
                .execute([cursor.id])?;
        }
    }
    if deleted > 0 {
        transaction
            .prepare_cached(
                "INSERT INTO history_begin (only, moment) VALUES (1, ?1)
                 ON CONFLICT (only) DO UPDATE SET moment = max(moment, excluded.moment)",
            )?
            .execute([before])?;
    }
    Ok((deleted, next))
}

/// Finds objects that are gone and that are the subject of nothing.
fn find_gone(
    transaction: &Transaction<'_>,
    after: ObjectId,
    mut nameless: Nameless,
) -> Result<Stage, Failure> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, EXISTS (SELECT 1 FROM history WHERE object = gone.id)
                OR EXISTS (SELECT 1 FROM recorded WHERE object = gone.id)
         FROM (SELECT id FROM object INDEXED BY object_gone WHERE fact IS NULL AND id > ?1 ORDER BY id LIMIT ?2) AS gone",
    )?;
    let mut rows = statement.query(params![after, STEP])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let id: ObjectId = row.get(0)?;
        last = Some(id);
        if !row.get::<_, bool>(1)? {
            nameless.objects.insert(id);
        }
    }
    Ok(match last {
        Some(last) if nameless.objects.len() < MAX_NAMES => Stage::Gone(last, nameless),
        _ if nameless.objects.is_empty() => Stage::Space,
        _ => Stage::Named(nameless),
    })
}

impl Nameless {
    /// Looks at the next changes, and leaves alone whom they name.
    fn look_on(&mut self, transaction: &Transaction<'_>) -> Result<Progress, Failure> {
        let mut statement = transaction.prepare_cached(
            "SELECT id, before_peer, after_peer FROM history WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?;
        let mut rows = statement.query(params![self.looked_at, STEP])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            self.looked_at = row.get(0)?;
            for column in [1, 2] {
                if let Some(peer) = row.get::<_, Option<ObjectId>>(column)? {
                    self.objects.remove(&peer);
                }
            }
        }
        Ok(if count < STEP {
            Progress::Done
        } else {
            Progress::More
        })
    }
}

fn spare_recorded(
    transaction: &Transaction<'_>,
    after: (ObjectId, SourceId),
    mut nameless: Nameless,
) -> Result<Stage, Failure> {
    let mut statement = transaction.prepare_cached(
        "SELECT object, cluster, peer FROM recorded WHERE (object, cluster) > (?1, ?2)
         ORDER BY object, cluster LIMIT ?3",
    )?;
    let mut rows = statement.query(params![after.0, after.1, STEP])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        last = Some((row.get(0)?, row.get(1)?));
        if let Some(peer) = row.get::<_, Option<ObjectId>>(2)? {
            nameless.objects.remove(&peer);
        }
    }
    Ok(match last {
        Some(last) => Stage::Recorded(last, nameless),
        None => Stage::Names(nameless),
    })
}

fn delete_names(transaction: &Transaction<'_>, mut nameless: Nameless) -> Result<Stage, Failure> {
    // What was recorded since may name one of them again.
    if nameless.look_on(transaction)? == Progress::More {
        return Ok(Stage::Names(nameless));
    }
    let some: Vec<ObjectId> = nameless.objects.iter().take(DELETED).copied().collect();
    let mut statement = transaction.prepare_cached(
        "DELETE FROM object WHERE id = ?1 AND fact IS NULL
            AND NOT EXISTS (SELECT 1 FROM history WHERE object = ?1)
            AND NOT EXISTS (SELECT 1 FROM recorded WHERE object = ?1)",
    )?;
    for id in &some {
        statement.execute([id])?;
        nameless.objects.remove(id);
    }
    Ok(if nameless.objects.is_empty() {
        Stage::Space
    } else {
        Stage::Names(nameless)
    })
}

/// Gives free pages back, where the file was made in such a way that this can be done in steps, and where there are more
/// than will be used again soon.
fn give_back(connection: &Connection) -> Result<Stage, Failure> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("auto_vacuum")? != INCREMENTAL {
        return Ok(Stage::Done);
    }
    let spare = (pragma("page_count")? / 4).max(SPARE_PAGES);
    let free = pragma("freelist_count")?;
    if free <= spare {
        return Ok(Stage::Done);
    }
    let pages = PAGES.min(free - spare);
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    // It does its work row by row.
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(Stage::Space)
}
