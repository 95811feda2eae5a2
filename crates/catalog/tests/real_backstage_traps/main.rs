//! What surprises in a real Backstage, and what a read of it makes of that (S22). Each test starts what it needs.
//!
//! Run by `cargo xtask test backstage-real`, which installs the Backstages.

mod changes;
mod entities;
mod refusals;

use std::collections::BTreeMap;

use backstage_client::{Client, Credentials, Settings};
use catalog::backstage::{self, ReadError};
use serde_json::Value;
use testbed::backstage::{Backstage, Options, Token, Version, shared};
use topology::fact::{EntityFact, OwnerTarget};
use topology::label_map::LabelMap;

/// A generation in plain words, so that these tests know its shape in this one place.
#[derive(Debug, PartialEq, Eq)]
struct Generation {
    /// Each entity by its full reference.
    entities: BTreeMap<String, Entity>,
    /// What could not be used.
    faults: Vec<String>,
}

/// What a read says of one entity.
#[derive(Debug, PartialEq, Eq)]
enum Entity {
    /// A Component: whom it names as owners, and whether nobody emits it any more.
    Component { owners: Vec<String>, orphan: bool },
    /// A Group or a User, by the name to show.
    Owner(String),
}

impl Generation {
    fn references(&self) -> Vec<&str> {
        self.entities.keys().map(String::as_str).collect()
    }
}

/// Reads the whole catalog with this token, and owners from this path; `page` is called after each page.
async fn read_with(
    backstage: &Backstage,
    token: Option<&str>,
    owners: &str,
    mut page: impl FnMut() + Send,
) -> Result<Generation, ReadError> {
    let mut settings = Settings::new(backstage.url().parse().expect("a URL"));
    if let Some(token) = token {
        settings.credentials = Credentials::Token(token.into());
    }
    let client = Client::new(settings).expect("good settings");
    let map = LabelMap::from_lists([("component_owner", vec![owners.to_owned()])]);
    let map = map.expect("a label map");
    let read = backstage::read(&client, &backstage::kinds(), &map, &mut |_| page()).await?;
    let entities = read.entities.iter().map(|fact| {
        let reference = fact.reference().to_string();
        let entity = match fact {
            EntityFact::Owner(owner) => Entity::Owner(owner.display_name.to_string()),
            EntityFact::Component(component) => Entity::Component {
                owners: component
                    .owners
                    .iter()
                    .map(|claim| match &claim.target {
                        OwnerTarget::Ref(reference) => reference.to_string(),
                        OwnerTarget::Malformed(text) => format!("malformed: {text}"),
                    })
                    .collect(),
                orphan: component.orphan,
            },
        };
        (reference, entity)
    });
    Ok(Generation {
        entities: entities.collect(),
        faults: read.faults.into_iter().map(|fault| fault.message).collect(),
    })
}

async fn read(backstage: &Backstage) -> Result<Generation, ReadError> {
    read_with(backstage, Some(Token::Full.text()), "spec.owner", || ()).await
}

async fn of_all(version: Version) -> &'static Backstage {
    shared(version)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn start(version: Version, options: Options) -> Backstage {
    let started = Backstage::start(version, options).await;
    started.unwrap_or_else(|error| panic!("{error}"))
}

fn reference(entity: &Value) -> String {
    let part = |value: &Value| value.as_str().unwrap_or("default").to_lowercase();
    let metadata = &entity["metadata"];
    format!(
        "{}:{}/{}",
        part(&entity["kind"]),
        part(&metadata["namespace"]),
        part(&metadata["name"])
    )
}
