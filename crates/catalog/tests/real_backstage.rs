//! The contract with a real Backstage: what holds for every version, read alone.
//!
//! `cargo xtask test backstage-real` runs it against each pinned version, and by hand it runs against any other:
//! `BACKSTAGE_URL=… BACKSTAGE_TOKEN=… cargo test -p catalog --test real_backstage`.

use std::io::Write;

use backstage_client::{Client, Settings};
use catalog::schedule::Hint;
use catalog::{backstage, files};
use testbed::backstage::target;
use topology::fact::{CatalogGeneration, EntityFact, OwnerTarget};
use topology::label_map::LabelMap;

/// The Backstage to test against.
async fn settings() -> Settings {
    let target = target().await.unwrap_or_else(|error| panic!("{error}"));
    let mut settings = Settings::new(target.url.parse().expect("BACKSTAGE_URL is a URL"));
    settings.token = target.token.map(Into::into);
    settings
}

async fn read(
    settings: Settings,
    map: &LabelMap,
) -> Result<CatalogGeneration, backstage::ReadError> {
    let client = Client::new(settings).expect("settings");
    backstage::read(&client, &backstage::kinds(), map, &mut |_| {}).await
}

fn owners(path: &str) -> LabelMap {
    LabelMap::from_lists([("component_owner", vec![path.to_owned()])]).expect("a label map")
}

#[tokio::test]
async fn a_live_catalog_is_read_completely_and_as_its_own_dump() {
    let settings = settings().await;
    let map = LabelMap::default();
    let live = read(settings.clone(), &map).await.expect("a generation");
    assert!(!live.entities.is_empty());
    assert_eq!(live.faults, []);
    assert!(
        live.entities
            .is_sorted_by(|a, b| a.reference() < b.reference())
    );

    // What the API gives, written to a file, is the same catalog; all kinds this time.
    let mut dump = tempfile::Builder::new()
        .suffix(".jsonl")
        .tempfile()
        .expect("a file");
    let client = Client::new(settings).expect("settings");
    let mut pager = client.entities(backstage_client::EntityFilter::all(), backstage::PAGE_SIZE);
    while let Some(page) = pager.next_page().await.expect("a page") {
        for entity in page.entities() {
            writeln!(dump, "{entity}").expect("room on the disk");
        }
    }
    let from_file = files::read(&[dump.path().to_owned()], &map, &mut |_| {});
    assert_eq!(from_file, live);
}

#[tokio::test]
async fn s15a_our_reading_of_owners_is_what_backstage_itself_resolved() {
    let settings = settings().await;
    let ours = read(settings.clone(), &owners("spec.owner"))
        .await
        .expect("a generation");
    let theirs = read(settings, &owners("relations.ownedBy"))
        .await
        .expect("a generation");
    let mut compared = 0;
    for (ours, theirs) in ours.entities.iter().zip(&theirs.entities) {
        let (EntityFact::Component(ours), EntityFact::Component(theirs)) = (ours, theirs) else {
            continue;
        };
        let targets: Vec<&OwnerTarget> = theirs.owners.iter().map(|claim| &claim.target).collect();
        for claim in &ours.owners {
            assert!(
                targets.contains(&&claim.target),
                "{}: {claim:?} in {targets:?}",
                ours.reference
            );
            compared += 1;
        }
    }
    assert!(compared > 0, "no component has an owner");
}

#[tokio::test]
async fn a_token_that_backstage_does_not_know_is_refused_and_explained() {
    let mut settings = settings().await;
    settings.token = Some("no-such-token-at-all".into());
    let error = read(settings, &LabelMap::default())
        .await
        .expect_err("a refusal");
    assert_eq!(error.hint(), Hint::Refused);
    assert!(error.remedy().is_some());
}
