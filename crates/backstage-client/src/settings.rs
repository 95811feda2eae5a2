//! What a client needs to know before it can be made, and why it could not be.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::base_url::redacted;

/// The largest body of one answer, in bytes after decompression, unless set otherwise.
///
/// A page of 1000 entities is about 1 MB, but a Backstage without paging sends its whole catalog
/// at once: about 1.2 kB per entity.
const DEFAULT_MAX_PAGE_BYTES: usize = 256 * 1024 * 1024;

/// How to reach one Backstage: make it by [`Settings::new`], then set what differs.
///
/// Its `Debug` output shows neither the token nor the user information of the URL.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The backend's base URL (`backend.baseUrl` of the Backstage configuration), with or without a
    /// path prefix, a trailing slash, and the `/api` or `/api/catalog` that follows it.
    pub base_url: Url,
    /// The token sent as `Authorization: Bearer …`. White space around it is dropped; a blank one
    /// is as none.
    pub token: Option<SecretString>,
    /// Whom to trust.
    pub tls: Tls,
    /// The `User-Agent` header; `backstage-client/<version>` unless set.
    pub user_agent: String,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Ask for compressed answers; off unless set. Compressing costs a Backstage server about 10 s
    /// of its single thread per 100 MB, which only a slow link repays.
    pub gzip: bool,
    /// The largest body of one answer, in bytes after decompression; 256 MiB unless set.
    pub max_page_bytes: usize,
}

impl Settings {
    /// Settings for the Backstage at this URL, without a token and with the defaults.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            token: None,
            tls: Tls::default(),
            user_agent: concat!("backstage-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeouts: Timeouts::default(),
            gzip: false,
            max_page_bytes: DEFAULT_MAX_PAGE_BYTES,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("base_url", &redacted(&self.base_url))
            .field("token", &self.token.as_ref().map(|_| "[hidden]"))
            .field("tls", &self.tls)
            .field("user_agent", &self.user_agent)
            .field("timeouts", &self.timeouts)
            .field("gzip", &self.gzip)
            .field("max_page_bytes", &self.max_page_bytes)
            .finish()
    }
}

/// Which server certificates are accepted. Those that the system trusts always are.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Tls {
    /// Accept any certificate for any name. Whoever stands between can then read the token.
    pub insecure_skip_verify: bool,
    /// Further root certificates to trust, PEM, one or several.
    pub extra_roots_pem: Option<Vec<u8>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots = self.extra_roots_pem.as_ref();
        f.debug_struct("Tls")
            .field("insecure_skip_verify", &self.insecure_skip_verify)
            .field("extra_roots_pem_bytes", &roots.map(Vec::len))
            .finish()
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

/// Why [`Client::new`](crate::Client::new) refused its settings. No message shows a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The URL is not one that HTTP can reach.
    #[error("the base URL `{url}` must begin with `http://` or `https://` and name a host")]
    NotHttp {
        /// The URL, without user information.
        url: String,
    },
    /// The URL carries a user name or password.
    #[error(
        "the base URL `{url}` carries a user name or password: leave it out, and give a token instead"
    )]
    UserInfo {
        /// The URL, without them.
        url: String,
    },
    /// The URL carries a `?query` or a `#fragment`.
    #[error("the base URL `{url}` must end with its path: leave out what follows `?` or `#`")]
    Query {
        /// The URL, without them.
        url: String,
    },
    /// The token cannot be sent as it is.
    #[error(
        "the token must be printable ASCII without white space, and without a leading `Bearer`"
    )]
    Token,
    /// The user agent cannot be sent as it is.
    #[error("the user agent `{0}` must be printable ASCII")]
    UserAgent(String),
    /// There is no usable certificate among the further roots.
    #[error(
        "the extra root certificates must be one or more PEM blocks `-----BEGIN CERTIFICATE-----`"
    )]
    ExtraRoots,
    /// TLS could not be set up, as where the system has no root certificates at all.
    #[error("cannot set up TLS (does the system have root certificates?)")]
    Tls(#[source] crate::Cause),
}
