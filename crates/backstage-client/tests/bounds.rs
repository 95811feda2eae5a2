//! What one answer may cost its reader: in bytes that are kept, in memory, in time. The only tests of
//! this process, for its memory is measured.

mod support;

use backstage_client::{Client, EntityFilter, Error};
use flate2::{Compress, Compression, FlushCompress};
use support::{TOKEN, limit, report, settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const MIB: usize = 1024 * 1024;
const GIB: usize = 1024 * MIB;
const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";

/// Answers every request with this head, then with this block over and over, so many times.
async fn pouring(head: String, block: Vec<u8>, times: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.expect("a request"));
            }
            let mut open = stream.write_all(head.as_bytes()).await.is_ok();
            for _ in 0..times {
                // The client has had enough.
                open = open && stream.write_all(&block).await.is_ok();
            }
        }
    });
    address
}

/// The most memory that this process has had, in bytes: that it used, and that it asked for. Nothing
/// where nobody says so.
fn peak_memory() -> Option<[usize; 2]> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes * 1024)
    };
    Some([bytes("VmHWM:")?, bytes("VmPeak:")?])
}

/// A megabyte of spaces as a part of a gzip stream that may follow itself, about a thousandth of it.
fn spaces() -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(64 * 1024);
    compress
        .compress_vec(&vec![b' '; MIB], &mut block, FlushCompress::Full)
        .expect("room");
    assert!(block.len() < MIB / 500, "{}", block.len());
    block
}

/// The tests run one after the other: what one needs must not look like another's.
#[tokio::test]
async fn an_answer_costs_no_more_than_its_bound() {
    let entity = "\"x".to_owned() + &"x".repeat(MIB - 2);
    let items = br#"{"items":["#;
    let chunked = |bytes: &[u8]| {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        chunk
    };
    let text = String::from_utf8(chunked(items)).expect("ASCII");
    let streamed = format!("{HEAD}transfer-encoding: chunked\r\n\r\n{text}");
    let bomb = format!("{HEAD}content-encoding: gzip\r\n\r\n");
    let announced = format!("{HEAD}content-length: {}\r\n\r\n", 4 * GIB);
    let too_much = format!("{HEAD}content-length: {}\r\n\r\n", 3 * 1024 * MIB);
    // The head of a gzip stream, and half a gigabyte.
    let mut bomb_body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bomb_body.extend(spaces().repeat(512));
    let bound = 8 * MIB;
    // The hungriest last: a peak hides what is below it.
    for (what, head, block, times, max, memory) in [
        (
            "announced",
            announced,
            items.to_vec(),
            1,
            Some(8 * GIB),
            32 * MIB,
        ),
        ("too much", too_much, items.to_vec(), 1, None, 32 * MIB),
        ("bomb", bomb, bomb_body, 1, Some(bound), 64 * MIB),
        // An entity of 300 MB, at the bound that is set unless told otherwise.
        (
            "entity",
            streamed,
            chunked(entity.as_bytes()),
            300,
            None,
            256 * MIB,
        ),
    ] {
        let address = pouring(head, block, times).await;
        let mut settings = settings(&address);
        settings.gzip = true;
        if let Some(max) = max {
            settings.max_page_bytes = max;
        }
        let client = Client::new(settings).expect("good settings");
        let before = peak_memory();
        let mut pager = client.entities(EntityFilter::all(), limit(1));
        let error = pager.next_page().await.expect_err(what);
        match what {
            "announced" => assert!(
                matches!(error, Error::CutOff { received: 10, .. }),
                "{error:?}"
            ),
            _ => assert!(
                matches!(
                    error,
                    Error::EntityTooLarge {
                        position: 1,
                        page: 1,
                        ..
                    }
                ),
                "{what}: {error:?}"
            ),
        }
        assert!(!report(&error, &address).contains(TOKEN));
        if let (Some(before), Some(after)) = (before, peak_memory()) {
            let [used, asked_for] = [after[0] - before[0], after[1] - before[1]];
            assert!(used < memory, "{what}: {used} bytes more");
            assert!(asked_for < GIB, "{what}: {asked_for} bytes more");
        }
    }
}
