//! The table `object`: one row for every key that a source gives, or gave and history may name.

use std::ops::RangeInclusive;

use rusqlite::{Connection, OptionalExtension, params};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::source::SourceId;

/// The row of an object.
pub(crate) type ObjectId = i64;

/// Rows of a source are numbered from its own start, so that its facts stand together in the file.
const SOURCE_SHIFT: u32 = 40;

/// The ids that the objects of a source can have.
pub(crate) fn ids_of(source: SourceId) -> RangeInclusive<ObjectId> {
    (source << SOURCE_SHIFT) + 1..=((source + 1) << SOURCE_SHIFT) - 1
}

/// The source of an object.
pub(crate) fn source_of(id: ObjectId) -> SourceId {
    id >> SOURCE_SHIFT
}

/// What the index holds of a key. Signed, because four bytes then hold it; the keys of one hash are told
/// apart by themselves.
pub(crate) fn hash(source: SourceId, key: &[u8]) -> i32 {
    let hash = xxh3_64_with_seed(key, source.cast_unsigned());
    u32::try_from(hash >> 32).unwrap_or_default().cast_signed()
}

/// The first id that the source has not used, or uses no more.
pub(crate) fn next_id(connection: &Connection, source: SourceId) -> rusqlite::Result<ObjectId> {
    let ids = ids_of(source);
    connection
        .prepare_cached("SELECT max(id) FROM object WHERE id BETWEEN ?1 AND ?2")?
        .query_row(params![ids.start(), ids.end()], |row| {
            row.get::<_, Option<ObjectId>>(0)
        })
        .map(|last| last.map_or(*ids.start(), |last| last + 1))
}

/// The row of that key.
pub(crate) fn find(
    connection: &Connection,
    source: SourceId,
    key: &[u8],
) -> rusqlite::Result<Option<ObjectId>> {
    let ids = ids_of(source);
    connection
        .prepare_cached("SELECT id FROM object INDEXED BY object_hash WHERE hash = ?1 AND id BETWEEN ?2 AND ?3 AND key = ?4")?
        .query_row(params![hash(source, key), ids.start(), ids.end(), key], |row| row.get(0))
        .optional()
}

/// The row of that key, made without a fact if there is none.
pub(crate) fn ensure(
    connection: &Connection,
    source: SourceId,
    key: &[u8],
) -> rusqlite::Result<ObjectId> {
    if let Some(id) = find(connection, source, key)? {
        return Ok(id);
    }
    let id = next_id(connection, source)?;
    connection
        .prepare_cached("INSERT INTO object (id, hash, key) VALUES (?1, ?2, ?3)")?
        .execute(params![id, hash(source, key), key])?;
    Ok(id)
}
