//! What a provider says of itself (OpenID Connect Discovery 1.0).

use serde::Deserialize;
use url::{Host, Url};

use crate::error::{Endpoint, OidcError};

/// Where a provider has what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) authorization: Url,
    pub(crate) token: Url,
    pub(crate) keys: Url,
    pub(crate) userinfo: Option<Url>,
    pub(crate) secret_in: SecretIn,
}

/// Where the token endpoint wants the client's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretIn {
    /// In the header, which every provider has to take (RFC 6749, 2.3.1).
    Header,
    /// In the body.
    Body,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// The address of the document; a path of the issuer stays (4.1).
pub(crate) fn address(issuer: &Url) -> Url {
    let mut address = issuer.clone();
    let path = issuer.path().trim_end_matches('/');
    address.set_path(&format!("{path}/.well-known/openid-configuration"));
    address
}

/// Reads the document of that issuer, as it is configured.
pub(crate) fn read(issuer: &str, document: &[u8]) -> Result<Metadata, OidcError> {
    let document: Document =
        serde_json::from_slice(document).map_err(|error| OidcError::Unreadable {
            endpoint: Endpoint::Discovery,
            what: error.to_string(),
        })?;
    // Whoever answers for another issuer could sign in anybody (4.3).
    if document.issuer != issuer {
        return Err(OidcError::OtherIssuer {
            found: document.issuer,
            expected: issuer.to_owned(),
        });
    }
    let here = Url::parse(issuer)
        .is_ok_and(|issuer| is_confidential(&issuer) && issuer.scheme() != "https");
    let safe = |key: &'static str, text: String| {
        let url = Url::parse(&text).ok();
        url.filter(|url| url.scheme() == "https" || (here && is_confidential(url)))
            .ok_or(OidcError::NotHttps { key, url: text })
    };
    let methods = document.token_endpoint_auth_methods_supported;
    let takes = |method: &str| {
        let methods = methods.as_ref();
        methods.is_some_and(|methods| methods.iter().any(|it| it == method))
    };
    let in_body = takes("client_secret_post") && !takes("client_secret_basic");
    Ok(Metadata {
        authorization: safe("authorization_endpoint", document.authorization_endpoint)?,
        token: safe("token_endpoint", document.token_endpoint)?,
        keys: safe("jwks_uri", document.jwks_uri)?,
        userinfo: document
            .userinfo_endpoint
            .map(|url| safe("userinfo_endpoint", url))
            .transpose()?,
        secret_in: if in_body {
            SecretIn::Body
        } else {
            SecretIn::Header
        },
    })
}

/// Whether nobody in between hears what goes to that address: by https, or by plain HTTP on this machine.
pub fn is_confidential(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document(issuer: &str, changes: &[(&str, Value)]) -> Vec<u8> {
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        });
        for (key, value) in changes {
            document[*key] = value.clone();
        }
        document.to_string().into_bytes()
    }

    const ISSUER: &str = "https://login.example.com/realms/main";

    #[test]
    fn the_address_keeps_the_path_of_the_issuer() {
        for (issuer, expected) in [
            (
                ISSUER,
                "https://login.example.com/realms/main/.well-known/openid-configuration",
            ),
            (
                "https://login.example.com",
                "https://login.example.com/.well-known/openid-configuration",
            ),
            (
                "https://login.example.com/",
                "https://login.example.com/.well-known/openid-configuration",
            ),
            (
                "https://dex.example.com/dex/",
                "https://dex.example.com/dex/.well-known/openid-configuration",
            ),
        ] {
            let issuer = Url::parse(issuer).expect("a URL");
            assert_eq!(address(&issuer).as_str(), expected);
        }
    }

    #[test]
    fn what_a_provider_says_of_itself() {
        let read_it = |changes: &[(&str, Value)]| read(ISSUER, &document(ISSUER, changes));
        let metadata = read_it(&[]).expect("a document");
        assert_eq!(metadata.token.path(), "/realms/main/token");
        assert_eq!(metadata.secret_in, SecretIn::Header);
        assert_eq!(metadata.userinfo, None);
        for (methods, expected) in [
            (json!(["client_secret_post"]), SecretIn::Body),
            (
                json!(["client_secret_post", "client_secret_basic"]),
                SecretIn::Header,
            ),
            (json!(["private_key_jwt"]), SecretIn::Header),
        ] {
            let metadata = read_it(&[("token_endpoint_auth_methods_supported", methods)]);
            assert_eq!(metadata.expect("a document").secret_in, expected);
        }
        for (key, value, expected) in [
            (
                "issuer",
                json!("https://evil.example"),
                "is of issuer `https://evil.example`",
            ),
            ("issuer", json!(format!("{ISSUER}/")), "letter by letter"),
            (
                "token_endpoint",
                json!("http://login.example.com/token"),
                "`token_endpoint`",
            ),
            ("jwks_uri", json!("http://127.0.0.1/keys"), "`jwks_uri`"),
            (
                "userinfo_endpoint",
                json!("ftp://login.example.com/"),
                "`userinfo_endpoint`",
            ),
            ("jwks_uri", json!("keys"), "`jwks_uri`"),
            ("jwks_uri", json!(7), "cannot be read"),
            ("token_endpoint", Value::Null, "cannot be read"),
        ] {
            let error = read_it(&[(key, value)]).expect_err(key).to_string();
            assert!(error.contains(expected), "{key}: {error}");
        }
        assert!(read(ISSUER, b"<html>").is_err());
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        for (issuer, taken) in [
            ("http://localhost:5556", true),
            ("http://127.0.0.1:5556/dex", true),
            ("http://[::1]:5556", true),
            ("http://login.example.com", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(
                read(issuer, &document(issuer, &[])).is_ok(),
                taken,
                "{issuer}"
            );
        }
    }
}
