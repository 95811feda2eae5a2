//! Changes as they happen, as server-sent events.
//!
//! ```text
//!  no Last-Event-ID, or one that is not kept ──▶ reset ──▶ events after it …
//!  Last-Event-ID that is kept ─────────────────────────────▶ events after it …
//!  stream slower than the ring ───────── … ──▶ reset ──▶ events after it …
//! ```

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use api::Reset;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::app::{App, MAX_STREAMS};
use crate::events::{Entry, Events, Read};
use crate::params::Params;
use crate::problem::Refusal;

/// How often an idle stream says that it lives, so that proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// Follow changes
///
/// Server-sent events `verdict`, `service` and `source`, each with an `Event` as data. `Last-Event-ID` goes on after an
/// event. A stream that cannot go on from there, or was not asked to, begins with event `reset` (data: `Reset`):
/// whatever was built from earlier events has to be read anew.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "state",
    operation_id = "follow_events",
    params(("Last-Event-ID" = Option<String>, Header, description = "Id of the last event received")),
    responses((status = 200, description = "The events", body = api::Event, content_type = "text/event-stream"))
)]
pub(crate) async fn stream(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    Params::read(query.as_deref())?.finish()?;
    let permit = Arc::clone(&app.0.streams)
        .try_acquire_owned()
        .map_err(|_| Refusal::too_many_streams(MAX_STREAMS))?;
    let last = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or_default());
    let follower = Follower::new(Arc::clone(&app.0.state.events), last, permit);
    // A session or a token may end while its stream is open, which says nothing more then.
    let events = unfold(follower, move |mut follower| {
        let (app, headers) = (app.clone(), headers.clone());
        async move {
            let event = follower.next().await?;
            app.who(&headers).ok()?;
            Some((Ok(event), follower))
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// One stream's place in the ring.
struct Follower {
    events: Arc<Events>,
    news: watch::Receiver<u64>,
    /// Number of the last event taken from the ring.
    position: u64,
    /// Taken and not sent.
    taken: VecDeque<Event>,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    fn new(events: Arc<Events>, last: Option<&str>, permit: OwnedSemaphorePermit) -> Self {
        // Subscribed before anything is read: what is published in between is not missed.
        let news = events.subscribe();
        let mut follower = Self {
            events,
            news,
            position: 0,
            taken: VecDeque::new(),
            _permit: permit,
        };
        match last {
            None => follower.reset("the stream begins here".to_owned()),
            Some(id) => match follower.events.number(id) {
                Some(number) => follower.position = number,
                None => follower.reset(format!("`{id}` is no event of this run of the server")),
            },
        }
        follower
    }

    fn reset(&mut self, reason: String) {
        self.position = self.events.last();
        let reset = Reset {
            id: self.events.id(self.position),
            reason,
        };
        // Two strings always encode.
        let data = serde_json::to_string(&reset).unwrap_or_default();
        self.taken.push_back(
            Event::default()
                .event("reset")
                .id(reset.id)
                .retry(RETRY)
                .data(data),
        );
    }

    /// The next event; `None` when there will be none.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.taken.pop_front() {
                return Some(event);
            }
            self.news.mark_unchanged();
            match self.events.read_after(self.position) {
                Read::Events(entries, position) => {
                    self.position = position;
                    self.taken.extend(entries.iter().map(event));
                }
                Read::Missed => self.reset("some events are no longer kept".to_owned()),
                Read::Nothing => self.news.changed().await.ok()?,
                Read::Closed => return None,
            }
        }
    }
}

fn event(entry: &Entry) -> Event {
    Event::default()
        .event(entry.kind)
        .id(&*entry.id)
        .data(&*entry.data)
}
