//! Complete lists, page by page.

use futures::{StreamExt as _, stream as streams};
use kube::api::{GetParams, ListParams};
use kube::core::Request;
use topology::fact::{ClusterGeneration, Fault, ObjectFact, ObjectKind};
use topology::packed::PackedObjects;

use super::Pace;
use super::body;
use super::connect::ApiServer;
use super::namespaces::{Namespaces, Part};
use super::request::{Asked, RequestError};
use super::stream;
use crate::kinds::{Resource, SERVED, Served};
use crate::reduce::{ObjectFault, reduce};
use crate::wire::object::{Items, Page};

/// Kinds that are listed at the same time.
const KINDS_AT_ONCE: usize = 3;
/// A larger page is refused; at the usual page size it would mean objects of a megabyte.
const MAX_PAGE_BYTES: u64 = 256 * 1024 * 1024;
/// A list that expires while it is read starts over so many times.
const MAX_STARTS: u32 = 3;

/// How far a one-time listing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Kinds read completely.
    pub kinds_done: usize,
    /// Kinds there are.
    pub kinds_total: usize,
    /// Objects read.
    pub objects: usize,
}

/// Reads everything once.
///
/// A kind other than Service that is not served or not permitted is a fault that says how to grant it, unless it is of an
/// extension that is not installed; any other failure is an error, because a part is not a generation (S22).
pub async fn list_once(
    server: &ApiServer,
    pace: &Pace,
    progress: &mut dyn FnMut(Listing),
) -> Result<ClusterGeneration, RequestError> {
    let mut state = Listing {
        kinds_total: SERVED.len(),
        ..Listing::default()
    };
    progress(state);
    let mut generation = ClusterGeneration::default();
    let mut lists = streams::iter(SERVED)
        .map(|sort| async move { (sort, list_parts(server, sort, pace).await) })
        .buffer_unordered(KINDS_AT_ONCE);
    while let Some((sort, listed)) = lists.next().await {
        let essential = sort.preferred.kind == ObjectKind::Service;
        match listed {
            Ok(list) => {
                generation.objects.extend(list.objects);
                generation.faults.extend(list.faults);
            }
            Err(RequestError::NotServed { .. }) if sort.is_extension() => {}
            Err(error @ (RequestError::Forbidden { .. } | RequestError::NotServed { .. }))
                if !essential =>
            {
                generation.faults.push(not_read(server, sort, &error));
            }
            Err(error) => return Err(error),
        }
        state.kinds_done += 1;
        state.objects = generation.objects.len();
        progress(state);
    }
    drop(lists);
    generation.objects.sort_by_cached_key(ObjectFact::key);
    generation.faults.sort();
    Ok(generation)
}

