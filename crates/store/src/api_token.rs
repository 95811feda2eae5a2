//! Tokens of programs: what they are for and until when, and a digest of their secret; never a token itself (S31).

use rusqlite::{Connection, Row, TransactionBehavior, params};

use crate::error::{Failure, StoreError};
use crate::open::Store;

/// Bound on the tokens that are kept at once.
pub const MAX_API_TOKENS: usize = 1_000;
/// How long a token is listed after its end, in seconds: whoever wonders why a program is refused finds it there.
const LISTED: i64 = 30 * 24 * 3600;

/// Number of a token; never given twice.
pub type ApiTokenId = i64;

/// A token to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiToken {
    /// What it is for.
    pub name: Box<str>,
    /// The word of a role.
    pub role: Box<str>,
    /// References of teams, without line breaks.
    pub teams: Vec<String>,
    /// SHA-256 of its secret.
    pub digest: [u8; 32],
    /// Who made it; `None`: nobody said.
    pub made_by: Option<Box<str>>,
    /// When it ends: seconds since the Unix epoch.
    pub expires: i64,
}

/// A token that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiTokenRecord {
    /// Its number.
    pub id: ApiTokenId,
    /// When it was made: seconds since the Unix epoch.
    pub at: i64,
    /// What it is.
    pub new: NewApiToken,
}

impl Store {
    /// Keeps a token, and forgets those that ended long ago. When this returns, it is on the disk.
    ///
    /// # Errors
    /// When the disk is full or fails. Nothing was kept then.
    pub fn keep_api_token(
        &mut self,
        at: i64,
        new: &NewApiToken,
    ) -> Result<ApiTokenRecord, StoreError> {
        keep(&mut self.connection, at, new)
            .map_err(|failure| failure.at(&self.path, "keep an API token"))
    }

    /// Ends a token; whether there was one of that number.
    ///
    /// # Errors
    /// When the disk is full or fails. The token stands then.
    pub fn end_api_token(&mut self, id: ApiTokenId) -> Result<bool, StoreError> {
        self.connection
            .execute("DELETE FROM api_token WHERE id = ?1", [id])
            .map(|ended| ended > 0)
            .map_err(|error| Failure::from(error).at(&self.path, format!("end API token {id}")))
    }

    /// Every token that is kept, the first first.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn api_tokens(&self) -> Result<Vec<ApiTokenRecord>, StoreError> {
        select(&self.connection).map_err(|failure| failure.at(&self.path, "read the API tokens"))
    }
}

fn keep(
    connection: &mut Connection,
    at: i64,
    new: &NewApiToken,
) -> Result<ApiTokenRecord, Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "DELETE FROM api_token WHERE expires < ?1",
        [at.saturating_sub(LISTED)],
    )?;
    transaction.execute(
        "INSERT INTO api_token (name, role, teams, digest, made_by, at, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            new.name,
            new.role,
            new.teams.join("\n"),
            new.digest,
            new.made_by,
            at,
            new.expires
        ],
    )?;
    let id = transaction.last_insert_rowid();
    transaction.commit()?;
    Ok(ApiTokenRecord {
        id,
        at,
        new: new.clone(),
    })
}

fn select(connection: &Connection) -> Result<Vec<ApiTokenRecord>, Failure> {
    let mut statement = connection.prepare(
        "SELECT id, name, role, teams, digest, made_by, at, expires FROM api_token ORDER BY id",
    )?;
    let records = statement.query_map([], record)?;
    Ok(records.collect::<rusqlite::Result<_>>()?)
}

fn record(row: &Row<'_>) -> rusqlite::Result<ApiTokenRecord> {
    let teams: String = row.get(3)?;
    Ok(ApiTokenRecord {
        id: row.get(0)?,
        at: row.get(6)?,
        new: NewApiToken {
            name: row.get(1)?,
            role: row.get(2)?,
            teams: teams.lines().map(str::to_owned).collect(),
            digest: row.get(4)?,
            made_by: row.get(5)?,
            expires: row.get(7)?,
        },
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]

    use crate::Options;

    use super::*;

    fn token(name: &str, expires: i64) -> NewApiToken {
        NewApiToken {
            name: name.into(),
            role: "editor".into(),
            teams: vec![
                "group:default/web".to_owned(),
                "group:default/pay".to_owned(),
            ],
            digest: [7; 32],
            made_by: Some("ann".into()),
            expires,
        }
    }

    #[test]
    fn tokens_survive_a_restart_and_numbers_are_never_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut store = Store::open(&path, &Options::default()).unwrap();
        let first = store.keep_api_token(10, &token("ci", 1_000)).unwrap();
        let second = store.keep_api_token(11, &token("mcp", 1_000)).unwrap();
        assert!(store.end_api_token(second.id).unwrap());
        assert!(!store.end_api_token(second.id).unwrap());
        drop(store);
        let mut store = Store::open(&path, &Options::default()).unwrap();
        assert_eq!(store.api_tokens().unwrap(), std::slice::from_ref(&first));
        let third = store.keep_api_token(12, &token("other", 1_000)).unwrap();
        assert!(third.id > second.id);
        assert_eq!(first.new.teams.len(), 2);
    }

    #[test]
    fn what_ended_long_ago_goes_with_the_next() {
        let mut store = Store::in_memory().unwrap();
        store.keep_api_token(0, &token("old", 100)).unwrap();
        let names = |store: &Store| -> Vec<Box<str>> {
            let kept = store.api_tokens().unwrap();
            kept.into_iter().map(|it| it.new.name).collect()
        };
        store
            .keep_api_token(100 + LISTED, &token("b", i64::MAX))
            .unwrap();
        assert_eq!(names(&store), ["old".into(), "b".into()]);
        store
            .keep_api_token(101 + LISTED, &token("c", i64::MAX))
            .unwrap();
        assert_eq!(names(&store), ["b".into(), "c".into()]);
    }
}
