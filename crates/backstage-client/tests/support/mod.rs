//! What the tests share: how to make a client, and a server whose every byte is scripted, for what
//! no well-behaved HTTP server would do.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::error::Error as StdError;
use std::num::NonZeroU32;
use std::time::Duration;

use backstage_client::{Client, Credentials, EntityFilter, Error, Page, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) const TOKEN: &str = "a-static-token-0123456789";

pub(crate) fn settings(url: &str) -> Settings {
    let mut settings = Settings::new(url.parse().expect("a URL"));
    settings.credentials = Credentials::Token(TOKEN.into());
    settings
}

pub(crate) fn client(url: &str) -> Client {
    Client::new(settings(url)).expect("good settings")
}

pub(crate) fn limit(limit: u32) -> NonZeroU32 {
    NonZeroU32::new(limit).expect("not zero")
}

pub(crate) fn ownership() -> EntityFilter {
    EntityFilter::kinds(["component", "group", "user"]).expect("kinds")
}

/// The first page of everything.
pub(crate) async fn first_page(client: &Client) -> Result<Page, Error> {
    let page = client
        .entities(EntityFilter::all(), limit(2))
        .next_page()
        .await?;
    Ok(page.expect("the first page is never the end of a crawl"))
}

/// The error with its causes and its remedy, as people see it, with the server's address as
/// `http://server`. Fails where the token is in it.
pub(crate) fn report(error: &Error, address: &str) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\ncause: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    if let Some(remedy) = error.remedy() {
        text.push_str("\nhint: ");
        text.push_str(&remedy);
    }
    let debug = format!("{error:?}");
    assert!(
        !text.contains(TOKEN) && !debug.contains(TOKEN),
        "the token is shown: {text} {debug}"
    );
    text.replace(address, "http://server")
}

/// Serves one connection per script: for each text in it, reads one request, then writes the text;
/// closes the connection at the end of the script. Gives the requests' heads and bodies.
pub(crate) async fn scripted(scripts: Vec<Vec<Vec<u8>>>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for script in scripts {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            for answer in script {
                requests.push(request(&mut stream).await);
                stream.write_all(&answer).await.expect("room for an answer");
            }
        }
        requests
    });
    (address, served)
}

/// Serves every connection alike: reads one request, writes the text, and resets the connection once
/// the client has had the time to read it.
pub(crate) async fn resetting(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // One byte of the request is left unread: closing the socket then resets it.
            let _ = stream.read_u8().await;
            let _ = stream.readable().await;
            let _ = stream.write_all(&answer).await;
        }
    });
    address
}

/// Reads one request without a body.
async fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    String::from_utf8(head).expect("ASCII")
}

/// An HTTP answer with this JSON.
pub(crate) fn json(body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// A time that a test can wait for, and long enough for a first byte on the busiest machine.
pub(crate) const SHORT: Duration = Duration::from_secs(3);
