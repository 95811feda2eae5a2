//! What a server answered where an answer of the catalog API was expected, told so that a person
//! sees who answered. It is foreign text: cut, freed of control characters, and of the token.

use std::borrow::Cow;
use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// How much of foreign text is shown.
const MAX_EXCERPT_CHARS: usize = 200;

/// What is shorter is no secret: to blank it would only make text unreadable.
const MIN_SECRET_BYTES: usize = 4;

/// What must not be seen in foreign text: a server may quote what it was sent.
pub(crate) struct Hidden<'a>(Vec<&'a str>);

impl<'a> Hidden<'a> {
    pub(crate) fn new(secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        let secrets = secrets
            .into_iter()
            .map(|secret| secret.expose_secret().trim());
        let mut secrets: Vec<&str> = secrets
            .filter(|secret| secret.len() >= MIN_SECRET_BYTES)
            .collect();
        // One may be a part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    pub(crate) fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = Cow::Borrowed(text);
        for secret in &self.0 {
            if shown.contains(secret) {
                shown = Cow::Owned(shown.replace(secret, "[hidden]"));
            }
        }
        shown
    }
}

/// The error document of Backstage: `{"error": {"name": …, "message": …}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorDocument {
    /// The kind of error, such as `AuthenticationError`.
    pub name: String,
    /// What the server says about it, at most 200 characters.
    pub message: String,
}

/// What came instead of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status of the answer.
    pub status: StatusCode,
    /// Its content type, where it has one.
    pub content_type: Option<String>,
    /// Backstage's own words, where it was Backstage that answered.
    pub document: Option<ErrorDocument>,
    body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Empty,
    Document,
    Html {
        title: Option<String>,
    },
    Text(String),
    /// What is wrong with JSON that is no page of a catalog.
    OtherJson(String),
}

impl Answer {
    /// Reads what can be told from an answer, without what is hidden.
    pub(crate) fn read(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        hidden: &Hidden<'_>,
    ) -> Self {
        let text = String::from_utf8_lossy(body);
        let content_type = content_type(headers);
        let document = error_document(&text, hidden);
        let text = hidden.hide(&text);
        // Old frameworks call a bare `Unauthorized` text/html, too.
        let called_html = content_type
            .as_deref()
            .is_some_and(|media| media.contains("html"));
        let html = looks_html(&text) || called_html && text.trim_start().starts_with('<');
        let body = if document.is_some() {
            Body::Document
        } else if text.trim().is_empty() {
            Body::Empty
        } else if html {
            Body::Html {
                title: html_title(&text),
            }
        } else {
            Body::Text(excerpt(&text))
        };
        Self {
            status,
            content_type,
            document,
            body,
        }
    }

    /// JSON that is not what the endpoint gives; `fault` says what is wrong with it.
    pub(crate) fn other_json(status: StatusCode, fault: &serde_json::Error) -> Self {
        Self {
            status,
            content_type: Some("application/json".to_owned()),
            document: None,
            body: Body::OtherJson(excerpt(&fault.to_string())),
        }
    }

    /// Whether there was nothing but the status.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.body, Body::Empty)
    }

    /// Whether a web page came, which is what people see and programs should not.
    pub fn is_html(&self) -> bool {
        matches!(self.body, Body::Html { .. })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}, ", self.status.as_u16())?;
        match (&self.document, &self.body) {
            (Some(ErrorDocument { name, message }), _) if message.is_empty() => f.write_str(name),
            (Some(ErrorDocument { name, message }), _) => write!(f, "{name}: {message}"),
            (_, Body::Html { title: Some(title) }) => write!(f, "an HTML page titled `{title}`"),
            (_, Body::Html { title: None }) => f.write_str("an HTML page"),
            (_, Body::Text(text)) => match &self.content_type {
                Some(content_type) => write!(f, "{content_type}: `{text}`"),
                None => write!(f, "`{text}`"),
            },
            (_, Body::OtherJson(fault)) => write!(f, "JSON of another shape: {fault}"),
            (_, Body::Empty | Body::Document) => f.write_str("an empty body"),
        }
    }
}

