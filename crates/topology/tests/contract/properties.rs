//! Laws that hold for whatever is there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use topology::entity_ref::EntityRef;
use topology::fact::WorkloadKind;
use topology::field_path::FieldPath;
use topology::holder::Holder;
use topology::label_map::LabelMap;
use topology::value::Value;
use topology::verdict::VerdictKind;

use crate::fixture::flow;
use crate::fixture::render::{all_services, all_verdicts, everything};
use crate::fixture::{Fixture, built};

const HEAD: &str = "
    instance one rules=service-name,kubernetes-id-label,label-selector,component-name honor-cluster-annotation
    instance two clusters=eu1 rules=component-name,service-name
    cluster eu1
    cluster us1
";

/// A line of the catalog or of a cluster, over so few names that things meet.
fn line() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "b", "c", "a-b"]);
    let place = || prop::sample::select(vec!["eu1/x", "eu1/y", "us1/x", "us1/x-y"]);
    let maybe = |field: &'static str, values: Vec<&'static str>| {
        prop::option::of(prop::sample::select(values)).prop_map(move |value| {
            value
                .map(|value| format!(" {field}={value}"))
                .unwrap_or_default()
        })
    };
    let labels = || {
        prop::sample::select(vec![
            "",
            " labels=app:a",
            " labels=app:b,tier:x",
            " labels=backstage.io/kubernetes-id:a",
            " labels=app:a,backstage.io/kubernetes-id:b",
        ])
    };
    let component = (
        prop::sample::select(vec!["a", "b", "c", "a-b", "a/z", "a-b/z"]),
        maybe("kubernetes-id", vec!["a", "b", "c"]),
        maybe("ns", vec!["x", "y", "nowhere"]),
        maybe(
            "selector",
            vec!["app=a", "!app", "tier", "\"app in (a,b)\"", "app=="],
        ),
        maybe("owner", vec!["a", "user:a", "gone", ":"]),
        maybe("cluster", vec!["eu1", "us1", "ap1"]),
        prop::sample::select(vec!["", " orphan"]),
    )
        .prop_map(|(name, id, ns, selector, owner, cluster, orphan)| {
            format!("component {name}{id}{ns}{selector}{owner}{cluster}{orphan}")
        });
    let service = (
        place(),
        name(),
        labels(),
        maybe("selector", vec!["app:a", "app:b,tier:x"]),
    )
        .prop_map(|(place, name, labels, selector)| {
            format!("service {place}/{name}{labels}{selector}")
        });
    let pod = (
        place(),
        name(),
        labels(),
        maybe("controller", vec!["StatefulSet/a/s", "StatefulSet/b/none"]),
    )
        .prop_map(|(place, name, labels, controller)| {
            format!("pod {place}/{name}{labels}{controller}")
        });
    prop_oneof![
        6 => component,
        4 => service,
        2 => pod,
        1 => place().prop_map(|place| format!("statefulset {place}/a uid=s")),
        1 => (place(), labels()).prop_map(|(place, labels)| format!("statefulset {place}/b{labels}")),
        1 => prop::sample::select(vec!["group a", "group b parent=a", "user a"]).prop_map(str::to_owned),
    ]
}

/// Lines of distinct things, each with the instance it belongs to.
fn lines() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((prop::bool::weighted(0.7), line()), 0..24).prop_map(|lines| {
        let mut distinct: BTreeMap<String, String> = BTreeMap::new();
        for (first, line) in lines {
            let thing: Vec<&str> = line.split(' ').take(2).collect();
            let in_catalog = matches!(thing[0], "component" | "group" | "user");
            let instance = match (in_catalog, first) {
                (false, _) => String::new(),
                (true, true) => "instance one rules=service-name,kubernetes-id-label,label-selector,component-name honor-cluster-annotation\n".to_owned(),
                (true, false) => "instance two clusters=eu1 rules=component-name,service-name\n".to_owned(),
            };
            distinct.insert(format!("{instance}{}", thing.join(" ")), format!("{instance}{line}"));
        }
        distinct.into_values().collect()
    })
}

