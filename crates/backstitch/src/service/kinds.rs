//! How far a watched cluster has been read, kind by kind. Pure: what the watch said and the time in, health out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::live::{Cause, Update};
use server::status::{Failure, FailureKind, NextAttempt};
use topology::fact::{ObjectKey, ObjectKind};

use super::event::Health;
use super::next_attempt;

/// Where the kinds of one connection stand.
#[derive(Debug)]
pub(super) struct Kinds(BTreeMap<ObjectKind, Kind>);

#[derive(Debug, Default)]
struct Kind {
    /// A complete list of it came.
    listed: bool,
    /// By namespace, where namespaces are read one by one; `None` is all of the kind.
    troubles: BTreeMap<Option<Arc<str>>, Trouble>,
}

#[derive(Debug)]
enum Trouble {
    /// Reading it failed, and is tried again.
    Failed {
        failure: Failure,
        next_attempt: NextAttempt,
    },
    /// This user may not read it. Its objects are done without.
    Forbidden {
        failure: Failure,
        next_attempt: NextAttempt,
    },
    /// There is no such kind, which is no failure, unless it is Services.
    NotServed {
        failure: Failure,
        next_attempt: NextAttempt,
    },
}

impl Kinds {
    /// Nothing was heard of yet.
    pub(super) fn new() -> Self {
        Self(
            cluster::live::kinds()
                .map(|kind| (kind, Kind::default()))
                .collect(),
        )
    }

    /// Takes note of what the watch said at that time (seconds since the Unix epoch); returns the kind it was about and,
    /// where reading that failed, how long it is not tried.
    pub(super) fn note(&mut self, update: &Update, now: i64) -> (ObjectKind, Option<Duration>) {
        let failure =
            |why: FailureKind, error: &str, hint: Option<&str>, kind: ObjectKind| Failure {
                kind: why,
                at: now,
                message: format!("{}: {error}", kind.as_str()),
                remedy: hint.map(str::to_owned),
            };
        let next = |pause: &Duration| next_attempt(now, *pause);
        match update {
            Update::Restarted { kind, .. } => {
                let it = self.at(*kind);
                it.listed = true;
                it.troubles.clear();
                (*kind, None)
            }
            Update::Applied(fact) => self.works(&fact.key()),
            Update::Deleted(key) => self.works(key),
            Update::Faulty { kind, .. } => (*kind, None),
            Update::Failed {
                kind,
                namespace,
                cause,
                error,
                hint,
                retry_in,
            } => {
                let trouble = Trouble::Failed {
                    failure: failure(sort(*cause), error, hint.as_deref(), *kind),
                    next_attempt: next(retry_in),
                };
                self.at(*kind).troubles.insert(namespace.clone(), trouble);
                (*kind, Some(*retry_in))
            }
            Update::Forbidden {
                kind,
                namespace,
                error,
                hint,
                retry_in,
            } => {
                let trouble = Trouble::Forbidden {
                    failure: failure(FailureKind::Refused, error, hint.as_deref(), *kind),
                    next_attempt: next(retry_in),
                };
                self.at(*kind).troubles.insert(namespace.clone(), trouble);
                (*kind, None)
            }
            Update::NotServed { kind, retry_in } => {
                let remedy = "check the address: Services are part of every Kubernetes";
                let trouble = Trouble::NotServed {
                    failure: failure(
                        FailureKind::Answer,
                        "the API server does not serve this kind",
                        Some(remedy),
                        *kind,
                    ),
                    next_attempt: next(retry_in),
                };
                let it = self.at(*kind);
                it.troubles.clear();
                it.troubles.insert(None, trouble);
                (*kind, None)
            }
        }
    }

    /// A change came: what it is a part of is being read.
    fn works(&mut self, key: &ObjectKey) -> (ObjectKind, Option<Duration>) {
        let it = self.at(key.kind);
        it.troubles.remove(&None);
        it.troubles.remove(&Some(Arc::from(&*key.namespace)));
        (key.kind, None)
    }

