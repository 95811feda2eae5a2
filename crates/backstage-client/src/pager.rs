//! Walks over all entities that a filter finds, in whichever way the server knows.
//!
//! ```text
//!  Start ──by-query──▶ ByQuery(cursor) … until no cursor follows ─────────────────────────▶ Done
//!    │ 404                                                                                   ▲
//!    └─▶ /entities?limit=1, and by-query once more, where it is 404 again:                   │
//!           at most one item ─▶ Offset(n) … until a page is empty ───────────────────────────┤
//!           more, or 400 ─────▶ Whole: /entities, all at once ───────────────────────────────┘
//! ```
//!
//! A Backstage that starts answers 404 to everything until the catalog has its routes, and then it has all of them. So
//! only a 404 that comes after an answer of `/entities` tells an older Backstage from one that starts.
//!
//! A page that is larger than the client may read is asked for again with a tenth of the entities.
//! So a few entities that are out of all proportion cost some requests more, and the limit grows
//! back behind them: neither fails the crawl, nor makes one request per entity of the rest.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;

use http::StatusCode;
use serde::Deserialize;

use crate::answer::excerpt;
use crate::base_url::redacted;
use crate::{Client, EntityFilter, Error, Page};

/// The most pages of one crawl: no catalog known comes near, and a server that never ends must not
/// keep its reader for ever.
pub const MAX_PAGES: usize = 100_000;

/// What the limit is divided by where a page is too large, and grows by again.
const STEP: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// How many pages that fit let the limit grow again.
const PAGES_TO_GROW: usize = 10;

/// What tells which entity it is.
const IDENTITY: &str = "kind,metadata.name,metadata.namespace";

/// Reads the entities of one query page by page; made by [`Client::entities`].
///
/// After an error the pager stands where it stood: [`next_page`](Self::next_page) called again asks
/// for the same page again, so that a crawl outlives a server's restart or its rate limit. Only a
/// status 400 in the midst means that the server no longer knows its own cursor: begin anew.
pub struct Pager {
    client: Client,
    filter: EntityFilter,
    /// The limit that was wanted.
    wanted: NonZeroU32,
    limit: NonZeroU32,
    position: Position,
    pages: usize,
    /// How many items these pages had.
    items: usize,
    /// How many pages fitted since the limit was last changed.
    fitted: usize,
    /// Hashes of what must not come twice: cursors, or bodies where pages are found by offset.
    seen: HashSet<u64>,
    hasher: RandomState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Position {
    Start,
    ByQuery(String),
    Offset(usize),
    Whole,
    Done,
}

impl Pager {
    pub(crate) fn new(client: Client, filter: EntityFilter, limit: NonZeroU32) -> Self {
        Self {
            client,
            filter,
            wanted: limit,
            limit,
            position: Position::Start,
            pages: 0,
            items: 0,
            fitted: 0,
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// The next page, or `None` where the server has said that there are no more.
    ///
    /// A page may be empty and yet be followed by others. Dropping the future is harmless.
    pub async fn next_page(&mut self) -> Result<Option<Page>, Error> {
        let Some((page, next)) = self.read().await? else {
            self.position = Position::Done;
            return Ok(None);
        };
        let unique = match &next {
            Position::ByQuery(cursor) => Some(cursor.as_str()),
            Position::Offset(_) => Some(page.body()),
            _ => None,
        };
        let unique = unique.map(|text| self.hasher.hash_one(text));
        if unique.is_some_and(|hash| !self.seen.insert(hash)) {
            let (url, page) = (self.shown_url(), self.pages + 1);
            return Err(Error::PageLoop { url, page });
        }
        self.pages += 1;
        self.items += page.items().len();
        self.position = next;
        self.fitted += 1;
        if self.limit < self.wanted && self.fitted >= PAGES_TO_GROW {
            let step = self.limit.saturating_mul(STEP);
            self.set_limit(step.min(self.wanted));
        }
        Ok(Some(page))
    }

    /// The page at the present position and the position after it; `None` at the end.
    async fn read(&mut self) -> Result<Option<(Page, Position)>, Error> {
        if self.position == Position::Start {
            let missing = match self.fitting().await {
                Err(error) if is_missing(&error) => error,
                answered => return answered,
            };
            let older = self.older(missing).await?;
            match self.fitting().await {
                Err(error) if is_missing(&error) => self.position = older,
                answered => return answered,
            }
        }
        if self.position != Position::Done && self.pages >= MAX_PAGES {
            let (url, limit) = (self.shown_url(), MAX_PAGES);
            return Err(Error::TooManyPages { url, limit });
        }
        self.fitting().await
    }

    /// What is at the present position, in as small a page as is needed for it to fit.
    async fn fitting(&mut self) -> Result<Option<(Page, Position)>, Error> {
        loop {
            let (url, limit) = match self.at_position().await {
                Err(Error::TooLarge { url, limit }) if self.is_paged() => (url, limit),
                answered => return answered,
            };
            if self.limit == NonZeroU32::MIN {
                return Err(Error::EntityTooLarge {
                    url,
                    limit,
                    position: self.items + 1,
                    page: self.pages + 1,
                    entity: self.name_at_position().await,
                });
            }
            let smaller = NonZeroU32::new(self.limit.get() / STEP);
            self.set_limit(smaller.unwrap_or(NonZeroU32::MIN));
        }
    }

    fn set_limit(&mut self, limit: NonZeroU32) {
        self.limit = limit;
        self.fitted = 0;
    }

    fn is_paged(&self) -> bool {
        !matches!(self.position, Position::Whole | Position::Done)
    }

    async fn at_position(&self) -> Result<Option<(Page, Position)>, Error> {
        let fields = self.client.transport().fields();
        match &self.position {
            Position::Done => Ok(None),
            Position::Start => self.by_query(None, fields).await.map(Some),
            Position::ByQuery(cursor) => self.by_query(Some(cursor), fields).await.map(Some),
            Position::Offset(offset) => self.at_offset(*offset, fields).await,
            Position::Whole => Ok(Some((self.array(&[], fields).await?, Position::Done))),
        }
    }

    /// The reference of the entity at the present position, asked for without the rest of it, where
    /// the server gives it.
    async fn name_at_position(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Entity<'a> {
            #[serde(borrow)]
            kind: Cow<'a, str>,
            #[serde(borrow)]
            metadata: Metadata<'a>,
        }
        #[derive(Deserialize)]
        struct Metadata<'a> {
            #[serde(borrow)]
            name: Cow<'a, str>,
            #[serde(borrow)]
            namespace: Option<Cow<'a, str>>,
        }
        let fields = Some(IDENTITY);
        let (page, _) = match &self.position {
            Position::Start => self.by_query(None, fields).await.ok()?,
            Position::ByQuery(cursor) => self.by_query(Some(cursor), fields).await.ok()?,
            Position::Offset(offset) => self.at_offset(*offset, fields).await.ok()??,
            Position::Whole | Position::Done => return None,
        };
        let entity: Entity<'_> = serde_json::from_str(page.entities().next()?).ok()?;
        let Metadata { name, namespace } = entity.metadata;
        let namespace = namespace.as_deref().unwrap_or("default");
        Some(excerpt(
            &format!("{}:{namespace}/{name}", entity.kind).to_lowercase(),
        ))
    }

