//! A live Backstage as a source: one complete generation, or an error and nothing else (S22).
//!
//! ```text
//!  Client ─ pages ─▶ pass: every entity once ──▶ certain? ── yes ──▶ CatalogGeneration
//!                      ▲                            │ no
//!                      └──────── once more ◀────────┘   … at most MAX_PASSES, then ReadError::Unstable
//! ```
//!
//! A catalog may change while it is read, and there is no snapshot. A pass over it is certain by itself when it went by
//! cursor, nothing in it was `null`, and as many entities were seen as `totalItems` announced: by cursor an entity that
//! exists throughout is seen. Where that does not hold (an older Backstage is read by offset, which loses entities when
//! others are deleted; a count that does not match), the catalog is read again, and what two passes in a row agree on,
//! by their references, is taken for complete. Agreement is asked of references only: an entity that merely changed is
//! there all the same.
//!
//! A page that fails after others were read is asked for again a few times, honouring `Retry-After`, so that a rate limit
//! does not throw away what was read; the first page is not, so that a wrong address shows at once.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use backstage_client::{Client, EntityFilter, Pager};
use http::StatusCode;
use topology::entity::read_entity;
use topology::fact::{CatalogGeneration, EntityFact, Fault};
use topology::label_map::LabelMap;

use crate::Progress;
use crate::document::from_json;
use crate::schedule::{Hint, after_failure};

/// How many entities are asked for at once: large pages are what costs a Backstage least.
pub const PAGE_SIZE: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
/// Bound on the passes over the catalog in one read.
pub const MAX_PASSES: u32 = 3;
/// Bound on the entities of one catalog.
pub const MAX_ENTITIES: usize = 5_000_000;
/// Bound on the time of a whole read.
pub const MAX_READ: Duration = Duration::from_hours(1);
/// Bound on the tries of one page after the first page came.
pub const MAX_PAGE_TRIES: u32 = 5;
/// Bound on the faults of one read.
const MAX_FAULTS: usize = 1_000;

/// Why a catalog could not be read completely. Nothing of such a read may be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A page could not be read.
    #[error("page {page} of the catalog could not be read")]
    Page {
        /// The page, counted from 1.
        page: usize,
        /// Why, with the URL.
        source: Box<backstage_client::Error>,
    },
    /// The catalog changed so much during the read that no two passes agreed.
    #[error(
        "the catalog at `{url}` changed while it was read: {MAX_PASSES} passes found {counts} entities"
    )]
    Unstable {
        /// The catalog API.
        url: String,
        /// What each pass found, and what was announced.
        counts: String,
    },
    /// The read took longer than it may.
    #[error("reading the catalog at `{url}` took longer than {limit:?}")]
    TooLong {
        /// The catalog API.
        url: String,
        /// The limit.
        limit: Duration,
    },
    /// The catalog is larger than it may be.
    #[error("the catalog at `{url}` has more than {limit} entities")]
    TooMany {
        /// The catalog API.
        url: String,
        /// The limit.
        limit: usize,
    },
}

impl ReadError {
    /// What a person can do about it, where something can be done.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Page { source, .. } => source.remedy(),
            Self::Unstable { .. } => Some(
                "wait until Backstage has finished importing; it is read again by itself".to_owned(),
            ),
            Self::TooLong { .. } => Some(
                "look at the load of Backstage and its database: a read takes seconds for 100,000 entities"
                    .to_owned(),
            ),
            Self::TooMany { .. } => Some("narrow the instance by a `filter`".to_owned()),
        }
    }

    /// How long the server asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Page { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// What [`schedule`](crate::schedule) needs to know of it.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Page { source, .. } => hint(source),
            _ => Hint::Transient,
        }
    }
}

fn hint(error: &backstage_client::Error) -> Hint {
    if let Some(asked) = error.retry_after() {
        return Hint::RetryAfter(asked);
    }
    let refused = matches!(
        error.status(),
        Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    );
    if refused || error.is_expired_token() {
        Hint::Refused
    } else {
        Hint::Transient
    }
}

/// The kinds that stitching uses, to be narrowed further where an instance has a filter of its own.
pub fn kinds() -> EntityFilter {
    EntityFilter::kinds(["component", "group", "user"]).unwrap_or_else(|_| EntityFilter::all())
}

