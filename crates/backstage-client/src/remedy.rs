//! What a person can do about an error, in plain words.

use http::StatusCode;

use crate::{AuthFailure, ConnectFailure, Error};

const EXTERNAL_ACCESS: &str = "`backend.auth.externalAccess` of Backstage's app-config";

const BASE_URL: &str = "the endpoint must be the URL of Backstage's backend (`backend.baseUrl` in \
    its app-config, such as `https://backstage.example.com`): the catalog is read below \
    `<endpoint>/api/catalog`";

impl Error {
    /// What to do about it, where something can be done on this side.
    pub fn remedy(&self) -> Option<String> {
        if self.is_expired_token() {
            return Some(format!(
                "the token has expired: give a new one, or a static token, which does not expire, \
                 listed under {EXTERNAL_ACCESS}"
            ));
        }
        match self {
            Self::Connect { failure, .. } => connect(*failure).map(str::to_owned),
            Self::Unauthorized { failure, .. } => Some(match failure {
                AuthFailure::NoToken => format!(
                    "give a token: a static one (`type: static`) is listed under {EXTERNAL_ACCESS}"
                ),
                AuthFailure::TokenLost => "a proxy in front of Backstage seems to drop the \
                    `Authorization` header: let it pass"
                    .to_owned(),
                AuthFailure::IllegalToken => format!(
                    "the token must be the same, to the letter, as one listed under \
                     {EXTERNAL_ACCESS}, which is read when Backstage starts; if this Backstage \
                     needs no token, give none"
                ),
            }),
            Self::Forbidden { .. } => Some(format!(
                "under {EXTERNAL_ACCESS}, the `accessRestrictions` of this token must include \
                 `plugin: catalog` and allow `catalog.entity.read`"
            )),
            Self::RateLimited { .. } => Some(
                "read less often or in larger pages, or raise `backend.rateLimit` in Backstage's \
                 app-config"
                    .to_owned(),
            ),
            Self::NotBackstage { answer, .. } if answer.is_html() => Some(format!(
                "{BASE_URL}; a sign-in page in front of it must let this client through"
            )),
            Self::NotBackstage { .. } => Some(BASE_URL.to_owned()),
            Self::Redirected { to, .. } => Some(format!(
                "the token is not sent to another address: if `{to}` belongs to the same \
                 Backstage, give its address as the endpoint; if it is a sign-in page, let this \
                 client through"
            )),
            Self::NoByRefs { .. } => {
                Some("reading entities by reference needs Backstage 1.9 or later".to_owned())
            }
            Self::TooLarge { .. } => {
                Some("ask for smaller pages, or allow larger answers".to_owned())
            }
            Self::TooManyPages { .. } => Some("ask for larger pages".to_owned()),
            Self::Status { answer, .. } => status(answer.status).map(str::to_owned),
            _ => None,
        }
    }
}

fn connect(failure: ConnectFailure) -> Option<&'static str> {
    Some(match failure {
        ConnectFailure::Refused => {
            "nothing listens there: check host and port, and that Backstage runs"
        }
        ConnectFailure::Dns => "the host's name has no address: check its spelling",
        ConnectFailure::UntrustedCertificate => {
            "give the certificate of the authority that issued the server's (PEM) as an extra root"
        }
        ConnectFailure::CertificateForOtherName => {
            "use a host name that the server's certificate is valid for"
        }
        ConnectFailure::CertificateOutOfDate => {
            "renew the server's certificate, or set the clock of this machine right"
        }
        ConnectFailure::NotTls => "the server seems to speak plain HTTP: try `http://`",
        ConnectFailure::Tls | ConnectFailure::Other => return None,
    })
}

fn status(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => {
            "the URL is too long for the server: shorten the filter"
        }
        StatusCode::PAYLOAD_TOO_LARGE => "the request is too large for the server or its proxy",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            "Backstage is starting, down or overloaded: its own log says more"
        }
        status if status.is_server_error() => "Backstage failed: its own log says more",
        _ => return None,
    })
}
