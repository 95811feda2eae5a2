//! Facts, keys and changes of any shape, from small pools so that they meet.
//!
//! The larger strategies are boxed: unboxed, they fill the stack of a test.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use topology::change::{Change, Ownership, VerdictState};
use topology::contact::{Contact, ContactKind};
use topology::dependency::{Declaration, Dependency};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, ControllerRef, EntityFact, FieldFault, Found, LabelPairs, ObjectFact,
    OwnerClaim, OwnerFact, OwnerKind, OwnerTarget, Reference, Referred, ServiceFact, WorkloadFact,
    WorkloadKind,
};
use topology::verdict::{ComponentKey, OwnerState, ServiceKey, ServiceState, VerdictKind};

fn text() -> BoxedStrategy<Box<str>> {
    prop_oneof![
        Just(""),
        Just("a"),
        Just("checkout"),
        Just("Ünïcode/ with: signs\0"),
        Just("{\"a\": 1}\n")
    ]
    .prop_map(Into::into)
    .boxed()
}

fn name() -> impl Strategy<Value = Box<str>> {
    prop_oneof![Just("a"), Just("b"), Just("a\0b"), Just("ab")].prop_map(Into::into)
}

fn reference(kinds: &'static [&'static str]) -> impl Strategy<Value = EntityRef> {
    (prop::sample::select(kinds), name(), name()).prop_map(|(kind, namespace, name)| EntityRef {
        kind: kind.into(),
        namespace,
        name,
    })
}

fn any_reference() -> BoxedStrategy<EntityRef> {
    reference(&["component", "group", "user", "api"]).boxed()
}

fn found() -> impl Strategy<Value = Found> {
    (any::<u8>(), text()).prop_map(|(path, value)| Found { path, value })
}

fn claim() -> BoxedStrategy<OwnerClaim> {
    let target = prop_oneof![
        any_reference().prop_map(OwnerTarget::Ref),
        text().prop_map(OwnerTarget::Malformed)
    ];
    (any::<u8>(), target)
        .prop_map(|(path, target)| OwnerClaim { path, target })
        .boxed()
}

fn fault() -> impl Strategy<Value = FieldFault> {
    (text(), text(), text()).prop_map(|(field, found, expected)| FieldFault {
        field,
        found,
        expected,
    })
}

fn dependency() -> impl Strategy<Value = Dependency> {
    let declared = prop::sample::select(&Declaration::ALL[..]);
    (any_reference(), declared).prop_map(|(target, declared)| Dependency { target, declared })
}

fn component() -> BoxedStrategy<EntityFact> {
    let texts = (
        option::of(text()),
        option::of(text()),
        option::of(text()),
        option::of(text()),
        option::of(text()),
    );
    (
        reference(&["component", "api"]),
        option::of(text()),
        (option::of(found()), option::of(found())),
        texts,
        (vec(claim(), 0..3), vec(dependency(), 0..3)),
        any::<bool>(),
        option::of(fault()),
    )
        .prop_map(
            |(reference, name, found, texts, (owners, dependencies), orphan, fault)| {
                EntityFact::Component(Box::new(ComponentFact {
                    name: name.unwrap_or_else(|| reference.name.clone()),
                    reference,
                    kubernetes_id: found.0,
                    kubernetes_namespace: found.1,
                    label_selector: texts.0,
                    kubernetes_cluster: texts.1,
                    owners,
                    component_type: texts.2,
                    lifecycle: texts.3,
                    system: texts.4,
                    dependencies,
                    orphan,
                    fault,
                }))
            },
        )
        .boxed()
}

fn contact() -> BoxedStrategy<Contact> {
    let kinds = vec![
        ContactKind::Email,
        ContactKind::Slack,
        ContactKind::PagerDuty,
        ContactKind::Opsgenie,
        ContactKind::Link,
    ];
    (prop::sample::select(kinds), text(), option::of(text()))
        .prop_map(|(kind, value, title)| Contact { kind, value, title })
        .boxed()
}