/// All parts of a kind; one that fails, and the whole fails. What a role of a namespace cannot give is done without.
async fn list_parts(server: &ApiServer, sort: Served, pace: &Pace) -> Result<List, RequestError> {
    let mut whole = List::default();
    for part in server.namespaces.parts(&sort.preferred) {
        match list_served(server, sort, &part, pace, How::Pages).await {
            Ok((_, list)) => {
                whole.objects.extend(list.objects);
                whole.faults.extend(list.faults);
            }
            Err(RequestError::Forbidden { .. }) if server.namespaces.spare(&sort.preferred) => {
                whole
                    .objects
                    .extend(given(&server.namespaces, sort.preferred.kind));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(whole)
}

/// What is known of a kind that may not be read without a cluster-wide role: a namespace that the configuration gives is
/// taken to exist. Of others nothing is known.
pub(super) fn given(namespaces: &Namespaces, kind: ObjectKind) -> Vec<ObjectFact> {
    match (namespaces, kind) {
        (Namespaces::Named(names), ObjectKind::Namespace) => names
            .iter()
            .map(|name| ObjectFact::Namespace(Box::from(&**name)))
            .collect(),
        _ => Vec::new(),
    }
}

fn not_read(server: &ApiServer, sort: Served, error: &RequestError) -> Fault {
    let kind = sort.preferred.kind.as_str();
    let hint = error
        .hint()
        .map_or_else(String::new, |hint| format!(": {hint}"));
    Fault {
        place: format!("{}, {kind}", server.address),
        message: format!("{error}; objects of this kind are not read{hint}"),
    }
}

/// A complete list of one kind.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) objects: PackedObjects,
    pub(super) faults: Vec<Fault>,
    /// The version to watch from.
    pub(super) version: String,
}

/// How a list comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Page by page; every server can.
    Pages,
    /// As the first events of a watch.
    Stream,
}

/// Lists the first form of the kind that is served, and says which it was.
pub(super) async fn list_served(
    server: &ApiServer,
    sort: Served,
    part: &Part,
    pace: &Pace,
    how: How,
) -> Result<(Resource, List), RequestError> {
    let mut result = list(server, &sort.preferred, part, pace, how).await;
    let mut resource = sort.preferred;
    for other in sort.instead {
        if !matches!(result, Err(RequestError::NotServed { .. })) {
            break;
        }
        result = list(server, other, part, pace, how).await;
        resource = *other;
    }
    // Rights are looked at before the kind is: what is not installed is refused to whoever has no right to it, and a grant
    // would change nothing.
    if let Err(RequestError::Forbidden { asked, .. }) = &result
        && sort.is_extension()
        && !is_installed(server, &sort.preferred, pace).await
    {
        let asked = asked.clone();
        result = Err(RequestError::NotServed { asked });
    }
    result.map(|list| (resource, list))
}

/// Whether the server has the API group, which everybody may see; unless it plainly has not.
async fn is_installed(server: &ApiServer, resource: &Resource, pace: &Pace) -> bool {
    let Ok(request) = Request::new("/apis").get(resource.group, &GetParams::default()) else {
        return true;
    };
    let answer = server.client.request_text(request);
    let answer = tokio::time::timeout(pace.answer_timeout, answer).await;
    !matches!(answer, Ok(Err(kube::Error::Api(status))) if status.code == 404)
}

/// Asks for the least there is, to see whether the answer is one.
pub(super) async fn probe(
    server: &ApiServer,
    resource: &Resource,
    part: &Part,
    pace: &Pace,
) -> Result<(), RequestError> {
    let params = ListParams::default().limit(1);
    page(server, resource, part, &params, pace, &mut List::default())
        .await
        .map(drop)
}

async fn list(
    server: &ApiServer,
    resource: &Resource,
    part: &Part,
    pace: &Pace,
    how: How,
) -> Result<List, RequestError> {
    if how == How::Stream {
        return stream::list(server, resource, part, pace).await;
    }
    let mut starts = 1;
    loop {
        match list_from_start(server, resource, part, pace).await {
            Err(RequestError::Expired { .. }) if starts < MAX_STARTS => starts += 1,
            other => return other,
        }
    }
}

async fn list_from_start(
    server: &ApiServer,
    resource: &Resource,
    part: &Part,
    pace: &Pace,
) -> Result<List, RequestError> {
    let mut list = List::default();
    let mut params = ListParams::default().limit(pace.page_size);
    loop {
        let (version, token) = page(server, resource, part, &params, pace, &mut list).await?;
        if token.is_none() {
            list.version = version;
            return Ok(list);
        }
        params.continue_token = token;
    }
}

/// Adds one page; gives the list's version and the token of the next page.
async fn page(
    server: &ApiServer,
    resource: &Resource,
    part: &Part,
    params: &ListParams,
    pace: &Pace,
    list: &mut List,
) -> Result<(String, Option<String>), RequestError> {
    let asked = || Asked::new(server, resource, part);
    let malformed = |cause: String| RequestError::Malformed {
        asked: asked(),
        cause,
    };
    let request = Request::new(resource.path(part.as_deref()))
        .list(params)
        .map_err(|error| RequestError::from_kube(asked(), &kube::Error::BuildRequest(error)))?;
    let body = body::fetch(server, request, pace, MAX_PAGE_BYTES, asked).await?;
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(malformed("found a web page".to_owned()));
    }
    let answered: Page =
        serde_json::from_slice(&body).map_err(|error| malformed(error.to_string()))?;
    drop(body);

    // An answer that is not plainly a list of this kind must not pass for an empty one: that would delete everything.
    let expected = format!("{}List", resource.kind.as_str());
    let kind = answered.kind.usable().unwrap_or_default();
    if *kind != *expected {
        return Err(malformed(format!(
            "found kind `{kind}`, expected `{expected}`"
        )));
    }
    let metadata = answered.metadata.usable().unwrap_or_default();
    let version = metadata.resource_version.usable().unwrap_or_default();
    if version.is_empty() {
        return Err(malformed("found no metadata.resourceVersion".to_owned()));
    }
    let Items(items) = answered.items.usable().unwrap_or_default();
    let mut faults = Vec::new();
    for object in items {
        list.objects
            .extend(reduce(resource.kind, object, &mut faults));
    }
    list.faults
        .extend(faults.into_iter().map(|fault| placed(server, fault)));
    let token = metadata.continue_token.usable().map(|token| token.0);
    Ok((version.into(), token.filter(|token| !token.is_empty())))
}

/// The place of a fault is the API server and the object.
pub(super) fn placed(server: &ApiServer, fault: ObjectFault) -> Fault {
    let ObjectFault {
        object,
        field,
        message,
    } = fault;
    Fault {
        place: format!("{}, {object}, {field}", server.address),
        message,
    }
}
