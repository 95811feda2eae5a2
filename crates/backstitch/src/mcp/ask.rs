//! The asking part: each tool as questions to the HTTP API. What is answered is made elsewhere.

use std::sync::Arc;

use api::{
    Explanation, HistoryBounds, HistoryEntry, OwnedServices, OwnerAnswer, OwnerRow, Page,
    ServiceRow, ServiceState, SummaryAnswer,
};
use jiff::{Timestamp, Zoned};

use super::answer::{self, Answer, Period};
use super::arguments::{
    Explain, ResolveAlert, TeamServices, Unowned, WhatChanged, WhoOwns, limit, moment,
    owner as owner_named,
};
use crate::commands::ask::{Asked, Server};
use crate::commands::owner::{self, Owned};
use crate::report::Failure;

/// How many owners are named where one is not there.
const OWNERS_NAMED: usize = 20;

/// The states of Services that nobody owns, in the order in which they are listed.
const UNOWNED: [ServiceState; 2] = [ServiceState::Unclaimed, ServiceState::StitchedWithoutOwner];

pub(super) async fn who_owns(server: &Arc<Server>, asked: WhoOwns) -> Result<Answer, Failure> {
    let limit = limit(asked.limit)?;
    let subject = asked.subject.as_str();
    if let Some(at) = &asked.at {
        let at = moment("at", at, &Zoned::now())?;
        let then = owner::past(server, subject, at).await?;
        return answer::resolved(subject, &then, limit);
    }
    match owner::now(&Asked::Server(Arc::clone(server)), subject).await? {
        Owned::Resolved(found) => answer::resolved(subject, &found, limit),
        Owned::Component {
            reference,
            verdicts,
        } => answer::component(&reference, &verdicts, limit),
    }
}

pub(super) async fn explain(server: &Server, asked: Explain) -> Result<Answer, Failure> {
    let limit = limit(asked.limit)?;
    let found = explained(server, &asked.subject).await?;
    answer::explained(&found, limit)
}

pub(super) async fn resolve_alert(server: &Server, asked: ResolveAlert) -> Result<Answer, Failure> {
    let limit = limit(asked.limit)?;
    let at = asked.at.as_deref();
    let at = at.map(|at| moment("at", at, &Zoned::now())).transpose()?;
    let at = at.map(|at| at.to_string());
    let query: Vec<(&str, &str)> = at.iter().map(|at| ("at", at.as_str())).collect();
    let found = server.resolve(asked.labels, &query).await?;
    answer::resolved("what these labels lead to", &found, limit)
}

pub(super) async fn team_services(server: &Server, asked: TeamServices) -> Result<Answer, Failure> {
    let limit = limit(asked.limit)?.to_string();
    let mut query = vec![("limit", limit.as_str())];
    if asked.descendants {
        query.push(("descendants", "true"));
    }
    query.extend(asked.cursor.as_deref().map(|cursor| ("cursor", cursor)));
    let team = owner_named("team", &asked.team)?;
    let route = ["owners", team.as_str(), "services"];
    match server.find::<OwnedServices>(&route, &query).await? {
        Ok(owned) => answer::team(&team, &owned),
        Err(absent) => Err(with_owners(server, absent).await?),
    }
}

/// An owner that is not there, with some that are: a model cannot look around.
async fn with_owners(server: &Server, absent: Failure) -> Result<Failure, Failure> {
    let limit = OWNERS_NAMED.to_string();
    let page: Page<OwnerRow> = server.get(&["owners"], &[("limit", &limit)]).await?;
    Ok(answer::no_owner(absent, &page))
}

pub(super) async fn unowned(server: &Server, asked: Unowned) -> Result<Answer, Failure> {
    let mut left = limit(asked.limit)?;
    let mut place = Some(match &asked.cursor {
        None => (0, None),
        Some(cursor) => place_of(cursor)?,
    });
    let mut narrowed = Vec::new();
    narrowed.extend(asked.cluster.as_deref().map(|it| ("cluster", it)));
    narrowed.extend(asked.namespace.as_deref().map(|it| ("namespace", it)));
    let mut services: Vec<ServiceRow> = Vec::new();
    while let Some((index, cursor)) = place.take() {
        // Where no more fit, one is looked for all the same, so that no list goes on with nothing.
        let limit = left.max(1).to_string();
        let mut query = narrowed.clone();
        query.push(("state", UNOWNED[index].as_str()));
        query.push(("ignored", "false"));
        query.push(("limit", &limit));
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: Page<ServiceRow> = server.get(&["services"], &query).await?;
        if left == 0 && !page.items.is_empty() {
            place = Some((index, cursor));
            break;
        }
        left = left.saturating_sub(page.items.len());
        services.extend(page.items);
        place = match page.next {
            Some(next) => Some((index, Some(next))),
            None => (index + 1 < UNOWNED.len()).then_some((index + 1, None)),
        };
    }
    if services.is_empty() && !narrowed.is_empty() {
        something_there(server, &asked, &narrowed).await?;
    }
    let next = place.map(|(index, cursor)| {
        format!("{}:{}", UNOWNED[index].as_str(), cursor.unwrap_or_default())
    });
    answer::unowned(&services, next.as_deref())
}

/// Where the list goes on: in which of the states, and at which page of it.
fn place_of(cursor: &str) -> Result<(usize, Option<String>), Failure> {
    let parts = cursor.split_once(':');
    let found = parts.and_then(|(state, page)| {
        let index = UNOWNED.iter().position(|it| it.as_str() == state)?;
        Some((index, (!page.is_empty()).then(|| page.to_owned())))
    });
    found.ok_or_else(|| {
        Failure::new(format!("`cursor` cannot be `{cursor}`")).hint(Some(
            "begin again without `cursor`, and hand on `next` as it came",
        ))
    })
}