fn owner() -> BoxedStrategy<EntityFact> {
    let references = || vec(any_reference(), 0..3);
    (
        reference(&["group", "user"]),
        any::<bool>(),
        text(),
        option::of(text()),
        vec(contact(), 0..3),
        option::of(any_reference()),
        (references(), references(), references()),
    )
        .prop_map(
            |(reference, group, display_name, email, contacts, parent, lists)| {
                let (children, members, member_of) = lists;
                EntityFact::Owner(Box::new(OwnerFact {
                    reference,
                    kind: if group {
                        OwnerKind::Group
                    } else {
                        OwnerKind::User
                    },
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
        .boxed()
}

/// Components, groups and users.
pub(crate) fn entity() -> BoxedStrategy<EntityFact> {
    prop_oneof![component(), owner()].boxed()
}

fn labels() -> BoxedStrategy<LabelPairs> {
    vec((text(), text()), 0..3).boxed()
}

/// Namespaces, Services and every kind of workload.
pub(crate) fn object() -> BoxedStrategy<ObjectFact> {
    let service = (name(), name(), labels(), labels(), any::<bool>()).prop_map(
        |(namespace, name, labels, selector, external_name)| {
            ObjectFact::Service(Box::new(ServiceFact {
                namespace,
                name,
                labels,
                selector,
                external_name,
            }))
        },
    );
    let controller =
        (text(), text(), text()).prop_map(|(kind, name, uid)| ControllerRef { kind, name, uid });
    let workload = (
        prop::sample::select(&WorkloadKind::ALL[..]),
        (name(), name()),
        option::of(text()),
        labels(),
        option::of(controller),
        (
            option::of(text()),
            option::of(text()),
            vec(referred(), 0..3),
        ),
    )
        .prop_map(
            |(kind, (namespace, name), uid, pod_labels, controller, (service, node, refers))| {
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
            },
        );
    prop_oneof![name().prop_map(ObjectFact::Namespace), service, workload].boxed()
}

fn referred() -> BoxedStrategy<Reference> {
    let kinds = prop::sample::select(&WorkloadKind::ALL[..]).prop_map(Referred::Workload);
    let to = prop_oneof![
        Just(Referred::Service),
        Just(Referred::ClaimTemplate),
        kinds
    ];
    (to, name(), name())
        .prop_map(|(to, namespace, name)| Reference {
            to,
            namespace,
            name,
        })
        .boxed()
}

fn component_key() -> BoxedStrategy<ComponentKey> {
    (name(), reference(&["component"]))
        .prop_map(|(instance, reference)| ComponentKey {
            instance,
            reference,
        })
        .boxed()
}

/// Services of a few clusters.
pub(crate) fn service_key() -> BoxedStrategy<ServiceKey> {
    (name(), name())
        .prop_map(|(cluster, name)| ServiceKey {
            cluster,
            namespace: "shop".into(),
            name,
        })
        .boxed()
}

fn verdict() -> BoxedStrategy<VerdictState> {
    (
        prop::sample::select(&VerdictKind::ALL[..]),
        option::of(service_key()),
        prop::sample::select(&OwnerState::ALL[..]),
    )
        .prop_map(|(kind, service, owner)| VerdictState {
            kind,
            service,
            owner,
        })
        .boxed()
}

fn ownership() -> BoxedStrategy<Ownership> {
    (
        prop::sample::select(&ServiceState::ALL[..]),
        option::of(component_key()),
        option::of(prop_oneof![
            Just("group:default/pay"),
            Just("user:default/ann")
        ]),
    )
        .prop_map(|(state, component, owner)| Ownership {
            state,
            component,
            owner: owner.map(Into::into),
        })
        .boxed()
}

/// Changes of verdicts and Services; what one says was before need not be what the last one said.
pub(crate) fn change() -> BoxedStrategy<Change> {
    prop_oneof![
        (
            component_key(),
            name(),
            option::of(verdict()),
            option::of(verdict())
        )
            .prop_map(|(component, cluster, before, after)| Change::Verdict {
                component,
                cluster,
                before,
                after
            }),
        (
            service_key(),
            option::of(ownership()),
            option::of(ownership())
        )
            .prop_map(|(service, before, after)| Change::Service {
                service,
                before,
                after
            }),
    ]
    .boxed()
}

/// Every step of a compaction. Returns how many changes it deleted.
pub(crate) fn compact(store: &mut store::Store, before: i64) -> usize {
    let mut work = store::Compaction::new(before);
    while store.compact(&mut work).expect("a healthy store") == store::Progress::More {}
    work.deleted()
}
