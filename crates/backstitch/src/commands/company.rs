//! Asks for all that is known, for `report` and `suggest`: lists first, and then what is around single things. The same
//! questions go to sources and to a server, so that both give the same answer.

use std::collections::{BTreeMap, BTreeSet};

use api::{Explanation, HistoryBounds, OwnerContact, ServiceDetail, Verdict, VerdictExplanation};
use jiff::Timestamp;
use server::render;
use topology::query::{ComponentFilter, ServiceFilter};
use topology::verdict::ServiceKey;

use super::ask::{Asked, Server};
use super::diff;
use crate::hygiene::{Company, Past, parts, unclaimed};
use crate::output::walk;
use crate::report::Failure;

/// Bound on the single things of one kind that are asked about: each is a request to a server.
const MOST_ASKED: usize = 1_000;

/// The lists, and what is around each unclaimed Service.
pub(super) async fn company(asked: &Asked) -> Result<Company, Failure> {
    let mut company = match asked {
        Asked::Sources(stitched) => {
            let topology = &stitched.topology;
            Company {
                components: walk::verdicts(topology, ComponentFilter::default())
                    .map(|verdict| render::component_row(&verdict))
                    .collect(),
                services: walk::services(topology, ServiceFilter::default())
                    .map(|id| render::service_row(topology, id))
                    .collect(),
                owners: walk::owners(topology)
                    .map(|id| render::owner_row(topology, id))
                    .collect(),
                ..Company::default()
            }
        }
        Asked::Server(server) => Company {
            components: server.pages(&["components"], &[]).all().await?,
            services: server.pages(&["services"], &[]).all().await?,
            owners: server.pages(&["owners"], &[]).all().await?,
            ..Company::default()
        },
    };
    let wanted: Vec<String> = unclaimed(&company.services)
        .take(MOST_ASKED)
        .map(|it| it.id.clone())
        .collect();
    for id in wanted {
        if let Some(detail) = detail(asked, &id).await {
            company.details.insert(id, detail);
        }
    }
    Ok(company)
}

/// Everything around a Service; nothing where it is gone meanwhile.
async fn detail(asked: &Asked, id: &str) -> Option<ServiceDetail> {
    let (cluster, namespace, name) = parts(id);
    match asked {
        Asked::Sources(stitched) => {
            let topology = &stitched.topology;
            let key = ServiceKey {
                cluster: cluster.into(),
                namespace: namespace.into(),
                name: name.into(),
            };
            let found = topology.find_service(&key)?;
            Some(render::service_detail(topology, found))
        }
        Asked::Server(server) => {
            let route = ["services", cluster, namespace, name];
            server.get(&route, &[]).await.ok()
        }
    }
}

/// Asks how the owners are reached of which the list has no e-mail address, by a component of each.
pub(super) async fn contacts(asked: &Asked, company: &mut Company) -> Result<(), Failure> {
    let reached: BTreeSet<&str> = company
        .owners
        .iter()
        .filter(|it| it.email.is_some())
        .map(|it| it.reference.as_str())
        .collect();
    let mut by_owner: BTreeMap<String, String> = BTreeMap::new();
    for row in &company.components {
        if let Some(owner) = &row.owner.reference
            && !reached.contains(owner.as_str())
        {
            by_owner
                .entry(owner.clone())
                .or_insert_with(|| row.reference.clone());
        }
    }
    company.not_asked = by_owner.len().saturating_sub(MOST_ASKED) as u64;
    let is_reached = |it: &OwnerContact| it.email.is_some() || !it.contacts.is_empty();
    for (owner, component) in by_owner.into_iter().take(MOST_ASKED) {
        let verdicts = explained(asked, &component).await?;
        let mut found = verdicts.into_iter().filter_map(|it| it.owner.owner);
        let contact = found.find(|it| it.reference == owner);
        if contact.is_some_and(|contact| !is_reached(&contact)) {
            company.unreachable.insert(owner);
        }
    }
    Ok(())
}

/// The reasoning about each component that is not stitched in any cluster, in the order of the list.
pub(super) async fn reasoning(
    asked: &Asked,
    company: &Company,
) -> Result<(Vec<VerdictExplanation>, u64), Failure> {
    let stitched: BTreeSet<(&str, &str)> = company
        .components
        .iter()
        .filter(|it| it.verdict == Verdict::Stitched)
        .map(|it| (it.reference.as_str(), it.instance.as_str()))
        .collect();
    let open = company
        .components
        .iter()
        .filter(|it| !it.ignored && !stitched.contains(&(&*it.reference, &*it.instance)));
    let open: BTreeSet<&str> = open.map(|it| it.reference.as_str()).collect();
    let not_asked = open.len().saturating_sub(MOST_ASKED) as u64;
    let mut verdicts = Vec::new();
    for component in open.into_iter().take(MOST_ASKED) {
        verdicts.extend(explained(asked, component).await?);
    }
    Ok((verdicts, not_asked))
}

/// The verdicts on a component; none where it is gone meanwhile.
async fn explained(asked: &Asked, component: &str) -> Result<Vec<VerdictExplanation>, Failure> {
    match asked.explain(component).await {
        Ok(Explanation::Component { verdicts, .. }) => Ok(verdicts),
        Ok(_) => Ok(Vec::new()),
        Err(failure) => match asked {
            Asked::Sources(_) => Ok(Vec::new()),
            Asked::Server(_) => Err(failure),
        },
    }
}

/// What history says of the time since; where it says nothing, why.
pub(super) async fn past(server: &Server, since: Timestamp) -> Past {
    match known(server, since).await {
        Ok(past) => past,
        Err(failure) => Past::Unknown(failure.message),
    }
}

async fn known(server: &Server, since: Timestamp) -> Result<Past, Failure> {
    let bounds: HistoryBounds = server.get(&["history", "bounds"], &[]).await?;
    let Some(begin) = bounds.begin.and_then(|it| it.parse::<Timestamp>().ok()) else {
        return Err(Failure::new("history is empty, nothing was recorded yet"));
    };
    if begin > since {
        return Err(Failure::new(format!(
            "history begins at {begin}, and {since} is asked for (--since)"
        )));
    }
    let changes = diff::changes(server, since).await?;
    Ok(Past::Known {
        since: since.to_string(),
        before: changes.before(),
    })
}