    /// Whether reading a part of the kind fails.
    pub(super) fn fails(&self, kind: ObjectKind) -> bool {
        self.0
            .get(&cluster::live::stood_in_for(kind))
            .is_some_and(|kind| {
                let mut troubles = kind.troubles.values();
                troubles.any(|trouble| matches!(trouble, Trouble::Failed { .. }))
            })
    }

    /// A watch that failed was begun again and is quiet since: it works.
    pub(super) fn quiet(&mut self, kind: ObjectKind) {
        let kind = self.at(kind);
        // What was never listed is still being listed, however quietly.
        if kind.listed {
            kind.troubles
                .retain(|_, trouble| !matches!(trouble, Trouble::Failed { .. }));
        }
    }

    /// Every kind was listed since the connection, or could not be.
    pub(super) fn all_tried(&self) -> bool {
        self.0
            .values()
            .all(|kind| kind.listed || !kind.troubles.is_empty())
    }

    /// Where the cluster stands as a whole.
    pub(super) fn health(&self) -> Health {
        let complete = self.0.iter().all(|(kind, it)| {
            let spared = |trouble: &Trouble| match trouble {
                Trouble::Failed { .. } => false,
                Trouble::Forbidden { .. } | Trouble::NotServed { .. } => {
                    *kind != ObjectKind::Service
                }
            };
            (it.listed || !it.troubles.is_empty()) && it.troubles.values().all(spared)
        });
        let troubles = || {
            cluster::live::kinds()
                .filter_map(|kind| Some((kind, &self.0.get(&kind)?.troubles)))
                .flat_map(|(kind, troubles)| troubles.values().map(move |trouble| (kind, trouble)))
        };
        let failed = troubles().find_map(|(kind, trouble)| match trouble {
            Trouble::Failed {
                failure,
                next_attempt,
            } => Some((failure.clone(), *next_attempt)),
            Trouble::NotServed {
                failure,
                next_attempt,
            } if kind == ObjectKind::Service => Some((failure.clone(), *next_attempt)),
            _ => None,
        });
        let forbidden = || {
            troubles().find_map(|(_, trouble)| match trouble {
                Trouble::Forbidden {
                    failure,
                    next_attempt,
                } => Some((failure.clone(), *next_attempt)),
                _ => None,
            })
        };
        let (failure, next_attempt) = failed.or_else(forbidden).unzip();
        Health {
            complete,
            failure,
            next_attempt,
        }
    }

    fn at(&mut self, kind: ObjectKind) -> &mut Kind {
        let kind = cluster::live::stood_in_for(kind);
        self.0.entry(kind).or_default()
    }
}

/// The sort of failure that it is.
fn sort(cause: Cause) -> FailureKind {
    match cause {
        Cause::Unreachable => FailureKind::Unreachable,
        Cause::Refused => FailureKind::Refused,
        Cause::RateLimited => FailureKind::RateLimited,
        Cause::Answer => FailureKind::Answer,
    }
}

#[cfg(test)]
mod tests {
    use topology::fact::WorkloadKind;
    use topology::packed::PackedObjects;

    use super::*;

    const NOW: i64 = 1_000;
    const POD: ObjectKind = ObjectKind::Workload(WorkloadKind::Pod);

    fn listed(kind: ObjectKind) -> Update {
        Update::Restarted {
            kind,
            objects: PackedObjects::default(),
            faults: Vec::new(),
        }
    }

    fn failed(kind: ObjectKind) -> Update {
        Update::Failed {
            kind,
            namespace: None,
            cause: Cause::Unreachable,
            error: "no route".to_owned(),
            hint: Some("mend the network".to_owned()),
            retry_in: Duration::from_secs(7),
        }
    }

    fn forbidden(kind: ObjectKind) -> Update {
        Update::Forbidden {
            kind,
            namespace: None,
            error: "may not be listed".to_owned(),
            hint: None,
            retry_in: Duration::from_mins(1),
        }
    }

    fn not_served(kind: ObjectKind) -> Update {
        Update::NotServed {
            kind,
            retry_in: Duration::from_mins(1),
        }
    }

