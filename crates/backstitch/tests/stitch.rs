//! `backstitch stitch` as a whole: sources, output, gates.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{
    Folder, ID, NAMESPACE, SMALL, component, group, project, run, service, small, stream,
};

const SHOP: [&str; 5] = [
    "stitch",
    "--catalog",
    "examples/shop/catalog",
    "--cluster",
    "examples/shop/k8s",
];
const DEMO: [&str; 3] = ["stitch", "--config", "examples/demo/backstitch.yaml"];

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

#[test]
fn the_shop_as_a_table() {
    insta::assert_snapshot!(run(SHOP).shown());
}

#[test]
fn the_demo_at_100_columns() {
    let shown = run(DEMO).shown();
    assert!(
        shown.lines().all(|line| line.chars().count() <= 100),
        "a line is too long"
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn the_demo_in_a_narrow_terminal() {
    let shown = run(with(&DEMO, &["--only", "ambiguous,invalid"]))
        .env("COLUMNS", "60")
        .shown();
    assert!(
        shown.lines().all(|line| line.chars().count() <= 60),
        "a line is too long"
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn the_shop_wide() {
    insta::assert_snapshot!(run(with(&SHOP, &["-o", "wide"])).shown());
}

#[test]
fn the_shop_as_csv() {
    insta::assert_snapshot!(run(with(&SHOP, &["-o", "csv"])).shown());
}

#[test]
fn s32_the_shop_as_json() {
    insta::assert_snapshot!(run(with(&SHOP, &["-o", "json"])).shown());
}

#[test]
fn yaml_is_the_same_document() {
    let json: serde_json::Value =
        serde_json::from_str(&run(with(&DEMO, &["-o", "json"])).printed()).expect("JSON");
    let yaml: serde_json::Value =
        serde_saphyr::from_str(&run(with(&DEMO, &["-o", "yaml"])).printed()).expect("YAML");
    assert_eq!(json, yaml);
}

/// What the program says, in the form of the tables.
fn rows(document: &api::stitch::Document) -> (BTreeSet<String>, BTreeSet<String>) {
    let dash = |text: Option<&String>| text.map_or("-", String::as_str).to_owned();
    let components = document.components.iter().map(|it| {
        let services = it.services.join(",");
        let services = if services.is_empty() { "-" } else { &services };
        let owner = dash(it.owner.reference.as_ref());
        format!(
            "{}\t{}\t{}\t{services}\t{}\t{owner}",
            it.cluster, it.reference, it.verdict, it.owner.state
        )
    });
    let services = document
        .services
        .iter()
        .map(|it| format!("{}\t{}\t{}", it.id, it.state, dash(it.owner.as_ref())));
    (components.collect(), services.collect())
}

#[test]
fn the_examples_come_out_as_their_tables_say() {
    for (example, args) in [("shop", &SHOP[..]), ("demo", &DEMO[..])] {
        let document = run(with(args, &["-o", "json"])).printed();
        let document: api::stitch::Document =
            serde_json::from_str(&document).expect("the document");
        let (components, services) = rows(&document);
        for (table, found) in [
            ("expected.tsv", components),
            ("expected-services.tsv", services),
        ] {
            let path = project().join("examples").join(example).join(table);
            let text = fs::read_to_string(&path).expect("the table");
            let expected: BTreeSet<String> = text.lines().skip(1).map(str::to_owned).collect();
            assert!(expected.len() > 10);
            let missing: Vec<_> = expected.difference(&found).collect();
            let extra: Vec<_> = found.difference(&expected).collect();
            assert!(
                missing.is_empty() && extra.is_empty(),
                "{example}/{table}: missing {missing:#?}, extra {extra:#?}"
            );
        }
        assert_eq!(document.errors, []);
    }
}

#[test]
fn s32_arrays_are_sorted() {
    let document: api::stitch::Document =
        serde_json::from_str(&run(with(&DEMO, &["-o", "json"])).printed()).expect("the document");
    assert!(
        document
            .components
            .is_sorted_by_key(|it| (it.cluster.clone(), it.reference.clone()))
    );
    assert!(document.services.is_sorted_by_key(|it| it.id.clone()));
    assert!(document.owners.is_sorted_by_key(|it| it.reference.clone()));
}

#[test]
fn s33_the_order_of_files_and_flags_decides_nothing() {
    let documents = [
        component("cart", &[(ID, "cart"), (NAMESPACE, "shop")], "web"),
        component("basket", &[(ID, "cart")], "web"),
        component("orders", &[(ID, "orders")], "group:gone"),
        "kind: Component\nmetadata: {}\n".to_owned(),
        group("web"),
    ];
    let objects = [
        service("shop", "cart"),
        service("shop", "orders"),
        service("old", "orders"),
    ];
    let print = |order: &[usize], flags: &[&str]| {
        let folder = Folder::new();
        for (name, index) in order.iter().enumerate() {
            folder.file(
                &format!("catalog/{name}-{}.yaml", order[name]),
                &documents[*index],
            );
        }
        for (index, object) in objects.iter().enumerate() {
            folder.file(&format!("k8s/{index}.yaml"), object);
        }
        folder.file("other/catalog.yaml", &documents[1]);
        folder.file("other-k8s/services.yaml", &objects[0]);
        let output = folder.run(with(&["stitch", "-o", "json"], flags)).output();
        String::from_utf8(output.stdout).expect("text")
    };
    let flags = [
        "--catalog",
        "catalog",
        "--catalog",
        "other/catalog.yaml",
        "--cluster",
        "k8s",
        "--cluster",
        "other-k8s",
    ];
    let reversed = [
        "--cluster",
        "other-k8s",
        "--cluster",
        "k8s",
        "--catalog",
        "other/catalog.yaml",
        "--catalog",
        "catalog",
    ];
    let first = print(&[0, 1, 2, 3, 4], &flags);
    assert!(
        first.contains("\"conflict\"") && first.contains("default-2"),
        "{first}"
    );
    assert_eq!(first, print(&[0, 1, 2, 3, 4], &reversed));
    // The same documents under other file names: only the place of the fault differs.
    let fault_moved = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("\"place\""));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        fault_moved(&first),
        fault_moved(&print(&[4, 3, 2, 1, 0], &reversed))
    );
}

#[test]
fn s33_inputs_of_one_name_are_one_source() {
    let folder = small();
    folder.file(
        "more.yaml",
        stream(&[component("wish-list-api", &[(ID, "wish-list")], "web")]),
    );
    folder.file("more-k8s.yaml", service("bank", "ledger"));
    let shown = folder
        .run([
            "stitch",
            "--catalog",
            "shop=catalog.yaml",
            "--catalog",
            "shop=more.yaml",
            "--cluster",
            "prod=k8s",
            "--cluster",
            "prod=more-k8s.yaml",
        ])
        .shown();
    insta::assert_snapshot!(shown);
}

#[test]
fn s33_settings_come_from_the_configuration_by_name() {
    let folder = small();
    let config = |name: &str| {
        format!(
            "scrapers:\n  backstage:\n    instances:\n    - name: {name}\n      match_rules: [service-name, component-name]\n"
        )
    };
    let verdicts = |config: &str| {
        folder.file("backstitch.yaml", config);
        let run = folder.run(with(
            &["stitch", "--config", "backstitch.yaml", "-o", "json"],
            &SMALL,
        ));
        let output = run.output();
        let document: api::stitch::Document =
            serde_json::from_slice(&output.stdout).expect("the document");
        (
            document.summary.verdicts.stitched,
            String::from_utf8(output.stderr).expect("text"),
        )
    };
    assert_eq!(verdicts(&config("default")), (2, String::new()));
    let (stitched, note) = verdicts(&config("other"));
    assert_eq!(stitched, 1);
    insta::assert_snapshot!(note);
}

#[test]
fn s33_without_flags_the_configuration_names_the_sources() {
    let folder = small();
    folder.file(
        "etc/backstitch.yaml",
        "scrapers:\n  backstage:\n    instances:\n    - path: ../catalog.yaml\nclusters:\n- path: ../k8s\n",
    );
    insta::assert_snapshot!(
        folder
            .run(["stitch", "--config", "etc/backstitch.yaml", "-o", "csv"])
            .shown()
    );
}

#[test]
fn s34_gates_that_hold() {
    let gates = [
        "--fail-on",
        "unowned=50%,ambiguous,conflict,unresolved=1,service-not-found=1",
    ];
    let shown = small()
        .run([&["stitch", "-o", "csv"], &SMALL[..], &gates].concat())
        .shown();
    assert!(
        shown.starts_with("exit 0\n") && shown.ends_with("----- stderr\n"),
        "{shown}"
    );
}

#[test]
fn s34_gates_that_fail() {
    let gates = [
        "--fail-on",
        "unowned=5%,ambiguous",
        "--fail-on",
        "unresolved",
        "--only",
        "stitched",
    ];
    insta::assert_snapshot!(
        small()
            .run([&["stitch"], &SMALL[..], &gates].concat())
            .shown()
    );
}

#[test]
fn s34_a_gate_that_is_none() {
    insta::assert_snapshot!(
        small()
            .run([&["stitch"], &SMALL[..], &["--fail-on", "unownd=5%"]].concat())
            .shown()
    );
}

#[test]
fn a_part_of_the_document_is_none() {
    let args = ["stitch", "-o", "json", "--only", "ambiguous"];
    insta::assert_snapshot!(small().run(with(&args, &SMALL)).shown());
}

#[test]
fn s34_strict() {
    let folder = small();
    folder.file("k8s/broken.yaml", "kind: Service\nmetadata: [\n");
    let lenient = folder.run(with(&["stitch", "-o", "csv"], &SMALL)).output();
    assert_eq!(lenient.status.code(), Some(0));
    let strict = folder
        .run(with(&["stitch", "-o", "csv", "--strict"], &SMALL))
        .shown();
    insta::assert_snapshot!(strict);
}

#[test]
fn phases_are_told_with_v() {
    let output = small()
        .run(with(&["stitch", "-v", "-o", "csv"], &SMALL))
        .output();
    let told = String::from_utf8(output.stderr).expect("text");
    for phase in [
        "read catalog `default`",
        "read cluster `k8s`",
        "stitch",
        "write the output",
    ] {
        assert!(
            told.lines()
                .any(|line| line.trim_end().ends_with(&format!(" s  {phase}"))),
            "{phase}: {told}"
        );
    }
    assert!(told.contains("MB peak memory"), "{told}");
}

#[test]
fn colour_is_only_decoration() {
    let plain = small().run(with(&["stitch"], &SMALL)).printed();
    let painted = small()
        .run(with(&["stitch", "--color", "always"], &SMALL))
        .printed();
    assert!(!plain.contains('\u{1b}') && painted.contains("\u{1b}["));
    let mut stripped = String::new();
    for (index, part) in painted.split("\u{1b}[").enumerate() {
        let text = if index == 0 {
            part
        } else {
            part.split_once('m').expect("a code").1
        };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
}
