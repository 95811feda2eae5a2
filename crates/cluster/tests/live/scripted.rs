//! An API server that says what a test tells it to say, over real HTTP on the loopback interface.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use cluster::live::{Access, ApiServer, connect};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One answer.
pub(crate) enum Reply {
    /// A status and a body.
    Body(u16, String),
    /// Events of a watch, and what happens after them.
    Events(Vec<String>, After),
    /// No answer at all; the connection stays open.
    Silence,
}

/// What happens to a watch after its events.
#[derive(Clone, Copy)]
pub(crate) enum After {
    /// It ends as a server ends it on time.
    End,
    /// The connection is cut in the middle.
    Cut,
    /// It stays open.
    Open,
}

/// What becomes of requests for streaming lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streams {
    Refused,
    Scripted,
}

/// What a request asks for.
pub(crate) struct Request<'r> {
    /// `/api/v1/services`
    pub(crate) path: &'r str,
    /// `limit=250&continue=x`
    pub(crate) query: &'r str,
    /// Requests for the same path and of the same sort (list or watch) that came before.
    pub(crate) before: usize,
    /// What it bears, `Bearer abc`; empty if nothing.
    pub(crate) authorization: &'r str,
}

impl Request<'_> {
    /// Whether a list is asked for as the first events of a watch.
    pub(crate) fn is_stream(&self) -> bool {
        self.query.contains("sendInitialEvents=true")
    }

    pub(crate) fn is_watch(&self) -> bool {
        self.query.contains("watch=true")
    }
}

/// A running server; it ends with the test's runtime.
pub(crate) struct Scripted {
    pub(crate) api: ApiServer,
    log: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// A server that sends no streaming lists, as 1.33 and all before 1.32. They are refused and not logged.
    pub(crate) async fn start(
        script: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serving(script, Streams::Refused, "").await
    }

    /// A server whose script answers requests for streaming lists as well.
    pub(crate) async fn streaming(
        script: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serving(script, Streams::Scripted, "").await
    }

    /// A server without streaming lists, reached by a user of the kubeconfig, who is YAML.
    pub(crate) async fn for_user(
        user: &str,
        script: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serving(script, Streams::Refused, user).await
    }

    async fn serving(
        script: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static,
        streams: Streams,
        user: &str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let log = Arc::new(Mutex::new(Vec::new()));
        let served = Arc::clone(&log);
        let script = Arc::new(script);
        tokio::spawn(async move {
            let counts = Arc::new(Mutex::new(HashMap::new()));
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(
                    stream,
                    Arc::clone(&script),
                    Arc::clone(&counts),
                    Arc::clone(&served),
                    streams,
                ));
            }
        });
        let api = api_by(&format!("http://{address}"), user).await;
        Self { api, log }
    }

    /// The queries that a path was asked with, in order.
    pub(crate) fn queries(&self, path: &str) -> Vec<String> {
        let log = self.log.lock().expect("the log");
        log.iter()
            .filter_map(|target| {
                target
                    .strip_prefix(path)?
                    .strip_prefix('?')
                    .map(str::to_owned)
            })
            .collect()
    }
}

/// A connection to an API server at this URL.
pub(crate) async fn api(url: &str) -> ApiServer {
    api_by(url, "").await
}

