//! Searching: what is found, in which order, and that the short cuts change nothing.

use proptest::prelude::*;
use topology::fact::{OwnerKind, WorkloadKind};
use topology::holder::Holder;
use topology::query::{OwnerFilter, Slice};
use topology::search::{FEW_PODS, Found, MAX_WORDS, Query, QueryFault, Search};
use topology::topology::Topology;

use crate::fixture::render::{all_owners, all_rows, all_services};
use crate::fixture::{Fixture, built};

const COMPANY: &str = "
    instance main
    cluster eu1
    cluster us1
    group pay display=\"The Payments\" email=Pay@Example.com
    group ops display=Operations
    user anna display=Anna email=anna@example.com
    component checkout kubernetes-id=checkout owner=pay
    component team/checkoutWorker kubernetes-id=worker owner=ops
    service eu1/shop/checkout selector=app:checkout
    service us1/shop/checkout
    service eu1/shop/checkout-api
    service eu1/shop/my-checkout
    service eu1/shop/precheckout
    service eu1/lab/cart
    service eu1/shop/cart
    deployment eu1/shop/checkout labels=app:checkout uid=d1
    replicaset eu1/shop/checkout-7d4b labels=app:checkout uid=r1 controller=Deployment/checkout/d1
    replicaset eu1/shop/alone-checkout
    pod eu1/shop/checkout-7d4b-1 labels=app:checkout controller=ReplicaSet/checkout-7d4b/r1
    pod eu1/shop/checkout-7d4b-2
    pod eu1/shop/checkout-7d4b-3
    pod eu1/shop/checkout-7d4b-4
    pod eu1/shop/checkout-7d4b-5
    pod eu1/shop/checkout-7d4b-6
    pod eu1/shop/lonely-1
    pod eu1/shop/lonely-2
    pod eu1/shop/lonely-3
    pod eu1/shop/lonely-4
    pod eu1/shop/lonely-5
    pod eu1/shop/lonely-6
    endpointslice eu1/shop/checkout-abcde service=checkout
    node eu1/node-1
";

/// By slices that are cut whenever they may be.
fn search(topology: &Topology, text: &str, limit: usize) -> Vec<Found> {
    let query = Query::parse(text).expect("a query");
    let mut search = Search::new(query, limit);
    while search.slice(topology, || false) == Slice::Cut {}
    search.found(topology)
}

fn said(topology: &Topology, found: Found) -> String {
    match found {
        Found::Service(id) => topology.service(id).key().to_string(),
        Found::Component(id) => {
            let instance = topology.component(id).instance;
            format!("{} of {instance}", topology.component_ref(id))
        }
        Found::Owner(id) => {
            let instance = topology.owner(id).instance;
            format!("{} of {instance}", topology.owner_ref(id))
        }
        Found::Workload(id) => {
            let it = topology.workload(id);
            format!("{} {}", it.kind.as_str(), it.place())
        }
    }
}

fn found(topology: &Topology, text: &str) -> Vec<String> {
    let found = search(topology, text, 50);
    found.into_iter().map(|it| said(topology, it)).collect()
}

#[test]
fn the_best_come_first() {
    let topology = built(COMPANY);
    assert_eq!(
        found(&topology, "checkout"),
        [
            // The very name, by kind, then by id.
            "eu1/shop/checkout",
            "us1/shop/checkout",
            "component:default/checkout of main",
            "Deployment eu1/shop/checkout",
            // What begins with it; of pods a few.
            "eu1/shop/checkout-api",
            "component:team/checkoutworker of main",
            "Pod eu1/shop/checkout-7d4b-1",
            "Pod eu1/shop/checkout-7d4b-2",
            "Pod eu1/shop/checkout-7d4b-3",
            "Pod eu1/shop/checkout-7d4b-4",
            "Pod eu1/shop/checkout-7d4b-5",
            // What has a part that begins with it, then what has it inside.
            "eu1/shop/my-checkout",
            "ReplicaSet eu1/shop/alone-checkout",
            "eu1/shop/precheckout",
        ]
    );
}

