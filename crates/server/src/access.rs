//! Who may ask: a bearer token, and the host names that the server answers to.

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, Uri};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::problem::Refusal;

/// The only routes that need no token: probes have none to give, and they say nothing of what is owned.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// The names by which a loopback address is asked.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Who may ask.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The token that every request but probes must bear; `None`: everybody may ask.
    pub token: Option<SecretString>,
    /// The host names that the server answers to.
    pub hosts: Hosts,
}

/// The host names that the server answers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hosts {
    /// Every name.
    #[default]
    Any,
    /// The names of the loopback address and these.
    ///
    /// A server that is bound to loopback is otherwise open to any page in a browser of the same machine: the page's
    /// own name is made to point to loopback, and the browser then takes the server's answers for the page's own.
    Loopback(Vec<String>),
}

impl Access {
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check_host(uri, headers)?;
        self.check_token(uri, headers)
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let Hosts::Loopback(more) = &self.hosts else {
            return Ok(());
        };
        let given = uri
            .authority()
            .map(axum::http::uri::Authority::as_str)
            .or_else(|| headers.get(HOST)?.to_str().ok())
            .unwrap_or_default();
        let name = without_port(given);
        let known = LOOPBACK
            .into_iter()
            .chain(more.iter().map(String::as_str))
            .any(|known| known.eq_ignore_ascii_case(name));
        if known {
            Ok(())
        } else {
            Err(Refusal::wrong_host(given))
        }
    }

    fn check_token(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        if is_open(uri.path()) {
            return Ok(());
        }
        let Some(given) = headers.get(AUTHORIZATION) else {
            return Err(Refusal::unauthorized("the request bears no token"));
        };
        let (scheme, given) = match given.as_bytes().split_at_checked("Bearer ".len()) {
            Some(parts) => parts,
            None => (given.as_bytes(), &[][..]),
        };
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return Err(Refusal::unauthorized(
                "`Authorization` is of another scheme, expected `Bearer`",
            ));
        }
        if bool::from(given.ct_eq(token.expose_secret().as_bytes())) {
            Ok(())
        } else {
            Err(Refusal::unauthorized("the token is not the one configured"))
        }
    }
}

/// Whether the route needs no token.
pub(crate) fn is_open(path: &str) -> bool {
    OPEN.contains(&path)
}

/// The host without `:port`; an IPv6 address keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rfind(']') {
        Some(end) => &host[..=end],
        None => host.split_once(':').map_or(host, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn loopback_answers_to_its_own_names_only() {
        let access = Access {
            token: None,
            hosts: Hosts::Loopback(vec!["backstitch.internal".into()]),
        };
        let uri = Uri::from_static("/api/v1/summary");
        for (host, allowed) in [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1:8080", true),
            ("[::1]", true),
            ("[::1]:8080", true),
            ("backstitch.internal:8080", true),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:8080", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            assert_eq!(access.check(&uri, &headers).is_ok(), allowed, "{host}");
        }
        assert!(access.check(&uri, &HeaderMap::new()).is_err());
    }

    #[test]
    fn the_token_is_compared_as_a_whole() {
        let access = Access {
            token: Some("s3cret".into()),
            hosts: Hosts::Any,
        };
        let uri = Uri::from_static("/api/v1/summary");
        for (given, allowed) in [
            ("Bearer s3cret", true),
            ("bearer s3cret", true),
            ("Bearer s3cre", false),
            ("Bearer s3crett", false),
            ("Bearer", false),
            ("Bearer ", false),
            ("Basic s3cret", false),
            ("s3cret", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(given));
            assert_eq!(access.check(&uri, &headers).is_ok(), allowed, "{given}");
        }
    }
}
