//! A catalog of files that is followed: what a team does in its repository is served within moments, and nothing that it
//! does half removes an owner (S22–S24).

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{self, Folder, ID, NAMESPACE, stream};
use crate::restart::services;
use crate::running::{Service, word};

fn component(name: &str, owner: &str) -> String {
    common::component(name, &[(ID, name), (NAMESPACE, "shop")], owner)
}

/// A folder with a group, a configuration and three Services. The interval is so long that only what is noticed is read.
fn folder(path: &str) -> Folder {
    let folder = Folder::new();
    folder.file("k8s/services.yaml", services(3));
    folder.file(
        "backstitch.yaml",
        format!(
            "listen: 127.0.0.1:0\nstore: state/store.db\nscrapers: {{backstage: {{instances: [{{name: main, type: file, path: \
             {path}, sync_interval: 1h}}]}}}}\nclusters: [{{name: prod, path: k8s}}]\n"
        ),
    );
    folder
}

/// Waits until this is the owner of the Service, `-` for none.
async fn owned(service: &Service, name: &str, owner: &str) {
    let path = format!("/api/v1/services/prod/shop/{name}");
    let expected = match owner {
        "-" => Value::Null,
        owner => json!(format!("group:default/{owner}")),
    };
    service
        .until(&path, |answer| answer["owner"]["ref"] == expected)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_s24_a_file_comes_changes_breaks_is_mended_and_goes() {
    let folder = folder("catalog");
    folder.file(
        "catalog/teams.yaml",
        stream(&[common::group("web"), common::group("data")]),
    );
    folder.file("catalog/s0.yaml", component("s0", "web"));
    let service = Service::start(&folder);
    owned(&service, "s0", "web").await;

    folder.file("catalog/shop/s1.yaml", component("s1", "web"));
    owned(&service, "s1", "web").await;
    folder.file("catalog/shop/s1.yaml", component("s1", "data"));
    owned(&service, "s1", "data").await;

    // An editor that saves what it has, again and again, confirms no removal.
    for round in 0..5 {
        let half = format!("{}  broken: [{round}\n", component("s1", "data"));
        folder.file("catalog/shop/s1.yaml", half);
        folder.file(
            "catalog/s0.yaml",
            component("s0", if round % 2 == 0 { "data" } else { "web" }),
        );
        owned(&service, "s0", if round % 2 == 0 { "data" } else { "web" }).await;
        assert_eq!(service.owner("prod/shop/s1").await, "group:default/data");
    }
    folder.file("catalog/shop/s1.yaml", component("s1", "web"));
    owned(&service, "s1", "web").await;
    service.phase("catalog/main", "ready").await;

    fs::remove_file(folder.path().join("catalog/shop/s1.yaml")).expect("it is there");
    owned(&service, "s1", "-").await;
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/data");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_work_tree_that_is_swapped_by_its_link_as_git_sync_does() {
    use std::os::unix::fs::symlink;

    let folder = folder("git/current/catalog");
    let tree = |commit: &str, owner: &str| {
        let path = |file: &str| format!("git/.worktrees/{commit}/catalog/{file}.yaml");
        folder.file(&path("teams"), common::group(owner));
        for name in ["s0", "s1", "s2"] {
            folder.file(&path(name), component(name, owner));
        }
    };
    let git = folder.path().join("git");
    tree("one", "web");
    symlink(".worktrees/one", git.join("current")).expect("a link");
    let service = Service::start(&folder);
    owned(&service, "s2", "web").await;

    tree("two", "data");
    symlink(".worktrees/two", git.join("next")).expect("a link");
    fs::rename(git.join("next"), git.join("current")).expect("a rename");
    fs::remove_dir_all(git.join(".worktrees/one")).expect("it is there");
    owned(&service, "s2", "data").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_a_folder_that_goes_removes_nothing_and_is_read_as_soon_as_it_is_back() {
    let folder = folder("catalog");
    folder.file(
        "catalog/all.yaml",
        stream(&[component("s0", "web"), common::group("web")]),
    );
    let service = Service::start(&folder);
    owned(&service, "s0", "web").await;
    fs::remove_dir_all(folder.path().join("catalog")).expect("it is there");
    let stale = service.phase("catalog/main", "stale").await;
    assert!(
        word(&stale["last_error"]["message"]).starts_with("cannot read the catalog: `catalog`: "),
        "{stale:#}"
    );
    assert_eq!(service.owner("prod/shop/s0").await, "group:default/web");
    folder.file(
        "catalog/all.yaml",
        stream(&[component("s0", "data"), common::group("data")]),
    );
    owned(&service, "s0", "data").await;
    service.phase("catalog/main", "ready").await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "a test that is left out has to say so")]
async fn without_watches_left_it_says_so_and_goes_on_by_the_interval() {
    // In a namespace of its own the process may be given as few watches as one likes.
    let script = "echo 1 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"";
    let possible = Command::new("unshare")
        .args(["-Ur", "sh", "-c", script, "true"])
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this system gives no user namespaces");
        return;
    }
    let folder = folder("catalog");
    let configuration = fs::read_to_string(folder.path().join("backstitch.yaml")).expect("a file");
    folder.file("backstitch.yaml", configuration.replace("1h", "1s"));
    folder.file(
        "catalog/deep/all.yaml",
        stream(&[component("s0", "web"), common::group("web")]),
    );
    let mut limited = Command::new("unshare");
    limited.args(["-Ur", "sh", "-c", script, env!("CARGO_BIN_EXE_backstitch")]);
    let service = Service::start_by(&folder, limited);
    owned(&service, "s0", "web").await;
    assert!(
        service
            .log()
            .contains("sysctl fs.inotify.max_user_watches=524288"),
        "{}",
        service.log()
    );
    folder.file(
        "catalog/deep/all.yaml",
        stream(&[component("s0", "data"), common::group("data")]),
    );
    owned(&service, "s0", "data").await;
    // Said once, and not with every read.
    assert_eq!(service.log().matches("max_user_watches").count(), 1);
}
