//! `backstitch owner`: who owns something, and how to reach them.

use std::collections::BTreeMap;

use anyhow::Result;
use api::{Confidence, Explanation, ResolveAnswer, VerdictExplanation, WorkloadExplanation};
use jiff::{Timestamp, Zoned};

use super::ask::{Asked, Server};
use crate::args::{AnswerFormat, OwnerArgs};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::{document, ownership, unowned};
use crate::report::Failure;
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(args: &OwnerArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    if let Some(at) = args.at {
        let at = at.on(&Zoned::now());
        let at = at.map_err(|error| Failure::new(format!("`--at` cannot be used: {error}")))?;
        let server = Asked::server(&args.ask.at, config)?;
        let answer = past(&server, &args.subject, at).await?;
        return print(&args.subject, &answer, args.ask.output, terminal);
    }
    let asked = Asked::open(&args.ask.at, config, terminal).await?;
    match now(&asked, &args.subject).await? {
        Owned::Resolved(answer) => print(&args.subject, &answer, args.ask.output, terminal),
        Owned::Component {
            reference,
            verdicts,
        } => component(&reference, &verdicts, args.ask.output, terminal),
    }
}

/// Whose something is.
pub(crate) enum Owned {
    /// That of a Service, or of what is around one.
    Resolved(ResolveAnswer),
    /// That of a component, which its verdicts say.
    Component {
        /// Canonical reference.
        reference: String,
        /// In every instance and cluster.
        verdicts: Vec<VerdictExplanation>,
    },
}

/// Who owns it now.
pub(crate) async fn now(asked: &Asked, subject: &str) -> Result<Owned, Failure> {
    let answer = match asked.explain(subject).await {
        Ok(Explanation::Component {
            reference,
            verdicts,
            ..
        }) => {
            return Ok(Owned::Component {
                reference,
                verdicts,
            });
        }
        Ok(Explanation::Service(it)) => {
            let service = &it.service;
            let labels = bag(
                &service.cluster,
                &service.namespace,
                "service",
                &service.name,
            );
            asked.resolve(labels).await?
        }
        Ok(Explanation::Workload(it)) => workload(asked, &it).await?,
        // A pod that an alert names is often gone; its name still says whose it was.
        Err(failure) => match pod_labels(subject) {
            Some(labels) => match asked.resolve(labels).await {
                Ok(answer) if !answer.owners.is_empty() => answer,
                _ => return Err(failure),
            },
            None => return Err(failure),
        },
    };
    Ok(Owned::Resolved(answer))
}

fn print(
    subject: &str,
    answer: &ResolveAnswer,
    format: AnswerFormat,
    terminal: Terminal,
) -> Result<Exit> {
    let owned = answer
        .owners
        .iter()
        .any(|resolved| resolved.owner.is_some());
    Terminal::print(|out| match format {
        AnswerFormat::Text => ownership::write(subject, answer, terminal.out, out),
        AnswerFormat::Json => document::json(answer, out),
        AnswerFormat::Yaml => document::yaml(answer, out),
    })?;
    Ok(if owned { Exit::Done } else { Exit::Refused })
}

/// Who owned it at a moment of the past. What it is called is looked for among what is there now, and then among what was.
pub(crate) async fn past(
    server: &Server,
    subject: &str,
    at: Timestamp,
) -> Result<ResolveAnswer, Failure> {
    let moment = at.to_string();
    let query = [("at", moment.as_str())];
    let explained = server.get(&["explain"], &[("subject", subject)]).await;
    let (labels, unknown) = match explained {
        Ok(Explanation::Component { reference, .. }) => {
            return Err(Failure::new(format!(
                "history is of Services, and `{reference}` is a component"
            ))
            .hint(Some("name a Service that it is stitched to")));
        }
        Ok(Explanation::Service(it)) => {
            let it = &it.service;
            (bag(&it.cluster, &it.namespace, "service", &it.name), None)
        }
        Ok(Explanation::Workload(it)) => {
            let row = &it.workload;
            let label = label_of(&row.kind).ok_or_else(|| {
                Failure::new(format!(
                    "history is of Services, and this is a {}",
                    row.kind
                ))
                .hint(Some("name a Service that it belongs to"))
            })?;
            (bag(&row.cluster, &row.namespace, label, &row.name), None)
        }
        Err(failure) => match pod_labels(subject).or_else(|| service_labels(subject)) {
            Some(labels) => (labels, Some(failure)),
            None => return Err(failure),
        },
    };
    let answer = server.resolve(labels, &query).await?;
    match unknown {
        // Of what is gone at both times, history still knows the name.
        Some(failure) if answer.service.is_none() && answer.owners.is_empty() => Err(failure),
        _ => Ok(answer),
    }
}

