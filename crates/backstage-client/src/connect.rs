//! Why a connection could not be made, told apart because each has another remedy.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;

/// What stood in the way of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// Nothing listens there.
    Refused,
    /// The host's name has no address.
    Dns,
    /// The certificate was issued by nobody who is trusted.
    UntrustedCertificate,
    /// The certificate is for another name.
    CertificateForOtherName,
    /// The certificate is no longer valid, or not yet.
    CertificateOutOfDate,
    /// The other side does not speak TLS.
    NotTls,
    /// TLS failed in another way.
    Tls,
    /// Anything else, such as an unreachable network.
    Other,
}

impl ConnectFailure {
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        if error.is_dns() {
            return Self::Dns;
        }
        for cause in causes(error) {
            if let Some(error) = tls_error(cause) {
                return Self::of_tls(error);
            }
            if let Some(error) = cause.downcast_ref::<io::Error>()
                && error.kind() == io::ErrorKind::ConnectionRefused
            {
                return Self::Refused;
            }
        }
        Self::Other
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use CertificateError as C;
        match error {
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::InvalidCertificate(fault) => match fault {
                C::UnknownIssuer => Self::UntrustedCertificate,
                C::NotValidForName | C::NotValidForNameContext { .. } => {
                    Self::CertificateForOtherName
                }
                C::Expired
                | C::ExpiredContext { .. }
                | C::NotValidYet
                | C::NotValidYetContext { .. } => Self::CertificateOutOfDate,
                // A self-signed certificate that is no authority, as rustls puts it.
                C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                    Self::UntrustedCertificate
                }
                _ => Self::Tls,
            },
            _ => Self::Tls,
        }
    }
}

/// The causes of an error, from the nearest to the innermost.
pub(crate) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause: &&'a (dyn StdError + 'static)| {
        (*cause).source()
    })
}

/// An I/O error wraps the TLS error it stands for, perhaps twice, where no `source` leads to it.
fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(error) = cause.downcast_ref() {
        return Some(error);
    }
    let wrapped = cause.downcast_ref::<io::Error>()?.get_ref()?;
    tls_error(wrapped)
}
