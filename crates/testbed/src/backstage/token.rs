//! The tokens that the Backstages here know. None of them opens anything else.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A static token, as listed in `tests/backstage/app-config.yaml`. Backstage 1.11 knows the full one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Sees everything.
    Full,
    /// May read, and nothing else: what our documentation asks people to set.
    ReadOnly,
    /// Is accepted, and may not read entities.
    NoRead,
    /// Is meant for another plugin.
    OtherPlugin,
}

impl Token {
    /// The text after `Bearer`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Full => "crawler-static-token-0123456789",
            Self::ReadOnly => "readonly-static-token-0123456789",
            Self::NoRead => "noread-static-token-0123456789",
            Self::OtherPlugin => "otherplugin-static-token-0123456789",
        }
    }
}

/// The key of `type: legacy`; the configuration has it in base64.
const LEGACY_KEY: &[u8] = b"legacy-shared-secret-for-tests";

/// A token as it was before static ones: a JWT signed with the shared secret, valid until then.
pub fn legacy_token(expires: SystemTime) -> String {
    let expires = expires
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let signed = format!(
        "{}.{}",
        part(r#"{"alg":"HS256"}"#),
        part(&format!(r#"{{"sub":"backstage-server","exp":{expires}}}"#))
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, LEGACY_KEY);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{signature}")
}
