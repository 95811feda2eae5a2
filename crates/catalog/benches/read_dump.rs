//! Reading a dump of `/entities` of 100,000 components, about 2 kB each, beside the floor that splitting it alone sets.
//!
//! `cargo bench -p catalog --bench read_dump`

mod entity;

use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;

use catalog::json_stream::{self, Layout};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use entity::entity;
use topology::label_map::LabelMap;

const ENTITIES: usize = 100_000;

fn bench(criterion: &mut Criterion) {
    let mut dump = tempfile::Builder::new()
        .suffix(".json")
        .tempfile()
        .expect("a file");
    let mut bytes = 0;
    for number in 0..ENTITIES {
        let separator = if number == 0 { '[' } else { ',' };
        let text = format!("{separator}{}", entity(number));
        bytes += text.len();
        dump.write_all(text.as_bytes()).expect("room on the disk");
    }
    dump.write_all(b"]").expect("room on the disk");
    let text = std::fs::read(dump.path()).expect("the dump");
    let mut group = criterion.benchmark_group(format!(
        "dump of {ENTITIES} entities, {} MB",
        bytes / 1_000_000
    ));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(10))
        .throughput(Throughput::Elements(ENTITIES as u64));
    group.bench_function("split", |bencher| {
        bencher.iter(|| {
            let mut pieces = 0;
            json_stream::split(text.as_slice(), Layout::Unknown, &mut |piece| {
                pieces = piece.number;
            })
            .expect("reading from memory");
            assert_eq!(black_box(pieces) as usize, ENTITIES);
        });
    });
    group.bench_function("read", |bencher| {
        let paths = [dump.path().to_owned()];
        bencher.iter(|| {
            let generation = catalog::files::read(&paths, &LabelMap::default(), &mut |_| {});
            assert_eq!(generation.entities.len(), ENTITIES);
            generation
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