/// Reads the catalog completely, once.
///
/// # Errors
/// When any page of it could not be read, or two reads of it do not agree; nothing read so far counts then.
pub async fn read(
    client: &Client,
    filter: &EntityFilter,
    map: &LabelMap,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<CatalogGeneration, ReadError> {
    let mut reader = Reader::new(PAGE_SIZE);
    let read = reader.read(client, filter, map, progress).await?;
    Ok(read.generation)
}

/// Reads one catalog again and again, and remembers what it had.
#[derive(Debug)]
pub struct Reader {
    page_size: NonZeroU32,
    pause: Pause,
}

/// A complete read.
#[derive(Debug)]
pub struct Sync {
    /// What it found.
    pub generation: CatalogGeneration,
    /// What it cost.
    pub cost: Cost,
}

/// What a read cost, and how much of it was news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests answered with a page.
    pub requests: u64,
    /// Bytes of those pages, after decompression.
    pub bytes: u64,
    /// Entities that came, of whatever kind and however often.
    pub entities: u64,
    /// Entities that came as they were known, and were not parsed.
    pub known: u64,
    /// Passes over the whole catalog.
    pub passes: u32,
    /// Entities that the pages had missed and that were found by asking for them.
    pub repaired: u64,
}

/// What became of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is what is known now: what it has is there, what it does not have is gone.
    Replaced,
    /// What it has is there. What it does not have is still there too.
    Merged,
    /// Nothing of it counts; what was known before still is.
    Refused,
}

impl Reader {
    /// A reader that knows nothing yet, and asks for so many entities at a time.
    pub fn new(page_size: NonZeroU32) -> Self {
        Self {
            page_size,
            pause: random_pause,
        }
    }

    /// Reads the catalog completely. What is done with the result has to be said by [`taken`](Self::taken).
    ///
    /// # Errors
    /// When any page of it could not be read, or two passes over it do not agree; nothing read so far counts then.
    pub async fn read(
        &mut self,
        client: &Client,
        filter: &EntityFilter,
        map: &LabelMap,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Sync, ReadError> {
        let reading = Reading {
            client,
            filter,
            map,
            page_size: self.page_size,
            pause: self.pause,
        };
        reading.read(progress).await
    }

    /// What became of the generation read last.
    pub fn taken(&mut self, _: Taken) {}
}

/// The pause before a page is asked for again.
type Pause = fn(u32, Hint) -> Duration;

fn random_pause(failures: u32, hint: Hint) -> Duration {
    // A fresh `RandomState` is random; its hash of anything is too.
    after_failure(failures, hint, RandomState::new().hash_one(failures))
}

struct Reading<'r> {
    client: &'r Client,
    filter: &'r EntityFilter,
    map: &'r LabelMap,
    page_size: NonZeroU32,
    pause: Pause,
}

