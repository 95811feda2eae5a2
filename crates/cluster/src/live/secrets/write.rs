//! Writing one Secret. What somebody else wrote meanwhile is left as it is: a change names the version that it is of.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};

use super::Secret;
use super::read::{asked, path};
use super::wire::Document;
use crate::live::annotations::FIELD_MANAGER;
use crate::live::connect::ApiServer;
use crate::live::request::{RequestError, subject};
use crate::live::{Pace, body};

/// Bound on an answer: a Secret has a megabyte at most.
const MAX_ANSWER_BYTES: u64 = 8 * 1024 * 1024;
/// What is to be there, and null what is not.
const MERGE: &str = "application/merge-patch+json";
/// The label that says who keeps the Secret, and its value.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", FIELD_MANAGER);

/// What is to be of a Secret; `None` is taken away, and what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Of its labels.
    pub labels: BTreeMap<String, Option<String>>,
    /// Of its annotations.
    pub annotations: BTreeMap<String, Option<String>>,
    /// Of its keys.
    pub data: BTreeMap<String, Option<SecretString>>,
}

/// Why a Secret was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is one of that name already.
    #[error("there is a Secret of that name already")]
    Exists,
    /// It was changed since it was looked at, or is another one by now.
    #[error("the Secret was changed meanwhile")]
    Changed,
    /// It is gone, or its namespace is not there.
    #[error("there is no such Secret, or no such namespace")]
    Gone,
    /// 403.
    #[error("`{server}` does not permit {} to write Secrets in namespace `{namespace}` (403 Forbidden)", user.as_deref().map_or_else(|| "this user".to_owned(), |user| format!("`{user}`")))]
    Forbidden {
        /// The API server's address.
        server: String,
        /// The namespace.
        namespace: String,
        /// As whom, if the server said so.
        user: Option<String>,
    },
    /// The server takes no such Secret.
    #[error("the API server takes no such Secret")]
    Invalid,
    /// Anything else.
    #[error(transparent)]
    Request(RequestError),
}

impl WriteError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exists => Some("choose another name, or look at it first".to_owned()),
            Self::Changed => Some("look at it again, and change what it is now".to_owned()),
            Self::Gone => Some("create the namespace, or choose another one".to_owned()),
            Self::Forbidden {
                namespace, user, ..
            } => Some(grant(namespace, user.as_deref())),
            Self::Invalid => None,
            Self::Request(error) => error.hint(),
        }
    }

    fn of(error: RequestError, namespace: &str, conflict: Self) -> Self {
        match error {
            RequestError::Forbidden { asked, user } => Self::Forbidden {
                server: asked.server,
                namespace: namespace.to_owned(),
                user,
            },
            RequestError::NotServed { .. } => Self::Gone,
            RequestError::Refused { code: 409, .. } => conflict,
            // S31: a server may quote what it does not take.
            RequestError::Refused {
                code: 400 | 422, ..
            }
            | RequestError::Malformed { .. } => Self::Invalid,
            error => Self::Request(error),
        }
    }
}

/// The commands that permit writing Secrets: in this namespace and no other.
pub(in crate::live) fn grant(namespace: &str, user: Option<&str>) -> String {
    let subject = subject(user);
    format!(
        "grant it with `kubectl create role backstitch-integrations --namespace {namespace} \
         --verb=get,list,watch,create,patch,delete --resource=secrets` and `kubectl create rolebinding \
         backstitch-integrations --namespace {namespace} --role=backstitch-integrations {subject}`"
    )
}

/// Creates a Secret that is not there.
///
/// # Errors
/// When there is one of that name, or the server refuses.
pub async fn create(
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
    name: &str,
    change: &Change,
) -> Result<Secret, WriteError> {
    let mut written = written(change);
    written["apiVersion"] = json!("v1");
    written["kind"] = json!("Secret");
    written["type"] = json!("Opaque");
    written["metadata"]["name"] = json!(name);
    written["metadata"]["namespace"] = json!(namespace);
    let request = http::Request::post(managed(&path(namespace)))
        .header(CONTENT_TYPE, "application/json")
        .body(written.to_string().into_bytes());
    answered(server, pace, request)
        .await
        .map_err(|error| WriteError::of(error, namespace, WriteError::Exists))
}

