//! What nobody can guess.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// So many random bytes; `None`: the system has none.
pub(crate) fn bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

/// The same as a text that stands in addresses and cookies as it is.
pub(crate) fn text<const N: usize>() -> Option<String> {
    bytes::<N>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}
