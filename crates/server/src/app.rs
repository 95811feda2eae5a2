//! What every handler reads.

use std::fmt;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use axum::http::HeaderMap;
use tokio::sync::{Mutex, Semaphore};
use topology::topology::Topology;

use crate::access::Access;
use crate::alerts::Alerts;
use crate::api_tokens::ApiTokens;
use crate::decisions::Desk;
use crate::events::Events;
use crate::identity::Identity;
use crate::integrations;
use crate::metrics::Metrics;
use crate::notifications::Counters;
use crate::owner_info::OwnerInfo;
use crate::preview;
use crate::problem::Refusal;
use crate::session::Keys;
use crate::status::Sources;

/// Bound on the event streams that are open at once.
pub(crate) const MAX_STREAMS: usize = 256;
/// Bound on the previews that are made at once: each holds the topology against its writer until it is done.
const MAX_PREVIEWS: usize = 1;
/// Bound on the people who are signing in at a provider at once: anybody may begin, and each makes requests to it.
const MAX_SIGN_INS: usize = 16;

/// What the server serves; shared with the loop that writes it.
#[derive(Clone)]
pub struct AppState {
    /// What is known. The loop is its only writer.
    pub topology: Arc<RwLock<Topology>>,
    /// Where the sources stand.
    pub sources: Arc<Sources>,
    /// What changed of late.
    pub events: Arc<Events>,
    /// What changed in the past; `None`: nothing is remembered.
    pub history: Option<Arc<Mutex<store::Reader>>>,
    /// Where decisions are asked for; `None`: nothing can be decided.
    pub decisions: Option<Desk>,
    /// The tokens of programs; `None`: none can be made.
    pub api_tokens: Option<ApiTokens>,
    /// Where it is asked what another `label_map` reads.
    pub previews: preview::Desk,
    /// Where it is asked how Backstages are configured; `None`: that is not enabled.
    pub integrations: Option<integrations::Desk>,
    /// Whose owners the metrics have.
    pub owner_info: OwnerInfo,
    /// The way of alerts; `None`: none are taken.
    pub alerts: Option<Arc<Alerts>>,
    /// What is counted of notifications; `None`: none are sent.
    pub notifications: Option<Counters>,
    /// The time now: seconds since the Unix epoch.
    pub clock: fn() -> i64,
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").finish_non_exhaustive()
    }
}

/// The state and what the server keeps for itself.
pub(crate) struct Inner {
    pub(crate) state: AppState,
    pub(crate) access: Access,
    pub(crate) metrics: Metrics,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) previews: Arc<Semaphore>,
    /// Those who are signing in at a provider.
    pub(crate) sign_ins: Semaphore,
    /// What cookies are signed with.
    pub(crate) keys: Keys,
    pub(crate) openapi: String,
}

/// What handlers are given: one pointer.
#[derive(Clone)]
pub(crate) struct App(pub(crate) Arc<Inner>);

impl App {
    pub(crate) fn new(state: AppState, access: Access, openapi: String) -> Self {
        let streams = Arc::new(Semaphore::new(MAX_STREAMS));
        let metrics = Metrics::new(&state, Arc::clone(&streams));
        let keys = Keys::of(&access);
        Self(Arc::new(Inner {
            keys,
            sign_ins: Semaphore::new(MAX_SIGN_INS),
            state,
            access,
            metrics,
            streams,
            previews: Arc::new(Semaphore::new(MAX_PREVIEWS)),
            openapi,
        }))
    }

    /// The topology, for one page at most.
    ///
    /// A writer that panicked may have left half a batch behind: an answer from that could be wrong, so there is none.
    pub(crate) fn topology(&self) -> Result<RwLockReadGuard<'_, Topology>, Refusal> {
        self.0
            .state
            .topology
            .read()
            .map_err(|_| Refusal::internal("the last update did not finish, the state is unsure"))
    }

    /// Who asks, by their token or their session.
    pub(crate) fn who(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let inner = &self.0;
        let known = inner.state.api_tokens.as_ref().map(|it| &*it.known);
        inner.access.who(headers, known, &inner.keys, self.now())
    }

    pub(crate) fn now(&self) -> i64 {
        (self.0.state.clock)()
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.0.state.sources
    }
}
