//! What Kubernetes Secrets say: which instances and clusters there are, and how each is reached. Pure: Secrets in, values or
//! problems out.
//!
//! It owns the keys of such a Secret, whose instance or cluster it is, and what a person is told of one that cannot be used. It must not
//! know how Secrets are read, or when. No problem shows a value (S31).

mod endpoint;
mod kubeconfig;
mod merge;
mod purpose;
mod reading;

pub(crate) use self::endpoint::{KEYS, Reached, endpoint};
pub(crate) use self::kubeconfig::{ReachedCluster, kubeconfig};
pub(crate) use self::merge::{Found, clusters, instances};
pub(crate) use self::purpose::Purpose;

use cluster::live::secrets::Secret;

use crate::config::SecretRef;

/// Why an instance or a cluster cannot be read as its Secret stands, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// What is wrong. No value of a Secret is in it.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// A Secret that is named and is not there.
pub(crate) fn missing(secret: &SecretRef, prefix: &str) -> Problem {
    let SecretRef { namespace, name } = secret;
    Problem {
        message: format!("there is no Secret `{name}` in namespace `{namespace}`"),
        remedy: Some(format!(
            "create it with `kubectl create secret generic {name} --namespace {namespace} --from-literal=endpoint=https://… \
             --from-literal=token=…` and `{}`",
            label_command(secret, prefix)
        )),
    }
}

/// A Secret that is named, is there, and does not bear the label (S30).
pub(crate) fn unlabelled(secret: &SecretRef, prefix: &str) -> Problem {
    let SecretRef { namespace, name } = secret;
    Problem {
        message: format!(
            "the Secret `{name}` of namespace `{namespace}` does not carry the label `{prefix}/scraper: Backstage`, without \
             which it is not used"
        ),
        remedy: Some(format!("label it with `{}`", label_command(secret, prefix))),
    }
}

/// The annotation by which a person has a source left alone, where its value is `true`.
pub(crate) fn pause_annotation(prefix: &str) -> String {
    format!("{prefix}/paused")
}

/// Whether the source of this Secret is to be left alone.
pub(crate) fn is_paused(secret: &Secret, prefix: &str) -> bool {
    let value = secret.annotations.get(&pause_annotation(prefix));
    value.is_some_and(|value| value == "true")
}

fn label_command(SecretRef { namespace, name }: &SecretRef, prefix: &str) -> String {
    format!(
        "kubectl label secret {name} --namespace {namespace} --overwrite {prefix}/scraper=Backstage"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s30_what_is_missing_is_told_with_the_command_that_mends_it() {
        let secret = SecretRef {
            namespace: "causely".to_owned(),
            name: "backstage-credentials".to_owned(),
        };
        let told = |problem: Problem| {
            format!(
                "{}\n{}",
                problem.message,
                problem.remedy.unwrap_or_default()
            )
        };
        insta::assert_snapshot!(told(missing(&secret, "causely.ai")), @r"
        there is no Secret `backstage-credentials` in namespace `causely`
        create it with `kubectl create secret generic backstage-credentials --namespace causely --from-literal=endpoint=https://… --from-literal=token=…` and `kubectl label secret backstage-credentials --namespace causely --overwrite causely.ai/scraper=Backstage`
        ");
        insta::assert_snapshot!(told(unlabelled(&secret, "causely.ai")), @r"
        the Secret `backstage-credentials` of namespace `causely` does not carry the label `causely.ai/scraper: Backstage`, without which it is not used
        label it with `kubectl label secret backstage-credentials --namespace causely --overwrite causely.ai/scraper=Backstage`
        ");
    }
}
