//! What a read does: to what is known, to history, to the status (S22–S24, S27).

use topology::packed::PackedObjects;

use super::*;

#[test]
fn s22_a_failure_changes_nothing_but_the_status() {
    let mut bench = stitched();
    assert_eq!(bench.status(SourceKind::Catalog), "ready 1");
    let failure = Failure {
        kind: FailureKind::Unreachable,
        at: NOW,
        message: "no route".to_owned(),
        remedy: None,
    };
    bench.take(
        CATALOG,
        Said::Failed {
            failure,
            next_attempt: next_attempt(NOW, Duration::from_secs(1)),
            ended: ended(2),
        },
    );
    assert_eq!(bench.status(SourceKind::Catalog), "stale 1, no route");
    assert_eq!(bench.owner("s3"), "web");
    bench.catalog(company(20));
    assert_eq!(bench.status(SourceKind::Catalog), "ready 2");
}

#[test]
fn s22_a_partial_read_adds_and_removes_nothing() {
    let mut bench = stitched();
    let mut entities = vec![component("s3", "data"), group("data")];
    entities.push(component("s99", "data"));
    let generation = CatalogGeneration::whole(entities.into_iter().collect(), Vec::new());
    let incomplete = Some(Failure {
        kind: FailureKind::Unreachable,
        at: NOW,
        message: "half of it is gone".to_owned(),
        remedy: None,
    });
    let taken = bench.read(
        generation,
        Reading {
            incomplete,
            ..reading()
        },
    );
    assert_eq!(taken, Taken::Merged);
    assert_eq!(
        bench.status(SourceKind::Catalog),
        "stale 1, half of it is gone"
    );
    assert_eq!([bench.owner("s2"), bench.owner("s3")], ["web", "data"]);
}

#[test]
fn s22_what_faults_may_hide_waits_for_confirmation() {
    let mut bench = stitched();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let faults = vec![Fault {
            place: "catalog.yaml".to_owned(),
            message: "not YAML".to_owned(),
        }];
        let generation = CatalogGeneration::whole(company(19).into_iter().collect(), faults);
        let faults_hide = Hides::Documents;
        bench.read(
            generation,
            Reading {
                faults_hide,
                ..reading()
            },
        );
        seen.push(format!(
            "{}: {}",
            bench.status(SourceKind::Catalog),
            bench.owner("s19")
        ));
    }
    assert_snapshot!(seen.join("\n"), @"
    held 1, 1 removals, 1 of 3: web
    held 1, 1 removals, 2 of 3: web
    ready 4: -
    ");
}

#[test]
fn s22_what_a_fault_of_a_part_cannot_hide_goes_at_once() {
    let mut bench = stitched();
    let faults = vec![Fault {
        place: "catalog.yaml, field `spec.dependsOn`".to_owned(),
        message: "no reference".to_owned(),
    }];
    let generation = CatalogGeneration {
        faulty_parts: 1,
        ..CatalogGeneration::whole(company(19).into_iter().collect(), faults)
    };
    bench.read(
        generation,
        Reading {
            faults_hide: Hides::Documents,
            ..reading()
        },
    );
    assert_eq!(bench.owner("s19"), "-");
}

