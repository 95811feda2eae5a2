//! Why Secrets could not be read, and the command that helps.

use crate::live::request::{RequestError, subject};

/// Why the Secrets of a namespace could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the Secrets of namespace `{namespace}`: {error}")]
pub struct SecretsError {
    /// The namespace.
    pub namespace: String,
    /// Why. No message holds anything of a Secret.
    pub error: RequestError,
}

impl SecretsError {
    pub(in crate::live) fn new(namespace: &str, error: RequestError) -> Self {
        let error = match error {
            // A decoder may say what it found where it expected something else.
            RequestError::Malformed { asked, .. } => RequestError::Malformed {
                asked,
                cause: "found something else than Secrets".to_owned(),
            },
            other => other,
        };
        Self {
            namespace: namespace.to_owned(),
            error,
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.error {
            RequestError::Forbidden { user, .. } => Some(grant(&self.namespace, user.as_deref())),
            other => other.hint(),
        }
    }

    /// Whether this user may not read them.
    pub fn is_forbidden(&self) -> bool {
        matches!(self.error, RequestError::Forbidden { .. })
    }

    /// How long the server asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<std::time::Duration> {
        self.error.retry_after()
    }
}

/// The commands that permit it: in this namespace and no other.
fn grant(namespace: &str, user: Option<&str>) -> String {
    let subject = subject(user);
    format!(
        "grant it with `kubectl create role backstitch-secrets --namespace {namespace} --verb=get,list,watch --resource=secrets` and \
         `kubectl create rolebinding backstitch-secrets --namespace {namespace} --role=backstitch-secrets {subject}`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::request::Asked;

    fn asked() -> Asked {
        Asked {
            server: "https://a:6443".to_owned(),
            resource: "secrets".to_owned(),
            namespace: None,
        }
    }

    #[test]
    fn a_refusal_says_how_to_grant_it_in_that_namespace_alone() {
        let error = RequestError::Forbidden {
            asked: asked(),
            user: Some("system:serviceaccount:ops:backstitch".to_owned()),
        };
        let error = SecretsError::new("causely", error);
        insta::assert_snapshot!(error, @"cannot read the Secrets of namespace `causely`: `https://a:6443` does not permit `system:serviceaccount:ops:backstitch` to read secrets (403 Forbidden)");
        insta::assert_snapshot!(error.hint().expect("a hint"), @"grant it with `kubectl create role backstitch-secrets --namespace causely --verb=get,list,watch --resource=secrets` and `kubectl create rolebinding backstitch-secrets --namespace causely --role=backstitch-secrets --serviceaccount=ops:backstitch`");
    }

    #[test]
    fn s31_what_a_decoder_found_is_not_told() {
        let error = RequestError::Malformed {
            asked: asked(),
            cause: "invalid type: string \"sentinel\"".to_owned(),
        };
        assert!(
            !SecretsError::new("ops", error)
                .to_string()
                .contains("sentinel")
        );
    }
}