/// Changes a Secret, if it is still the one that was looked at.
///
/// # Errors
/// When it is not, or the server refuses. Nothing was written then.
pub async fn change(
    server: &ApiServer,
    pace: &Pace,
    secret: &Secret,
    change: &Change,
) -> Result<Secret, WriteError> {
    let mut written = written(change);
    written["metadata"]["uid"] = json!(secret.uid);
    written["metadata"]["resourceVersion"] = json!(secret.version);
    let namespace = &secret.namespace;
    let target = managed(&format!("{}/{}", path(namespace), secret.name));
    let request = http::Request::patch(target)
        .header(CONTENT_TYPE, MERGE)
        .body(written.to_string().into_bytes());
    answered(server, pace, request)
        .await
        .map_err(|error| WriteError::of(error, namespace, WriteError::Changed))
}

/// Removes a Secret, if it is still the one that was looked at.
///
/// # Errors
/// When it is not, or the server refuses. It is there then.
pub async fn remove(server: &ApiServer, pace: &Pace, secret: &Secret) -> Result<(), WriteError> {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions",
        "preconditions": {"uid": secret.uid, "resourceVersion": secret.version},
    });
    let namespace = &secret.namespace;
    let failed = |error| WriteError::of(error, namespace, WriteError::Changed);
    let request = http::Request::delete(format!("{}/{}", path(namespace), secret.name))
        .header(CONTENT_TYPE, "application/json")
        .body(options.to_string().into_bytes());
    let request = request.map_err(|_| WriteError::Invalid)?;
    let answer = body::fetch(server, request, pace, MAX_ANSWER_BYTES, || asked(server)).await;
    answer.map(drop).map_err(failed)
}

fn managed(path: &str) -> String {
    format!("{path}?fieldManager={FIELD_MANAGER}")
}

/// A change as JSON; null takes away.
fn written(change: &Change) -> Json {
    let data: BTreeMap<&str, Option<String>> = change
        .data
        .iter()
        .map(|(key, value)| {
            let encoded = |value: &SecretString| BASE64_STANDARD.encode(value.expose_secret());
            (key.as_str(), value.as_ref().map(encoded))
        })
        .collect();
    json!({
        "metadata": {"labels": change.labels, "annotations": change.annotations},
        "data": data,
    })
}

async fn answered(
    server: &ApiServer,
    pace: &Pace,
    request: http::Result<http::Request<Vec<u8>>>,
) -> Result<Secret, RequestError> {
    let malformed = || RequestError::Malformed {
        asked: asked(server),
        cause: String::new(),
    };
    let request = request.map_err(|_| malformed())?;
    let body = body::fetch(server, request, pace, MAX_ANSWER_BYTES, || asked(server)).await?;
    let document: Document = serde_json::from_slice(&body).map_err(|_| malformed())?;
    document.secret().ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_how_to_grant_it_in_that_namespace_alone() {
        let asked = crate::live::request::Asked {
            server: "https://a:6443".to_owned(),
            resource: "secrets".to_owned(),
            namespace: None,
        };
        let refused = |code| RequestError::Refused {
            asked: asked.clone(),
            code,
            message: "sentinel".to_owned(),
            retry_after: None,
        };
        let forbidden = RequestError::Forbidden {
            asked: asked.clone(),
            user: Some("system:serviceaccount:ops:backstitch".to_owned()),
        };
        let error = WriteError::of(forbidden, "causely", WriteError::Exists);
        insta::assert_snapshot!(error, @r"
        `https://a:6443` does not permit `system:serviceaccount:ops:backstitch` to write Secrets in namespace `causely` (403 Forbidden)
        ");
        insta::assert_snapshot!(error.hint().expect("a hint"), @r"
        grant it with `kubectl create role backstitch-integrations --namespace causely --verb=get,list,watch,create,patch,delete --resource=secrets` and `kubectl create rolebinding backstitch-integrations --namespace causely --role=backstitch-integrations --serviceaccount=ops:backstitch`
        ");
        for (code, told) in [
            (409, "there is a Secret of that name already"),
            (422, "the API server takes no such Secret"),
            (400, "the API server takes no such Secret"),
        ] {
            let error = WriteError::of(refused(code), "causely", WriteError::Exists);
            assert_eq!(error.to_string(), told, "{code}");
        }
    }

    #[test]
    fn s31_a_change_does_not_print_its_values() {
        let change = Change {
            data: BTreeMap::from([("token".to_owned(), Some("sentinel".to_owned().into()))]),
            ..Change::default()
        };
        assert!(!format!("{change:?}").contains("sentinel"));
        let json = written(&change);
        assert_eq!(json["data"]["token"], "c2VudGluZWw=");
    }
}
