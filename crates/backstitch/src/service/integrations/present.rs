//! What there is: every instance and who configures it, and where Secrets may be written.

use std::collections::BTreeMap;

use ::cluster::live::secrets::{Secret, list};
use ::cluster::live::{ApiServer, secrets_unwritable};
use api::{Integration, IntegrationOrigin, IntegrationPlace, IntegrationSecret, Integrations};
use futures::future::join_all;
use server::integrations::Declined;

use super::plan::clear;
use super::{Keeping, pace};
use crate::config::{
    Config, InstanceOptions, InstanceSource, SecretPlace, SecretRef, parse_endpoint, parts_of_place,
};
use crate::secrets::{Purpose, endpoint, instances, is_paused};

/// A namespace, what it has, and what of that is not permitted.
pub(super) struct SeenPlace {
    place: SecretPlace,
    /// Its Secrets with the label, each with what the place is called here as its namespace.
    pub(super) secrets: Vec<Secret>,
    /// Why they cannot be read, or written, and what to do.
    problem: Option<(String, Option<String>)>,
}

impl Keeping {
    pub(super) async fn look(&self) -> Result<Integrations, Declined> {
        let mut found = Integrations {
            enabled: true,
            ..Integrations::default()
        };
        let mut labelled: Vec<Secret> = Vec::new();
        for seen in self.seen().await {
            labelled.extend(seen.secrets);
            if !self.places.contains(&seen.place) {
                continue;
            }
            let (problem, remedy) = seen.problem.unzip();
            found.places.push(IntegrationPlace {
                cluster: seen.place.cluster,
                namespace: seen.place.namespace,
                permitted: problem.is_none(),
                problem,
                remedy: remedy.flatten(),
            });
        }
        found.instances = self.instances(&labelled);
        Ok(found)
    }

