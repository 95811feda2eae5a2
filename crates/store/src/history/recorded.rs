//! The last state that history recorded for each verdict and each Service: what a start compares with what it derives.

use rusqlite::{Transaction, params};
use topology::change::{Ownership, VerdictState};
use topology::verdict::{ComponentKey, ServiceKey};

use super::state::{Columns, NO_CLUSTER, Names};
use super::write::ChangeRow;
use crate::error::{Failure, StoreError};
use crate::load::PAGE;
use crate::object::ObjectId;
use crate::open::Store;
use crate::source::SourceId;

/// The state of a verdict or a Service as history last recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The verdict of a component in a cluster.
    Verdict {
        /// The component.
        component: ComponentKey,
        /// The cluster.
        cluster: Box<str>,
        /// Its `after`.
        state: VerdictState,
    },
    /// Who has a Service.
    Service {
        /// The Service.
        service: ServiceKey,
        /// Its `after`.
        state: Ownership,
    },
}

/// Writes the state after a change, or that there is none.
pub(super) fn write(transaction: &Transaction<'_>, row: &ChangeRow) -> rusqlite::Result<()> {
    let Some(after) = row.after else {
        return transaction
            .prepare_cached("DELETE FROM recorded WHERE object = ?1 AND cluster = ?2")?
            .execute([row.object, row.cluster])
            .map(|_| ());
    };
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO recorded (object, cluster, state, owner_state, peer, owner)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            row.object,
            row.cluster,
            after.state,
            after.owner_state,
            after.peer,
            after.owner
        ])
        .map(|_| ())
}

/// The pages of [`Store::recorded_states`]; it ends after an error.
#[derive(Debug)]
pub struct RecordedStates<'s> {
    store: &'s Store,
    /// The last row read; `None`: nothing more to read.
    after: Option<(ObjectId, SourceId)>,
}

impl Store {
    /// What history last recorded for each verdict and each Service that is there, in pages of at most [`PAGE`], in no
    /// particular order.
    pub fn recorded_states(&self) -> RecordedStates<'_> {
        RecordedStates {
            store: self,
            after: Some((0, 0)),
        }
    }
}

impl Iterator for RecordedStates<'_> {
    type Item = Result<Vec<Recorded>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let after = self.after.take()?;
        match page(self.store, after) {
            Ok((_, None)) => None,
            Ok((page, last)) => {
                self.after = last;
                Some(Ok(page))
            }
            Err(failure) => Some(Err(failure.at(&self.store.path, "read the recorded states"))),
        }
    }
}

type Page = (Vec<Recorded>, Option<(ObjectId, SourceId)>);

fn page(store: &Store, after: (ObjectId, SourceId)) -> Result<Page, Failure> {
    let mut names = Names::new(&store.connection);
    let mut statement = store.connection.prepare_cached(
        "SELECT object, cluster, state, owner_state, peer, owner FROM recorded
         WHERE (object, cluster) > (?1, ?2) ORDER BY object, cluster LIMIT ?3",
    )?;
    let mut rows = statement.query(params![after.0, after.1, PAGE])?;
    let mut page = Vec::new();
    let mut last = None;
    while let Some(row) = rows.next()? {
        let (object, cluster): (ObjectId, SourceId) = (row.get(0)?, row.get(1)?);
        last = Some((object, cluster));
        let Some(columns) = Columns::read(row, 2)? else {
            continue;
        };
        page.push(if cluster == NO_CLUSTER {
            Recorded::Service {
                service: names.service(object)?,
                state: names.ownership(columns)?,
            }
        } else {
            Recorded::Verdict {
                component: names.component(object)?,
                cluster: names.cluster(cluster)?,
                state: names.verdict(columns)?,
            }
        });
    }
    Ok((page, last))
}