#[test]
fn s23_a_generation_that_removes_much_waits_also_over_a_restart() {
    let mut bench = stitched();
    let mut seen = Vec::new();
    let mut step = |bench: &mut Bench, what: &str| {
        seen.push(format!(
            "{what}: {}, {}",
            bench.status(SourceKind::Catalog),
            bench.owner("s3")
        ));
    };
    bench.catalog(Vec::new());
    step(&mut bench, "empty");
    bench.catalog(Vec::new());
    step(&mut bench, "empty");
    let mut bench = bench.restart(CONFIGURATION);
    step(&mut bench, "restarted");
    bench.catalog(Vec::new());
    step(&mut bench, "empty");
    assert_snapshot!(seen.join("\n"), @"
    empty: held 1, 21 removals, 1 of 3, web
    empty: held 1, 21 removals, 2 of 3, web
    restarted: held 1, 21 removals, 2 of 3, web
    empty: ready 4, -
    ");
}

#[test]
fn s23_nothing_of_a_generation_that_is_held_back_counts() {
    let mut bench = stitched();
    let moved = numbered(20, |name| component(&format!("{name}-moved"), "web"));
    bench.catalog(moved);
    assert_eq!(
        bench.status(SourceKind::Catalog),
        "held 1, 21 removals, 1 of 3"
    );
    assert_eq!(bench.engine.topology().summary().components, 20);
    // What comes back ends the waiting.
    bench.catalog(company(20));
    assert_eq!(bench.status(SourceKind::Catalog), "ready 3");
}

#[test]
fn s23_a_kind_that_lost_much_is_looked_at_again() {
    let mut bench = stitched();
    let recheck = bench.engine.book[CLUSTER.0].recheck.subscribe();
    let mut seen = Vec::new();
    for _ in 0..3 {
        bench.listed(vec![service("new")]);
        bench.health(true);
        let services = bench.engine.topology().summary().services;
        seen.push(format!(
            "{}: {services} Services, recheck {}",
            bench.status(SourceKind::Cluster),
            *recheck.borrow()
        ));
    }
    assert_snapshot!(seen.join("\n"), @"
    held 1, 20 removals, 1 of 3: 21 Services, recheck true
    held 1, 20 removals, 2 of 3: 21 Services, recheck true
    ready 4: 1 Services, recheck false
    ");
}

#[test]
fn s24_s27_what_is_gone_is_removed_and_history_says_so() {
    let mut bench = stitched();
    let mut entities = company(20);
    entities.remove(3);
    bench.catalog(entities);
    assert_eq!(bench.owner("s3"), "-");
    bench.take(CLUSTER, Said::Deleted(service_key("s3"), NOW));
    assert_snapshot!(bench.history("s3"), @"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    instance `main` 2: group:default/web -> unclaimed
    cluster `prod` 1: unclaimed -> absent
    ");
}

#[test]
fn s27_a_generation_of_many_slices_is_one_change_of_each_subject() {
    let count = write::BATCH + write::SLICE + 7;
    let mut bench = Bench::new();
    bench.listed(numbered(count, service));
    bench.health(true);
    bench.catalog(company(count));
    assert_eq!(
        bench.engine.topology().summary().service_states,
        [count, 0, 0]
    );
    let last = format!("s{}", count - 1);
    let histories = ["s0", "s9999", "s10000", &last].map(|name| bench.history(name));
    assert_snapshot!(histories[0], @"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    ");
    assert!(histories.iter().all(|history| *history == histories[0]));
    // Every component is now that of another: in between each Service has two.
    let other = numbered(count, |name| {
        let EntityFact::Component(mut component) = component(name, "web") else {
            return component(name, "web");
        };
        component.reference = EntityRef::new("component", "other", name);
        EntityFact::Component(component)
    });
    let entities = [vec![group("web")], other].concat();
    for _ in 0..3 {
        bench.catalog(entities.clone());
    }
    assert_eq!(
        bench.engine.topology().summary().service_states,
        [count, 0, 0]
    );
    assert_eq!(bench.history("s0").lines().count(), 3);
}

#[test]
fn of_many_small_changes_the_last_of_each_object_counts() {
    let mut bench = stitched();
    let applied = |name: &str| Said::Applied(Box::new(service(name)), NOW);
    let deleted = |name: &str| Said::Deleted(service_key(name), NOW);
    let said = [
        deleted("s1"),
        applied("s1"),
        applied("brief"),
        deleted("brief"),
        applied("new"),
        deleted("s2"),
    ];
    let events = said.map(|said| Event {
        source: CLUSTER,
        said,
    });
    bench.engine.take(events.into()).expect("nothing stops it");
    let topology = bench.engine.topology();
    let there = |name| !topology.find_services(None, None, name).is_empty();
    assert_eq!(
        ["s1", "brief", "new", "s2"].map(there),
        [true, false, true, false]
    );
    drop(topology);
    assert_eq!(
        bench.history("s1").lines().count(),
        2,
        "it was there all the time"
    );
    assert_eq!(bench.history("brief"), "");
}

#[test]
fn a_cluster_of_files_is_one_generation() {
    let mut bench = Bench::new();
    let objects = numbered(3, service);
    let faults = Vec::new();
    bench.take(
        CLUSTER,
        Said::Cluster(ClusterGeneration { objects, faults }, reading()),
    );
    assert_eq!(bench.status(SourceKind::Cluster), "ready 1");
    let objects = numbered(2, service);
    let faults = Vec::new();
    bench.take(
        CLUSTER,
        Said::Cluster(ClusterGeneration { objects, faults }, reading()),
    );
    assert_eq!(bench.status(SourceKind::Cluster), "ready 2");
    let list = bench.engine.shared.sources.list();
    let (_, cluster) = list.last().expect("the cluster");
    assert_eq!(cluster.counts.get("services"), Some(&2));
}

#[test]
fn s23_reads_that_come_early_confirm_nothing() {
    let mut bench = stitched();
    let early = || Reading {
        woken: Woken::Early,
        ..reading()
    };
    let empty = || CatalogGeneration::whole(std::iter::empty().collect(), Vec::new());
    for _ in 0..5 {
        assert_eq!(bench.read(empty(), early()), Taken::Refused);
    }
    let due: Vec<Taken> = (0..2).map(|_| bench.read(empty(), reading())).collect();
    assert_eq!(due, [Taken::Refused, Taken::Replaced]);

    let mut bench = stitched();
    let none = |woken| Said::Listed {
        kind: ObjectKind::Service,
        objects: PackedObjects::default(),
        faults: Vec::new(),
        read_at: NOW,
        woken,
    };
    for _ in 0..5 {
        bench.take(CLUSTER, none(Woken::Early));
        assert_eq!(bench.owner("s3"), "web");
    }
    bench.take(CLUSTER, none(Woken::Due));
    bench.take(CLUSTER, none(Woken::Due));
    assert_eq!(
        bench.history("s3").lines().last(),
        Some("cluster `prod` 8: group:default/web -> absent")
    );
}
