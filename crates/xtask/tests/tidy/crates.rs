//! Who may know whom: the walls between the crates, and the core's purity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use crate::tree::{assert_none, cargo};

/// Which of our crates each of our crates may depend on, in any way. `ARCHITECTURE.md` says why.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("topology", &[]),
    ("backstage-client", &["testbed"]),
    ("catalog", &["topology", "backstage-client", "testbed"]),
    ("cluster", &["topology", "testbed"]),
    ("store", &["topology"]),
    ("api", &[]),
    ("oidc", &[]),
    ("server", &["topology", "store", "api", "oidc"]),
    (
        "backstitch",
        &[
            "topology",
            "backstage-client",
            "catalog",
            "cluster",
            "store",
            "api",
            "oidc",
            "server",
            "testbed",
        ],
    ),
    ("testbed", &[]),
    ("xtask", &["testbed"]),
];

/// All the core may build on. Nothing in it reads a file, a clock, a socket or an environment.
const CORE_DEPENDENCIES: [&str; 3] = ["foldhash", "hashbrown", "strsim"];

/// Crates only `cluster` may name: their types change with every Kubernetes release.
const KUBERNETES: [&str; 5] = [
    "kube",
    "kube-client",
    "kube-core",
    "kube-runtime",
    "k8s-openapi",
];

/// What must not be anywhere in the tree: a second TLS provider panics at the first connection, and the others are
/// native or unmaintained.
const BANNED: [&str; 6] = [
    "ring",
    "openssl",
    "openssl-sys",
    "native-tls",
    "serde_yaml",
    "serde_yml",
];

/// Direct dependencies by crate: name, and kind (`normal`, `dev`, `build`).
type Dependencies = BTreeMap<String, BTreeSet<(String, String)>>;

static WORKSPACE: LazyLock<Dependencies> = LazyLock::new(|| {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"]))
            .expect("cargo prints JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    metadata["packages"]
        .as_array()
        .expect("there are packages")
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .expect("a package lists its dependencies");
            let dependencies = dependencies
                .iter()
                .map(|dependency| {
                    // `null` is cargo's word for a normal dependency.
                    let kind = text(&dependency["kind"]).unwrap_or_else(|| "normal".to_owned());
                    (
                        text(&dependency["name"]).expect("a dependency has a name"),
                        kind,
                    )
                })
                .collect();
            (
                text(&package["name"]).expect("a package has a name"),
                dependencies,
            )
        })
        .collect()
});

/// The packages in cargo's resolved tree below `selection`, by name, on every platform.
///
/// `cargo tree` and not `cargo metadata`: the latter lists what the lock file could switch on, weak optional
/// dependencies included, the former what is built.
fn built(selection: &[&str], edges: &str) -> BTreeSet<String> {
    let mut arguments = vec![
        "tree", "--prefix", "none", "--format", "{p}", "--target", "all", "--edges", edges,
    ];
    arguments.extend(selection);
    cargo(&arguments)
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_crate_has_its_row_in_the_table_of_edges() {
    let found: BTreeSet<&str> = WORKSPACE.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, listed);
}

#[test]
fn crates_know_only_whom_they_may() {
    let ours: BTreeSet<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
    let mut forbidden = Vec::new();
    for (name, allowed) in ALLOWED {
        for (dependency, kind) in &WORKSPACE[name] {
            if ours.contains(dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                forbidden.push(format!("{name} -> {dependency} ({kind})"));
            }
        }
    }
    assert_none(
        "crates may only know those in the table of edges",
        &forbidden,
    );
}

#[test]
fn the_testbed_is_for_tests_alone() {
    let shipped: Vec<&str> = WORKSPACE
        .iter()
        .filter(|(name, dependencies)| {
            *name != "xtask" && dependencies.contains(&("testbed".to_owned(), "normal".to_owned()))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(shipped.is_empty(), "only tests may need it: {shipped:?}");
}

#[test]
fn the_core_builds_on_two_crates_and_nothing_below_them() {
    let direct: Vec<&str> = WORKSPACE["topology"]
        .iter()
        .filter(|(_, kind)| kind != "dev")
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(direct, CORE_DEPENDENCIES);

    let mut whole = built(&["--package", "topology"], "normal,build");
    whole.remove("topology");
    assert_eq!(
        whole.iter().map(String::as_str).collect::<Vec<_>>(),
        CORE_DEPENDENCIES
    );
}

#[test]
fn only_the_cluster_crate_names_kubernetes() {
    let mut forbidden = Vec::new();
    for (name, dependencies) in WORKSPACE.iter().filter(|(name, _)| *name != "cluster") {
        for (dependency, _) in dependencies {
            if KUBERNETES.contains(&dependency.as_str()) {
                forbidden.push(format!("{name} -> {dependency}"));
            }
        }
    }
    assert_none("only `cluster` may depend on Kubernetes crates", &forbidden);
}

#[test]
fn there_is_one_tls_provider_and_nothing_banned() {
    let all = built(&["--workspace"], "normal,build,dev");
    assert!(all.contains("aws-lc-rs"), "the provider there should be");
    let found: Vec<String> = BANNED
        .iter()
        .filter(|name| all.contains(**name))
        .map(|name| (*name).to_owned())
        .collect();
    assert_none(
        "these must not be in the tree (`cargo tree --target all --invert <name>` says who brings them)",
        &found,
    );
}
