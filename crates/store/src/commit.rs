//! Committing facts, and forgetting a source.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use topology::fact::{EntityFact, ObjectFact};

use crate::content::{self, Content, Contents};
use crate::error::{Failure, StoreError};
use crate::fact::{Fact, stored::Stored};
use crate::load::PAGE;
use crate::object::{self, ObjectId};
use crate::open::Store;
use crate::source::{self, Good, HeldRecord, Source, SourceId};

/// Facts brought into order at a time: bounds the memory that a commit of any size takes.
const CHUNK: usize = 10_000;

/// What one batch changes. It becomes visible and durable as a whole or not at all.
#[derive(Clone, Debug)]
pub struct CommitBatch<'a, F: Fact> {
    /// Name of the instance or cluster.
    pub source: &'a str,
    /// Fingerprint of the mapping that the facts were read with; empty for a cluster.
    pub mapping: &'a str,
    /// The generation that the batch is part of.
    pub generation: u32,
    /// When it was read: seconds since the Unix epoch.
    pub read_at: i64,
    /// With this batch the generation is complete: it is the last good one (S22).
    pub complete: bool,
    /// The removals that are held back after this batch, if any (S23).
    pub held: Option<HeldRecord>,
    /// Facts that are new or changed. Facts that say what the store has cost no write. Of two with one key the later
    /// counts.
    pub upserts: &'a [F],
    /// Keys of facts that are no more, unknown ones included; they go after the upserts came.
    pub removals: &'a [F::Key],
    /// What the upserts came of.
    pub contents: Contents<'a>,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Facts that were not there.
    pub added: usize,
    /// Facts that said something else.
    pub changed: usize,
    /// Facts that said what the store had.
    pub unchanged: usize,
    /// Facts that went.
    pub removed: usize,
}

impl Store {
    /// Commits one batch. When this returns, it is on the disk.
    ///
    /// A batch may be of any size. New facts land at random places of the index, so the first read of a large source
    /// costs least in few large batches.
    ///
    /// # Errors
    /// When the disk is full or fails. Nothing of the batch is kept then, and it can be committed again.
    pub fn commit<F: Fact>(&mut self, batch: &CommitBatch<'_, F>) -> Result<Committed, StoreError> {
        self.commit_all(batch, [])
    }

    /// Commits one batch with facts that are made one after the other, each with what it came of, beside those that the
    /// batch has: a generation of any size in one transaction, at the memory of a part of it.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn commit_all<F: Fact>(
        &mut self,
        batch: &CommitBatch<'_, F>,
        facts: impl IntoIterator<Item = (F, Option<Content>)>,
    ) -> Result<Committed, StoreError> {
        let source = F::source(batch.source);
        commit(&mut self.connection, &source, batch, facts)
            .map_err(|failure| failure.at(&self.path, format!("commit facts of {source}")))
    }

    /// Drops every fact of a source and what is known of it. History keeps what it says of it.
    ///
    /// # Errors
    /// When the disk is full or fails. The source is kept as it was then.
    pub fn forget(&mut self, source: &Source) -> Result<(), StoreError> {
        let result = match source {
            Source::Instance(_) => forget::<EntityFact>(&mut self.connection, source),
            Source::Cluster(_) => forget::<ObjectFact>(&mut self.connection, source),
        };
        result.map_err(|failure| failure.at(&self.path, format!("forget {source}")))
    }
}

