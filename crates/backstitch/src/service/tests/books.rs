//! What the status says of reads beside their outcome: since when, how often, how much.

use std::sync::atomic::{AtomicI64, Ordering};

use server::status::{SourceState, StoreState};

use super::*;

fn state(bench: &Bench, kind: SourceKind) -> SourceState {
    let list = bench.engine.shared.sources.list();
    let found = list.into_iter().find(|(id, _)| id.kind == kind);
    found.map(|(_, state)| state).expect("the source")
}

fn fail(bench: &mut Bench, number: u64, at: i64) {
    let failure = Failure {
        kind: FailureKind::Unreachable,
        at,
        message: "no route".to_owned(),
        remedy: None,
    };
    bench.take(
        CATALOG,
        Said::Failed {
            failure,
            next_attempt: next_attempt(at, Duration::from_secs(2)),
            ended: ended(number),
        },
    );
}

#[test]
fn failures_are_told_since_the_first_of_them_and_end_with_a_read_that_does_not_fail() {
    let mut bench = stitched();
    for (number, at) in [(2, NOW + 5), (3, NOW + 9), (4, NOW + 3)] {
        fail(&mut bench, number, at);
    }
    let failing = state(&bench, SourceKind::Catalog);
    let streak = failing.failing.expect("it fails");
    assert_eq!((streak.since, streak.times), (NOW + 5, 3));
    assert_eq!(failing.failure.map(|failure| failure.at), Some(NOW + 3));
    assert_eq!((failing.reads, failing.totals.failures), (4, 3));
    assert_eq!(failing.failures, [(FailureKind::Unreachable, 3)].into());
    bench.catalog(company(20));
    let well = state(&bench, SourceKind::Catalog);
    assert_eq!((well.failing, well.failure), (None, None));
    assert_eq!(well.totals.failures, 3);
}

#[test]
fn a_store_that_refuses_is_told_until_it_takes_writes_again() {
    let mut bench = stitched();
    let sources = Arc::clone(&bench.engine.shared.sources);
    let mut told = Vec::new();
    let done = bench.engine.persist(|_| {
        told.push(sources.store().failing.map(|failing| failing.times));
        match told.len() {
            3 => Ok(()),
            _ => Err(StoreError::InUse {
                path: "state.db".into(),
            }),
        }
    });
    assert_eq!((done, told), (Ok(()), vec![None, Some(1), Some(2)]));
    let works = StoreState {
        failing: None,
        failures: 2,
    };
    assert_eq!(sources.store(), works);
}

#[test]
fn the_last_generation_says_what_it_changed() {
    let mut bench = stitched();
    let delta = |bench: &Bench, kind| {
        let delta = state(bench, kind).delta.expect("it took one");
        (
            delta.generation,
            [delta.added, delta.changed, delta.removed],
            delta.unchanged,
        )
    };
    assert_eq!(delta(&bench, SourceKind::Catalog), (1, [21, 0, 0], Some(0)));
    let mut entities = company(21);
    entities.remove(3);
    entities[0] = component("s0", "data");
    bench.catalog(entities);
    assert_eq!(delta(&bench, SourceKind::Catalog), (2, [1, 1, 1], Some(19)));
    // What comes back is new, although history still names it.
    bench.catalog(company(21));
    assert_eq!(delta(&bench, SourceKind::Catalog), (3, [1, 1, 0], Some(20)));
    // A generation that is held back changes nothing.
    bench.catalog(Vec::new());
    assert_eq!(delta(&bench, SourceKind::Catalog).0, 3);
    let totals = state(&bench, SourceKind::Catalog).totals;
    assert_eq!([totals.added, totals.changed, totals.removed], [23, 2, 1]);
    // A watched cluster tells changes alone.
    bench.take(CLUSTER, Said::Applied(Box::new(service("new")), NOW));
    assert_eq!(delta(&bench, SourceKind::Cluster), (1, [21, 0, 0], None));
}

#[test]
fn faults_and_warnings_are_part_of_the_status() {
    let mut bench = stitched();
    let fault = |number: usize| Fault {
        place: format!("entity {number}"),
        message: "no name".to_owned(),
    };
    let generation = CatalogGeneration::whole(
        company(20).into_iter().collect(),
        (0..50).map(fault).collect(),
    );
    let reading = Reading {
        ended: Ended {
            warnings: vec!["the certificate is not verified".to_owned()],
            ..ended(2)
        },
        ..reading()
    };
    bench.read(generation, reading);
    let status = state(&bench, SourceKind::Catalog);
    assert_eq!((status.faults.total, status.faults.first.len()), (50, 20));
    assert_eq!(status.warnings.len(), 1);
    // S29: at every read, also at one that failed; what was faulty is so still.
    bench.catalog(company(20));
    assert!(state(&bench, SourceKind::Catalog).faults.first.is_empty());
}

#[test]
fn a_clock_that_jumps_breaks_nothing() {
    static CLOCK: AtomicI64 = AtomicI64::new(NOW);
    const YEAR: i64 = 365 * 24 * 3_600;
    let mut bench = stitched();
    bench.engine.surroundings.clock = || CLOCK.load(Ordering::Relaxed);
    let mut held = Vec::new();
    for jump in [YEAR, -2 * YEAR, i64::MAX - NOW] {
        let now = NOW + jump;
        CLOCK.store(now, Ordering::Relaxed);
        let reading = Reading {
            read_at: now,
            next_attempt: next_attempt(now, Duration::from_mins(5)),
            ..reading()
        };
        bench.read(CatalogGeneration::default(), reading);
        let list = bench.engine.shared.sources.list();
        let (id, state) = list.first().expect("the catalog");
        let status = state.render(id, now);
        assert!(status.age_seconds.is_some());
        assert!(status.next_attempt_in_seconds <= Some(300));
        held.push(bench.status(SourceKind::Catalog));
    }
    // S23: what counts is how often the source said so, not when.
    assert_snapshot!(held.join("\n"), @"
    held 1, 21 removals, 1 of 3
    held 1, 21 removals, 2 of 3
    ready 4
    ");
}
