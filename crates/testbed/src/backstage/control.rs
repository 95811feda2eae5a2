//! Requests: to the catalog API, as bare as they can be, and to the control port that changes the catalog.
//!
//! What our own client makes of a Backstage is tested with that client; here is what says what Backstage itself answers.

use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::options::UNLIMITED_ADDRESS;
use super::{Backstage, Error, Token};

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The whole body.
    pub body: String,
}

impl Backstage {
    /// The answer to a `GET` of this path below `/api/catalog`, such as `/entities?limit=1`, with this token.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Result<Answer, Error> {
        let url = format!("{}/api/catalog{path}", self.url());
        send(&url, authorized(client()?.get(&url), token)).await
    }

    /// The answer to a `POST` of this JSON to this path below `/api/catalog`, with the token that sees everything.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Error> {
        let url = format!("{}/api/catalog{path}", self.url());
        let request = client()?.post(&url).json(body);
        send(&url, authorized(request, Some(Token::Full.text()))).await
    }

    /// Every entity, as one request for all of them gives it.
    pub async fn entities(&self) -> Result<Vec<Value>, Error> {
        let answer = self.get("/entities", Some(Token::Full.text())).await?;
        match serde_json::from_str(&answer.body) {
            Ok(Value::Array(entities)) if answer.status == 200 => Ok(entities),
            _ => Err(Error::Answer {
                url: format!("{}/api/catalog/entities", self.url()),
                status: answer.status,
                body: answer.body,
            }),
        }
    }

    /// Makes these, and these alone, the entities that the test's provider gives. Those of files are not touched. The
    /// catalog follows a moment later: see [`until`](Self::until).
    pub async fn put_full(&self, entities: &[Value]) -> Result<(), Error> {
        self.control("full", &json!({ "entities": entities })).await
    }

    /// Adds or changes some entities of the test's provider, and removes others by their full references.
    pub async fn delta(&self, added: &[Value], removed: &[&str]) -> Result<(), Error> {
        let body = json!({ "added": added, "removed": removed });
        self.control("delta", &body).await
    }

    async fn control(&self, what: &str, body: &Value) -> Result<(), Error> {
        let url = format!("http://127.0.0.1:{}/{what}", self.ports.control);
        let answer = send(&url, client()?.post(&url).json(body)).await?;
        match answer.status {
            204 => Ok(()),
            status => Err(Error::Answer {
                url,
                status,
                body: answer.body,
            }),
        }
    }
}

/// A client for one request: connections must not outlive the runtime of the test that opened them, and a Backstage that
/// several tests share does.
fn client() -> Result<Client, Error> {
    let built = Client::builder().no_proxy().build();
    built.map_err(|source| Error::Request {
        url: "http://127.0.0.1".to_owned(),
        source,
    })
}

fn authorized(request: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    let request = request.header("x-forwarded-for", UNLIMITED_ADDRESS);
    match token {
        Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

async fn send(url: &str, request: RequestBuilder) -> Result<Answer, Error> {
    let failed = |source| Error::Request {
        url: url.to_owned(),
        source,
    };
    let response = request.send().await.map_err(failed)?;
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after.map(str::to_owned),
        body: response.text().await.map_err(failed)?,
    })
}
