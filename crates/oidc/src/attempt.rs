//! What ties an answer of the provider to the browser that was sent there.

use aws_lc_rs::hmac::{Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// One attempt to sign in.
///
/// All of it follows from a key that only the server has and a number that nobody can guess, so that the browser need keep that
/// number alone: neither the nonce nor the verifier can be made from it without the key.
#[derive(Clone)]
pub struct Attempt {
    /// Comes back with the browser (RFC 6749, 4.1.1).
    pub state: String,
    /// Comes back in the ID token (OpenID Connect Core, 3.1.2.1).
    pub(crate) nonce: String,
    /// Goes to the token endpoint, of which the provider was shown the digest before (RFC 7636).
    pub(crate) verifier: String,
}

impl Attempt {
    /// The attempt of that state under that key.
    pub fn new(key: &Key, state: &str) -> Self {
        let derived = |what: &str| {
            let tag = sign(key, format!("oidc {what} {state}").as_bytes());
            URL_SAFE_NO_PAD.encode(tag.as_ref())
        };
        Self {
            state: state.to_owned(),
            nonce: derived("nonce"),
            verifier: derived("verifier"),
        }
    }
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}
