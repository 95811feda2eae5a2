//! A live Backstage: its client from what the configuration says, and one read of it.

use std::path::PathBuf;

use backstage_client::{Client, EntityFilter, FilterError, Settings, SettingsError};
use catalog::Progress;
use catalog::backstage::{ReadError, Reader, Sync, kinds};
use topology::label_map::LabelMap;

use crate::config::{Endpoint, TokenError};

/// Bound on the size of a file of root certificates, in bytes.
const MAX_CA_BYTES: u64 = 16 * 1024 * 1024;

/// Why a Backstage could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackstageError {
    /// Its token.
    #[error("there is no token")]
    Token(#[source] TokenError),
    /// The file of root certificates.
    #[error("cannot read the certificates `{}`", path.display())]
    Certificates {
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
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.remedy(),
            Self::Token(_) => Some("`--token-file`, BACKSTITCH_TOKEN, or `token_file` and `token_env` of the instance give it".to_owned()),
            _ => None,
        }
    }
}

/// A client for the endpoint, with its token read now, and the filter to ask with.
pub(crate) fn client(endpoint: &Endpoint) -> Result<(Client, EntityFilter), BackstageError> {
    let mut settings = Settings::new(endpoint.url.clone());
    settings.user_agent = String::from(concat!("backstitch/", env!("CARGO_PKG_VERSION")));
    if let Some(token) = &endpoint.token {
        settings.token = Some(token.read().map_err(BackstageError::Token)?);
    }
    settings.tls.insecure_skip_verify = endpoint.insecure_skip_verify;
    if let Some(path) = &endpoint.ca_file {
        let unreadable = |source| BackstageError::Certificates {
            path: path.clone(),
            source,
        };
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_CA_BYTES {
            return Err(unreadable(std::io::Error::other(format!(
                "{length} bytes are too many"
            ))));
        }
        settings.tls.extra_roots_pem = Some(std::fs::read(path).map_err(unreadable)?);
    }
    let client = Client::new(settings).map_err(BackstageError::Settings)?;
    let mut filter = kinds();
    for condition in &endpoint.filter {
        filter = filter
            .and(condition.clone())
            .map_err(BackstageError::Filter)?;
    }
    Ok((client, filter))
}

/// Reads a Backstage completely (S22).
pub(crate) async fn read_backstage(
    endpoint: &Endpoint,
    map: &LabelMap,
    reader: &mut Reader,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Sync, BackstageError> {
    let (client, filter) = client(endpoint)?;
    reader
        .read(&client, &filter, map, progress)
        .await
        .map_err(BackstageError::Read)
}
