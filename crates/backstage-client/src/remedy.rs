//! What a person can do about an error, in plain words.

use http::StatusCode;

use crate::app_config::{JWKS, RESTRICTIONS, STATIC_TOKEN};
use crate::{Answer, AuthFailure, ConnectFailure, Error, TokenError};

const BASE_URL: &str = "the endpoint must be the URL of Backstage's backend (`backend.baseUrl` in \
    its app-config, such as `https://backstage.example.com`): the catalog is read below \
    `<endpoint>/api/catalog`";

const ACCESS: &str = "`backend.auth.externalAccess` of Backstage's app-config";

/// Static tokens exist from Backstage 1.26 on.
const BEFORE_STATIC_TOKENS: &str = "a Backstage before 1.26 knows no static tokens, but JWTs signed \
    with a secret of its `backend.auth.keys` (HS256, `sub: backstage-server`)";

impl Error {
    /// What to do about it, where something can be done on this side. It may be several lines: those
    /// of the app-config are given as they are written there.
    pub fn remedy(&self) -> Option<String> {
        if self.is_expired_token() {
            return Some(format!(
                "the token is a JWT that has expired: give a new one, or a static token, which does \
                 not expire, under {ACCESS}:{STATIC_TOKEN}"
            ));
        }
        match self {
            Self::Connect { failure, .. } => connect(*failure).map(str::to_owned),
            Self::Unauthorized {
                failure, answer, ..
            } => Some(unauthorized(*failure, answer)),
            Self::Forbidden { answer, .. } => Some(forbidden(answer)),
            Self::TokenEndpoint { source, .. } => token_endpoint(source),
            Self::RateLimited { .. } => Some(
                "read less often or in larger pages, or raise `backend.rateLimit` in Backstage's \
                 app-config"
                    .to_owned(),
            ),
            Self::NotBackstage { answer, .. } if answer.is_html() => Some(format!(
                "{BASE_URL}; a sign-in page in front of it must let this client through"
            )),
            Self::NotBackstage { .. } => Some(BASE_URL.to_owned()),
            Self::NoRoute { .. } => Some(format!(
                "Backstage answers so while it starts, which passes; if it goes on, {BASE_URL}"
            )),
            Self::Redirected { to, .. } => Some(format!(
                "nothing is sent to another address: if `{to}` belongs to the same Backstage, give \
                 its address as the endpoint; if it is a sign-in page, let this client through"
            )),
            Self::NoByRefs { .. } => {
                Some("reading entities by reference needs Backstage 1.9 or later".to_owned())
            }
            Self::TooLarge { .. } => {
                Some("ask for smaller pages, or allow larger answers".to_owned())
            }
            Self::EntityTooLarge { entity, .. } => Some(match entity {
                Some(_) => "have it made smaller, or allow larger answers".to_owned(),
                None => "find it in Backstage and have it made smaller, or allow larger answers"
                    .to_owned(),
            }),
            Self::TooManyPages { .. } => Some("ask for larger pages".to_owned()),
            Self::Status { answer, .. } => status(answer).map(str::to_owned),
            Self::Timeout { .. } => Some(
                "look at the load of Backstage and its database, and at what stands between; smaller \
                 pages are answered sooner"
                    .to_owned(),
            ),
            Self::Disconnected { .. } | Self::CutOff { .. } | Self::Json { .. } => Some(
                "Backstage's own log says why it stopped in the midst of an answer, if it did; else a \
                 proxy cuts off what is long or slow"
                    .to_owned(),
            ),
            Self::NotUtf8 { .. } | Self::PageLoop { .. } | Self::WrongCount { .. } => Some(
                "Backstage does not answer so: look at what stands between and changes its answers, \
                 such as a cache"
                    .to_owned(),
            ),
        }
    }
}

fn unauthorized(failure: AuthFailure, answer: &Answer) -> String {
    if answer.is_html() {
        return "a proxy in front of Backstage wants people to sign in: let this client through, or \
                give the headers that the proxy wants"
            .to_owned();
    }
    match failure {
        AuthFailure::NoToken => format!(
            "give a token. Backstage accepts it after these lines under {ACCESS} and a \
             restart:{STATIC_TOKEN}"
        ),
        AuthFailure::TokenLost => {
            "a proxy in front of Backstage seems to drop the `Authorization` \
            header: let it pass"
                .to_owned()
        }
        AuthFailure::IllegalToken => format!(
            "the token must be the same, to the letter, as one under {ACCESS}, which is read when \
             Backstage starts; if this Backstage needs no token, give none; \
             {BEFORE_STATIC_TOKENS}; a static token is listed so:{STATIC_TOKEN}"
        ),
        AuthFailure::IllegalAccessToken => format!(
            "Backstage must know who issues the tokens, by lines under {ACCESS} that agree with the \
             token, and a restart:{JWKS}"
        ),
    }
}

