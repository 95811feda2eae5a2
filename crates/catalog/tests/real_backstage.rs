//! The contract with a real Backstage: `BACKSTAGE_URL=… BACKSTAGE_TOKEN=… cargo test -p catalog --test real_backstage`.

use std::io::Write;

use backstage_client::{Client, Credentials, Settings};
use catalog::schedule::Hint;
use catalog::{backstage, files};
use topology::fact::{Absent, CatalogGeneration, EntityFact, OwnerTarget};
use topology::label_map::LabelMap;

/// The Backstage to test against, if there is one; says loudly when there is none.
fn settings() -> Option<Settings> {
    let Ok(url) = std::env::var("BACKSTAGE_URL") else {
        // Not by `eprintln!`, whose output the test harness keeps to itself when a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: BACKSTAGE_URL is not set, so nothing was tested against a real Backstage"
        );
        return None;
    };
    let mut settings = Settings::new(url.parse().expect("BACKSTAGE_URL is a URL"));
    if let Ok(token) = std::env::var("BACKSTAGE_TOKEN") {
        settings.credentials = Credentials::Token(token.into());
    }
    Some(settings)
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
    let Some(settings) = settings() else { return };
    let map = LabelMap::default();
    let live = read(settings.clone(), &map).await.expect("a generation");
    assert!(!live.entities.is_empty());
    assert_eq!(live.faults, []);

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
async fn s22_a_live_catalog_read_again_is_known() {
    let Some(settings) = settings() else { return };
    let client = Client::new(settings).expect("settings");
    let (filter, map) = (backstage::kinds(), LabelMap::default());
    let mut reader = backstage::Reader::new(backstage::PAGE_SIZE);
    let first = reader.read(&client, &filter, &map, &mut |_| {}).await;
    let first = first.expect("a generation").generation;
    reader.taken(backstage::Taken::Replaced);
    let again = reader.read(&client, &filter, &map, &mut |_| {}).await;
    let again = again.expect("a generation");
    // Nothing of it is given again, by whatever pages and passes it was found.
    assert_eq!(again.generation.entities.len(), 0);
    assert_eq!(again.generation.absent, Absent::These(Vec::new()));
    assert_eq!(again.generation.size, first.size);
    assert_eq!(
        again.cost.known,
        first.size.total() * u64::from(again.cost.passes)
    );
}

#[tokio::test]
async fn s15a_our_reading_of_owners_is_what_backstage_itself_resolved() {
    let Some(settings) = settings() else { return };
    let ours = read(settings.clone(), &owners("spec.owner"))
        .await
        .expect("a generation");
    let theirs = read(settings, &owners("relations.ownedBy"))
        .await
        .expect("a generation");
    let sorted = |generation: CatalogGeneration| {
        let mut entities: Vec<EntityFact> = generation.entities.into_iter().collect();
        entities.sort_by(|a, b| a.reference().cmp(b.reference()));
        entities
    };
    let mut compared = 0;
    for (ours, theirs) in sorted(ours).into_iter().zip(sorted(theirs)) {
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
    let Some(mut settings) = settings() else {
        return;
    };
    settings.credentials = Credentials::Token("no-such-token-at-all".into());
    let error = read(settings, &LabelMap::default())
        .await
        .expect_err("a refusal");
    assert_eq!(error.hint(), Hint::Refused);
    assert!(error.remedy().is_some());
}
