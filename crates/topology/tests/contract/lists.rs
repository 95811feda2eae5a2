//! Lists, filters, counts and finding by name.

use std::fmt::Write;

use insta::assert_snapshot;
use topology::entity_ref::EntityRef;
use topology::query::{ComponentFilter, MAX_PAGE, OwnerFilter, ServiceFilter};
use topology::topology::{OwnerId, Topology};
use topology::verdict::{OwnerState, ServiceKey, ServiceState, VerdictKind};

use crate::fixture::built;
use crate::fixture::render::{all_owners, all_rows, all_services, joined};

const COMPANY: &str = "
    instance main
    instance second
    component checkout kubernetes-id=b owner=pay
    group pay display=Other
    instance main
    cluster us1
    cluster eu1
    group tech children=pay
    group pay display=\"The Payments\" email=Pay@Example.com parent=tech
    group ops parent=tech
    group circle-a parent=circle-b
    group circle-b parent=circle-a children=circle-b
    user anna display=Anna
    component checkout kubernetes-id=checkout owner=pay
    component team/refunds kubernetes-id=refunds owner=default/pay
    component cart kubernetes-id=cart owner=ops
    component round kubernetes-id=round owner=circle-b
    component nobody kubernetes-id=nobody owner=gone
    component lost
    service eu1/shop/checkout
    service eu1/shop-2/refunds
    service eu1/shop/cart
    service eu1/shop/round
    service eu1/shop/nobody
    service us1/shop/checkout
    service us1/shop/b
";

fn owner(topology: &Topology, reference: &str) -> OwnerId {
    let reference = EntityRef::parse(reference, None, "default").expect("a reference");
    topology.find_owners(&reference)[0]
}

fn services(topology: &Topology, filter: &ServiceFilter) -> Vec<String> {
    let page = topology.list_services(filter, None, MAX_PAGE);
    page.items
        .iter()
        .map(|id| topology.service(*id).key().to_string())
        .collect()
}

#[test]
fn every_list_is_walked_whole_page_by_page_and_in_order() {
    let topology = built(COMPANY);
    let all = topology.list_services(&ServiceFilter::default(), None, MAX_PAGE);
    assert!(!all.more);
    assert_eq!(all_services(&topology), all.items);
    let keys: Vec<ServiceKey> = all
        .items
        .iter()
        .map(|id| topology.service(*id).key())
        .collect();
    assert!(keys.is_sorted() && keys.len() == 7, "{keys:?}");
    let texts: Vec<String> = keys.iter().map(ToString::to_string).collect();
    assert!(
        texts.is_sorted(),
        "S32: the order is that of the text: {texts:?}"
    );

    let all = topology.list_verdicts(&ComponentFilter::default(), None, MAX_PAGE);
    assert_eq!(all_rows(&topology), all.items);
    assert_eq!(all.items.len(), 7 * 2);

    let all = topology.list_owners(&OwnerFilter::default(), None, MAX_PAGE);
    assert_eq!(all_owners(&topology), all.items);
    let refs: Vec<String> = all
        .items
        .iter()
        .map(|id| topology.owner_ref(*id).to_string())
        .collect();
    assert!(refs.is_sorted() && refs.len() == 7, "{refs:?}");
}

#[test]
fn long_lists_are_walked_whole() {
    let mut text = "instance main\ncluster eu1\n".to_owned();
    for number in 0..3000 {
        let _ = writeln!(
            text,
            "component c-{number} kubernetes-id=s-{number}\nservice eu1/ns-{}/s-{number}",
            number % 7
        );
        if number % 500 == 0 {
            text.push_str("apply\n");
        }
        if number % 3 == 0 {
            let _ = writeln!(
                text,
                "apply\nremove component:default/c-{number}\nremove Service eu1/ns-{}/s-{number}",
                number % 7
            );
        }
    }
    let topology = built(&text);
    assert_eq!(all_services(&topology).len(), 2000);
    assert_eq!(all_rows(&topology).len(), 2000);
    assert_eq!(topology.summary().service_states, [0, 2000, 0]);
}

#[test]
fn a_page_has_a_bound_and_a_cursor_may_be_gone() {
    let topology = built(COMPANY);
    let filter = ServiceFilter::default();
    for (limit, expected) in [(0, 1), (1, 1), (3, 3), (usize::MAX, 7)] {
        assert_eq!(
            topology.list_services(&filter, None, limit).items.len(),
            expected
        );
    }
    let gone = ServiceKey {
        cluster: "eu1".into(),
        namespace: "shop".into(),
        name: "d-is-not-there".into(),
    };
    let page = topology.list_services(&filter, Some(&gone), 1);
    assert_eq!(topology.service(page.items[0]).name, "nobody");
}

