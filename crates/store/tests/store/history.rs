//! S27: every change is found again, "who owned X at T" is right, and forgetting the old leaves the rest right.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use store::{
    Cause, Compaction, HistoryEntry, HistoryFilter, MAX_HISTORY_PAGE, Options, Progress, Reader,
    Recorded, Source, Store, Subject,
};
use topology::change::{Change, Ownership};
use topology::entity_ref::EntityRef;
use topology::verdict::{ComponentKey, ServiceKey, ServiceState};

use crate::given;

const OWNERS: [&str; 3] = ["group:default/pay", "user:default/ann", "group:x/y"];

/// Moments are few, so that many changes share one, and clocks may step back.
fn moment() -> impl Strategy<Value = i64> {
    0..6_i64
}

fn records() -> impl Strategy<Value = Vec<(i64, Vec<Change>)>> {
    vec((moment(), vec(given::change(), 0..5)), 0..12)
}

fn cause() -> Cause {
    Cause::Read {
        source: Source::Instance("a".into()),
        generation: 7,
    }
}

fn recorded(records: &[(i64, Vec<Change>)]) -> (Store, Reader) {
    let mut store = Store::in_memory().unwrap();
    for (at, changes) in records {
        store.record(*at, &cause(), changes).unwrap();
    }
    let reader = store.reader().unwrap();
    (store, reader)
}

/// All changes in the order of history: by time, and by arrival within one moment.
fn in_order(records: &[(i64, Vec<Change>)]) -> Vec<(i64, &Change)> {
    let mut all: Vec<(i64, &Change)> = records
        .iter()
        .flat_map(|(at, changes)| changes.iter().map(|change| (*at, change)))
        .collect();
    all.sort_by_key(|(at, _)| *at);
    all
}

fn owner_at(all: &[(i64, &Change)], asked: &ServiceKey, moment: i64) -> Option<Ownership> {
    let last = all.iter().rev().find_map(|(at, change)| match change {
        Change::Service { service, after, .. } if service == asked && *at <= moment => Some(after),
        _ => None,
    });
    last.cloned().flatten()
}

/// The Services that an owner had at a moment.
fn owned_at(all: &[(i64, &Change)], owner: &str, moment: i64) -> BTreeSet<String> {
    let services = all.iter().filter_map(|(_, change)| match change {
        Change::Service { service, .. } => Some(service),
        Change::Verdict { .. } => None,
    });
    let has = |service: &&ServiceKey| {
        let ownership = owner_at(all, service, moment);
        ownership.is_some_and(|ownership| ownership.owner.as_deref() == Some(owner))
    };
    services.filter(has).map(ToString::to_string).collect()
}

/// How many Services there were at a moment, by state.
fn counts_at(all: &[(i64, &Change)], moment: i64) -> [u64; 3] {
    let services: BTreeSet<_> = all
        .iter()
        .filter_map(|(_, change)| match change {
            Change::Service { service, .. } => Some(service.to_string()),
            Change::Verdict { .. } => None,
        })
        .collect();
    let mut counts = [0; 3];
    for name in services {
        let last = all.iter().rev().find_map(|(at, change)| match change {
            Change::Service { service, after, .. } if service.to_string() == name => {
                (*at <= moment).then_some(after.as_ref())
            }
            _ => None,
        });
        if let Some(Some(ownership)) = last {
            let position = ServiceState::ALL
                .iter()
                .position(|state| *state == ownership.state);
            counts[position.expect("a state")] += 1;
        }
    }
    counts
}

