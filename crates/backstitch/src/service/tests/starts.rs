//! What a start finds: the last state, and what was missed (S4, S26, S27).

use super::*;

#[test]
fn s26_the_last_state_is_back_before_any_source_answers() {
    let bench = stitched();
    let summary = bench.engine.topology().summary();
    let mut bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.engine.topology().summary(), summary);
    assert_eq!(bench.status(SourceKind::Catalog), "stale 1");
    assert_eq!(bench.status(SourceKind::Cluster), "stale 1");
    let list = bench.engine.shared.sources.list();
    let (_, catalog) = list.first().expect("the catalog");
    assert_eq!(catalog.counts.get("components"), Some(&20));
    // S27: a restart is no change.
    assert_eq!(bench.history("s3").lines().count(), 2);
    // The generations go on from where they were.
    bench.catalog(company(20));
    assert_eq!(bench.status(SourceKind::Catalog), "ready 2");
}

#[test]
fn s26_s27_history_that_a_kill_lost_is_recorded_at_start() {
    let mut bench = stitched();
    // Facts that were committed by a process that died before it could say what they changed.
    let upserts = [group("data"), component("s3", "data")];
    let removals = [EntityRef::new("component", "default", "s4")];
    let mapping = bench.engine.book[CATALOG.0].mapping.clone();
    let batch = store::CommitBatch {
        source: "main",
        mapping: &mapping,
        generation: 2,
        read_at: NOW,
        complete: true,
        held: None,
        upserts: &upserts,
        removals: &removals,
        contents: store::Contents::default(),
    };
    bench.engine.store.commit(&batch).expect("committed");
    let mut bench = bench.restart(CONFIGURATION);
    assert_snapshot!(bench.history("s3") + "\n" + &bench.history("s4"), @"
    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    instance `main` 2: group:default/web -> group:default/data

    cluster `prod` 1: absent -> unclaimed
    instance `main` 1: unclaimed -> group:default/web
    instance `main` 2: group:default/web -> unclaimed
    ");
    // Once is enough.
    let mut bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.history("s4").lines().count(), 3);
}

#[test]
fn s27_a_source_that_is_configured_no_more_leaves_and_comes_back() {
    let without = "clusters: [{name: prod, path: k8s}]";
    let mut bench = stitched().restart(without);
    assert_eq!(bench.owner("s3"), "-");
    assert!(
        bench
            .history("s3")
            .ends_with("instance `main` 0: group:default/web -> unclaimed\n")
    );
    let bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.owner("s3"), "web");
}

#[test]
fn s26_facts_of_another_mapping_are_shown_with_it_until_they_are_read_anew() {
    let changed = "
scrapers: {backstage: {instances: [{name: main, path: catalog, label_map: {
  component_kubernetes_id: [metadata.name, annotations.example.org/id]}}]}}
clusters: [{name: prod, path: k8s}]
";
    let path = |bench: &Bench| {
        let topology = bench.engine.topology();
        let reference = EntityRef::new("component", "default", "s3");
        let id = *topology
            .find_components(&reference)
            .first()
            .expect("the component");
        let verdict = topology.verdicts(id).remove(0);
        verdict
            .id_paths
            .last()
            .map(|tried| tried.path.to_string())
            .expect("a path was tried")
    };
    let mut bench = stitched().restart(changed);
    assert_eq!(bench.owner("s3"), "web");
    assert_eq!(path(&bench), "annotations.backstage.io/kubernetes-id");
    assert_eq!(
        bench.status(SourceKind::Catalog),
        "stale 1, the `label_map` was changed: what is shown was read with the one before"
    );
    // Still so after another start.
    bench = bench.restart(changed);
    assert_eq!(path(&bench), "annotations.backstage.io/kubernetes-id");
    bench.catalog(company(20));
    assert_eq!(path(&bench), "metadata.name");
    assert_eq!(bench.status(SourceKind::Catalog), "ready 2");
    let bench = bench.restart(changed);
    assert_eq!(bench.status(SourceKind::Catalog), "stale 2");
    assert_eq!(path(&bench), "metadata.name");
}

#[test]
fn s26_a_stop_ends_a_large_generation_between_two_batches() {
    let mut bench = Bench::new();
    bench.engine.surroundings.pause = Box::new(|pause| {
        assert_eq!(pause, Duration::ZERO);
        Going::Down
    });
    let entities = company(write::BATCH * 2).into_iter().collect();
    let generation = CatalogGeneration::whole(entities, Vec::new());
    let (answer, _) = oneshot::channel();
    let said = Said::Catalog(generation, reading(), answer);
    let source = CATALOG;
    assert_eq!(
        bench.engine.take(vec![Event { source, said }]),
        Err(Stopped)
    );
    let bench = bench.restart(CONFIGURATION);
    // The first batch is there, and it is no generation.
    assert_eq!(
        bench.engine.topology().summary().components,
        write::BATCH - 1
    );
    assert_eq!(bench.status(SourceKind::Catalog), "starting 0");
}

#[test]
fn s26_s27_a_stop_ends_a_start_and_the_next_one_does_the_rest() {
    let without = "clusters: [{name: prod, path: k8s}]";
    let mut bench = stitched().restart(without);
    let recorded = bench.history("s3");
    // What was owned by `main` is owned again, and history has not heard of it when the signal comes.
    let Bench {
        engine,
        history,
        folder,
        events,
    } = bench;
    drop((engine, history));
    let config = Config::parse(Path::new("backstitch.yaml"), CONFIGURATION).expect("it parses");
    let stop = watch::Sender::new(true);
    let mut bench = Bench::before_loading(folder, &config, stop.subscribe());
    let loaded = bench.engine.load(&config, &Expected::default());
    assert!(matches!(loaded, Ok(None)), "{loaded:?}");
    assert_eq!(bench.engine.catch_up(), Err(Stopped));
    assert_eq!(bench.history("s3"), recorded);
    drop(events);
    let mut bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.owner("s3"), "web");
    assert!(
        bench
            .history("s3")
            .ends_with("instance `main` 1: unclaimed -> group:default/web\n")
    );
}

#[test]
fn s4_an_instance_that_cannot_start_says_why() {
    let configuration = "
scrapers: {backstage: {instances: [
  {name: main, path: catalog},
  {name: broken, path: elsewhere, label_map: {component_owner: []}}]}}
clusters: [{name: prod, path: k8s}]
";
    let bench = Bench::start(TempDir::new().expect("a folder"), configuration);
    let list = bench.engine.shared.sources.list();
    let (_, broken) = list
        .iter()
        .find(|(id, _)| id.name == "broken")
        .expect("it is listed");
    assert_eq!(broken.phase(), Phase::Failing);
    let failure = broken.failure.as_ref().expect("it says why");
    assert!(
        failure.message.contains("label_map.component_owner"),
        "{}",
        failure.message
    );
}