/// Whether any Service is there at all: of a cluster or a namespace that was misspelt nobody is to believe that all is owned.
async fn something_there(
    server: &Server,
    asked: &Unowned,
    narrowed: &[(&str, &str)],
) -> Result<(), Failure> {
    let mut query = narrowed.to_vec();
    query.push(("limit", "1"));
    let page: Page<ServiceRow> = server.get(&["services"], &query).await?;
    if !page.items.is_empty() {
        return Ok(());
    }
    let summary: SummaryAnswer = server.get(&["summary"], &[]).await?;
    let clusters = format!("the clusters are {}", summary.clusters.join(", "));
    let cluster = asked.cluster.as_deref();
    if let Some(cluster) = cluster.filter(|it| !summary.clusters.iter().any(|known| known == it)) {
        return Err(Failure::new(format!("there is no cluster `{cluster}`")).hint(Some(clusters)));
    }
    let place = match (cluster, asked.namespace.as_deref()) {
        (Some(cluster), Some(namespace)) => {
            format!("namespace `{namespace}` of cluster `{cluster}`")
        }
        (None, Some(namespace)) => format!("namespace `{namespace}`, in any cluster"),
        (cluster, None) => format!("cluster `{}`", cluster.unwrap_or_default()),
    };
    Err(Failure::new(format!("there is no Service in {place}")).hint(Some(clusters)))
}

pub(super) async fn what_changed(server: &Server, asked: WhatChanged) -> Result<Answer, Failure> {
    let limit = limit(asked.limit)?.to_string();
    let since = moment("since", &asked.since, &Zoned::now())?;
    let team = asked.team.as_deref();
    let team = team.map(|team| owner_named("team", team)).transpose()?;
    let service = match &asked.service {
        Some(subject) => Some(service_id(server, subject).await?),
        None => None,
    };
    let bounds: HistoryBounds = server.get(&["history", "bounds"], &[]).await?;
    let since_text = since.to_string();
    let mut query = vec![("since", since_text.as_str()), ("limit", limit.as_str())];
    query.extend(team.as_deref().map(|it| ("owner", it)));
    query.extend(service.as_deref().map(|it| ("service", it)));
    query.extend(asked.cursor.as_deref().map(|it| ("cursor", it)));
    let page: Page<HistoryEntry> = server.get(&["history"], &query).await?;
    if page.items.is_empty() && asked.cursor.is_none() {
        // Of a name that was misspelt nobody is to believe that nothing changed.
        if let Some(team) = &team {
            let found = server.find::<OwnerAnswer>(&["owners", team], &[]).await?;
            if let Err(absent) = found {
                return Err(with_owners(server, absent).await?);
            }
        }
        if let Some(service) = &service {
            explained(server, service).await?;
        }
    }
    let period = Period {
        note: note(&bounds, since),
        since: since_text,
        until: bounds.now,
    };
    answer::changes(&period, &page)
}

/// What is to be known of the time before history begins.
fn note(bounds: &HistoryBounds, since: Timestamp) -> Option<String> {
    let Some(begin) = &bounds.begin else {
        return Some("history is empty, nothing was recorded yet".to_owned());
    };
    let begins_later = begin.parse::<Timestamp>().is_ok_and(|begin| begin > since);
    begins_later
        .then(|| format!("history begins at {begin}: what was there already counts as appeared"))
}

/// The full name of a Service. One that is written in full need not be there any more: history still knows it.
async fn service_id(server: &Server, subject: &str) -> Result<String, Failure> {
    let bare = ["service/", "services/", "svc/"]
        .into_iter()
        .find_map(|kind| subject.strip_prefix(kind));
    let name = bare.unwrap_or(subject);
    if name.split('/').count() == 3 {
        return Ok(name.to_owned());
    }
    match explained(server, &format!("service/{name}")).await? {
        Explanation::Service(it) => Ok(it.service.id),
        Explanation::Component { .. } | Explanation::Workload(_) => {
            Err(Failure::new(format!("`{subject}` is no Service"))
                .hint(Some("expected `cluster/namespace/name`")))
        }
    }
}

async fn explained(server: &Server, subject: &str) -> Result<Explanation, Failure> {
    server.get(&["explain"], &[("subject", subject)]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_list_of_two_states_goes_on() {
        for (cursor, expected) in [
            ("unclaimed:abc", Some((0, Some("abc")))),
            ("stitched-without-owner:", Some((1, None))),
            ("stitched-without-owner:a:b", Some((1, Some("a:b")))),
            ("owned:abc", None),
            ("abc", None),
            ("", None),
        ] {
            let found = place_of(cursor).ok();
            let expected = expected.map(|(index, page)| (index, page.map(str::to_owned)));
            assert_eq!(found, expected, "{cursor}");
        }
    }

    #[test]
    fn a_time_before_history_begins_is_noted() {
        let since: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
        for (begin, noted) in [
            (None, true),
            (Some("2026-01-31T12:00:01Z"), true),
            (Some("2026-01-31T12:00:00Z"), false),
        ] {
            let bounds = HistoryBounds {
                begin: begin.map(str::to_owned),
                now: "2026-02-01T00:00:00Z".to_owned(),
            };
            assert_eq!(note(&bounds, since).is_some(), noted, "{begin:?}");
        }
    }
}
