//! Sessions of the web pages: who gave the token once has a cookie that stands for it, for a while.
//!
//! A cookie is the time at which it ends, and a signature of that under a key made of the token. So nothing is kept, a
//! restart signs nobody out, and another token ends every session. It must not know time: that is an argument.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

/// How long a session lasts, in seconds: a working day with some to spare.
pub(crate) const LASTS: i64 = 12 * 3600;
/// The name of the cookie.
const NAME: &str = "backstitch_session";
/// What the signature is about; another sort of signed thing would have another.
const PURPOSE: &str = "backstitch session 1";

/// A cookie, as `Set-Cookie` has it: scripts cannot read it, and no page of another site has it sent.
pub(crate) fn cookie(token: &SecretString, until: i64) -> String {
    let tag = sign(&key(token), until.to_string().as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(tag.as_ref());
    format!("{NAME}={until}.{tag}; {ATTRIBUTES}; Max-Age={LASTS}")
}

/// What takes the cookie away.
pub(crate) fn no_cookie() -> String {
    format!("{NAME}=; {ATTRIBUTES}; Max-Age=0")
}

const ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Strict";

/// Until when the session lasts whose cookie is among the headers, if it is one of ours and not over.
pub(crate) fn until(token: &SecretString, headers: &HeaderMap, now: i64) -> Option<i64> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
        .filter_map(|value| good_until(token, value))
        .find(|until| *until > now)
}

fn good_until(token: &SecretString, value: &str) -> Option<i64> {
    let (until, tag) = value.split_once('.')?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    verify(&key(token), until.as_bytes(), &tag).ok()?;
    until.parse().ok()
}

fn key(token: &SecretString) -> Key {
    // A key of its own, so that what is signed here is of no use wherever else the token would sign.
    let root = Key::new(HMAC_SHA256, token.expose_secret().as_bytes());
    Key::new(HMAC_SHA256, sign(&root, PURPOSE.as_bytes()).as_ref())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn sent(cookies: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(cookies).expect("a value"));
        headers
    }

    fn value(token: &str, end: i64) -> String {
        let cookie = cookie(&token.into(), end);
        cookie.split(';').next().expect("a pair").to_owned()
    }

    #[test]
    fn a_session_is_good_until_it_ends_and_under_its_token_alone() {
        let token = SecretString::from("s3cret");
        let pair = value("s3cret", 1000);
        for (given, now, expected) in [
            (pair.clone(), 0, Some(1000)),
            (pair.clone(), 999, Some(1000)),
            (pair.clone(), 1000, None),
            (format!("theme=dark; {pair}; other=1"), 0, Some(1000)),
            (value("other", 1000), 0, None),
            // A later end is no longer what was signed.
            (pair.replace("=1000.", "=9000."), 0, None),
            (pair[..pair.len() - 1].to_owned(), 0, None),
            (format!("{NAME}="), 0, None),
            (format!("{NAME}=1000"), 0, None),
            (format!("{NAME}=1000."), 0, None),
            (format!("x{pair}"), 0, None),
        ] {
            assert_eq!(until(&token, &sent(&given), now), expected, "{given}");
        }
        assert_eq!(until(&token, &HeaderMap::new(), 0), None);
    }

    #[test]
    fn a_cookie_is_of_no_use_to_scripts_and_other_sites() {
        let set = cookie(&"s3cret".into(), 1000);
        assert!(
            set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"),
            "{set}"
        );
        assert!(!set.contains("s3cret"));
    }
}