/// The same as the store has it, read in small pages.
fn found_at(reader: &mut Reader, owner: &str, moment: i64) -> Vec<String> {
    let mut entries: Vec<HistoryEntry> = Vec::new();
    loop {
        let cursor = entries.last().map(|entry| entry.cursor);
        let page = reader.owned_at(owner, moment, cursor, 2).unwrap();
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    assert!(entries.is_sorted_by(|one, next| one.cursor > next.cursor));
    let service = |entry: HistoryEntry| match entry.change {
        Change::Service { service, .. } => service.to_string(),
        Change::Verdict { .. } => panic!("owners have Services"),
    };
    let mut services: Vec<String> = entries.into_iter().map(service).collect();
    services.sort();
    services
}

/// Every entry, read in small pages.
fn walk(reader: &mut Reader, filter: &HistoryFilter, limit: usize) -> Vec<HistoryEntry> {
    let mut entries: Vec<HistoryEntry> = Vec::new();
    loop {
        let cursor = entries.last().map(|entry| entry.cursor);
        let page = reader.history(filter, cursor, limit).unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

fn passes(filter: &HistoryFilter, at: i64, change: &Change) -> bool {
    let subject = match (&filter.subject, change) {
        (None, _) => true,
        (Some(Subject::Component(key)), Change::Verdict { component, .. }) => key == component,
        (Some(Subject::Service(key)), Change::Service { service, .. }) => key == service,
        _ => false,
    };
    let has = |side: &Option<Ownership>| {
        side.as_ref()
            .is_some_and(|ownership| ownership.owner == filter.owner)
    };
    let owner = match change {
        _ if filter.owner.is_none() => true,
        Change::Service { before, after, .. } => has(before) || has(after),
        Change::Verdict { .. } => false,
    };
    subject
        && owner
        && filter.since.is_none_or(|since| at >= since)
        && filter.until.is_none_or(|until| at <= until)
}

fn subject_of(change: &Change) -> Subject {
    match change {
        Change::Verdict { component, .. } => Subject::Component(component.clone()),
        Change::Service { service, .. } => Subject::Service(service.clone()),
    }
}

fn key_of(change: &Change) -> String {
    match change {
        Change::Verdict {
            component, cluster, ..
        } => format!("{component:?} {cluster:?}"),
        Change::Service { service, .. } => format!("{service:?}"),
    }
}

/// A state as the change that would bring it about from nothing.
fn as_change(recorded: Recorded) -> Change {
    match recorded {
        Recorded::Verdict {
            component,
            cluster,
            state,
        } => Change::Verdict {
            component,
            cluster,
            before: None,
            after: Some(state),
        },
        Recorded::Service { service, state } => Change::Service {
            service,
            before: None,
            after: Some(state),
        },
    }
}

fn without_before(change: &Change) -> Option<Change> {
    match change.clone() {
        Change::Verdict {
            component,
            cluster,
            after: Some(after),
            ..
        } => Some(Change::Verdict {
            component,
            cluster,
            before: None,
            after: Some(after),
        }),
        Change::Service {
            service,
            after: Some(after),
            ..
        } => Some(Change::Service {
            service,
            before: None,
            after: Some(after),
        }),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_change_that_passes_is_found_newest_first(
        records in records(),
        owner in option::of(prop::sample::select(&OWNERS[..])),
        subject in option::of(given::change().prop_map(|change| subject_of(&change))),
        since in option::of(moment()),
        until in option::of(moment()),
        limit in 1..4_usize,
    ) {
        let (_store, mut reader) = recorded(&records);
        let filter = HistoryFilter { subject, owner: owner.map(Into::into), since, until };
        let expected: Vec<(i64, Change)> = in_order(&records)
            .into_iter()
            .rev()
            .filter(|(at, change)| passes(&filter, *at, change))
            .map(|(at, change)| (at, change.clone()))
            .collect();
        let found = walk(&mut reader, &filter, limit);
        prop_assert!(found.iter().all(|entry| entry.cause == cause()));
        let found: Vec<(i64, Change)> =
            found.into_iter().map(|entry| (entry.cursor.at, entry.change)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_owner_at_a_moment_is_right_and_stays_so_after_compaction(
        records in records(),
        service in given::service_key(),
        before in moment(),
    ) {
        let (mut store, mut reader) = recorded(&records);
        let all = in_order(&records);
        for at in -1..7 {
            prop_assert_eq!(reader.service_owner_at(&service, at).unwrap(), owner_at(&all, &service, at));
            prop_assert_eq!(reader.service_counts_at(at).unwrap(), counts_at(&all, at));
        }
        for at in -1..7 {
            for owner in OWNERS {
                let expected: Vec<String> = owned_at(&all, owner, at).into_iter().collect();
                prop_assert_eq!(found_at(&mut reader, owner, at), expected);
            }
        }
        prop_assert_eq!(reader.begin().unwrap(), all.first().map(|(at, _)| *at));
        let count = walk(&mut reader, &HistoryFilter::default(), 100).len();
        let deleted = given::compact(&mut store, before);
        for at in before..7 {
            prop_assert_eq!(reader.service_owner_at(&service, at).unwrap(), owner_at(&all, &service, at));
            prop_assert_eq!(reader.service_counts_at(at).unwrap(), counts_at(&all, at));
            for owner in OWNERS {
                let expected: Vec<String> = owned_at(&all, owner, at).into_iter().collect();
                prop_assert_eq!(found_at(&mut reader, owner, at), expected);
            }
        }
        let begin = if deleted > 0 { Some(before) } else { all.first().map(|(at, _)| *at) };
        prop_assert_eq!(reader.begin().unwrap(), begin);
        let left = walk(&mut reader, &HistoryFilter::default(), 100);
        prop_assert_eq!(left.len() + deleted, count);
        let kept = left.iter().filter(|entry| entry.cursor.at >= before).count();
        prop_assert_eq!(kept, all.iter().filter(|(at, _)| *at >= before).count());
        let mut old: Vec<String> =
            left.iter().filter(|entry| entry.cursor.at < before).map(|entry| key_of(&entry.change)).collect();
        let count = old.len();
        old.sort();
        old.dedup();
        prop_assert_eq!(old.len(), count, "at most one old change of each subject is kept");
    }

    #[test]
    fn what_is_recorded_between_the_steps_of_a_compaction_counts(
        records in records(),
        later in vec(vec(given::change(), 0..5), 8),
        before in moment(),
    ) {
        let (mut store, mut reader) = recorded(&records);
        let mut all = records;
        let mut work = Compaction::new(before);
        let mut later = later.into_iter();
        while store.compact(&mut work).unwrap() == Progress::More {
            if let Some(changes) = later.next() {
                store.record(6, &cause(), &changes).unwrap();
                all.push((6, changes));
            }
        }
        // Every name is there, and nothing newer is missing.
        let left = walk(&mut reader, &HistoryFilter::default(), 100);
        let all = in_order(&all);
        let kept = left.iter().filter(|entry| entry.cursor.at >= before).count();
        prop_assert_eq!(kept, all.iter().filter(|(at, _)| *at >= before).count());
        for (_, change) in &all {
            if let Change::Service { service, .. } = change {
                prop_assert_eq!(reader.service_owner_at(service, 6).unwrap(), owner_at(&all, service, 6));
            }
        }
        prop_assert!(store.recorded_states().all(|page| page.is_ok()));
    }

    #[test]
    fn the_recorded_states_are_the_last_ones_recorded(records in records(), before in option::of(moment())) {
        let (mut store, _reader) = recorded(&records);
        if let Some(before) = before {
            given::compact(&mut store, before);
        }
        let mut last = std::collections::BTreeMap::new();
        for change in records.iter().flat_map(|(_, changes)| changes) {
            last.insert(key_of(change), without_before(change));
        }
        let mut found: Vec<Change> =
            store.recorded_states().flat_map(Result::unwrap).map(as_change).collect();
        found.sort_by_key(key_of);
        prop_assert_eq!(found, last.into_values().flatten().collect::<Vec<_>>());
    }
}

fn owned(owner: &str) -> Ownership {
    Ownership {
        state: ServiceState::Owned,
        component: Some(ComponentKey {
            instance: "default".into(),
            reference: EntityRef::new("component", "default", "checkout"),
        }),
        owner: Some(owner.into()),
    }
}

#[test]
fn a_page_has_a_bound_whatever_is_asked() {
    let service = ServiceKey {
        cluster: "prod".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
    };
    let change = Change::Service {
        service,
        before: None,
        after: Some(owned("group:default/pay")),
    };
    let (_store, mut reader) = recorded(&[(1, vec![change; MAX_HISTORY_PAGE + 1])]);
    let page = reader
        .history(&HistoryFilter::default(), None, usize::MAX)
        .unwrap();
    assert_eq!(page.len(), MAX_HISTORY_PAGE);
}

#[test]
fn names_of_what_is_gone_stay_readable_as_long_as_history_names_them() {
    let service = ServiceKey {
        cluster: "prod".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
    };
    let came = Change::Service {
        service: service.clone(),
        before: None,
        after: Some(owned("group:default/pay")),
    };
    let went = Change::Service {
        service: service.clone(),
        before: Some(owned("group:default/pay")),
        after: None,
    };
    let (mut store, mut reader) = recorded(&[(10, vec![came]), (20, vec![went])]);
    assert_eq!(given::compact(&mut store, 15), 0);
    assert_eq!(
        reader.service_owner_at(&service, 15).unwrap(),
        Some(owned("group:default/pay"))
    );
    assert_eq!(reader.service_owner_at(&service, 25).unwrap(), None);
    assert_eq!(given::compact(&mut store, 30), 2);
    assert_eq!(
        reader.history(&HistoryFilter::default(), None, 10).unwrap(),
        []
    );
}

#[test]
fn a_large_file_gets_smaller_once_much_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path, &Options::default()).unwrap();
    let service = |number: usize| ServiceKey {
        cluster: "prod".into(),
        namespace: "shop".into(),
        name: format!("checkout-{number}").into(),
    };
    for at in 0..3 {
        let changes: Vec<Change> = (0..40_000)
            .map(|number| Change::Service {
                service: service(number),
                before: Some(owned("group:default/pay")),
                after: (at < 2).then(|| owned("group:default/pay")),
            })
            .collect();
        store.record(at, &cause(), &changes).unwrap();
    }
    drop(store);
    let size = || std::fs::metadata(&path).unwrap().len();
    let full = size();
    let mut store = Store::open(&path, &Options::default()).unwrap();
    assert_eq!(given::compact(&mut store, 3), 120_000);
    assert_eq!(given::compact(&mut store, 3), 0);
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.begin().unwrap(), Some(3));
    // The writer last: what it leaves in the log it brings into the file.
    drop(reader);
    drop(store);
    assert!(size() < full / 2, "{full} to {}", size());
}

/// Whatever the clock says, what is recorded is read once and in its order, a page after the other.
#[test]
fn what_is_recorded_is_read_in_the_order_in_which_it_came() {
    proptest!(|(records in records(), limit in 1..4_usize)| {
        let (_store, mut reader) = recorded(&records);
        let expected: Vec<&Change> = records
            .iter()
            .flat_map(|(_, changes)| changes)
            .filter(|change| matches!(change, Change::Service { .. }))
            .collect();
        let mut found = Vec::new();
        let mut after = 0;
        loop {
            let recent = reader.services_after(after, limit).unwrap();
            prop_assert!(recent.entries.len() <= limit);
            found.extend(recent.entries.into_iter().map(|entry| entry.change));
            after = recent.upto;
            if !recent.more {
                break;
            }
        }
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
        let count: usize = records.iter().map(|(_, changes)| changes.len()).sum();
        prop_assert_eq!(after, i64::try_from(count).unwrap());
    });
}