    /// Every kind listed, then these.
    fn after(updates: &[Update]) -> Kinds {
        let mut kinds = Kinds::new();
        let all: Vec<Update> = cluster::live::kinds().map(listed).collect();
        for update in all.iter().chain(updates) {
            kinds.note(update, NOW);
        }
        kinds
    }

    fn shown(kinds: &Kinds) -> String {
        let health = kinds.health();
        let failure = health
            .failure
            .map_or_else(String::new, |failure| format!(", {}", failure.message));
        let next = health
            .next_attempt
            .map_or_else(String::new, |next| format!(", again at {}", next.at));
        format!(
            "{}{failure}{next}",
            if health.complete {
                "complete"
            } else {
                "incomplete"
            }
        )
    }

    #[test]
    fn s22_a_cluster_is_complete_once_every_kind_was_listed() {
        let mut kinds = Kinds::new();
        for kind in cluster::live::kinds() {
            assert_eq!(shown(&kinds), "incomplete");
            assert!(!kinds.all_tried());
            kinds.note(&listed(kind), NOW);
        }
        assert_eq!(shown(&kinds), "complete");
        assert!(kinds.all_tried());
    }

    #[test]
    fn s22_what_fails_is_said_and_what_is_refused_is_done_without() {
        let slices = ObjectKind::Workload(WorkloadKind::EndpointSlice);
        let table: [(&[Update], &str); 7] = [
            (&[failed(POD)], "incomplete, Pod: no route, again at 1007"),
            (
                &[forbidden(POD)],
                "complete, Pod: may not be listed, again at 1060",
            ),
            (&[not_served(slices)], "complete"),
            (
                &[forbidden(ObjectKind::Service)],
                "incomplete, Service: may not be listed, again at 1060",
            ),
            (
                &[not_served(ObjectKind::Service)],
                "incomplete, Service: the API server does not serve this kind, again at 1060",
            ),
            (
                &[forbidden(POD), failed(ObjectKind::Namespace)],
                "incomplete, Namespace: no route, again at 1007",
            ),
            (
                &[
                    failed(POD),
                    Update::Deleted(topology::fact::ObjectKey {
                        kind: POD,
                        namespace: "shop".into(),
                        name: "cart".into(),
                    }),
                ],
                "complete",
            ),
        ];
        for (updates, expected) in table {
            assert_eq!(shown(&after(updates)), expected);
        }
    }

    #[test]
    fn s22_a_namespace_that_fails_stays_said_while_others_change() {
        let failed = Update::Failed {
            kind: POD,
            namespace: Some("bank".into()),
            cause: Cause::Unreachable,
            error: "no route".to_owned(),
            hint: None,
            retry_in: Duration::from_secs(7),
        };
        let deleted = |namespace: &str| {
            Update::Deleted(ObjectKey {
                kind: POD,
                namespace: namespace.into(),
                name: "a".into(),
            })
        };
        let expected = "incomplete, Pod: no route, again at 1007";
        let mut kinds = after(&[failed, deleted("shop")]);
        assert_eq!(shown(&kinds), expected);
        assert!(kinds.fails(POD));
        kinds.note(&deleted("bank"), NOW);
        assert_eq!(shown(&kinds), "complete");
        assert!(!kinds.fails(POD));
    }

    #[test]
    fn endpoints_stand_in_for_endpoint_slices() {
        let mut kinds = after(&[not_served(ObjectKind::Workload(
            WorkloadKind::EndpointSlice,
        ))]);
        kinds.note(&listed(ObjectKind::Workload(WorkloadKind::Endpoints)), NOW);
        assert_eq!(shown(&kinds), "complete");
    }

    #[test]
    fn a_watch_that_is_quiet_after_a_failure_works_and_a_list_that_is_quiet_does_not() {
        let mut kinds = after(&[failed(POD)]);
        kinds.quiet(POD);
        assert_eq!(shown(&kinds), "complete");

        let mut kinds = Kinds::new();
        kinds.note(&failed(POD), NOW);
        kinds.quiet(POD);
        assert_eq!(shown(&kinds), "incomplete, Pod: no route, again at 1007");
    }
}
