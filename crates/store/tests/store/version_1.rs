//! A file of version 1, as it was released, is opened by every later version, and everything in it is understood.
//!
//! `version-1.sql` is frozen: it changes neither with the schema nor with the encoding of facts.

use rusqlite::Connection;
use store::{Good, HeldRecord, HistoryFilter, Options, Recorded, Source, SourceRecord, Store};
use topology::change::{Change, Ownership, VerdictState};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, ControllerRef, EntityFact, FieldFault, Found, ObjectFact, OwnerClaim, OwnerFact,
    OwnerKind, OwnerTarget, ServiceFact, WorkloadFact, WorkloadKind,
};
use topology::verdict::{ComponentKey, OwnerState, ServiceKey, ServiceState, VerdictKind};

const DUMP: &str = include_str!("version-1.sql");

fn entities() -> Vec<EntityFact> {
    let found = |path, value: &str| {
        Some(Found {
            path,
            value: value.into(),
        })
    };
    let claim = |path, target| OwnerClaim { path, target };
    let group = |name| EntityRef::new("group", "default", name);
    vec![
        EntityFact::Component(Box::new(ComponentFact {
            reference: EntityRef::new("component", "default", "checkout"),
            name: "Checkout".into(),
            kubernetes_id: found(0, "checkout"),
            kubernetes_namespace: found(1, "shop"),
            label_selector: Some("app=checkout".into()),
            kubernetes_cluster: Some("prod".into()),
            owners: vec![
                claim(0, OwnerTarget::Ref(group("pay"))),
                claim(1, OwnerTarget::Malformed("group:".into())),
            ],
            component_type: Some("service".into()),
            lifecycle: Some("production".into()),
            system: Some("api:default/shop".into()),
            dependencies: Vec::new(),
            orphan: true,
            fault: Some(FieldFault {
                field: "spec.owner".into(),
                found: "a list".into(),
                expected: "a text".into(),
            }),
        })),
        EntityFact::Owner(Box::new(OwnerFact {
            reference: group("pay"),
            kind: OwnerKind::Group,
            display_name: "Team Pay".into(),
            email: Some("pay@example.com".into()),
            contacts: Vec::new(),
            parent: Some(group("all")),
            children: vec![group("pay-eu")],
            members: vec![EntityRef::new("user", "default", "ann")],
            member_of: vec![],
        })),
        EntityFact::Owner(Box::new(OwnerFact {
            reference: EntityRef::new("user", "default", "ann"),
            kind: OwnerKind::User,
            display_name: "Ann".into(),
            email: None,
            contacts: Vec::new(),
            parent: None,
            children: vec![],
            members: vec![],
            member_of: vec![group("pay")],
        })),
    ]
}

fn objects() -> Vec<ObjectFact> {
    let pair = || vec![("app".into(), "checkout".into())];
    let mut objects = vec![
        ObjectFact::Namespace("shop".into()),
        ObjectFact::Service(Box::new(ServiceFact {
            namespace: "shop".into(),
            name: "checkout".into(),
            labels: pair(),
            selector: pair(),
            external_name: true,
        })),
    ];
    // The kinds that version 1 knew.
    objects.extend(WorkloadKind::ALL[..9].iter().map(|&kind| {
        ObjectFact::Workload(Box::new(WorkloadFact {
            kind,
            namespace: "shop".into(),
            name: "checkout".into(),
            uid: Some("11-22".into()),
            pod_labels: pair(),
            controller: Some(ControllerRef {
                kind: "Rollout".into(),
                name: "checkout".into(),
                uid: "33-44".into(),
            }),
            service: Some("checkout".into()),
            node: None,
            refers: Vec::new(),
        }))
    }));
    objects
}

/// A change of the verdict for each verdict and each state of the owner in turn, and of the Service for each state.
fn changes() -> Vec<Change> {
    let component = ComponentKey {
        instance: "default".into(),
        reference: EntityRef::new("component", "default", "checkout"),
    };
    let service = ServiceKey {
        cluster: "prod".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
    };
    let verdicts = VerdictKind::ALL
        .into_iter()
        .zip(OwnerState::ALL.into_iter().cycle());
    let mut before = None;
    let mut changes: Vec<Change> = verdicts
        .map(|(kind, owner)| {
            let after = Some(VerdictState {
                kind,
                service: Some(service.clone()),
                owner,
            });
            let before = std::mem::replace(&mut before, after.clone());
            Change::Verdict {
                component: component.clone(),
                cluster: "prod".into(),
                before,
                after,
            }
        })
        .collect();
    let mut before = None;
    changes.extend(ServiceState::ALL.map(|state| {
        let owner = (state == ServiceState::Owned).then(|| "group:default/pay".into());
        let component = (state != ServiceState::Unclaimed).then(|| component.clone());
        let after = Some(Ownership {
            state,
            component,
            owner,
        });
        let before = std::mem::replace(&mut before, after.clone());
        Change::Service {
            service: service.clone(),
            before,
            after,
        }
    }));
    changes
}

#[test]
fn a_file_of_version_1_is_understood() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(DUMP)
        .unwrap();
    let mut store = Store::open(&path, &Options::default()).unwrap();

    let loaded: Vec<EntityFact> = store
        .load("default")
        .unwrap()
        .flat_map(|page| page.unwrap().facts)
        .map(|loaded| loaded.fact)
        .collect();
    assert_eq!(sorted(loaded), sorted(entities()));
    let loaded: Vec<ObjectFact> = store
        .load("prod")
        .unwrap()
        .flat_map(|page| page.unwrap().facts)
        .map(|loaded| loaded.fact)
        .collect();
    assert_eq!(sorted(loaded), sorted(objects()));

    let sources = [
        SourceRecord {
            source: Source::Instance("default".into()),
            mapping: "mapping-1".to_owned(),
            generation: 3,
            last_good: Some(Good {
                generation: 3,
                read_at: 1_700_000_003,
            }),
            held: Some(HeldRecord {
                fingerprint: u64::MAX,
                count: 12,
                times: 2,
            }),
        },
        SourceRecord {
            source: Source::Cluster("prod".into()),
            mapping: String::new(),
            generation: 4,
            last_good: None,
            held: None,
        },
    ];
    assert_eq!(store.sources().unwrap(), sources);

    let history = store
        .reader()
        .unwrap()
        .history(&HistoryFilter::default(), None, 100)
        .unwrap();
    let found: Vec<Change> = history
        .into_iter()
        .rev()
        .map(|entry| entry.change)
        .collect();
    assert_eq!(found, changes());
    let states: Vec<Recorded> = store.recorded_states().flat_map(Result::unwrap).collect();
    assert_eq!(states.len(), 2);

    // That version did not write what facts came of: the next read is a whole one.
    assert_eq!(store.origin("default").unwrap(), None);
    let mut contents = Vec::new();
    store
        .contents("default", |_, content| contents.push(content))
        .unwrap();
    assert_eq!(contents, vec![None; entities().len()]);

    // A commit finds the rows again: keys and their hashes are as they were.
    let upserts = entities();
    let done = store
        .commit(&store::CommitBatch {
            source: "default",
            mapping: "mapping-1",
            generation: 5,
            read_at: 1_700_000_005,
            complete: true,
            held: None,
            upserts: &upserts,
            removals: &[],
            contents: store::Contents::default(),
        })
        .unwrap();
    assert_eq!(
        (done.added + done.changed, done.unchanged),
        (0, upserts.len())
    );
}

fn sorted<F: std::fmt::Debug>(mut facts: Vec<F>) -> Vec<F> {
    facts.sort_by_cached_key(|fact| format!("{fact:?}"));
    facts
}