    fn shown_url(&self) -> String {
        redacted(&self.client.endpoint("entities"))
    }

    /// How many pages have been read.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// How many entities the next page is asked to have. Less than was wanted where pages were too
    /// large lately.
    pub fn page_limit(&self) -> NonZeroU32 {
        self.limit
    }

    /// Whether entities may be missed that were there all the time, if the catalog changed
    /// meanwhile: an older Backstage finds its pages by offset. Two crawls that agree are then
    /// needed to be sure.
    pub fn may_miss_entities(&self) -> bool {
        matches!(self.position, Position::Offset(_))
    }

    async fn by_query(
        &self,
        cursor: Option<&str>,
        fields: Option<&str>,
    ) -> Result<(Page, Position), Error> {
        let mut url = self.client.endpoint("entities/by-query");
        let shown = redacted(&url);
        {
            let mut query = url.query_pairs_mut();
            // The cursor carries the filter, but neither the limit nor the fields.
            match cursor {
                Some(cursor) => drop(query.append_pair("cursor", cursor)),
                None => drop(query.extend_pairs(self.filters())),
            }
            query.append_pair("limit", &self.limit.to_string());
            if let Some(fields) = fields {
                query.append_pair("fields", fields);
            }
        }
        let page = Page::from_by_query(&shown, self.client.transport().get(url).await?)?;
        let next = page.next_cursor().map(str::to_owned);
        Ok((page, next.map_or(Position::Done, Position::ByQuery)))
    }

    /// `None` at the end, which is an empty page: a server may give fewer than asked for before.
    async fn at_offset(
        &self,
        offset: usize,
        fields: Option<&str>,
    ) -> Result<Option<(Page, Position)>, Error> {
        let (limit, at) = (self.limit.to_string(), offset.to_string());
        let paging = [("limit", limit.as_str()), ("offset", &at)];
        let page = self.array(&paging, fields).await?;
        let items = page.items().len();
        Ok((items > 0).then(|| (page, Position::Offset(offset + items))))
    }

    /// How to read from a Backstage that has no by-query; `missing` is the error that said so,
    /// and what remains where there is no `/entities` either.
    async fn older(&self, missing: Error) -> Result<Position, Error> {
        let mut url = self.client.endpoint("entities");
        let shown = redacted(&url);
        url.query_pairs_mut().append_pair("limit", "1");
        match self.client.transport().get(url).await {
            Ok(body) => {
                let page = Page::from_array(&shown, body)?;
                // More than asked for: limit and offset mean nothing to this server.
                let paged = page.items().len() <= 1;
                Ok(if paged {
                    Position::Offset(0)
                } else {
                    Position::Whole
                })
            }
            Err(error) if is_missing(&error) => Err(missing),
            Err(error) if error.status() == Some(StatusCode::BAD_REQUEST) => Ok(Position::Whole),
            Err(error) => Err(error),
        }
    }

    async fn array(&self, paging: &[(&str, &str)], fields: Option<&str>) -> Result<Page, Error> {
        let mut url = self.client.endpoint("entities");
        let shown = redacted(&url);
        let filters = self.filters();
        if !(filters.is_empty() && paging.is_empty() && fields.is_none()) {
            url.query_pairs_mut()
                .extend_pairs(filters)
                .extend_pairs(paging)
                .extend_pairs(fields.map(|fields| ("fields", fields)));
        }
        Page::from_array(&shown, self.client.transport().get(url).await?)
    }

    fn filters(&self) -> Vec<(&'static str, String)> {
        self.filter
            .values()
            .into_iter()
            .map(|value| ("filter", value))
            .collect()
    }
}

fn is_missing(error: &Error) -> bool {
    error.status() == Some(StatusCode::NOT_FOUND)
}

impl std::fmt::Debug for Pager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pager")
            .field("client", &self.client)
            .field("filter", &self.filter)
            .field("limit", &self.limit)
            .field("position", &self.position)
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}
