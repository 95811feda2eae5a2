//! The contract with a real Backstage: what holds for every version, read alone.
//!
//! `cargo xtask test backstage-real` runs it against each pinned version, and by hand it runs against any other:
//! `BACKSTAGE_URL=… BACKSTAGE_TOKEN=… cargo test -p catalog --test real_backstage`.

use std::io::Write;

use backstage_client::{Client, Credentials, Settings};
use catalog::schedule::Hint;
use catalog::{backstage, files};
use testbed::backstage::target;
use topology::entity::read_entity;
use topology::fact::{Absent, CatalogGeneration, EntityFact, OwnerTarget};
use topology::label_map::LabelMap;
use topology::value::Value;

/// The Backstage to test against.
async fn settings() -> Settings {
    let target = target().await.unwrap_or_else(|error| panic!("{error}"));
    let mut settings = Settings::new(target.url.parse().expect("BACKSTAGE_URL is a URL"));
    if let Some(token) = target.token {
        settings.credentials = Credentials::Token(token.into());
    }
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
    let settings = settings().await;
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
    let settings = settings().await;
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
async fn our_reading_of_dependencies_is_what_backstage_itself_resolved() {
    let client = Client::new(settings().await).expect("settings");
    let mut pager = client.entities(backstage::kinds(), backstage::PAGE_SIZE);
    let mut compared = 0;
    while let Some(page) = pager.next_page().await.expect("a page") {
        for text in page.entities() {
            let text = text.to_string();
            let mut entity = catalog::document::from_json(&text).expect("an entity");
            let theirs = dependencies(&entity);
            let Value::Map(roots) = &mut entity else {
                panic!("no entity: {text}");
            };
            roots.retain(|(key, _)| key != "relations");
            for ours in dependencies(&entity) {
                // Of what is a component the relations of both say so, of which one is enough.
                let (outward, target) = &ours;
                let elsewhere = !outward && target.starts_with("component:");
                assert!(
                    elsewhere || theirs.contains(&ours),
                    "{ours:?} in {theirs:?}"
                );
                compared += usize::from(!elsewhere);
            }
        }
    }
    assert!(compared > 0, "no component declares a dependency");
}

/// What a component declares: whether it depends on it, and its reference.
fn dependencies(entity: &Value<'_>) -> Vec<(bool, String)> {
    let mut faults = Vec::new();
    let read = read_entity(entity, &LabelMap::default(), &mut faults);
    assert_eq!(faults, []);
    let Ok(Some(EntityFact::Component(component))) = read else {
        return Vec::new();
    };
    let declared = component.dependencies.iter();
    declared
        .map(|it| (it.declared.is_outward(), it.target.to_string()))
        .collect()
}

#[tokio::test]
async fn a_token_that_backstage_does_not_know_is_refused_and_explained() {
    let mut settings = settings().await;
    settings.credentials = Credentials::Token("no-such-token-at-all".into());
    let error = read(settings, &LabelMap::default())
        .await
        .expect_err("a refusal");
    assert_eq!(error.hint(), Hint::Refused);
    assert!(error.remedy().is_some());
}
