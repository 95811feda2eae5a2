//! A live Backstage: its client from what the configuration says, and one read of it.
//!
//! Secrets and certificates are read for every read of the catalog, so that one that was rotated takes effect without a
//! restart. As long as they say the same, the client stays, with its connections and with the token that a token endpoint
//! gave it.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use backstage_client::{
    Client, ClientAuthentication, ConnectFailure, Credentials, EntityFilter, FilterError, Identity,
    OAuth2, Proxy, Settings, SettingsError,
};
use catalog::Progress;
use catalog::backstage::{ReadError, Reader, Sample, Sync, kinds, sample};
use reqwest::header::HeaderName;
use secrecy::{ExposeSecret as _, SecretString};
use topology::label_map::LabelMap;

use crate::config::{self, ClientCertificate, Endpoint, SecretError, SecretSource};

/// Bound on the size of a file of certificates, in bytes.
const MAX_PEM_BYTES: u64 = 16 * 1024 * 1024;

/// Why a Backstage could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackstageError {
    /// Its token.
    #[error("there is no token")]
    Token(#[source] SecretError),
    /// The secret for the token endpoint.
    #[error("there is no client secret")]
    ClientSecret(#[source] SecretError),
    /// The value of a header.
    #[error("there is no value for the header `{name}`")]
    Header {
        /// The header.
        name: HeaderName,
        /// Why.
        source: SecretError,
    },
    /// A file of certificates, or of a key.
    #[error("cannot read the {what} `{}`", path.display())]
    Pem {
        /// What is in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What is configured cannot be used.
    #[error("the endpoint cannot be used")]
    Settings(#[source] SettingsError),
    /// The filter cannot be used.
    #[error("the `filter` cannot be used")]
    Filter(#[source] FilterError),
    /// It was asked and could not be read.
    #[error(transparent)]
    Read(ReadError),
}

impl BackstageError {
    /// What a person can do about it.
    pub(crate) fn hint(&self, endpoint: &Endpoint) -> Option<String> {
        let in_secret = endpoint.in_secret.is_some();
        match self {
            Self::Read(error) => error.remedy().map(|remedy| match key(error, in_secret) {
                Some(key) if in_secret => format!("{remedy}; of its Secret it is {key}"),
                Some(key) => format!("{remedy}; of the instance it is {key}"),
                None => remedy,
            }),
            Self::Token(_) => Some("`--token-file`, BACKSTITCH_TOKEN, or `token_file` and `token_env` of the instance give it".to_owned()),
            Self::ClientSecret(_) => Some("`client_secret_file` and `client_secret_env` below `oauth2` of the instance give it".to_owned()),
            Self::Header { .. } => Some("`{file: …}` and `{env: …}` below `headers` of the instance give it".to_owned()),
            _ => None,
        }
    }
}

/// Which keys of the configuration a remedy is about, which the client cannot know.
fn key(error: &ReadError, in_secret: bool) -> Option<&'static str> {
    let ReadError::Page { source, .. } = error else {
        return None;
    };
    let backstage_client::Error::Connect { failure, .. } = &**source else {
        return None;
    };
    match failure {
        ConnectFailure::UntrustedCertificate if in_secret => Some("`ca.crt`"),
        ConnectFailure::UntrustedCertificate => Some("`ca_file`"),
        ConnectFailure::ClientCertificateMissing | ConnectFailure::ClientCertificateRefused
            if in_secret =>
        {
            Some("`client.crt` and `client.key`")
        }
        ConnectFailure::ClientCertificateMissing | ConnectFailure::ClientCertificateRefused => {
            Some("`client_cert_file` and `client_key_file`")
        }
        ConnectFailure::ProxyAuthentication if !in_secret => Some(
            "`proxy: environment`, and that URL in HTTPS_PROXY: a configuration is easily shared",
        ),
        _ => None,
    }
}

/// The client of one Backstage, kept from read to read.
#[derive(Default)]
pub(crate) struct Clients {
    kept: Option<(Material, Client)>,
}

impl Clients {
    /// The way to the endpoint as it is now: by the client that is kept, unless something that it was made from has
    /// changed.
    ///
    /// # Errors
    /// When a secret or a certificate cannot be read, or cannot be used.
    pub(crate) fn access(
        &mut self,
        endpoint: &Endpoint,
        map: &LabelMap,
    ) -> Result<Access, BackstageError> {
        let material = Material::read(endpoint)?;
        let client = match &self.kept {
            Some((before, client)) if *before == material => client.clone(),
            _ => {
                let settings = settings(endpoint, &material, map);
                let client = Client::new(settings).map_err(BackstageError::Settings)?;
                self.kept = Some((material, client.clone()));
                client
            }
        };
        let mut filter = kinds();
        for condition in &endpoint.filter {
            filter = filter
                .and(condition.clone())
                .map_err(BackstageError::Filter)?;
        }
        Ok(Access { client, filter })
    }
}

/// A way to a Backstage, and what to ask it for.
pub(crate) struct Access {
    client: Client,
    filter: EntityFilter,
}

impl Access {
    /// The client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Which entities it is asked for.
    pub(crate) fn filter(&self) -> &EntityFilter {
        &self.filter
    }

    /// The first components of the catalog, so many pages of them at most.
    ///
    /// # Errors
    /// When a page could not be read.
    pub(crate) async fn sample(
        &self,
        conditions: &[String],
        map: &LabelMap,
        page_size: NonZeroU32,
        pages: usize,
    ) -> Result<Sample, BackstageError> {
        let mut filter = EntityFilter::kinds(["component"]).map_err(BackstageError::Filter)?;
        for condition in conditions {
            filter = filter
                .and(condition.clone())
                .map_err(BackstageError::Filter)?;
        }
        sample(&self.client, &filter, map, page_size, pages)
            .await
            .map_err(BackstageError::Read)
    }

    /// Reads the catalog completely (S22).
    ///
    /// # Errors
    /// When it could not be.
    pub(crate) async fn read(
        &self,
        map: &LabelMap,
        reader: &mut Reader,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Sync, BackstageError> {
        reader
            .read(&self.client, &self.filter, map, progress)
            .await
            .map_err(BackstageError::Read)
    }
}

/// Reads a Backstage completely, once.
///
/// # Errors
/// When it cannot be reached as configured, or could not be read.
pub(crate) async fn read_backstage(
    endpoint: &Endpoint,
    map: &LabelMap,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Sync, BackstageError> {
    let access = Clients::default().access(endpoint, map)?;
    access
        .read(map, &mut Reader::new(endpoint.page_size), progress)
        .await
}

/// What of a client's settings stands elsewhere than in the configuration, as it is now.
#[derive(PartialEq)]
struct Material {
    /// The token, or what a token is got for.
    secret: Option<Secret>,
    headers: Vec<(HeaderName, Secret)>,
    roots_pem: Option<Vec<u8>>,
    /// Certificate and key.
    identity_pem: Option<(Vec<u8>, Secret)>,
}

/// A secret that can be compared, and not shown.
struct Secret(SecretString);

impl PartialEq for Secret {
    /// Nobody from outside chooses what is compared, so the time it takes tells nobody anything.
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Material {
    fn read(endpoint: &Endpoint) -> Result<Self, BackstageError> {
        let secret = match &endpoint.credentials {
            config::Credentials::None => None,
            config::Credentials::Token(token) => {
                Some(token.read("token").map_err(BackstageError::Token)?)
            }
            config::Credentials::OAuth2(oauth2) => {
                let secret = oauth2.client_secret.read("client secret");
                Some(secret.map_err(BackstageError::ClientSecret)?)
            }
        };
        let header = |(name, value): &(HeaderName, SecretSource)| match value.read("header") {
            Ok(value) => Ok((name.clone(), Secret(value))),
            Err(source) => Err(BackstageError::Header {
                name: name.clone(),
                source,
            }),
        };
        let (roots_pem, identity_pem) = certificates(endpoint)?;
        Ok(Self {
            secret: secret.map(Secret),
            headers: endpoint
                .headers
                .iter()
                .map(header)
                .collect::<Result<_, _>>()?,
            roots_pem,
            identity_pem,
        })
    }
}

/// The further roots, and the program's own certificate with its key.
type Certificates = (Option<Vec<u8>>, Option<(Vec<u8>, Secret)>);

fn certificates(endpoint: &Endpoint) -> Result<Certificates, BackstageError> {
    if let Some(inside) = &endpoint.in_secret {
        let bytes = |pem: &SecretString| pem.expose_secret().as_bytes().to_vec();
        let identity = inside.identity.as_ref();
        return Ok((
            inside.roots.as_ref().map(bytes),
            identity.map(|(certificate, key)| (bytes(certificate), Secret(key.clone()))),
        ));
    }
    let roots = endpoint.ca_file.as_deref();
    let identity = endpoint.client_certificate.as_ref();
    Ok((
        roots.map(|path| pem(path, "certificates")).transpose()?,
        identity.map(identity_pem).transpose()?,
    ))
}

fn identity_pem(files: &ClientCertificate) -> Result<(Vec<u8>, Secret), BackstageError> {
    let certificate = pem(&files.certificate_file, "client certificate")?;
    let key = pem(&files.key_file, "client key")?;
    let key = String::from_utf8(key).map_err(|_| BackstageError::Pem {
        what: "client key",
        path: files.key_file.clone(),
        source: std::io::Error::other("it is no text, expected PEM"),
    })?;
    Ok((certificate, Secret(key.into())))
}

fn pem(path: &Path, what: &'static str) -> Result<Vec<u8>, BackstageError> {
    let unreadable = |source| BackstageError::Pem {
        what,
        path: path.to_owned(),
        source,
    };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_PEM_BYTES {
        let message = format!("{length} bytes are too many");
        return Err(unreadable(std::io::Error::other(message)));
    }
    std::fs::read(path).map_err(unreadable)
}

/// What stitching reads of an entity beside what the `label_map` names.
const NEEDED_FIELDS: [&str; 11] = [
    "apiVersion",
    "kind",
    "metadata.name",
    "metadata.namespace",
    "metadata.title",
    "metadata.annotations",
    "relations",
    "spec.type",
    "spec.lifecycle",
    "spec.system",
    "spec.profile",
];

/// The fields to ask for: those that are configured and those without which entities would lose their owners. None where
/// none are configured.
fn fields(configured: &[String], map: &LabelMap) -> Option<Vec<String>> {
    if configured.is_empty() {
        return None;
    }
    let mapped = [&map.kubernetes_id, &map.kubernetes_namespace, &map.owner];
    let mapped = mapped.into_iter().flatten().map(|path| {
        // Keys of annotations and labels hold dots, so their maps are asked for as a whole.
        let path = path.as_str();
        match path.split_once('.') {
            Some(("annotations", _)) => "metadata.annotations",
            Some(("labels", _)) => "metadata.labels",
            Some(("relations", _)) => "relations",
            _ => path,
        }
    });
    let all = NEEDED_FIELDS
        .into_iter()
        .chain(mapped)
        .chain(configured.iter().map(String::as_str));
    let fields: BTreeSet<String> = all.map(str::to_owned).collect();
    Some(fields.into_iter().collect())
}

fn settings(endpoint: &Endpoint, material: &Material, map: &LabelMap) -> Settings {
    let mut settings = Settings::new(endpoint.url.clone());
    settings.user_agent = String::from(concat!("backstitch/", env!("CARGO_PKG_VERSION")));
    settings.credentials = credentials(endpoint, material);
    settings.headers = material
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.0.clone()))
        .collect();
    settings.tls.insecure_skip_verify = endpoint.insecure_skip_verify;
    settings.tls.extra_roots_pem.clone_from(&material.roots_pem);
    settings.tls.identity = material
        .identity_pem
        .as_ref()
        .map(|(certificate, key)| Identity::new(certificate.clone(), key.0.clone()));
    settings.proxy = match &endpoint.proxy {
        config::Proxy::Environment => Proxy::FromEnvironment,
        config::Proxy::None => Proxy::None,
        config::Proxy::Url(url) => Proxy::Url(url.clone()),
    };
    settings.timeouts = endpoint.timeouts;
    settings.gzip = endpoint.gzip;
    settings.fields = fields(&endpoint.fields, map);
    settings
}

fn credentials(endpoint: &Endpoint, material: &Material) -> Credentials {
    let Some(Secret(secret)) = &material.secret else {
        return Credentials::None;
    };
    let config::Credentials::OAuth2(configured) = &endpoint.credentials else {
        return Credentials::Token(secret.clone());
    };
    let (url, id) = (configured.token_url.clone(), configured.client_id.clone());
    let mut oauth2 = OAuth2::new(url, id, secret.clone());
    oauth2.client_authentication = match configured.client_authentication {
        config::ClientAuthentication::Header => ClientAuthentication::Header,
        config::ClientAuthentication::Body => ClientAuthentication::Body,
    };
    oauth2.scopes.clone_from(&configured.scopes);
    oauth2.audience.clone_from(&configured.audience);
    Credentials::ClientCredentials(Box::new(oauth2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_asked_for_with_those_without_which_owners_would_be_lost() {
        let lists = [
            (
                "component_kubernetes_id",
                vec![
                    "labels.example.org/app".to_owned(),
                    "spec.k8s.name".to_owned(),
                ],
            ),
            (
                "component_owner",
                vec!["relations.ownedBy".to_owned(), "metadata.team".to_owned()],
            ),
        ];
        let map = LabelMap::from_lists(lists).expect("a usable map");
        assert_eq!(fields(&[], &map), None);
        let asked = fields(&["spec.extra".to_owned()], &map).expect("fields");
        for field in [
            "kind",
            "metadata.annotations",
            "metadata.labels",
            "metadata.team",
            "relations",
            "spec.k8s.name",
            "spec.extra",
            "spec.profile",
        ] {
            assert!(
                asked.iter().any(|asked| asked == field),
                "{field}: {asked:?}"
            );
        }
        // The keys of annotations hold dots, which a field cannot tell from steps.
        let usual = fields(&["spec.owner".to_owned()], &LabelMap::default()).expect("fields");
        assert!(usual.contains(&"spec.owner".to_owned()));
        assert!(
            !usual
                .iter()
                .any(|field| field.starts_with("metadata.annotations."))
        );
    }
}
