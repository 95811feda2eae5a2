//! Annotations that are written back to objects, by server-side apply under a field manager of our own.
//!
//! ```text
//!  annotated ──▶ each object: which annotations are ours, which of those wanted others have
//!  annotate ───▶ apply: what we had and do not give any more goes, what others have is a conflict and stays
//! ```
//!
//! The API server keeps who wrote which field (`managedFields`), so that nothing has to be remembered here, and nothing that
//! somebody else wrote can be changed. Only metadata is read, and only the metadata of an object is written: never the
//! template of its pods. It must not know what the annotations mean.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, stream as streams};
use http::header::{ACCEPT, CONTENT_TYPE};
use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use topology::fact::ObjectKind;

use super::Pace;
use super::body;
use super::connect::ApiServer;
use super::request::{Asked, RequestError, subject};
use crate::kinds::{Resource, SERVED};

/// Under which name the API server keeps what we wrote.
pub const FIELD_MANAGER: &str = "backstitch";

/// Lists of metadata come in this form.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// Server-side apply. JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";
/// A larger page is refused.
const MAX_PAGE_BYTES: u64 = 256 * 1024 * 1024;
/// What a server answers to an apply: the whole object.
const MAX_ANSWER_BYTES: u64 = 8 * 1024 * 1024;
/// Parts of a cluster that are listed at the same time.
const PARTS_AT_ONCE: usize = 3;

/// Annotations, by key.
pub type Annotations = BTreeMap<Box<str>, Box<str>>;

/// An object as far as its annotations go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotated {
    /// Its kind.
    pub kind: ObjectKind,
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Tells it from another one of its name.
    pub uid: Box<str>,
    /// What we wrote and nobody changed since.
    pub ours: Annotations,
    /// Of the keys that were asked for: those that others have, with who that is.
    pub others: BTreeMap<Box<str>, Held>,
}

/// An annotation that somebody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its value.
    pub value: Box<str>,
    /// The field manager, as far as the API server knows one.
    pub manager: Option<Box<str>>,
}

/// Why an annotation was not written.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// Somebody else has it, or took it meanwhile.
    #[error("another field manager has it: {message}")]
    Conflict {
        /// The server's words.
        message: String,
    },
    /// The object is gone, or is another one by now.
    #[error("the object is gone")]
    Gone,
    /// 403.
    #[error("`{server}` does not permit {} to annotate {resource} (403 Forbidden)", user.as_deref().map_or_else(|| "this user".to_owned(), |user| format!("`{user}`")))]
    Forbidden {
        /// The API server's address.
        server: String,
        /// The resource as kubectl names it.
        resource: String,
        /// As whom, if the server said so.
        user: Option<String>,
    },
    /// Anything else.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl AnnotateError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Conflict { .. } => Some(
                "it is left as it is; whoever wrote it has to take it away before it can be ours"
                    .to_owned(),
            ),
            Self::Gone => None,
            Self::Forbidden { resource, user, .. } => {
                let name = format!("backstitch-annotate-{}", resource.replace('.', "-"));
                let subject = subject(user.as_deref());
                Some(format!(
                    "grant it with `kubectl create clusterrole {name} --verb=get,list,patch --resource={resource}` and \
                     `kubectl create clusterrolebinding {name} --clusterrole={name} {subject}`"
                ))
            }
            Self::Request(error) => error.hint(),
        }
    }

    /// Whether no other object of the kind would fare better.
    pub fn of_kind(&self) -> bool {
        match self {
            Self::Forbidden { .. } => true,
            Self::Request(error) => error.of_server(),
            Self::Conflict { .. } | Self::Gone => false,
        }
    }
}

