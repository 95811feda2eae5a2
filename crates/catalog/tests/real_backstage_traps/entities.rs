//! What the entities of the example catalog mean, held against what Backstage itself makes of them.

use std::collections::BTreeMap;

use testbed::backstage::{Token, Version, output_of};

use crate::{Entity, of_all, read, read_with};

/// Components and the owners that they have by Backstage's own rules.
const OWNERS: [(&str, &str); 7] = [
    ("component:default/checkout", "group:default/payments"),
    // Named by another kind, and a namespace that it is not in.
    (
        "component:default/checkout-worker",
        "group:default/platform.core_team-1",
    ),
    (
        "component:default/docs-site",
        "group:default/platform.core_team-1",
    ),
    // Nobody of that name exists, and the relation is there all the same.
    ("component:default/ghost-owned", "group:default/nobody-here"),
    // Written `User:Default/Alice` on `Ledger`.
    ("component:default/ledger", "user:default/alice"),
    ("component:default/vat", "group:emea/payments"),
    // Written `payments`: in the namespace of the Component, not in `default`, where there is one as well.
    ("component:emea/refunds", "group:emea/payments"),
];

#[tokio::test]
async fn s12_s15a_owners_are_whom_backstage_resolved() {
    let expected: BTreeMap<&str, &str> = OWNERS.into();
    for version in Version::ALL {
        // What the entity says, and the target of its relation `ownedBy`, which every version has.
        for path in ["spec.owner", "relations.ownedBy"] {
            let token = Some(Token::Full.text());
            let read = read_with(of_all(version).await, token, path, || ()).await;
            let read = read.expect("a generation");
            assert_eq!(read.faults, [""; 0], "{version}");
            let found: BTreeMap<&str, &str> = read
                .entities
                .iter()
                .filter_map(|(reference, entity)| match entity {
                    Entity::Component { owners, .. } => Some((reference.as_str(), &*owners[0])),
                    Entity::Owner(_) => None,
                })
                .collect();
            assert_eq!(found, expected, "{version}: {path}");
        }
    }
}

#[tokio::test]
async fn s14_a_group_and_a_user_of_one_name_are_two_owners() {
    let expected = [
        ("group:default/acme", "ACME Corp"),
        ("group:default/payments", "Payments"),
        // Without a profile: by its title, or as here by its name.
        ("group:default/platform.core_team-1", "Platform.Core_team-1"),
        ("group:emea/payments", "Payments EMEA"),
        ("user:default/alice", "Alice Ångström"),
        ("user:default/bob", "bob"),
        ("user:default/payments", "Payments Bot"),
    ];
    for version in Version::ALL {
        let read = read(of_all(version).await).await.expect("a generation");
        let owners: Vec<(&str, &str)> = read
            .entities
            .iter()
            .filter_map(|(reference, entity)| match entity {
                Entity::Owner(name) => Some((reference.as_str(), name.as_str())),
                Entity::Component { .. } => None,
            })
            .collect();
        assert_eq!(owners, expected, "{version}");
    }
}

#[test]
fn s12_our_copy_of_the_vectors_is_backstages_own_word() {
    let output = output_of(Version::Current, "reference-vectors.js");
    let output = output.unwrap_or_else(|error| panic!("{error}"));
    let theirs = String::from_utf8(output).expect("UTF-8");
    let ours = include_str!("../../../backstage-client/tests/data/ref-vectors.json");
    let line = theirs
        .lines()
        .zip(ours.lines())
        .position(|(theirs, ours)| theirs != ours);
    assert!(
        theirs == ours,
        "tests/data/ref-vectors.json differs (first in line {line:?}): write into it what \
         tests/backstage/reference-vectors.js prints"
    );
}
