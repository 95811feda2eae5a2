//! The least that a Backstage can be: a thread that answers `by-query` by cursor.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// Serves the pages, each made when it is asked for, until the process ends.
pub(crate) fn serve(page: impl Fn(usize) -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // The client has one connection at a time.
            let _ended = answer(connection, &page);
        }
    });
    address
}

fn answer(mut connection: TcpStream, page: &impl Fn(usize) -> String) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            header.clear();
        }
        let cursor = request
            .split(['?', '&', ' '])
            .find_map(|part| part.strip_prefix("cursor=")?.parse().ok());
        let body = page(cursor.unwrap_or(0));
        write!(
            connection,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        connection.write_all(body.as_bytes())?;
    }
}

/// One page of a catalog of `total` entities.
pub(crate) fn page(
    number: usize,
    size: usize,
    total: usize,
    entity: impl Fn(usize) -> String,
) -> String {
    let entities: Vec<String> = (number * size..total.min((number + 1) * size))
        .map(entity)
        .collect();
    let info = if (number + 1) * size < total {
        format!(r#"{{"nextCursor":"{}"}}"#, number + 1)
    } else {
        "{}".to_owned()
    };
    format!(
        r#"{{"items":[{}],"totalItems":{total},"pageInfo":{info}}}"#,
        entities.join(",")
    )
}
