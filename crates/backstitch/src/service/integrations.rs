//! Reads and writes the Secrets by which Backstages are configured, for whoever asks at the server (S29–S31).
//!
//! ```text
//!  Wish ─┬─ look ──▶ Secrets and permissions, per namespace ──▶ what there is
//!        ├─ test ──▶ the doctor's questions, the first components ──▶ what was seen
//!        ├─ plan ──▶ weighed (`plan`, pure) ──▶ what would be written
//!        └─ write, pause, resume, remove ──▶ one Secret, as it was looked at
//! ```
//!
//! What is written comes back as any Secret does, by the watch of those: nothing is told to the loop here. It owns where may be
//! written, and how much is asked at a time. Who may ask is the server's business. Every write is logged, without values.

mod plan;
mod present;
mod test;

use std::sync::Arc;
use std::time::Duration;

use ::cluster::live::secrets::{Change, Secret, WriteError, change, create, get, remove};
use ::cluster::live::{ApiServer, Pace, connect};
use api::{IntegrationChange, IntegrationDraft, IntegrationPlan, IntegrationWritten};
use server::integrations::{Answer, Declined, Deed, Desk, Place, Why, Wish};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use self::plan::{Given, Planned, declined, weighed};
use super::told;
use crate::apart::{Unfinished, apart};
use crate::config::{Config, SecretPlace, SecretRef, Secrets, is_kubernetes_name};
use crate::secrets::{Found, Purpose, instances, pause_annotation};

/// Requests that are carried out at the same time, those that try something out aside.
const AT_ONCE: usize = 4;
/// Backstages that are tried out at the same time.
const TESTS_AT_ONCE: usize = 1;
/// The longest that one answer of an API server may take.
const ANSWER: Duration = Duration::from_secs(10);
/// The longest that all questions to an API server, and the command that gives the credentials, may take.
const CLUSTER_PATIENCE: Duration = Duration::from_secs(25);

/// Who carries out what is asked at the desk.
pub(super) struct Keeper {
    keeping: Arc<Keeping>,
    wishes: mpsc::Receiver<Wish>,
}

/// What it is done with.
struct Keeping {
    config: Config,
    secrets: Secrets,
    /// Where Secrets may be written.
    places: Vec<SecretPlace>,
    turns: Semaphore,
    tests: Semaphore,
}

/// A desk, and who sits at it, where that is enabled.
pub(super) fn open(config: &Config) -> Option<(Desk, Keeper)> {
    let (integrations, secrets) = (config.integrations.as_ref()?, config.secrets.as_ref()?);
    let (desk, wishes) = Desk::open();
    let keeping = Keeping {
        config: config.clone(),
        secrets: secrets.clone(),
        places: integrations.writable(secrets),
        turns: Semaphore::new(AT_ONCE),
        tests: Semaphore::new(TESTS_AT_ONCE),
    };
    let keeping = Arc::new(keeping);
    Some((desk, Keeper { keeping, wishes }))
}

impl Keeper {
    /// Starts it. It ends with what is returned.
    pub(super) fn start(self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        tasks.spawn(self.run());
        tasks
    }

    async fn run(mut self) {
        let mut under_way: JoinSet<()> = JoinSet::new();
        while let Some(wish) = self.wishes.recv().await {
            while under_way.try_join_next().is_some() {}
            under_way.spawn(carried_out(Arc::clone(&self.keeping), wish));
        }
    }
}

async fn carried_out(keeping: Arc<Keeping>, wish: Wish) {
    match wish {
        Wish::Look(answer) => answered(answer, keeping.turn(keeping.look())).await,
        Wish::Test(draft, answer) => answered(answer, keeping.test(draft)).await,
        Wish::Plan(draft, answer) => answered(answer, keeping.turn(keeping.plan(draft))).await,
        Wish::Write(place, change, answer) => {
            answered(answer, keeping.turn(keeping.write(place, change))).await;
        }
        Wish::Change(place, version, deed, answer) => {
            answered(answer, keeping.turn(keeping.deed(place, version, deed))).await;
        }
    }
}

async fn answered<T>(answer: Answer<T>, work: impl Future<Output = Result<T, Declined>>) {
    // Whoever asked may have gone.
    let _ = answer.send(work.await);
}

impl Keeping {
    /// Does the work when it is its turn.
    async fn turn<T>(
        &self,
        work: impl Future<Output = Result<T, Declined>>,
    ) -> Result<T, Declined> {
        let _turn = self.turns.acquire().await;
        work.await
    }