#[test]
fn services_are_filtered() {
    let topology = built(COMPANY);
    let pay = owner(&topology, "group:default/pay");
    let any = ServiceFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let team = "causely.ai/team".to_owned();
    let table: [(ServiceFilter, &[&str]); 11] = [
        (
            ServiceFilter {
                cluster: text("us1"),
                ..any()
            },
            &["us1/shop/b", "us1/shop/checkout"],
        ),
        (
            ServiceFilter {
                namespace: text("shop-2"),
                ..any()
            },
            &["eu1/shop-2/refunds"],
        ),
        (
            ServiceFilter {
                namespace: text("Shop"),
                ..any()
            },
            &[],
        ),
        (
            ServiceFilter {
                state: Some(ServiceState::StitchedWithoutOwner),
                ..any()
            },
            &["eu1/shop/nobody"],
        ),
        (
            ServiceFilter {
                team: text("the payments"),
                cluster: text("eu1"),
                ..any()
            },
            &["eu1/shop-2/refunds", "eu1/shop/checkout"],
        ),
        (
            ServiceFilter {
                owners: Some(vec![pay]),
                cluster: text("us1"),
                ..any()
            },
            &["us1/shop/checkout"],
        ),
        (
            ServiceFilter {
                owners: Some(Vec::new()),
                ..any()
            },
            &[],
        ),
        (
            ServiceFilter {
                labels: vec![(team.clone(), text("Other"))],
                ..any()
            },
            &["us1/shop/b"],
        ),
        (
            ServiceFilter {
                labels: vec![
                    (team, None),
                    ("causely.ai/backstage-component".to_owned(), text("round")),
                ],
                ..any()
            },
            &["eu1/shop/round"],
        ),
        (
            ServiceFilter {
                text: text("CART"),
                ..any()
            },
            &["eu1/shop/cart"],
        ),
        // By the name of the component, too.
        (
            ServiceFilter {
                text: text("heckou"),
                cluster: text("us1"),
                ..any()
            },
            &["us1/shop/b", "us1/shop/checkout"],
        ),
    ];
    for (filter, expected) in table {
        assert_eq!(services(&topology, &filter), expected, "{filter:?}");
    }
}

#[test]
fn verdicts_are_filtered() {
    let topology = built(COMPANY);
    let pay = owner(&topology, "group:default/pay");
    let any = ComponentFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let table: [(ComponentFilter, &[&str]); 9] = [
        (
            ComponentFilter {
                instance: text("second"),
                ..any()
            },
            &["eu1 checkout", "us1 checkout"],
        ),
        (
            ComponentFilter {
                cluster: text("eu1"),
                namespace: text("TEAM"),
                ..any()
            },
            &["eu1 refunds"],
        ),
        (
            ComponentFilter {
                verdict: Some(VerdictKind::NoKubernetesId),
                ..any()
            },
            &["eu1 lost", "us1 lost"],
        ),
        (
            ComponentFilter {
                owner_state: Some(OwnerState::Unresolved),
                cluster: text("eu1"),
                ..any()
            },
            &["eu1 nobody"],
        ),
        (
            ComponentFilter {
                team: text("other"),
                ..any()
            },
            &["eu1 checkout", "us1 checkout"],
        ),
        (
            ComponentFilter {
                owners: Some(vec![pay]),
                cluster: text("us1"),
                ..any()
            },
            &["us1 checkout", "us1 refunds"],
        ),
        (
            ComponentFilter {
                text: text("team/REF"),
                cluster: text("us1"),
                ..any()
            },
            &["us1 refunds"],
        ),
        (
            ComponentFilter {
                text: text("no such"),
                ..any()
            },
            &[],
        ),
        (
            ComponentFilter {
                verdict: Some(VerdictKind::Stitched),
                cluster: text("us1"),
                ..any()
            },
            &["us1 checkout", "us1 checkout"],
        ),
    ];
    for (filter, expected) in table {
        let page = topology.list_verdicts(&filter, None, MAX_PAGE);
        let rows: Vec<String> = page
            .items
            .iter()
            .map(|row| {
                let cluster = topology.clusters().find(|(id, _)| *id == row.cluster);
                format!(
                    "{} {}",
                    cluster.expect("it is there").1,
                    topology.component(row.component).name
                )
            })
            .collect();
        assert_eq!(rows, expected, "{filter:?}");
    }
}

#[test]
fn owners_are_filtered() {
    let topology = built(COMPANY);
    let text = |text: &str| Some(text.to_owned());
    let any = OwnerFilter::default;
    let table: [(OwnerFilter, &[&str]); 5] = [
        (
            OwnerFilter {
                instance: text("second"),
                ..any()
            },
            &["group:default/pay"],
        ),
        (
            OwnerFilter {
                text: text("EXAMPLE.com"),
                ..any()
            },
            &["group:default/pay"],
        ),
        (
            OwnerFilter {
                text: text("user:"),
                ..any()
            },
            &["user:default/anna"],
        ),
        (
            OwnerFilter {
                text: text("the pay"),
                ..any()
            },
            &["group:default/pay"],
        ),
        (
            OwnerFilter {
                text: text("circle"),
                ..any()
            },
            &["group:default/circle-a", "group:default/circle-b"],
        ),
    ];
    for (filter, expected) in table {
        let page = topology.list_owners(&filter, None, MAX_PAGE);
        let refs: Vec<String> = page
            .items
            .iter()
            .map(|id| topology.owner_ref(*id).to_string())
            .collect();
        assert_eq!(refs, expected, "{filter:?}");
    }
}

