//! What history missed: the difference between what it last recorded and what follows from the facts (S26, S27).
//!
//! Facts are committed before history is. A process that dies between the two, or a configuration that was changed while
//! none ran, leaves states that history never heard of. They are recorded at start, before any source is listened to.

use std::collections::{BTreeMap, HashMap, HashSet};

use store::{Cause, Recorded, Source};
use topology::change::{Change, Ownership, VerdictState};
use topology::query::{ComponentFilter, MAX_PAGE, ServiceFilter, VerdictCursor};
use topology::topology::{ClusterId, ComponentId, ServiceId, Topology};
use topology::verdict::{ComponentKey, OwnerState, ServiceKey, VerdictKind};

use super::engine::{Engine, Stopped};

/// Differences recorded in one transaction.
const PART: usize = 50_000;

impl Engine {
    /// Records what history missed. What is left of it when the service goes down is recorded at the next start.
    pub(super) fn catch_up(&mut self) -> Result<(), Stopped> {
        let mut derived = Derived::of(&self.topology(), || self.gather.is_going_down())?;
        let mut changes = Vec::new();
        for page in self.store.recorded_states() {
            if self.gather.is_going_down() {
                return Err(Stopped);
            }
            match page {
                Ok(page) => {
                    let topology = self.topology();
                    changes.extend(
                        page.into_iter()
                            .filter_map(|recorded| derived.compare(&topology, recorded)),
                    );
                }
                Err(error) => {
                    // Without it nothing can be said of what was missed; recording goes on from here.
                    let hint = error.remedy();
                    tracing::error!(hint, "history has a gap: {}", super::told(&error));
                    return Ok(());
                }
            }
        }
        let mut count = changes.len();
        for part in changes.chunks(PART) {
            self.record_missed(part)?;
        }
        let mut unheard = derived.unheard().peekable();
        while unheard.peek().is_some() {
            let part: Vec<Unheard> = unheard.by_ref().take(PART).collect();
            let changes: Vec<Change> = {
                let topology = self.topology();
                part.into_iter()
                    .map(|unheard| unheard.change(&topology))
                    .collect()
            };
            count += changes.len();
            self.record_missed(&changes)?;
        }
        if count > 0 {
            tracing::info!(
                changes = count,
                "recorded what changed since history was last written"
            );
        }
        Ok(())
    }

    fn record_missed(&mut self, changes: &[Change]) -> Result<(), Stopped> {
        if self.gather.is_going_down() {
            return Err(Stopped);
        }
        let mut by_source: BTreeMap<Source, Vec<Change>> = BTreeMap::new();
        for change in changes {
            by_source
                .entry(cause(change))
                .or_default()
                .push(change.clone());
        }
        let now = (self.surroundings.clock)();
        for (source, changes) in by_source {
            let standing = self.book.iter().find(|standing| standing.source == source);
            let generation = standing.map_or(0, |standing| standing.generation);
            let cause = Cause::Read { source, generation };
            self.persist(|store| store.record(now, &cause, &changes))?;
        }
        Ok(())
    }
}

/// Who made a change that was missed, as far as can be said afterwards: the instance of the component, else the cluster.
fn cause(change: &Change) -> Source {
    match change {
        Change::Verdict { component, .. } => Source::Instance(component.instance.clone()),
        Change::Service {
            service,
            before,
            after,
        } => {
            let component =
                |side: &Option<Ownership>| side.as_ref().and_then(|side| side.component.clone());
            match component(after).or_else(|| component(before)) {
                Some(component) => Source::Instance(component.instance),
                None => Source::Cluster(service.cluster.clone()),
            }
        }
    }
}

/// All that follows from the facts and was not compared yet.
struct Derived {
    verdicts: HashMap<(ComponentId, ClusterId), (VerdictKind, OwnerState)>,
    services: HashSet<ServiceId>,
}

/// Something that history never heard of.
enum Unheard {
    Verdict(ComponentId, ClusterId, VerdictKind, OwnerState),
    Service(ServiceId),
}

