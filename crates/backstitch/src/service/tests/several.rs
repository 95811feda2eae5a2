//! Several sources side by side (S10, S25, S27).

use super::*;

const TWO: &str = "
scrapers: {backstage: {instances: [{name: main, path: a}, {name: other, path: b}]}}
clusters: [{name: prod, path: k8s}]
";
const OTHER: SourceNo = SourceNo(1);
const PROD: SourceNo = SourceNo(2);

fn two() -> Bench {
    Bench::start(TempDir::new().expect("a folder"), TWO)
}

fn services(bench: &mut Bench, count: usize) {
    let generation = ClusterGeneration {
        objects: numbered(count, service),
        faults: Vec::new(),
    };
    bench.take(PROD, Said::Cluster(generation, reading()));
}

fn say(source: SourceNo, entities: Vec<EntityFact>) -> (Event, oneshot::Receiver<Taken>) {
    let (answer, taken) = oneshot::channel();
    let generation = CatalogGeneration::whole(entities.into_iter().collect(), Vec::new());
    let said = Said::Catalog(generation, reading(), answer);
    (Event { source, said }, taken)
}

fn read(bench: &mut Bench, source: SourceNo, entities: Vec<EntityFact>) {
    let (event, _taken) = say(source, entities);
    bench.engine.take(vec![event]).expect("nothing stops it");
}

/// The instance whose component has that Service, and the verdicts of all of that name.
fn conflict(bench: &Bench, name: &str) -> String {
    let topology = bench.engine.topology();
    let reference = EntityRef::new("component", "default", name);
    let mut seen: Vec<String> = topology
        .find_components(&reference)
        .into_iter()
        .map(|id| {
            let verdict = topology.verdicts(id).remove(0);
            format!(
                "{}: {}",
                topology.component(id).instance,
                verdict.kind.as_str()
            )
        })
        .collect();
    seen.sort();
    seen.join(", ")
}

#[test]
fn s10_the_same_reference_in_two_instances_is_two_components_of_which_one_has_the_service() {
    let mut bench = two();
    services(&mut bench, 20);
    read(&mut bench, SourceNo(0), company(20));
    assert_eq!(conflict(&bench, "s3"), "main: stitched");
    read(
        &mut bench,
        OTHER,
        vec![component("s3", "data"), group("data")],
    );
    let both = conflict(&bench, "s3");
    assert!(
        both.contains("conflict") && both.contains("stitched"),
        "{both}"
    );
    // Whichever goes, the other has it, and nothing else of either instance changes.
    let mut left = company(20);
    left.retain(|entity| &*entity.reference().name != "s3");
    read(&mut bench, SourceNo(0), left);
    assert_eq!(conflict(&bench, "s3"), "other: stitched");
    assert_eq!([bench.owner("s3"), bench.owner("s4")], ["data", "web"]);
    // The same over a restart.
    let bench = bench.restart(TWO);
    assert_eq!(conflict(&bench, "s3"), "other: stitched");
    assert_eq!(bench.owner("s3"), "data");
}

#[test]
fn s22_s23_one_instance_that_fails_or_waits_leaves_the_other_alone() {
    let mut bench = two();
    services(&mut bench, 40);
    read(&mut bench, SourceNo(0), company(20));
    let others = (20..40).map(|number| component(&format!("s{number}"), "data"));
    let others: Vec<EntityFact> = others.chain([group("data")]).collect();
    read(&mut bench, OTHER, others.clone());
    read(&mut bench, SourceNo(0), Vec::new());
    assert_eq!(
        bench.status(SourceKind::Catalog),
        "held 1, 21 removals, 1 of 3"
    );
    read(&mut bench, OTHER, others);
    assert_eq!([bench.owner("s3"), bench.owner("s30")], ["web", "data"]);
    let list = bench.engine.shared.sources.list();
    let other = list.iter().find(|(id, _)| id.name == "other");
    assert_eq!(other.map(|(_, state)| state.phase()), Some(Phase::Ready));
}

#[test]
fn s25_others_are_heard_between_the_batches_of_a_large_generation() {
    let count = write::BATCH * 2 + 7;
    let mut bench = two();
    services(&mut bench, count);
    let events = bench.events.clone();
    // Each time the loop looks up, two others have said something; it would wait for itself if it took them later.
    let (small, mut taken) = say(OTHER, vec![component("new", "data"), group("data")]);
    let said = Said::Applied(Box::new(service("new")), NOW);
    let source = PROD;
    for event in [Event { source, said }, small] {
        events.try_send(event).expect("room");
    }
    let mut seen = Vec::new();
    let topology = Arc::clone(&bench.engine.shared.topology);
    let (looks, looked) = std::sync::mpsc::channel();
    bench.engine.surroundings.pause = Box::new(move |_| {
        let topology = topology.read().expect("nobody panicked");
        let there = !topology.find_services(None, None, "new").is_empty();
        looks
            .send((topology.summary().components, there))
            .expect("the test listens");
        Going::On
    });
    read(&mut bench, SourceNo(0), company(count));
    seen.extend(looked.try_iter());
    assert_eq!(seen.len(), 2, "it looks up between two batches");
    assert!(!seen[0].1, "{seen:?}");
    assert!(seen[1].1, "{seen:?}");
    assert!(seen[1].0 < count, "the large one is not done: {seen:?}");
    assert_eq!(taken.try_recv(), Ok(Taken::Replaced));
    assert_eq!(bench.owner("new"), "data");
    assert_eq!(bench.engine.topology().summary().components, count + 1);
    assert!(bench.engine.under_way.is_empty());
}

#[test]
fn s27_history_has_no_gap_where_two_change_one_service_at_once() {
    let count = write::BATCH + 7;
    let mut bench = two();
    services(&mut bench, count);
    // Between the two batches of the first, another takes the place of what the first batch brought.
    let said = Said::Deleted(service_key("s3"), NOW);
    let source = PROD;
    bench.events.try_send(Event { source, said }).expect("room");
    read(&mut bench, SourceNo(0), company(count));
    assert_eq!(bench.owner("s4"), "web");
    assert_snapshot!(bench.history("s3"), @"
    cluster `prod` 1: absent -> unclaimed
    cluster `prod` 1: unclaimed -> absent
    ");
    assert_snapshot!(bench.history("s4"), @"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    ");
    // Nothing was missed that a start would have to record.
    let mut bench = bench.restart(TWO);
    assert_eq!(bench.history("s3").lines().count(), 2);
}
