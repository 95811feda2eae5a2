//! Who may come in, and the kubeconfigs by which they do.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Error;

/// The file with the tokens that the API server knows.
pub(super) const TOKENS: &str = "tokens.csv";

/// Somebody whom every cluster knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// May do everything.
    Admin,
    /// May do what roles give to the user `reader`.
    Reader,
    /// May do nothing; no test gives any role to the user `nobody`.
    Nobody,
}

impl User {
    /// Everybody.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Reader, Self::Nobody];

    /// What roles, and contexts of a kubeconfig, call them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Reader => "reader",
            Self::Nobody => "nobody",
        }
    }

    /// The bearer token.
    pub fn token(self) -> &'static str {
        match self {
            Self::Admin => "token-of-admin",
            Self::Reader => "token-of-reader",
            Self::Nobody => "token-of-nobody",
        }
    }

    fn group(self) -> &'static str {
        match self {
            Self::Admin => "system:masters",
            Self::Reader | Self::Nobody => "testers",
        }
    }
}

/// Writes the file with the tokens.
pub(super) fn write_tokens(home: &Path) -> Result<(), Error> {
    let mut lines = String::new();
    for user in User::ALL {
        let (name, token, group) = (user.name(), user.token(), user.group());
        // Writing to a text does not fail.
        let _ = writeln!(lines, "{token},{name},{name},\"{group}\"");
    }
    fs::write(home.join(TOKENS), lines).map_err(Error::files("a file of tokens"))
}

/// A kubeconfig, which is written as JSON because that is YAML.
pub(super) fn text(url: &str, authority_pem: &str, users: &[(&str, Value)]) -> String {
    let authority = BASE64_STANDARD.encode(authority_pem);
    let entries: Vec<Value> = users
        .iter()
        .map(|(name, user)| json!({"name": name, "user": user}))
        .collect();
    let contexts: Vec<Value> = users
        .iter()
        .map(|(name, _)| json!({"name": name, "context": {"cluster": "testbed", "user": name}}))
        .collect();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "testbed", "cluster": {"server": url, "certificate-authority-data": authority}}],
        "users": entries,
        "contexts": contexts,
        "current-context": users.first().map_or("", |(name, _)| name),
    });
    config.to_string()
}
