//! Who owns what, as series.

use std::fmt::Write as _;

use axum::body::Body;
use futures::StreamExt as _;
use insta::assert_snapshot;
use server::Access;
use server::owner_info::{Owned, OwnerInfo};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::fact::{ControllerRef, ObjectFact, ObjectKey, ObjectKind, WorkloadKind};
use topology::labels::DEFAULT_PREFIX;
use topology::settings::InstanceSettings;
use topology::topology::{ClusterId, Topology};

use crate::company::{Company, component, entity, group, request, service, workload};

fn of(owned: &[Owned]) -> OwnerInfo {
    OwnerInfo {
        of: owned.iter().copied().collect(),
        ..OwnerInfo::default()
    }
}

/// All that is said of owners of a topology.
async fn told(topology: Topology, settings: OwnerInfo) -> String {
    let company = Company::telling(topology, Access::default(), settings);
    let text = company.ask(request("/metrics")).await.text;
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert_eq!(text.matches("# EOF").count(), 1, "{text}");
    let lines = text.lines().filter(|line| {
        ["service_owner", "workload_owner", "pod_owner", "owner_info"]
            .iter()
            .any(|name| line.contains(name))
    });
    lines.fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    })
}

fn apply(topology: &mut Topology, cluster: ClusterId, upserts: Vec<ObjectFact>) {
    topology.apply(Delta::Cluster(ClusterDelta {
        cluster,
        upserts,
        removals: Vec::new(),
    }));
}

/// As the company is, and what makes other things beside.
fn company() -> Topology {
    let mut topology = crate::company::topology();
    let cluster = topology.set_cluster("eu1");
    let made = |kind, name: &str, by: WorkloadKind, maker: &str| {
        let ObjectFact::Workload(mut it) = workload(kind, name, "checkout") else {
            unreachable!("it is a workload");
        };
        it.controller = Some(ControllerRef {
            kind: by.as_str().into(),
            name: maker.into(),
            uid: format!("uid-{maker}").into(),
        });
        ObjectFact::Workload(it)
    };
    let objects = vec![
        made(
            WorkloadKind::ReplicaSet,
            "checkout-7d4b",
            WorkloadKind::Deployment,
            "checkout",
        ),
        workload(WorkloadKind::ReplicaSet, "by-hand", "wishlist"),
        workload(WorkloadKind::CronJob, "nightly", "checkout"),
        made(
            WorkloadKind::Job,
            "nightly-1",
            WorkloadKind::CronJob,
            "nightly",
        ),
        workload(WorkloadKind::EndpointSlice, "checkout-x", "checkout"),
    ];
    apply(&mut topology, cluster, objects);
    topology
}

