//! How long a page takes to be split into its entities: what an unchanged catalog costs its reader,
//! beside the transfer. 1000 entities of 1.2 kB, as large catalogs have them.

use std::hint::black_box;

use backstage_client::Page;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const ENTITIES: usize = 1_000;

fn entity(n: usize) -> String {
    let team = n % 200;
    format!(
        r#"{{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{{"namespace":"default","annotations":{{"backstage.io/managed-by-location":"url:https://git.example.com/shop/service-{n}/tree/main/catalog-info.yaml","backstage.io/managed-by-origin-location":"url:https://git.example.com/shop/service-{n}/blob/main/catalog-info.yaml","backstage.io/view-url":"https://git.example.com/shop/service-{n}/tree/main/catalog-info.yaml","backstage.io/edit-url":"https://git.example.com/shop/service-{n}/edit/main/catalog-info.yaml","backstage.io/source-location":"url:https://git.example.com/shop/service-{n}/tree/main/","backstage.io/kubernetes-id":"service-{n}","backstage.io/kubernetes-namespace":"shop-{team}"}},"name":"service-{n}","title":"Service \"{n}\" – checkout","description":"Takes orders\nand keeps them","tags":["java","spring"],"uid":"7f0f5ac4-7d5e-4a3a-9b1e-{n:012}","etag":"3f1b6cf9a2f04d4e8a52bdb2d9d7f4b1c20f{n:08}"}},"spec":{{"type":"service","lifecycle":"production","owner":"group:default/team-{team}","system":"shop"}},"relations":[{{"type":"ownedBy","targetRef":"group:default/team-{team}"}},{{"type":"partOf","targetRef":"system:default/shop"}}]}}"#
    )
}

fn split(criterion: &mut Criterion) {
    let items: Vec<String> = (0..ENTITIES).map(entity).collect();
    let body = format!(
        r#"{{"items":[{}],"totalItems":1000000,"pageInfo":{{"nextCursor":"eyJ"}}}}"#,
        items.join(",")
    );
    let mut group = criterion.benchmark_group("page");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("split 1000 entities", |bencher| {
        let parse = |body| Page::from_by_query("u", body).map(|page| black_box(page).len());
        bencher.iter_batched(|| body.clone(), parse, BatchSize::LargeInput);
    });
    group.bench_function("check UTF-8", |bencher| {
        bencher.iter(|| std::str::from_utf8(black_box(body.as_bytes())).map(str::len));
    });
    group.finish();
}

criterion_group!(benches, split);
criterion_main!(benches);