/// Every object of a kind that is served, with what is ours and who has what of the keys `wanted`.
///
/// # Errors
/// When the list cannot be read as a whole.
pub async fn annotated(
    server: &ApiServer,
    pace: &Pace,
    kind: ObjectKind,
    wanted: &BTreeSet<Box<str>>,
) -> Result<Vec<Annotated>, RequestError> {
    let Some(resource) = resource(kind) else {
        return Ok(Vec::new());
    };
    let parts = server.namespaces.parts(&resource);
    let mut lists = streams::iter(parts)
        .map(|part| async move { list(server, pace, &resource, part.as_deref(), wanted).await })
        .buffer_unordered(PARTS_AT_ONCE);
    let mut all = Vec::new();
    while let Some(list) = lists.next().await {
        all.extend(list?);
    }
    drop(lists);
    all.sort_unstable_by(|a: &Annotated, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    Ok(all)
}

/// Gives an object exactly these annotations of ours. Those that we had and that are not among them go; all others stay.
///
/// # Errors
/// When somebody else has one of them, the object is gone, or the server refuses. Nothing was written then.
pub async fn annotate(
    server: &ApiServer,
    pace: &Pace,
    object: &Annotated,
    annotations: &Annotations,
) -> Result<(), AnnotateError> {
    let Some(resource) = resource(object.kind) else {
        return Err(AnnotateError::Gone);
    };
    let path = format!(
        "{}/{}?fieldManager={FIELD_MANAGER}",
        resource.path(Some(&object.namespace)),
        object.name
    );
    let asked = || Asked {
        server: server.address.clone(),
        resource: resource.qualified(),
        namespace: Some(object.namespace.to_string()),
    };
    // With its uid an object that is gone is not made anew, and another one of its name is left alone.
    let mut metadata = json!({
        "name": object.name, "namespace": object.namespace, "uid": object.uid,
    });
    if !annotations.is_empty() {
        metadata["annotations"] = json!(annotations);
    }
    let body = json!({
        "apiVersion": crate::kinds::api_version(object.kind), "kind": object.kind.as_str(), "metadata": metadata,
    });
    let request = http::Request::patch(path)
        .header(CONTENT_TYPE, APPLY)
        .body(body.to_string().into_bytes())
        .map_err(|error| RequestError::Malformed {
            asked: asked(),
            cause: error.to_string(),
        })?;
    match body::fetch(server, request, pace, MAX_ANSWER_BYTES, asked).await {
        Ok(_) => Ok(()),
        Err(RequestError::Refused {
            code: 409, message, ..
        }) if message.starts_with("Apply failed") => Err(AnnotateError::Conflict { message }),
        Err(RequestError::Refused { code: 409, .. } | RequestError::NotServed { .. }) => {
            Err(AnnotateError::Gone)
        }
        Err(RequestError::Forbidden { asked, user }) => Err(AnnotateError::Forbidden {
            server: asked.server,
            resource: asked.resource,
            user,
        }),
        Err(error) => Err(error.into()),
    }
}

fn resource(kind: ObjectKind) -> Option<Resource> {
    let sort = SERVED.iter().find(|sort| sort.preferred.kind == kind)?;
    Some(sort.preferred)
}

async fn list(
    server: &ApiServer,
    pace: &Pace,
    resource: &Resource,
    namespace: Option<&str>,
    wanted: &BTreeSet<Box<str>>,
) -> Result<Vec<Annotated>, RequestError> {
    let asked = || Asked {
        server: server.address.clone(),
        resource: resource.qualified(),
        namespace: namespace.map(str::to_owned),
    };
    let malformed = |cause: String| RequestError::Malformed {
        asked: asked(),
        cause,
    };
    let mut found = Vec::new();
    let mut params = ListParams::default().limit(pace.page_size);
    loop {
        let mut request = Request::new(resource.path(namespace))
            .list(&params)
            .map_err(|error| malformed(error.to_string()))?;
        request
            .headers_mut()
            .insert(ACCEPT, http::HeaderValue::from_static(METADATA_ONLY));
        let answer = body::fetch(server, request, pace, MAX_PAGE_BYTES, asked).await?;
        let read: Page =
            serde_json::from_slice(&answer).map_err(|error| malformed(error.to_string()))?;
        let items = read.items.into_iter().flatten().map(|item| item.metadata);
        found.extend(items.map(|it| it.annotated(resource.kind, wanted)));
        let token = read.metadata.continue_token;
        params.continue_token = token.filter(|token| !token.is_empty());
        if params.continue_token.is_none() {
            return Ok(found);
        }
    }
}

/// A page of metadata.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: ListMetadata,
    /// An empty list may come as null.
    items: Option<Vec<Item>>,
}

