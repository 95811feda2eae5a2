//! Why settings cannot be used, in words that say what to give instead.

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
    /// The URL of the token endpoint cannot be used.
    #[error("the URL of the token endpoint `{url}` cannot be used: {reason}")]
    TokenUrl {
        /// The URL, without user information and query.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is no client id or no client secret.
    #[error("the token endpoint needs a client id and a client secret: one of them is empty")]
    ClientCredentials,
    /// A parameter for the token endpoint has a setting of its own.
    #[error("the parameter `{0}` of the token endpoint has a setting of its own: use that")]
    TokenParameter(String),
    /// A header cannot be set.
    #[error("the header `{name}` cannot be set: {reason}")]
    Header {
        /// Its name.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A field cannot be asked for.
    #[error(
        "the field `{0}` cannot be asked for: give a path such as `spec.owner`, without white space, commas and `[…]`"
    )]
    Field(String),
    /// The user agent cannot be sent as it is.
    #[error("the user agent `{0}` must be printable ASCII")]
    UserAgent(String),
    /// The URL of the proxy cannot be used.
    #[error("the proxy `{url}` must be an `http://` or `https://` URL that names a host")]
    Proxy {
        /// The URL, without user information.
        url: String,
    },
    /// There is no usable certificate among the further roots.
    #[error(
        "the extra root certificates must be one or more PEM blocks `-----BEGIN CERTIFICATE-----`"
    )]
    ExtraRoots,
    /// The client certificate cannot be read.
    #[error(
        "the client certificate must be one or more PEM blocks `-----BEGIN CERTIFICATE-----`, its own first"
    )]
    ClientCertificate,
    /// The key of the client certificate cannot be read.
    #[error(
        "the key of the client certificate must be one PEM block `-----BEGIN PRIVATE KEY-----` (or `RSA PRIVATE KEY`, `EC PRIVATE KEY`)"
    )]
    ClientKey,
    /// The key of the client certificate is encrypted.
    #[error("the key of the client certificate is encrypted: give it without a passphrase")]
    ClientKeyEncrypted,
    /// The key is another certificate's.
    #[error("the key does not belong to the client certificate: they must come from one pair")]
    ClientKeyMismatch,
    /// TLS could not be set up, as where the system has no root certificates at all.
    #[error("cannot set up TLS (does the system have root certificates?)")]
    Tls(#[source] crate::Cause),
}
