//! What an API server is, and what these credentials may do there, for a person who wants to know why nothing is read.
//!
//! ```text
//!  /version ──▶ its version, its clock
//!  discovery ─▶ which form of each kind is served ──▶ SelfSubjectAccessReview: list, watch, per part ──▶ KindAccess
//!                                                     SelfSubjectAccessReview: more than is needed? ──▶ Excess
//! ```
//!
//! Everything is asked and nothing is changed. It must not know what is told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use futures::{StreamExt as _, stream as streams};
use http::header::{CONTENT_TYPE, DATE};
use serde::Deserialize;
use serde_json::json;
use topology::fact::ObjectKind;

use super::Pace;
use super::body;
use super::connect::ApiServer;
use super::namespaces::Part;
use super::request::{Asked, RequestError};
use super::secrets::{SecretsError, WriteError, secrets_path};
use crate::kinds::{Resource, SERVED, Served};

/// Reviews that are asked for at the same time.
const AT_ONCE: usize = 8;
/// Bound on an answer; the longest are lists of the kinds of a group.
const MAX_ANSWER_BYTES: u64 = 4 * 1024 * 1024;
/// What reading a kind takes. A grant also has `get`, by which a person looks at what is read.
const NEEDED: [&str; 2] = ["list", "watch"];
/// The same of Secrets, which are also looked up by name.
const NEEDED_OF_SECRETS: [&str; 3] = ["get", "list", "watch"];
/// What writing them takes.
const NEEDED_TO_WRITE_SECRETS: [&str; 4] = ["get", "create", "patch", "delete"];
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// What was found out of an API server.
#[derive(Debug)]
pub struct Examination {
    /// By how many seconds its clock is ahead of ours; less than zero where it is behind.
    pub clock_ahead: Option<i64>,
    /// What it says of itself; without a version where these credentials may not see that.
    pub version: Result<Option<String>, RequestError>,
    /// How each kind stands that is read. Empty where the server did not let itself be asked.
    pub kinds: Vec<KindAccess>,
    /// More than is needed to read, if these credentials may do that.
    pub excess: Option<Excess>,
}

/// How a kind stands.
#[derive(Debug)]
pub struct KindAccess {
    /// The kind.
    pub kind: ObjectKind,
    /// As kubectl names it: `deployments.apps`.
    pub resource: String,
    /// How it stands.
    pub standing: Standing,
}

/// How a kind, and these credentials to it, stand.
#[derive(Debug)]
pub enum Standing {
    /// It can be listed and watched.
    Readable,
    /// The server does not have it.
    NotServed {
        /// Kubernetes comes without it.
        extension: bool,
    },
    /// It is not permitted, and is done without: it is no part of the namespaces that are read.
    Spared,
    /// It is not permitted, in each of these parts.
    Denied(Vec<RequestError>),
    /// It could not be found out.
    Unknown(RequestError),
}

/// What credentials may do that nobody needs to read a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// Everything.
    Everything,
    /// Reading the Secrets of all namespaces.
    AllSecrets,
}

/// Asks an API server what it is and what may be read of it. Without an answer to the first question no other is asked.
pub async fn examine(server: &ApiServer, pace: &Pace) -> Examination {
    let (version, clock_ahead) = greet(server, pace).await;
    if version.is_err() {
        return Examination {
            clock_ahead,
            version,
            kinds: Vec::new(),
            excess: None,
        };
    }
    Examination {
        clock_ahead,
        version,
        kinds: kinds(server, pace).await,
        excess: excess(server, pace).await,
    }
}

/// Why the Secrets of a namespace cannot be read as they have to be, if they cannot.
///
/// # Errors
/// When that could not be found out.
pub async fn secrets_denied(
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
) -> Result<Option<SecretsError>, RequestError> {
    let denied = first_denied(server, pace, namespace, &NEEDED_OF_SECRETS).await?;
    let Some(verb) = denied else {
        return Ok(None);
    };
    let user = user(server, pace, &secrets_path(namespace), verb).await;
    let asked = asked_for(server, "secrets");
    let error = RequestError::Forbidden { asked, user };
    Ok(Some(SecretsError::new(namespace, error)))
}

