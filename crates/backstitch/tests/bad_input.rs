//! Bad input: each a clear error or verdict, and the right exit status.

mod common;

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};

use common::{Folder, ID, NAMESPACE, SMALL, component, group, service, small, stream};

fn stitch(folder: &Folder, more: &[&str]) -> String {
    folder
        .run([&["stitch", "-o", "csv"], &SMALL[..], more].concat())
        .shown()
}

#[test]
fn broken_yaml_in_one_document_among_many() {
    let folder = small();
    let documents = [
        component("first", &[(ID, "cart")], "web"),
        "kind: Component\nmetadata:\n  name: [broken\n".to_owned(),
        component("cart", &[(ID, "cart"), (NAMESPACE, "shop")], "web"),
        group("web"),
    ];
    folder.file("catalog.yaml", stream(&documents));
    let objects = [
        service("shop", "cart"),
        "kind: Service\nmetadata: {name: x: y}\n".to_owned(),
        service("shop", "other"),
    ];
    folder.file("k8s/services.yaml", stream(&objects));
    insta::assert_snapshot!(stitch(&folder, &[]));
}

#[test]
fn an_entity_without_a_name() {
    let folder = small();
    let nameless = component("x", &[(ID, "cart")], "web").replace("  name: x\n", "");
    folder.file(
        "catalog.yaml",
        stream(&[
            nameless,
            component("cart", &[(ID, "cart")], "web"),
            group("web"),
        ]),
    );
    insta::assert_snapshot!(stitch(&folder, &[]));
}

#[test]
fn nothing_but_an_entity_without_a_name() {
    let folder = small();
    folder.file(
        "catalog.yaml",
        component("x", &[(ID, "cart")], "web").replace("  name: x\n", ""),
    );
    insta::assert_snapshot!(stitch(&folder, &[]));
}

#[test]
fn annotations_that_are_no_texts() {
    let folder = small();
    let catalog = [
        component("number", &[(ID, "42")], "web"),
        component("map", &[(ID, "{a: b}")], "web"),
        component("list", &[(ID, "[cart]")], "web"),
        component("boolean", &[(ID, "true")], "web"),
        group("web"),
    ];
    folder.file("catalog.yaml", stream(&catalog));
    insta::assert_snapshot!(stitch(&folder, &[]));
}

#[test]
fn an_annotation_of_10_mb() {
    let folder = small();
    let long = "x".repeat(10 * 1024 * 1024);
    let catalog = [
        component("long-id", &[(ID, &long)], "web"),
        component(
            "long-other",
            &[(ID, "cart"), ("example.org/note", &long)],
            "web",
        ),
        group("web"),
    ];
    folder.file("catalog.yaml", stream(&catalog));
    let output = folder.run([&["stitch"], &SMALL[..]].concat()).output();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stdout.len() < 10_000,
        "the table shows only a part of it: {} bytes",
        output.stdout.len()
    );
    let document = folder
        .run([&["stitch", "-o", "json"], &SMALL[..]].concat())
        .printed();
    let document: api::stitch::Document = serde_json::from_str(&document).expect("the document");
    assert_eq!(document.summary.components, 2);
    assert_eq!(document.summary.verdicts.stitched, 1);
}

#[test]
fn references_given_twice() {
    let folder = small();
    let again = [component("Cart", &[(ID, "wish-list")], "web"), group("web")];
    folder.file("catalog/a.yaml", component("cart", &[(ID, "cart")], "web"));
    folder.file("catalog/b.yaml", stream(&again));
    folder.file("k8s/twice.yaml", service("shop", "cart"));
    insta::assert_snapshot!(
        folder
            .run([
                "stitch",
                "-o",
                "csv",
                "--catalog",
                "catalog",
                "--cluster",
                "k8s"
            ])
            .shown()
    );
}

#[test]
fn a_file_that_cannot_be_read_among_others() {
    let folder = small();
    folder.file(
        "catalog/good.yaml",
        stream(&[component("cart", &[(ID, "cart")], "web"), group("web")]),
    );
    for link in ["catalog/gone.yaml", "k8s/gone.yaml"] {
        std::os::unix::fs::symlink("/nonexistent/x.yaml", folder.path().join(link))
            .expect("a link");
    }
    insta::assert_snapshot!(
        folder
            .run([
                "stitch",
                "-o",
                "csv",
                "--catalog",
                "catalog",
                "--cluster",
                "k8s"
            ])
            .shown()
    );
}

#[test]
fn sources_that_cannot_be_read_at_all_are_all_named() {
    let folder = small();
    std::os::unix::fs::symlink("/nonexistent/x.yaml", folder.path().join("gone.yaml"))
        .expect("a link");
    folder.file("empty/readme.md", "");
    insta::assert_snapshot!(
        folder
            .run([
                "stitch",
                "--catalog",
                "a=gone.yaml",
                "--catalog",
                "b=empty",
                "--catalog",
                "good=catalog.yaml",
                "--cluster",
                "gone.yaml",
                "--cluster",
                "empty",
                "--cluster",
                "k8s",
            ])
            .shown()
    );
}

#[test]
fn a_catalog_that_is_not_there() {
    insta::assert_snapshot!(
        small()
            .run(["stitch", "--catalog", "catalgo.yaml", "--cluster", "k8s"])
            .shown()
    );
}

