//! Who owns something, and how to reach them.

use std::collections::BTreeMap;

use api::{
    Cause, Confidence, OwnerContact, OwnerReasoning, ResolveAnswer, VerdictExplanation, WorkloadRow,
};
use serde::Serialize;

use super::{Answer, cut_to, written};
use crate::output::ownership;
use crate::output::paint::Paint;
use crate::report::Failure;

/// One shape for whatever is owned.
#[derive(Serialize)]
struct Whose<'a> {
    /// Whether anybody owns it.
    owned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<Confidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<&'a WorkloadRow>,
    owners: Vec<Holder<'a>>,
    path: Vec<String>,
    candidates: &'a [String],
}

/// An owner, and by way of what.
#[derive(Serialize)]
struct Holder<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a OwnerContact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a Cause>,
}

/// Who owns a Service, a workload, or what labels lead to.
pub(crate) fn resolved(
    subject: &str,
    answer: &ResolveAnswer,
    limit: usize,
) -> Result<Answer, Failure> {
    let text = written(|out| ownership::write(subject, answer, Paint::NONE, out))?;
    let owners: Vec<Holder<'_>> = answer
        .owners
        .iter()
        .map(|it| Holder {
            service: Some(&it.service),
            component: it.component.as_deref(),
            instance: None,
            owner: it.owner.as_ref(),
            since: it.since.as_deref(),
            cause: it.cause.as_ref(),
        })
        .collect();
    let whose = Whose {
        owned: owners.iter().any(|it| it.owner.is_some()),
        confidence: Some(answer.confidence),
        at: answer.at.as_deref(),
        service: answer.service.as_deref(),
        workload: answer.workload.as_ref(),
        owners,
        path: answer.path.clone(),
        candidates: &answer.candidates,
    };
    cut_to(text, &whose, limit)
}

/// Who owns a component: in every cluster the same, in every instance maybe another.
pub(crate) fn component(
    reference: &str,
    verdicts: &[VerdictExplanation],
    limit: usize,
) -> Result<Answer, Failure> {
    let by_instance: BTreeMap<&str, &OwnerReasoning> = verdicts
        .iter()
        .map(|verdict| (verdict.instance.as_str(), &verdict.owner))
        .collect();
    let text =
        written(|out| ownership::write_component(reference, &by_instance, Paint::NONE, out))?;
    let owners: Vec<Holder<'_>> = by_instance
        .iter()
        .map(|(instance, reasoning)| Holder {
            service: None,
            component: Some(reference),
            instance: Some(instance),
            owner: reasoning.owner.as_ref(),
            since: None,
            cause: None,
        })
        .collect();
    let tried = by_instance.values().flat_map(|reasoning| &reasoning.tried);
    let whose = Whose {
        owned: owners.iter().any(|it| it.owner.is_some()),
        confidence: None,
        at: None,
        service: None,
        workload: None,
        path: tried
            .map(|it| format!("`{}` of the component says `{}`", it.path, it.target))
            .collect(),
        owners,
        candidates: &[],
    };
    cut_to(text, &whose, limit)
}