fn commit<F: Fact>(
    connection: &mut Connection,
    source: &Source,
    batch: &CommitBatch<'_, F>,
    more: impl IntoIterator<Item = (F, Option<Content>)>,
) -> Result<Committed, Failure> {
    let read = Good {
        generation: batch.generation,
        read_at: batch.read_at,
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = source::ensure(&transaction, source)?;
    source::update(
        &transaction,
        id,
        batch.mapping,
        read,
        batch.complete,
        batch.held,
    )?;
    if let Some(origin) = batch.contents.origin {
        content::set_origin(&transaction, id, origin)?;
    }
    let mut done = Committed::default();
    let mut contents = batch.contents.each;
    for facts in batch.upserts.chunks(CHUNK) {
        let (these, rest) = contents.split_at(facts.len().min(contents.len()));
        contents = rest;
        upsert(&transaction, id, read, (facts, these), &mut done)?;
    }
    let mut more = more.into_iter();
    loop {
        let (facts, contents): (Vec<F>, Vec<Option<Content>>) = more.by_ref().take(CHUNK).unzip();
        if facts.is_empty() {
            break;
        }
        upsert(&transaction, id, read, (&facts, &contents), &mut done)?;
    }
    for keys in batch.removals.chunks(CHUNK) {
        remove::<F>(&transaction, id, keys, &mut done)?;
    }
    transaction.commit()?;
    Ok(done)
}

/// A fact to be written: what the index knows of it, its key, its bytes, what it came of.
struct Staged {
    hash: i32,
    key: Vec<u8>,
    fact: Vec<u8>,
    content: Option<Content>,
}

fn upsert<F: Stored>(
    transaction: &Transaction<'_>,
    source: SourceId,
    read: Good,
    facts: (&[F], &[Option<Content>]),
    done: &mut Committed,
) -> Result<(), Failure> {
    let mut reworded: Vec<(ObjectId, Option<Content>)> = Vec::new();
    let mut changed: Vec<(ObjectId, Staged)> = Vec::new();
    let mut new: Vec<Staged> = Vec::new();
    for staged in stage(source, facts)? {
        match compare(transaction, source, &staged)? {
            Known::Same => done.unchanged += 1,
            Known::Reworded(id) => {
                done.unchanged += 1;
                reworded.push((id, staged.content));
            }
            Known::Other(id) => {
                done.changed += 1;
                changed.push((id, staged));
            }
            Known::Gone(id) => {
                done.added += 1;
                changed.push((id, staged));
            }
            Known::No => {
                done.added += 1;
                new.push(staged);
            }
        }
    }

    // In the order of the rows, so that each page of the file is written once.
    reworded.sort_unstable_by_key(|(id, _)| *id);
    let mut update = transaction.prepare_cached("UPDATE object SET content = ?2 WHERE id = ?1")?;
    for (id, content) in reworded {
        update.execute(params![id, content])?;
    }
    changed.sort_unstable_by_key(|(id, _)| *id);
    let mut update = transaction.prepare_cached(
        "UPDATE object SET fact = ?2, generation = ?3, read_at = ?4, content = ?5 WHERE id = ?1",
    )?;
    for (id, staged) in changed {
        update.execute(params![
            id,
            staged.fact,
            read.generation,
            read.read_at,
            staged.content
        ])?;
    }
    let mut insert = transaction.prepare_cached(
        "INSERT INTO object (id, hash, key, fact, generation, read_at, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (id, staged) in (object::next_id(transaction, source)?..).zip(new) {
        insert.execute(params![
            id,
            staged.hash,
            staged.key,
            staged.fact,
            read.generation,
            read.read_at,
            staged.content
        ])?;
    }
    Ok(())
}

/// Encodes the facts, in the order of the index: random order costs many times the writes. Of one key the last stays.
fn stage<F: Stored>(
    source: SourceId,
    (facts, contents): (&[F], &[Option<Content>]),
) -> Result<Vec<Staged>, Failure> {
    let mut staged = Vec::with_capacity(facts.len());
    for (index, fact) in facts.iter().enumerate().rev() {
        let key = F::encode_key(&fact.key())?;
        staged.push(Staged {
            hash: object::hash(source, &key),
            key,
            fact: fact.encode()?,
            content: contents.get(index).copied().flatten(),
        });
    }
    staged.sort_by(|a, b| (a.hash, &a.key).cmp(&(b.hash, &b.key)));
    staged.dedup_by(|later, first| later.key == first.key);
    Ok(staged)
}

enum Known {
    No,
    Same,
    /// The same, that came of another text.
    Reworded(ObjectId),
    Other(ObjectId),
    /// History names it, and it was not there any more.
    Gone(ObjectId),
}

fn compare(
    transaction: &Transaction<'_>,
    source: SourceId,
    staged: &Staged,
) -> rusqlite::Result<Known> {
    let ids = object::ids_of(source);
    let known = transaction
        .prepare_cached(
            "SELECT id, fact IS ?5, fact IS NULL, content IS ?6 FROM object INDEXED BY object_hash WHERE hash = ?1 AND id BETWEEN ?2 AND ?3 AND key = ?4",
        )?
        .query_row(
            params![
                staged.hash,
                ids.start(),
                ids.end(),
                staged.key,
                staged.fact,
                staged.content
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    Ok(match known {
        None => Known::No,
        Some((_, true, _, true)) => Known::Same,
        Some((id, true, _, false)) => Known::Reworded(id),
        Some((id, false, true, _)) => Known::Gone(id),
        Some((id, false, false, _)) => Known::Other(id),
    })
}

fn remove<F: Stored>(
    transaction: &Transaction<'_>,
    source: SourceId,
    keys: &[F::Key],
    done: &mut Committed,
) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for key in keys {
        if let Some(id) = object::find(transaction, source, &F::encode_key(key)?)? {
            rows.push((id, F::in_history(key)));
        }
    }
    rows.sort_unstable();
    for (id, keep_key) in rows {
        done.removed += drop_fact(transaction, id, keep_key)?;
    }
    Ok(())
}

/// Facts of what history never names go with their keys: pods come and go by the million.
fn drop_fact(
    transaction: &Transaction<'_>,
    id: ObjectId,
    keep_key: bool,
) -> rusqlite::Result<usize> {
    let sql = if keep_key {
        "UPDATE object SET fact = NULL, generation = NULL, read_at = NULL, content = NULL WHERE id = ?1 AND fact IS NOT NULL"
    } else {
        "DELETE FROM object WHERE id = ?1"
    };
    transaction.prepare_cached(sql)?.execute([id])
}

fn forget<F: Stored>(connection: &mut Connection, source: &Source) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(source) = source::find(&transaction, source)? else {
        return Ok(());
    };
    let ids = object::ids_of(source);
    let mut after = ids.start() - 1;
    loop {
        let rows = transaction
            .prepare_cached(
                "SELECT id, key FROM object WHERE id > ?1 AND id <= ?2 AND fact IS NOT NULL ORDER BY id LIMIT ?3",
            )?
            .query_map(params![after, ids.end(), PAGE], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<Vec<(ObjectId, Vec<u8>)>>>()?;
        let Some((last, _)) = rows.last() else { break };
        after = *last;
        for (id, key) in rows {
            // A key that cannot be read names nothing that could be shown.
            let keep_key = F::decode_key(&key).is_ok_and(|key| F::in_history(&key));
            drop_fact(&transaction, id, keep_key)?;
        }
    }
    source::clear(&transaction, source)?;
    transaction.commit()?;
    Ok(())
}