#[test]
fn words_narrow_by_name_place_kind_address_and_case_is_nothing() {
    let topology = built(COMPANY);
    let table: [(&str, &[&str]); 12] = [
        ("us1/shop/checkout", &["us1/shop/checkout"]),
        ("US1 CHECKOUT", &["us1/shop/checkout"]),
        ("lab", &["eu1/lab/cart"]),
        ("cart lab", &["eu1/lab/cart"]),
        ("worker", &["component:team/checkoutworker of main"]),
        (
            "component:team/checkoutworker",
            &["component:team/checkoutworker of main"],
        ),
        ("payments", &["group:default/pay of main"]),
        ("anna@example", &["user:default/anna of main"]),
        ("deployment checkout", &["Deployment eu1/shop/checkout"]),
        ("opertaions", &["group:default/ops of main"]),
        ("node-1", &["Node eu1/node-1"]),
        ("zzz", &[]),
    ];
    for (query, expected) in table {
        assert_eq!(found(&topology, query), expected, "{query}");
    }
    // A kind alone finds nothing, and endpoints are not looked for.
    assert!(found(&topology, "deployment").is_empty());
    assert!(found(&topology, "abcde").is_empty());
}

#[test]
fn pods_come_alone_where_nothing_else_is_found() {
    let topology = built(COMPANY);
    assert_eq!(found(&topology, "lonely").len(), 6);
    let of_both = found(&topology, "checkout 7d4b");
    let pods = of_both.iter().filter(|it| it.starts_with("Pod")).count();
    assert_eq!(
        pods, 6,
        "{of_both:?}: the ReplicaSet is found by its Deployment"
    );
    assert_eq!(search(&topology, "checkout", 3).len(), 3);
}

#[test]
fn what_is_no_query_says_why() {
    let many = "a ".repeat(MAX_WORDS + 1);
    let long = "a".repeat(300);
    for (text, fault) in [
        ("", QueryFault::Empty),
        (" / : ", QueryFault::Empty),
        (many.as_str(), QueryFault::TooManyWords(MAX_WORDS + 1)),
        (long.as_str(), QueryFault::TooLong(300)),
    ] {
        assert_eq!(Query::parse(text).expect_err("no query"), fault, "{text}");
    }
}

#[test]
fn what_goes_while_nobody_looks_is_not_found() {
    let mut fixture = Fixture::read(COMPANY);
    let mut search = Search::new(Query::parse("cart").expect("a query"), 50);
    while search.slice(&fixture.topology, || false) == Slice::Cut {}
    fixture.go_on("remove Service eu1/shop/cart");
    let found = search.found(&fixture.topology);
    let said: Vec<String> = found
        .iter()
        .map(|it| said(&fixture.topology, *it))
        .collect();
    assert_eq!(said, ["eu1/lab/cart"]);
}

#[test]
fn the_nearest_services_of_a_workload_and_who_has_them() {
    let topology = built(&format!(
        "{COMPANY}
        horizontalpodautoscaler eu1/shop/hpa refers=Deployment/shop/checkout
        ingress eu1/shop/front refers=Service/shop/checkout,Service/shop/cart,Service/shop/checkout
    "
    ));
    let table = [
        ("checkout-7d4b-1", WorkloadKind::Pod, "eu1/shop/checkout"),
        ("checkout", WorkloadKind::Deployment, "eu1/shop/checkout"),
        (
            "hpa",
            WorkloadKind::HorizontalPodAutoscaler,
            "eu1/shop/checkout",
        ),
        (
            "front",
            WorkloadKind::Ingress,
            "eu1/shop/cart, eu1/shop/checkout",
        ),
        ("lonely-1", WorkloadKind::Pod, ""),
        ("node-1", WorkloadKind::Node, ""),
    ];
    for (name, kind, expected) in table {
        let id = topology.find_workloads(None, Some(kind), None, name)[0];
        let services = topology.nearest_services(id);
        let keys: Vec<String> = services
            .iter()
            .map(|id| topology.service(*id).key().to_string())
            .collect();
        assert_eq!(keys.join(", "), expected, "{name}");
        let is_owned = matches!(topology.holder_of_nearest(&services), Holder::One { .. });
        assert_eq!(is_owned, !expected.is_empty(), "{name}");
    }
}

