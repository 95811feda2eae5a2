//! What is exported for other programs.

mod common;

use common::{Folder, ID, component, run, service, small, stream};

fn with_contacts() -> Folder {
    let group = |name: &str, annotations: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\n  annotations: {{{annotations}}}\nspec: {{type: team, children: []}}\n"
        )
    };
    let catalog = [
        component("cart", &[(ID, "cart")], "web"),
        component("bank", &[(ID, "bank")], "payments"),
        component("lost", &[(ID, "lost")], "ghosts"),
        group("web", "slack.com/bot-notify: web"),
        group("payments", "pagerduty.com/service-id: PAB12CD"),
        group("ghosts", ""),
        group("idle", "slack.com/bot-notify: idle"),
    ];
    let cluster = ["cart", "bank", "lost"].map(|name| service("shop", name));
    Folder::with(&[
        ("catalog.yaml", &stream(&catalog)),
        ("k8s/services.yaml", &stream(&cluster)),
        ("receivers.yaml", "payments: my pager\n"),
    ])
}

#[test]
fn routes_of_files() {
    let args = [
        "export",
        "alertmanager-routes",
        "--catalog",
        "catalog.yaml",
        "--cluster",
        "k8s",
        "--secrets-dir",
        "/etc/alertmanager/secrets",
        "--receivers",
        "receivers.yaml",
        "--by-namespace",
    ];
    insta::assert_snapshot!(with_contacts().run(args).shown());
}

#[test]
fn what_cannot_be_used() {
    let folder = small();
    folder.file("broken.yaml", "a: [b]\n");
    let shown = |more: &[&str]| {
        let args = ["export", "alertmanager-routes"]
            .iter()
            .chain(&common::SMALL);
        folder.run(args.chain(more)).shown()
    };
    insta::assert_snapshot!(
        [
            shown(&["--receivers", "broken.yaml"]),
            shown(&["--receivers", "none.yaml"]),
            shown(&["--label", "a-b"]),
        ]
        .join("\n")
    );
}

#[test]
fn help() {
    insta::assert_snapshot!(
        run(["export", "alertmanager-routes", "--help"])
            .env("COLUMNS", "100")
            .shown()
    );
}
