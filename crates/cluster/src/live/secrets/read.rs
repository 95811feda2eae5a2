//! One list, or one Secret, once.

use kube::api::{GetParams, ListParams};
use kube::core::Request;

use super::wire::Document;
use super::{Secret, SecretsError, Selector};
use crate::live::connect::ApiServer;
use crate::live::request::{Asked, RequestError};
use crate::live::{Pace, body};

/// Secrets per page of a list. A Secret has a megabyte at most.
const PAGE: u32 = 50;
/// A larger answer is refused.
const MAX_ANSWER_BYTES: u64 = 96 * 1024 * 1024;
/// Secrets that are taken of one namespace. Whoever may label that many could fill the memory.
const MAX_SECRETS: usize = 1_000;

/// A complete list, and the version to watch from.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) secrets: Vec<Secret>,
    pub(super) version: String,
}

/// The Secrets of a namespace that a selector chooses, all of them.
///
/// # Errors
/// When they cannot be read completely.
pub async fn list(
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
    selector: &Selector,
) -> Result<Vec<Secret>, SecretsError> {
    let listed = listed(server, pace, namespace, selector).await;
    listed
        .map(|listed| listed.secrets)
        .map_err(|error| SecretsError::new(namespace, error))
}

/// One Secret; `None` where there is none of that name.
///
/// # Errors
/// When that cannot be said.
pub async fn get(
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
    name: &str,
) -> Result<Option<Secret>, SecretsError> {
    let request = Request::new(path(namespace)).get(name, &GetParams::default());
    match answered(server, pace, request.map_err(kube::Error::BuildRequest)).await {
        Ok(document) if document.is("Secret") => Ok(document.secret()),
        Ok(_) => Err(SecretsError::new(namespace, malformed(server))),
        Err(RequestError::NotServed { .. }) => Ok(None),
        Err(error) => Err(SecretsError::new(namespace, error)),
    }
}

pub(super) async fn listed(
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
    selector: &Selector,
) -> Result<Listed, RequestError> {
    let mut params = ListParams::default()
        .limit(PAGE)
        .labels(&selector.to_string());
    let mut secrets = Vec::new();
    loop {
        let request = Request::new(path(namespace)).list(&params);
        let document = answered(server, pace, request.map_err(kube::Error::BuildRequest)).await?;
        let version = document.version().map(str::to_owned);
        let (true, Some(version)) = (document.is("SecretList"), version) else {
            return Err(malformed(server));
        };
        params.continue_token = document.more().map(str::to_owned);
        secrets.extend(document.secrets().ok_or_else(|| malformed(server))?);
        if secrets.len() > MAX_SECRETS {
            return Err(RequestError::Malformed {
                asked: asked(server),
                cause: String::new(),
            });
        }
        if params.continue_token.is_none() {
            return Ok(Listed { secrets, version });
        }
    }
}

async fn answered(
    server: &ApiServer,
    pace: &Pace,
    request: Result<http::Request<Vec<u8>>, kube::Error>,
) -> Result<Document, RequestError> {
    let request = request.map_err(|error| RequestError::from_kube(asked(server), &error))?;
    let body = body::fetch(server, request, pace, MAX_ANSWER_BYTES, || asked(server)).await?;
    serde_json::from_slice(&body).map_err(|_| malformed(server))
}

pub(in crate::live) fn path(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/secrets")
}

pub(super) fn asked(server: &ApiServer) -> Asked {
    Asked {
        server: server.address.clone(),
        resource: "secrets".to_owned(),
        // Whoever watches Secrets says the namespace, and grants a Role there.
        namespace: None,
    }
}

fn malformed(server: &ApiServer) -> RequestError {
    RequestError::Malformed {
        asked: asked(server),
        cause: String::new(),
    }
}
