//! Packing loses nothing, whatever the facts are.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use topology::contact::{Contact, ContactKind};
use topology::dependency::{Declaration, Dependency};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, FieldFault, Found, OwnerClaim, OwnerFact, OwnerKind, OwnerTarget,
};
use topology::packed::PackedEntities;

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![
        Just(Box::from("")),
        "[a-zé]{1,12}".prop_map(String::into_boxed_str),
        // Longer than a length of one byte can say.
        "[a-z]{120,300}".prop_map(String::into_boxed_str),
    ]
}

fn reference(kind: impl Strategy<Value = &'static str>) -> impl Strategy<Value = EntityRef> {
    (kind, text(), text()).prop_map(|(kind, namespace, name)| EntityRef {
        kind: kind.into(),
        namespace,
        name,
    })
}

fn any_reference() -> impl Strategy<Value = EntityRef> {
    reference(prop::sample::select(vec![
        "component",
        "group",
        "user",
        "resource",
        "",
    ]))
}

fn found() -> impl Strategy<Value = Option<Found>> {
    of((any::<u8>(), text()).prop_map(|(path, value)| Found { path, value }))
}

fn dependency() -> impl Strategy<Value = Dependency> {
    let declared = prop::sample::select(&Declaration::ALL[..]);
    (any_reference(), declared).prop_map(|(target, declared)| Dependency { target, declared })
}

fn claim() -> impl Strategy<Value = OwnerClaim> {
    let target = prop_oneof![
        any_reference().prop_map(OwnerTarget::Ref),
        text().prop_map(OwnerTarget::Malformed),
    ];
    (any::<u8>(), target).prop_map(|(path, target)| OwnerClaim { path, target })
}

fn component() -> impl Strategy<Value = EntityFact> {
    let fault = of(
        (text(), text(), text()).prop_map(|(field, found, expected)| FieldFault {
            field,
            found,
            expected,
        }),
    );
    (
        reference(Just("component")),
        of(text()),
        (found(), found(), of(text()), of(text())),
        (vec(claim(), 0..4), vec(dependency(), 0..4)),
        (of(text()), of(text()), of(text()), any::<bool>(), fault),
    )
        .prop_map(
            |(
                reference,
                name,
                (id, namespace, selector, cluster),
                (owners, dependencies),
                rest,
            )| {
                let (component_type, lifecycle, system, orphan, fault) = rest;
                EntityFact::Component(Box::new(ComponentFact {
                    name: name.unwrap_or_else(|| reference.name.clone()),
                    reference,
                    kubernetes_id: id,
                    kubernetes_namespace: namespace,
                    label_selector: selector,
                    kubernetes_cluster: cluster,
                    owners,
                    component_type,
                    lifecycle,
                    system,
                    dependencies,
                    orphan,
                    fault,
                }))
            },
        )
}

fn contact() -> impl Strategy<Value = Contact> {
    let kinds = vec![
        ContactKind::Email,
        ContactKind::Slack,
        ContactKind::PagerDuty,
        ContactKind::Opsgenie,
        ContactKind::Link,
    ];
    (prop::sample::select(kinds), text(), of(text())).prop_map(|(kind, value, title)| Contact {
        kind,
        value,
        title,
    })
}

fn owner() -> impl Strategy<Value = EntityFact> {
    let list = || vec(any_reference(), 0..5);
    (
        prop::sample::select(vec![(OwnerKind::Group, "group"), (OwnerKind::User, "user")]),
        reference(Just("")),
        (text(), of(text()), of(any_reference())),
        vec(contact(), 0..4),
        (list(), list(), list()),
    )
        .prop_map(
            |((kind, word), reference, (display_name, email, parent), contacts, lists)| {
                let (children, members, member_of) = lists;
                EntityFact::Owner(Box::new(OwnerFact {
                    reference: EntityRef {
                        kind: word.into(),
                        ..reference
                    },
                    kind,
                    display_name,
                    email,
                    contacts,
                    parent,
                    children,
                    members,
                    member_of,
                }))
            },
        )
}

fn owners_first(facts: &[EntityFact]) -> Vec<EntityFact> {
    let mut facts = facts.to_vec();
    facts.sort_by_key(|fact| matches!(fact, EntityFact::Component(_)));
    facts
}

proptest! {
    #[test]
    fn what_is_packed_comes_back(
        facts in vec(prop_oneof![component(), owner()], 0..40),
        removed in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut packed = PackedEntities::default();
        let mut left: BTreeMap<usize, EntityFact> = facts.iter().cloned().enumerate().collect();
        let slots: Vec<_> = facts.iter().map(|fact| packed.push(fact)).collect();
        if !facts.is_empty() {
            for index in removed.iter().map(|index| index.index(facts.len())) {
                packed.remove(slots[index]);
                left.remove(&index);
            }
        }
        let expected = owners_first(&left.into_values().collect::<Vec<_>>());
        prop_assert_eq!(packed.len(), expected.len());
        prop_assert_eq!(packed.iter().collect::<Vec<_>>(), expected.clone());
        let references: Vec<EntityRef> = expected.iter().map(|fact| fact.reference().clone()).collect();
        prop_assert_eq!(packed.references().collect::<Vec<_>>(), references);
        let whole = packed.into_iter();
        prop_assert_eq!(whole.len(), expected.len());
        prop_assert_eq!(whole.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn many_blocks_are_as_one() {
    let facts: Vec<EntityFact> = (0..20_000)
        .map(|number| {
            let name = format!("{number:0>40}");
            EntityFact::Component(Box::new(ComponentFact {
                reference: EntityRef::new("component", "default", &name),
                name: name.into(),
                kubernetes_id: None,
                kubernetes_namespace: None,
                label_selector: None,
                kubernetes_cluster: None,
                owners: Vec::new(),
                component_type: None,
                lifecycle: None,
                system: None,
                dependencies: Vec::new(),
                orphan: number % 3 == 0,
                fault: None,
            }))
        })
        .collect();
    let packed: PackedEntities = facts.iter().cloned().collect();
    assert!(
        packed.bytes() < 100 * facts.len(),
        "{} bytes each",
        packed.bytes() / facts.len()
    );
    assert!(packed.into_iter().eq(facts));
}
