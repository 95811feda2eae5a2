//! What an API server refuses, in a person's words, and what to do about it.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use kube::core::Status;

use super::connect::ApiServer;
use super::exec::ExecError;
use super::namespaces::Part;
use super::update::Cause;
use crate::kinds::Resource;

/// So much of a server's own words is repeated.
const MESSAGE_CHARS: usize = 300;

/// Where a request went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The API server's address.
    pub server: String,
    /// The resource as kubectl names it: `deployments.apps`.
    pub resource: String,
    /// The namespace, unless it was all of them.
    pub namespace: Option<String>,
}

impl Asked {
    pub(super) fn new(server: &ApiServer, resource: &Resource, part: &Part) -> Self {
        Self {
            namespace: part.as_deref().map(str::to_owned),
            server: server.address.clone(),
            resource: resource.qualified(),
        }
    }

    /// What was asked for, as a message names it.
    fn things(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} in namespace `{namespace}`", self.resource),
            None => self.resource.clone(),
        }
    }
}

/// Why a list or a watch failed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// 401.
    #[error("`{}` does not accept the credentials (401 Unauthorized, when asked for {})", asked.server, asked.things())]
    Unauthorized {
        /// What was asked.
        asked: Asked,
    },
    /// 403.
    #[error("`{}` does not permit {} to read {} (403 Forbidden)", asked.server, Who(user.as_deref()), asked.things())]
    Forbidden {
        /// What was asked.
        asked: Asked,
        /// As whom, if the server said so.
        user: Option<String>,
    },
    /// 404: this server does not have the kind.
    #[error("`{}` does not serve {} (404 Not Found)", asked.server, asked.things())]
    NotServed {
        /// What was asked.
        asked: Asked,
    },
    /// 410: the place in the list or the version to watch from is too old.
    #[error("`{}` no longer has the version of {} that was asked for (410 Gone)", asked.server, asked.things())]
    Expired {
        /// What was asked.
        asked: Asked,
    },
    /// There is no connection.
    #[error("cannot reach `{}`: {cause}", asked.server)]
    Unreachable {
        /// What was asked.
        asked: Asked,
        /// What the connection said.
        cause: String,
    },
    /// There is a connection, and no trust in it.
    #[error("no secure connection to `{}`: {cause}", asked.server)]
    Tls {
        /// What was asked.
        asked: Asked,
        /// What is wrong with the certificate or the handshake.
        cause: String,
    },
    /// No credentials could be had: a token file, a credential command.
    #[error("no credentials for `{}`: {cause}", asked.server)]
    Credentials {
        /// What was asked.
        asked: Asked,
        /// Why.
        cause: String,
        /// What to do about it.
        remedy: Option<String>,
    },
    /// No answer in time.
    #[error("`{}` did not answer within {} s when asked for {}", asked.server, after.as_secs_f32(), asked.things())]
    TimedOut {
        /// What was asked.
        asked: Asked,
        /// The time it had.
        after: Duration,
    },
    /// Any other refusal.
    #[error("`{}` answered {code} when asked for {}: {message}", asked.server, asked.things())]
    Refused {
        /// What was asked.
        asked: Asked,
        /// The HTTP status.
        code: u16,
        /// The server's words.
        message: String,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// An answer that is no Kubernetes list or event.
    #[error("`{}` sent no Kubernetes list when asked for {}: {cause}", asked.server, asked.things())]
    Malformed {
        /// What was asked.
        asked: Asked,
        /// What was found instead.
        cause: String,
    },
}

struct Who<'u>(Option<&'u str>);

impl fmt::Display for Who<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(user) => write!(formatter, "`{user}`"),
            None => formatter.write_str("this user"),
        }
    }
}

