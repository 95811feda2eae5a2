//! The routes and what they share.

mod alerts;
mod body;
mod components;
mod decisions;
mod events;
mod explain;
mod graph;
mod history;
mod integrations;
mod operation;
mod owners;
mod past;
mod preview;
mod resolve;
mod search;
mod services;
mod session;
mod sources;
mod state;
mod teams;
mod tokens;

use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, MatchedPath, OriginalUri, Path};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::middleware::from_fn_with_state;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Access;
use crate::app::{App, AppState};
use crate::guard::guard;
use crate::openapi;
use crate::pages;
use crate::problem::Refusal;

/// Where browsers sign in.
pub(crate) const SESSION: &str = session::PATH;
pub(crate) use self::session::{CALLBACK as OIDC_CALLBACK, OIDC};

/// Bound on a body, in bytes.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// The server's routes over that state.
pub fn router(state: AppState, access: Access) -> axum::Router {
    let (router, document) = described().split_for_parts();
    let document = openapi::finish(document);
    // The document is made of names and texts, which always encode.
    let document = serde_json::to_string(&document).unwrap_or_default();
    let app = App::new(state, access, document);
    router
        .fallback_service(pages::router().with_state(app.clone()))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

/// Every route with its description.
pub(crate) fn described() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(search::search))
        .routes(routes!(services::list))
        .routes(routes!(services::facets))
        .routes(routes!(services::one))
        .routes(routes!(components::list))
        .routes(routes!(components::facets))
        .routes(routes!(components::one))
        .routes(routes!(teams::list))
        .routes(routes!(owners::list))
        .routes(routes!(owners::one))
        .routes(routes!(owners::services))
        .routes(routes!(explain::explain))
        .routes(routes!(graph::graph))
        .routes(routes!(resolve::by_query, resolve::by_body))
        .routes(routes!(alerts::status, alerts::take))
        .routes(routes!(state::summary))
        .routes(routes!(preview::mapping))
        .routes(routes!(preview::preview))
        .routes(routes!(sources::list))
        .routes(routes!(sources::one))
        .routes(routes!(sources::refresh_all))
        .routes(routes!(sources::refresh_one))
        .routes(routes!(decisions::list, decisions::decide))
        .routes(routes!(decisions::one, decisions::withdraw))
        .routes(routes!(integrations::list))
        .routes(routes!(integrations::test))
        .routes(routes!(integrations::plan))
        .routes(routes!(integrations::write, integrations::remove))
        .routes(routes!(integrations::pause))
        .routes(routes!(integrations::resume))
        .routes(routes!(history::list))
        .routes(routes!(history::owner))
        .routes(routes!(history::bounds))
        .routes(routes!(session::get, session::sign_in, session::sign_out))
        .routes(routes!(session::begin))
        .routes(routes!(session::finish))
        .routes(routes!(tokens::list, tokens::make))
        .routes(routes!(tokens::end))
        .routes(routes!(events::stream))
        .routes(routes!(operation::openapi))
        .routes(routes!(operation::health))
        .routes(routes!(operation::ready))
        .routes(routes!(operation::metrics))
}

pub(crate) async fn no_such_route(uri: Uri) -> Refusal {
    let path = uri.path();
    let refusal = Refusal::no_such_route(path);
    let takes_a_reference = ["/api/v1/owners/", "/api/v1/components/"]
        .into_iter()
        .any(|prefix| path.starts_with(prefix));
    refusal.hint(if takes_a_reference {
        "in a path a reference is percent-encoded, `/` as `%2F`"
    } else {
        "the routes are listed in `/api/v1/openapi.json`"
    })
}

async fn method_not_allowed(method: Method, route: MatchedPath, uri: OriginalUri) -> Refusal {
    let allowed = match route.as_str() {
        resolve::PATH | decisions::PATH | alerts::PATH | tokens::PATH => "GET,HEAD,POST",
        session::PATH => "GET,HEAD,POST,DELETE",
        decisions::ONE => "GET,HEAD,DELETE",
        tokens::ONE => "DELETE",
        preview::PATH
        | integrations::TEST
        | integrations::PLAN
        | integrations::PAUSE
        | integrations::RESUME => "POST",
        integrations::ONE => "PUT,DELETE",
        route if route.ends_with(sources::REFRESH) => "POST",
        _ => "GET,HEAD",
    };
    Refusal::method_not_allowed(method.as_str(), uri.path()).allow(allowed)
}

/// A reference, or a problem that says what is wrong with it.
fn reference(parameter: &str, text: &str, default_kind: &str) -> Result<EntityRef, Refusal> {
    EntityRef::parse(text, Some(default_kind), DEFAULT_NAMESPACE)
        .map_err(|error| Refusal::parameter(parameter, error.to_string()))
}

/// The variable parts of a path, decoded.
pub(crate) struct Segments<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Segments<T>
where
    Path<T>: FromRequestParts<S, Rejection = PathRejection>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(rejection) => Err(Refusal::parameter("path", rejection.body_text())),
        }
    }
}
