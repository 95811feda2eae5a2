//! `backstitch report` over sources.

mod common;

use common::{Folder, ID, NAMESPACE, component, group, run, service, stream};

const SHOP: [&str; 4] = [
    "--catalog",
    "examples/shop/catalog",
    "--cluster",
    "examples/shop/k8s",
];
const DEMO: [&str; 4] = ["--config", "examples/demo/backstitch.yaml", "--top", "4"];

fn demo(format: &str) -> String {
    run([&["report", "-o", format][..], &DEMO].concat()).shown()
}

#[test]
fn the_demo_as_markdown() {
    insta::assert_snapshot!(demo("markdown"));
}

#[test]
fn the_demo_as_html() {
    insta::assert_snapshot!(demo("html"));
}

#[test]
fn the_demo_as_json() {
    insta::assert_snapshot!(demo("json"));
}

#[test]
fn the_demo_as_csv() {
    insta::assert_snapshot!(demo("csv"));
}

#[test]
fn the_shop_in_a_file() {
    let folder = Folder::new();
    let path = folder.path().join("hygiene.md");
    let path = path.to_str().expect("a text");
    let shown = run([&["report", "--out", path][..], &SHOP].concat()).shown();
    assert_eq!(shown, "exit 0\n----- stdout\n----- stderr\n");
    let made = std::fs::read_to_string(path).expect("the report");
    assert!(made.starts_with("# Catalog hygiene\n"), "{made}");
    let nowhere = folder.path().join("a/b.md");
    let nowhere = nowhere.to_str().expect("a text");
    let output = run([&["report", "--out", nowhere][..], &SHOP].concat()).output();
    assert_eq!(output.status.code(), Some(2));
}

/// A catalog with everything that is untidy, written by somebody who means harm.
fn hostile() -> Folder {
    let evil = "\"=cmd|'/C x'!A0 <script>alert(1)</script> | `x` @all [a](https://evil.example)\"";
    let team = group("evil").replace("Team evil", evil);
    let silent = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: silent\n  title: \"<b>S\\nlent\"\n\
                  spec:\n  type: team\n  children: []\n";
    let catalog = [
        component("a", &[(ID, "one"), (NAMESPACE, "shop")], "evil"),
        component("b", &[(ID, "one"), (NAMESPACE, "shop")], "silent"),
        component("c", &[(ID, "\"<img src=x>|\"")], "\"=1+1|<i>\""),
        team.replace("displayName: Team", "displayName:"),
        silent.to_owned(),
    ];
    let cluster = [service("shop", "one"), service("shop", "two")];
    Folder::with(&[
        ("catalog.yaml", &stream(&catalog)),
        ("k8s/services.yaml", &stream(&cluster)),
    ])
}

#[test]
fn hostile_names_are_shown_and_do_nothing() {
    let folder = hostile();
    let sources = ["--catalog", "catalog.yaml", "--cluster", "k8s"];
    let made = |format: &str| {
        let args = [&["report", "-o", format][..], &sources].concat();
        folder.run(args).printed()
    };
    let html = made("html");
    for markup in ["<script", "<img", "<b>", "<i>"] {
        assert!(!html.contains(markup), "{markup} in {html}");
    }
    assert!(html.contains("&lt;script&gt;"), "{html}");
    let markdown = made("markdown");
    for markup in ["<script", "<img", "<b>", "@all", "https://", " `"] {
        let found = markdown.lines().find(|line| line.contains(markup));
        let found = found.filter(|line| !line.starts_with("Made at"));
        assert_eq!(found, None, "{markup}");
    }
    // Every row has the columns of its table.
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut columns = None;
    for line in markdown.lines() {
        if line.starts_with('|') {
            assert_eq!(*columns.get_or_insert(bars(line)), bars(line), "{line}");
        } else {
            columns = None;
        }
    }
    let csv = made("csv");
    assert!(csv.contains("'=cmd|"), "{csv}");
    assert!(
        csv.contains("silent") && csv.contains("duplicate-id"),
        "{csv}"
    );
    for line in csv.lines() {
        assert!(
            !line
                .split(',')
                .any(|cell| cell.trim_matches('"').starts_with('=')),
            "{line}"
        );
    }
}

#[test]
fn what_is_not_there_is_said() {
    let folder = Folder::with(&[
        ("catalog.yaml", &group("web")),
        (
            "k8s/services.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
        ),
    ]);
    let args = ["report", "--catalog", "catalog.yaml", "--cluster", "k8s"];
    insta::assert_snapshot!(folder.run(args).shown());
    insta::assert_snapshot!(run(["report"]).shown());
    insta::assert_snapshot!(run(["report", "--help"]).env("COLUMNS", "100").shown());
}
