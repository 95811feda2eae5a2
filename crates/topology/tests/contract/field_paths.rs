//! S2, S3: where a path leads, and what counts as a value.

use topology::field_path::{FieldPath, Lookup};

use crate::fixture::flow;

const ENTITY: &str = r#"{
    kind: Component,
    apiVersion: backstage.io/v1alpha1,
    metadata: {
        name: checkout,
        annotations: {backstage.io/kubernetes-id: checkout, a.b.c: dotted, "": empty key},
        labels: {backstage.io/kubernetes-id: labelled},
        links: [{url: first}, {url: second}],
        a.b: {c: longer prefix},
        a: {b: {c: shortest prefix}, d: {e: deep}},
        whole.key: whole,
        whole: {key: walked},
        dead: null,
        dead.end: {x: behind}
    },
    spec: {
        owner: " pay ",
        number: 42,
        version: 1.10,
        yes: true,
        no: false,
        nothing: null,
        blank: "  ",
        list: [zero, one, [two]],
        map: {kind: Group},
        0: a key that is a number
    }
}"#;

/// The text at `path` by S3, or what is there instead.
fn at(path: &str) -> String {
    let entity = flow::value(ENTITY);
    let path = FieldPath::parse(path).expect("a valid path");
    match path.lookup(&entity) {
        Lookup::Value(value) => match value.text() {
            Some(text) => text.to_owned(),
            None => format!("({})", value.describe()),
        },
        Lookup::Absent => "(absent)".to_owned(),
        Lookup::NotAMap { at, found } => format!("({at} is {found})"),
    }
}

#[test]
fn s2_a_path_leads_to_one_place() {
    let table = [
        ("annotations.backstage.io/kubernetes-id", "checkout"),
        ("annotations.a.b.c", "dotted"),
        ("annotations.a", "(absent)"),
        ("annotations.kubernetes-id", "(absent)"),
        (
            "metadata.annotations.backstage.io/kubernetes-id",
            "checkout",
        ),
        ("metadata.annotations.a.b.c", "dotted"),
        ("metadata.annotations", "(a map)"),
        ("labels.backstage.io/kubernetes-id", "labelled"),
        ("metadata.labels.backstage.io/kubernetes-id", "labelled"),
        ("labels.a.b.c", "(absent)"),
        ("kind", "Component"),
        ("apiVersion", "backstage.io/v1alpha1"),
        ("metadata.name", "checkout"),
        ("metadata.links.0.url", "first"),
        ("metadata.links.1.url", "second"),
        ("metadata.links.2.url", "(absent)"),
        ("metadata.links.-1.url", "(absent)"),
        ("metadata.links.url", "(absent)"),
        ("metadata.links.99999999999999999999.url", "(absent)"),
        ("metadata.a.d.e", "deep"),
        ("metadata.a.b.c", "shortest prefix"),
        ("metadata.whole.key", "whole"),
        ("metadata.a.b", "(a map)"),
        // The shortest prefix is taken for good, whatever it leads to.
        ("metadata.dead.end.x", "(absent)"),
        ("metadata.name.first", "(absent)"),
        ("spec.list.1", "one"),
        ("spec.list.2.0", "two"),
        ("spec.list.x", "(absent)"),
        ("spec.0", "a key that is a number"),
        ("spec.Owner", "(absent)"),
        ("relations.ownedBy", "(absent)"),
    ];
    for (path, expected) in table {
        assert_eq!(at(path), expected, "{path}");
    }
}

#[test]
fn s3_a_value_is_a_trimmed_text_that_is_not_empty() {
    let table = [
        ("spec.owner", "pay"),
        ("spec.number", "42"),
        ("spec.version", "1.10"),
        ("spec.yes", "true"),
        ("spec.no", "false"),
        ("spec.nothing", "(null)"),
        ("spec.blank", "(a string)"),
        ("spec.list", "(a list)"),
        ("spec.map", "(a map)"),
        ("spec.absent", "(absent)"),
    ];
    for (path, expected) in table {
        assert_eq!(at(path), expected, "{path}");
    }
}

#[test]
fn s2_what_must_be_a_map_and_is_not_is_told_apart_from_what_is_absent() {
    let table = [
        (
            "{metadata: {annotations: [a]}}",
            "annotations.x",
            "(metadata.annotations is a list)",
        ),
        (
            "{metadata: {labels: text}}",
            "labels.x",
            "(metadata.labels is a string)",
        ),
        (
            "{metadata: {annotations: null}}",
            "annotations.x",
            "(absent)",
        ),
        ("{metadata: {}}", "annotations.x", "(absent)"),
        ("{spec: 1}", "spec.owner", "(spec is a number)"),
        ("{spec: null}", "spec.owner", "(absent)"),
        (
            "{metadata: true}",
            "metadata.name",
            "(metadata is a boolean)",
        ),
        ("[]", "spec.owner", "(absent)"),
        ("null", "kind", "(absent)"),
    ];
    for (document, path, expected) in table {
        let document = flow::value(document);
        let found = match FieldPath::parse(path)
            .expect("a valid path")
            .lookup(&document)
        {
            Lookup::Absent => "(absent)".to_owned(),
            Lookup::NotAMap { at, found } => format!("({at} is {found})"),
            Lookup::Value(value) => panic!("{path}: {value:?}"),
        };
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn s2_a_key_given_twice_counts_with_its_last_value() {
    let document = flow::value("{spec: {owner: first, owner: last}}");
    let path = FieldPath::parse("spec.owner").expect("a valid path");
    assert_eq!(path.lookup(&document), Lookup::Value(&flow::string("last")));
}
