//! How long the store takes over a million components and a million Services: `cargo run --release -p store --example
//! measure -- [DIRECTORY]`. It needs about two GB there.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use store::{
    Cause, CommitBatch, Compaction, Fact, Good, HistoryFilter, Options, Progress, Source, Store,
};
use topology::change::{Change, Ownership, VerdictState};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, Found, ObjectFact, OwnerClaim, OwnerTarget, ServiceFact,
};
use topology::verdict::{ComponentKey, OwnerState, ServiceKey, ServiceState, VerdictKind};

const COUNT: usize = 1_000_000;
/// What the loop hands over at a time, and what a first read may.
const BATCHES: [usize; 2] = [10_000, 100_000];
/// Stitches recorded at a time.
const RECORD: usize = 10_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let directory = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    // A stride prime to the count visits every number once, in an order that looks random.
    let random: Vec<usize> = (0..COUNT).map(|step| step * 618_033 % COUNT).collect();
    let sorted: Vec<usize> = (0..COUNT).collect();
    for (order, numbers, batch) in [
        ("random", &random, BATCHES[0]),
        ("sorted", &sorted, BATCHES[0]),
        ("random", &random, BATCHES[1]),
    ] {
        writeln!(stdout(), "components arrive {order}, {batch} at a time")?;
        let path = directory.join(format!("backstitch-measure-{order}.db"));
        run(&path, numbers, batch)?;
        for suffix in ["", ".lock"] {
            std::fs::remove_file(format!("{}{suffix}", path.display()))?;
        }
    }
    Ok(())
}

fn run(path: &Path, numbers: &[usize], batch: usize) -> Outcome<()> {
    let components: Vec<EntityFact> = numbers.iter().map(|number| component(*number, 0)).collect();
    let services: Vec<ObjectFact> = numbers.iter().map(|number| service(*number)).collect();
    let revised: Vec<EntityFact> = numbers
        .iter()
        .step_by(COUNT / 1000)
        .map(|number| component(*number, 1))
        .collect();
    let mut store = Store::open(path, &Options::default())?;
    timed("commit all components", || {
        commit(&mut store, batch, "default", 1, &components)
    })?;
    size("file", path)?;
    timed("commit 1,000 changed", || {
        commit(&mut store, batch, "default", 2, &revised)
    })?;
    timed("commit one", || {
        commit(&mut store, batch, "default", 3, &components[500..501])
    })?;
    timed("commit all again", || {
        commit(&mut store, batch, "default", 4, &components)
    })?;
    timed("commit all Services", || {
        commit(&mut store, batch, "prod", 1, &services)
    })?;
    drop((components, services));
    timed("load all components", || {
        let mut count = 0;
        for page in store.load::<EntityFact>("default")? {
            count += page?.facts.len();
        }
        assert_eq!(count, COUNT);
        Ok(())
    })?;
    size("file", path)?;

    let cause = Cause::Read {
        source: Source::Instance("default".into()),
        generation: 1,
    };
    timed("record 1,000,000 stitches", || {
        for numbers in numbers.chunks(RECORD) {
            let changes: Vec<Change> = numbers
                .iter()
                .flat_map(|number| stitch(*number, 0))
                .collect();
            store.record(1_700_000_000, &cause, &changes)?;
        }
        Ok(())
    })?;
    let moved: Vec<Change> = numbers
        .iter()
        .step_by(1000)
        .flat_map(|number| stitch(*number, 1))
        .collect();
    timed("record 2,000 changes", || {
        Ok(store.record(1_700_000_100, &cause, &moved)?)
    })?;
    timed("read the recorded states", || {
        let mut count = 0;
        for page in store.recorded_states() {
            count += page?.len();
        }
        assert_eq!(count, 2 * COUNT);
        Ok(())
    })?;
    size("file", path)?;

    let mut reader = store.reader()?;
    timed("owner at a time, 1,000 times", || {
        for number in numbers.iter().step_by(1000) {
            reader
                .service_owner_at(&service_key(*number), 1_700_000_050)?
                .ok_or("no owner")?;
        }
        Ok(())
    })?;
    let filter = HistoryFilter {
        owner: Some(team(7).to_string().into()),
        ..HistoryFilter::default()
    };
    timed("100 changes of an owner", || {
        assert!(!reader.history(&filter, None, 100)?.is_empty());
        Ok(())
    })?;
    drop(reader);
    timed("compact", || {
        let mut work = Compaction::new(1_700_000_200);
        while store.compact(&mut work)? == Progress::More {}
        Ok(())
    })?;
    drop(store);
    timed("open", || {
        Ok(Store::open(path, &Options::default()).map(drop)?)
    })
}

