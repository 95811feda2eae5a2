//! Reading a dump of `/entities` of 100,000 components, about 2 kB each, beside the floor that splitting it alone sets.
//!
//! `cargo bench -p catalog --bench read_dump`

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;

use catalog::json_stream::{self, Layout};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use topology::label_map::LabelMap;

const ENTITIES: usize = 100_000;

/// An entity as a Backstage answers it: annotations, links, tags and relations that stitching does not read.
fn entity(number: usize) -> String {
    let mut text = format!(
        r#"{{"metadata":{{"namespace":"default","annotations":{{"backstage.io/managed-by-location":"url:https://git.example.com/org/service-{number}/blob/main/catalog-info.yaml","backstage.io/managed-by-origin-location":"url:https://git.example.com/org/service-{number}/blob/main/catalog-info.yaml","backstage.io/view-url":"https://git.example.com/org/service-{number}/blob/main/catalog-info.yaml","backstage.io/source-location":"url:https://git.example.com/org/service-{number}/","backstage.io/kubernetes-id":"service-{number:06}-production-west","backstage.io/kubernetes-namespace":"team-{}","example.com/pager":"P{number}"}},"name":"service-{number:06}-production-west","title":"Service {number}","description":"Handles the orders of region {number} and tells \"billing\" about them.","tags":["java","orders","tier-1"],"links":["#,
        number % 500
    );
    for link in 0..4 {
        let comma = if link > 0 { "," } else { "" };
        let _ = write!(
            text,
            r#"{comma}{{"url":"https://grafana.example.com/d/{number}-{link}/overview","title":"Dashboard {link}","icon":"dashboard"}}"#
        );
    }
    let _ = write!(
        text,
        r#"],"uid":"00000000-0000-4000-8000-{number:012}","etag":"0123456789abcdef0123456789abcdef01234567"}},"apiVersion":"backstage.io/v1alpha1","kind":"Component","spec":{{"type":"service","lifecycle":"production","owner":"team-{0}","system":"orders","dependsOn":["resource:default/db-{number}"]}},"relations":[{{"type":"dependsOn","targetRef":"resource:default/db-{number}"}},{{"type":"ownedBy","targetRef":"group:default/team-{0}"}},{{"type":"partOf","targetRef":"system:default/orders"}}]}}"#,
        number % 500
    );
    text
}

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