#[test]
fn what_owners_have_directly_and_by_the_groups_below() {
    let topology = built(COMPANY);
    let mut text = String::new();
    for reference in [
        "group:default/tech",
        "group:default/pay",
        "group:default/circle-a",
        "user:default/anna",
    ] {
        for descendants in [false, true] {
            let owned = topology.owned(&[owner(&topology, reference)], descendants);
            let owners: Vec<String> = owned
                .owners
                .iter()
                .map(|id| topology.owner_ref(*id).name.to_string())
                .collect();
            let keys: Vec<String> = owned
                .services
                .iter()
                .map(|id| topology.service(*id).key().to_string())
                .collect();
            let _ = writeln!(text, "{} of {}", joined(&keys), joined(&owners));
        }
    }
    assert_snapshot!(text, @r"
     of tech
    eu1/shop-2/refunds, eu1/shop/cart, eu1/shop/checkout, us1/shop/checkout of tech, ops, pay
    eu1/shop-2/refunds, eu1/shop/checkout, us1/shop/checkout of pay
    eu1/shop-2/refunds, eu1/shop/checkout, us1/shop/checkout of pay
     of circle-a
    eu1/shop/round of circle-a, circle-b
     of anna
     of anna
    ");
}

#[test]
fn a_summary_counts_components_once_and_verdicts_per_cluster() {
    let summary = built(COMPANY).summary();
    assert_snapshot!(format!("{summary:#?}\n{}", summary.coverage()), @r"
    Summary {
        components: 7,
        verdicts: [
            7,
            2,
            5,
            0,
            0,
            0,
        ],
        owner_states: [
            10,
            2,
            2,
        ],
        services: 7,
        service_states: [
            6,
            1,
            0,
        ],
        owners: 7,
        ignored: Ignored {
            components: 0,
            services: 0,
            owned: 0,
        },
    }
    0.8571428571428571
    ");
    assert!((built("instance main").summary().coverage() - 1.0).abs() < f64::EPSILON);
}

#[test]
fn things_are_found_by_name() {
    let topology = built(&format!(
        "{COMPANY}
        pod eu1/shop/checkout labels=a:b
        deployment eu1/shop/checkout
        deployment us1/shop/checkout
        deployment us1/other/checkout
    "
    ));
    let found = |cluster, namespace, name| {
        let ids = topology.find_services(cluster, namespace, name);
        ids.iter()
            .map(|id| topology.service(*id).key().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found(None, None, "checkout"),
        ["eu1/shop/checkout", "us1/shop/checkout"]
    );
    assert_eq!(found(Some("us1"), None, "checkout"), ["us1/shop/checkout"]);
    assert!(found(None, Some("other"), "checkout").is_empty());
    assert!(found(None, None, "Checkout").is_empty());

    let workloads = |cluster, kind, namespace| {
        let ids = topology.find_workloads(cluster, kind, namespace, "checkout");
        ids.iter()
            .map(|id| topology.workload(*id))
            .map(|it| format!("{} {}/{}", it.kind.as_str(), it.cluster, it.namespace))
            .collect::<Vec<_>>()
    };
    let deployment = Some(topology::fact::WorkloadKind::Deployment);
    assert_eq!(
        workloads(None, None, None),
        [
            "Deployment eu1/shop",
            "Pod eu1/shop",
            "Deployment us1/other",
            "Deployment us1/shop"
        ]
    );
    assert_eq!(
        workloads(None, deployment, Some("shop")),
        ["Deployment eu1/shop", "Deployment us1/shop"]
    );
    assert_eq!(
        workloads(Some("us1"), deployment, Some("other")),
        ["Deployment us1/other"]
    );

    let reference = EntityRef::new("Component", "Default", "CHECKOUT");
    let instances: Vec<&str> = topology
        .find_components(&reference)
        .into_iter()
        .map(|id| topology.component(id).instance)
        .collect();
    assert_eq!(instances, ["main", "second"]);
    assert!(
        topology
            .find_components(&EntityRef::new("api", "default", "checkout"))
            .is_empty()
    );
    assert_eq!(
        topology
            .find_owners(&EntityRef::new("group", "default", "pay"))
            .len(),
        2
    );
    assert!(
        topology
            .find_owners(&EntityRef::new("component", "default", "checkout"))
            .is_empty()
    );
}

#[test]
fn s21_near_names_of_what_was_asked_for() {
    let topology = built(COMPANY);
    assert_eq!(
        joined(&topology.near_services("chekcout")),
        "eu1/shop/checkout, us1/shop/checkout"
    );
    assert_eq!(
        joined(&topology.near_components("REFUNDZ")),
        "component:team/refunds"
    );
    assert!(topology.near_components("unrelated-thing").is_empty());
    assert!(topology.near_services("").is_empty());
}
