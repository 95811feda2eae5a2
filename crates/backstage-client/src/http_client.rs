//! From settings to the HTTP clients: whom they trust, who they are, which way they go, and what
//! they follow. One is for Backstage; the one for a token endpoint shares nothing of it that is
//! secret.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, redirect};
use url::{Origin, Url};

use crate::base_url::redacted;
use crate::{Cause, Proxy, Settings, SettingsError};

/// Node closes a connection that was idle for 5 s: ours must be given up before that.
const POOL_IDLE: Duration = Duration::from_secs(4);

/// How many redirects within the origin are followed.
const MAX_REDIRECTS: usize = 5;

/// The client for the Backstage at `base`.
pub(crate) fn for_backstage(
    settings: &Settings,
    base: &Url,
    headers: &HeaderMap,
) -> Result<Client, SettingsError> {
    let common = Common::new(settings)?;
    let identity = settings.tls.identity.as_ref();
    let identity = identity.map(crate::Identity::parse).transpose()?;
    build(base, &common.roots, || {
        let builder = common
            .builder(settings)
            .default_headers(headers.clone())
            .gzip(settings.gzip)
            .redirect(within(base.origin()))
            .tls_danger_accept_invalid_certs(settings.tls.insecure_skip_verify);
        match &identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        }
    })
}

/// The client for a token endpoint: it gets a secret, and so is always verified, and a redirect is
/// not followed.
pub(crate) fn for_token_endpoint(
    settings: &Settings,
    token_url: &Url,
) -> Result<Client, SettingsError> {
    let common = Common::new(settings)?;
    build(token_url, &common.roots, || {
        common.builder(settings).redirect(redirect::Policy::none())
    })
}

/// What both clients have in common.
struct Common {
    agent: HeaderValue,
    roots: Vec<Certificate>,
    proxy: Option<reqwest::Proxy>,
}

impl Common {
    fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| {
            SettingsError::UserAgent(settings.user_agent.escape_debug().to_string())
        })?;
        let mut roots = Vec::new();
        if let Some(pem) = &settings.tls.extra_roots_pem {
            roots = Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|roots| !roots.is_empty())
                .ok_or(SettingsError::ExtraRoots)?;
        }
        let proxy = match &settings.proxy {
            Proxy::Url(url) => Some(explicit_proxy(url)?),
            Proxy::FromEnvironment | Proxy::None => None,
        };
        Ok(Self {
            agent,
            roots,
            proxy,
        })
    }

    fn builder(&self, settings: &Settings) -> ClientBuilder {
        let builder = Client::builder()
            .user_agent(self.agent.clone())
            .referer(false)
            .connect_timeout(settings.timeouts.connect)
            .read_timeout(settings.timeouts.idle)
            .timeout(settings.timeouts.request)
            .pool_idle_timeout(POOL_IDLE);
        match (&settings.proxy, &self.proxy) {
            (Proxy::FromEnvironment, _) => builder,
            (_, Some(proxy)) => builder.proxy(proxy.clone()),
            (_, None) => builder.no_proxy(),
        }
    }
}

fn explicit_proxy(url: &Url) -> Result<reqwest::Proxy, SettingsError> {
    let unusable = || SettingsError::Proxy { url: redacted(url) };
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(unusable());
    }
    reqwest::Proxy::all(url.clone()).map_err(|_| unusable())
}

fn build(
    peer: &Url,
    roots: &[Certificate],
    builder: impl Fn() -> ClientBuilder,
) -> Result<Client, SettingsError> {
    let built = builder().tls_certs_merge(roots.to_vec()).build();
    if built.is_err() && peer.scheme() == "http" {
        // Plain HTTP must work in an image without any root certificates, where TLS cannot be set
        // up. No TLS server is then trusted, and none is needed: redirects stay in the origin.
        let built = builder().tls_certs_only(roots.to_vec()).build();
        return built.map_err(|error| SettingsError::Tls(Cause::of(error)));
    }
    built.map_err(|error| SettingsError::Tls(Cause::of(error)))
}

/// Follows redirects within the origin; others come back as they are, so that the error can say
/// where they lead, and nothing of ours is sent there.
fn within(origin: Origin) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() <= MAX_REDIRECTS && attempt.url().origin() == origin {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}
