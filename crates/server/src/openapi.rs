//! The `OpenAPI` document. It is committed as `openapi.json`, so that every change of the API is a visible diff.

use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, SecurityRequirement};

use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Backstitch",
        description = "Who owns what is running: Backstage catalogs stitched to Kubernetes clusters.\n\n\
            A Service is written `cluster/namespace/name`, an entity by its canonical reference such as \
            `component:default/checkout`; in a path a reference is percent-encoded, `/` as `%2F`. Lists come in pages: hand on \
            `next` as `cursor` until there is none. Every error is a problem document (RFC 9457)."
    ),
    components(schemas(api::Problem, api::Reset, api::ServiceSort, api::stitch::Document)),
    tags(
        (name = "ownership", description = "What is running and who owns it"),
        (name = "catalog", description = "Components and owners"),
        (name = "decisions", description = "What people decided, beside what sources say"),
        (name = "integrations", description = "How Backstages are configured"),
        (name = "state", description = "Counts, sources, changes"),
        (name = "access", description = "Who asks, and what they may do"),
        (name = "operation", description = "Probes, metrics, this document"),
    )
)]
struct Base;

/// Name of the scheme of the static token.
const TOKEN: &str = "token";

pub(crate) fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// The document of every route.
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, document) = routes::described().split_for_parts();
    finish(document)
}

/// Adds what every operation has in common: how it fails, and the token.
pub(crate) fn finish(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        TOKEN,
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("The server's token, or one that it made"))
                .build(),
        ),
    );
    for (path, item) in &mut document.paths.paths {
        let open = crate::access::is_open(path);
        for operation in [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.delete,
        ]
        .into_iter()
        .flatten()
        {
            add_problem(operation);
            if !open {
                operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(
                    TOKEN,
                    [],
                )]);
            }
        }
    }
    document
}

fn add_problem(operation: &mut Operation) {
    let problem = ResponseBuilder::new()
        .description("A problem")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build(),
        )
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(problem));
}
