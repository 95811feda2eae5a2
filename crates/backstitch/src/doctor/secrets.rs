//! Secrets that hold configuration: whether they may be read, which there are, and whether they are well-formed. No value is
//! shown (S31).
//!
//! ```text
//!  Secrets of the configuration ── look ──▶ Seen ─┬─ sections ──▶ checks per namespace
//!                                                 └─ backstages, clusters ▶ to be asked, as those of the configuration
//! ```

use cluster::live::secrets::{Secret, get, list};
use cluster::live::{ApiServer, Pace, Reach, connect, secrets_denied};

use super::{About, Check, Section, told};
use crate::config::{
    Cluster, ClusterSource, Config, Endpoint, InstanceOptions, SecretPlace, SecretRef, Secrets,
    parts_of_place, secrets_of,
};
use crate::secrets::{self, Problem, Purpose, endpoint, kubeconfig, missing, unlabelled};

/// A kind of Secret that is looked for by a label.
struct Sought {
    purpose: Purpose,
    /// What is said of one.
    judge: fn(&Secret) -> Vec<Check>,
}

/// The kinds of Secrets that are looked for.
fn sought(config: &Config, looked_for: &Secrets) -> Vec<Sought> {
    let backstages = Sought {
        purpose: Purpose::Backstage,
        judge: backstage,
    };
    let clusters = Sought {
        purpose: Purpose::Cluster,
        judge: cluster,
    };
    let used = looked_for.backstages || secrets_of(config).next().is_some();
    let backstages = used.then_some(backstages);
    let clusters = looked_for.clusters.then_some(clusters);
    backstages.into_iter().chain(clusters).collect()
}

/// What was seen of the Secrets.
pub(super) struct Seen {
    sections: Vec<Section>,
    labelled: Labelled,
}

/// The Secrets that carry a label.
#[derive(Default)]
struct Labelled {
    backstages: Vec<Secret>,
    clusters: Vec<Secret>,
}

impl Labelled {
    fn of(&mut self, purpose: Purpose) -> &mut Vec<Secret> {
        match purpose {
            Purpose::Backstage => &mut self.backstages,
            Purpose::Cluster => &mut self.clusters,
        }
    }
}

/// A Backstage that a Secret configures.
pub(super) struct Found {
    pub(super) options: InstanceOptions,
    pub(super) endpoint: Box<Endpoint>,
}

impl Seen {
    pub(super) fn unseen(check: Check) -> Self {
        Self {
            sections: vec![Section::new(About::Secrets, None, vec![check])],
            labelled: Labelled::default(),
        }
    }

    /// The clusters that can be asked by what their Secrets say.
    pub(super) fn clusters(&self, config: &Config) -> Vec<Cluster> {
        let (found, _) = secrets::clusters(config, &self.labelled.clusters);
        let clusters = found.into_iter().filter_map(|found| {
            let Reach { access, namespaces } = kubeconfig(found.secret).ok()?.reach;
            Some(Cluster {
                name: found.name.to_owned(),
                source: ClusterSource::Live(access),
                namespaces,
            })
        });
        clusters.collect()
    }

    /// The Backstages that can be asked by what their Secrets say.
    pub(super) fn backstages(&self, config: &Config, looked_for: &Secrets) -> Vec<Found> {
        let options_of = |secret: &Secret| {
            let named = config.instances.iter().find(|instance| {
                matches!(&instance.source, crate::config::InstanceSource::Secret(named) if is(secret, named))
            });
            named.map(|instance| instance.options.clone())
        };
        let (lodgers, _) = secrets::instances(config, &self.labelled.backstages);
        let is_lodger = |secret: &Secret| {
            looked_for.backstages && lodgers.iter().any(|found| found.secret == secret)
        };
        let found = self.labelled.backstages.iter().filter_map(|secret| {
            let found = || is_lodger(secret).then(|| looked_for.options_of(&secret.name));
            let options = options_of(secret).or_else(found)?;
            let reached = endpoint(secret).ok()?;
            Some(Found {
                options: reached.options(&options),
                endpoint: reached.endpoint,
            })
        });
        found.collect()
    }

