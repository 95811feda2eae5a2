//! What becomes of the text of an entity: a fact, or why it is none. Pure.
//!
//! It is a function of the text and the `label_map` alone, so that the number of a text can stand for what came of it, even
//! in the next process (`memory`).

use topology::entity::read_entity;
use topology::fact::{EntityFact, FieldFault};
use topology::label_map::LabelMap;

use super::faults::Unusable;
use super::shape::{misnamed, misshapen};
use crate::document::from_json;

/// The version of this function, and of the facts that it gives. It is raised with every change by which the same text
/// may give another fact, or a fact another field; else a restart would keep what the version before made of the text.
pub(super) const REDUCTION: u32 = 3;

/// An entity as it came.
pub(super) struct Entity {
    pub(super) fact: EntityFact,
    /// What of it cannot be as Backstage gave it.
    pub(super) misshapen: Option<FieldFault>,
    /// What of it cannot be used, and costs nothing else.
    pub(super) faults: Vec<FieldFault>,
}

/// Reads an entity; `None` where it is of a kind that is not used.
pub(super) fn read(text: &str, map: &LabelMap) -> Result<Option<Entity>, Unusable> {
    let document = from_json(text).map_err(Unusable::Document)?;
    let mut faults = Vec::new();
    let read = read_entity(&document, map, &mut faults);
    let Some(fact) = read.map_err(Unusable::Field)? else {
        return Ok(None);
    };
    if let Some(fault) = misnamed(&document) {
        return Err(Unusable::Field(fault));
    }
    let misshapen = misshapen(&document);
    Ok(Some(Entity {
        fact,
        misshapen,
        faults,
    }))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Entities with every field that becomes a part of a fact, and some that cannot be used.
    const CATALOG: &[&str] = &[
        r#"{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"Checkout","namespace":"Shop","annotations":{"backstage.io/kubernetes-id":"checkout","backstage.io/kubernetes-namespace":"shop","backstage.io/kubernetes-label-selector":"app=checkout","backstage.io/kubernetes-cluster":"prod","backstage.io/orphan":"true"}},"spec":{"type":"service","lifecycle":"production","system":"sales","owner":"team-a"},"relations":[{"type":"ownedBy","targetRef":"group:shop/team-a"},{"type":"dependsOn","targetRef":"resource:shop/db"}]}"#,
        r#"{"kind":"Component","metadata":{"name":"bare"},"spec":{"owner":"not a:reference:at all/"}}"#,
        r#"{"kind":"Component","metadata":{"name":"odd","annotations":{"backstage.io/kubernetes-id":7}},"spec":{"owner":["team-a"],"dependsOn":["component:bare","bare"],"dependencyOf":["component:shop/checkout"]}}"#,
        r#"{"kind":"Group","metadata":{"name":"team-a","title":"Team A","annotations":{"slack.com/bot-notify":"C1"},"links":[{"url":"https://wiki.example.com","title":"Wiki"}]},"spec":{"type":"team","profile":{"displayName":"The A team","email":"a@example.com"},"parent":"sales","children":["team-b"],"members":["ann"]}}"#,
        r#"{"kind":"User","metadata":{"name":"ann"},"spec":{"profile":{"displayName":"Ann"},"memberOf":["team-a"]}}"#,
        r#"{"kind":"API","metadata":{"name":"orders"}}"#,
        r#"{"kind":"Group","metadata":{}}"#,
        r#"{"kind":"Group","metadata":{"name":"g","namespace":7},"spec":{}}"#,
        "[",
    ];

    #[test]
    fn the_same_text_gives_the_same_fact_as_long_as_the_version_is_the_same() {
        let mut text = format!("version {REDUCTION}\n");
        for entity in CATALOG {
            let became = match read(entity, &LabelMap::default()) {
                Ok(None) => "none".to_owned(),
                Ok(Some(Entity {
                    fact,
                    misshapen,
                    faults,
                })) => {
                    format!("{fact:#?}\n{misshapen:?} {faults:?}")
                }
                Err(Unusable::Document(error)) => format!("no document: {}", error.message),
                Err(Unusable::Field(fault) | Unusable::Misshapen(fault)) => format!("{fault:?}"),
            };
            writeln!(text, "{became}").expect("a text");
        }
        // Another text than this asks for another version: raise `REDUCTION` before it is accepted.
        insta::assert_snapshot!(text);
    }
}
