//! Catalog files that are followed: whatever way a change comes about it is noticed, and nothing is read in the midst of
//! one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use catalog::watch::{FollowError, Follower};
use tempfile::TempDir;
use tokio::time::timeout;
use topology::label_map::LabelMap;

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_mins(1);

struct Tree {
    kept: TempDir,
    follower: Follower,
}

impl Tree {
    /// A folder with these files, and a follower of `paths` in it that has read them.
    async fn followed(files: &[(&str, &str)], paths: &[&str]) -> Self {
        let kept = TempDir::new().expect("a folder");
        for (path, text) in files {
            write(&kept.path().join(path), text);
        }
        Self::of(kept, paths).await
    }

    async fn of(kept: TempDir, paths: &[&str]) -> Self {
        let paths = paths.iter().map(|path| kept.path().join(path)).collect();
        let mut tree = Self {
            follower: Follower::new(paths),
            kept,
        };
        tree.now().await;
        tree
    }

    fn at(&self, path: &str) -> PathBuf {
        self.kept.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        write(&self.at(path), text);
    }

    /// What there is now, faults last.
    async fn now(&mut self) -> String {
        let read = self.follower.read(&LabelMap::default()).await;
        let generation = read.expect("the files are at rest");
        let mut lines: Vec<String> = generation
            .entities
            .into_iter()
            .map(|entity| entity.reference().to_string())
            .collect();
        lines.sort();
        let folder = format!("{}/", self.kept.path().display());
        lines.extend(
            generation
                .faults
                .iter()
                .map(|fault| format!("! {}", fault.place.replace(&folder, ""))),
        );
        lines.join(" ").replace("component:default/", "")
    }

    /// Waits until something has changed; what there is then.
    async fn next(&mut self) -> String {
        let changed = timeout(PATIENCE, self.follower.changed()).await;
        changed
            .expect("the change is noticed")
            .expect("looking at the files works");
        self.now().await
    }

    /// Waits until it is so. One change may be noticed as several.
    async fn until(&mut self, expected: &str) {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|last| last != expected) {
            assert!(seen.len() < 20, "{expected} is awaited, {seen:?} came");
            seen.push(self.next().await);
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  owner: team\n"
    )
}

#[tokio::test]
async fn files_that_come_change_and_go() {
    let mut tree = Tree::followed(&[("catalog/a.yaml", &component("a"))], &["catalog"]).await;
    assert_eq!(tree.now().await, "a");
    tree.write("catalog/b.yaml", &component("b"));
    tree.until("a b").await;
    // Of the same length.
    tree.write("catalog/b.yaml", &component("c"));
    tree.until("a c").await;
    fs::remove_file(tree.at("catalog/a.yaml")).expect("it is there");
    tree.until("c").await;
    tree.write("catalog/teams/new/d.yaml", &component("d"));
    tree.until("c d").await;
    tree.write("catalog/teams/new/d.yaml", &component("e"));
    tree.until("c e").await;
    fs::remove_dir_all(tree.at("catalog/teams")).expect("it is there");
    tree.until("c").await;
}

#[tokio::test]
async fn an_editor_that_writes_beside_and_renames() {
    let mut tree = Tree::followed(&[("catalog/a.yaml", &component("a"))], &["catalog"]).await;
    for name in ["b", "c"] {
        tree.write("catalog/.a.yaml.swp", "half of");
        tree.write("catalog/a.yaml~", &component(name));
        fs::rename(tree.at("catalog/a.yaml~"), tree.at("catalog/a.yaml")).expect("a rename");
        fs::remove_file(tree.at("catalog/.a.yaml.swp")).expect("it is there");
        tree.until(name).await;
    }
}

#[tokio::test]
async fn a_file_that_was_given_by_its_name() {
    let mut tree = Tree::followed(&[("x/a.yaml", &component("a"))], &["x/a.yaml"]).await;
    tree.write("x/unread.yaml", &component("unread"));
    tree.write("x/a.yaml.new", &component("b"));
    fs::rename(tree.at("x/a.yaml.new"), tree.at("x/a.yaml")).expect("a rename");
    tree.until("b").await;
    fs::remove_file(tree.at("x/a.yaml")).expect("it is there");
    tree.until("! x/a.yaml").await;
    tree.write("x/a.yaml", &component("c"));
    tree.until("c").await;
}

