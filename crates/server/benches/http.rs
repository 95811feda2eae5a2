//! Lookups over HTTP on 100,000 Services while changes stream in: the server as it runs, on one thread, asked over
//! loopback by keep-alive connections. `cargo xtask bench lookups` runs it.
//!
//! A third of the requests get a Service, a third resolve a Service and a third resolve a pod. Without a rate offered,
//! each connection asks again as soon as it is answered, which says how much the server can take; requests per CPU
//! second count only the time that the server's thread had a processor, which other work on the machine does not
//! lengthen. With a rate offered, each request is due at a time of its own and its latency counts from then, so that
//! those that had to wait behind a slow one are not left out; the timer of the client, which is of a millisecond, is in
//! it. So is every moment in which the threads of server and client could have run and had no processor: the last
//! column says how much of the time that was. Where it is not near zero, latencies say more about the machine.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod company;

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use server::events::Events;
use server::owner_info::OwnerInfo;
use server::status::Sources;
use server::{Access, AppState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::fact::{EntityFact, ObjectFact};
use topology::topology::{ClusterId, InstanceId};

/// What the binary uses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PODS: usize = 3;
const CONNECTIONS: usize = 16;
/// Bound on the time of one load.
const TIME_LIMIT: Duration = Duration::from_mins(2);
/// Only every tenth Service, with its component and a pod, changes: the answers about all others are known.
const CHANGING: usize = 10;

/// How much there is and how often it is asked.
#[derive(Clone, Copy)]
struct Size {
    services: usize,
    requests: usize,
}

struct Load {
    /// Requests a second that are offered; `None`: as many as are answered.
    offered: Option<u32>,
    changes: Option<Pace>,
}

#[derive(Clone, Copy)]
struct Pace {
    per_second: u32,
    /// Changes that are applied at once, while requests wait.
    slice: u32,
}

/// As a cluster that is watched brings them.
const STREAM: Pace = Pace {
    per_second: 1_000,
    slice: 20,
};
/// As a catalog that was read anew brings them; the slice is the largest that the service applies at once.
const FLOOD: Pace = Pace {
    per_second: 10_000,
    slice: 1_000,
};

fn main() {
    // `cargo test --all-targets` runs benchmarks once to see that they run: a small size shows that.
    let testing = std::env::args().any(|argument| argument == "--test");
    let size = if testing || cfg!(debug_assertions) {
        Size {
            services: 1_000,
            requests: 480,
        }
    } else {
        Size {
            services: 100_000,
            requests: 200_000,
        }
    };
    let shared = Shared::new(size);
    println!(
        "{} Services with {PODS} pods each, {} requests on {CONNECTIONS} connections, one server thread\n",
        size.services, size.requests
    );
    println!(
        "| requests/s offered | changes/s, in slices of | changes applied | requests/s | per CPU second | \
         p50, ms | p99, ms | max, ms | longest lock, ms | without a processor |"
    );
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (offered, changes) in [
        (None, None),
        (None, Some(STREAM)),
        (None, Some(FLOOD)),
        (Some(20_000), None),
        (Some(20_000), Some(STREAM)),
        (Some(20_000), Some(FLOOD)),
    ] {
        measure(&shared, size, &Load { offered, changes });
    }
}

/// The company and where in it changes go.
struct Shared {
    state: AppState,
    cluster: ClusterId,
    instance: InstanceId,
}

impl Shared {
    fn new(size: Size) -> Self {
        let (topology, cluster, instance) = company::topology(size.services, |_| PODS);
        Self {
            state: AppState {
                topology: Arc::new(RwLock::new(topology)),
                sources: Arc::new(Sources::default()),
                events: Arc::new(Events::new(0)),
                history: None,
                decisions: None,
                api_tokens: None,
                previews: server::preview::Desk::default(),
                integrations: None,
                owner_info: OwnerInfo::default(),
                alerts: None,
                notifications: None,
                clock: || 0,
            },
            cluster,
            instance,
        }
    }

    /// As the loop of the service does it: a slice under the write lock, described under the read lock, published.
    /// Returns for how long readers were kept out.
    fn apply(&self, delta: Delta) -> Duration {
        let mut topology = self.state.topology.write().unwrap();
        let start = Instant::now();
        let changes = topology.apply(delta);
        drop(topology);
        let locked = start.elapsed();
        if !changes.is_empty() {
            let described = self.state.topology.read().unwrap().describe(&changes);
            self.state.events.publish(0, &described);
        }
        locked
    }

    /// What the slice of that number changes, and, with the next, what it changes back.
    fn slice(&self, number: usize, slice: usize, services: usize) -> Delta {
        let first = number / 8 * slice;
        let indices = (first..first + slice).map(|index| index * CHANGING % services);
        let to_catalog = |upserts: Vec<EntityFact>| {
            Delta::Catalog(CatalogDelta {
                instance: self.instance,
                generation: 1,
                read_at: 0,
                upserts,
                removals: Vec::new(),
            })
        };
        let to_cluster = |upserts: Vec<ObjectFact>, gone: Vec<ObjectFact>| {
            Delta::Cluster(ClusterDelta {
                cluster: self.cluster,
                upserts,
                removals: gone.iter().map(ObjectFact::key).collect(),
            })
        };
        let as_it_was = |index| company::component(index, index, index);
        match number % 8 {
            0 => to_cluster(Vec::new(), indices.map(company::service).collect()),
            1 => to_cluster(indices.map(company::service).collect(), Vec::new()),
            2 => to_catalog(
                indices
                    .map(|index| company::component(index, (index + 1) % services, index))
                    .collect(),
            ),
            4 => to_catalog(
                indices
                    .map(|index| company::component(index, index, index + 7))
                    .collect(),
            ),
            6 => to_cluster(
                Vec::new(),
                indices.map(|index| company::pod(index, 0)).collect(),
            ),
            7 => to_cluster(
                indices.map(|index| company::pod(index, 0)).collect(),
                Vec::new(),
            ),
            _ => to_catalog(indices.map(as_it_was).collect()),
        }
    }

    /// Changes until told to stop. Returns how many changes there were and the longest that readers were kept out.
    fn stream(&self, pace: Pace, services: usize, stopped: &AtomicBool) -> (usize, Duration) {
        let slice = usize::try_from(pace.slice).unwrap();
        let period = Duration::from_secs(1) * pace.slice / pace.per_second;
        let start = Instant::now();
        let mut due = start;
        let mut longest = Duration::ZERO;
        let mut slices = 0;
        while !stopped.load(Ordering::Relaxed) && start.elapsed() < TIME_LIMIT {
            longest = longest.max(self.apply(self.slice(slices, slice, services)));
            slices += 1;
            due += period;
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        (slices * slice, longest)
    }
}

/// One row: a server of its own over the same state, asked from this thread, with another thread that changes it.
fn measure(shared: &Shared, size: Size, load: &Load) {
    let server = Server::start(shared.state.clone());
    let stopped = AtomicBool::new(false);
    let (mut latencies, wall, client, written) = thread::scope(|scope| {
        let writer = load.changes.map(|pace| {
            let stopped = &stopped;
            scope.spawn(move || shared.stream(pace, size.services, stopped))
        });
        let (start, before) = (Instant::now(), Scheduled::now());
        let latencies = ask_all(server.address, size, load.offered);
        let (wall, client) = (start.elapsed(), before.since());
        stopped.store(true, Ordering::Relaxed);
        let written = writer.map(|writer| writer.join().unwrap());
        (latencies, wall, client, written)
    });
    let server = server.stop();

    latencies.sort_unstable();
    let count = f64::from(u32::try_from(latencies.len()).unwrap());
    let at = |per_thousand: usize| {
        let at = (latencies.len() * per_thousand / 1_000).min(latencies.len() - 1);
        milliseconds(latencies.get(at).copied().unwrap())
    };
    let (applied, longest) = written.unwrap_or_default();
    println!(
        "| {} | {} | {applied} | {:.0} | {:.0} | {} | {} | {} | {} | {:.1} % |",
        load.offered
            .map_or("as answered".to_owned(), |rate| rate.to_string()),
        load.changes.map_or("none".to_owned(), |pace| format!(
            "{}, {}",
            pace.per_second, pace.slice
        )),
        count / wall.as_secs_f64(),
        count / server.on_cpu.as_secs_f64(),
        at(500),
        at(990),
        at(1_000),
        milliseconds(longest),
        (server.waiting + client.waiting).as_secs_f64() / wall.as_secs_f64() * 100.0,
    );
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

/// The server on a thread of its own.
struct Server {
    address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    thread: JoinHandle<Scheduled>,
}

impl Server {
    fn start(state: AppState) -> Self {
        let (shutdown, end) = oneshot::channel::<()>();
        let (bound, address) = mpsc::channel();
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let router = server::router(state, Access::default());
                bound.send(listener.local_addr().unwrap()).unwrap();
                let before = Scheduled::now();
                let shutdown = async {
                    end.await.unwrap();
                };
                server::serve::serve(listener, router, shutdown).await;
                before.since()
            })
        });
        Self {
            address: address.recv().unwrap(),
            shutdown,
            thread,
        }
    }

    fn stop(self) -> Scheduled {
        self.shutdown.send(()).unwrap();
        self.thread.join().unwrap()
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// How the system's scheduler treated a thread; zeros where the system does not tell.
struct Scheduled {
    /// Time that it had a processor for.
    on_cpu: Duration,
    /// Time that it could have run and had none.
    waiting: Duration,
}

impl Scheduled {
    /// This thread, since it began.
    fn now() -> Self {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let mut nanoseconds = stat
            .split_whitespace()
            .map(|it| Duration::from_nanos(it.parse().unwrap_or(0)));
        Self {
            on_cpu: nanoseconds.next().unwrap_or_default(),
            waiting: nanoseconds.next().unwrap_or_default(),
        }
    }

    /// This thread, between then and now.
    fn since(&self) -> Self {
        let now = Self::now();
        Self {
            on_cpu: now.on_cpu.saturating_sub(self.on_cpu),
            waiting: now.waiting.saturating_sub(self.waiting),
        }
    }
}

/// Asks everything over all connections and returns how long each answer took.
fn ask_all(address: SocketAddr, size: Size, offered: Option<u32>) -> Vec<Duration> {
    runtime().block_on(async {
        let mut connections = JoinSet::new();
        let start = Instant::now();
        for first in 0..CONNECTIONS {
            connections.spawn(async move {
                let mut connection = Connection::open(address).await;
                let mut latencies = Vec::with_capacity(size.requests / CONNECTIONS + 1);
                for number in (first..size.requests).step_by(CONNECTIONS) {
                    let due = match offered {
                        Some(rate) => {
                            let due = start
                                + Duration::from_secs(1) / rate * u32::try_from(number).unwrap();
                            if due > Instant::now() {
                                sleep_until(due.into()).await;
                            }
                            due
                        }
                        None => Instant::now(),
                    };
                    connection.ask(number, size.services).await;
                    latencies.push(due.elapsed());
                }
                latencies
            });
        }
        timeout(TIME_LIMIT, connections.join_all())
            .await
            .unwrap()
            .concat()
    })
}

/// One keep-alive connection, one request at a time.
struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            answer: Vec::with_capacity(16 * 1024),
        }
    }

    /// Asks the question of that number. A fast wrong answer is no result.
    async fn ask(&mut self, number: usize, services: usize) {
        // Ever other Services, so that nothing stays in the processor's caches by accident.
        let index = number * 7919 % services;
        let (namespace, name) = (company::namespace(index), company::name(index));
        let path = match number % 3 {
            0 => format!("services/production-eu/{namespace}/{name}"),
            1 => format!("resolve?cluster=production-eu&namespace={namespace}&service={name}"),
            _ => format!("resolve?cluster=production-eu&namespace={namespace}&pod={name}-1"),
        };
        let request = format!("GET /api/v1/{path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let (status, body) = self.receive().await;
        if index.is_multiple_of(CHANGING) {
            assert!(matches!(status, 200 | 404), "{path}: {status}: {body}");
        } else {
            assert!(
                status == 200 && body.contains(&name),
                "{path}: {status}: {body}"
            );
        }
        black_box(body);
    }

    /// The next answer: its status and its body.
    async fn receive(&mut self) -> (u16, &str) {
        self.answer.clear();
        let (status, body) = loop {
            let read = self.stream.read_buf(&mut self.answer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            if let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") {
                let (head, _) = self.answer.split_at(end);
                let (status, length) = parse(std::str::from_utf8(head).unwrap()).unwrap();
                break (status, end + 4..end + 4 + length);
            }
        };
        while self.answer.len() < body.end {
            let read = self.stream.read_buf(&mut self.answer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
        }
        let body = self.answer.get(body).unwrap();
        (status, std::str::from_utf8(body).unwrap())
    }
}

/// The status and the length of the body, from the head of an answer.
fn parse(head: &str) -> Option<(u16, usize)> {
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let known = name.eq_ignore_ascii_case("content-length");
        known.then(|| value.trim().parse().ok())?
    })?;
    Some((status, length))
}