/// What can be read of the lines, given in one batch or several. Generations tell batches apart and are left out.
fn read(batches: &[&[String]]) -> String {
    let mut fixture = Fixture::read(HEAD);
    for batch in batches {
        fixture.go_on(&batch.join("\n"));
    }
    timeless(&everything(&fixture.topology))
}

fn timeless(text: &str) -> String {
    let kept = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("read in generation"));
    kept.collect::<Vec<&str>>().join("\n")
}

fn any_value() -> impl Strategy<Value = Value<'static>> {
    let key = || {
        prop::sample::select(vec![
            "a",
            "b",
            "a.b",
            "0",
            "annotations",
            "labels",
            "name",
            "",
        ])
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(|number| Value::Number(number.to_string().into())),
        "\\PC{0,6}".prop_map(|text| flow::string(&text)),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((key().prop_map(Into::into), inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn any_document() -> impl Strategy<Value = Value<'static>> {
    let kind = prop::sample::select(vec!["Component", "Group", "User"]);
    (kind, any_value(), any_value(), any_value()).prop_map(|(kind, metadata, spec, relations)| {
        Value::Map(vec![
            ("kind".into(), flow::string(kind)),
            ("metadata".into(), metadata),
            ("spec".into(), spec),
            ("relations".into(), relations),
        ])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn s2_no_path_and_no_document_panics(
        path in "(annotations|labels|spec|metadata|kind|relations|x)?[.]?[ab0./]{0,6}|\\PC{0,12}",
        document in any_document(),
        value in any_value(),
    ) {
        match FieldPath::parse(&path) {
            Ok(parsed) => {
                prop_assert_eq!(parsed.as_str(), path.as_str());
                let _ = parsed.lookup(&document);
                let _ = parsed.lookup(&value);
            }
            Err(error) => {
                prop_assert!(!error.to_string().is_empty());
                if let Some(nearest) = error.nearest {
                    prop_assert!(FieldPath::parse(&nearest).is_ok(), "{}", nearest);
                }
            }
        }
        let _ = topology::entity::read_entity(&document, &LabelMap::default(), &mut Vec::new());
        let _ = topology::entity::read_entity(&value, &LabelMap::default(), &mut Vec::new());
    }

    #[test]
    fn s12_a_reference_that_is_written_is_read_again(text in "\\PC{0,12}|[a-zA-Z:/. -]{0,12}") {
        if let Ok(reference) = EntityRef::parse(&text, Some("group"), "default") {
            let written = reference.to_string();
            let read = EntityRef::parse(&written, None, "other");
            prop_assert_eq!(read.as_ref(), Ok(&reference), "{}", written);
            prop_assert_eq!(written.to_lowercase(), written, "canonical is lower-case");
        }
    }

    #[test]
    fn s10_the_result_does_not_depend_on_the_order_of_input(
        (lines, other) in lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        cut in any::<prop::sample::Index>(),
    ) {
        let together = read(&[&lines]);
        prop_assert_eq!(&read(&[&other]), &together, "another order");
        let (first, second) = other.split_at(cut.index(other.len() + 1));
        prop_assert_eq!(&read(&[first, second]), &together, "two batches");
        let one_by_one: Vec<&[String]> = lines.chunks(1).collect();
        prop_assert_eq!(&read(&one_by_one), &together, "one by one");
    }

    #[test]
    fn s10_a_service_has_at_most_one_winner_and_every_found_component_has_or_lost(lines in lines()) {
        let topology = built(&format!("{HEAD}\n{}", lines.join("\n")));
        let mut winners: BTreeMap<String, usize> = BTreeMap::new();
        for verdict in all_verdicts(&topology) {
            for service in &verdict.services {
                *winners.entry(service.to_string()).or_default() += 1;
                let id = topology.find_service(service).expect("it is there");
                let has = topology.service(id).component.expect("somebody has it");
                prop_assert_eq!(topology.component_ref(has), verdict.component.reference.clone());
            }
            let fits = match verdict.kind {
                VerdictKind::Stitched => !verdict.services.is_empty(),
                VerdictKind::Conflict => verdict.services.is_empty() && verdict.conflict_with.is_some() && !verdict.candidates.is_empty(),
                VerdictKind::Ambiguous => verdict.services.is_empty() && verdict.candidates.len() > 1,
                _ => verdict.services.is_empty() && verdict.candidates.is_empty(),
            };
            prop_assert!(fits, "{:?}", verdict);
            prop_assert_eq!(verdict.fix().is_some() || verdict.kind == VerdictKind::Stitched, true, "S21: {:?}", verdict);
        }
        prop_assert!(winners.values().all(|count| *count == 1), "{:?}", winners);
        for id in all_services(&topology) {
            let key = topology.service(id).key().to_string();
            prop_assert_eq!(winners.contains_key(&key), topology.service(id).component.is_some());
        }
    }

    #[test]
    fn s20_an_unrelated_object_changes_no_other_verdict(
        lines in lines(),
        unrelated in prop::sample::select(vec![
            "service eu1/unrelated-place/unrelated-service selector=unrelated:x",
            "component unrelated-component kubernetes-id=unrelated-id",
            "group unrelated-group",
            "user unrelated-user",
            "pod eu1/unrelated-place/unrelated-pod labels=unrelated:x",
            "namespace us1/unrelated-place",
        ]),
    ) {
        // A selector of negations alone asks for everything, so nothing is unrelated to it.
        prop_assume!(!lines.iter().any(|line| line.contains("!app")));
        let before = read(&[&lines]);
        let with = [lines, vec![unrelated.to_owned()]].concat();
        let after = read(&[&with]);
        let known: Vec<&str> = before.lines().filter(|line| !line.starts_with("Summary")).collect();
        let now: Vec<&str> = after.lines().collect();
        let mut at = 0;
        for line in known {
            match now[at..].iter().position(|other| *other == line) {
                Some(found) => at += found + 1,
                None => prop_assert!(false, "`{}` changed in\n{}", line, after),
            }
        }
    }

    #[test]
    fn s19_what_is_behind_a_service_inherits_from_it_and_nothing_else_does(lines in lines()) {
        let topology = built(&format!("{HEAD}\n{}", lines.join("\n")));
        let mut behind = Vec::new();
        for service in all_services(&topology) {
            behind.extend(topology.behind(service).into_iter().map(|workload| (workload, service)));
        }
        let mut inherited = Vec::new();
        for (cluster, _) in topology.clusters() {
            for workload in topology.workloads_of(cluster) {
                inherited.extend(topology.inherited(workload).into_iter().map(|it| (workload, it.service)));
            }
        }
        behind.sort();
        inherited.sort();
        prop_assert_eq!(behind, inherited);
    }

    #[test]
    fn s19_whoever_has_a_workload_alone_is_the_only_owner_that_it_inherits(lines in lines()) {
        let topology = built(&format!("{HEAD}\n{}", lines.join("\n")));
        let mut walked = Vec::new();
        for (workload, kind) in topology.workloads_after(None) {
            walked.push(workload);
            let runs = kind <= WorkloadKind::Pod;
            let inherited = topology.inherited(workload).into_iter().filter(|_| runs);
            let over: Vec<_> = inherited.map(|it| topology.service(it.service)).collect();
            let owners: BTreeSet<_> = over.iter().filter_map(|it| it.owner).collect();
            let owned = over.iter().filter(|it| it.owner.is_some());
            let components: BTreeSet<_> = owned.filter_map(|it| it.component).collect();
            let sole = |ids: &BTreeSet<_>| ids.first().copied().filter(|_| ids.len() == 1);
            let expected = match owners.len() {
                0 => Holder::Nobody,
                1 => Holder::One { owner: *owners.first().expect("one"), component: sole(&components) },
                _ => Holder::Several,
            };
            prop_assert_eq!(topology.holder_of_workload(workload), expected);
        }
        for (at, workload) in walked.iter().enumerate() {
            let on: Vec<_> = topology.workloads_after(Some(*workload)).map(|(id, _)| id).collect();
            prop_assert_eq!(&on, &walked[at + 1..]);
        }
    }
}