/// Says how long the work took, and how much of the processor: on a busy machine only the latter means something.
fn timed(what: &str, work: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    let (start, before) = (Instant::now(), processor()?);
    work()?;
    let wall = start.elapsed().as_secs_f64() * 1000.0;
    let busy = processor()? - before;
    Ok(writeln!(
        stdout(),
        "  {what:<30} {wall:>9.1} ms, processor {busy:>6} ms"
    )?)
}

/// Milliseconds of processor time that this process has used, the system's part included.
fn processor() -> Outcome<i64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time() + usage.system_time()).num_milliseconds())
}

fn size(what: &str, path: &Path) -> Outcome<()> {
    let bytes = std::fs::metadata(path)?.len();
    Ok(writeln!(
        stdout(),
        "  {what:<30} {:>9} MB",
        bytes / 1_000_000
    )?)
}

fn commit<F: Fact>(
    store: &mut Store,
    batch: usize,
    source: &str,
    generation: u32,
    facts: &[F],
) -> Outcome<()> {
    let read = Good {
        generation,
        read_at: 1_700_000_000 + i64::from(generation),
    };
    let mut batches = facts.chunks(batch).peekable();
    while let Some(upserts) = batches.next() {
        store.commit(&CommitBatch {
            source,
            mapping: "",
            generation,
            read_at: read.read_at,
            complete: batches.peek().is_none(),
            held: None,
            upserts,
            removals: &[],
            contents: store::Contents::default(),
        })?;
    }
    Ok(())
}

/// Names of some thirty characters.
fn name(number: usize) -> String {
    const WORDS: [&str; 8] = [
        "checkout",
        "payments",
        "inventory",
        "search",
        "shipping",
        "catalog",
        "accounts",
        "ledger",
    ];
    format!(
        "{}-{}-service-{number:07}",
        WORDS[number % 8],
        WORDS[number / 8 % 8]
    )
}

fn team(number: usize) -> EntityRef {
    EntityRef::new("group", "default", &format!("team-{}", number % 5000))
}

fn component(number: usize, version: usize) -> EntityFact {
    let found = |value: String| {
        Some(Found {
            path: 0,
            value: value.into(),
        })
    };
    EntityFact::Component(Box::new(ComponentFact {
        reference: EntityRef::new("component", "default", &name(number)),
        name: name(number).into(),
        kubernetes_id: found(name(number)),
        kubernetes_namespace: found(format!("namespace-{}", number % 2000)),
        label_selector: None,
        kubernetes_cluster: None,
        owners: vec![OwnerClaim {
            path: 0,
            target: OwnerTarget::Ref(team(number + version)),
        }],
        component_type: Some("service".into()),
        lifecycle: Some("production".into()),
        system: Some(format!("system-{}", number % 1000).into()),
        dependencies: Vec::new(),
        orphan: false,
        fault: None,
    }))
}

fn service(number: usize) -> ObjectFact {
    let pair = |key: &str, value: String| (key.into(), value.into());
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: format!("namespace-{}", number % 2000).into(),
        name: name(number).into(),
        labels: vec![
            pair("app.kubernetes.io/name", name(number)),
            pair(
                "app.kubernetes.io/part-of",
                format!("system-{}", number % 1000),
            ),
        ],
        selector: vec![pair("app.kubernetes.io/name", name(number))],
        external_name: false,
    }))
}

fn service_key(number: usize) -> ServiceKey {
    ServiceKey {
        cluster: "prod".into(),
        namespace: format!("namespace-{}", number % 2000).into(),
        name: name(number).into(),
    }
}

fn stitch(number: usize, version: usize) -> [Change; 2] {
    let component = ComponentKey {
        instance: "default".into(),
        reference: EntityRef::new("component", "default", &name(number)),
    };
    let verdict = VerdictState {
        kind: VerdictKind::Stitched,
        service: Some(service_key(number)),
        owner: OwnerState::Resolved,
    };
    let ownership = Ownership {
        state: ServiceState::Owned,
        component: Some(component.clone()),
        owner: Some(team(number + version).to_string().into()),
    };
    let service = service_key(number);
    [
        Change::Verdict {
            component,
            cluster: "prod".into(),
            before: None,
            after: Some(verdict),
        },
        Change::Service {
            service,
            before: None,
            after: Some(ownership),
        },
    ]
}