#[test]
fn a_host_without_its_scheme() {
    let args = [
        "stitch",
        "--catalog",
        "backstage.example.org",
        "--cluster",
        "k8s",
    ];
    insta::assert_snapshot!(small().run(args).shown());
}

#[test]
fn no_source_at_all() {
    insta::assert_snapshot!(small().run(["stitch"]).shown());
}

const KUBECONFIG: &str = "apiVersion: v1
kind: Config
current-context: prod-eu
clusters:
- name: eu
  cluster: {server: 'https://127.0.0.1:1', certificate-authority: ca/gone.crt}
users:
- name: me
  user: {token: s3cr3t}
contexts:
- name: prod-eu
  context: {cluster: eu, user: me}
- name: prod-us
  context: {cluster: us, user: me}
";

fn with_kubeconfig(cluster: &str) -> String {
    let folder = small();
    folder.file("kube/config", KUBECONFIG);
    let args = [
        "stitch",
        "--catalog",
        "catalog.yaml",
        "--cluster",
        cluster,
        "--kubeconfig",
        "kube/config",
    ];
    folder.run(args).shown()
}

#[test]
fn a_kubeconfig_that_lacks_a_file() {
    insta::assert_snapshot!(with_kubeconfig("prod-eu"));
}

#[test]
fn a_kubeconfig_that_lacks_a_cluster() {
    insta::assert_snapshot!(with_kubeconfig("prod-us"));
}

#[test]
fn a_context_that_is_not_there() {
    insta::assert_snapshot!(with_kubeconfig("prod-ue"));
}

#[test]
fn no_kubeconfig_at_all() {
    insta::assert_snapshot!(
        small()
            .run([
                "stitch",
                "--catalog",
                "catalog.yaml",
                "--cluster",
                "prod-eu"
            ])
            .shown()
    );
}

#[test]
fn a_configuration_that_is_not_there() {
    insta::assert_snapshot!(small().run(["stitch", "--config", "gone.yaml"]).shown());
}

#[test]
fn a_configuration_with_faults() {
    let folder = small();
    folder.file("b.yaml", "labl_prefix: x\nlisten: 1\nscrapers: {backstage: {instances: [{path: x, label_map: {a: []}}]}}\n");
    insta::assert_snapshot!(folder.run(["stitch", "--config", "b.yaml"]).shown());
}

#[test]
fn s4_an_instance_with_a_faulty_label_map() {
    let folder = small();
    folder.file(
        "b.yaml",
        "scrapers:\n  backstage:\n    instances:\n    - path: catalog.yaml\n      label_map:\n        component_owner: [spec]\nclusters:\n- path: k8s\n",
    );
    insta::assert_snapshot!(folder.run(["stitch", "--config", "b.yaml"]).shown());
}

#[test]
fn s28_an_instance_by_a_secret() {
    let folder = small();
    folder.file(
        "values.yaml",
        "scrapers:\n  backstage:\n    enabled: true\n    instances:\n    - secretName: backstage-credentials\n      namespace: causely\n",
    );
    insta::assert_snapshot!(
        folder
            .run(["stitch", "--config", "values.yaml", "--cluster", "k8s"])
            .shown()
    );
}

#[test]
fn a_full_disk() {
    for format in ["table", "wide", "json", "yaml", "csv"] {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("Linux has it");
        let shown = small()
            .run([&["stitch", "-o", format], &SMALL[..]].concat())
            .stdout(full)
            .shown();
        assert_eq!(
            shown,
            "exit 2\n----- stdout\n----- stderr\nerror: cannot write to standard output\n  caused by: No space left on \
             device (os error 28)\n",
            "{format}"
        );
    }
}

/// `backstitch stitch | head` is no error.
#[test]
fn a_reader_that_has_seen_enough() {
    let folder = small();
    let documents: Vec<String> = (0..5_000)
        .map(|number| component(&format!("c{number}"), &[(ID, "cart")], "web"))
        .collect();
    folder.file("catalog.yaml", stream(&documents));
    for format in ["table", "wide", "json", "yaml", "csv"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_backstitch"))
            .args([&["stitch", "-o", format], &SMALL[..]].concat())
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut out = child.stdout.take().expect("a pipe");
        let mut first = [0; 10];
        out.read_exact(&mut first).expect("it prints something");
        drop(out);
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), told.as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn many_faults_are_counted() {
    let folder = small();
    let mut documents = vec![component("cart", &[(ID, "cart")], "web"), group("web")];
    documents
        .extend((0..30).map(|number| format!("kind: Component\nmetadata: {{title: t{number}}}\n")));
    folder.file("catalog.yaml", stream(&documents));
    let shown = stitch(&folder, &[]);
    assert_eq!(shown.matches("warning: ").count(), 21, "{shown}");
    assert!(
        shown.ends_with("warning: and 10 more (see `errors` of `-o json`)\n"),
        "{shown}"
    );
}

#[test]
fn arguments_that_are_none() {
    for args in [
        &["stitch", "--catlog", "x"][..],
        &["stitch", "-o", "xml"],
        &["stich"],
        &["owner"],
        &[],
    ] {
        let output = small().run(args.iter().copied()).output();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{args:?}"
        );
    }
}
