//! Between a request that decides something and the loop, which is the only one that writes.
//!
//! ```text
//!  request ── read (here, against what is known) ──▶ Desk ──▶ the loop: store, topology, history ──▶ answer
//! ```
//!
//! It owns what a request for a decision must say. What a decision does is the core's business, and keeping it the store's.

use api::{DecisionKind, DecisionRequest, SourceKind};
use store::{Decided, DecisionId, DecisionRecord, NewDecision, Source};
use topology::decisions::Decision;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};
use topology::topology::Topology;
use topology::verdict::{ComponentKey, ServiceKey};

use crate::desk;
use crate::identity::Identity;
use crate::problem::Refusal;
use crate::subject::services_meant;

/// Bound on the characters of a name of an author.
const MAX_AUTHOR: usize = 200;
/// Bound on the characters of a reason.
const MAX_REASON: usize = 2_000;

/// Where requests for decisions are handed in.
pub type Desk = desk::Desk<Wish, Result<DecisionRecord, Declined>>;
/// What is asked of the loop, and where the answer goes.
pub type Request = desk::Request<Wish, Result<DecisionRecord, Declined>>;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A decision.
    Decide(NewDecision),
    /// The end of one.
    End {
        /// Its number.
        id: DecisionId,
        /// Who ends it.
        by: Box<str>,
        /// Why.
        why: Box<str>,
    },
}

/// Why nothing was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declined {
    /// So many stand that no more are taken.
    TooMany(usize),
    /// There is no such source.
    NoSource,
    /// Nothing is held back of the source.
    NothingHeld,
    /// No decision of that number stands.
    NotStanding,
}

/// Asks the loop for it.
pub(crate) async fn ask(desk: &Desk, wish: Wish) -> Result<DecisionRecord, Refusal> {
    let answer = desk.ask(wish).await;
    answer
        .map_err(|none| none.undecided("/api/v1/decisions"))?
        .map_err(refusal)
}

fn refusal(declined: Declined) -> Refusal {
    match declined {
        Declined::TooMany(most) => {
            Refusal::declined(format!("{most} decisions stand, and no more are taken"))
                .hint("withdraw what is stale: `/api/v1/decisions?state=stale` lists it")
        }
        Declined::NoSource => Refusal::not_found("there is no such source")
            .hint("`/api/v1/sources` lists the sources; Secrets have nothing to confirm"),
        Declined::NothingHeld => {
            Refusal::declined("nothing of that source is held back").hint("its status says so")
        }
        Declined::NotStanding => {
            Refusal::not_found("no decision of that number stands").hint("it may have ended")
        }
    }
}

/// Whether what a decision names has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Insist {
    /// It has, so that a slip is seen.
    No,
    /// It may come later.
    Yes,
}

/// Reads a request for a decision against what is known. Its author is who asks, where that is known, and else whom it names.
pub(crate) fn read(
    request: &DecisionRequest,
    topology: &Topology,
    now: i64,
    insist: Insist,
    who: &Identity,
) -> Result<NewDecision, Refusal> {
    let author = text("author", who.name_or(&request.author), MAX_AUTHOR)?;
    if author.is_empty() {
        return Err(Refusal::parameter("author", "`author` is empty")
            .hint("say who decides, so that others know whom to ask"));
    }
    let reason = text("reason", &request.reason, MAX_REASON)?;
    if reason.is_empty() && request.kind == DecisionKind::Ignore {
        return Err(Refusal::parameter("reason", "`reason` is empty")
            .hint("say why it is ignored: whoever finds it later will ask"));
    }
    Ok(NewDecision {
        decided: decided(request, topology, insist)?,
        author,
        reason,
        until: until(request, now)?,
    })
}

fn decided(
    request: &DecisionRequest,
    topology: &Topology,
    insist: Insist,
) -> Result<Decided, Refusal> {
    let surplus = |fields: &[(&str, bool)]| {
        fields.iter().find(|(_, given)| *given).map(|(field, _)| {
            Refusal::parameter(
                field,
                format!("`{field}` is given, and `{}` takes none", request.kind),
            )
        })
    };
    let source = ("source", request.source.is_some());
    let component = ("component", request.component.is_some());
    let instance = ("instance", request.instance.is_some());
    let service = ("service", request.service.is_some());
    let unwanted = match request.kind {
        DecisionKind::Pin | DecisionKind::Prefer => surplus(&[source]),
        DecisionKind::Ignore if component.1 => surplus(&[source, service]),
        DecisionKind::Ignore => surplus(&[source, instance]),
        DecisionKind::ConfirmRemovals => surplus(&[component, instance, service]),
    };
    if let Some(refusal) = unwanted {
        return Err(refusal);
    }
    let component = || component_key(request, topology, insist);
    let service = || service_key(request, topology, insist);
    Ok(match request.kind {
        DecisionKind::Pin => Decided::Standing(Decision::Pin {
            component: component()?,
            service: service()?,
        }),
        DecisionKind::Prefer => Decided::Standing(Decision::Prefer {
            component: component()?,
            service: service()?,
        }),
        DecisionKind::Ignore if request.component.is_some() => {
            Decided::Standing(Decision::IgnoreComponent(component()?))
        }
        DecisionKind::Ignore => Decided::Standing(Decision::IgnoreService(service()?)),
        DecisionKind::ConfirmRemovals => {
            let Some(source) = &request.source else {
                return Err(Refusal::parameter("source", "`source` is missing"));
            };
            match source.kind {
                SourceKind::Catalog => {
                    Decided::Confirmed(Source::Instance(source.name.as_str().into()))
                }
                SourceKind::Cluster => {
                    Decided::Confirmed(Source::Cluster(source.name.as_str().into()))
                }
                SourceKind::Secrets => {
                    return Err(Refusal::parameter(
                        "source",
                        "Secrets have nothing to confirm, expected a catalog or a cluster",
                    ));
                }
            }
        }
    })
}

