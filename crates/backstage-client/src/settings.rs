//! What a client needs to know before it can be made.

use std::fmt;
use std::time::Duration;

use http::HeaderName;
use secrecy::SecretString;
use url::Url;

use crate::base_url::redacted;
use crate::{Credentials, Identity};

/// The largest body of one answer, in bytes after decompression, unless set otherwise.
///
/// A page of 1000 entities is about 1.2 MB, and one that is larger than this is asked for again in
/// smaller parts. It bounds what one entity that is out of all proportion costs its reader.
const DEFAULT_MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

/// How to reach one Backstage: make it by [`Settings::new`], then set what differs.
///
/// Its `Debug` output shows no credentials, no header's value and no user information of a URL.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The backend's base URL (`backend.baseUrl` of the Backstage configuration), with or without a
    /// path prefix, a trailing slash, and the `/api` or `/api/catalog` that follows it.
    pub base_url: Url,
    /// What is shown to be let in; nothing unless set.
    pub credentials: Credentials,
    /// Headers of every request to Backstage, as a proxy in front of it may want them. Their values
    /// are taken for secrets: they are sent to the origin of the base URL alone.
    pub headers: Vec<(HeaderName, SecretString)>,
    /// Whom to trust, and how to be trusted.
    pub tls: Tls,
    /// Through which proxy to go.
    pub proxy: Proxy,
    /// The `User-Agent` header; `backstage-client/<version>` unless set.
    pub user_agent: String,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Ask for compressed answers; off unless set. Compressing costs a Backstage server about 10 s
    /// of its single thread per 100 MB, which only a slow link repays.
    pub gzip: bool,
    /// Which fields of each entity to ask for, such as `spec.owner`; whole entities unless set, as
    /// choosing costs a Backstage server three times the work. What identifies an entity (`kind`,
    /// `metadata.name`, `metadata.namespace`) always comes. Only [`Client::entities`] uses it.
    ///
    /// [`Client::entities`]: crate::Client::entities
    pub fields: Option<Vec<String>>,
    /// The largest body of one answer, in bytes after decompression; 64 MiB unless set. A Backstage
    /// so old that it has no pages sends its whole catalog in one, about 1.2 kB per entity.
    pub max_page_bytes: usize,
}

impl Settings {
    /// Settings for the Backstage at this URL, without credentials and with the defaults.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            credentials: Credentials::None,
            headers: Vec::new(),
            tls: Tls::default(),
            proxy: Proxy::default(),
            user_agent: concat!("backstage-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeouts: Timeouts::default(),
            gzip: false,
            fields: None,
            max_page_bytes: DEFAULT_MAX_PAGE_BYTES,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&HeaderName> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Settings")
            .field("base_url", &redacted(&self.base_url))
            .field("credentials", &self.credentials)
            .field("headers", &headers)
            .field("tls", &self.tls)
            .field("proxy", &self.proxy)
            .field("user_agent", &self.user_agent)
            .field("timeouts", &self.timeouts)
            .field("gzip", &self.gzip)
            .field("fields", &self.fields)
            .field("max_page_bytes", &self.max_page_bytes)
            .finish()
    }
}

/// Which server certificates are accepted, and the client's own. Those that the system trusts
/// always are.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Tls {
    /// Accept any certificate for any name from Backstage. Whoever stands between can then read the
    /// token. A token endpoint's certificate is verified nevertheless.
    pub insecure_skip_verify: bool,
    /// Further root certificates to trust, PEM, one or several.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// The certificate to show where the server asks for one (mutual TLS).
    pub identity: Option<Identity>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots = self.extra_roots_pem.as_ref();
        f.debug_struct("Tls")
            .field("insecure_skip_verify", &self.insecure_skip_verify)
            .field("extra_roots_pem_bytes", &roots.map(Vec::len))
            .field("identity", &self.identity)
            .finish()
    }
}

/// Through which proxy requests go, those to a token endpoint included.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// As the environment says when the client is made: `HTTP_PROXY` for `http://`, `HTTPS_PROXY`
    /// for `https://`, `ALL_PROXY` for both, each in capitals or small letters, but for the hosts in
    /// `NO_PROXY` (names with what is below them, addresses, networks; comma-separated).
    /// On Windows and macOS, what the system is set to where these are not.
    #[default]
    FromEnvironment,
    /// Through none, whatever the environment says.
    None,
    /// Through this one. A user name and password in the URL are sent to the proxy.
    Url(Url),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FromEnvironment => f.write_str("FromEnvironment"),
            Self::None => f.write_str("None"),
            Self::Url(url) => f.debug_tuple("Url").field(&redacted(url)).finish(),
        }
    }
}

/// How long to wait, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For a connection, the TLS handshake included; 10 s unless set.
    pub connect: Duration,
    /// For the next bytes, the head of the answer included; 60 s unless set. Backstage may need
    /// seconds before the first byte: it counts the catalog.
    pub idle: Duration,
    /// For a whole request until the last byte; 10 min unless set.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            request: Duration::from_mins(10),
        }
    }
}
