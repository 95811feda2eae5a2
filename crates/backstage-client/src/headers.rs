//! Which headers a request carries besides its own, and which may not be set from outside.

use http::header::{self, ACCEPT};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::SettingsError;

/// The headers of every request to Backstage but those of the credentials.
pub(crate) fn default_headers(
    extra: &[(HeaderName, SecretString)],
    with_credentials: bool,
) -> Result<HeaderMap, SettingsError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, value) in extra {
        let refused = |reason| SettingsError::Header {
            name: name.as_str().to_owned(),
            reason,
        };
        if let Some(reason) = reserved_header(name) {
            return Err(refused(reason));
        }
        if *name == header::AUTHORIZATION && with_credentials {
            return Err(refused("it is taken by the token: give one of the two"));
        }
        if headers.contains_key(name) {
            return Err(refused("it is given twice"));
        }
        let mut value = HeaderValue::from_str(value.expose_secret())
            .map_err(|_| refused("its value must be one line of visible characters"))?;
        value.set_sensitive(true);
        headers.insert(name.clone(), value);
    }
    Ok(headers)
}

/// Why [`Settings::headers`](crate::Settings::headers) may not have this header; `None` where it may.
pub fn reserved_header(name: &HeaderName) -> Option<&'static str> {
    Some(match name.as_str() {
        "host" => "it is the host of the base URL",
        "content-length" | "content-type" | "transfer-encoding" | "content-encoding" => {
            "it describes the body, which the client makes"
        }
        "accept" => "only JSON can be read",
        "accept-encoding" => "the setting `gzip` decides on it",
        "user-agent" => "the setting `user_agent` is it",
        "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "upgrade"
        | "expect" | "http2-settings" => "it is about the connection, which the client manages",
        "proxy-authorization" => "a proxy's credentials belong into the URL of the proxy",
        "range"
        | "if-range"
        | "if-match"
        | "if-none-match"
        | "if-modified-since"
        | "if-unmodified-since" => "it would ask for less than a whole answer",
        _ => return None,
    })
}
