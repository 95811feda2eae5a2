use std::time::Duration;

use server::serve::{MAX_HEAD, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::company::Company;

const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn run(company: &Company) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = company.router.clone();
    let served = tokio::spawn(async move {
        let stopped = async move {
            let _ = stopped.await;
        };
        serve(listener, router, stopped).await;
    });
    Running {
        address,
        stop,
        served,
    }
}

async fn send(running: &Running, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    let read = timeout(PATIENCE, stream.read_to_string(&mut text))
        .await
        .unwrap();
    read.unwrap();
    text
}

#[tokio::test]
async fn requests_are_answered_over_a_connection() {
    let company = Company::new();
    let running = run(&company).await;
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = rest(send(&running, request).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let company = Company::new();
    let running = run(&company).await;
    let filler = "x".repeat(MAX_HEAD + 1);
    let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: {filler}");
    let mut stream = send(&running, &request).await;
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&start, b"HTTP/1.1 431");
}

#[tokio::test]
async fn going_down_ends_streams_and_the_server() {
    let company = Company::new();
    let running = run(&company).await;
    let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = send(&running, request).await;
    let mut start = [0; 15];
    timeout(PATIENCE, stream.read_exact(&mut start))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    company.state.events.close();
    running.stop.send(()).unwrap();
    rest(stream).await;
    timeout(PATIENCE, running.served).await.unwrap().unwrap();
}
