//! Routes asked about a moment of the past, by `at` (S27). Each has the answer about now in its own file.

use std::collections::BTreeMap;

use api::{HistoryBounds, OwnerAt, ResolveAnswer, ServiceAt, SummaryAt};
use store::{HistoryEntry, HistoryFilter, Reader, StoreError, Subject};
use topology::entity_ref::EntityRef;
use topology::verdict::ServiceKey;

use super::history::{read, time};
use crate::app::App;
use crate::params::{PageOf, Params};
use crate::problem::Refusal;
use crate::render;
use crate::token::Token;

/// The moment that is asked about, in seconds since the Unix epoch; `None`: now.
pub(super) fn moment(params: &mut Params<'_>) -> Result<Option<i64>, Refusal> {
    time(params, "at")
}

pub(super) fn bounds(begin: Option<i64>, now: i64) -> HistoryBounds {
    HistoryBounds {
        begin: begin.map(render::time),
        now: render::time(now),
    }
}

/// Asks history about a moment that it reaches.
async fn ask<T: Send + 'static>(
    app: &App,
    at: i64,
    question: impl FnOnce(&mut Reader) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Refusal> {
    let now = app.now();
    let (begin, answer) = read(app, move |reader| {
        let begin = reader.begin()?;
        let reached = at <= now && begin.is_some_and(|begin| begin <= at);
        let answer = reached.then(|| question(reader)).transpose()?;
        Ok((begin, answer))
    })
    .await?;
    answer.ok_or_else(|| outside(at, begin, now))
}

fn outside(at: i64, begin: Option<i64>, now: i64) -> Refusal {
    let moment = render::time(at);
    let detail = match begin {
        _ if at > now => format!("{moment} is in the future, it is {} now", render::time(now)),
        None => "history is empty, nothing was recorded yet".to_owned(),
        Some(begin) => format!(
            "{moment} is before history begins, at {}",
            render::time(begin)
        ),
    };
    Refusal::outside_history(detail, bounds(begin, now))
}

/// The last change of a Service up to a moment.
fn last_change(
    reader: &mut Reader,
    service: &ServiceKey,
    at: i64,
) -> Result<Option<HistoryEntry>, StoreError> {
    let filter = HistoryFilter {
        subject: Some(Subject::Service(service.clone())),
        until: Some(at),
        ..HistoryFilter::default()
    };
    Ok(reader.history(&filter, None, 1)?.pop())
}

/// A Service as it was.
pub(super) async fn service(app: &App, key: ServiceKey, at: i64) -> Result<ServiceAt, Refusal> {
    let asked = key.clone();
    let last = ask(app, at, move |reader| last_change(reader, &asked, at)).await?;
    let Some(last) = last else {
        return Err(not_there(&key, at, "history has nothing of it up to then"));
    };
    let topology = app.topology()?;
    render::service_at(&topology, &key, at, &last).ok_or_else(|| {
        let went = format!(
            "it went at {}, found by {}",
            render::time(last.cursor.at),
            last.cause
        );
        not_there(&key, at, &went)
    })
}

fn not_there(key: &ServiceKey, at: i64, why: &str) -> Refusal {
    let moment = render::time(at);
    Refusal::not_found(format!("Service `{key}` was not there at {moment}: {why}")).hint(format!(
        "`/api/v1/history?service={key}` lists all that is known of it"
    ))
}

/// How many Services there were.
pub(super) async fn summary(app: &App, at: i64) -> Result<SummaryAt, Refusal> {
    let counts = ask(app, at, move |reader| reader.service_counts_at(at)).await?;
    Ok(render::summary_at(at, counts))
}

/// What an owner had; in one instance, if one is named.
pub(super) async fn owner(
    app: &App,
    reference: EntityRef,
    instance: Option<&str>,
    page: PageOf,
    at: i64,
) -> Result<OwnerAt, Refusal> {
    let before = page.after.as_ref().map(Token::to_history).transpose();
    let before = before.map_err(Refusal::cursor)?;
    let limit = page.limit;
    let asked = reference.to_string();
    let found = ask(app, at, move |reader| {
        reader.owned_at(&asked, at, before, limit)
    })
    .await?;
    if found.is_empty() && before.is_none() {
        // It may have owned nothing, and it may be misspelled.
        super::owners::find(&*app.topology()?, &reference, instance)?;
    }
    let next = found.last().filter(|_| found.len() == limit);
    Ok(OwnerAt {
        reference: reference.to_string(),
        at: render::time(at),
        next: next.map(|last| Token::history(last.cursor).write()),
        items: found
            .iter()
            .filter_map(render::owned_at)
            .filter(|it| instance.is_none() || it.instance.as_deref() == instance)
            .collect(),
    })
}

/// Who owned what the labels lead to.
pub(super) async fn resolve(
    app: &App,
    labels: &BTreeMap<String, String>,
    at: i64,
) -> Result<ResolveAnswer, Refusal> {
    let (answer, led_to, gone) = {
        let topology = app.topology()?;
        let resolution = topology.resolve(labels);
        let services = resolution.owners.iter();
        let led_to: Vec<ServiceKey> = services
            .map(|resolved| topology.service(resolved.service).key())
            .collect();
        // What is not there now may have been there then.
        let gone = topology
            .named_service(labels)
            .filter(|named| topology.find_service(named).is_none());
        (render::resolution(&topology, &resolution), led_to, gone)
    };
    let asked = gone.clone();
    let (of_gone, of_others) = ask(app, at, move |reader| {
        let of_gone = match &asked {
            Some(service) => last_change(reader, service, at)?,
            None => None,
        };
        let of_others = led_to
            .into_iter()
            .map(|service| {
                let last = last_change(reader, &service, at)?;
                Ok((service, last))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok((of_gone, of_others))
    })
    .await?;
    let topology = app.topology()?;
    let known = gone.zip(of_gone);
    let (answer, services) = match known {
        Some((gone, last)) if of_others.is_empty() || render::is_there(&last) => {
            let answer = by_name(&gone);
            (answer, vec![(gone, Some(last))])
        }
        _ => (answer, of_others),
    };
    Ok(render::resolution_at(&topology, answer, at, &services))
}

/// The answer to labels that name a Service in full which is not there now, as far as it is about now.
fn by_name(service: &ServiceKey) -> ResolveAnswer {
    ResolveAnswer {
        confidence: api::Confidence::Exact,
        service: Some(service.to_string()),
        workload: None,
        at: None,
        owners: Vec::new(),
        path: vec![format!("Service `{service}`, which is not there now")],
        candidates: Vec::new(),
    }
}