#[derive(Default, Deserialize)]
struct ListMetadata {
    #[serde(rename = "continue")]
    continue_token: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: Box<str>,
    namespace: Box<str>,
    uid: Box<str>,
    #[serde(default)]
    annotations: Annotations,
    #[serde(default)]
    managed_fields: Vec<Managed>,
}

/// What one field manager wrote.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Managed {
    #[serde(default)]
    manager: Box<str>,
    #[serde(default)]
    operation: Box<str>,
    #[serde(default)]
    fields_v1: Value,
}

impl Managed {
    fn has(&self, key: &str) -> bool {
        let annotations = &self.fields_v1["f:metadata"]["f:annotations"];
        annotations.get(format!("f:{key}")).is_some()
    }

    fn is_ours(&self) -> bool {
        &*self.manager == FIELD_MANAGER && &*self.operation == "Apply"
    }
}

impl Metadata {
    fn annotated(self, kind: ObjectKind, wanted: &BTreeSet<Box<str>>) -> Annotated {
        let (ours, rest): (Annotations, Annotations) =
            self.annotations.into_iter().partition(|(key, _)| {
                let ours = |it: &Managed| it.is_ours() && it.has(key);
                self.managed_fields.iter().any(ours)
            });
        let others = rest
            .into_iter()
            .filter(|(key, _)| wanted.contains(key))
            .map(|(key, value)| {
                let holder = self.managed_fields.iter().find(|it| it.has(&key));
                let manager = holder.map(|it| it.manager.clone());
                (key, Held { value, manager })
            });
        Annotated {
            kind,
            others: others.collect(),
            ours,
            namespace: self.namespace,
            name: self.name,
            uid: self.uid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ours_follows_from_managed_fields() {
        let metadata: Metadata = serde_json::from_value(json!({
            "name": "checkout", "namespace": "shop", "uid": "u1",
            "annotations": {
                "x/team": "Pay", "x/ref": "group:default/pay", "x/other": "theirs", "x/old": "o", "unrelated": "1",
            },
            "managedFields": [
                {
                    "manager": "backstitch", "operation": "Apply",
                    "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:x/team": {}, "f:x/old": {}, "f:x/gone": {}}}},
                },
                {
                    "manager": "kubectl", "operation": "Update",
                    "fieldsV1": {"f:metadata": {"f:annotations": {"f:x/other": {}, "f:unrelated": {}}}, "f:spec": {}},
                },
                {
                    "manager": "backstitch", "operation": "Update",
                    "fieldsV1": {"f:metadata": {"f:annotations": {"f:x/ref": {}}}},
                },
            ],
        }))
        .expect("metadata");
        let wanted = ["x/team", "x/ref", "x/other"].map(Into::into).into();
        let found = metadata.annotated(ObjectKind::Service, &wanted);
        let keys: Vec<&str> = found.ours.keys().map(|key| &**key).collect();
        assert_eq!(keys, ["x/old", "x/team"]);
        let others: Vec<(&str, &str, Option<&str>)> = found
            .others
            .iter()
            .map(|(key, held)| (&**key, &*held.value, held.manager.as_deref()))
            .collect();
        assert_eq!(
            others,
            [
                ("x/other", "theirs", Some("kubectl")),
                // Written under our name by another way than apply: not by us.
                ("x/ref", "group:default/pay", Some("backstitch")),
            ]
        );
    }
}
