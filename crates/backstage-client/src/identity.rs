//! The certificate by which the client proves who it is (mutual TLS), and what can be wrong with it.

use std::fmt;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::{ExposeSecret, SecretString};

use crate::SettingsError;

/// A client certificate with its key. It is shown to Backstage alone, and only if it asks.
#[derive(Clone)]
#[non_exhaustive]
pub struct Identity {
    /// The certificate, PEM, followed by those of the authorities between it and one that the
    /// server knows.
    pub certificate_pem: Vec<u8>,
    /// Its private key, PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key_pem: SecretString,
}

impl Identity {
    /// A certificate and its key, both PEM.
    pub fn new(certificate_pem: impl Into<Vec<u8>>, key_pem: impl Into<SecretString>) -> Self {
        Self {
            certificate_pem: certificate_pem.into(),
            key_pem: key_pem.into(),
        }
    }

    /// Judged here, since the library that uses it says only that something of it is wrong.
    pub(crate) fn parse(&self) -> Result<reqwest::Identity, SettingsError> {
        let certificates: Vec<CertificateDer<'_>> =
            CertificateDer::pem_slice_iter(&self.certificate_pem)
                .collect::<Result<_, _>>()
                .ok()
                .filter(|certificates: &Vec<_>| !certificates.is_empty())
                .ok_or(SettingsError::ClientCertificate)?;
        let key_pem = self.key_pem.expose_secret();
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|_| {
            if key_pem.contains("ENCRYPTED") {
                SettingsError::ClientKeyEncrypted
            } else {
                SettingsError::ClientKey
            }
        })?;
        let key = any_supported_type(&key).map_err(|_| SettingsError::ClientKey)?;
        match CertifiedKey::new(certificates, key).keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(SettingsError::ClientKeyMismatch);
            }
            Err(_) => return Err(SettingsError::ClientCertificate),
        }
        let mut pem = self.certificate_pem.clone();
        pem.push(b'\n');
        pem.extend_from_slice(key_pem.as_bytes());
        reqwest::Identity::from_pem(&pem).map_err(|_| SettingsError::ClientCertificate)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("certificate_pem_bytes", &self.certificate_pem.len())
            .finish_non_exhaustive()
    }
}
