//! One request and its answer: ask the upstream, break the answer, send it.
//!
//! ```text
//!  request ─▶ order ─┬─ an answer of the proxy's own ───────────────────────────────────┐
//!                    └─ upstream ─▶ as it is, or with its JSON rewritten, or its head ──┴─▶ body, in its manner
//! ```

use std::io;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::body::Body;
use serde_json::Value;

use super::Shared;
use super::body::{Manner, Source, Stop, gzip_bomb, send};
use super::fault::{Announced, Answer, Fault, Loop, RetryAfter, Total};
use super::rewrite::{Shape, is_rewriting, keeps, rewritten};
use super::script::{Point, path, query};
use super::upstream::passed_on;
use super::wire::{Connection, Framing, Incoming};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer that is ready to be sent.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    framing: Framing,
    source: Source,
}

/// Answers one request. Gives the connection back where it can take another.
///
/// # Errors
/// When the client or the upstream closed its connection midway.
pub(super) async fn exchange(
    shared: &Shared,
    mut connection: Connection,
    incoming: Incoming,
) -> io::Result<Option<Connection>> {
    // Before the order is taken, so that a `clear` in between is not missed.
    let mut clears = shared.clears.subscribe();
    clears.mark_unchanged();
    let order = shared.script().receive(&incoming);
    let (before, after) = match order.hold {
        Some(hold) if hold.point == Point::Asking => (Some(hold), None),
        hold => (None, hold),
    };
    if let Some(hold) = before {
        hold.wait().await;
    }
    let (reply, manner) = match &order.fault {
        Some(Fault::Refused) => {
            connection.reset()?;
            return Ok(None);
        }
        Some(fault) => broken(shared, &incoming, fault).await?,
        None => (passed(shared, &incoming).await, Manner::Plain),
    };
    if let Some(hold) = after {
        hold.wait().await;
    }
    connection
        .head(reply.status, &reply.headers, reply.framing)
        .await?;
    let cleared = async move {
        // An error means that the proxy is gone, which ends the wait as well.
        let _ = clears.changed().await;
    };
    send(connection, reply.source, manner, cleared).await
}

async fn broken(
    shared: &Shared,
    incoming: &Incoming,
    fault: &Fault,
) -> io::Result<(Reply, Manner)> {
    let stop = |after: &usize, how| Manner::Stop { after: *after, how };
    Ok(match fault {
        Fault::Slow { bytes, pause } => {
            let (bytes, pause) = (*bytes, *pause);
            (
                passed(shared, incoming).await,
                Manner::Slow { bytes, pause },
            )
        }
        Fault::HangMidBody { after } => (passed(shared, incoming).await, stop(after, Stop::Hang)),
        Fault::TruncatedJson { after } => {
            let mut reply = passed(shared, incoming).await;
            reply.framing = Framing::Chunked;
            (reply, stop(after, Stop::End))
        }
        Fault::CutOff { after, announced } => {
            let mut reply = whole(passed(shared, incoming).await).await?;
            if let (Announced::Length, Framing::Length(length)) = (announced, reply.framing) {
                reply.framing = Framing::Length(length.max(*after as u64 + 1));
            } else {
                reply.framing = Framing::Chunked;
            }
            (reply, stop(after, Stop::Close))
        }
        Fault::Reset { after } => (passed(shared, incoming).await, stop(after, Stop::Reset)),
        Fault::InvalidUtf8 { offset } => {
            let offset = *offset;
            (passed(shared, incoming).await, Manner::Corrupt { offset })
        }
        Fault::WrongContentType => {
            let mut reply = passed(shared, incoming).await;
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            reply.headers.insert(header::CONTENT_TYPE, text);
            (reply, Manner::Plain)
        }
        Fault::ClockSkew { seconds } => {
            let mut reply = passed(shared, incoming).await;
            let date = value(&httpdate::fmt_http_date(ahead(*seconds)));
            reply.headers.insert(header::DATE, date);
            (reply, Manner::Plain)
        }
        fault if is_rewriting(fault) => (rewriting(shared, incoming, fault).await?, Manner::Plain),
        fault => (own_answer(fault)?, Manner::Plain),
    })
}

/// Answers that need no upstream.
fn own_answer(fault: &Fault) -> io::Result<Reply> {
    Ok(match fault {
        Fault::RateLimited(retry_after) => rate_limited(retry_after),
        Fault::Status(answer) => answered(answer),
        Fault::GzipBomb { decompressed } => {
            let mut reply = json_reply(gzip_bomb(*decompressed)?);
            let gzip = HeaderValue::from_static("gzip");
            reply.headers.insert(header::CONTENT_ENCODING, gzip);
            reply
        }
        Fault::HugeEntity { bytes } => {
            let mut reply = json_reply(Bytes::new());
            reply.framing = Framing::Chunked;
            reply.source = Source::huge_entity(*bytes);
            reply
        }
        Fault::HtmlWith200 => answered(&Answer {
            status: 200,
            content_type: Some("text/html; charset=utf-8"),
            headers: Vec::new(),
            body: "<!doctype html><html><head><title>Sign in</title></head><body><form action=\"/login\">\
                   <input name=\"user\"></form></body></html>"
                .to_owned(),
        }),
        Fault::Redirect(location) => {
            let mut answer = Answer::html(302, "302 Found");
            answer.headers.push(("location", location.clone()));
            answered(&answer)
        }
        // All others are done elsewhere; one that nobody does must be seen.
        fault => answered(&Answer::html(500, &format!("the proxy does not know {fault:?}"))),
    })
}

