//! The schema and its migrations: numbered SQL files, each run once, each in its own transaction.
//!
//! `user_version` of the file is the number of the last migration that ran. A released migration is never edited.

use rusqlite::{Connection, TransactionBehavior};

/// Tells our files from those of other programs: `BkSt`.
pub(crate) const APPLICATION_ID: i32 = 0x426b_5374;

/// Migration `n` brings a file from version `n - 1` to `n`.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
];

/// `auto_vacuum`: pages that are free can be given back a few at a time. It can only be chosen before the first table.
pub(crate) const INCREMENTAL: i64 = 2;

/// What a file turned out to be.
#[derive(Debug)]
pub(crate) enum SchemaError {
    /// A database of another program.
    Foreign,
    /// Written by a version that knows more migrations.
    Newer { found: i64 },
    /// A migration failed and was rolled back; the ones before it stay.
    Migration {
        version: i64,
        source: rusqlite::Error,
    },
    /// The file could not be read.
    Read(rusqlite::Error),
}

/// Brings the file to the newest version.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), SchemaError> {
    let read = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(SchemaError::Read)
    };
    let found = read("user_version")?;
    let application = read("application_id")?;
    let empty = connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
            row.get::<_, bool>(0)
        })
        .map_err(SchemaError::Read)?;
    if application != i64::from(APPLICATION_ID) && !(empty && application == 0) {
        return Err(SchemaError::Foreign);
    }
    if empty {
        connection
            .pragma_update(None, "auto_vacuum", INCREMENTAL)
            .map_err(SchemaError::Read)?;
    }
    for (version, sql) in (1_i64..).zip(migrations) {
        if version > found {
            run(connection, version, sql)
                .map_err(|source| SchemaError::Migration { version, source })?;
        }
    }
    if usize::try_from(found).is_ok_and(|found| found <= migrations.len()) {
        Ok(())
    } else {
        Err(SchemaError::Newer { found })
    }
}

fn run(connection: &mut Connection, version: i64, sql: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]

    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn only_what_is_missing_runs() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        migrate(
            &mut connection,
            &["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y"],
        )
        .unwrap();
        assert_eq!(version(&connection), 2);
        connection
            .execute("INSERT INTO a (x, y) VALUES (1, 2)", [])
            .unwrap();
    }

    #[test]
    fn a_failed_migration_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = [
            "CREATE TABLE a (x)",
            "CREATE TABLE b (x); INSERT INTO missing VALUES (1)",
        ];
        let error = migrate(&mut connection, &broken).unwrap_err();
        assert!(
            matches!(error, SchemaError::Migration { version: 2, .. }),
            "{error:?}"
        );
        assert_eq!(version(&connection), 1);
        migrate(
            &mut connection,
            &["CREATE TABLE a (x)", "CREATE TABLE b (x)"],
        )
        .unwrap();
        assert_eq!(version(&connection), 2);
    }

    #[test]
    fn a_newer_file_and_a_foreign_file_are_refused_untouched() {
        let mut newer = Connection::open_in_memory().unwrap();
        migrate(&mut newer, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let error = migrate(&mut newer, &["CREATE TABLE a (x)"]).unwrap_err();
        assert!(
            matches!(error, SchemaError::Newer { found: 2 }),
            "{error:?}"
        );

        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(
            migrate(&mut foreign, MIGRATIONS).unwrap_err(),
            SchemaError::Foreign
        ));
        assert_eq!(version(&foreign), 0);
    }
}
