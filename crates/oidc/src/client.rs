//! Asking a provider.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::attempt::Attempt;
use crate::claims::Claims;
use crate::error::{Endpoint, OidcError};
use crate::id_token::{self, Expected};
use crate::metadata::{self, Metadata, SecretIn};

/// Bound on an answer of a provider, in bytes.
const MAX_ANSWER: usize = 512 * 1024;
/// Characters of the code of an error that are told.
const MAX_CODE: usize = 60;

/// How a provider is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The provider, exactly as it names itself: `https://login.example.com/realms/main`.
    pub issuer: String,
    /// By what name the provider knows this program.
    pub client_id: String,
    /// What shows that it is this program; public clients have none, and have the proof of the browser alone.
    pub client_secret: Option<SecretString>,
    /// Where the provider sends browsers back to; it has to be registered there.
    pub redirect: Url,
    /// What is asked for beside `openid`: `profile`, `email`, `groups`.
    pub scopes: Vec<String>,
    /// The claim that has groups. Where the ID token lacks it, the userinfo endpoint is asked.
    pub groups_claim: String,
}

/// A client of one provider.
#[derive(Clone, Debug)]
pub struct Client {
    settings: Settings,
    issuer: Url,
    http: reqwest::Client,
}

impl Client {
    /// A client that asks by `http`, which should bound its times and follow no redirect.
    ///
    /// # Errors
    /// When the issuer is no URL.
    pub fn new(settings: Settings, http: reqwest::Client) -> Result<Self, url::ParseError> {
        Ok(Self {
            issuer: Url::parse(&settings.issuer)?,
            settings,
            http,
        })
    }

    /// The provider, as it names itself.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where the provider sends browsers back to.
    pub fn redirect(&self) -> &Url {
        &self.settings.redirect
    }

    /// What shows that it is this program.
    pub fn secret(&self) -> Option<&SecretString> {
        self.settings.client_secret.as_ref()
    }

    /// Asks the provider what it says of itself.
    ///
    /// # Errors
    /// When it does not answer, or is another one.
    pub async fn check(&self) -> Result<(), OidcError> {
        self.discover().await.map(drop)
    }

    /// Where the browser is sent to sign in.
    ///
    /// # Errors
    /// When the provider does not say where that is.
    pub async fn authorization_url(&self, attempt: &Attempt) -> Result<Url, OidcError> {
        let metadata = self.discover().await?;
        Ok(authorization_url(&self.settings, &metadata, attempt))
    }