impl Reading<'_> {
    async fn read(&self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Sync, ReadError> {
        match tokio::time::timeout(MAX_READ, self.passes(progress)).await {
            Ok(read) => read,
            Err(_) => Err(ReadError::TooLong {
                url: self.url(),
                limit: MAX_READ,
            }),
        }
    }

    async fn passes(&self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Sync, ReadError> {
        let mut before: Option<Pass> = None;
        let mut cost = Cost::default();
        let mut counts = Vec::new();
        for _ in 0..MAX_PASSES {
            let pass = self.pass(progress, &mut cost).await?;
            cost.passes += 1;
            let agrees = before
                .as_ref()
                .is_some_and(|before| before.same_references(&pass));
            if pass.is_certain() || agrees {
                let generation = pass.into_generation(&self.url());
                return Ok(Sync { generation, cost });
            }
            counts.push(match pass.announced {
                Some(announced) => format!("{} of {announced}", pass.seen()),
                None => pass.seen().to_string(),
            });
            tracing::info!(
                seen = pass.seen(),
                announced = pass.announced,
                null_items = pass.nulls,
                by_offset = pass.may_miss,
                "this pass over the catalog is not certain to be complete, reading again"
            );
            before = Some(pass);
        }
        Err(ReadError::Unstable {
            url: self.url(),
            counts: counts.join(", then "),
        })
    }

    async fn pass(
        &self,
        progress: &mut (dyn FnMut(Progress) + Send),
        cost: &mut Cost,
    ) -> Result<Pass, ReadError> {
        let mut pager = self.client.entities(self.filter.clone(), self.page_size);
        let mut pass = Pass::default();
        while let Some(page) = self.page(&mut pager).await? {
            pass.may_miss |= pager.may_miss_entities();
            pass.announced = pass.announced.or(page.total_items());
            pass.nulls += page.null_items();
            cost.requests += 1;
            cost.bytes += page.bytes() as u64;
            cost.entities += page.len() as u64;
            for entity in page.entities() {
                pass.entity(entity, self.map, self.client.catalog_url().as_str());
            }
            if pass.facts.len() > MAX_ENTITIES {
                return Err(ReadError::TooMany {
                    url: self.url(),
                    limit: MAX_ENTITIES,
                });
            }
            progress(Progress {
                entities: pass.facts.len() as u64,
                done: pass.items,
                total: pass.announced,
            });
        }
        pass.settle();
        Ok(pass)
    }

    async fn page(&self, pager: &mut Pager) -> Result<Option<backstage_client::Page>, ReadError> {
        let mut failures = 0;
        loop {
            let error = match pager.next_page().await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            failures += 1;
            if pager.pages() == 0 || failures == MAX_PAGE_TRIES || !error.is_transient() {
                return Err(ReadError::Page {
                    page: pager.pages() + 1,
                    source: Box::new(error),
                });
            }
            let pause = (self.pause)(failures, hint(&error));
            tracing::warn!(page = pager.pages() + 1, ?pause, %error, "asking for a page of the catalog again");
            tokio::time::sleep(pause).await;
        }
    }

    fn url(&self) -> String {
        self.client.catalog_url().to_string()
    }
}

/// What one pass over the catalog found.
#[derive(Default)]
struct Pass {
    /// Once settled, sorted by reference and each once.
    facts: Vec<EntityFact>,
    faults: Vec<Fault>,
    /// Entities without an identity.
    unusable: u64,
    /// All that came, of whatever kind.
    items: u64,
    nulls: usize,
    announced: Option<u64>,
    may_miss: bool,
}

impl Pass {
    fn entity(&mut self, text: &str, map: &LabelMap, url: &str) {
        self.items += 1;
        let place = || format!("{url}, entity {}", self.items);
        let fault = match from_json(text) {
            Ok(document) => match read_entity(&document, map) {
                // Backstage 1.12 and 1.13 leak entities that the filter excludes.
                Ok(None) => return,
                Ok(Some(fact)) => {
                    self.facts.push(fact);
                    return;
                }
                Err(fault) => Fault {
                    place: match &*fault.field {
                        "" => place(),
                        field => format!("{}, field `{field}`", place()),
                    },
                    message: format!(
                        "found {}, expected {}; this entity is left out",
                        fault.found, fault.expected
                    ),
                },
            },
            Err(error) => Fault {
                place: place(),
                message: format!("{}; this entity is left out", error.message),
            },
        };
        self.unusable += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    /// An entity that came twice, as one that is deleted and created again may, counts as it came last.
    fn settle(&mut self) {
        self.facts.reverse();
        self.facts.sort_by(|a, b| a.reference().cmp(b.reference()));
        self.facts
            .dedup_by(|later, first| later.reference() == first.reference());
    }

    fn seen(&self) -> u64 {
        self.facts.len() as u64 + self.unusable
    }

    fn is_certain(&self) -> bool {
        !self.may_miss && self.nulls == 0 && self.announced == Some(self.seen())
    }

    fn same_references(&self, other: &Self) -> bool {
        self.facts.len() == other.facts.len()
            && self
                .facts
                .iter()
                .zip(&other.facts)
                .all(|(a, b)| a.reference() == b.reference())
    }

    fn into_generation(mut self, url: &str) -> CatalogGeneration {
        let mut add = |message: String| {
            self.faults.push(Fault {
                place: url.to_owned(),
                message,
            });
        };
        if self.nulls > 0 {
            add(format!(
                "{} entities that Backstage has not finished processing are missing",
                self.nulls
            ));
        }
        if self.facts.is_empty() {
            add(
                "the catalog shows no Component, Group or User: either it is empty, or the token may not read it (its \
                 `accessRestrictions` must allow `catalog.entity.read`)"
                    .to_owned(),
            );
        }
        let more = self.unusable.saturating_sub(MAX_FAULTS as u64);
        if more > 0 {
            add(format!("{more} more faults, which are not listed"));
        }
        CatalogGeneration::whole(self.facts.into_iter().collect(), self.faults)
    }
}

#[cfg(test)]
#[path = "backstage_tests.rs"]
mod tests;