fn forbidden(answer: &Answer) -> String {
    let Some(document) = &answer.document else {
        return "it is not Backstage that answers so: let this client through the proxy in front of \
                it, or give the headers that the proxy wants"
            .to_owned();
    };
    if document.message.contains("restricted to plugin") {
        return format!(
            "the token is one for other plugins: add the catalog to its entry under \
             {ACCESS}, and restart:{RESTRICTIONS}"
        );
    }
    format!(
        "a token of a person is subject to the permission policy; the entry of any other under \
         {ACCESS} must allow to read the catalog:{RESTRICTIONS}"
    )
}

fn token_endpoint(error: &TokenError) -> Option<String> {
    let text = match error {
        TokenError::Transfer(error) => {
            return match **error {
                Error::Connect {
                    failure: ConnectFailure::Refused,
                    ..
                } => Some("nothing listens there: check the URL of the token endpoint".to_owned()),
                _ => error.remedy(),
            };
        }
        TokenError::Refused { error, .. } => match error.as_str() {
            "invalid_client" => {
                "the client id or the client secret is wrong, or the token endpoint wants them in \
                 the other place (header or body)"
            }
            "unauthorized_client" | "unsupported_grant_type" => {
                "the identity provider must allow this client the grant `client_credentials`"
            }
            "invalid_scope" => {
                "the identity provider must know each of the scopes and allow it to this client"
            }
            "invalid_request" | "invalid_target" | "access_denied" => {
                "the token endpoint misses a parameter, such as `audience` or `resource`, or does \
                 not allow its value to this client"
            }
            _ => return None,
        },
        TokenError::NotOAuth2 { answer, .. } if answer.status.is_server_error() => {
            "the identity provider is starting, down or overloaded: its own log says more"
        }
        TokenError::NotOAuth2 { .. } => {
            "the URL must be that of the token endpoint itself: `token_endpoint` in the identity \
             provider's `/.well-known/openid-configuration`"
        }
        TokenError::Unusable(_) => {
            "the identity provider must give bearer tokens for the grant `client_credentials`"
        }
    };
    Some(text.to_owned())
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
        ConnectFailure::CertificateOfAuthority => {
            "the server shows the certificate of an authority (`CA:TRUE`), which is never accepted as a \
             server's: make it one with `basicConstraints=CA:FALSE`, or issued by that authority"
        }
        ConnectFailure::CertificateForOtherName => {
            "use a host name that the server's certificate is valid for"
        }
        ConnectFailure::CertificateOutOfDate => {
            "renew the server's certificate, or set the clock of this machine right"
        }
        ConnectFailure::NotTls => "the server seems to speak plain HTTP: try `http://`",
        ConnectFailure::ClientCertificateMissing => {
            "the server wants a client certificate: give one, with its key"
        }
        ConnectFailure::ClientCertificateRefused => {
            "the client certificate must be valid today and issued by an authority that the server \
             trusts; give the certificates between the two after it"
        }
        ConnectFailure::ProxyAuthentication => {
            "the proxy wants a user name and password: give them in its URL, \
             `http://<user>:<password>@<host>:<port>`"
        }
        ConnectFailure::Proxy => {
            "the proxy does not lead there: let it, or name the host in `NO_PROXY` if it is to be \
             reached directly"
        }
        ConnectFailure::Tls | ConnectFailure::Other => return None,
    })
}

fn status(answer: &Answer) -> Option<&'static str> {
    Some(match answer.status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            return connect(ConnectFailure::ProxyAuthentication);
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => {
            "the URL is too long for the server: shorten the filter"
        }
        StatusCode::PAYLOAD_TOO_LARGE => "the request is too large for the server or its proxy",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            if answer.is_html() {
                "a proxy answers in Backstage's place: Backstage is starting, down or overloaded, or \
                 the proxy cannot reach it"
            } else {
                "Backstage is starting, down or overloaded: its own log says more"
            }
        }
        status if status.is_server_error() => "Backstage failed: its own log says more",
        _ => return None,
    })
}
