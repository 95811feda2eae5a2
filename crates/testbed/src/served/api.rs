//! The routes of the catalog's API.
//!
//! Each behaviour names the fact of a real Backstage that it follows; the tests in `tests/` ask the same of both.

use bytes::Bytes;
use http::header;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::answer::{Coding, Failure, Pieces, empty, json_response};
use super::cursor::{Cursor, Way};
use super::model::{Model, Query, Slice};
use super::parameters::{Parameters, link, projected};
use super::{Age, Permission, Served};

/// Node's bound on the head of a request; past it there is a 431 without a body.
const MAX_HEAD: usize = 16 * 1024;
/// Bound on the body of a request, `100kb` in the words of the library that a real one uses.
const MAX_BODY: usize = 100 * 1024;
/// Entities on a page where no limit is given.
const DEFAULT_LIMIT: usize = 200;

const BASE: &str = "/api/catalog";

/// What a request may see.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    All,
    /// A token that is known and may not read entities gets empty answers with status 200, not an error.
    Nothing,
}

pub(super) async fn handle<M: Model>(
    served: &Served<M>,
    request: Request<Incoming>,
) -> Response<Pieces> {
    let (parts, body) = request.into_parts();
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let headers: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if target.len() + headers > MAX_HEAD {
        return empty(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if parts.uri.path() == "/.backstage/health/v1/readiness" {
        return json_response(
            "",
            std::iter::empty(),
            r#"{"status":"ok"}"#.to_owned(),
            Coding::Identity,
        );
    }
    let Some(route) = parts.uri.path().strip_prefix(BASE) else {
        return empty(StatusCode::NOT_FOUND);
    };
    let by_query = served.options.age == Age::Current;
    let query = parts.uri.query().unwrap_or_default();
    let coding = coding(&parts.headers);
    let answered = match sight(served, &parts.headers) {
        Err(failure) => Err(failure),
        // POST by-refs came with Backstage 1.9, by-query with 1.12.
        Ok(sight) => match (&parts.method, route) {
            (&Method::GET, "/entities/by-query") if by_query => page(served, sight, query, coding),
            (&Method::GET, "/entities") => list(served, sight, query, coding),
            (&Method::POST, "/entities/by-refs") => {
                by_refs(served, sight, &parts.headers, body, coding).await
            }
            // A route that is not there: 404, and no error document.
            _ => return empty(StatusCode::NOT_FOUND),
        },
    };
    answered.unwrap_or_else(|failure| {
        let url = target.strip_prefix(BASE).unwrap_or(target);
        failure.response(parts.method.as_str(), url)
    })
}

/// No token is a 401 with other words than a wrong one; a wrong token is a 401 even where none is needed; a token for
/// another plugin is a 403.
fn sight<M: Model>(served: &Served<M>, headers: &HeaderMap) -> Result<Sight, Failure> {
    let tokens = &served.options.tokens;
    let header = headers.get(header::AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token else {
        return if tokens.is_empty() {
            Ok(Sight::All)
        } else {
            Err(Failure::new("AuthenticationError", "Missing credentials"))
        };
    };
    let known = tokens.iter().find(|(known, _)| known == token);
    match known.map(|(_, permission)| permission) {
        Some(Permission::Read) => Ok(Sight::All),
        Some(Permission::ReadNothing) => Ok(Sight::Nothing),
        Some(Permission::OtherPlugin) => Err(Failure::new(
            "NotAllowedError",
            "This token's access is restricted to plugin(s) 'scaffolder'",
        )),
        None => Err(Failure::new("AuthenticationError", "Illegal token")),
    }
}

fn coding(headers: &HeaderMap) -> Coding {
    let accepted = headers.get(header::ACCEPT_ENCODING);
    match accepted.and_then(|accepted| accepted.to_str().ok()) {
        Some(accepted) if accepted.contains("gzip") => Coding::Gzip,
        _ => Coding::Identity,
    }
}

/// `GET /entities/by-query`.
fn page<M: Model>(
    served: &Served<M>,
    sight: Sight,
    query: &str,
    coding: Coding,
) -> Result<Response<Pieces>, Failure> {
    let known = ["filter", "fields", "limit", "offset", "cursor"];
    let parameters = Parameters::parse(query, &known, served.options.age)?;
    // What stands in the cursor counts, whatever is asked beside it; the limit alone is not in it.
    let cursor = match &parameters.cursor {
        Some(text) => Some(Cursor::decode(text).map_err(Failure::input)?),
        None => None,
    };
    let cursor = match cursor {
        Some((_, Way::Previous)) => {
            let message = "going back is not offered by this catalog of tests";
            return Err(Failure::new("NotImplementedError", message));
        }
        Some((cursor, Way::Next)) => Some(cursor),
        None => None,
    };
    let filter = match &cursor {
        Some(cursor) => cursor.filter.clone(),
        None => parameters.filter()?,
    };
    if sight == Sight::Nothing {
        let empty = r#"{"items":[],"totalItems":0,"pageInfo":{}}"#.to_owned();
        return Ok(json_response("", std::iter::empty(), empty, coding));
    }
    let query = Query {
        filter,
        after: cursor.as_ref().map(|cursor| cursor.after.clone()),
        // Beside a cursor an offset counts for nothing.
        offset: match &cursor {
            Some(_) => 0,
            None => parameters.offset.unwrap_or_default(),
        },
        limit: parameters.limit.unwrap_or(DEFAULT_LIMIT),
    };
    let (total, slice) = {
        let model = served.model();
        // Counted for the first page alone: what later pages say is what stood in the cursor.
        let total = match &cursor {
            Some(cursor) => cursor.total,
            None => model.count(&query),
        };
        (total, model.by_uid(&query))
    };
    let mut page_info = json!({});
    if let Some((first_uid, last_uid)) = &slice.ends {
        let first = cursor.as_ref().map_or(first_uid, |cursor| &cursor.first);
        let beside = |after: &String, way| {
            let cursor = Cursor {
                filter: query.filter.clone(),
                after: after.clone(),
                first: first.clone(),
                total,
            };
            json!(cursor.encode(way))
        };
        // The end is that there is no `nextCursor`.
        if slice.more {
            page_info["nextCursor"] = beside(last_uid, Way::Next);
        }
        if cursor.is_some() {
            page_info["prevCursor"] = beside(first_uid, Way::Previous);
        }
    }
    let after = format!(r#"],"totalItems":{total},"pageInfo":{page_info}}}"#);
    let items = texts(slice, parameters.fields);
    Ok(json_response(r#"{"items":["#, items, after, coding))
}

/// `GET /entities`: by offset, which loses entities that move to an earlier page, or everything in one piece.
fn list<M: Model>(
    served: &Served<M>,
    sight: Sight,
    query: &str,
    coding: Coding,
) -> Result<Response<Pieces>, Failure> {
    let known = ["filter", "fields", "limit", "offset", "after"];
    let parameters = Parameters::parse(query, &known, served.options.age)?;
    let filter = parameters.filter()?;
    let page = parameters.page()?;
    if sight == Sight::Nothing {
        return Ok(json_response(
            "[",
            std::iter::empty(),
            "]".to_owned(),
            coding,
        ));
    }
    let (limit, offset) = page.unwrap_or((None, 0));
    let looked_for = Query {
        filter,
        after: None,
        offset,
        limit: limit.unwrap_or(usize::MAX),
    };
    // In pages a newer one orders by reference; an older one, and all of it in one piece, by uid.
    let slice = if page.is_some() && served.options.age == Age::Current {
        served.model().by_reference(&looked_for)
    } else {
        served.model().by_uid(&looked_for)
    };
    let link = match limit {
        Some(limit) if slice.more => Some(link(query, limit, offset + limit)),
        _ => None,
    };
    let items = texts(slice, parameters.fields);
    let mut response = json_response("[", items, "]".to_owned(), coding);
    if let Some(link) = link.and_then(|link| link.parse().ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// `POST /entities/by-refs`: in the order of what was asked for, `null` for what is not there. References must be full
/// and in lower case.
async fn by_refs<M: Model>(
    served: &Served<M>,
    sight: Sight,
    headers: &HeaderMap,
    body: Incoming,
    coding: Coding,
) -> Result<Response<Pieces>, Failure> {
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        let message = "request entity too large";
        return Err(match served.options.age {
            Age::Current => Failure::input(message),
            Age::BeforeByQuery => Failure::new("PayloadTooLargeError", message),
        });
    };
    let content_type = headers.get(header::CONTENT_TYPE);
    let is_json = content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    let body: Value = if is_json {
        serde_json::from_slice(&body.to_bytes())
            .map_err(|error| Failure::input(error.to_string()))?
    } else {
        Value::Null
    };
    let references = body["entityRefs"]
        .as_array()
        .ok_or_else(|| Failure::input("request/body must have required property 'entityRefs'"))?;
    let fields: Vec<String> = match body.get("fields") {
        Some(fields) => serde_json::from_value(fields.clone())
            .map_err(|_| Failure::input("request/body/fields must be array"))?,
        None => Vec::new(),
    };
    let model = served.model();
    let found: Vec<Bytes> = references
        .iter()
        .map(|reference| {
            let found = reference.as_str().and_then(|text| model.find(text));
            found
                .filter(|_| sight == Sight::All)
                .map_or(Bytes::from_static(b"null"), |text| reduced(text, &fields))
        })
        .collect();
    let (before, after) = (r#"{"items":["#, "]}".to_owned());
    Ok(json_response(before, found.into_iter(), after, coding))
}

fn texts(slice: Slice, fields: Vec<String>) -> impl Iterator<Item = Bytes> + Send + 'static {
    slice.texts.map(move |text| reduced(text, &fields))
}

/// The entity with these fields alone, where there are any.
fn reduced(text: Bytes, fields: &[String]) -> Bytes {
    if fields.is_empty() {
        return text;
    }
    // The text was made from JSON.
    let entity: Value = serde_json::from_slice(&text).unwrap_or_default();
    projected(&entity, fields).to_string().into()
}