    /// What the credentials lead to.
    async fn server(&self, place: &SecretPlace) -> Result<ApiServer, Declined> {
        let access = place.access.clone();
        let connected = apart("integrations", CLUSTER_PATIENCE, async move || {
            connect(&access).await
        });
        let (message, hint) = match connected.await {
            Ok(Ok(server)) => return Ok(server),
            Ok(Err(error)) => (told(&error), error.hint()),
            Err(Unfinished::NoThread(error)) => (format!("no thread can be had: {error}"), None),
            Err(Unfinished::Failed | Unfinished::Late) => {
                let seconds = CLUSTER_PATIENCE.as_secs();
                let message = format!("there were no credentials within {seconds} s");
                (message, None)
            }
        };
        Err(Declined {
            why: Why::Unavailable,
            message: format!("cluster `{}`: {message}", place.cluster),
            hint,
        })
    }

    /// The Secret of that place, if there is one.
    async fn secret(
        &self,
        server: &ApiServer,
        target: &Secret,
    ) -> Result<Option<Secret>, Declined> {
        let found = get(server, &pace(), &target.namespace, &target.name).await;
        found.map_err(|error| Declined {
            why: if error.is_forbidden() {
                Why::Forbidden
            } else {
                Why::Unavailable
            },
            message: error.to_string(),
            hint: error.hint(),
        })
    }

    /// A place that may be written to, and a Secret of that name without anything.
    fn target(&self, place: &Place) -> Result<(SecretPlace, Secret), Declined> {
        let Place {
            cluster,
            namespace,
            name,
        } = place;
        let found = self
            .places
            .iter()
            .find(|place| place.cluster == *cluster && place.namespace == *namespace);
        let Some(found) = found else {
            let all: Vec<String> = self
                .places
                .iter()
                .map(|place| format!("`{}/{}`", place.cluster, place.namespace))
                .collect();
            let message = format!(
                "Secrets are not written in `{cluster}/{namespace}`, only in {}",
                all.join(", ")
            );
            let hint = Some("`integrations` of the configuration says where");
            return Err(declined(Why::Parameter("namespace"), message, hint));
        };
        if !is_kubernetes_name(name) {
            let message = format!(
                "found the name `{name}`, expected lower case letters, digits, `-` and `.`, such as `backstage`"
            );
            return Err(declined(Why::Parameter("name"), message, None));
        }
        let secret = Secret {
            namespace: namespace.clone(),
            name: name.clone(),
            ..Secret::default()
        };
        Ok((found.clone(), secret))
    }

    /// What would become of a Secret; that of the same place as it is.
    async fn weigh(&self, place: &Place, given: &Given) -> Result<Weighed, Declined> {
        let (at, target) = self.target(place)?;
        let server = self.server(&at).await?;
        let there = self.secret(&server, &target).await?;
        let planned = weighed(there.as_ref(), &target, given, &self.config.label_prefix)?;
        Ok(Weighed {
            at,
            server,
            there,
            planned,
        })
    }

    async fn plan(&self, draft: IntegrationDraft) -> Result<IntegrationPlan, Declined> {
        let (place, given) = parts(draft);
        let Weighed { at, planned, .. } = self.weigh(&place, &given).await?;
        self.would_be_used(&at, &planned.secret).await?;
        Ok(planned.told())
    }

    /// A Secret whose name another instance has would be written for nothing.
    async fn would_be_used(&self, at: &SecretPlace, secret: &Secret) -> Result<(), Declined> {
        let candidate = Secret {
            namespace: at.key.clone(),
            ..secret.clone()
        };
        let is_it =
            |namespace: &str, name: &str| namespace == at.key && name == candidate.name.as_str();
        // What cannot be listed has a status of its own, which says so.
        let seen = self.seen().await.into_iter().flat_map(|seen| seen.secrets);
        let mut all: Vec<Secret> = seen
            .filter(|other| !is_it(&other.namespace, &other.name))
            .collect();
        let (before, _) = instances(&self.config, &all);
        let used: Vec<SecretRef> = before.iter().map(Found::reference).collect();
        all.push(candidate.clone());
        let (after, clashes) = instances(&self.config, &all);
        let clash = clashes
            .into_iter()
            .find(|clash| is_it(&clash.secret.namespace, &clash.secret.name));
        // Nor is one to take the place of another that has the name now.
        let displaced = used
            .iter()
            .find(|used| !after.iter().any(|found| found.reference() == **used));
        if let (None, Some(SecretRef { namespace, name })) = (&clash, displaced) {
            let message = format!(
                "the Secret `{name}` of namespace `{namespace}` makes an instance of that name already"
            );
            return Err(declined(
                Why::Conflict,
                message,
                Some("choose another name"),
            ));
        }
        match clash {
            Some(clash) => Err(declined(Why::Conflict, clash.message, None)),
            None => Ok(()),
        }
    }