fn rate_limited(retry_after: &RetryAfter) -> Reply {
    let mut answer = Answer {
        status: 429,
        content_type: Some("application/json; charset=utf-8"),
        headers: Vec::new(),
        // As Backstage's rate limit answers: an error without a `request`.
        body: r#"{"error":{"name":"Error","message":"Too many requests, please try again later"},"response":{"statusCode":429}}"#
            .to_owned(),
    };
    match retry_after {
        RetryAfter::Seconds(seconds) => answer.headers.push(("retry-after", seconds.to_string())),
        RetryAfter::Date { ahead: by, skew } => {
            let date = |seconds| httpdate::fmt_http_date(ahead(seconds));
            answer.headers.push(("date", date(*skew)));
            answer.headers.push(("retry-after", date(*skew + *by)));
        }
        RetryAfter::Text(text) => answer.headers.push(("retry-after", (*text).to_owned())),
    }
    answered(&answer)
}

/// The upstream's answer as it is.
async fn passed(shared: &Shared, incoming: &Incoming) -> Reply {
    match shared.upstream.ask(incoming, &incoming.target).await {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            let framing = match body.size_hint().exact() {
                Some(length) => Framing::Length(length),
                None => Framing::Chunked,
            };
            Reply {
                status: parts.status,
                headers: passed_on(&parts.headers),
                framing,
                source: Source::Upstream(body),
            }
        }
        // What any reverse proxy says of a server that is down.
        Err(_) => answered(&Answer::html(502, "502 Bad Gateway")),
    }
}

async fn whole(reply: Reply) -> io::Result<Reply> {
    let body = reply.source.whole().await?;
    Ok(Reply {
        framing: Framing::Length(body.len() as u64),
        source: Source::Whole(body),
        ..reply
    })
}

/// The upstream's answer with other JSON. What is not the JSON of a catalog stays as it is.
async fn rewriting(shared: &Shared, incoming: &Incoming, fault: &Fault) -> io::Result<Reply> {
    let Some(shape) = Shape::of(path(&incoming.target)) else {
        return Ok(passed(shared, incoming).await);
    };
    let mut plain = incoming.clone();
    plain.headers.remove(header::ACCEPT_ENCODING);
    let asked_with_cursor = parameters(&plain.target).any(|(key, _)| key == "cursor");
    if matches!(fault, Fault::LoopingCursor(Loop::Fresh)) {
        plain.target = without(&plain.target, &["cursor"]);
    }
    let reply = whole(passed(shared, &plain).await).await?;
    let Source::Whole(text) = &reply.source else {
        return Ok(reply);
    };
    let Ok(body) = serde_json::from_slice::<Value>(text) else {
        return Ok(reply);
    };
    if !reply.status.is_success() {
        return Ok(reply);
    }
    if shape == Shape::Page && !asked_with_cursor {
        let total = match fault {
            Fault::HideKinds(_) => Some(kept(shared, &plain, fault).await?),
            Fault::Fraction { total, .. } if *total == Total::Matching => {
                Some(kept(shared, &plain, fault).await?)
            }
            _ => None,
        };
        let first_cursor = body["pageInfo"]["nextCursor"].as_str().map(str::to_owned);
        let mut script = shared.script();
        script.crawl.first_cursor = first_cursor;
        script.crawl.total = total;
        script.crawl.answers = 0;
    }
    let crawl = {
        let mut script = shared.script();
        let crawl = script.crawl.clone();
        script.crawl.answers += 1;
        crawl
    };
    let body = rewritten(fault, shape, body, &crawl).to_string();
    Ok(Reply {
        framing: Framing::Length(body.len() as u64),
        source: Source::Whole(body.into()),
        ..reply
    })
}

/// How many of the entities that the request asks for are still there under the fault, from all pages of the upstream.
async fn kept(shared: &Shared, incoming: &Incoming, fault: &Fault) -> io::Result<u64> {
    let mut kept = 0;
    let base = without(&incoming.target, &["limit", "cursor"]);
    let mut cursor: Option<String> = None;
    loop {
        let target = page_of_all(&base, cursor.as_deref());
        let page = shared.upstream.ask(incoming, &target).await?;
        let page = Source::Upstream(page.into_body()).whole().await?;
        let page: Value = serde_json::from_slice(&page)?;
        let items = page["items"].as_array().map_or(&[][..], Vec::as_slice);
        kept += items.iter().filter(|item| keeps(fault, item)).count() as u64;
        cursor = page["pageInfo"]["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(kept);
        }
    }
}

/// A large page of what this target asks for.
fn page_of_all(target: &str, cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters(target));
    query.append_pair("limit", "5000");
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    format!("{}?{}", path(target), query.finish())
}

fn parameters(target: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query(target).as_bytes())
}

/// The target without these parameters.
fn without(target: &str, names: &[&str]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters(target).filter(|(key, _)| !names.contains(&&**key)));
    let query = query.finish();
    if query.is_empty() {
        path(target).to_owned()
    } else {
        format!("{}?{query}", path(target))
    }
}

fn json_reply(body: Bytes) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, JSON);
    Reply {
        status: StatusCode::OK,
        headers,
        framing: Framing::Length(body.len() as u64),
        source: Source::Whole(body),
    }
}

fn answered(answer: &Answer) -> Reply {
    let mut reply = json_reply(answer.body.clone().into());
    reply.status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::IM_A_TEAPOT);
    match answer.content_type {
        Some(content_type) => drop(
            reply
                .headers
                .insert(header::CONTENT_TYPE, value(content_type)),
        ),
        None => drop(reply.headers.remove(header::CONTENT_TYPE)),
    }
    for (name, text) in &answer.headers {
        reply
            .headers
            .insert(HeaderName::from_static(name), value(text));
    }
    reply
}

/// A header's value; empty where the text cannot be one.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// This many seconds from now.
fn ahead(seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    let then = if seconds < 0 {
        now.checked_sub(by)
    } else {
        now.checked_add(by)
    };
    then.unwrap_or(now)
}
