//! Old history goes, and what it says of the time that is kept stays (S27).

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

const DAY: i64 = 86_400;
const KEPT: &str = "
scrapers: {backstage: {instances: [{name: main, path: catalog}]}}
clusters: [{name: prod, path: k8s}]
history: {retention: 10d}
";

/// What the clock shows.
static CLOCK: AtomicI64 = AtomicI64::new(NOW);

/// Lets the loop forget until it waits for the next round.
fn forget(bench: &mut Bench) {
    loop {
        bench.engine.forget();
        let wait = bench.engine.until_forgetting();
        if wait == Duration::from_hours(1) {
            return;
        }
        assert_eq!(wait, Duration::from_secs(1), "the rest belongs to sources");
        CLOCK.fetch_add(1, Ordering::Relaxed);
    }
}

/// The one component has that owner at that moment.
fn owned(owner: &str, at: i64, bench: &mut Bench) {
    CLOCK.store(at, Ordering::Relaxed);
    let mut entities = numbered(1, |name| component(name, owner));
    entities.extend(["web", "pay"].map(group));
    bench.catalog(entities);
}

#[test]
fn s27_what_is_older_than_the_retention_is_forgotten_but_for_the_last_state() {
    let mut bench = Bench::start(TempDir::new().expect("a folder"), KEPT);
    bench.engine.surroundings.clock = || CLOCK.load(Ordering::Relaxed);
    bench.listed(numbered(1, service));
    bench.health(true);
    owned("web", NOW, &mut bench);
    owned("pay", NOW + DAY, &mut bench);
    owned("web", NOW + 20 * DAY, &mut bench);
    let whole = bench.history("s0");
    forget(&mut bench);
    let kept = bench.history("s0");
    assert_snapshot!(kept, @"
    instance `main` 2: group:default/web -> group:default/pay
    instance `main` 3: group:default/pay -> group:default/web
    ");
    assert!(
        whole.ends_with(&kept) && whole.len() > kept.len(),
        "{whole}"
    );
    let begin = bench.history.begin().expect("a healthy store");
    assert_eq!(begin, Some(NOW + 10 * DAY));
    // Nothing more is to be done for an hour.
    bench.engine.forget();
    assert_eq!(bench.engine.until_forgetting(), Duration::from_hours(1));
    assert_eq!(bench.history("s0"), kept);
}
