//! `backstitch suggest` over sources, and over checkouts of repositories.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{Folder, ID, NAMESPACE, component, group, run, service, stream};
use proptest::prelude::*;

const SHOP: [&str; 4] = [
    "--catalog",
    "examples/shop/catalog",
    "--cluster",
    "examples/shop/k8s",
];
const DEMO: [&str; 2] = ["--config", "examples/demo/backstitch.yaml"];
const SOURCES: [&str; 4] = ["--catalog", "repo", "--cluster", "k8s"];

#[test]
fn the_demo_as_a_table() {
    insta::assert_snapshot!(run([&["suggest"][..], &DEMO].concat()).shown());
}

#[test]
fn the_shop_as_json_and_yaml() {
    insta::assert_snapshot!(run([&["suggest", "-o", "json"][..], &SHOP].concat()).shown());
    let yaml = run([&["suggest", "-o", "yaml"][..], &SHOP].concat()).printed();
    assert!(yaml.contains("confidence: 0.93"), "{yaml}");
}

#[test]
fn the_shop_as_a_diff() {
    let args = ["suggest", "--repo", "examples/shop"];
    insta::assert_snapshot!(run([&args[..], &SHOP].concat()).shown());
}

#[test]
fn help_of_suggest() {
    insta::assert_snapshot!(run(["suggest", "--help"]).env("COLUMNS", "100").shown());
}

