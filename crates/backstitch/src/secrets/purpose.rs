//! What Secrets are looked for, each by a label of its own.

use cluster::live::secrets::Selector;

use super::Problem;

/// What a labelled Secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// It says how a Backstage is reached (S30).
    Backstage,
    /// It holds the kubeconfig of a cluster.
    Cluster,
}

impl Purpose {
    /// How such Secrets are asked for.
    pub(crate) fn selector(self, prefix: &str) -> Selector {
        match self {
            Self::Backstage => Selector::backstages(prefix),
            Self::Cluster => Selector::clusters(prefix),
        }
    }

    /// What is told of a source whose Secret is gone.
    pub(crate) fn gone(self, name: &str, prefix: &str) -> Problem {
        let (secret, what) = match self {
            Self::Backstage => (
                format!("Secret `{name}` with the label `{prefix}/scraper: Backstage`"),
                "instance",
            ),
            Self::Cluster => (
                format!("Secret with the label `{prefix}/cluster: {name}`"),
                "cluster",
            ),
        };
        Problem {
            message: format!(
                "no {secret} is there any more; what the {what} gave goes as removals do"
            ),
            remedy: Some(
                "nothing is to be done if that is meant; otherwise create the Secret again, or give it the label again"
                    .to_owned(),
            ),
        }
    }
}
