//! A live Backstage as a source: one complete generation, or an error and nothing else (S22).
//!
//! ```text
//!  Client ─ pages ─▶ Draft over Known ──▶ certain? ── yes ──▶ CatalogGeneration: what is new, what is gone
//!                      ▲                    │ no                      │
//!                      ├── by-refs ◀────────┤                         ▼
//!                      └── once more ◀──────┘  … MAX_PASSES   taken(…) ─▶ Known
//! ```
//!
//! A [`Reader`] remembers of each entity a hash of its text. What comes again as it was is neither parsed nor given again,
//! so that reading a catalog that did not change costs little more than the transfer; and what does not come again is
//! asked for by its reference before it counts as gone.
//!
//! What it remembers can be kept with the facts ([`Contents`]) and given to the reader of the next process ([`Memory`]).
//!
//! A catalog may change while it is read, and there is no snapshot. When a pass over it is certain by itself is said in
//! `completeness`. Where none is (an older Backstage is read by offset, which loses entities when others are deleted; a
//! count that does not match), the catalog is read again, and what two passes in a row agree on, by their references, is
//! taken for complete. Agreement is asked of references only: an entity that merely changed is there all the same.
//!
//! A page that fails after others were read is asked for again a few times, honouring `Retry-After`, so that a rate limit
//! does not throw away what was read; the first page is not, so that a wrong address shows at once.

mod arena;
mod completeness;
mod content;
mod draft;
mod error;
mod faults;
mod known;
mod memory;
mod name;
mod reading;
mod reduction;
mod sample;
mod shape;
mod table;

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use backstage_client::{Client, EntityFilter};
use topology::fact::CatalogGeneration;
use topology::label_map::LabelMap;

use crate::Progress;
use crate::schedule::{Hint, after_failure};
use content::Seed;
use known::{Known, Question};
use reading::{Pause, Reading};

pub use content::CONTENT_BYTES;
pub use error::ReadError;
pub use memory::{Contents, Memory, ORIGIN_BYTES};
pub use sample::{Sample, sample};

/// How many entities are asked for at once: large pages are what costs a Backstage least.
pub const PAGE_SIZE: NonZeroU32 = NonZeroU32::new(1_000).expect("not zero");
/// Bound on the passes over the catalog in one read.
pub const MAX_PASSES: u32 = 3;
/// Bound on the entities that come in one pass.
pub const MAX_ENTITIES: usize = 5_000_000;
/// Bound on the time of a whole read.
pub const MAX_READ: Duration = Duration::from_hours(1);
/// Bound on the tries of one page after the first page came.
pub const MAX_PAGE_TRIES: u32 = 5;
/// Bound on the pages in a row that bring nothing new: cursors that are new each time may lead to the same pages for ever.
pub const MAX_BARREN_PAGES: u32 = 100;
/// Bound on the entities that are asked for by reference because they did not come. Where more are missing, something
/// else is the matter than an entity that slipped through, and another pass shows it better.
pub const MAX_REPAIR: usize = 1_000;
/// How often in one read a pass begins anew because the server no longer knows its own cursor.
const MAX_RESTARTS: u32 = 1;

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
    known: Known,
}

/// A complete read.
#[derive(Debug)]
pub struct Sync {
    /// What it found.
    pub generation: CatalogGeneration,
    /// What its facts came of, to be kept with them.
    pub contents: Contents,
    /// What it cost.
    pub cost: Cost,
    /// Why entities may exist that it does not have. What it has is there all the same, but nothing can be concluded from
    /// what it does not have.
    pub doubt: Option<Doubt>,
}

/// Why a read that gave the same twice may still not have shown everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The server keeps announcing more than it shows.
    #[error("the catalog announces {announced} entities and shows {shown}, again and again")]
    Fewer {
        /// How many it announces.
        announced: u64,
        /// How many there are, those that are known to be gone since included.
        shown: u64,
    },
    /// Entities have no content yet, as in a Backstage before 1.34 that is still processing them.
    #[error("{0} entities of the catalog are not processed yet")]
    Unprocessed(u64),
}

impl Doubt {
    /// What a person can do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Fewer { .. } => {
                "look whether something between here and Backstage changes its answers, and at Backstage's own log; nothing \
                 is removed until the numbers agree"
            }
            Self::Unprocessed(_) => {
                "wait until Backstage has processed its catalog; nothing is removed meanwhile"
            }
        }
    }
}

/// What a read cost, and how much of it was news.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests that were answered with entities.
    pub requests: u64,
    /// Bytes of those answers, after decompression.
    pub bytes: u64,
    /// Entities that came, of whatever kind and however often.
    pub entities: u64,
    /// Entities that came as they were known, or as an earlier pass had them, and were not parsed.
    pub known: u64,
    /// Passes over the whole catalog.
    pub passes: u32,
    /// Entities that the pages of the last pass had missed and that were found by asking for them.
    pub repaired: u64,
}

/// What became of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is what is known now: what it has is there, what it does not have is gone.
    Replaced,
    /// What it has is there. What it does not have is still there too; after a whole generation
    /// ([`Absent::AllOthers`](topology::fact::Absent)) the next one is whole again, since only that can remove it.
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
            known: Known::new(Seed::random()),
        }
    }

    /// The same, with what was kept of an earlier reader. Where that was asked another question, it counts for nothing.
    pub fn remembering(page_size: NonZeroU32, memory: Memory) -> Self {
        Self {
            known: Known::remember(memory),
            ..Self::new(page_size)
        }
    }

    /// Reads the catalog completely. What is done with the result has to be said by [`taken`](Self::taken), or it counts as
    /// refused. Under another filter or `label_map` than before, or of another catalog, the generation is a whole one.
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
        let origin = self.known.ask(&Question {
            url: client.catalog_url().to_string(),
            filter: filter.clone(),
            map: map.clone(),
        });
        let reading = Reading {
            client,
            filter,
            map,
            origin,
            page_size: self.page_size,
            pause: self.pause,
        };
        let (sync, given) = reading.read(self.known.table(), progress).await?;
        self.known.gave(given);
        Ok(sync)
    }

    /// What became of the generation read last.
    pub fn taken(&mut self, taken: Taken) {
        self.known.taken(taken);
    }

    /// How many bytes it takes to remember what was taken.
    pub fn bytes(&self) -> usize {
        self.known.table().bytes()
    }
}

fn random_pause(failures: u32, hint: Hint) -> Duration {
    // A fresh `RandomState` is random; its hash of anything is too.
    after_failure(failures, hint, RandomState::new().hash_one(failures))
}

#[cfg(test)]
mod tests;
