//! Many clients, by MCP's Streamable HTTP. Each request stands alone, so that no client can leave a session behind.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use server::Access;
use tokio::time::timeout;

use super::{Handler, MAX_MESSAGE};

/// Where MCP is.
pub(crate) const PATH: &str = "/mcp";
/// Bound on the time of one request: that of all that a tool asks, and of a body that comes slowly.
const TIME: Duration = Duration::from_secs(90);

/// The routes, for those who may ask.
pub(crate) fn router(handler: Handler, access: Access) -> Router {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_MESSAGE)
        // Hosts and origins are checked by the same rules as those of the API, outside of this.
        .disable_allowed_hosts();
    let service = StreamableHttpService::new(
        move || Ok(handler.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let router = Router::new()
        .route_service(PATH, service)
        .route("/healthz", get(async || "ok\n"))
        .fallback(async || (StatusCode::NOT_FOUND, "MCP is at `/mcp`\n"))
        .layer(from_fn(in_time));
    server::guarded(router, access)
}

async fn in_time(request: Request, next: Next) -> Response {
    match timeout(TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "it took too long\n").into_response(),
    }
}
