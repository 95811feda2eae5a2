//! One read of a catalog: asks for the pages, passes after passes, until one can be relied upon.
//!
//! It owns what is asked, how often, and how long it takes. What came is for the [`Draft`] to keep, and whether that is all
//! for [`completeness`](super::completeness) to say.

use std::sync::Arc;
use std::time::Duration;

use backstage_client::{ByRefs, Client, EntityFilter, Error, Page, Pager};
use http::StatusCode;
use topology::label_map::LabelMap;

use super::completeness::{Accounted, doubt, is_certain};
use super::draft::{Draft, Existing, Expected};
use super::error::hint;
use super::known::Given;
use super::memory::{Contents, Origin};
use super::table::Table;
use super::{
    Cost, MAX_BARREN_PAGES, MAX_ENTITIES, MAX_PAGE_TRIES, MAX_PASSES, MAX_READ, MAX_REPAIR,
    MAX_RESTARTS, ReadError, Sync, kinds,
};
use crate::Progress;
use crate::schedule::Hint;

/// The pause before a page is asked for again.
pub(super) type Pause = fn(u32, Hint) -> Duration;

pub(super) struct Reading<'r> {
    pub(super) client: &'r Client,
    pub(super) filter: &'r EntityFilter,
    pub(super) map: &'r LabelMap,
    pub(super) origin: Origin,
    pub(super) page_size: std::num::NonZeroU32,
    pub(super) pause: Pause,
}

impl Reading<'_> {
    /// Reads all of it, within the time that a read may take.
    pub(super) async fn read(
        &self,
        known: &Table,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(Sync, Given), ReadError> {
        match tokio::time::timeout(MAX_READ, self.passes(known, progress)).await {
            Ok(read) => read,
            Err(_) => Err(ReadError::TooLong {
                url: self.url(),
                limit: MAX_READ,
            }),
        }
    }

    async fn passes(
        &self,
        known: &Table,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(Sync, Given), ReadError> {
        let mut draft = Draft::new(known, self.map, self.client.catalog_url().as_str());
        let mut cost = Cost::default();
        let mut restarts = MAX_RESTARTS;
        let mut found = Vec::new();
        for _ in 0..MAX_PASSES {
            draft.begin_pass();
            self.pass(&mut draft, &mut cost, &mut restarts, progress)
                .await?;
            cost.passes += 1;
            let expected = self.account(&mut draft, &mut cost).await;
            let counts = draft.counts();
            let certain = is_certain(counts, expected);
            if certain || draft.agrees() {
                cost.known = draft.unparsed();
                cost.repaired = expected.repaired;
                let doubt = if certain {
                    None
                } else {
                    doubt(counts, expected)
                };
                let (generation, given) = draft.finish();
                let sync = Sync {
                    generation,
                    contents: Contents::new(self.origin, Arc::clone(&given.fresh)),
                    cost,
                    doubt,
                };
                return Ok((sync, given));
            }
            tracing::info!(
                ?counts,
                ?expected,
                "this pass over the catalog is not certain to be complete, reading again"
            );
            found.push(match counts.announced {
                Some(announced) => format!("{} of {announced}", counts.seen),
                None => counts.seen.to_string(),
            });
        }
        Err(ReadError::Unstable {
            url: self.url(),
            counts: found.join(", then "),
        })
    }

    async fn pass(
        &self,
        draft: &mut Draft<'_>,
        cost: &mut Cost,
        restarts: &mut u32,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), ReadError> {
        let mut pager = self.client.entities(self.filter.clone(), self.page_size);
        let mut barren = 0;
        loop {
            let page = match self.page(&mut pager, cost.requests > 0).await {
                Ok(None) => return Ok(()),
                Ok(Some(page)) => page,
                // The server does not know its own cursor any more, as after an upgrade.
                Err(error)
                    if error.status() == Some(StatusCode::BAD_REQUEST)
                        && pager.pages() > 0
                        && *restarts > 0 =>
                {
                    tracing::warn!(page = pager.pages() + 1, %error, "the catalog is read from its beginning again");
                    *restarts -= 1;
                    pager = self.client.entities(self.filter.clone(), self.page_size);
                    draft.begin_pass_anew();
                    continue;
                }
                Err(error) => {
                    return Err(ReadError::Page {
                        page: pager.pages() + 1,
                        source: Box::new(error),
                    });
                }
            };
            cost.requests += 1;
            cost.bytes += page.bytes() as u64;
            cost.entities += page.len() as u64;
            let before = draft.counts().seen;
            draft.page(
                page.total_items(),
                page.null_items() as u64,
                pager.may_miss_entities(),
            );
            for entity in page.entities() {
                draft.entity(entity);
            }
            barren = if draft.counts().seen > before {
                0
            } else {
                barren + 1
            };
            if barren >= MAX_BARREN_PAGES {
                return Err(ReadError::Endless { url: self.url() });
            }
            let come = draft.progress();
            if come.done > MAX_ENTITIES as u64 {
                return Err(ReadError::TooMany {
                    url: self.url(),
                    limit: MAX_ENTITIES,
                });
            }
            progress(come);
        }
    }

    /// The next page. Where `again`, a failure that may pass is waited out.
    async fn page(&self, pager: &mut Pager, again: bool) -> Result<Option<Page>, Error> {
        let mut failures = 0;
        loop {
            let error = match pager.next_page().await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            if !again {
                return Err(error);
            }
            tracing::warn!(page = pager.pages() + 1, %error, "a page of the catalog did not come");
            self.wait_out(error, &mut failures).await?;
        }
    }

    /// Waits before the same request is made again; the error where that is of no use, or was tried often enough.
    async fn wait_out(&self, error: Error, failures: &mut u32) -> Result<(), Error> {
        *failures += 1;
        if *failures == MAX_PAGE_TRIES || !error.is_transient() {
            return Err(error);
        }
        let pause = (self.pause)(*failures, hint(&error));
        tracing::warn!(?pause, "asking again");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Asks for what ought to have come and did not.
    async fn account(&self, draft: &mut Draft<'_>, cost: &mut Cost) -> Accounted {
        let mut accounted = Accounted::default();
        let missing: Vec<Expected> = draft.missing().take(MAX_REPAIR + 1).collect();
        if missing.is_empty() {
            return accounted;
        }
        let answered = if missing.len() > MAX_REPAIR {
            None
        } else {
            self.by_refs(draft, &missing).await
        };
        let Some(answered) = answered else {
            accounted.unproven = missing.len() as u64;
            return accounted;
        };
        let existing = if *self.filter == kinds() {
            Existing::Belongs
        } else {
            Existing::MayBelong
        };
        cost.requests += answered.requests() as u64;
        cost.bytes += answered.bytes() as u64;
        for (expected, text) in missing.into_iter().zip(answered.iter()) {
            cost.entities += u64::from(text.is_some());
            draft.answer(expected, text, existing, &mut accounted);
        }
        accounted
    }

    /// What the server has under these references; `None` where it does not say.
    async fn by_refs(&self, draft: &Draft<'_>, missing: &[Expected]) -> Option<ByRefs> {
        let references: Vec<String> = missing
            .iter()
            .map(|expected| draft.reference(*expected))
            .collect();
        let mut failures = 0;
        loop {
            let error = match self.client.by_refs(&references).await {
                Ok(answered) => return Some(answered),
                Err(error) => error,
            };
            tracing::warn!(missing = missing.len(), %error, "cannot ask for the entities that did not come");
            self.wait_out(error, &mut failures).await.ok()?;
        }
    }

    fn url(&self) -> String {
        self.client.catalog_url().to_string()
    }
}