    async fn write(
        &self,
        place: Place,
        wanted: IntegrationChange,
    ) -> Result<IntegrationWritten, Declined> {
        let IntegrationChange { version, data } = wanted;
        let Weighed {
            at,
            server,
            there,
            planned,
        } = self.weigh(&place, &data).await?;
        let done = match (there, version) {
            (Some(_), None) => Err(WriteError::Exists),
            (None, Some(_)) => Err(WriteError::Gone),
            (Some(there), Some(version)) => {
                // What was looked at counts, and not what was found right now.
                let there = Secret { version, ..there };
                change(&server, &pace(), &there, &planned.change).await
            }
            (None, None) => {
                self.would_be_used(&at, &planned.secret).await?;
                let (namespace, name) = (&place.namespace, &place.name);
                create(&server, &pace(), namespace, name, &planned.change).await
            }
        };
        let written = done.map_err(|error| refused(&place, &error))?;
        let what = if planned.creates {
            "created"
        } else {
            "changed"
        };
        told_of(&place, what, &planned.written().join(", "));
        Ok(IntegrationWritten {
            name: written.name,
            version: Some(written.version),
        })
    }

    async fn deed(
        &self,
        place: Place,
        version: String,
        deed: Deed,
    ) -> Result<IntegrationWritten, Declined> {
        let (at, target) = self.target(&place)?;
        let server = self.server(&at).await?;
        let there = self.secret(&server, &target).await?;
        let Some(there) = there else {
            return Err(refused(&place, &WriteError::Gone));
        };
        let selector = Purpose::Backstage.selector(&self.config.label_prefix);
        if !selector.matches(&there.labels) {
            let message = format!(
                "the Secret `{}` does not carry the label `{selector}`",
                there.name
            );
            return Err(declined(Why::Conflict, message, None));
        }
        let there = Secret { version, ..there };
        let annotated = |value: Option<&str>| {
            let key = pause_annotation(&self.config.label_prefix);
            Change {
                annotations: [(key, value.map(str::to_owned))].into(),
                ..Change::default()
            }
        };
        let (what, done) = match deed {
            Deed::Pause => {
                let wanted = annotated(Some("true"));
                (
                    "paused",
                    change(&server, &pace(), &there, &wanted).await.map(Some),
                )
            }
            Deed::Resume => {
                let wanted = annotated(None);
                (
                    "resumed",
                    change(&server, &pace(), &there, &wanted).await.map(Some),
                )
            }
            Deed::Remove => (
                "removed",
                remove(&server, &pace(), &there).await.map(|()| None),
            ),
        };
        let written = done.map_err(|error| refused(&place, &error))?;
        told_of(&place, what, "");
        Ok(IntegrationWritten {
            name: there.name,
            version: written.map(|secret| secret.version),
        })
    }
}

/// What would become of a Secret, and where.
struct Weighed {
    at: SecretPlace,
    server: ApiServer,
    there: Option<Secret>,
    planned: Planned,
}

/// S31: which keys, and never a value.
fn told_of(place: &Place, what: &str, keys: &str) {
    let Place {
        cluster,
        namespace,
        name,
    } = place;
    tracing::info!(%cluster, %namespace, %name, keys, "the Secret of a Backstage was {what}, as was asked for over HTTP");
}

fn refused(place: &Place, error: &WriteError) -> Declined {
    let why = match error {
        WriteError::Exists | WriteError::Changed => Why::Conflict,
        WriteError::Gone => Why::NotFound,
        WriteError::Forbidden { .. } => Why::Forbidden,
        WriteError::Invalid => Why::Parameter("data"),
        WriteError::Request(_) => Why::Unavailable,
    };
    let Place {
        namespace, name, ..
    } = place;
    Declined {
        why,
        message: format!(
            "Secret `{name}` of namespace `{namespace}`: {}",
            told(error)
        ),
        hint: error.hint(),
    }
}

fn parts(draft: IntegrationDraft) -> (Place, Given) {
    let IntegrationDraft {
        cluster,
        namespace,
        name,
        data,
    } = draft;
    let place = Place {
        cluster,
        namespace,
        name,
    };
    (place, data)
}

fn pace() -> Pace {
    Pace {
        answer_timeout: ANSWER,
        ..Pace::default()
    }
}
