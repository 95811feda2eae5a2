//! Trying a Backstage out: the doctor's questions, and the first of its components.

use std::num::NonZeroU32;

use api::{CheckOutcome, IntegrationCheck, IntegrationDraft};
use server::integrations::{Declined, Read, Tested, Why};
use tokio::time::{Instant, timeout, timeout_at};

use super::plan::{declined, weighed};
use super::{Keeping, parts};
use crate::config::{Endpoint, InstanceOptions, SecretPlace, parts_of_place};
use crate::doctor::catalog::{PATIENCE, ask, checks, late};
use crate::doctor::{Check, Outcome};
use crate::sources::backstage::Clients;

/// How many components are asked for at once, and how often.
const PAGE: NonZeroU32 = NonZeroU32::new(500).expect("not zero");
const PAGES: usize = 2;

impl Keeping {
    /// Asks a Backstage what it is, and what it has. Nothing of it is kept.
    pub(super) async fn test(&self, draft: IntegrationDraft) -> Result<Tested, Declined> {
        let Ok(_turn) = self.tests.try_acquire() else {
            let message = "another Backstage is being tried out";
            return Err(declined(
                Why::Unavailable,
                message,
                Some("wait until that is done"),
            ));
        };
        let (place, given) = parts(draft);
        // What is complete by itself needs no cluster.
        let (at, target) = self.target(&place)?;
        let alone = weighed(None, &target, &given, &self.config.label_prefix);
        let there = match self.there(&at, &target).await {
            Ok(there) => there,
            Err(declined) if alone.is_err() => return Err(declined),
            Err(_) => None,
        };
        let mut planned = match &there {
            Some(there) => weighed(Some(there), &target, &given, &self.config.label_prefix)?,
            None => alone?,
        };
        let configured = self.options_of(&at.key, &place.name);
        planned.reached.cluster = parts_of_place(&at.key).0.map(str::to_owned);
        let options = planned.reached.options(&configured);
        Ok(tested(&planned.reached.endpoint, &options).await)
    }

    async fn there(
        &self,
        at: &SecretPlace,
        target: &::cluster::live::secrets::Secret,
    ) -> Result<Option<::cluster::live::secrets::Secret>, Declined> {
        let server = self.server(at).await?;
        self.secret(&server, target).await
    }
}

async fn tested(endpoint: &Endpoint, options: &InstanceOptions) -> Tested {
    let settings = &options.settings;
    let until = Instant::now() + PATIENCE;
    let Ok(asked) = timeout(PATIENCE, ask(endpoint, &settings.label_map)).await else {
        return Tested {
            checks: vec![told(late())],
            read: None,
        };
    };
    let mut found: Vec<Check> = checks(endpoint, settings, &asked);
    let failed = found.iter().any(|check| {
        check.outcome == Outcome::Fail && !matches!(&*check.what, "entities" | "kubernetes-id")
    });
    let mut read = None;
    if !failed {
        match timeout_at(until, sampled(endpoint, options)).await {
            Ok(Ok(sample)) => read = Some(sample),
            Ok(Err(message)) => {
                let message = format!("its components could not be read: {message}");
                found.push(Check::fail("sample", message));
            }
            Err(_) => {
                let message = format!(
                    "its first components did not come within {} s",
                    PATIENCE.as_secs()
                );
                found.push(Check::warn("sample", message));
            }
        }
    }
    Tested {
        checks: found.into_iter().map(told).collect(),
        read,
    }
}

async fn sampled(endpoint: &Endpoint, options: &InstanceOptions) -> Result<Read, String> {
    let settings = &options.settings;
    let mut clients = Clients::default();
    let access = clients.access(endpoint, &settings.label_map);
    let access = access.map_err(|error| super::told(&error))?;
    let sample = access
        .sample(&endpoint.filter, &settings.label_map, PAGE, PAGES)
        .await
        .map_err(|error| super::told(&error))?;
    Ok(Read {
        entities: sample.entities,
        whole: sample.whole,
        settings: settings.clone(),
    })
}

fn told(check: Check) -> IntegrationCheck {
    IntegrationCheck {
        check: check.what.into_owned(),
        outcome: match check.outcome {
            Outcome::Ok => CheckOutcome::Ok,
            Outcome::Note => CheckOutcome::Note,
            Outcome::Warn => CheckOutcome::Warn,
            Outcome::Fail => CheckOutcome::Fail,
        },
        message: check.message,
        remedy: check.remedy,
    }
}