fn component_key(
    request: &DecisionRequest,
    topology: &Topology,
    insist: Insist,
) -> Result<ComponentKey, Refusal> {
    let Some(text) = &request.component else {
        return Err(Refusal::parameter("component", "`component` is missing"));
    };
    let reference = EntityRef::parse(text, Some("component"), DEFAULT_NAMESPACE)
        .map_err(|error| Refusal::parameter("component", error.to_string()))?;
    if &*reference.kind != "component" {
        return Err(Refusal::parameter(
            "component",
            format!("`{reference}` is no component"),
        ));
    }
    let having: Vec<&str> = topology
        .find_components(&reference)
        .into_iter()
        .map(|id| topology.component(id).instance)
        .collect();
    let instance = match (&request.instance, having.as_slice()) {
        (Some(instance), having) => {
            if insist == Insist::No && !having.contains(&instance.as_str()) {
                return Err(no_component(topology, &reference, Some(instance)));
            }
            instance.as_str()
        }
        (None, [instance]) => instance,
        (None, []) => match topology.instances().collect::<Vec<_>>().as_slice() {
            [(_, settings)] if insist == Insist::Yes => &settings.name,
            _ if insist == Insist::Yes => {
                return Err(Refusal::parameter(
                    "instance",
                    format!("`instance` is missing, and no instance has `{reference}`"),
                ));
            }
            _ => return Err(no_component(topology, &reference, None)),
        },
        (None, several) => {
            return Err(Refusal::parameter(
                "instance",
                format!(
                    "`instance` is missing, and {} have `{reference}`",
                    several.len()
                ),
            )
            .candidates(several.iter().map(|&name| name.to_owned()).collect()));
        }
    };
    Ok(ComponentKey {
        instance: instance.into(),
        reference,
    })
}

fn no_component(topology: &Topology, reference: &EntityRef, instance: Option<&str>) -> Refusal {
    let place = instance.map_or_else(String::new, |name| format!(" in instance `{name}`"));
    let near = topology.near_components(&reference.name);
    Refusal::not_found(format!("there is no component `{reference}`{place}"))
        .hint(INSIST)
        .candidates(near.iter().map(ToString::to_string).collect())
}

/// What to do where something is named that is not there.
const INSIST: &str = "mend the name, or insist that it will be there: `force=true`, or `--force` of `backstitch decisions`";

fn service_key(
    request: &DecisionRequest,
    topology: &Topology,
    insist: Insist,
) -> Result<ServiceKey, Refusal> {
    let Some(text) = &request.service else {
        return Err(Refusal::parameter("service", "`service` is missing"));
    };
    let parts: Vec<&str> = text.split('/').collect();
    let key = match *parts {
        [cluster, namespace, name] if parts.iter().all(|part| !part.is_empty()) => ServiceKey {
            cluster: cluster.into(),
            namespace: namespace.into(),
            name: name.into(),
        },
        _ => {
            return Err(Refusal::parameter(
                "service",
                format!("`service` cannot be `{text}`, expected `cluster/namespace/name`"),
            ));
        }
    };
    if insist == Insist::No && topology.find_service(&key).is_none() {
        return Err(Refusal::not_found(format!("there is no Service `{key}`"))
            .hint(INSIST)
            .candidates(services_meant(topology, &key)));
    }
    Ok(key)
}

fn until(request: &DecisionRequest, now: i64) -> Result<Option<i64>, Refusal> {
    let Some(text) = &request.until else {
        return Ok(None);
    };
    let wrong = |detail: String| {
        Refusal::parameter("until", detail)
            .hint("leave it out for a decision that stands until it is withdrawn")
    };
    if request.kind == DecisionKind::ConfirmRemovals {
        return Err(wrong(
            "`until` is given, and a confirmation is done at once".to_owned(),
        ));
    }
    match text.parse::<jiff::Timestamp>() {
        Ok(time) if time.as_second() > now => Ok(Some(time.as_second())),
        Ok(_) => Err(wrong(format!("`until` is `{text}`, which is over"))),
        Err(_) => Err(wrong(format!(
            "`until` cannot be `{text}`, expected a time such as `2027-01-31T12:00:00Z`"
        ))),
    }
}

/// A text of a person, trimmed, of a bounded length and without control characters but line breaks and tabs.
pub(crate) fn text(field: &str, given: &str, most: usize) -> Result<Box<str>, Refusal> {
    let given = given.trim();
    let length = given.chars().count();
    if length > most {
        return Err(Refusal::parameter(
            field,
            format!("`{field}` has {length} characters, expected at most {most}"),
        ));
    }
    let odd = |c: &char| c.is_control() && !matches!(c, '\n' | '\t');
    if let Some(odd) = given.chars().find(odd) {
        return Err(Refusal::parameter(
            field,
            format!("`{field}` has the control character {odd:?}"),
        ));
    }
    Ok(given.into())
}

/// Who ends a decision, and why.
pub(crate) fn end(
    id: DecisionId,
    author: Option<&str>,
    reason: Option<&str>,
    who: &Identity,
) -> Result<Wish, Refusal> {
    let by = text(
        "author",
        who.name_or(author.unwrap_or_default()),
        MAX_AUTHOR,
    )?;
    if by.is_empty() {
        return Err(Refusal::parameter("author", "`author` is missing")
            .hint("say who withdraws it, so that others know whom to ask"));
    }
    Ok(Wish::End {
        id,
        by,
        why: text("reason", reason.unwrap_or_default(), MAX_REASON)?,
    })
}