    pub(super) fn into_sections(self) -> Vec<Section> {
        self.sections
    }
}

fn is(secret: &Secret, named: &SecretRef) -> bool {
    secret.namespace == named.namespace && secret.name == named.name
}

/// Looks at the Secrets in every namespace that the configuration says.
pub(super) async fn look(config: &Config, looked_for: &Secrets, pace: &Pace) -> Seen {
    let mut seen = Seen {
        sections: Vec::new(),
        labelled: Labelled::default(),
    };
    let places = looked_for.places();
    let home = (looked_for.cluster.clone(), looked_for.access.clone());
    for (cluster, access) in std::iter::once(&home).chain(&looked_for.further) {
        let server = match connect(access).await {
            Ok(server) => server,
            Err(error) => {
                let message = format!("cluster `{cluster}`: {}", told(&error));
                let check = Check::fail("access", message).remedy(error.hint());
                let section = Section::new(About::Secrets, None, vec![check]);
                seen.sections.push(section);
                continue;
            }
        };
        for place in places.iter().filter(|place| place.cluster == *cluster) {
            let labelled = &mut seen.labelled;
            let checks = in_namespace(config, looked_for, &server, pace, place, labelled).await;
            let section = Section::new(About::Secrets, Some(&place.key), checks);
            seen.sections.push(section);
        }
    }
    let Labelled {
        backstages,
        clusters,
    } = &seen.labelled;
    let mut clashes = Vec::new();
    if looked_for.backstages {
        clashes.extend(secrets::instances(config, backstages).1);
    }
    clashes.extend(secrets::clusters(config, clusters).1);
    for clash in clashes {
        let of = |section: &&mut Section| section.name.as_deref() == Some(&clash.secret.namespace);
        if let Some(section) = seen.sections.iter_mut().find(of) {
            let name = clash.secret.name.clone();
            section.checks.push(Check::warn(name, clash.message));
        }
    }
    seen
}

async fn in_namespace(
    config: &Config,
    looked_for: &Secrets,
    server: &ApiServer,
    pace: &Pace,
    at: &SecretPlace,
    labelled: &mut Labelled,
) -> Vec<Check> {
    let namespace = at.namespace.as_str();
    let is_home = at.cluster == looked_for.cluster;
    let mut checks = Vec::new();
    match secrets_denied(server, pace, namespace).await {
        Ok(None) => checks.push(Check::ok(
            "permission",
            "Secrets can be read, listed and watched",
        )),
        Ok(Some(denied)) => {
            checks.push(Check::fail("permission", told(&denied)).remedy(denied.hint()));
            return checks;
        }
        Err(error) => {
            checks.push(Check::fail("permission", told(&error)).remedy(error.hint()));
            return checks;
        }
    }
    let sought = sought(config, looked_for).into_iter();
    for Sought { purpose, judge } in sought.filter(|it| is_home || it.purpose == Purpose::Backstage)
    {
        let selector = purpose.selector(&config.label_prefix);
        match list(server, pace, namespace, &selector).await {
            Ok(mut found) => {
                for secret in &mut found {
                    secret.namespace.clone_from(&at.key);
                }
                let message = format!("Secrets with the label `{selector}`: {}", found.len());
                checks.push(Check::ok("labelled", message));
                checks.extend(found.iter().flat_map(judge));
                labelled.of(purpose).extend(found);
            }
            Err(error) => {
                checks.push(Check::fail("labelled", told(&error)).remedy(error.hint()));
                return checks;
            }
        }
    }
    let prefix = &config.label_prefix;
    let named = secrets_of(config).filter(|secret| secret.namespace == at.key);
    for secret in named.filter(|named| !labelled.backstages.iter().any(|secret| is(secret, named)))
    {
        let looked_up = get(server, pace, namespace, &secret.name).await;
        checks.extend(match looked_up {
            Ok(None) => vec![Check::problem(secret.name.clone(), missing(secret, prefix))],
            Ok(Some(found)) => {
                let mut checks = vec![Check::problem(
                    secret.name.clone(),
                    unlabelled(secret, prefix),
                )];
                // Once it has the label, this is what will be wrong with it.
                checks.extend(endpoint(&found).err().map(|it| faulty(&found, it)));
                checks
            }
            Err(error) => {
                vec![Check::fail(secret.name.clone(), told(&error)).remedy(error.hint())]
            }
        });
    }
    checks
}

