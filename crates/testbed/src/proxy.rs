//! A proxy that breaks what passes through it, when and as it is told.
//!
//! ```text
//!  client ─▶ FaultProxy ─▶ upstream (a real Backstage, or a served catalog)
//!              │ script: which fault for which page; where an answer is frozen; what was asked
//! ```
//!
//! It owns a listener on the loopback and everything that may go wrong between a Backstage and whoever reads it. It must
//! not know what a reader makes of an answer. HTTP/1.1 without TLS, one upstream.

mod body;
mod exchange;
mod fault;
mod rewrite;
mod script;
mod upstream;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use fault::{Announced, Answer, Fault, Loop, RetryAfter, Total};
pub use script::{Hold, Point, Request};

use script::Script;
use upstream::Upstream;
use wire::Connection;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A reverse proxy on the loopback. It passes everything on until it is told otherwise, and ends when dropped.
///
/// Pages are counted from the request of a crawl that has neither cursor nor offset, which asks for page 1; the same
/// request once more asks for the same page. A fault for a page goes before the one for all requests.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    door: watch::Sender<Door>,
    seen_door: watch::Receiver<Door>,
    task: JoinHandle<()>,
}

/// Whether the port is listened at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Open,
    Shut,
}

/// What all connections share.
struct Shared {
    upstream: Upstream,
    script: Mutex<Script>,
    /// Counts the times that the faults were cleared.
    clears: watch::Sender<u64>,
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultProxy {
    /// A proxy before this origin, such as `http://127.0.0.1:7007`.
    ///
    /// # Errors
    /// When there is no free port, or the origin is not one of plain HTTP.
    pub async fn start(upstream: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream: Upstream::at(upstream)?,
            script: Mutex::default(),
            clears: watch::Sender::new(0),
        });
        let (door, wanted) = watch::channel(Door::Open);
        let (seen, seen_door) = watch::channel(Door::Open);
        let served = serve(listener, address, shared.clone(), wanted, seen);
        let task = tokio::spawn(async move {
            // The one error is that the port cannot be had again, and `clear` then says so.
            let _ = served.await;
        });
        Ok(Self {
            address,
            shared,
            door,
            seen_door,
            task,
        })
    }

    /// The proxy's origin, `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks every answer from now on. For [`Fault::Refused`] the port is closed when this returns.
    pub async fn set(&self, fault: Fault) {
        let refused = fault == Fault::Refused;
        self.shared.script().set(fault, None);
        self.turn(if refused { Door::Shut } else { Door::Open })
            .await;
    }

    /// Breaks the next so many answers.
    pub fn set_times(&self, times: usize, fault: Fault) {
        self.shared.script().set(fault, Some(times));
    }

    /// Breaks a page, counted from 1, of every crawl. [`Fault::Refused`] is a reset before any answer here.
    pub fn on_page(&self, page: usize, fault: Fault) {
        self.shared.script().on_page(page, fault, None);
    }

    /// Breaks a page, counted from 1, so many times.
    pub fn on_page_times(&self, page: usize, times: usize, fault: Fault) {
        self.shared.script().on_page(page, fault, Some(times));
    }

    /// Forgets all faults: what hangs goes on, and a closed port is open again when this returns.
    pub async fn clear(&self) {
        self.shared.script().clear();
        self.shared.clears.send_modify(|clears| *clears += 1);
        self.turn(Door::Open).await;
    }

    /// Freezes the next answer for a page, counted from 1, until the hold is released or dropped.
    pub fn hold(&self, page: usize, point: Point) -> Hold {
        self.shared.script().hold(page, point)
    }

    /// What was asked so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.script().requests().to_vec()
    }

    /// How often each method with path and query was asked.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.shared.script().requests() {
            *counts.entry(request.line()).or_default() += 1;
        }
        counts
    }

    /// Forgets what was asked.
    pub fn forget_requests(&self) {
        self.shared.script().forget_requests();
    }

    /// # Panics
    /// When the port could not be had again.
    async fn turn(&self, door: Door) {
        self.door.send_replace(door);
        self.seen_door
            .clone()
            .wait_for(|seen| *seen == door)
            .await
            .expect("the port of the proxy was taken while it was closed");
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut wanted: watch::Receiver<Door>,
    seen: watch::Sender<Door>,
) -> io::Result<()> {
    loop {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                changed = wanted.wait_for(|door| *door == Door::Shut) => {
                    if changed.is_err() {
                        return Ok(());
                    }
                    break;
                }
                accepted = listener.accept() => {
                    // A client that went away before it was accepted is no fault of ours.
                    if let Ok((stream, _)) = accepted {
                        connections.spawn(converse(shared.clone(), Connection::new(stream)));
                    }
                }
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        connections.shutdown().await;
        // A socket that is bound and does not listen refuses connections and keeps the port.
        let reserved = TcpSocket::new_v4()?;
        reserved.set_reuseaddr(true)?;
        reserved.bind(address)?;
        seen.send_replace(Door::Shut);
        if wanted.wait_for(|door| *door == Door::Open).await.is_err() {
            return Ok(());
        }
        listener = reserved.listen(BACKLOG)?;
        seen.send_replace(Door::Open);
    }
}

async fn converse(shared: Arc<Shared>, mut connection: Connection) {
    // An error is a client or an upstream that went away, which ends the connection either way.
    while let Ok(Some(incoming)) = connection.request().await {
        let close = incoming
            .headers
            .get(http::header::CONNECTION)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
        match exchange::exchange(&shared, connection, incoming).await {
            Ok(Some(open)) if !close => connection = open,
            _ => return,
        }
    }
}