    /// Every namespace in which Secrets are looked for. The clusters are asked at the same time: one that is dead delays no
    /// other.
    pub(super) async fn seen(&self) -> Vec<SeenPlace> {
        let mut clusters: BTreeMap<String, Vec<SecretPlace>> = BTreeMap::new();
        for place in self.secrets.places() {
            let of = clusters.entry(place.cluster.clone()).or_default();
            of.push(place);
        }
        let asked = clusters.into_values().map(|places| self.of_cluster(places));
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn of_cluster(&self, places: Vec<SecretPlace>) -> Vec<SeenPlace> {
        let Some(first) = places.first() else {
            return Vec::new();
        };
        let server = self.server(first).await;
        let mut all = Vec::new();
        for place in places {
            all.push(match &server {
                Ok(server) => self.namespace(server, place).await,
                Err(declined) => SeenPlace {
                    place,
                    secrets: Vec::new(),
                    problem: Some((declined.message.clone(), declined.hint.clone())),
                },
            });
        }
        all
    }

    /// The labelled Secrets of a namespace, and whether it may be written to.
    async fn namespace(&self, server: &ApiServer, place: SecretPlace) -> SeenPlace {
        let namespace = &place.namespace;
        let selector = Purpose::Backstage.selector(&self.config.label_prefix);
        let mut problem = None;
        if self.places.contains(&place) {
            problem = match secrets_unwritable(server, &pace(), namespace).await {
                Ok(None) => None,
                Ok(Some(error)) => Some((super::told(&error), error.hint())),
                Err(error) => Some((super::told(&error), error.hint())),
            };
        }
        let listed = list(server, &pace(), namespace, &selector).await;
        let mut secrets = listed.unwrap_or_else(|error| {
            problem.get_or_insert_with(|| (super::told(&error), error.hint()));
            Vec::new()
        });
        for secret in &mut secrets {
            secret.namespace.clone_from(&place.key);
        }
        SeenPlace {
            place,
            secrets,
            problem,
        }
    }

    /// How the configuration has the instance of a Secret stitched.
    pub(super) fn options_of(&self, namespace: &str, name: &str) -> InstanceOptions {
        let named = self.config.instances.iter().find(|instance| {
            matches!(&instance.source, InstanceSource::Secret(secret) if secret.namespace == namespace && secret.name == name)
        });
        match named {
            Some(instance) => instance.options.clone(),
            None => self.secrets.options_of(name),
        }
    }

    fn instances(&self, labelled: &[Secret]) -> Vec<Integration> {
        let mut all = Vec::new();
        for (name, source) in configured(&self.config) {
            let reference = match source {
                Some(InstanceSource::Secret(reference)) => reference,
                source => {
                    all.push(of_file(name, source));
                    continue;
                }
            };
            let secret = labelled.iter().find(|secret| {
                secret.namespace == reference.namespace && secret.name == reference.name
            });
            all.push(self.of_secret(name, IntegrationOrigin::Both, reference, secret));
        }
        let (found, _) = instances(&self.config, labelled);
        for found in found {
            let reference = found.reference();
            all.push(self.of_secret(
                found.name,
                IntegrationOrigin::Secret,
                &reference,
                Some(found.secret),
            ));
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn of_secret(
        &self,
        name: &str,
        origin: IntegrationOrigin,
        reference: &SecretRef,
        secret: Option<&Secret>,
    ) -> Integration {
        let (cluster, namespace) = parts_of_place(&reference.namespace);
        let may = self
            .places
            .iter()
            .any(|place| place.key == reference.namespace);
        let why_not = match secret {
            None => {
                Some("its Secret is not there, or does not carry the label: its status says which")
            }
            Some(_) if !may => Some("Secrets are not written in its namespace"),
            Some(_) => None,
        };
        let text = |key: &str| secret.and_then(|secret| clear(secret, key));
        let reached = secret.and_then(|secret| endpoint(secret).ok());
        let headers = reached.iter().flat_map(|reached| &reached.endpoint.headers);
        let url = text("endpoint").and_then(|text| parse_endpoint(text.trim()).ok());
        Integration {
            name: name.to_owned(),
            origin,
            secret: Some(IntegrationSecret {
                cluster: cluster.unwrap_or(&self.secrets.cluster).to_owned(),
                namespace: namespace.to_owned(),
                name: reference.name.clone(),
                version: secret.map(|it| it.version.clone()).unwrap_or_default(),
                keys: secret
                    .iter()
                    .flat_map(|it| it.data.keys().cloned())
                    .collect(),
            }),
            state: None,
            paused: secret.is_some_and(|it| is_paused(it, &self.config.label_prefix)),
            editable: why_not.is_none(),
            why_not: why_not.map(str::to_owned),
            endpoint: url.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            insecure_skip_verify: text("insecure_skip_verify")
                .is_some_and(|it| it.trim() == "true"),
            settings: text("settings").map(str::to_owned),
            header_names: headers.map(|(name, _)| name.to_string()).collect(),
        }
    }
}

/// The instances of the configuration, and where their catalogs are, where that is known.
fn configured(config: &Config) -> impl Iterator<Item = (&str, Option<&InstanceSource>)> {
    let instances = config.instances.iter();
    let instances = instances.map(|instance| (instance.name(), Some(&instance.source)));
    let refused = config.refused.iter();
    let without = config.without_source.iter();
    instances
        .chain(refused.map(|it| (it.name.as_str(), None)))
        .chain(without.map(|it| (&*it.settings.name, None)))
}

fn of_file(name: &str, source: Option<&InstanceSource>) -> Integration {
    let endpoint = match source {
        Some(InstanceSource::Endpoint(endpoint)) => Some(endpoint),
        _ => None,
    };
    Integration {
        name: name.to_owned(),
        origin: IntegrationOrigin::File,
        secret: None,
        state: None,
        paused: false,
        editable: false,
        why_not: Some("the configuration file has it".to_owned()),
        endpoint: endpoint.map(|it| it.url.as_str().trim_end_matches('/').to_owned()),
        insecure_skip_verify: endpoint.is_some_and(|it| it.insecure_skip_verify),
        settings: None,
        header_names: Vec::new(),
    }
}
