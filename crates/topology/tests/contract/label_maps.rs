//! S1, S4: what a `label_map` may say, and how a fault is told.

use topology::field_path::FieldPath;
use topology::label_map::LabelMap;

type Lists<'l> = &'l [(&'l str, &'l [&'l str])];

fn read(lists: Lists<'_>) -> Result<LabelMap, Vec<String>> {
    let lists = lists.iter().map(|(key, paths)| {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        (*key, paths)
    });
    LabelMap::from_lists(lists).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn paths(map: &LabelMap) -> [Vec<&str>; 3] {
    [&map.kubernetes_id, &map.kubernetes_namespace, &map.owner]
        .map(|list| list.iter().map(FieldPath::as_str).collect())
}

const ID: &str = "annotations.backstage.io/kubernetes-id";
const NAMESPACE: &str = "annotations.backstage.io/kubernetes-namespace";

#[test]
fn s1_a_missing_key_keeps_its_default() {
    let map = read(&[]).expect("valid");
    let owner = vec!["spec.owner", "annotations.backstage.io/owner"];
    assert_eq!(paths(&map), [vec![ID], vec![NAMESPACE], owner]);
    assert_eq!(map, LabelMap::default());
}

#[test]
fn s1_a_given_list_replaces_its_default_alone() {
    let map = read(&[(
        "component_owner",
        &["metadata.labels.team", "relations.ownedBy"],
    )]);
    let owner = vec!["metadata.labels.team", "relations.ownedBy"];
    assert_eq!(
        paths(&map.expect("valid")),
        [vec![ID], vec![NAMESPACE], owner]
    );

    let map = read(&[(
        "component_kubernetes_id",
        &["spec.k8s.name", "metadata.name"],
    )]);
    assert_eq!(
        paths(&map.expect("valid"))[0],
        ["spec.k8s.name", "metadata.name"]
    );
}

#[test]
fn s4_a_fault_names_key_and_path_and_the_nearest_spelling() {
    let table: &[(Lists<'_>, &str)] = &[
        (
            &[("component_kubernets_id", &["spec.x"])],
            "`label_map.component_kubernets_id`: unknown key, expected one of `component_kubernetes_id`, \
             `component_kubernetes_namespace`, `component_owner`, did you mean `component_kubernetes_id`?",
        ),
        (
            &[("owner", &["spec.owner"])],
            "`label_map.owner`: unknown key, expected one of `component_kubernetes_id`, \
             `component_kubernetes_namespace`, `component_owner`",
        ),
        (
            &[("component_owner", &[])],
            "`label_map.component_owner`: the list is empty, expected at least one path, did you mean `spec.owner`?",
        ),
        (
            &[("component_owner", &[""])],
            "`label_map.component_owner`, path ``: is empty",
        ),
        (
            &[("component_owner", &[" spec.owner"])],
            "`label_map.component_owner`, path ` spec.owner`: has blanks around it, did you mean `spec.owner`?",
        ),
        (
            &[("component_owner", &["spec..owner"])],
            "`label_map.component_owner`, path `spec..owner`: has an empty step, did you mean `spec.owner`?",
        ),
        (
            &[("component_owner", &["spec.owner."])],
            "`label_map.component_owner`, path `spec.owner.`: has an empty step, did you mean `spec.owner`?",
        ),
        (
            &[("component_owner", &["spce.owner"])],
            "`label_map.component_owner`, path `spce.owner`: `spce` is no root, expected one of `annotations`, \
             `labels`, `spec`, `metadata`, `kind`, `apiVersion`, did you mean `spec.owner`?",
        ),
        (
            &[("component_owner", &["owner"])],
            "`label_map.component_owner`, path `owner`: `owner` is no root, expected one of `annotations`, \
             `labels`, `spec`, `metadata`, `kind`, `apiVersion`, did you mean `spec.owner`?",
        ),
        (
            &[("component_owner", &["spec"])],
            "`label_map.component_owner`, path `spec`: `spec` needs a key after it, did you mean `spec.owner`?",
        ),
        (
            &[("component_owner", &["kind.x"])],
            "`label_map.component_owner`, path `kind.x`: `kind` stands alone, did you mean `kind`?",
        ),
        (
            &[("component_owner", &["relations.dependsOn"])],
            "`label_map.component_owner`, path `relations.dependsOn`: of the relations only `ownedBy` can be read, \
             did you mean `relations.ownedBy`?",
        ),
        (
            &[("component_kubernetes_id", &["annotations."])],
            "`label_map.component_kubernetes_id`, path `annotations.`: `annotations` needs a key after it, \
             did you mean `annotations.backstage.io/kubernetes-id`?",
        ),
        (
            &[(
                "component_kubernetes_id",
                &["annotation.backstage.io/kubernetes-id"],
            )],
            "`label_map.component_kubernetes_id`, path `annotation.backstage.io/kubernetes-id`: `annotation` is no \
             root, expected one of `annotations`, `labels`, `spec`, `metadata`, `kind`, `apiVersion`, did you mean \
             `annotations.backstage.io/kubernetes-id`?",
        ),
        (
            &[("component_kubernetes_id", &["backstage.io/kubernetes-id"])],
            "`label_map.component_kubernetes_id`, path `backstage.io/kubernetes-id`: `backstage` is no root, \
             expected one of `annotations`, `labels`, `spec`, `metadata`, `kind`, `apiVersion`, did you mean \
             `annotations.backstage.io/kubernetes-id`?",
        ),
        // S15a: a relation is a reference, so it is no Kubernetes name.
        (
            &[("component_kubernetes_id", &["relations.ownedBy"])],
            "`label_map.component_kubernetes_id`, path `relations.ownedBy`: can only be listed in `component_owner`",
        ),
    ];
    for (lists, expected) in table {
        let errors = read(lists).expect_err("a fault");
        assert_eq!(errors, [*expected], "{lists:?}");
    }
}

#[test]
fn s4_all_faults_are_told_at_once() {
    let errors = read(&[
        ("component_owner", &["", "spec.owner", "kind.x"]),
        ("nonsense", &[]),
        ("component_kubernetes_id", &[]),
    ]);
    assert_eq!(errors.expect_err("faults").len(), 4);
}

#[test]
fn s4_a_suggestion_is_itself_valid() {
    for path in [
        "owner",
        "team",
        "spce.owner",
        "spec..owner",
        "label",
        "a/b",
        "kind.x",
        "Spec.owner",
        "metadta.name",
    ] {
        let error = FieldPath::parse(path).expect_err("a fault");
        let nearest = error
            .nearest
            .unwrap_or_else(|| panic!("{path} has a near spelling"));
        assert!(FieldPath::parse(&nearest).is_ok(), "{path}: {nearest}");
    }
}

#[test]
fn s4_a_list_and_a_path_have_bounds() {
    let many = vec!["spec.owner"; topology::label_map::MAX_PATHS + 1];
    let errors = read(&[("component_owner", &many)]).expect_err("too many");
    assert_eq!(
        errors,
        ["`label_map.component_owner`: 101 paths, expected at most 100"]
    );

    let long = format!("spec.{}", "x".repeat(topology::field_path::MAX_PATH_BYTES));
    let errors = read(&[("component_owner", &[&long])]).expect_err("too long");
    assert!(
        errors[0].ends_with("is longer than 1024 bytes"),
        "{}",
        errors[0]
    );
    assert!(
        errors[0].len() < 300,
        "an overlong path is cut where it is shown"
    );
}