/// The media type without its parameters, in lower case.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media = text.split(';').next().unwrap_or(text);
    Some(excerpt(media).to_ascii_lowercase())
}

fn error_document(text: &str, hidden: &Hidden<'_>) -> Option<ErrorDocument> {
    #[derive(Deserialize)]
    struct Wire {
        error: WireError,
    }
    #[derive(Deserialize)]
    struct WireError {
        name: String,
        #[serde(default)]
        message: String,
    }
    let Wire { error } = serde_json::from_str(text).ok()?;
    Some(ErrorDocument {
        // Hidden here and not before, since JSON may write a secret in escapes.
        name: excerpt(&hidden.hide(&error.name)),
        message: excerpt(&hidden.hide(&error.message)),
    })
}

fn looks_html(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(9).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html")
}

fn html_title(text: &str) -> Option<String> {
    // ASCII case folding keeps the byte positions.
    let lower = text.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(excerpt(&text[start..end])).filter(|title| !title.is_empty())
}

/// The beginning of a text on one line: white space and control characters become single spaces.
pub(crate) fn excerpt(text: &str) -> String {
    let foreign = |c: char| c.is_whitespace() || c.is_control();
    let words = text.split(foreign).filter(|word| !word.is_empty());
    let spaced = words
        .flat_map(|word| [" ", word])
        .skip(1)
        .flat_map(str::chars);
    let mut chars = spaced.take(MAX_EXCERPT_CHARS + 1).collect::<Vec<char>>();
    if chars.len() > MAX_EXCERPT_CHARS {
        chars[MAX_EXCERPT_CHARS] = '…';
    }
    chars.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn shown(content_type: &'static str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let secrets: Vec<SecretString> = ["hush-hush", "hush-hush/2", "no"].map(Into::into).into();
        let hidden = Hidden::new(&secrets);
        Answer::read(StatusCode::OK, &headers, body.as_bytes(), &hidden).to_string()
    }

    #[test]
    fn tells_who_answered() {
        let json = "application/json; charset=utf-8";
        for (content_type, body, expected) in [
            ("", "", "status 200, an empty body"),
            ("text/html", " \n", "status 200, an empty body"),
            (
                json,
                r#"{"error":{"name":"InputError","message":"no\n \u001b[1mgood"},"x":1}"#,
                "status 200, InputError: no [1mgood",
            ),
            (
                json,
                r#"{"error":{"name":"TooManyRequests"}}"#,
                "status 200, TooManyRequests",
            ),
            (
                json,
                r#"{"error":"not found"}"#,
                r#"status 200, application/json: `{"error":"not found"}`"#,
            ),
            (
                "text/html",
                "<html><head><TITLE lang=en> Sign\n in </TITLE>",
                "status 200, an HTML page titled `Sign in`",
            ),
            (
                "text/html",
                "<html><title></title>",
                "status 200, an HTML page",
            ),
            (
                "text/html",
                "Unauthorized",
                "status 200, text/html: `Unauthorized`",
            ),
            ("", "<!DOCTYPE html><p>é", "status 200, an HTML page"),
            ("", "<HTML>", "status 200, an HTML page"),
            ("", "<é", "status 200, `<é`"),
            (
                "text/plain",
                "you sent hush-hush!",
                "status 200, text/plain: `you sent [hidden]!`",
            ),
            (
                json,
                r#"{"error":{"name":"E","message":"no hush-hush\/2, no hush-hus\u0068"}}"#,
                "status 200, E: no [hidden], no [hidden]",
            ),
        ] {
            assert_eq!(shown(content_type, body), expected, "{body}");
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(excerpt(&"é".repeat(500)), format!("{}…", "é".repeat(200)));
        let words = excerpt(&"ab ".repeat(500));
        assert_eq!(words.chars().count(), 201);
        assert_eq!(excerpt(&"é".repeat(200)), "é".repeat(200));
    }
}