impl RequestError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unauthorized { .. } => {
                Some("the token or certificate may have expired: sign in again, or renew the kubeconfig".to_owned())
            }
            Self::Forbidden { asked, user } => Some(grant(asked, user.as_deref())),
            Self::Tls { .. } => Some(
                "check `certificate-authority` and `server` of the cluster in the kubeconfig, and this machine's clock"
                    .to_owned(),
            ),
            Self::Unreachable { .. } => Some(
                "check `server` in the kubeconfig, and whether a VPN, tunnel or proxy is needed".to_owned(),
            ),
            Self::Malformed { .. } => {
                Some("is `server` in the kubeconfig the API server itself, with no sign-in page before it?".to_owned())
            }
            Self::Credentials { remedy, .. } => remedy.clone(),
            Self::NotServed { .. }
            | Self::Expired { .. }
            | Self::TimedOut { .. }
            | Self::Refused { .. } => None,
        }
    }

    /// Why it failed, in one word.
    pub(super) fn cause(&self) -> Cause {
        match self {
            Self::Unreachable { .. } | Self::Tls { .. } | Self::TimedOut { .. } => {
                Cause::Unreachable
            }
            Self::Unauthorized { .. } | Self::Forbidden { .. } | Self::Credentials { .. } => {
                Cause::Refused
            }
            Self::Refused { code: 429, .. } => Cause::RateLimited,
            Self::NotServed { .. }
            | Self::Expired { .. }
            | Self::Refused { .. }
            | Self::Malformed { .. } => Cause::Answer,
        }
    }

    /// Whether no other request to this server would fare better, be it for another namespace.
    pub(super) fn of_server(&self) -> bool {
        match self {
            Self::Unauthorized { .. }
            | Self::NotServed { .. }
            | Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::Credentials { .. }
            | Self::TimedOut { .. } => true,
            Self::Forbidden { .. }
            | Self::Expired { .. }
            | Self::Refused { .. }
            | Self::Malformed { .. } => false,
        }
    }

    /// How long the server asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(super) fn from_kube(asked: Asked, error: &kube::Error) -> Self {
        if let Some(error) = chain(error).find_map(|error| error.downcast_ref::<ExecError>()) {
            return Self::Credentials {
                asked,
                cause: error.to_string(),
                remedy: error.hint(),
            };
        }
        let cause = root_cause(error);
        let remedy = None;
        match error {
            kube::Error::Api(status) => Self::from_status(asked, status),
            kube::Error::Auth(_) => Self::Credentials {
                asked,
                cause,
                remedy,
            },
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
                Self::Malformed { asked, cause }
            }
            _ if chain(error)
                .any(|error| error.downcast_ref::<kube::client::AuthError>().is_some()) =>
            {
                Self::Credentials {
                    asked,
                    cause,
                    remedy,
                }
            }
            _ if chain(error).any(is_tls) => Self::Tls { asked, cause },
            _ => Self::Unreachable { asked, cause },
        }
    }

    pub(super) fn from_status(asked: Asked, status: &Status) -> Self {
        match status.code {
            401 => Self::Unauthorized { asked },
            403 => Self::Forbidden {
                user: user_of(&status.message),
                asked,
            },
            404 => Self::NotServed { asked },
            410 => Self::Expired { asked },
            code => Self::Refused {
                asked,
                code,
                message: first_line(&status.message),
                retry_after: status
                    .details
                    .as_ref()
                    .map(|details| details.retry_after_seconds)
                    .filter(|seconds| *seconds > 0)
                    .map(|seconds| Duration::from_secs(seconds.into())),
            },
        }
    }
}

/// The commands that permit reading a resource.
fn grant(asked: &Asked, user: Option<&str>) -> String {
    let resource = &asked.resource;
    let name = format!("backstitch-{}", resource.replace('.', "-"));
    let subject = subject(user);
    if let Some(namespace) = &asked.namespace {
        return format!(
            "grant it with `kubectl create role {name} --namespace={namespace} --verb=get,list,watch --resource={resource}` and \
             `kubectl create rolebinding {name} --namespace={namespace} --role={name} {subject}`"
        );
    }
    format!(
        "grant it with `kubectl create clusterrole {name} --verb=get,list,watch --resource={resource}` and \
         `kubectl create clusterrolebinding {name} --clusterrole={name} {subject}`"
    )
}

/// Whom a binding is for, as kubectl is told.
pub(super) fn subject(user: Option<&str>) -> String {
    let Some(user) = user else {
        return "--user=<user>".to_owned();
    };
    match user
        .strip_prefix("system:serviceaccount:")
        .and_then(|account| account.split_once(':'))
    {
        Some((namespace, account)) => format!("--serviceaccount={namespace}:{account}"),
        None => format!("--user={user}"),
    }
}