#[tokio::test]
async fn s19_what_has_an_owner_has_a_series_and_what_has_none_is_left_out() {
    let told = told(company(), of(&Owned::ALL)).await;
    assert_snapshot!(told, @r#"
    # HELP backstitch_service_owner Who owns a Service.
    # TYPE backstitch_service_owner info
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="checkout",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="wishlist",owner_ref="group:default/shop",team="Shop",owner_kind="Group",component="component:default/wishlist",lifecycle="production"} 1
    # HELP backstitch_workload_owner Who owns a workload.
    # TYPE backstitch_workload_owner info
    backstitch_workload_owner_info{cluster="eu1",namespace="shop",workload="checkout",workload_type="deployment",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    backstitch_workload_owner_info{cluster="eu1",namespace="shop",workload="by-hand",workload_type="replicaset",owner_ref="group:default/shop",team="Shop",owner_kind="Group",component="component:default/wishlist",lifecycle="production"} 1
    backstitch_workload_owner_info{cluster="eu1",namespace="shop",workload="nightly",workload_type="cronjob",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    backstitch_workload_owner_info{cluster="eu1",namespace="shop",workload="nightly-1",workload_type="job",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    # HELP backstitch_pod_owner Who owns a pod.
    # TYPE backstitch_pod_owner info
    backstitch_pod_owner_info{cluster="eu1",namespace="shop",pod="checkout-7d4b",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    # HELP backstitch_owner_info_left_out What has no series for its owner: past the bound, or of several owners.
    # TYPE backstitch_owner_info_left_out gauge
    backstitch_owner_info_left_out{kind="services",reason="bound"} 0
    backstitch_owner_info_left_out{kind="workloads",reason="bound"} 0
    backstitch_owner_info_left_out{kind="workloads",reason="shared"} 0
    backstitch_owner_info_left_out{kind="pods",reason="bound"} 0
    backstitch_owner_info_left_out{kind="pods",reason="shared"} 0
    "#);
}

#[tokio::test]
async fn s19_what_several_owners_share_is_counted_and_not_told_as_anybodys() {
    let mut topology = company();
    let cluster = topology.set_cluster("eu1");
    let mut shared = vec![
        workload(WorkloadKind::Deployment, "front", "front"),
        workload(WorkloadKind::Pod, "front-1", "front"),
    ];
    for name in ["checkout", "wishlist"] {
        let ObjectFact::Service(mut it) = service("shop", name) else {
            unreachable!("it is a Service");
        };
        it.selector = vec![("app".into(), "front".into())];
        shared.push(ObjectFact::Service(it));
    }
    apply(&mut topology, cluster, shared);
    let told = told(topology, of(&[Owned::Workloads, Owned::Pods])).await;
    assert_snapshot!(told, @r#"
    # HELP backstitch_workload_owner Who owns a workload.
    # TYPE backstitch_workload_owner info
    # HELP backstitch_pod_owner Who owns a pod.
    # TYPE backstitch_pod_owner info
    # HELP backstitch_owner_info_left_out What has no series for its owner: past the bound, or of several owners.
    # TYPE backstitch_owner_info_left_out gauge
    backstitch_owner_info_left_out{kind="workloads",reason="bound"} 0
    backstitch_owner_info_left_out{kind="workloads",reason="shared"} 1
    backstitch_owner_info_left_out{kind="pods",reason="bound"} 0
    backstitch_owner_info_left_out{kind="pods",reason="shared"} 1
    "#);
}

#[tokio::test]
async fn what_nobody_owns_has_a_series_if_that_is_asked_for() {
    let settings = OwnerInfo {
        unowned: true,
        ..of(&[Owned::Services, Owned::Pods])
    };
    assert_snapshot!(told(company(), settings).await, @r#"
    # HELP backstitch_service_owner Who owns a Service.
    # TYPE backstitch_service_owner info
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="cart",owner_ref=""} 1
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="catalog",owner_ref=""} 1
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="checkout",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="search",owner_ref=""} 1
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="wishlist",owner_ref="group:default/shop",team="Shop",owner_kind="Group",component="component:default/wishlist",lifecycle="production"} 1
    backstitch_service_owner_info{cluster="eu1",namespace="staging",service="cart",owner_ref=""} 1
    backstitch_service_owner_info{cluster="us1",namespace="shop",service="checkout",owner_ref=""} 1
    # HELP backstitch_pod_owner Who owns a pod.
    # TYPE backstitch_pod_owner info
    backstitch_pod_owner_info{cluster="eu1",namespace="shop",pod="checkout-7d4b",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    backstitch_pod_owner_info{cluster="eu1",namespace="shop",pod="stray",owner_ref=""} 1
    # HELP backstitch_owner_info_left_out What has no series for its owner: past the bound, or of several owners.
    # TYPE backstitch_owner_info_left_out gauge
    backstitch_owner_info_left_out{kind="services",reason="bound"} 0
    backstitch_owner_info_left_out{kind="pods",reason="bound"} 0
    backstitch_owner_info_left_out{kind="pods",reason="shared"} 0
    "#);
}

#[tokio::test]
async fn nothing_is_told_of_owners_if_nothing_is_asked_for() {
    assert_eq!(told(company(), of(&[])).await, "");
}

#[tokio::test]
async fn past_the_bound_the_rest_is_counted() {
    let settings = OwnerInfo {
        most_series: 3,
        ..of(&Owned::ALL)
    };
    assert_snapshot!(told(company(), settings).await, @r#"
    # HELP backstitch_service_owner Who owns a Service.
    # TYPE backstitch_service_owner info
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="checkout",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    backstitch_service_owner_info{cluster="eu1",namespace="shop",service="wishlist",owner_ref="group:default/shop",team="Shop",owner_kind="Group",component="component:default/wishlist",lifecycle="production"} 1
    # HELP backstitch_workload_owner Who owns a workload.
    # TYPE backstitch_workload_owner info
    backstitch_workload_owner_info{cluster="eu1",namespace="shop",workload="checkout",workload_type="deployment",owner_ref="group:default/payments",team="Payments",owner_kind="Group",component="component:default/checkout",lifecycle="production"} 1
    # HELP backstitch_pod_owner Who owns a pod.
    # TYPE backstitch_pod_owner info
    # HELP backstitch_owner_info_left_out What has no series for its owner: past the bound, or of several owners.
    # TYPE backstitch_owner_info_left_out gauge
    backstitch_owner_info_left_out{kind="services",reason="bound"} 0
    backstitch_owner_info_left_out{kind="workloads",reason="bound"} 3
    backstitch_owner_info_left_out{kind="workloads",reason="shared"} 0
    backstitch_owner_info_left_out{kind="pods",reason="bound"} 1
    backstitch_owner_info_left_out{kind="pods",reason="shared"} 0
    "#);
}

#[tokio::test]
async fn a_name_cannot_write_series_of_its_own() {
    let mut topology = crate::company::topology();
    let instance = topology.instance_id("default").unwrap();
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 4,
        read_at: 0,
        upserts: vec![group(
            "payments",
            "a\"} 1\nup{job=\"x\"} 0\n# EOF",
            None,
            &[],
        )],
        removals: Vec::new(),
    }));
    let company = Company::telling(topology, Access::default(), of(&[Owned::Services]));
    let text = company.ask(request("/metrics")).await.text;
    assert!(
        text.contains(r#"team="a\"} 1\nup{job=\"x\"} 0\n# EOF""#),
        "{text}"
    );
    assert!(!text.contains("\nup{"), "{text}");
}

/// Of so many Services nine in ten have an owner, and each has a Deployment.
fn large(services: usize) -> Topology {
    let mut topology = Topology::new(DEFAULT_PREFIX);
    let cluster = topology.set_cluster("eu1");
    let instance = topology.set_instance(InstanceSettings::named("default"));
    let names: Vec<String> = (0..services).map(|at| format!("service-{at:06}")).collect();
    let mut upserts = vec![group("payments", "Payments", None, &[])];
    upserts.extend(
        names
            .iter()
            .enumerate()
            .filter(|(at, _)| at % 10 != 0)
            .map(|(_, name)| entity(component(name, Some(name), Some("shop"), Some("payments")))),
    );
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 1,
        read_at: 0,
        upserts,
        removals: Vec::new(),
    }));
    let objects = names.iter().flat_map(|name| {
        [
            service("shop", name),
            workload(WorkloadKind::Deployment, name, name),
        ]
    });
    apply(&mut topology, cluster, objects.collect());
    topology
}