/// What is said of a Secret that configures a Backstage.
fn backstage(secret: &Secret) -> Vec<Check> {
    judged(secret, endpoint(secret).map(|reached| reached.warnings))
}

/// What is said of a Secret that brings a cluster.
fn cluster(secret: &Secret) -> Vec<Check> {
    judged(secret, kubeconfig(secret).map(|reached| reached.warnings))
}

fn judged(secret: &Secret, read: Result<Vec<String>, Problem>) -> Vec<Check> {
    let warnings = match read {
        Ok(warnings) => warnings,
        Err(problem) => return vec![faulty(secret, problem)],
    };
    let name = || secret.name.clone();
    let mut checks = vec![Check::ok(name(), "is well-formed")];
    checks.extend(warnings.into_iter().map(|warning| {
        let remedy = format!(
            "`kubectl edit secret {} --namespace {}`; it is read again at once",
            secret.name,
            parts_of_place(&secret.namespace).1
        );
        Check::warn(name(), warning).remedy(Some(remedy))
    }));
    checks
}

fn faulty(secret: &Secret, problem: Problem) -> Check {
    Check::problem(secret.name.clone(), problem)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use cluster::live::secrets::Value;

    use super::*;
    use crate::doctor::Outcome;

    fn secret(name: &str, data: &[(&str, &str)]) -> Secret {
        Secret {
            namespace: "ops".to_owned(),
            name: name.to_owned(),
            data: data
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::of(*value)))
                .collect(),
            ..Secret::default()
        }
    }

    #[test]
    fn s31_what_is_said_of_a_secret_shows_no_value() {
        for (data, outcomes) in [
            (
                &[
                    ("endpoint", "https://sentinel.example"),
                    ("token", "sentinel"),
                ][..],
                &[Outcome::Ok][..],
            ),
            (
                &[
                    ("endpoint", "https://sentinel.example"),
                    ("tokn", "sentinel"),
                ],
                &[Outcome::Ok, Outcome::Warn],
            ),
            (&[("endpoint", "sentinel")], &[Outcome::Fail]),
        ] {
            let checks = backstage(&secret("a", data));
            let found: Vec<Outcome> = checks.iter().map(|check| check.outcome).collect();
            assert_eq!(found, outcomes);
            assert!(!format!("{checks:?}").contains("sentinel"), "{checks:?}");
            let worse = checks.iter().filter(|check| check.outcome > Outcome::Note);
            assert!(worse.clone().all(|check| check.remedy.is_some()));
        }
    }

    #[test]
    fn s30_named_and_labelled_ones_are_asked_for_and_what_is_not_used_is_not() {
        let text = "clusters: [{name: here, context: here}]\n\
                    scrapers: {backstage: {instances: [{name: main, secretName: a, namespace: ops, sync_interval: 1m}]}}\n\
                    secrets: {namespaces: [ops]}";
        let config = Config::parse(Path::new("b.yaml"), text).expect("a configuration");
        let secrets = config.secrets.clone().expect("Secrets are looked for");
        let good = [("endpoint", "https://b.example")];
        let label = BTreeMap::from([("causely.ai/cluster".to_owned(), "edge".to_owned())]);
        let edge = Secret {
            labels: label,
            ..secret("kubeconfig", &[("kubeconfig", "k"), ("namespaces", "shop")])
        };
        let seen = Seen {
            sections: Vec::new(),
            labelled: Labelled {
                backstages: vec![
                    secret("a", &good),
                    secret("b", &good),
                    secret("main", &good),
                    secret("c", &[]),
                ],
                clusters: vec![edge, secret("unnamed", &[("kubeconfig", "k")])],
            },
        };
        let found = seen.backstages(&config, &secrets);
        let names: Vec<&str> = found
            .iter()
            .map(|found| &*found.options.settings.name)
            .collect();
        assert_eq!(names, ["main", "b"]);
        let clusters = seen.clusters(&config);
        let names: Vec<&str> = clusters.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["edge"]);
    }
}
