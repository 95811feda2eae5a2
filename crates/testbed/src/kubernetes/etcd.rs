//! What is asked of a cluster's etcd itself, past the API server.
//!
//! A cluster of a hundred thousand objects is filled here, because the API server takes minutes to check them one by one.
//! It reads JSON from etcd as well as what it writes itself. What it would refuse must not be written: nobody checks.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Client;
use serde_json::{Value, json};

use super::{Error, parsed};

/// etcd's own bound on the operations of one transaction.
const MOST_AT_ONCE: usize = 128;
/// Objects of one transaction have at most so many bytes; etcd takes no request of 1.5 MiB.
const MOST_BYTES: usize = 1 << 20;

/// The etcd of a running cluster.
#[derive(Clone, Debug)]
pub struct Etcd {
    url: String,
    client: Client,
}

/// An object as etcd keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// `/registry/pods/shop/cart-0`
    pub key: String,
    /// The object as JSON, with its `apiVersion` and without a `resourceVersion`; `None` where it is to go.
    pub object: Option<String>,
}

impl Stored {
    fn bytes(&self) -> usize {
        self.key.len() + self.object.as_ref().map_or(0, String::len)
    }

    fn operation(&self) -> Value {
        let key = BASE64_STANDARD.encode(&self.key);
        match &self.object {
            Some(object) => {
                json!({"requestPut": {"key": key, "value": BASE64_STANDARD.encode(object)}})
            }
            None => json!({"requestDeleteRange": {"key": key}}),
        }
    }
}

impl Etcd {
    pub(super) fn at(port: u16) -> Self {
        Self {
            url: format!("http://127.0.0.1:{port}/v3"),
            client: Client::new(),
        }
    }

    /// Writes these, in few transactions and in their order. No key may be given twice.
    ///
    /// # Errors
    /// When etcd refuses, for want of space for instance.
    pub async fn write(&self, mut objects: &[Stored]) -> Result<(), Error> {
        while !objects.is_empty() {
            let mut bytes = 0;
            let fits = |object: &&Stored| {
                bytes += object.bytes();
                bytes <= MOST_BYTES
            };
            // One that is too large alone is for etcd to refuse.
            let count = objects.iter().take(MOST_AT_ONCE).take_while(fits).count();
            let (now, later) = objects.split_at(count.max(1));
            let operations: Vec<Value> = now.iter().map(Stored::operation).collect();
            self.post("kv/txn", &json!({"success": operations})).await?;
            objects = later;
        }
        Ok(())
    }

    /// Forgets all versions but the present ones.
    pub(super) async fn compact(&self) -> Result<(), Error> {
        let status = self.post("maintenance/status", &json!({})).await?;
        let revision = &status["header"]["revision"];
        let forget = json!({"revision": revision, "physical": true});
        self.post("kv/compaction", &forget).await.map(drop)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let url = format!("{}/{path}", self.url);
        let failed = |source| Error::Request {
            url: url.clone(),
            source,
        };
        let sent = self.client.post(&url).body(body.to_string()).send().await;
        let answer = sent.and_then(reqwest::Response::error_for_status);
        let text = answer.map_err(failed)?.text().await.map_err(failed)?;
        parsed(&url, &text)
    }
}
