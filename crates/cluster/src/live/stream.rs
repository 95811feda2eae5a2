//! A complete list as the first events of a watch (a streaming list): no page is ever held, and the server sends what it
//! has in its cache. Not every server can, and none says so beforehand.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use kube::api::{WatchEvent, WatchParams};
use kube::core::Request;
use tokio::time::{Instant, timeout_at};
use topology::fact::ObjectKey;
use topology::packed::PackedObjects;

use super::Pace;
use super::connect::ApiServer;
use super::list::{List, placed};
use super::namespaces::Part;
use super::request::{Asked, RequestError};
use crate::kinds::Resource;
use crate::reduce::reduce;
use crate::wire::object::Object;

/// The annotation of the bookmark after the last object of the list.
const END: &str = "k8s.io/initial-events-end";

/// Whether a failure may be for the way it was asked, so that pages are worth a try. What holds for any request to this
/// server is not.
pub(super) fn is_of_streaming(error: &RequestError) -> bool {
    match error {
        RequestError::Refused { code, .. } => matches!(code, 400 | 422),
        RequestError::Expired { .. }
        | RequestError::TimedOut { .. }
        | RequestError::Malformed { .. } => true,
        RequestError::Unauthorized { .. }
        | RequestError::Forbidden { .. }
        | RequestError::NotServed { .. }
        | RequestError::Unreachable { .. }
        | RequestError::Tls { .. }
        | RequestError::Credentials { .. } => false,
    }
}

/// Reads until the bookmark that ends the list. An error that comes after the beginning is `Malformed`, whatever it is: a
/// server whose store is too old says 200 first and 500 in an event.
///
/// A server that does not know streaming lists takes the request for a plain watch, which may send what there is and never
/// an end. So only objects of the list give it more time, and never more than a watch may last.
pub(super) async fn list(
    server: &ApiServer,
    resource: &Resource,
    part: &Part,
    pace: &Pace,
) -> Result<List, RequestError> {
    let asked = || Asked::new(server, resource, part);
    let malformed = |cause: String| RequestError::Malformed {
        asked: asked(),
        cause,
    };
    let begun = Instant::now();
    let mut deadline = begun + pace.stream_silence.min(pace.watch_timeout);
    let seconds = u32::try_from(pace.watch_timeout.as_secs()).unwrap_or(u32::MAX);
    let params = WatchParams::streaming_lists().timeout(seconds.max(1));
    let request = Request::new(resource.path(part.as_deref()))
        .watch(&params, "")
        .map_err(|error| RequestError::from_kube(asked(), &kube::Error::BuildRequest(error)))?;
    let events = server.client.request_events::<Object>(request);
    let late = |_| RequestError::TimedOut {
        asked: asked(),
        after: begun.elapsed(),
    };
    let mut events = timeout_at(deadline, events)
        .await
        .map_err(late)?
        .map_err(|error| RequestError::from_kube(asked(), &error))?
        .boxed();

    let mut list = List::default();
    let mut changed = BTreeMap::new();
    let mut faults = Vec::new();
    loop {
        let event = timeout_at(deadline, events.next())
            .await
            .map_err(late)?
            .ok_or_else(|| malformed("found no end of the list".to_owned()))?
            .map_err(|error| malformed(RequestError::from_kube(asked(), &error).to_string()))?;
        match event {
            WatchEvent::Added(object) => {
                deadline = (Instant::now() + pace.stream_silence).min(begun + pace.watch_timeout);
                list.objects
                    .extend(reduce(resource.kind, object, &mut faults));
            }
            WatchEvent::Modified(object) => {
                let fact = reduce(resource.kind, object, &mut faults);
                changed.extend(fact.as_ref().map(|fact| (fact.key(), list.objects.len())));
                list.objects.extend(fact);
            }
            WatchEvent::Deleted(object) => {
                let fact = reduce(resource.kind, object, &mut Vec::new());
                changed.extend(fact.map(|fact| (fact.key(), list.objects.len())));
            }
            WatchEvent::Bookmark(bookmark) => {
                if bookmark.metadata.annotations.contains_key(END) {
                    list.version = bookmark.metadata.resource_version;
                    break;
                }
            }
            WatchEvent::Error(status) => {
                let error = RequestError::from_status(asked(), &status);
                return Err(malformed(error.to_string()));
            }
        }
    }
    if list.version.is_empty() {
        return Err(malformed("found no metadata.resourceVersion".to_owned()));
    }
    superseded(&mut list.objects, &changed);
    list.faults = faults
        .into_iter()
        .map(|fault| placed(server, fault))
        .collect();
    Ok(list)
}

/// Drops what changed while the list came: what stands before the place at which its key changed last.
fn superseded(objects: &mut PackedObjects, changed: &BTreeMap<ObjectKey, usize>) {
    if !changed.is_empty() {
        objects.retain(|key, place| changed.get(key).is_none_or(|last| *last <= place));
    }
}
