//! What people decided is kept apart, and stays when it has ended.

use store::{Cause, Decided, Ended, HistoryFilter, NewDecision, Options, Source, Standing, Store};
use topology::change::{Change, Ownership};
use topology::decisions::Decision;
use topology::entity_ref::EntityRef;
use topology::verdict::{ComponentKey, ServiceKey, ServiceState};

fn component() -> ComponentKey {
    ComponentKey {
        instance: "main".into(),
        reference: EntityRef::new("component", "default", "checkout"),
    }
}

fn service() -> ServiceKey {
    ServiceKey {
        cluster: "eu1".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
    }
}

/// One of each kind.
fn each() -> Vec<Decided> {
    let (component, service) = (component(), service());
    vec![
        Decided::Standing(Decision::Pin {
            component: component.clone(),
            service: service.clone(),
        }),
        Decided::Standing(Decision::Prefer {
            component: component.clone(),
            service: service.clone(),
        }),
        Decided::Standing(Decision::IgnoreComponent(component)),
        Decided::Standing(Decision::IgnoreService(service)),
        Decided::Confirmed(Source::Instance("main".into())),
        Decided::Confirmed(Source::Cluster("eu1".into())),
    ]
}

fn new(decided: Decided) -> NewDecision {
    NewDecision {
        decided,
        author: "ann".into(),
        reason: "because".into(),
        until: Some(100),
    }
}

#[test]
fn s26_every_kind_of_decision_reads_back_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path, &Options::default()).unwrap();
    let made: Vec<_> = each()
        .into_iter()
        .map(|decided| store.decide(7, &new(decided), &[]).unwrap())
        .collect();
    drop(store);
    let store = Store::open(&path, &Options::default()).unwrap();
    let mut found = store
        .reader()
        .unwrap()
        .decisions(Standing::Either, None, 100)
        .unwrap();
    found.reverse();
    assert_eq!(found, made);
    // A confirmation is done at once.
    assert_eq!(store.standing_decisions().unwrap(), made[..4]);
}

#[test]
fn s26_a_decision_ends_once_and_its_number_is_not_given_again() {
    let mut store = Store::in_memory().unwrap();
    let made = store.decide(7, &new(each().remove(0)), &[]).unwrap();
    let ended = |at| Ended {
        at,
        by: Some("bob".into()),
        why: "it moved".into(),
    };
    let found = store.end_decision(made.id, &ended(8)).unwrap().unwrap();
    assert_eq!(found.ended, Some(ended(8)));
    assert_eq!(store.end_decision(made.id, &ended(9)).unwrap(), None);
    assert_eq!(store.end_decision(77, &ended(9)).unwrap(), None);
    assert!(store.standing_decisions().unwrap().is_empty());
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.decision(made.id).unwrap(), Some(found));
    assert_eq!(reader.decision(77).unwrap(), None);
    let next = store.decide(9, &new(each().remove(1)), &[]).unwrap();
    assert!(next.id > made.id);
}

#[test]
fn s26_a_decision_and_the_end_of_those_it_replaces_are_one() {
    let mut store = Store::in_memory().unwrap();
    let first = store.decide(7, &new(each().remove(1)), &[]).unwrap();
    let other = store.decide(7, &new(each().remove(3)), &[]).unwrap();
    let later = store
        .decide(8, &new(each().remove(1)), &[first.id])
        .unwrap();
    assert_eq!(store.standing_decisions().unwrap(), [other, later.clone()]);
    let first = store.reader().unwrap().decision(first.id).unwrap().unwrap();
    let ended = first.ended.unwrap();
    assert_eq!((ended.at, ended.by.as_deref()), (8, Some("ann")));
    assert_eq!(*ended.why, *format!("replaced by decision {}", later.id));
}

#[test]
fn s27_history_names_the_decision_that_made_a_change() {
    let mut store = Store::in_memory().unwrap();
    let made = store.decide(7, &new(each().remove(0)), &[]).unwrap();
    let change = Change::Service {
        service: service(),
        before: None,
        after: Some(Ownership {
            state: ServiceState::Owned,
            component: Some(component()),
            owner: Some("group:default/pay".into()),
        }),
    };
    let cause = Cause::Decision(made.id);
    store
        .record(7, &cause, std::slice::from_ref(&change))
        .unwrap();
    let mut reader = store.reader().unwrap();
    let found = reader.history(&HistoryFilter::default(), None, 10).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].cause, &found[0].change), (&cause, &change));
}
