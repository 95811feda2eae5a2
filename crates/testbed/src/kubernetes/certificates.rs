//! The certificates of a cluster: one authority, the API server's own, and those of clients.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};

use super::Error;

/// How long certificates are good for, around now.
const VALID_FOR: Duration = Duration::from_hours(48);

/// When a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// For a day before and two after now.
    Now,
    /// It was until an hour ago.
    Expired,
}

/// A certificate and its key, PEM.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The certificate.
    pub certificate_pem: String,
    /// The key.
    pub key_pem: String,
}

/// Files in the home of a cluster.
pub(super) const AUTHORITY: &str = "authority.crt";
pub(super) const SERVER: &str = "server.crt";
pub(super) const SERVER_KEY: &str = "server.key";
pub(super) const ACCOUNTS_KEY: &str = "accounts.key";
pub(super) const ACCOUNTS_PUBLIC_KEY: &str = "accounts.pub";

/// The authority of one cluster.
#[derive(Debug)]
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(super) fn new() -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let mut params = params("testbed authority", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            pem,
        })
    }

    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes what the API server starts with.
    pub(super) fn write(&self, home: &Path) -> Result<(), Error> {
        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(vec![
            "127.0.0.1".to_owned(),
            "localhost".to_owned(),
            "kubernetes.default.svc".to_owned(),
        ])?;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.distinguished_name = DistinguishedName::new();
        server
            .distinguished_name
            .push(DnType::CommonName, "kube-apiserver");
        let certificate = server.signed_by(&key, &self.issuer)?.pem();
        let accounts = KeyPair::generate()?;
        for (file, text) in [
            (AUTHORITY, self.pem.clone()),
            (SERVER, certificate),
            (SERVER_KEY, key.serialize_pem()),
            (ACCOUNTS_KEY, accounts.serialize_pem()),
            (ACCOUNTS_PUBLIC_KEY, accounts.public_key_pem()),
        ] {
            fs::write(home.join(file), text).map_err(Error::files("a certificate"))?;
        }
        Ok(())
    }

    pub(super) fn client(
        &self,
        name: &str,
        groups: &[&str],
        validity: Validity,
    ) -> Result<ClientCertificate, Error> {
        let key = KeyPair::generate()?;
        let mut params = params(name, groups);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let now = SystemTime::now();
        let (from, until) = match validity {
            Validity::Now => (now - VALID_FOR, now + VALID_FOR),
            Validity::Expired => (now - VALID_FOR, now - Duration::from_hours(1)),
        };
        (params.not_before, params.not_after) = (from.into(), until.into());
        Ok(ClientCertificate {
            certificate_pem: params.signed_by(&key, &self.issuer)?.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

fn params(name: &str, groups: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    for group in groups {
        params
            .distinguished_name
            .push(DnType::OrganizationName, *group);
    }
    params
}
