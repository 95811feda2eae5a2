//! Where the catalog API is: the one place that builds its URLs and shows them to people.

use url::Url;

use crate::SettingsError;

/// The base of the catalog API: an HTTP URL that ends in `/api/catalog`, without user
/// information, query and fragment.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    /// Takes what people give as Backstage's address: with a prefix, a trailing slash, `/api` or
    /// `/api/catalog` already there.
    pub(crate) fn new(mut url: Url) -> Result<Self, SettingsError> {
        let shown = redacted(&url);
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(SettingsError::NotHttp { url: shown });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SettingsError::UserInfo { url: shown });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(SettingsError::Query { url: shown });
        }
        let path = url.path().trim_end_matches('/');
        let prefix = path
            .strip_suffix("/api/catalog")
            .or_else(|| path.strip_suffix("/api"))
            .unwrap_or(path);
        let path = format!("{}/api/catalog", prefix.trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL of one endpoint below the base, such as `entities/by-query`.
    pub(crate) fn endpoint(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", self.0.path()));
        url
    }

    pub(crate) fn as_url(&self) -> &Url {
        &self.0
    }
}

/// A URL as it may be shown: scheme, host, port and path. User information is a secret, and so can
/// be a query (of a sign-in page, for one); ours is a cursor that helps nobody.
pub(crate) fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only where the URL has no place for them, and so has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Result<String, SettingsError> {
        let url = url.parse().expect("a URL");
        Ok(BaseUrl::new(url)?.endpoint("entities").into())
    }

    #[test]
    fn accepts_what_people_give() {
        for (given, expected) in [
            (
                "https://b.example",
                "https://b.example/api/catalog/entities",
            ),
            (
                "https://b.example/",
                "https://b.example/api/catalog/entities",
            ),
            (
                "http://b.example:7007//",
                "http://b.example:7007/api/catalog/entities",
            ),
            (
                "https://b.example/backstage",
                "https://b.example/backstage/api/catalog/entities",
            ),
            (
                "https://b.example/a/b/",
                "https://b.example/a/b/api/catalog/entities",
            ),
            (
                "https://b.example/api",
                "https://b.example/api/catalog/entities",
            ),
            (
                "https://b.example/p/api/",
                "https://b.example/p/api/catalog/entities",
            ),
            (
                "https://b.example/api/catalog",
                "https://b.example/api/catalog/entities",
            ),
            (
                "https://b.example/p/api/catalog/",
                "https://b.example/p/api/catalog/entities",
            ),
            (
                "https://b.example/apiary",
                "https://b.example/apiary/api/catalog/entities",
            ),
            (
                "https://b.example/a%20b",
                "https://b.example/a%20b/api/catalog/entities",
            ),
            (
                "https://[::1]:7007",
                "https://[::1]:7007/api/catalog/entities",
            ),
        ] {
            assert_eq!(base(given).expect(given), expected, "{given}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_a_base_and_shows_no_secret() {
        for (given, expected) in [
            (
                "ftp://b.example",
                "the base URL `ftp://b.example/` must begin with `http://`",
            ),
            (
                "mailto:a@b.example",
                "the base URL `mailto:a@b.example` must begin with `http://`",
            ),
            (
                "https://me:hush@b.example",
                "the base URL `https://b.example/` carries a user name",
            ),
            (
                "https://hush@b.example/p",
                "the base URL `https://b.example/p` carries a user name",
            ),
            (
                "https://b.example?token=hush",
                "the base URL `https://b.example/` must end with",
            ),
            (
                "https://b.example/#hush",
                "the base URL `https://b.example/` must end with",
            ),
        ] {
            let message = base(given).expect_err(given).to_string();
            assert!(message.starts_with(expected), "{given}: {message}");
            assert!(!message.contains("hush"), "{given}: {message}");
        }
    }
}
