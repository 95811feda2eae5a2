//! Our own CPU time for reading a Backstage of 100,000 components, about 2 kB each: the first time, and when nothing has
//! changed. The server is a thread of this process; what is measured is the time of the reading thread alone, which is
//! the client, its HTTP and the splitting of pages included.
//!
//! `cargo bench -p catalog --bench sync`

mod cpu;
mod entity;
mod served;

use std::io::Write as _;
use std::time::Duration;

use backstage_client::{Client, Settings};
use catalog::backstage::{PAGE_SIZE, Reader, Taken, kinds};
use cpu::cpu;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use entity::entity;
use served::{page, serve};
use tokio::runtime::Runtime;
use topology::label_map::LabelMap;

const ENTITIES: usize = 100_000;

/// One read, and what of it was given.
fn read(runtime: &Runtime, client: &Client, reader: &mut Reader) -> (Duration, usize) {
    let (filter, map) = (kinds(), LabelMap::default());
    let before = cpu();
    let sync = runtime
        .block_on(reader.read(client, &filter, &map, &mut |_| {}))
        .expect("a generation");
    let given = sync.generation.entities.len();
    reader.taken(Taken::Replaced);
    (cpu().saturating_sub(before), given)
}

fn bench(criterion: &mut Criterion) {
    let size = PAGE_SIZE.get() as usize;
    let pages: Vec<String> = (0..ENTITIES / size)
        .map(|number| page(number, size, ENTITIES, entity))
        .collect();
    let address = serve(move |number| pages[number].clone());
    let url = format!("http://{address}").parse().expect("a URL");
    let client = Client::new(Settings::new(url)).expect("settings");
    // The reading happens on this thread, whose time is measured.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");

    let mut group = criterion.benchmark_group("CPU of a read of 100,000 entities");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(10))
        .throughput(Throughput::Elements(ENTITIES as u64));
    group.bench_function("first", |bencher| {
        bencher.iter_custom(|times| {
            let once = |_| {
                let (cpu, given) = read(&runtime, &client, &mut Reader::new(PAGE_SIZE));
                assert_eq!(given, ENTITIES);
                cpu
            };
            (0..times).map(once).sum()
        });
    });
    let mut reader = Reader::new(PAGE_SIZE);
    read(&runtime, &client, &mut reader);
    group.bench_function("unchanged", |bencher| {
        bencher.iter_custom(|times| {
            let once = |_| {
                let (cpu, given) = read(&runtime, &client, &mut reader);
                assert_eq!(given, 0);
                cpu
            };
            (0..times).map(once).sum()
        });
    });
    group.finish();
    writeln!(
        std::io::stderr(),
        "remembered: {} bytes per entity",
        reader.bytes() / ENTITIES
    )
    .expect("stderr");
}

criterion_group!(benches, bench);
criterion_main!(benches);
