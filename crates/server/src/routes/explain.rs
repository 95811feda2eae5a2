//! The whole reasoning about one subject.

use api::Explanation;
use axum::Json;
use axum::extract::{RawQuery, State};

use crate::app::App;
use crate::params::Params;
use crate::problem::Refusal;
use crate::subject::SubjectError;

/// Explain a component, a Service or a workload
///
/// Step by step: paths tried and values found, lookups, candidates, winner, owner candidates, inheritance, and the fix.
///
/// The subject is `component:[namespace/]name`; `[service/][cluster/]namespace/name`; a kind and a place such as
/// `pod/[[cluster/]namespace/]name`; or a bare name, which is that of a component, else a Service, else a workload.
#[utoipa::path(
    get,
    path = "/api/v1/explain",
    tag = "ownership",
    operation_id = "explain",
    params(("subject" = String, Query, description = "What to explain")),
    responses((status = 200, description = "The reasoning", body = Explanation))
)]
pub(crate) async fn explain(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Explanation>, Refusal> {
    let mut params = Params::read(query.as_deref())?;
    let subject = params.one("subject")?;
    params.finish()?;
    let Some(subject) = subject else {
        return Err(Refusal::parameter("subject", "`subject` is missing"));
    };
    let topology = app.topology()?;
    crate::explain::explain(&topology, &subject)
        .map(Json)
        .map_err(refusal)
}

fn refusal(error: SubjectError) -> Refusal {
    let detail = error.to_string();
    match error {
        SubjectError::Malformed { .. } => Refusal::parameter("subject", detail),
        SubjectError::NotFound { near, .. } => {
            let refusal = Refusal::not_found(detail);
            match near.first() {
                Some(first) => refusal.hint(format!("did you mean `{first}`?")),
                None => refusal,
            }
            .candidates(near)
        }
        SubjectError::Several { candidates, .. } => Refusal::ambiguous(detail)
            .hint("ask for one of `candidates`")
            .candidates(candidates),
    }
}