/// The cost of a word in a name by nothing but definitions.
fn naive_fit(word: &str, name: &str) -> Option<usize> {
    let letters: Vec<char> = name.chars().collect();
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let starts = |at: usize| {
        at == 0
            || !letters[at - 1].is_alphanumeric()
            || (letters[at].is_uppercase() && !letters[at - 1].is_uppercase())
    };
    let places: Vec<usize> = (0..name.len())
        .filter(|at| name[*at..].starts_with(&word))
        .collect();
    let stretches = (0..name.len()).flat_map(|from| (from..=name.len()).map(move |to| (from, to)));
    let holds = |(from, to): &(usize, usize)| {
        let mut left = name[*from..*to].iter();
        word.iter().all(|letter| left.any(|other| other == letter))
    };
    let shortest = stretches.filter(holds).map(|(from, to)| to - from).min();
    let near = |at: usize| (at..=name.len()).any(|end| distance(&word, &name[at..end]) <= 1);
    if name == word {
        Some(0)
    } else if places.contains(&0) {
        Some(64)
    } else if places.iter().any(|at| starts(*at)) {
        Some(128)
    } else if !places.is_empty() {
        Some(192)
    } else if let Some(length) = shortest {
        Some(256 + (length - word.len()).min(63))
    } else {
        let slips = word.len() >= 4 && (0..name.len()).any(|at| starts(at) && near(at));
        slips.then_some(320)
    }
}

/// Damerau and Levenshtein's distance by the table of all prefixes.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let other = usize::from(a[i - 1] != b[j - 1]);
                let mut least = (table[i - 1][j] + 1)
                    .min(table[i][j - 1] + 1)
                    .min(table[i - 1][j - 1] + other);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    table[a.len()][b.len()]
}

/// Whether its place alone fits, and the sum of the costs.
fn naive_rank(query: &str, names: &[&str], places: &[&str], kind: &str) -> Option<(bool, usize)> {
    let words = query.split([' ', '/', ':']).filter(|word| !word.is_empty());
    let (mut by_place_only, mut found, mut cost) = (true, false, 0);
    for word in words {
        let least = |texts: &[&str]| texts.iter().filter_map(|it| naive_fit(word, it)).min();
        let literal = |cost: &usize| *cost < 256;
        if let Some(in_name) = least(names).filter(literal) {
            (by_place_only, found) = (false, true);
            cost += in_name;
        } else if let Some(in_place) = least(places).filter(literal) {
            found = true;
            cost += 64 + in_place;
        } else if word.to_lowercase() == kind {
            cost += 64;
        } else {
            (by_place_only, found) = (false, true);
            cost += least(names)?;
        }
    }
    found.then_some((by_place_only, cost))
}

