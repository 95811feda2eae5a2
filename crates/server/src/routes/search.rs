//! Searching.

use api::{Found, Page};
use axum::Json;
use axum::extract::{RawQuery, State};
use topology::search::{MAX_FOUND, Query, Search};

use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::render;
use crate::slices::walk;

/// How many are found when nobody says.
const DEFAULT_FOUND: usize = 20;

/// Search
///
/// Services, components, owners, workloads and pods by name, the best first. Words stand between spaces, `/` and `:`, so that
/// ids and references are found, too; all of them have to match, each in the name or in what the thing is in (cluster,
/// namespace, instance), of an owner also in its address; the kind (`pod`, `group`) narrows. Case does not matter. Best is the very
/// name, then its beginning, the beginning of a part of it, a part inside, all letters in order, and last one slip in words of
/// four letters and more. Of pods there are five at most, unless nothing else is found.
#[utoipa::path(
    get,
    path = "/api/v1/search",
    tag = "ownership",
    operation_id = "search",
    params(
        ("q" = String, Query, description = "What to search for, at most 8 words and 256 bytes"),
        ("limit" = Option<usize>, Query, description = "How many to find at most, 1 to 50; 20 if not given"),
    ),
    responses((status = 200, description = "What was found; there are no further pages", body = Page<Found>))
)]
pub(crate) async fn search(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Found>>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let text = params.one("q")?;
    let limit = params.limit(DEFAULT_FOUND, MAX_FOUND)?;
    params.finish()?;
    let text = text.ok_or_else(|| {
        Refusal::parameter("q", "`q` is missing").hint("say what to search for: `?q=checkout`")
    })?;
    let query = Query::parse(&text).map_err(|fault| {
        let refusal = Refusal::parameter("q", format!("`q` cannot be used: {fault}"));
        refusal.hint("search for a part of a name, such as `checkout` or `shop/checkout`")
    })?;
    let mut search = Search::new(query, limit);
    walk(&app, |topology, go_on| search.slice(topology, go_on)).await?;
    let topology = app.topology()?;
    let found = search.found(&topology).into_iter();
    Ok(Json(Page {
        items: found.map(|found| render::found(&topology, found)).collect(),
        next: None,
    }))
}
