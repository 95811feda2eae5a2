//! S30: instances whose Secret is gone, and the ones that come after them.

use topology::settings::InstanceSettings;

use super::*;
use crate::service::event::{Opened, Opening};

/// What becomes of an instance that is judged as if it were empty.
fn withdrawn(bench: &mut Bench, source: SourceNo) -> Taken {
    let failure = Failure {
        kind: FailureKind::Unreachable,
        at: NOW,
        message: "the Secret is gone".to_owned(),
        remedy: None,
    };
    let (answer, mut taken) = oneshot::channel();
    let reading = Reading {
        faults_hide: Hides::Documents,
        ..reading()
    };
    bench.take(source, Said::Withdrawn(failure, reading, answer));
    taken.try_recv().expect("an answer")
}

fn opening(name: &str) -> Said {
    Said::Open(Box::new(Opening {
        what: Opened::Instance(InstanceSettings::named(name)),
        bell: Arc::default(),
        recheck: watch::Sender::new(false),
    }))
}

#[test]
fn s30_s23_much_goes_after_it_was_judged_so_several_times_and_then_nothing_is_left() {
    let mut bench = stitched();
    assert_eq!(withdrawn(&mut bench, CATALOG), Taken::Refused);
    assert_snapshot!(bench.status(SourceKind::Catalog), @"held 1, 21 removals, 1 of 3, the Secret is gone");
    assert_eq!(withdrawn(&mut bench, CATALOG), Taken::Refused);
    assert_eq!(bench.owner("s3"), "web");
    // A restart does not forget how often it was judged.
    let mut bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.owner("s3"), "web");
    assert_eq!(withdrawn(&mut bench, CATALOG), Taken::Replaced);
    assert_eq!(bench.owner("s3"), "-");
    assert_snapshot!(bench.status(SourceKind::Catalog), @"stale 4, the Secret is gone");

    bench.take(CATALOG, Said::Close);
    let left: Vec<SourceKind> = bench
        .engine
        .shared
        .sources
        .list()
        .into_iter()
        .map(|(id, _)| id.kind)
        .collect();
    assert_eq!(left, [SourceKind::Cluster]);
    assert_eq!(bench.engine.topology().instances().count(), 0);
    let stored = bench.engine.store.sources().expect("the store");
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert_snapshot!(bench.history("s3"), @r"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    instance `main` 4: group:default/web -> unclaimed
    ");
}

#[test]
fn s30_s24_little_goes_at_the_first_time() {
    let mut bench = Bench::new();
    bench.listed(numbered(2, service));
    bench.health(true);
    bench.catalog(company(2));
    assert_eq!(bench.owner("s1"), "web");
    assert_eq!(withdrawn(&mut bench, CATALOG), Taken::Replaced);
    assert_eq!(bench.owner("s1"), "-");
    // There is nothing left to judge, and nothing more to be told.
    assert_eq!(withdrawn(&mut bench, CATALOG), Taken::Replaced);
}

#[test]
fn s30_an_instance_that_comes_is_read_as_any_other_and_one_that_goes_takes_all_along() {
    let mut bench = stitched();
    let late = SourceNo(bench.engine.book.len());
    bench.take(late, opening("late"));
    let read = |bench: &mut Bench, source, entities: Vec<EntityFact>| {
        let (answer, mut taken) = oneshot::channel();
        let whole = CatalogGeneration::whole(entities.into_iter().collect(), Vec::new());
        bench.take(source, Said::Catalog(whole, reading(), answer));
        taken.try_recv().expect("an answer")
    };
    bench.listed(numbered(21, service));
    let entities = vec![component("s20", "data"), group("data")];
    assert_eq!(read(&mut bench, late, entities), Taken::Replaced);
    assert_eq!(bench.owner("s20"), "data");
    // Whatever is left when it closes goes with it.
    bench.take(late, Said::Close);
    assert_eq!(bench.owner("s20"), "-");
    assert_eq!(bench.owner("s3"), "web");

    // One of the same name is a new one, in a place of its own.
    let again = SourceNo(bench.engine.book.len());
    bench.take(again, opening("late"));
    assert_eq!(
        read(
            &mut bench,
            again,
            vec![component("s20", "web"), group("web")]
        ),
        Taken::Replaced
    );
    assert_eq!(bench.owner("s20"), "web");
    assert_snapshot!(bench.history("s20"), @r"
    cluster `prod` 2: absent -> unclaimed
    instance `late` 1: unclaimed -> group:default/data
    instance `late` 1: group:default/data -> unclaimed
    instance `late` 1: unclaimed -> group:default/web
    ");
}

#[test]
fn s30_s23_a_cluster_comes_is_watched_as_any_other_and_goes() {
    let mut bench = stitched();
    let late = SourceNo(bench.engine.book.len());
    bench.take(
        late,
        Said::Open(Box::new(Opening {
            what: Opened::Cluster("late".to_owned()),
            bell: Arc::default(),
            recheck: watch::Sender::new(false),
        })),
    );
    let listed = |bench: &mut Bench, objects: Vec<ObjectFact>| {
        let kind = ObjectKind::Service;
        bench.take(
            late,
            Said::Listed {
                kind,
                objects: objects.into_iter().collect(),
                faults: Vec::new(),
                read_at: NOW,
                woken: Woken::Due,
            },
        );
        let health = Health {
            complete: true,
            failure: None,
            next_attempt: None,
        };
        bench.take(late, Said::Health(health, None));
    };
    let services = |bench: &Bench| {
        let topology = bench.engine.topology();
        let cluster = topology.clusters().find(|(_, name)| *name == "late");
        cluster.map(|(cluster, _)| topology.object_count(cluster, None))
    };
    listed(&mut bench, numbered(21, service));
    assert_eq!(services(&bench), Some(21));

    // Its Secret is gone: as much as this is confirmed before it goes.
    assert_eq!(withdrawn(&mut bench, late), Taken::Refused);
    assert_eq!(withdrawn(&mut bench, late), Taken::Refused);
    assert_eq!(services(&bench), Some(21));
    // The Secret is back, and the cluster with it: nothing is held back any more.
    listed(&mut bench, numbered(21, service));
    for expected in [Taken::Refused, Taken::Refused, Taken::Replaced] {
        assert_eq!(withdrawn(&mut bench, late), expected);
    }
    assert_eq!(services(&bench), Some(0));
    assert_eq!(bench.owner("s3"), "web", "the other cluster is as it was");
    bench.take(late, Said::Close);
    assert_eq!(services(&bench), None);
    let stored = bench.engine.store.sources().expect("the store");
    assert_eq!(stored.len(), 2, "{stored:?}");
}
