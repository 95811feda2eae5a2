//! Reading a whole catalog by plain requests, in each of the ways that its users have.

use std::io::Read as _;

use flate2::read::GzDecoder;
use form_urlencoded::byte_serialize;
use reqwest::Client;
use reqwest::header::ACCEPT_ENCODING;
use serde_json::Value;

use crate::Failure;

/// The kinds that the program asks for.
pub(crate) const KINDS: &str = "filter=kind%3Dcomponent%2Ckind%3Dgroup%2Ckind%3Duser";
/// What a user of this data would name, to have less of it sent.
const FIELDS: &str = "fields=kind,apiVersion,metadata.name,metadata.namespace,metadata.annotations,metadata.labels,\
                      spec.owner,spec.type,relations";

/// One way to read it.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    paging: Paging,
    kinds: bool,
    fields: bool,
    gzip: bool,
}

#[derive(Clone, Copy)]
enum Paging {
    /// By cursor, so many entities a page.
    Cursor(usize),
    /// By offset, so many entities a page.
    Offset(usize),
    /// All with one request.
    Whole,
}

const OURS: Way = Way {
    name: "the same requests, made by another program",
    paging: Paging::Cursor(1000),
    kinds: true,
    fields: false,
    gzip: false,
};

/// The ways, ours first.
pub(crate) const WAYS: [Way; 10] = [
    OURS,
    Way {
        name: "pages of 500",
        paging: Paging::Cursor(500),
        ..OURS
    },
    Way {
        name: "pages of 100",
        paging: Paging::Cursor(100),
        ..OURS
    },
    Way {
        name: "pages of 20",
        paging: Paging::Cursor(20),
        ..OURS
    },
    Way {
        name: "pages of 1000, by offset",
        paging: Paging::Offset(1000),
        ..OURS
    },
    Way {
        name: "pages of 100, by offset",
        paging: Paging::Offset(100),
        ..OURS
    },
    Way {
        name: "all kinds",
        kinds: false,
        ..OURS
    },
    Way {
        name: "`fields`",
        fields: true,
        ..OURS
    },
    Way {
        name: "gzip",
        gzip: true,
        ..OURS
    },
    Way {
        name: "all at once, all kinds",
        paging: Paging::Whole,
        kinds: false,
        ..OURS
    },
];

/// What came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) requests: u64,
    /// Of bodies, as they were sent.
    pub(crate) bytes: u64,
    pub(crate) entities: u64,
}

/// Reads all of it.
pub(crate) async fn crawl(
    http: &Client,
    url: &str,
    token: &str,
    way: Way,
) -> Result<Came, Failure> {
    let mut came = Came::default();
    let (mut cursor, mut offset) = (None::<String>, 0);
    loop {
        let mut query = Vec::new();
        match &cursor {
            Some(cursor) => {
                let cursor: String = byte_serialize(cursor.as_bytes()).collect();
                query.push(format!("cursor={cursor}"));
            }
            None if way.kinds => query.push(KINDS.to_owned()),
            None => {}
        }
        if way.fields {
            query.push(FIELDS.to_owned());
        }
        let route = match way.paging {
            Paging::Cursor(limit) => {
                query.push(format!("limit={limit}"));
                "entities/by-query"
            }
            Paging::Offset(limit) => {
                query.push(format!("limit={limit}&offset={offset}"));
                "entities"
            }
            Paging::Whole => "entities",
        };
        let url = format!("{url}/api/catalog/{route}?{}", query.join("&"));
        let mut request = http.get(url).bearer_auth(token);
        if way.gzip {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        let answer = request.send().await?.error_for_status()?;
        let is_coded = answer.headers().contains_key("content-encoding");
        if is_coded != way.gzip {
            return Err("the server codes its answers otherwise than it was asked to".into());
        }
        let body = answer.bytes().await?;
        came.requests += 1;
        came.bytes += body.len() as u64;
        let page: Value = if way.gzip {
            let mut text = String::new();
            GzDecoder::new(&body[..]).read_to_string(&mut text)?;
            serde_json::from_str(&text)?
        } else {
            serde_json::from_slice(&body)?
        };
        let items = match way.paging {
            Paging::Cursor(_) => &page["items"],
            Paging::Offset(_) | Paging::Whole => &page,
        };
        let items = items.as_array().ok_or("a page without entities")?.len();
        came.entities += items as u64;
        match way.paging {
            Paging::Cursor(_) => match page["pageInfo"]["nextCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(came),
            },
            // A short page is the last, where the catalog stands still.
            Paging::Offset(limit) if items == limit => offset += items,
            Paging::Offset(_) | Paging::Whole => return Ok(came),
        }
    }
}