#[tokio::test]
async fn a_folder_that_goes_and_comes_again_is_followed_again() {
    let mut tree = Tree::followed(&[("catalog/t/a.yaml", &component("a"))], &["catalog"]).await;
    for name in ["b", "c"] {
        fs::remove_dir_all(tree.at("catalog")).expect("it is there");
        tree.until("! catalog").await;
        fs::create_dir(tree.at("catalog")).expect("a folder");
        tree.write("catalog/t/a.yaml", &component(name));
        tree.until(name).await;
        tree.write("catalog/t/a.yaml", &component("again"));
        tree.until("again").await;
    }
    fs::rename(tree.at("catalog"), tree.at("elsewhere")).expect("a rename");
    tree.until("! catalog").await;
    tree.write("new/a.yaml", &component("n"));
    fs::rename(tree.at("new"), tree.at("catalog")).expect("a rename");
    tree.until("n").await;
    tree.write("catalog/a.yaml", &component("m"));
    tree.until("m").await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_yet() {
    let mut tree = Tree::followed(&[], &["deep/down/catalog"]).await;
    assert_eq!(tree.now().await, "! deep/down/catalog");
    fs::create_dir(tree.at("deep")).expect("a folder");
    // It is looked at step by step, or at once: whatever of it is seen first.
    tree.write("deep/down/catalog/a.yaml", &component("a"));
    tree.until("a").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_mounted_config_map_whose_content_is_swapped() {
    use std::os::unix::fs::symlink;

    let kept = TempDir::new().expect("a folder");
    let mount = kept.path().join("mount");
    write(&mount.join("..2026_01/catalog.yaml"), &component("a"));
    symlink("..2026_01", mount.join("..data")).expect("a link");
    symlink("..data/catalog.yaml", mount.join("catalog.yaml")).expect("a link");
    let mut tree = Tree::of(kept, &["mount"]).await;
    assert_eq!(tree.now().await, "a");
    for (stamp, before, name) in [
        ("..2026_02", "..2026_01", "b"),
        ("..2026_03", "..2026_02", "c"),
    ] {
        write(&mount.join(stamp).join("catalog.yaml"), &component(name));
        symlink(stamp, mount.join("..data_tmp")).expect("a link");
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("a rename");
        fs::remove_dir_all(mount.join(before)).expect("it is there");
        tree.until(name).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_work_tree_behind_a_link_that_is_swapped() {
    use std::os::unix::fs::symlink;

    let kept = TempDir::new().expect("a folder");
    let git = kept.path().join("git");
    write(&git.join(".worktrees/one/catalog/a.yaml"), &component("a"));
    symlink(".worktrees/one", git.join("current")).expect("a link");
    let mut tree = Tree::of(kept, &["git/current/catalog"]).await;
    assert_eq!(tree.now().await, "a");
    write(
        &git.join(".worktrees/two/catalog/sub/b.yaml"),
        &component("b"),
    );
    symlink(".worktrees/two", git.join("next")).expect("a link");
    fs::rename(git.join("next"), git.join("current")).expect("a rename");
    tree.until("b").await;
    write(
        &git.join(".worktrees/two/catalog/sub/b.yaml"),
        &component("c"),
    );
    tree.until("c").await;
}

#[tokio::test]
async fn a_file_that_only_a_location_leads_to() {
    let location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec: {target: ./hidden/b.yaml}\n";
    let files = [
        ("x/a.yaml", location),
        ("x/hidden/b.yaml", &component("b")),
        ("x/hidden/unread.yaml", &component("unread")),
    ];
    let mut tree = Tree::followed(&files, &["x/a.yaml"]).await;
    assert_eq!(tree.now().await, "b");
    tree.write("x/hidden/b.yaml", &component("c"));
    tree.until("c").await;
}

#[tokio::test]
async fn a_pattern_finds_what_comes_to_match() {
    let files = [("teams/web/catalog-info.yaml", &*component("web"))];
    let mut tree = Tree::followed(&files, &["teams/*/catalog-info.yaml"]).await;
    fs::create_dir(tree.at("teams/data")).expect("a folder");
    tree.write("teams/data/catalog-info.yaml", &component("data"));
    tree.until("data web").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_no_longer_be_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let files = [
        ("catalog/a.yaml", &*component("a")),
        ("catalog/b.yaml", &component("b")),
    ];
    let mut tree = Tree::followed(&files, &["catalog"]).await;
    let permit = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(tree.at("catalog/b.yaml"), mode).expect("it is ours");
    };
    permit(0o000);
    // Nothing is forbidden to root.
    let forbidden = fs::File::open(tree.at("catalog/b.yaml")).is_err();
    let expected = if forbidden {
        "a ! catalog/b.yaml"
    } else {
        "a b"
    };
    assert_eq!(tree.next().await, expected);
    let mode = fs::Permissions::from_mode(0o644);
    fs::set_permissions(tree.at("catalog/b.yaml"), mode).expect("it is ours");
    assert_eq!(tree.next().await, "a b");
}

#[tokio::test]
async fn thousands_of_files() {
    const FOLDERS: usize = 100;
    const FILES: usize = 30;
    let kept = TempDir::new().expect("a folder");
    for folder in 0..FOLDERS {
        for file in 0..FILES {
            let path = format!("catalog/team-{folder}/{file}.yaml");
            let text = component(&format!("c-{folder}-{file}"));
            write(&kept.path().join(path), &text);
        }
    }
    let mut tree = Tree::of(kept, &["catalog"]).await;
    let count = |names: String| names.split(' ').count();
    assert_eq!(count(tree.now().await), FOLDERS * FILES);
    tree.write("catalog/team-99/new.yaml", &component("new"));
    assert_eq!(count(tree.next().await), FOLDERS * FILES + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_what_goes_on_changing_does_not_count_until_it_rests() {
    let mut tree = Tree::followed(&[("catalog/a.yaml", &component("a"))], &["catalog"]).await;
    let done = AtomicBool::new(false);
    let path = tree.at("catalog/a.yaml");
    let (begun, has_begun) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut length = 0;
            while !done.load(Ordering::SeqCst) {
                length = length % 1_000 + 1;
                write(
                    &path,
                    &format!("{}# {}\n", component("b"), "x".repeat(length)),
                );
                // Nobody waits for it a second time.
                let _ = begun.send(());
            }
        });
        has_begun.recv().expect("it begins");
        let runtime = tokio::runtime::Handle::current();
        let read = tokio::task::block_in_place(|| {
            runtime.block_on(tree.follower.read(&LabelMap::default()))
        });
        done.store(true, Ordering::SeqCst);
        let error = read.expect_err("it goes on");
        assert!(
            matches!(&error, FollowError::Unsettled { path } if path.ends_with("catalog/a.yaml")),
            "{error}"
        );
    });
    assert_eq!(tree.now().await, "b");
}

#[tokio::test(flavor = "multi_thread")]
async fn s22_no_read_sees_half_of_a_checkout() {
    const FILES: usize = 200;
    let checkout = |folder: &Path, owner: &str| {
        let lock = folder.join(".git/index.lock");
        write(&lock, "");
        for number in 0..FILES {
            let path = folder.join(format!("catalog/{number}.yaml"));
            // As git does: what is replaced is first removed.
            if path.exists() {
                fs::remove_file(&path).expect("it is there");
            }
            write(
                &path,
                &component(&format!("c{number}")).replace("team", owner),
            );
        }
        fs::remove_file(lock).expect("it is there");
    };
    let kept = TempDir::new().expect("a folder");
    let folder = kept.path().to_owned();
    checkout(&folder, "team-0");
    let mut tree = Tree::of(kept, &["catalog"]).await;
    let checkouts = tokio::task::spawn_blocking(move || {
        for round in 1..30 {
            checkout(&folder, &format!("team-{round}"));
        }
    });
    let mut reads = 0;
    while !checkouts.is_finished() {
        match tree.follower.read(&LabelMap::default()).await {
            Ok(generation) => {
                reads += 1;
                assert_eq!(
                    generation.entities.into_iter().count(),
                    FILES,
                    "in read {reads}"
                );
            }
            Err(FollowError::Unsettled { .. } | FollowError::GitAtWork) => {}
            Err(error) => panic!("{error}"),
        }
    }
    checkouts.await.expect("it ends");
    assert_eq!(tree.now().await.split(' ').count(), FILES);
}