/// All files of a folder, by path.
fn files(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .expect("inside")
                    .display()
                    .to_string();
                found.push((name, fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn suggestions_as_files() {
    let folder = Folder::new();
    let out = folder.path().join("out");
    let out = out.to_str().expect("a text");
    let args = [&["suggest", "-o", "json", "--out", out][..], &SHOP].concat();
    run(args.clone()).printed();
    let mut written = String::new();
    for (path, text) in files(Path::new(out)) {
        written.extend(["===== ", &path, "\n", &text]);
    }
    insta::assert_snapshot!(written);
    // What is there is not written over.
    let output = run(args).output();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("is not empty"), "{complaint}");
}

#[test]
fn a_repository_that_is_not_as_expected() {
    let folder = Folder::with(&[
        (
            "catalog.yaml",
            &stream(&[
                component("cart", &[(ID, "carrt"), (NAMESPACE, "shop")], "web"),
                component("search", &[(ID, "searhc"), (NAMESPACE, "shop")], "web"),
                component("stock", &[(ID, "stokc"), (NAMESPACE, "shop")], "web"),
                component("prices", &[(ID, "pricign"), (NAMESPACE, "shop")], "web"),
                component("orders", &[(ID, "ordesr"), (NAMESPACE, "shop")], "web"),
                group("web"),
            ]),
        ),
        (
            "k8s/services.yaml",
            &stream(&[
                service("shop", "orders"),
                service("shop", "cart"),
                service("shop", "search"),
                service("shop", "stock"),
                service("shop", "pricing"),
            ]),
        ),
        // One is not there, one is there twice, and one cannot be changed.
        (
            "repo/a.yaml",
            &component("search", &[(ID, "searhc")], "web"),
        ),
        (
            "repo/b.yaml",
            &component("search", &[(ID, "searhc")], "web"),
        ),
        (
            "repo/c.yaml",
            &component("stock", &[(ID, "&x stokc"), ("z", "*x")], "web"),
        ),
        ("repo/d.yaml", "kind: [\n"),
        // Two are further than the catalog.
        (
            "repo/f.yaml",
            &component("orders", &[(ID, "orders-v2"), (NAMESPACE, "shop")], "web"),
        ),
        (
            "repo/e.yaml",
            &component("prices", &[(ID, "pricing"), (NAMESPACE, "shop")], "web"),
        ),
    ]);
    let sources = ["--catalog", "catalog.yaml", "--cluster", "k8s"];
    let least = ["--min-confidence", "0.5"];
    let args = [&["suggest", "--repo", "repo"][..], &sources, &least].concat();
    insta::assert_snapshot!(folder.run(args).shown());
    let args = [&["suggest", "--repo", "nowhere"][..], &sources].concat();
    insta::assert_snapshot!(folder.run(args).shown());
}

/// A Service with a label.
fn labelled(namespace: &str, name: &str, label: &str) -> String {
    let labels = format!("metadata:\n  labels: {{{label}}}\n");
    service(namespace, name).replace("metadata:\n", &labels)
}

/// Components, Services, and what is suggested: `component confidence Service` and `=confidence owner` of drafts.
type Case = (Vec<String>, Vec<String>, &'static [&'static str]);

fn of(name: &str, id: &str, owner: &str) -> String {
    component(name, &[(ID, id)], owner)
}

fn at(name: &str, id: &str, namespace: &str, owner: &str) -> String {
    component(name, &[(ID, id), (NAMESPACE, namespace)], owner)
}

/// Three components of a team, and more.
fn with_web(more: &[String]) -> Vec<String> {
    let web = (1..=3).map(|number| of(&format!("w{number}"), &format!("web{number}"), "web"));
    web.chain(more.to_vec()).collect()
}

/// Their Services, and more.
fn web_services(more: &[String]) -> Vec<String> {
    let services = (1..=3).map(|number| service("shop", &format!("web{number}")));
    services.chain(more.to_vec()).collect()
}

#[test]
fn names_and_places() {
    check(vec![
        // One edit of nine letters, and no namespace.
        (
            vec![of("a", "inventroy", "x")],
            vec![service("shop", "inventory")],
            &["a 0.85 inventory"],
        ),
        (
            vec![at("a", "inventroy", "shop", "x")],
            vec![service("shop", "inventory")],
            &["a 0.89 inventory"],
        ),
        (
            vec![at("a", "inventory", "shpo", "x")],
            vec![service("shop", "inventory")],
            &["a 0.90 inventory"],
        ),
        (
            vec![at("a", "inventory", "billing", "x")],
            vec![service("shop", "inventory")],
            &["a 0.60 inventory"],
        ),
        (
            vec![at("a", "inventory", "billing", "x")],
            vec![
                service("shop", "inventory"),
                labelled("billing", "zzzz", "team: web"),
            ],
            &["a 0.50 inventory", "=0.90 group:default/web"],
        ),
        // The name of the component is all there is.
        (
            vec![component("inventory", &[("a", "b")], "x")],
            vec![service("shop", "inventory")],
            &["inventory 0.81 inventory"],
        ),
        (
            vec![of("a", "inventory-api", "x")],
            vec![service("shop", "inventory")],
            &["a 0.57 inventory"],
        ),
    ]);
}

#[test]
fn rivals_owners_and_labels() {
    check(vec![
        // Two that want it, of which one is nearer.
        (
            vec![
                at("a", "inventroy", "shop", "x"),
                at("b", "inventoyr", "shop", "x"),
            ],
            vec![service("shop", "inventory")],
            &["a 0.45 inventory", "b 0.45 inventory"],
        ),
        (
            vec![
                at("a", "inventroy", "shop", "x"),
                at("b", "inventory-x", "shop", "x"),
            ],
            vec![service("shop", "inventory")],
            &["a 0.89 inventory", "b 0.30 inventory"],
        ),
        // Who has most of the namespace.
        (
            with_web(&[at("a", "inventroy", "shop", "web")]),
            web_services(&[service("shop", "inventory")]),
            &["a 0.98 inventory"],
        ),
        (
            with_web(&[at("a", "inventroy", "shop", "x")]),
            web_services(&[service("shop", "inventory")]),
            &["a 0.71 inventory"],
        ),
        // Somebody has it: nothing is suggested.
        (
            vec![
                at("a", "inventroy", "shop", "x"),
                at("b", "inventory", "shop", "x"),
            ],
            vec![service("shop", "inventory")],
            &[],
        ),
        // A label that has the component's name.
        (
            vec![at("stock", "inventroy", "shop", "x")],
            vec![labelled("shop", "inventory", "app: stock")],
            &["stock 0.98 inventory"],
        ),
    ]);
}

#[test]
fn owners_of_drafts() {
    check(vec![
        // Owners of drafts.
        (
            with_web(&[]),
            web_services(&[service("shop", "zzzz")]),
            &["=0.75 group:default/web"],
        ),
        (
            vec![],
            vec![service("web", "zzzz")],
            &["=0.60 group:default/web"],
        ),
        (
            vec![],
            vec![labelled("shop", "zzzz", "example.org/owner: Web")],
            &["=0.90 group:default/web"],
        ),
        (
            vec![],
            vec![labelled("shop", "zzzz", "squad: team-web")],
            &["=0.85 group:default/web"],
        ),
        (
            vec![],
            vec![labelled("shop", "zzzz", "team: nobody")],
            &["=0.00 nobody"],
        ),
        (
            vec![of("zzzz", "other", "x")],
            vec![service("web", "zzzz")],
            &["=0.30 group:default/web"],
        ),
    ]);
}

fn check(cases: Vec<Case>) {
    for (components, services, expected) in cases {
        let catalog = [&components[..], &[group("web"), group("x")]].concat();
        let folder = Folder::with(&[
            ("repo/all.yaml", &stream(&catalog)),
            ("k8s/all.yaml", &stream(&services)),
        ]);
        let made = json(
            &folder
                .run([&["suggest", "-o", "json"][..], &SOURCES].concat())
                .printed(),
        );
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("nobody").to_owned();
        let last = |value: &serde_json::Value| -> String {
            let text = text(value);
            text.rsplit('/').next().unwrap_or_default().to_owned()
        };
        let all = |key: &str| made[key].as_array().cloned().unwrap_or_default();
        let patches = all("patches").into_iter().map(|it| {
            let sure = it["confidence"].as_f64().unwrap_or_default();
            format!(
                "{} {sure:.2} {}",
                last(&it["component"]),
                last(&it["services"][0])
            )
        });
        let drafts = all("drafts").into_iter().map(|it| {
            let sure = it["confidence"].as_f64().unwrap_or_default();
            format!("={sure:.2} {}", text(&it["owner"]))
        });
        let got: Vec<String> = patches.chain(drafts).collect();
        // A Service that is suggested for less than sure has a draft beside it, which other rows are about.
        let got: Vec<&str> = got
            .iter()
            .map(String::as_str)
            .filter(|it| !it.starts_with('=') || expected.iter().any(|it| it.starts_with('=')))
            .collect();
        assert_eq!(got, expected, "{components:?} {services:?}");
    }
}

fn git(folder: &Path, args: &[&str], input: &str) -> String {
    let mut git = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CEILING_DIRECTORIES", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git is there");
    std::io::Write::write_all(&mut git.stdin.take().expect("a pipe"), input.as_bytes())
        .expect("git reads");
    let output = git.wait_with_output().expect("git ends");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "git {args:?}: {complaint}\n{input}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

/// Has the diff applied by git, and looks whether everything that was promised is so.
fn keeps_its_promises(folder: &Folder, expected: usize) {
    let listed = json(
        &folder
            .run([&["suggest", "-o", "json"][..], &SOURCES].concat())
            .printed(),
    );
    let patches = listed["patches"].as_array().expect("a list");
    let promised: Vec<_> = patches
        .iter()
        .filter(|it| it["confidence"].as_f64() >= Some(0.8))
        .collect();
    assert_eq!(promised.len(), expected, "{listed:#}");
    let args = [&["suggest", "--repo", "repo"][..], &SOURCES].concat();
    let diff = folder.run(args.clone()).printed();
    let root = folder.path().join("repo");
    git(&root, &["apply", "--whitespace=nowarn"], &diff);
    let stitched = json(
        &folder
            .run([&["stitch", "-o", "json"][..], &SOURCES].concat())
            .printed(),
    );
    for patch in promised {
        let rows = stitched["components"].as_array().expect("a list");
        let row = rows.iter().find(|it| it["ref"] == patch["component"]);
        let row = row.expect("the component is still there");
        assert_eq!(row["verdict"], "stitched", "{row:#}\n{diff}");
        assert_eq!(row["services"], patch["services"], "{row:#}\n{diff}");
    }
    // Nothing is left to do.
    assert_eq!(folder.run(args).printed(), "", "{diff}");
}

#[test]
fn a_diff_over_a_repository_of_every_layout() {
    let head = "apiVersion: backstage.io/v1alpha1\nkind: Component\n";
    let tail = "spec: {type: service, lifecycle: production, owner: web}\n";
    let windows = format!(
        "# Ours\n---\n{head}metadata:\n  name: first\n  annotations:\n    {ID}: first-servcie # see the wiki\n    {NAMESPACE}: shop\n\
         {tail}---\n{head}metadata:\n  name: second\n  annotations:\n    {NAMESPACE}: shop\n    {ID}: 'second-servcie'\n{tail}"
    );
    let flow = format!(
        "{{apiVersion: backstage.io/v1alpha1, kind: Component, metadata: {{name: third, annotations: {{{ID}: third-servcie, \
         {NAMESPACE}: shop}}}}, spec: {{type: service, owner: web}}}}"
    );
    let anchors = format!(
        "{head}x-shared: &shared\n  {NAMESPACE}: shop\n  {ID}: fourth-servcie\nmetadata:\n  name: fourth\n  annotations:\n    <<: *shared\n{tail}"
    );
    // Without a line break at the end.
    let cut = format!(
        "{head}{tail}metadata:\n  name: fifth\n  annotations:\n    {NAMESPACE}: shop\n    {ID}: \"fifth-servcie\""
    );
    let services = ["first", "second", "third", "fourth", "fifth"];
    let services = services.map(|it| service("shop", &format!("{it}-service")));
    let folder = Folder::with(&[
        ("repo/windows.yaml", &windows.replace('\n', "\r\n")),
        ("repo/a b/flow \"x\".yaml", &flow),
        ("repo/é/anchors.yml", &anchors),
        ("repo/cut.yaml", &cut),
        ("repo/teams.yaml", &group("web")),
        ("k8s/services.yaml", &stream(&services)),
    ]);
    keeps_its_promises(&folder, 5);
    let windows_now = fs::read_to_string(folder.path().join("repo/windows.yaml")).expect("a file");
    let expected = windows.replace("servcie", "service").replace('\n', "\r\n");
    assert_eq!(windows_now, expected);
    let cut_now = fs::read_to_string(folder.path().join("repo/cut.yaml")).expect("a file");
    assert_eq!(cut_now, cut.replace("servcie", "service"));
}

/// A component whose Service is called `service`, with one slip, in a layout.
fn laid_out(name: &str, service: &str, slip: usize, layout: u8) -> String {
    let mut wrong: Vec<char> = service.chars().collect();
    let at = slip % (wrong.len() - 1);
    wrong.swap(at, at + 1);
    if wrong.iter().collect::<String>() == service {
        wrong.push('x');
    }
    let wrong: String = wrong.into_iter().collect();
    let annotations = match layout % 4 {
        0 => format!("  annotations:\n    {ID}: {wrong}  # a slip\n    {NAMESPACE}: shop\n"),
        1 => format!("  annotations: {{ {NAMESPACE}: shop, {ID}: '{wrong}' }}\n"),
        2 => format!(
            "  annotations:\n    {NAMESPACE}: shop\n    note: |\n      one\n      two\n    {ID}: \"{wrong}\"\n"
        ),
        _ => format!("  annotations:\n    {ID}: >-\n      {service}\n    {NAMESPACE}: shpo\n"),
    };
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n{annotations}spec:\n  type: service\n  owner: web\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_diff_applies_and_what_it_promises_is_stitched(
        layouts in proptest::collection::vec((any::<u8>(), 0..3_usize), 1..6),
        windows in any::<bool>(),
        one_file in any::<bool>(),
    ) {
        // Names far from each other, so that each slip has one reading.
        let names = ["inventory", "checkout-gate", "pricing-engine", "warehouse-map", "newsletter"];
        let mut documents = Vec::new();
        let mut services = vec![service("shop", "unrelated-long-name")];
        for (name, (layout, slip)) in names.iter().zip(&layouts) {
            documents.push(laid_out(&format!("c-{name}"), name, *slip, *layout));
            services.push(service("shop", name));
        }
        let expected = layouts.len();
        let folder = Folder::with(&[
            ("repo/teams.yaml", &group("web")),
            ("k8s/services.yaml", &stream(&services)),
        ]);
        let ends = |text: String| if windows { text.replace('\n', "\r\n") } else { text };
        if one_file {
            folder.file("repo/all.yaml", ends(stream(&documents)));
        } else {
            for (number, document) in documents.into_iter().enumerate() {
                folder.file(&format!("repo/{number}/catalog-info.yaml"), ends(document));
            }
        }
        keeps_its_promises(&folder, expected);
    }
}
