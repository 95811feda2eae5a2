//! Secrets that hold configuration: whether they may be read, which there are, and whether they are well-formed. No value is
//! shown (S31).
//!
//! ```text
//!  Secrets of the configuration ── look ──▶ Seen ─┬─ sections ──▶ checks per namespace
//!                                                 └─ backstages ▶ endpoints to be asked, as those of the configuration
//! ```

use cluster::live::secrets::{Secret, Selector, get, list};
use cluster::live::{ApiServer, Pace, connect, secrets_denied};

use super::{About, Check, Section, told};
use crate::config::{Config, Endpoint, InstanceOptions, SecretRef, Secrets, secrets_of};
use crate::secrets::{Problem, endpoint, merge, missing, unlabelled};

/// A kind of Secret that is looked for by a label.
struct Sought {
    selector: Selector,
    /// What is said of one.
    judge: fn(&Secret) -> Vec<Check>,
}

/// The kinds of Secrets that are looked for.
fn sought(config: &Config, secrets: &Secrets) -> Vec<Sought> {
    let backstages = Sought {
        selector: Selector::backstages(&config.label_prefix),
        judge: backstage,
    };
    let used = secrets.backstages || secrets_of(config).next().is_some();
    used.then_some(backstages).into_iter().collect()
}

/// What was seen of the Secrets.
pub(super) struct Seen {
    sections: Vec<Section>,
    /// Those that configure a Backstage and are as they should be.
    labelled: Vec<Secret>,
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
            labelled: Vec::new(),
        }
    }

    /// The Backstages that can be asked by what their Secrets say.
    pub(super) fn backstages(&self, config: &Config, secrets: &Secrets) -> Vec<Found> {
        let options_of = |secret: &Secret| {
            let named = config.instances.iter().find(|instance| {
                matches!(&instance.source, crate::config::InstanceSource::Secret(named) if is(secret, named))
            });
            named.map(|instance| instance.options.clone())
        };
        let (lodgers, _) = merge(config, &self.labelled);
        let is_lodger = |secret: &Secret| {
            secrets.backstages && lodgers.iter().any(|found| found.secret == secret)
        };
        let found = self.labelled.iter().filter_map(|secret| {
            let found = || is_lodger(secret).then(|| secrets.options_of(&secret.name));
            let options = options_of(secret).or_else(found)?;
            let endpoint = endpoint(secret).ok()?.endpoint;
            Some(Found { options, endpoint })
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
pub(super) async fn look(config: &Config, secrets: &Secrets, pace: &Pace) -> Seen {
    let server = match connect(&secrets.access).await {
        Ok(server) => server,
        Err(error) => {
            let message = format!("cluster `{}`: {}", secrets.cluster, told(&error));
            return Seen::unseen(Check::fail("access", message).remedy(error.hint()));
        }
    };
    let mut seen = Seen {
        sections: Vec::new(),
        labelled: Vec::new(),
    };
    for namespace in secrets.all_namespaces() {
        let checks = in_namespace(
            config,
            secrets,
            &server,
            pace,
            &namespace,
            &mut seen.labelled,
        );
        let checks = checks.await;
        let section = Section::new(About::Secrets, Some(&namespace), checks);
        seen.sections.push(section);
    }
    if secrets.backstages {
        let (_, clashes) = merge(config, &seen.labelled);
        for clash in clashes {
            let of =
                |section: &&mut Section| section.name.as_deref() == Some(&clash.secret.namespace);
            if let Some(section) = seen.sections.iter_mut().find(of) {
                let name = clash.secret.name.clone();
                section.checks.push(Check::warn(name, clash.message));
            }
        }
    }
    seen
}

async fn in_namespace(
    config: &Config,
    secrets: &Secrets,
    server: &ApiServer,
    pace: &Pace,
    namespace: &str,
    labelled: &mut Vec<Secret>,
) -> Vec<Check> {
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
    for Sought { selector, judge } in sought(config, secrets) {
        match list(server, pace, namespace, &selector).await {
            Ok(found) => {
                let message = format!("Secrets with the label `{selector}`: {}", found.len());
                checks.push(Check::ok("labelled", message));
                checks.extend(found.iter().flat_map(judge));
                labelled.extend(found);
            }
            Err(error) => {
                checks.push(Check::fail("labelled", told(&error)).remedy(error.hint()));
                return checks;
            }
        }
    }
    let prefix = &config.label_prefix;
    let named = secrets_of(config).filter(|secret| secret.namespace == namespace);
    for secret in named.filter(|named| !labelled.iter().any(|secret| is(secret, named))) {
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
    match endpoint(secret) {
        Ok(reached) => {
            let name = || secret.name.clone();
            let mut checks = vec![Check::ok(name(), "is well-formed")];
            checks.extend(reached.warnings.into_iter().map(|warning| {
                let remedy = format!(
                    "`kubectl edit secret {} --namespace {}`; it is read again at once",
                    secret.name, secret.namespace
                );
                Check::warn(name(), warning).remedy(Some(remedy))
            }));
            checks
        }
        Err(problem) => vec![faulty(secret, problem)],
    }
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
            labels: BTreeMap::new(),
            data: data
                .iter()
                .map(|(key, value)| ((*key).to_owned(), Value::of(*value)))
                .collect(),
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
        let seen = Seen {
            sections: Vec::new(),
            labelled: vec![
                secret("a", &good),
                secret("b", &good),
                secret("main", &good),
                secret("c", &[]),
            ],
        };
        let found = seen.backstages(&config, &secrets);
        let names: Vec<&str> = found
            .iter()
            .map(|found| &*found.options.settings.name)
            .collect();
        assert_eq!(names, ["main", "b"]);
    }
}
