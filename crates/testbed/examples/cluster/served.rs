//! An API server of no more than lists and watches, whose objects are made up as they are asked for.
//!
//! ```text
//!  list  ── objects, a page at a time
//!  watch ── of pods: what `change` says, as fast as the slowest watcher takes it; of all else: nothing
//! ```
//!
//! It holds no object, so that its own memory and time are out of the way. A watch from a version before the last change is
//! refused as too old.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};

use crate::Failure;
use crate::company::{Company, Kind};
use crate::flood::Change;
use crate::objects::object;

/// Parts of a watch that wait for a watcher: what a server keeps for a slow one.
const WAITING: usize = 64;
/// Changes of one part.
const PART: usize = 10;
/// A head of a request is far shorter.
const MOST_HEAD: usize = 16 * 1024;

pub(crate) struct Served {
    state: Arc<State>,
    home: TempDir,
}

struct State {
    company: Company,
    pods: Mutex<Pods>,
}

/// What of the pods is not made up.
struct Pods {
    version: u64,
    /// The revision of each that is there.
    revisions: Vec<Option<u64>>,
    watchers: Vec<mpsc::Sender<Arc<str>>>,
}

impl Served {
    pub(crate) async fn start(company: Company) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let home = tempfile::tempdir()?;
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "served",
            "contexts": [{"name": "served", "context": {"cluster": "served"}}],
            "clusters": [{"name": "served", "cluster": {"server": format!("http://{address}")}}],
        });
        std::fs::write(home.path().join("kubeconfig"), kubeconfig.to_string())?;
        let state = Arc::new(State {
            company,
            pods: Mutex::new(Pods {
                version: 1,
                revisions: vec![Some(0); company.pods],
                watchers: Vec::new(),
            }),
        });
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&served);
                // Whoever goes away in the middle wants no answer.
                tokio::spawn(async move { answer(stream, &state).await.unwrap_or_default() });
            }
        });
        Ok(Self { state, home })
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.home.path().join("kubeconfig")
    }

    /// Changes pods and tells all watchers, as fast as they take it.
    pub(crate) async fn change(&self, changes: &[Change]) {
        for part in changes.chunks(PART) {
            let mut pods = self.state.pods.lock().await;
            let mut lines = String::new();
            for change in part {
                pods.version += 1;
                let before = std::mem::replace(&mut pods.revisions[change.pod], change.revision);
                let event = match (before, change.revision) {
                    (None, Some(_)) => "ADDED",
                    (_, Some(_)) => "MODIFIED",
                    (_, None) => "DELETED",
                };
                let version = format!(r#""metadata":{{"resourceVersion":"{}","#, pods.version);
                let pod = change.text.replacen(r#""metadata":{"#, &version, 1);
                // Writing to a text does not fail.
                let _ = writeln!(lines, r#"{{"type":"{event}","object":{pod}}}"#);
            }
            let lines: Arc<str> = lines.into();
            // What is told while the lock is held comes to every watcher in one order.
            let mut watchers = std::mem::take(&mut pods.watchers);
            for watcher in &watchers {
                // One that is gone is dropped below.
                let _ = watcher.send(Arc::clone(&lines)).await;
            }
            watchers.retain(|watcher| !watcher.is_closed());
            pods.watchers = watchers;
        }
    }
}

/// Answers one request after the other.
async fn answer(mut stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if buffer.len() > MOST_HEAD || stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end);
        let target = head.split_whitespace().nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameter = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .into_iter()
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.path() == path) else {
            send(&mut stream, 404, &status(404, "NotFound")).await?;
            continue;
        };
        if parameter("sendInitialEvents").is_some() {
            send(&mut stream, 422, &status(422, "Invalid")).await?;
        } else if parameter("watch").is_some() {
            let version = parameter("resourceVersion").and_then(|version| version.parse().ok());
            return watch(stream, state, kind, version.unwrap_or_default()).await;
        } else {
            let number = |name| parameter(name).and_then(|value| value.parse().ok());
            let (limit, from) = (number("limit"), number("continue").unwrap_or(0));
            let page = list(state, kind, from, limit.unwrap_or(usize::MAX)).await;
            send(&mut stream, 200, &page).await?;
        }
    }
}

async fn list(state: &State, kind: Kind, from: usize, limit: usize) -> String {
    let company = &state.company;
    let count = company.count(kind);
    let to = count.min(from.saturating_add(limit));
    let (version, revisions) = {
        let pods = state.pods.lock().await;
        let revisions: Vec<Option<u64>> = match kind {
            Kind::Pod => pods.revisions[from.min(to)..to].to_vec(),
            _ => vec![Some(0); to.saturating_sub(from)],
        };
        (pods.version, revisions)
    };
    let items: Vec<Value> = (from..to)
        .zip(revisions)
        .filter_map(|(index, revision)| {
            let mut item = object(company, kind, index, revision?);
            item["metadata"]["resourceVersion"] = json!(version.to_string());
            Some(item)
        })
        .collect();
    let next = if to < count {
        to.to_string()
    } else {
        String::new()
    };
    json!({
        "kind": format!("{}List", kind.name()), "apiVersion": "v1",
        "metadata": {"resourceVersion": version.to_string(), "continue": next},
        "items": items,
    })
    .to_string()
}

async fn watch(
    mut stream: TcpStream,
    state: &State,
    kind: Kind,
    version: u64,
) -> std::io::Result<()> {
    let (sender, mut parts) = mpsc::channel(WAITING);
    // It is held where nothing is told, so that the watch stays open.
    let mut quiet = None;
    if kind == Kind::Pod {
        let mut pods = state.pods.lock().await;
        if version < pods.version {
            drop(pods);
            return send(&mut stream, 410, &status(410, "Expired")).await;
        }
        pods.watchers.push(sender);
    } else {
        quiet = Some(sender);
    }
    stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await?;
    let (mut reading, mut writing) = stream.split();
    let mut rest = [0; 64];
    loop {
        tokio::select! {
            part = parts.recv() => {
                let Some(part) = part else { break };
                writing.write_all(format!("{:x}\r\n", part.len()).as_bytes()).await?;
                writing.write_all(part.as_bytes()).await?;
                writing.write_all(b"\r\n").await?;
            }
            // Nobody says anything more but that they go.
            read = reading.read(&mut rest) => if read? == 0 { break },
        }
    }
    drop(quiet);
    Ok(())
}

fn status(code: u16, reason: &str) -> String {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": reason, "code": code})
        .to_string()
}

async fn send(stream: &mut TcpStream, code: u16, body: &str) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {code} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await
}