/// Why the Secrets of a namespace cannot be written, if they cannot; with the command that permits it.
///
/// # Errors
/// When that could not be found out.
pub async fn secrets_unwritable(
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
) -> Result<Option<WriteError>, RequestError> {
    let denied = first_denied(server, pace, namespace, &NEEDED_TO_WRITE_SECRETS).await?;
    let Some(verb) = denied else {
        return Ok(None);
    };
    Ok(Some(WriteError::Forbidden {
        server: server.address.clone(),
        namespace: namespace.to_owned(),
        user: user_who_writes(server, pace, &secrets_path(namespace), verb).await,
    }))
}

/// The first of the verbs that is not permitted on the Secrets of a namespace.
async fn first_denied(
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
    verbs: &[&'static str],
) -> Result<Option<&'static str>, RequestError> {
    for verb in verbs {
        let review = Review {
            verb,
            group: "",
            resource: "secrets",
            namespace: Some(namespace),
        };
        if !review.allowed(server, pace).await? {
            return Ok(Some(verb));
        }
    }
    Ok(None)
}

fn asked_for(server: &ApiServer, what: &str) -> Asked {
    Asked {
        server: server.address.clone(),
        resource: what.to_owned(),
        namespace: None,
    }
}

/// Its version and its clock, by a question that it answers to everybody whose credentials it accepts.
async fn greet(
    server: &ApiServer,
    pace: &Pace,
) -> (Result<Option<String>, RequestError>, Option<i64>) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        git_version: String,
    }
    let asked = || asked_for(server, "its version");
    let request = || http::Request::get("/version");
    // The answer's head alone: what reads bodies within bounds gives no head.
    let head = async {
        let request = request().body(kube::client::Body::empty());
        let request = request.map_err(|error| malformed(asked(), &error))?;
        let answer = server.client.send(request).await;
        answer.map_err(|error| RequestError::from_kube(asked(), &error))
    };
    let answer = match tokio::time::timeout(pace.answer_timeout, head).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return (Err(error), None),
        Err(_) => {
            let (asked, after) = (asked(), pace.answer_timeout);
            return (Err(RequestError::TimedOut { asked, after }), None);
        }
    };
    let date = answer.headers().get(DATE).and_then(|it| it.to_str().ok());
    let ahead = date.and_then(|date| ahead(date, SystemTime::now()));
    drop(answer);
    let version = fetch(server, pace, request().body(Vec::new()), &asked).await;
    let version = match version {
        Ok(body) => match serde_json::from_slice::<Version>(&body) {
            Ok(version) => Ok(Some(version.git_version)),
            Err(error) => Err(malformed(asked(), &error)),
        },
        Err(RequestError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    (version, ahead)
}

/// By how many seconds a date is ahead of now.
fn ahead(date: &str, now: SystemTime) -> Option<i64> {
    let date = httpdate::parse_http_date(date).ok()?;
    let seconds = |from: SystemTime, to: SystemTime| {
        let passed = to.duration_since(from).ok()?;
        i64::try_from(passed.as_secs()).ok()
    };
    seconds(now, date).or_else(|| seconds(date, now).map(|behind| -behind))
}

async fn fetch(
    server: &ApiServer,
    pace: &Pace,
    request: http::Result<http::Request<Vec<u8>>>,
    asked: &impl Fn() -> Asked,
) -> Result<Vec<u8>, RequestError> {
    let request = request.map_err(|error| malformed(asked(), &error))?;
    body::fetch(server, request, pace, MAX_ANSWER_BYTES, asked).await
}

fn malformed(asked: Asked, error: &dyn std::error::Error) -> RequestError {
    RequestError::Malformed {
        asked,
        cause: error.to_string(),
    }
}

/// What API versions serve, by group and version; `None` where that could not be found out.
type Discovered = BTreeMap<(&'static str, &'static str), Option<BTreeSet<String>>>;

async fn discovered(server: &ApiServer, pace: &Pace) -> Discovered {
    let versions: BTreeSet<(&str, &str)> = SERVED
        .iter()
        .flat_map(Served::forms)
        .map(|form| (form.group, form.version))
        .collect();
    streams::iter(versions)
        .map(|key| async move { (key, plurals(server, pace, key).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

async fn plurals(
    server: &ApiServer,
    pace: &Pace,
    (group, version): (&str, &str),
) -> Option<BTreeSet<String>> {
    #[derive(Deserialize)]
    struct Resources {
        resources: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let path = if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    };
    let asked = || asked_for(server, "the kinds that it serves");
    let request = http::Request::get(path).body(Vec::new());
    match fetch(server, pace, request, &asked).await {
        Ok(body) => {
            let list: Resources = serde_json::from_slice(&body).ok()?;
            Some(list.resources.into_iter().map(|it| it.name).collect())
        }
        Err(RequestError::NotServed { .. }) => Some(BTreeSet::new()),
        Err(_) => None,
    }
}

/// The form of a kind that is read: the first that is served, or may be.
fn form<'s>(sort: &'s Served, discovered: &Discovered) -> Option<&'s Resource> {
    let may_be = |form: &&Resource| match discovered.get(&(form.group, form.version)) {
        Some(Some(plurals)) => plurals.contains(form.plural),
        _ => true,
    };
    sort.forms().find(may_be)
}

async fn kinds(server: &ApiServer, pace: &Pace) -> Vec<KindAccess> {
    let discovered = &discovered(server, pace).await;
    let reviewed: Vec<(KindAccess, Vec<Refused>)> = streams::iter(SERVED.iter())
        .map(|sort| async move {
            let resource = form(sort, discovered);
            let (standing, refused) = if let Some(resource) = resource {
                standing(server, pace, resource).await
            } else {
                let extension = sort.is_extension();
                (Standing::NotServed { extension }, Vec::new())
            };
            let access = KindAccess {
                kind: sort.preferred.kind,
                resource: resource.unwrap_or(&sort.preferred).qualified(),
                standing,
            };
            (access, refused)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    // Who is refused is the same everywhere, and has to be learnt once.
    let first = reviewed.iter().flat_map(|(_, refused)| refused).next();
    let user = match first {
        Some((resource, part, verb)) => {
            user(server, pace, &resource.path(part.as_deref()), verb).await
        }
        None => None,
    };
    let denied = |(mut access, refused): (KindAccess, Vec<Refused>)| {
        if !refused.is_empty() {
            let errors = refused.into_iter().map(|(resource, part, _)| {
                let asked = Asked::new(server, &resource, &part);
                let user = user.clone();
                RequestError::Forbidden { asked, user }
            });
            access.standing = Standing::Denied(errors.collect());
        }
        access
    };
    reviewed.into_iter().map(denied).collect()
}

/// A verb that is refused for a part of a kind.
type Refused = (Resource, Part, &'static str);

/// How a kind stands, as long as nothing of it is refused.
async fn standing(
    server: &ApiServer,
    pace: &Pace,
    resource: &Resource,
) -> (Standing, Vec<Refused>) {
    let mut refused = Vec::new();
    for part in server.namespaces.parts(resource) {
        for verb in NEEDED {
            let review = Review {
                verb,
                group: resource.group,
                resource: resource.plural,
                namespace: part.as_deref(),
            };
            match review.allowed(server, pace).await {
                Ok(true) => {}
                Ok(false) if server.namespaces.spare(resource) => {
                    return (Standing::Spared, Vec::new());
                }
                Ok(false) => {
                    refused.push((*resource, part, verb));
                    break;
                }
                Err(error) => return (Standing::Unknown(error), Vec::new()),
            }
        }
    }
    (Standing::Readable, refused)
}

async fn excess(server: &ApiServer, pace: &Pace) -> Option<Excess> {
    let review = |verb, group, resource| Review {
        verb,
        group,
        resource,
        namespace: None,
    };
    let questions = [
        (review("*", "*", "*"), Excess::Everything),
        (review("get", "", "secrets"), Excess::AllSecrets),
    ];
    for (review, excess) in questions {
        if matches!(review.allowed(server, pace).await, Ok(true)) {
            return Some(excess);
        }
    }
    None
}

/// A question whether these credentials may do something.
#[derive(Clone, Copy)]
struct Review<'r> {
    verb: &'r str,
    group: &'r str,
    resource: &'r str,
    /// All of them, or none, where there is none.
    namespace: Option<&'r str>,
}

impl Review<'_> {
    async fn allowed(self, server: &ApiServer, pace: &Pace) -> Result<bool, RequestError> {
        #[derive(Deserialize)]
        struct Answer {
            status: Status,
        }
        #[derive(Deserialize)]
        struct Status {
            allowed: bool,
        }
        let attributes = json!({
            "verb": self.verb,
            "group": self.group,
            "resource": self.resource,
            "namespace": self.namespace.unwrap_or_default(),
        });
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let asked = || asked_for(server, "what may be read");
        let request = http::Request::post(REVIEWS)
            .header(CONTENT_TYPE, "application/json")
            .body(review.to_string().into_bytes());
        let body = fetch(server, pace, request, &asked).await?;
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|error| malformed(asked(), &error))?;
        Ok(answer.status.allowed)
    }
}

/// Who these credentials are, as the server says it when it refuses. Servers before 1.28 do not say it otherwise.
async fn user(server: &ApiServer, pace: &Pace, path: &str, verb: &str) -> Option<String> {
    let target = match verb {
        "watch" => format!("{path}?watch=true&timeoutSeconds=1"),
        "list" => format!("{path}?limit=1"),
        _ => format!("{path}/backstitch"),
    };
    let asked = || asked_for(server, path);
    let request = http::Request::get(target).body(Vec::new());
    match fetch(server, pace, request, &asked).await {
        Err(RequestError::Forbidden { user, .. }) => user,
        _ => None,
    }
}

/// The same of somebody who may not write. It is asked for what is refused, and would not be done if it were not.
async fn user_who_writes(
    server: &ApiServer,
    pace: &Pace,
    path: &str,
    verb: &str,
) -> Option<String> {
    let one = format!("{path}/backstitch?dryRun=All");
    let request = match verb {
        "create" => http::Request::post(format!("{path}?dryRun=All")),
        "patch" => http::Request::patch(one),
        "delete" => http::Request::delete(one),
        _ => return user(server, pace, path, verb).await,
    };
    let request = request
        .header(CONTENT_TYPE, "application/json")
        .body(b"{}".to_vec());
    let asked = || asked_for(server, path);
    match fetch(server, pace, request, &asked).await {
        Err(RequestError::Forbidden { user, .. }) => user,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use topology::fact::WorkloadKind;

    use super::*;

    #[test]
    fn the_first_form_that_is_served_or_may_be_is_the_one_that_is_read() {
        let slices = SERVED
            .iter()
            .find(|it| it.preferred.plural == "endpointslices")
            .expect("a kind with other forms");
        let with = |of: &[(&'static str, &'static str, Option<&[&str]>)]| {
            let discovered: Discovered = of
                .iter()
                .map(|(group, version, plurals)| {
                    let plurals = plurals.map(|it| it.iter().map(ToString::to_string).collect());
                    ((*group, *version), plurals)
                })
                .collect();
            form(slices, &discovered).map(|form| (form.group, form.version))
        };
        let discovery = "discovery.k8s.io";
        let none: Option<&[&str]> = Some(&[]);
        let slices: Option<&[&str]> = Some(&["endpointslices"]);
        assert_eq!(with(&[(discovery, "v1", slices)]), Some((discovery, "v1")));
        assert_eq!(with(&[(discovery, "v1", None)]), Some((discovery, "v1")));
        assert_eq!(
            with(&[(discovery, "v1", none), (discovery, "v1beta1", slices)]),
            Some((discovery, "v1beta1"))
        );
        let old = [(discovery, "v1", none), (discovery, "v1beta1", none)];
        let endpoints: Option<&[&str]> = Some(&["endpoints", "pods"]);
        let core = |plurals| [&old[..], &[("", "v1", plurals)]].concat();
        assert_eq!(with(&core(endpoints)), Some(("", "v1")));
        assert_eq!(with(&core(none)), None);
        let slice = ObjectKind::Workload(WorkloadKind::EndpointSlice);
        assert!(SERVED.iter().any(|it| it.preferred.kind == slice));
    }

    #[test]
    fn clocks_are_held_against_each_other() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(ahead("Sun, 06 Nov 1994 08:50:38 GMT", now), Some(61));
        assert_eq!(ahead("Sun, 06 Nov 1994 08:49:30 GMT", now), Some(-7));
        assert_eq!(ahead("soon", now), None);
    }
}