/// The pieces in which the metrics come.
async fn pieces(company: &Company) -> Vec<String> {
    let router = company.router.clone();
    let response = tower::ServiceExt::oneshot(router, request("/metrics")).await;
    let body: Body = response.unwrap().into_body();
    let pieces = body.into_data_stream().map(|piece| {
        let piece = piece.unwrap();
        String::from_utf8(piece.to_vec()).unwrap()
    });
    pieces.collect().await
}

#[tokio::test]
async fn a_hundred_thousand_services_come_in_small_pieces() {
    const SERVICES: usize = 100_000;
    /// A slice's text, and the one series by which it is longer.
    const MOST: usize = 256 * 1_024 + 1_024;
    let settings = OwnerInfo {
        of: OwnerInfo::default().of,
        most_series: 150_000,
        unowned: false,
    };
    let company = Company::telling(large(SERVICES), Access::default(), settings);
    let pieces = pieces(&company).await;
    let longest = pieces.iter().map(String::len).max().unwrap();
    assert!(longest <= MOST, "{longest} bytes at once");
    let text = pieces.concat();
    let series = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(series("backstitch_service_owner_info{"), 90_000);
    assert_eq!(series("backstitch_workload_owner_info{"), 60_000);
    let left = "backstitch_owner_info_left_out{kind=\"workloads\",reason=\"bound\"} 30000\n";
    assert!(text.contains(left));
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_writer_is_let_in_between_two_pieces_and_nothing_is_told_twice() {
    let settings = of(&[Owned::Workloads]);
    let company = Company::telling(large(3_000), Access::default(), settings);
    let response = tower::ServiceExt::oneshot(company.router.clone(), request("/metrics")).await;
    let mut pieces = response.unwrap().into_body().into_data_stream();
    let mut text = String::new();
    let mut written = 0;
    while let Some(piece) = pieces.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        // What was told is removed and made anew, under another id than it had.
        let mut topology = company
            .state
            .topology
            .try_write()
            .expect("nobody reads now");
        let told = text.lines().rev().find_map(|line| {
            let (_, rest) = line.split_once("workload=\"")?;
            rest.split_once('"').map(|(name, _)| name.to_owned())
        });
        let Some(name) = told else { continue };
        let cluster = topology.set_cluster("eu1");
        let made_anew = workload(WorkloadKind::Deployment, &name, &name);
        for (upserts, removals) in [
            (Vec::new(), vec![key(&name)]),
            (
                vec![workload(WorkloadKind::Pod, &format!("p-{name}"), "p")],
                Vec::new(),
            ),
            (vec![made_anew], Vec::new()),
        ] {
            topology.apply(Delta::Cluster(ClusterDelta {
                cluster,
                upserts,
                removals,
            }));
        }
        written += 1;
    }
    assert!(written > 1, "it came in pieces");
    let mut series: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("backstitch_workload_owner_info{"))
        .collect();
    let all = series.len();
    series.sort_unstable();
    series.dedup();
    assert_eq!((series.len(), all), (2_700, 2_700));
}

fn key(name: &str) -> ObjectKey {
    ObjectKey {
        kind: ObjectKind::Workload(WorkloadKind::Deployment),
        namespace: "shop".into(),
        name: name.into(),
    }
}
