//! Backstages as Kubernetes Secrets configure them: those that there are, and how another one comes to be. Requests bear
//! secrets, answers never do (S31).

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::source::SourceStatus;
use crate::summary::VerdictCounts;
use crate::word::{CheckOutcome, IntegrationOrigin, KeyChange, Verdict};

/// The Backstages that are read, and where another one may be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Integrations {
    /// Secrets may be written by this server.
    pub enabled: bool,
    /// Where they may be written; empty where they may not.
    pub places: Vec<IntegrationPlace>,
    /// The clusters that an instance may cover.
    pub clusters: Vec<String>,
    /// Every Backstage and every catalog of files.
    pub instances: Vec<Integration>,
}

/// A namespace in which Secrets may be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationPlace {
    /// The cluster.
    pub cluster: String,
    /// The namespace.
    pub namespace: String,
    /// The cluster permits it.
    pub permitted: bool,
    /// Why it does not, or why that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What to do about it, such as the commands that grant it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// An instance, and how it is configured as far as that is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Integration {
    /// Its name.
    pub name: String,
    /// Who says how it is reached.
    pub origin: IntegrationOrigin,
    /// Its Secret, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<IntegrationSecret>,
    /// Where it stands; nothing where it is not read yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<SourceStatus>,
    /// A person wants it left alone.
    pub paused: bool,
    /// It can be changed, paused and removed here.
    pub editable: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// The base URL of the Backstage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Any certificate is accepted.
    pub insecure_skip_verify: bool,
    /// The settings, as they stand in the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// The names of the further headers.
    pub header_names: Vec<String>,
}

/// The Secret of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationSecret {
    /// Its cluster.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it was when it was looked at; who changes it says so. Empty where it could not be looked at.
    pub version: String,
    /// The keys that it has.
    pub keys: Vec<String>,
}

/// A Backstage to be tried out, or planned. `data` is by the keys of its Secret; null takes a key away, and what is left
/// out stays as it is in the Secret of that name, if there is one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationDraft {
    /// The cluster of the Secret.
    pub cluster: String,
    /// The namespace of the Secret.
    pub namespace: String,
    /// The name of the Secret, and of the instance.
    pub name: String,
    /// What is to stand in it.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub data: BTreeMap<String, Option<SecretString>>,
}

/// What is to stand in the Secret. `version` is what it was when it was looked at; without one it is created.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationChange {
    /// The version that is changed.
    #[serde(default)]
    pub version: Option<String>,
    /// What is to stand in it; null takes a key away.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    pub data: BTreeMap<String, Option<SecretString>>,
}

/// Exactly what would be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationPlan {
    /// A Secret is created; else one is changed.
    pub creates: bool,
    /// The version that would be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The Secret as it would be, with the length in place of each value that is a secret.
    pub manifest: String,
    /// What becomes of each key.
    pub keys: Vec<IntegrationKey>,
    /// What is worth a second look.
    pub warnings: Vec<String>,
}

/// A key of a Secret that would be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationKey {
    /// The key.
    pub key: String,
    /// What becomes of it.
    pub change: KeyChange,
}

/// A Secret that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationWritten {
    /// Its name, which is that of the instance unless the configuration file gives it another.
    pub name: String,
    /// What it is now; nothing where it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What was seen of a Backstage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationTested {
    /// Nothing failed.
    pub ok: bool,
    /// Step by step: how far one gets, what it is, what it has.
    pub checks: Vec<IntegrationCheck>,
    /// What would be stitched; nothing where no entity could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<IntegrationTrial>,
}

/// A check, as `backstitch doctor` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationCheck {
    /// What was looked at.
    pub check: String,
    /// What it came to.
    pub outcome: CheckOutcome,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What the components that were read would be stitched to in the clusters that are watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationTrial {
    /// How many components were read.
    pub components: u64,
    /// They are all that there are; else the first ones.
    pub whole: bool,
    /// Components that would be stitched.
    pub stitched: u64,
    /// Components in the clusters that they cover. Claims of others are not weighed.
    pub verdicts: VerdictCounts,
    /// Components with a label selector that nobody used before: what it selects shows after it is saved.
    pub unsure: u64,
    /// Some of them, the stitched ones first.
    pub examples: Vec<IntegrationTried>,
}

/// A component in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationTried {
    /// The reference of the component.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The cluster.
    pub cluster: String,
    /// What it would be.
    pub verdict: Verdict,
    /// The name of a Service that is read of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes_id: Option<String>,
    /// The owner that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The Services.
    pub services: Vec<String>,
    /// A component of another instance has one of them now.
    pub claimed_by_others: bool,
}