impl Derived {
    fn of(topology: &Topology, is_going_down: impl Fn() -> bool) -> Result<Self, Stopped> {
        let mut verdicts = HashMap::new();
        let mut after: Option<VerdictCursor> = None;
        loop {
            if is_going_down() {
                return Err(Stopped);
            }
            let page =
                topology.list_verdicts(&ComponentFilter::default(), after.as_ref(), MAX_PAGE);
            for row in &page.items {
                verdicts.insert((row.component, row.cluster), (row.kind, row.owner));
            }
            let Some(last) = page.items.last().filter(|_| page.more) else {
                break;
            };
            after = Some(VerdictCursor {
                cluster: cluster_name(topology, last.cluster).to_owned(),
                reference: topology.component_ref(last.component),
                instance: topology.component(last.component).instance.to_owned(),
            });
        }
        let mut services = HashSet::new();
        let mut after: Option<ServiceKey> = None;
        loop {
            if is_going_down() {
                return Err(Stopped);
            }
            let page = topology.list_services(&ServiceFilter::default(), after.as_ref(), MAX_PAGE);
            services.extend(&page.items);
            let Some(last) = page.items.last().filter(|_| page.more) else {
                break;
            };
            after = Some(topology.service(*last).key());
        }
        Ok(Self { verdicts, services })
    }

    /// What differs from what was recorded of one subject.
    fn compare(&mut self, topology: &Topology, recorded: Recorded) -> Option<Change> {
        match recorded {
            Recorded::Verdict {
                component,
                cluster,
                state,
            } => {
                let after = find(topology, &component, &cluster).and_then(|at| {
                    let (kind, owner) = self.verdicts.remove(&at)?;
                    Some(verdict_state(topology, at, kind, owner))
                });
                (after.as_ref() != Some(&state)).then_some(Change::Verdict {
                    component,
                    cluster,
                    before: Some(state),
                    after,
                })
            }
            Recorded::Service { service, state } => {
                let found = topology.find_service(&service);
                let after = found
                    .filter(|id| self.services.remove(id))
                    .map(|id| ownership(topology, id));
                (after.as_ref() != Some(&state)).then_some(Change::Service {
                    service,
                    before: Some(state),
                    after,
                })
            }
        }
    }

    /// What was never recorded.
    fn unheard(self) -> impl Iterator<Item = Unheard> {
        let verdicts = self
            .verdicts
            .into_iter()
            .map(|((component, cluster), (kind, owner))| {
                Unheard::Verdict(component, cluster, kind, owner)
            });
        verdicts.chain(self.services.into_iter().map(Unheard::Service))
    }
}

impl Unheard {
    fn change(self, topology: &Topology) -> Change {
        match self {
            Self::Verdict(component, cluster, kind, owner) => Change::Verdict {
                component: ComponentKey {
                    instance: topology.component(component).instance.into(),
                    reference: topology.component_ref(component),
                },
                cluster: cluster_name(topology, cluster).into(),
                before: None,
                after: Some(verdict_state(topology, (component, cluster), kind, owner)),
            },
            Self::Service(service) => Change::Service {
                service: topology.service(service).key(),
                before: None,
                after: Some(ownership(topology, service)),
            },
        }
    }
}

fn find(
    topology: &Topology,
    component: &ComponentKey,
    cluster: &str,
) -> Option<(ComponentId, ClusterId)> {
    let cluster = topology.cluster_id(cluster)?;
    let ids = topology.find_components(&component.reference);
    let id = ids
        .into_iter()
        .find(|id| topology.component(*id).instance == &*component.instance)?;
    Some((id, cluster))
}

/// As much of a verdict as history keeps. The whole of it is derived only where it may be about a Service.
fn verdict_state(
    topology: &Topology,
    (component, cluster): (ComponentId, ClusterId),
    kind: VerdictKind,
    owner: OwnerState,
) -> VerdictState {
    let verdict = matches!(kind, VerdictKind::Stitched | VerdictKind::Conflict)
        .then(|| topology.verdict(component, cluster))
        .flatten();
    let service = verdict.and_then(|verdict| {
        let lost = verdict.lost.into_iter().map(|(service, _)| service);
        let mut claimed = verdict.services.into_iter().chain(lost);
        claimed.next().filter(|_| claimed.next().is_none())
    });
    VerdictState {
        kind,
        service,
        owner,
    }
}

fn ownership(topology: &Topology, service: ServiceId) -> Ownership {
    let view = topology.service(service);
    Ownership {
        state: view.state,
        component: view.component.map(|id| ComponentKey {
            instance: topology.component(id).instance.into(),
            reference: topology.component_ref(id),
        }),
        owner: view
            .owner
            .map(|id| topology.owner_ref(id).to_string().into()),
    }
}

fn cluster_name(topology: &Topology, cluster: ClusterId) -> &str {
    topology
        .clusters()
        .find_map(|(id, name)| (id == cluster).then_some(name))
        .unwrap_or_default()
}
