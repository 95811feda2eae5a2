//! Who may ask: a bearer token, the host names that the server answers to, and no foreign page.

use std::net::SocketAddr;

use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::api_tokens::{Known, looks_like_one};
use crate::identity::Identity;
use crate::problem::Refusal;
use crate::roles::Grants;
use crate::routes::{OIDC, OIDC_CALLBACK, SESSION};
use crate::session::{Keys, Of, Session};

/// The only routes that need no token: probes have none to give, who signs
/// in has none yet, and none of these says anything of what is owned.
const OPEN: [&str; 5] = ["/healthz", "/readyz", SESSION, OIDC, OIDC_CALLBACK];

/// The names by which a loopback address is asked.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What a browser says of the page that a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who may ask.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The token that opens everything. Without it, and without a way to sign in, everybody may ask everything.
    pub token: Option<SecretString>,
    /// Where people sign in.
    pub sign_in: Option<SignIn>,
    /// The host names that the server answers to.
    pub hosts: Hosts,
}

/// Where people sign in, and what they may do then.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Who says who they are.
    pub provider: oidc::Client,
    /// Who may do what.
    pub grants: Grants,
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

impl Hosts {
    /// For a server that listens on that address: on loopback its names and these, elsewhere these if there are any.
    pub fn of(address: SocketAddr, allowed: &[String]) -> Self {
        if address.ip().is_loopback() || !allowed.is_empty() {
            Self::Loopback(allowed.to_vec())
        } else {
            Self::Any
        }
    }
}

impl Access {
    /// Whether only those may ask who are known, or are on this machine.
    pub(crate) fn is_guarded(&self) -> bool {
        !self.is_open() || matches!(self.hosts, Hosts::Loopback(_))
    }

    /// Whether everybody may ask everything.
    pub(crate) fn is_open(&self) -> bool {
        self.token.is_none() && self.sign_in.is_none()
    }

    /// Whether browsers reach the server by TLS, so that cookies need never go without it.
    pub(crate) fn is_secure(&self) -> bool {
        let sign_in = self.sign_in.as_ref();
        sign_in.is_some_and(|it| it.provider.redirect().scheme() == "https")
    }

    /// Who asks, by their token or their session.
    pub(crate) fn who(
        &self,
        headers: &HeaderMap,
        known: Option<&Known>,
        keys: &Keys,
        now: i64,
    ) -> Result<Identity, Refusal> {
        if headers.contains_key(AUTHORIZATION) {
            let token = bearer(headers).ok().and_then(|it| str::from_utf8(it).ok());
            if let Some(token) = token.filter(|token| looks_like_one(token)) {
                let bearer = known.and_then(|known| known.identity(token, now));
                if let Some(bearer) = bearer {
                    return Ok(bearer.identity);
                }
                if !self.is_open() {
                    return Err(Refusal::unauthorized(
                        "there is no such token, or it has ended",
                    ));
                }
            }
        } else if let Some(session) = Session::read(keys, headers, now) {
            let identity = match session.of {
                Of::Token => self.token.as_ref().map(|_| Identity::ANYBODY),
                Of::ApiToken(id) => known
                    .and_then(|known| known.bearer(id, now))
                    .map(|bearer| bearer.identity),
                Of::Person { .. } => session.of.identity().filter(|_| self.sign_in.is_some()),
            };
            if let Some(identity) = identity {
                return Ok(identity);
            }
        }
        self.check_token(headers)?;
        Ok(Identity::ANYBODY)
    }

    pub(crate) fn check(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        self.check_host(uri, headers)?;
        if !is_open(uri.path()) {
            self.check_token(headers)?;
        }
        check_site(method, uri, headers)
    }

    /// Checks a request that needs no token, or whose sender has a session: what is left is where it comes from.
    pub(crate) fn check_place(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        self.check_host(uri, headers)?;
        check_site(method, uri, headers)
    }

    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let Hosts::Loopback(more) = &self.hosts else {
            return Ok(());
        };
        let given = host(uri, headers);
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

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.is_open() {
            return Ok(());
        }
        self.check_bearer(bearer(headers)?)
    }

    /// Whether that is the server's own token.
    pub(crate) fn check_bearer(&self, given: &[u8]) -> Result<(), Refusal> {
        let token = self.token.as_ref();
        if token.is_some_and(|token| given.ct_eq(token.expose_secret().as_bytes()).into()) {
            Ok(())
        } else {
            Err(Refusal::unauthorized(
                "the token is not the one configured, nor one that stands",
            ))
        }
    }
}