/// The user in `pods is forbidden: User "jane" cannot list …`.
fn user_of(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("User \"")?;
    let (user, _) = rest.split_once('"')?;
    (!user.is_empty()).then(|| user.to_owned())
}

fn first_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let shown: String = line.chars().take(MESSAGE_CHARS).collect();
    if shown.is_empty() {
        "no reason given".to_owned()
    } else {
        shown
    }
}

fn chain<'e>(
    error: &'e kube::Error,
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}

/// The innermost error: the outer ones only say that the inner one happened.
fn root_cause(error: &kube::Error) -> String {
    let innermost = chain(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    first_line(&innermost)
}

/// Whether the error came from the TLS layer. An I/O error does not give the error inside of it as its source.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inside = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || inside.is_some_and(|inside| is_tls(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        Asked {
            server: "https://a:6443".to_owned(),
            resource: "deployments.apps".to_owned(),
            namespace: None,
        }
    }

    #[test]
    fn in_a_namespace_a_role_is_enough() {
        let asked = Asked {
            namespace: Some("shop".to_owned()),
            ..asked()
        };
        let error = RequestError::from_status(asked, &status(403, r#"User "jane" cannot"#));
        insta::assert_snapshot!(error, @"`https://a:6443` does not permit `jane` to read deployments.apps in namespace `shop` (403 Forbidden)");
        insta::assert_snapshot!(error.hint().expect("a hint"), @"grant it with `kubectl create role backstitch-deployments-apps --namespace=shop --verb=get,list,watch --resource=deployments.apps` and `kubectl create rolebinding backstitch-deployments-apps --namespace=shop --role=backstitch-deployments-apps --user=jane`");
    }

    fn status(code: u16, message: &str) -> Status {
        Status::failure(message, "").with_code(code)
    }

    #[test]
    fn a_refusal_says_who_may_not_do_what_and_how_to_grant_it() {
        let message = r#"deployments.apps is forbidden: User "system:serviceaccount:ops:backstitch" cannot list resource"#;
        let error = RequestError::from_status(asked(), &status(403, message));
        insta::assert_snapshot!(error, @"`https://a:6443` does not permit `system:serviceaccount:ops:backstitch` to read deployments.apps (403 Forbidden)");
        insta::assert_snapshot!(error.hint().expect("a hint"), @"grant it with `kubectl create clusterrole backstitch-deployments-apps --verb=get,list,watch --resource=deployments.apps` and `kubectl create clusterrolebinding backstitch-deployments-apps --clusterrole=backstitch-deployments-apps --serviceaccount=ops:backstitch`");
    }

    #[test]
    fn a_refusal_is_told_from_an_answer_of_no_use() {
        for (code, cause) in [
            (401, Cause::Refused),
            (403, Cause::Refused),
            (404, Cause::Answer),
            (429, Cause::RateLimited),
            (503, Cause::Answer),
        ] {
            let error = RequestError::from_status(asked(), &status(code, "no"));
            assert_eq!(error.cause(), cause, "{code}");
        }
        let after = Duration::from_secs(1);
        let asked = asked();
        assert_eq!(
            RequestError::TimedOut { asked, after }.cause(),
            Cause::Unreachable
        );
    }

    #[test]
    fn other_answers_have_their_own_words() {
        let shown =
            |code, message| RequestError::from_status(asked(), &status(code, message)).to_string();
        insta::assert_snapshot!(shown(401, ""), @"`https://a:6443` does not accept the credentials (401 Unauthorized, when asked for deployments.apps)");
        insta::assert_snapshot!(shown(404, ""), @"`https://a:6443` does not serve deployments.apps (404 Not Found)");
        insta::assert_snapshot!(shown(500, "etcd is away\nand more"), @"`https://a:6443` answered 500 when asked for deployments.apps: etcd is away");
        insta::assert_snapshot!(shown(503, " "), @"`https://a:6443` answered 503 when asked for deployments.apps: no reason given");
        insta::assert_snapshot!(shown(403, "no"), @"`https://a:6443` does not permit this user to read deployments.apps (403 Forbidden)");
    }
}