fn component(
    reference: &str,
    verdicts: &[VerdictExplanation],
    format: AnswerFormat,
    terminal: Terminal,
) -> Result<Exit> {
    // The owner is that of the component, the same in every cluster; instances may differ.
    let mut by_instance: BTreeMap<&str, &api::OwnerReasoning> = BTreeMap::new();
    for verdict in verdicts {
        by_instance.insert(&verdict.instance, &verdict.owner);
    }
    Terminal::print(|out| match format {
        AnswerFormat::Text => {
            ownership::write_component(reference, &by_instance, terminal.out, out)
        }
        AnswerFormat::Json => document::json(&by_instance, out),
        AnswerFormat::Yaml => document::yaml(&by_instance, out),
    })?;
    let owned = by_instance
        .values()
        .any(|reasoning| reasoning.owner.is_some());
    Ok(if owned { Exit::Done } else { Exit::Refused })
}

async fn workload(asked: &Asked, it: &WorkloadExplanation) -> Result<ResolveAnswer, Failure> {
    let row = &it.workload;
    if let (Some(label), false) = (label_of(&row.kind), it.inherited.is_empty()) {
        return asked
            .resolve(bag(&row.cluster, &row.namespace, label, &row.name))
            .await;
    }
    Ok(without_label(it))
}

/// The label by which alerts name an object of that kind.
fn label_of(kind: &str) -> Option<&'static str> {
    match kind {
        "Pod" => Some("pod"),
        "Deployment" => Some("deployment"),
        "StatefulSet" => Some("statefulset"),
        "DaemonSet" => Some("daemonset"),
        "ReplicaSet" => Some("replicaset"),
        "CronJob" => Some("cronjob"),
        "Job" => Some("job_name"),
        "Ingress" => Some("ingress"),
        "PersistentVolumeClaim" => Some("persistentvolumeclaim"),
        "HorizontalPodAutoscaler" => Some("horizontalpodautoscaler"),
        "Node" => Some("node"),
        _ => None,
    }
}

/// The answer for what no label names (endpoints, routes), and for what no Service selects.
fn without_label(it: &WorkloadExplanation) -> ResolveAnswer {
    let row = &it.workload;
    let mut path = vec![format!("{} `{}`", row.kind, row.place())];
    let confidence = match (it.inherited.is_empty(), it.shared) {
        (true, _) => {
            path.push(unowned(&row.kind).to_owned());
            Confidence::Unknown
        }
        (false, true) => Confidence::Shared,
        (false, false) => Confidence::Inherited,
    };
    if let Some(first) = it.inherited.first() {
        path.extend(
            first
                .path
                .iter()
                .map(|hop| format!("{} `{}` by {}", hop.kind, hop.name, hop.by)),
        );
    }
    ResolveAnswer {
        confidence,
        service: match it.inherited.as_slice() {
            [only] => Some(only.service.clone()),
            _ => None,
        },
        workload: Some(row.clone()),
        at: None,
        owners: it
            .inherited
            .iter()
            .map(|from| api::ResolvedOwner {
                service: from.service.clone(),
                component: from.component.clone(),
                owner: from.owner.clone(),
                since: None,
                cause: None,
            })
            .collect(),
        path,
        candidates: Vec::new(),
    }
}

fn bag(cluster: &str, namespace: &str, label: &str, name: &str) -> BTreeMap<String, String> {
    [
        ("cluster", cluster),
        ("namespace", namespace),
        (label, name),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

/// The labels of `pod/[[cluster/]namespace/]name`.
fn pod_labels(subject: &str) -> Option<BTreeMap<String, String>> {
    let (kind, place) = subject.split_once('/')?;
    if !matches!(kind.to_lowercase().as_str(), "pod" | "pods" | "po") {
        return None;
    }
    let keys: &[&str] = match place.split('/').count() {
        1 => &["pod"],
        2 => &["namespace", "pod"],
        3 => &["cluster", "namespace", "pod"],
        _ => return None,
    };
    let labels = keys.iter().zip(place.split('/'));
    Some(
        labels
            .map(|(key, value)| ((*key).to_owned(), value.to_owned()))
            .collect(),
    )
}

/// The labels of `[service/][cluster/]namespace/name`.
fn service_labels(subject: &str) -> Option<BTreeMap<String, String>> {
    let place = ["service/", "services/", "svc/"]
        .into_iter()
        .find_map(|kind| subject.strip_prefix(kind))
        .unwrap_or(subject);
    let parts: Vec<&str> = place.split('/').collect();
    match *parts {
        [namespace, service] => Some(
            [("namespace", namespace), ("service", service)]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        ),
        [cluster, namespace, service] => Some(bag(cluster, namespace, "service", service)),
        _ => None,
    }
}