/// The token that a request bears.
fn bearer(headers: &HeaderMap) -> Result<&[u8], Refusal> {
    let Some(given) = headers.get(AUTHORIZATION) else {
        return Err(Refusal::unauthorized("the request bears no token"));
    };
    let given = given.as_bytes();
    let (scheme, token) = given
        .split_at_checked("Bearer ".len())
        .unwrap_or((given, &[]));
    if scheme.eq_ignore_ascii_case(b"Bearer ") {
        Ok(token)
    } else {
        Err(Refusal::unauthorized(
            "`Authorization` is of another scheme, expected `Bearer`",
        ))
    }
}

/// Refuses what a page of another site would have done.
pub(crate) fn check_site(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    if method.is_safe() {
        return Ok(());
    }
    check_origin(uri, headers)
}

/// Refuses what a page of another site sends.
///
/// A page may send a POST to any server that its browser reaches, this one on loopback included. It cannot read the
/// answer, but what the request does would be done. Browsers say where such a request comes from, and pages cannot make
/// them say otherwise; programs say nothing, and may ask.
fn check_origin(uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    if let Some(site) = site {
        let own = matches!(site, b"same-origin" | b"none");
        return if own {
            Ok(())
        } else {
            Err(Refusal::foreign_origin(&origin(headers)))
        };
    }
    if !headers.contains_key(ORIGIN) {
        return Ok(());
    }
    let origin = origin(headers);
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let own = host(uri, headers);
    if authority.is_some_and(|authority| !own.is_empty() && authority.eq_ignore_ascii_case(own)) {
        Ok(())
    } else {
        Err(Refusal::foreign_origin(&origin))
    }
}

fn origin(headers: &HeaderMap) -> String {
    let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
    String::from_utf8_lossy(origin.unwrap_or_default()).into_owned()
}

/// The host that the request names.
fn host<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> &'r str {
    uri.authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| headers.get(HOST)?.to_str().ok())
        .unwrap_or_default()
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
    use super::*;

    #[test]
    fn loopback_answers_to_its_own_names_only() {
        let access = Access {
            hosts: Hosts::Loopback(vec!["backstitch.internal".into()]),
            ..Access::default()
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
            assert_eq!(
                access.check(&Method::GET, &uri, &headers).is_ok(),
                allowed,
                "{host}"
            );
        }
        assert!(access.check(&Method::GET, &uri, &HeaderMap::new()).is_err());
    }

    #[test]
    fn the_token_is_compared_as_a_whole() {
        let access = Access {
            token: Some("s3cret".into()),
            ..Access::default()
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
            assert_eq!(
                access.check(&Method::GET, &uri, &headers).is_ok(),
                allowed,
                "{given}"
            );
        }
    }

    #[test]
    fn a_page_of_another_site_does_nothing() {
        let access = Access::default();
        let uri = Uri::from_static("/api/v1/sources/refresh");
        let table: [(&[(&str, &'static str)], bool); 13] = [
            (&[], true),
            (&[("origin", "http://localhost:7465")], true),
            (&[("origin", "http://LOCALHOST:7465")], true),
            (&[("origin", "https://localhost:7465")], true),
            (&[("origin", "http://localhost:3000")], false),
            (&[("origin", "http://localhost")], false),
            (&[("origin", "http://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "")], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://localhost:7465"),
                ],
                false,
            ),
        ];
        for (given, allowed) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:7465"));
            for (name, value) in given {
                let name: HeaderName = name.parse().expect("a name");
                headers.insert(name, HeaderValue::from_static(value));
            }
            let post = access.check(&Method::POST, &uri, &headers);
            assert_eq!(post.is_ok(), allowed, "{given:?}");
            assert!(access.check(&Method::GET, &uri, &headers).is_ok());
        }
        // An origin must not match a host that is not there.
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static("file://"));
        assert!(access.check(&Method::POST, &uri, &headers).is_err());
    }
}
