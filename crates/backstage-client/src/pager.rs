//! Walks over all entities that a filter finds, in whichever way the server knows.
//!
//! ```text
//!  Start ──by-query──▶ ByQuery(cursor) … until no cursor follows ─────────────────────────▶ Done
//!    │ 404                                                                                   ▲
//!    └─▶ /entities?limit=1 ─ at most one item ─▶ Offset(n) … until a page is empty ──────────┤
//!                          └ more, or 400 ─────▶ Whole: /entities, all at once ──────────────┘
//! ```

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;

use http::StatusCode;

use crate::base_url::redacted;
use crate::{Client, EntityFilter, Error, Page};

/// The most pages of one crawl: no catalog known comes near, and a server that never ends must not
/// keep its reader for ever.
pub const MAX_PAGES: usize = 100_000;

/// Reads the entities of one query page by page; made by [`Client::entities`].
///
/// After an error the pager stands where it stood: [`next_page`](Self::next_page) called again asks
/// for the same page again, so that a crawl outlives a server's restart or its rate limit. Only a
/// status 400 in the midst means that the server no longer knows its own cursor: begin anew.
pub struct Pager {
    client: Client,
    filter: EntityFilter,
    limit: NonZeroU32,
    position: Position,
    pages: usize,
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
            limit,
            position: Position::Start,
            pages: 0,
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
        self.position = next;
        Ok(Some(page))
    }

    /// The page at the present position and the position after it; `None` at the end.
    async fn read(&mut self) -> Result<Option<(Page, Position)>, Error> {
        if self.position == Position::Start {
            match self.by_query(None).await {
                Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {
                    self.position = self.older(error).await?;
                }
                answered => return answered.map(Some),
            }
        }
        if self.position != Position::Done && self.pages >= MAX_PAGES {
            let (url, limit) = (self.shown_url(), MAX_PAGES);
            return Err(Error::TooManyPages { url, limit });
        }
        match &self.position {
            Position::Start | Position::Done => Ok(None),
            Position::ByQuery(cursor) => self.by_query(Some(cursor)).await.map(Some),
            Position::Offset(offset) => self.at_offset(*offset).await,
            Position::Whole => Ok(Some((self.array(&[]).await?, Position::Done))),
        }
    }

    fn shown_url(&self) -> String {
        redacted(&self.client.endpoint("entities"))
    }

    /// How many pages have been read.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// Whether entities may be missed that were there all the time, if the catalog changed
    /// meanwhile: an older Backstage finds its pages by offset. Two crawls that agree are then
    /// needed to be sure.
    pub fn may_miss_entities(&self) -> bool {
        matches!(self.position, Position::Offset(_))
    }

    async fn by_query(&self, cursor: Option<&str>) -> Result<(Page, Position), Error> {
        let mut url = self.client.endpoint("entities/by-query");
        let shown = redacted(&url);
        {
            let mut query = url.query_pairs_mut();
            // The cursor carries the filter, but not the limit.
            match cursor {
                Some(cursor) => drop(query.append_pair("cursor", cursor)),
                None => drop(query.extend_pairs(self.filters())),
            }
            query.append_pair("limit", &self.limit.to_string());
        }
        let page = Page::from_by_query(&shown, self.client.transport().get(url).await?)?;
        let next = page.next_cursor().map(str::to_owned);
        Ok((page, next.map_or(Position::Done, Position::ByQuery)))
    }

    /// `None` at the end, which is an empty page: a server may give fewer than asked for before.
    async fn at_offset(&self, offset: usize) -> Result<Option<(Page, Position)>, Error> {
        let (limit, at) = (self.limit.to_string(), offset.to_string());
        let page = self.array(&[("limit", &limit), ("offset", &at)]).await?;
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
            Err(error) => match error.status() {
                Some(StatusCode::NOT_FOUND) => Err(missing),
                Some(StatusCode::BAD_REQUEST) => Ok(Position::Whole),
                _ => Err(error),
            },
        }
    }

    async fn array(&self, more: &[(&str, &str)]) -> Result<Page, Error> {
        let mut url = self.client.endpoint("entities");
        let shown = redacted(&url);
        let filters = self.filters();
        if !(filters.is_empty() && more.is_empty()) {
            url.query_pairs_mut()
                .extend_pairs(filters)
                .extend_pairs(more);
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