/// The same by ranking all there is.
fn naive_search(topology: &Topology, query: &str, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut take =
        |rank: Option<(bool, usize)>, kind: usize, name: &str, key: [String; 3], found: Found| {
            if let Some(rank) = rank {
                all.push((rank, kind, name.chars().count(), key, said(topology, found)));
            }
        };
    for id in all_services(topology) {
        let it = topology.service(id);
        let rank = naive_rank(query, &[it.name], &[it.cluster, it.namespace], "service");
        let key = [
            it.cluster.to_owned(),
            format!("{}/{}", it.namespace, it.name),
            String::new(),
        ];
        take(rank, 0, it.name, key, Found::Service(id));
    }
    let mut components: Vec<_> = all_rows(topology).iter().map(|row| row.component).collect();
    components.sort();
    components.dedup();
    for id in components {
        let it = topology.component(id);
        let rank = naive_rank(
            query,
            &[it.name, it.key],
            &[it.instance, it.namespace],
            "component",
        );
        let key = [
            String::new(),
            format!("{}/{}", it.namespace, it.key),
            it.instance.to_owned(),
        ];
        take(rank, 1, it.name, key, Found::Component(id));
    }
    let owners = topology
        .list_owners(&OwnerFilter::default(), None, 1000)
        .items;
    assert_eq!(owners, all_owners(topology));
    for id in owners {
        let it = topology.owner(id);
        let email = it.email.unwrap_or(it.namespace);
        let kind = match it.kind {
            OwnerKind::Group => "group",
            OwnerKind::User => "user",
        };
        let names = [it.display_name, it.key];
        let rank = naive_rank(query, &names, &[it.instance, it.namespace, email], kind);
        let key = [
            kind.to_owned(),
            format!("{}/{}", it.namespace, it.key),
            it.instance.to_owned(),
        ];
        take(rank, 2, it.display_name, key, Found::Owner(id));
    }
    for (id, kind) in topology.workloads_after(None) {
        let it = topology.workload(id);
        let kind = kind.as_str();
        let rank = naive_rank(
            query,
            &[it.name],
            &[it.cluster, it.namespace],
            &kind.to_lowercase(),
        );
        let key = [
            it.cluster.to_owned(),
            format!("{}/{}", it.namespace, it.name),
            kind.to_owned(),
        ];
        take(rank, 3, it.name, key, Found::Workload(id));
    }
    all.sort();
    let texts = all.into_iter().map(|(.., text)| text);
    let (pods, others): (Vec<String>, Vec<String>) =
        texts.clone().partition(|it| it.starts_with("Pod "));
    let few = if others.is_empty() {
        pods.len()
    } else {
        FEW_PODS
    };
    let left_out: Vec<&String> = pods.iter().skip(few).collect();
    texts
        .filter(|text| !left_out.contains(&text))
        .take(limit)
        .collect()
}

fn line() -> impl Strategy<Value = String> {
    let name = || "[abcdAä][abcdB.-]{0,7}";
    let place = || prop::sample::select(vec!["eu1/ab", "eu1/shop", "us1/ab", "us1/b-ab"]);
    prop_oneof![
        3 => (place(), name()).prop_map(|(place, name)| format!("service {place}/{name}")),
        3 => (place(), name()).prop_map(|(place, name)| format!("pod {place}/{name}")),
        1 => (place(), name()).prop_map(|(place, name)| format!("deployment {place}/{name}")),
        2 => (name(), name()).prop_map(|(name, id)| format!("component {name} kubernetes-id={id}")),
        1 => (name(), name()).prop_map(|(name, display)| {
            format!("group {name} display=\"The {display}\" email={name}@b.example")
        }),
        1 => name().prop_map(|name| format!("user {name}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_short_cuts_change_nothing(
        lines in prop::collection::vec(line(), 1..30),
        word in "[abcdAä-]{1,6}",
        narrowing in prop::sample::select(vec!["", " ab", "/a", " pod", " eu1/ab", "/e", " The"]),
        limit in 1_usize..12,
    ) {
        let mut fixture = Fixture::read("instance main\ncluster eu1\ncluster us1");
        fixture.go_on(&lines.join("\n"));
        let query = format!("{word}{narrowing}");
        let found = search(&fixture.topology, &query, limit);
        let said: Vec<String> = found.iter().map(|it| said(&fixture.topology, *it)).collect();
        prop_assert_eq!(said, naive_search(&fixture.topology, &query, limit), "{}", query);
    }
}
