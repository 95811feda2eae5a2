//! Packing loses nothing of an object, whatever it is, and gives each back where it stood.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use topology::fact::{
    ControllerRef, LabelPairs, ObjectFact, ObjectKey, Reference, Referred, ServiceFact,
    WorkloadFact, WorkloadKind,
};
use topology::packed::PackedObjects;

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![
        Just(Box::from("")),
        "[a-cé]{1,3}".prop_map(String::into_boxed_str),
        // Longer than a length of one byte can say.
        "[a-z]{120,300}".prop_map(String::into_boxed_str),
    ]
}

fn pairs() -> impl Strategy<Value = LabelPairs> {
    vec((text(), text()), 0..4)
}

fn kind() -> impl Strategy<Value = WorkloadKind> {
    prop::sample::select(WorkloadKind::ALL.to_vec())
}

fn reference() -> impl Strategy<Value = Reference> {
    let to = prop_oneof![
        Just(Referred::Service),
        Just(Referred::ClaimTemplate),
        kind().prop_map(Referred::Workload),
    ];
    (to, text(), text()).prop_map(|(to, namespace, name)| Reference {
        to,
        namespace,
        name,
    })
}

fn workload() -> impl Strategy<Value = ObjectFact> {
    let controller = (text(), text(), text());
    let controller = controller.prop_map(|(kind, name, uid)| ControllerRef { kind, name, uid });
    (
        (kind(), text(), text(), of(text())),
        (pairs(), of(controller), of(text()), of(text())),
        vec(reference(), 0..4),
    )
        .prop_map(|((kind, namespace, name, uid), rest, refers)| {
            let (pod_labels, controller, service, node) = rest;
            ObjectFact::Workload(Box::new(WorkloadFact {
                kind,
                namespace,
                name,
                uid,
                pod_labels,
                controller,
                service,
                node,
                refers,
            }))
        })
}

fn object() -> impl Strategy<Value = ObjectFact> {
    let service = (text(), text(), pairs(), pairs(), any::<bool>());
    let service = service.prop_map(|(namespace, name, labels, selector, external_name)| {
        ObjectFact::Service(Box::new(ServiceFact {
            namespace,
            name,
            labels,
            selector,
            external_name,
        }))
    });
    prop_oneof![
        1 => text().prop_map(ObjectFact::Namespace),
        2 => service,
        5 => workload(),
    ]
}

proptest! {
    #[test]
    fn what_is_packed_comes_back(
        facts in vec(object(), 0..40),
        removed in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut packed: PackedObjects = facts.iter().cloned().collect();
        let gone: Vec<usize> = match facts.len() {
            0 => Vec::new(),
            count => removed.iter().map(|index| index.index(count)).collect(),
        };
        packed.retain(|key, place| {
            assert_eq!(*key, facts[place].key());
            !gone.contains(&place)
        });
        let left: Vec<ObjectFact> = (0..)
            .zip(&facts)
            .filter(|(place, _)| !gone.contains(place))
            .map(|(_, fact)| fact.clone())
            .collect();
        prop_assert_eq!(packed.len(), left.len());
        prop_assert_eq!(packed.is_empty(), left.is_empty());
        let keys: Vec<ObjectKey> = left.iter().map(ObjectFact::key).collect();
        prop_assert_eq!(packed.keys().collect::<Vec<_>>(), keys);
        prop_assert_eq!(packed.iter().collect::<Vec<_>>(), left.clone());
        prop_assert_eq!(&packed, &left.iter().cloned().collect());
        let mut draining = packed.into_iter();
        prop_assert_eq!(draining.len(), left.len());
        prop_assert_eq!(draining.by_ref().collect::<Vec<_>>(), left);
        prop_assert_eq!(draining.len(), 0);
    }
}