    /// Who it is that came back with this code, at that time, in seconds since the Unix epoch.
    ///
    /// # Errors
    /// When the code is not taken, or what comes for it cannot be believed.
    pub async fn finish(
        &self,
        attempt: &Attempt,
        code: &SecretString,
        now: i64,
    ) -> Result<Claims, OidcError> {
        let metadata = self.discover().await?;
        let tokens: Tokens = parsed(
            Endpoint::Token,
            &ask(Endpoint::Token, self.exchange(&metadata, attempt, code)).await?,
        )?;
        let keys = ask(Endpoint::Keys, self.http.get(metadata.keys)).await?;
        let keys = id_token::keys(&keys).map_err(|error| unreadable(Endpoint::Keys, &error))?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            nonce: &attempt.nonce,
        };
        let claims = id_token::verify(tokens.id_token.expose_secret(), &keys, expected, now)?;
        match (metadata.userinfo, tokens.access_token) {
            (Some(address), Some(token))
                if claims.groups(&self.settings.groups_claim).is_none() =>
            {
                self.with_userinfo(claims, address, &token).await
            }
            _ => Ok(claims),
        }
    }

    async fn discover(&self) -> Result<Metadata, OidcError> {
        let request = self.http.get(metadata::address(&self.issuer));
        let document = ask(Endpoint::Discovery, request).await?;
        metadata::read(&self.settings.issuer, &document)
    }

    fn exchange(
        &self,
        metadata: &Metadata,
        attempt: &Attempt,
        code: &SecretString,
    ) -> RequestBuilder {
        let settings = &self.settings;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code.expose_secret())
            .append_pair("redirect_uri", settings.redirect.as_str())
            .append_pair("code_verifier", &attempt.verifier);
        let mut request = self.http.post(metadata.token.clone());
        match (&settings.client_secret, metadata.secret_in) {
            (Some(secret), SecretIn::Header) => {
                request = request.header(AUTHORIZATION, basic(&settings.client_id, secret));
            }
            (Some(secret), SecretIn::Body) => {
                form.append_pair("client_id", &settings.client_id)
                    .append_pair("client_secret", secret.expose_secret());
            }
            (None, _) => {
                form.append_pair("client_id", &settings.client_id);
            }
        }
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request
            .header(reqwest::header::CONTENT_TYPE, kind)
            .body(form.finish())
    }

    /// The claims, and those that only the userinfo endpoint has (5.3). What the ID token says stays.
    async fn with_userinfo(
        &self,
        mut claims: Claims,
        address: Url,
        token: &SecretString,
    ) -> Result<Claims, OidcError> {
        let request = self.http.get(address).bearer_auth(token.expose_secret());
        let more: Claims = parsed(Endpoint::UserInfo, &ask(Endpoint::UserInfo, request).await?)?;
        if more.subject != claims.subject {
            return Err(OidcError::OtherSubject);
        }
        for (key, value) in more.others {
            claims.others.entry(key).or_insert(value);
        }
        Ok(claims)
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: SecretString,
    access_token: Option<SecretString>,
}

fn authorization_url(settings: &Settings, metadata: &Metadata, attempt: &Attempt) -> Url {
    let mut url = metadata.authorization.clone();
    let mut scopes = vec!["openid"];
    let more = settings.scopes.iter().map(String::as_str);
    scopes.extend(more.filter(|scope| *scope != "openid"));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, attempt.verifier.as_bytes());
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", settings.redirect.as_str())
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", &attempt.state)
        .append_pair("nonce", &attempt.nonce)
        .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(digest))
        .append_pair("code_challenge_method", "S256");
    url
}

/// The header of a client with a secret: both are encoded before they are joined (RFC 6749, 2.3.1).
fn basic(client: &str, secret: &SecretString) -> HeaderValue {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client), encoded(secret.expose_secret()));
    let value = format!("Basic {}", STANDARD.encode(pair));
    // Base64 has nothing that a header could not.
    let mut value = HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

async fn ask(endpoint: Endpoint, request: RequestBuilder) -> Result<Vec<u8>, OidcError> {
    let unreachable = |source: reqwest::Error| OidcError::Unreachable {
        endpoint,
        // An address may have a query, and that a secret.
        source: source.without_url(),
    };
    let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
    let mut answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ANSWER {
            return Err(OidcError::TooLarge {
                endpoint,
                bound: MAX_ANSWER,
            });
        }
    }
    if status.is_success() {
        Ok(body)
    } else {
        Err(OidcError::Refused {
            endpoint,
            status: status.as_u16(),
            said: code(&body),
        })
    }
}

/// The code of an error as OAuth 2.0 has it (RFC 6749, 5.2), which is a word; the description beside it is anybody's text.
fn code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    Some(refusal.error).filter(|code| code.len() <= MAX_CODE && is_word(code))
}

fn parsed<T: for<'d> Deserialize<'d>>(endpoint: Endpoint, body: &[u8]) -> Result<T, OidcError> {
    serde_json::from_slice(body).map_err(|error| unreadable(endpoint, &error))
}

/// Where the fault is, and not what stands there: it may be a token.
fn unreadable(endpoint: Endpoint, error: &serde_json::Error) -> OidcError {
    let what = match error.classify() {
        serde_json::error::Category::Data => "a key is missing or of another type",
        _ => "it is no JSON",
    };
    OidcError::Unreadable {
        endpoint,
        what: format!("{what}, at line {} column {}", error.line(), error.column()),
    }
}
