//! A catalog that is served in process: what a Backstage gives, in milliseconds and under exact control.
//!
//! ```text
//!  put, remove, edit ─▶ model (stored, or generated from a seed) ─▶ api ─▶ HTTP/1.1 on the loopback
//! ```
//!
//! It owns a catalog that behaves like a real one in everything that a reader relies on, and in nothing else: what it does
//! not offer it refuses. It must not know what a reader makes of it. That it is honest is held by tests that ask the same
//! of it and of real Backstages.

mod answer;
mod api;
mod cursor;
mod filter;
mod generated;
mod model;
mod parameters;
mod relations;
mod stored;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

pub use generated::{Changed, Generated};
pub use model::{Model, Query, Slice};
pub use stored::Stored;

/// How a catalog is served.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Of which time the Backstage is.
    pub age: Age,
    /// The tokens it knows. Where there is none, requests without a token may read, and any token is a wrong one.
    pub tokens: Vec<(String, Permission)>,
}

/// Of which time a Backstage is, as far as its API differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Age {
    /// It has `by-query` and refuses parameters that it does not know.
    #[default]
    Current,
    /// Backstage 1.11: by offset alone, and lenient.
    BeforeByQuery,
}

/// What a known token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read all entities.
    Read,
    /// Nothing, which shows as a catalog without entities.
    ReadNothing,
    /// Something of another plugin: 403.
    OtherPlugin,
}

/// A catalog on the loopback. It ends when dropped.
pub struct Catalog<M: Model = Stored> {
    address: SocketAddr,
    served: Arc<Served<M>>,
    task: JoinHandle<()>,
}

struct Served<M> {
    model: RwLock<M>,
    options: Options,
}

impl<M> Served<M> {
    fn model(&self) -> RwLockReadGuard<'_, M> {
        self.model.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, M> {
        self.model.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Catalog<Stored> {
    /// An empty catalog of today, open to everyone.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// An empty catalog.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start_with(options: Options) -> io::Result<Self> {
        Self::serve(Stored::default(), options).await
    }

    /// Creates an entity, or replaces the one with its reference. Uid, etag and relations are added.
    pub fn put(&self, entity: Value) {
        self.served.change().put(entity);
    }

    /// Removes the entity with this full reference in lower case. Whether it was there.
    pub fn remove(&self, reference: &str) -> bool {
        self.served.change().remove(reference)
    }

    /// Removes all entities.
    pub fn clear(&self) {
        self.served.change().clear();
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.served.model().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entities as they are served, in the order of their references.
    pub fn entities(&self) -> Vec<Value> {
        self.served.model().entities()
    }
}

impl Catalog<Changed> {
    /// A catalog of any size, which is never held.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn generated(generated: Generated, options: Options) -> io::Result<Self> {
        Self::serve(Changed::new(generated), options).await
    }

    /// Sets a field of the entity with this index. The pointer is a JSON pointer; its parent must be there.
    pub fn edit(&self, index: u64, pointer: &str, value: Value) {
        self.served.change().edit(index, pointer, value);
    }

    /// Removes the entity with this index.
    pub fn remove(&self, index: u64) {
        self.served.change().remove(index);
    }

    /// Takes all changes back.
    pub fn restore(&self) {
        self.served.change().restore();
    }
}

impl<M: Model> Catalog<M> {
    async fn serve(model: M, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let served = Arc::new(Served {
            model: RwLock::new(model),
            options,
        });
        let task = tokio::spawn(accept(listener, served.clone()));
        Ok(Self {
            address,
            served,
            task,
        })
    }

    /// The catalog's origin, `http://127.0.0.1:<port>`; its API is at `/api/catalog`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl<M: Model> Drop for Catalog<M> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<M: Model>(listener: TcpListener, served: Arc<Served<M>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // A client that went away before it was accepted is no fault of ours.
            Ok((stream, _)) = listener.accept() => {
                let served = served.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| async {
                        Ok::<_, Infallible>(api::handle(&served, request).await)
                    });
                    // An error is a client that went away.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