/// The same by a user.
async fn api_by(url: &str, user: &str) -> ApiServer {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: u}}}}]\nclusters: [{{name: a, cluster: {{server: '{url}'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    );
    std::fs::write(&path, kubeconfig).expect("a file");
    connect(&Access::Kubeconfig {
        path: Some(path),
        context: None,
    })
    .await
    .expect("a usable kubeconfig")
}

type Counts = Arc<Mutex<HashMap<(String, bool), usize>>>;

async fn serve(
    mut stream: TcpStream,
    script: Arc<impl Fn(&Request<'_>) -> Reply>,
    counts: Counts,
    log: Arc<Mutex<Vec<String>>>,
    streams: Streams,
) {
    let Some((target, authorization)) = head(&mut stream).await else {
        // Not HTTP: as a real server, say so in HTTP.
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        return;
    };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut request = Request {
        path,
        query,
        before: 0,
        authorization: &authorization,
    };
    let refused = request.is_stream() && streams == Streams::Refused;
    if !refused {
        let mut counts = counts.lock().expect("the counts");
        let count = counts
            .entry((path.to_owned(), request.is_watch()))
            .or_default();
        request.before = *count;
        *count += 1;
        log.lock().expect("the log").push(target.clone());
    }
    let reply = if refused {
        let message =
            "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
        refusal(422, message)
    } else {
        script(&request)
    };
    match reply {
        Reply::Body(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            // A client that has gone away is no concern of the script.
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
        Reply::Events(events, after) => {
            let mut text = "HTTP/1.1 200 x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n".to_owned();
            for event in events {
                let line = format!("{event}\n");
                write!(text, "{:x}\r\n{line}\r\n", line.len()).expect("a string takes all");
            }
            match after {
                After::End => text.push_str("0\r\n\r\n"),
                After::Cut => text.push_str("ffff\r\n{\"type\":\"MOD"),
                After::Open => {}
            }
            let _ = stream.write_all(text.as_bytes()).await;
            if matches!(after, After::Open) {
                std::future::pending::<()>().await;
            }
        }
        Reply::Silence => std::future::pending().await,
    }
}

/// Target and authorization of the one request that a connection carries.
async fn head(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok().filter(u8::is_ascii)?);
        if !head[0].is_ascii_uppercase() {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.split_whitespace().nth(1)?.to_owned();
    let authorization = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        .map_or_else(String::new, |(_, value)| value.to_owned());
    Some((target, authorization))
}

/// The list kind that a path serves, as far as this server knows; in a namespace as over all. It is without extensions.
fn list_kind(path: &str) -> Option<&'static str> {
    let whole = match path.split_once("/namespaces/") {
        Some((group, rest)) => {
            let (_, plural) = rest.split_once('/')?;
            format!("{group}/{plural}")
        }
        None => path.to_owned(),
    };
    Some(match &*whole {
        "/api/v1/services" => "ServiceList",
        "/api/v1/namespaces" => "NamespaceList",
        "/api/v1/pods" => "PodList",
        "/api/v1/endpoints" => "EndpointsList",
        "/apis/apps/v1/deployments" => "DeploymentList",
        "/apis/apps/v1/statefulsets" => "StatefulSetList",
        "/apis/apps/v1/daemonsets" => "DaemonSetList",
        "/apis/apps/v1/replicasets" => "ReplicaSetList",
        "/apis/batch/v1/jobs" => "JobList",
        "/apis/batch/v1/cronjobs" => "CronJobList",
        "/apis/discovery.k8s.io/v1/endpointslices" => "EndpointSliceList",
        "/apis/networking.k8s.io/v1/ingresses" => "IngressList",
        "/api/v1/persistentvolumeclaims" => "PersistentVolumeClaimList",
        "/apis/autoscaling/v2/horizontalpodautoscalers" => "HorizontalPodAutoscalerList",
        "/api/v1/nodes" => "NodeList",
        _ => return None,
    })
}

/// An empty cluster: empty lists, and watches in which nothing happens.
pub(crate) fn quiet(request: &Request<'_>) -> Reply {
    if request.is_stream() {
        return refusal(422, "sendInitialEvents is forbidden for watch");
    }
    if request.is_watch() {
        return Reply::Events(Vec::new(), After::Open);
    }
    match list_kind(request.path) {
        Some(kind) => Reply::Body(
            200,
            format!(r#"{{"kind":"{kind}","metadata":{{"resourceVersion":"1"}},"items":[]}}"#),
        ),
        None => refusal(404, "the server could not find the requested resource"),
    }
}

/// A list of Services by name.
pub(crate) fn services(version: u32, names: &[&str], token: &str) -> Reply {
    services_in("shop", version, names, token)
}

pub(crate) fn services_in(namespace: &str, version: u32, names: &[&str], token: &str) -> Reply {
    let items: Vec<_> = names
        .iter()
        .map(|name| service_in(namespace, name, version))
        .collect();
    let items = items.join(",");
    Reply::Body(
        200,
        format!(
            r#"{{"kind":"ServiceList","apiVersion":"v1","metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[{items}]}}"#
        ),
    )
}

pub(crate) fn service(name: &str, version: u32) -> String {
    service_in("shop", name, version)
}

pub(crate) fn service_in(namespace: &str, name: &str, version: u32) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"{namespace}","resourceVersion":"{version}","managedFields":[{{"fieldsV1":{{"f:spec":{{}}}}}}]}}}}"#
    )
}

/// One event of a watch.
pub(crate) fn event(sort: &str, object: &str) -> String {
    format!(r#"{{"type":"{sort}","object":{object}}}"#)
}

/// A `Status`, as the API server refuses.
pub(crate) fn status(code: u16, message: &str) -> String {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":{message:?},"code":{code}}}"#
    )
}

pub(crate) fn refusal(code: u16, message: &str) -> Reply {
    Reply::Body(code, status(code, message))
}
