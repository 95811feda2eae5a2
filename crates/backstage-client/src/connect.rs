//! Why a connection could not be made, told apart because each has another remedy.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};

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
    /// The certificate is that of an authority, as self-signed ones often are, and no server's.
    CertificateOfAuthority,
    /// The certificate is for another name.
    CertificateForOtherName,
    /// The certificate is no longer valid, or not yet.
    CertificateOutOfDate,
    /// The other side does not speak TLS.
    NotTls,
    /// The server wants a client certificate, and there is none.
    ClientCertificateMissing,
    /// The server does not accept the client certificate.
    ClientCertificateRefused,
    /// TLS failed in another way.
    Tls,
    /// The proxy wants a user name and password.
    ProxyAuthentication,
    /// The proxy did not open the way.
    Proxy,
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
            if let Some(failure) = tunnel_failure(cause) {
                return failure;
            }
            if let Some(error) = cause.downcast_ref::<io::Error>()
                && error.kind() == io::ErrorKind::ConnectionRefused
            {
                return Self::Refused;
            }
        }
        Self::Other
    }

    /// What the server says about the client's certificate. With TLS 1.3 the connection stands by
    /// then, so that the error is one of the request.
    pub(crate) fn by_alert(error: &reqwest::Error) -> Option<Self> {
        let rustls::Error::AlertReceived(alert) = causes(error).find_map(tls_error)? else {
            return None;
        };
        of_alert(*alert)
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use CertificateError as C;
        match error {
            rustls::Error::InvalidMessage(_) => Self::NotTls,
            rustls::Error::AlertReceived(alert) => of_alert(*alert).unwrap_or(Self::Tls),
            rustls::Error::InvalidCertificate(fault) => match fault {
                C::UnknownIssuer => Self::UntrustedCertificate,
                C::NotValidForName | C::NotValidForNameContext { .. } => {
                    Self::CertificateForOtherName
                }
                C::Expired
                | C::ExpiredContext { .. }
                | C::NotValidYet
                | C::NotValidYetContext { .. } => Self::CertificateOutOfDate,
                C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                    Self::CertificateOfAuthority
                }
                _ => Self::Tls,
            },
            _ => Self::Tls,
        }
    }
}

/// What an alert of the server's says about the client's certificate, if that is what it is about.
fn of_alert(alert: AlertDescription) -> Option<ConnectFailure> {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired => Some(ConnectFailure::ClientCertificateMissing),
        A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA
        | A::AccessDenied
        | A::DecryptError => Some(ConnectFailure::ClientCertificateRefused),
        _ => None,
    }
}

/// What went wrong between a proxy and us before the server was reached. The type of this error is
/// not public: its words are all there is.
fn tunnel_failure(cause: &(dyn StdError + 'static)) -> Option<ConnectFailure> {
    let text = cause.to_string();
    let rest = text.strip_prefix("tunnel error: ")?;
    match rest {
        "proxy authorization required" => Some(ConnectFailure::ProxyAuthentication),
        // Its source says more.
        "failed to create underlying connection" => None,
        _ => Some(ConnectFailure::Proxy),
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
