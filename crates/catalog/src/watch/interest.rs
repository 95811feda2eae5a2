//! Where changes may concern a catalog: folders, and the names in them that count.
//!
//! Folders are watched one by one and not as trees, so that neither `.git` nor `node_modules` costs a watch for each of
//! their thousands of folders. On the way to what was given, every link is followed by hand: the trees that git-sync and
//! the kubelet write are changed by a link that comes to lead elsewhere, in a folder that holds no catalog file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::files::{Look, WILDCARDS};

/// Bound on the links of one way, as that of the system.
const MAX_LINKS: usize = 40;

/// What counts in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// Whatever happens in it.
    Everything,
    /// What happens to these.
    Names(BTreeSet<OsString>),
}

/// The folders to be watched, by canonical path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interests(BTreeMap<PathBuf, Wanted>);

impl Interests {
    /// Everything that may change what is read from `paths`, which looked so.
    pub(super) fn of(paths: &[PathBuf], look: &Look) -> Self {
        let mut interests = Self::default();
        for path in paths {
            interests.way_to(&fixed_part(path));
        }
        for way in &look.ways {
            interests.way_to(way);
        }
        for folder in &look.folders {
            interests.0.insert(folder.clone(), Wanted::Everything);
        }
        interests
    }

    /// The folders.
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// Whether a change of what is at this path counts.
    pub(super) fn concern(&self, path: &Path) -> bool {
        // The folder itself: that its contents changed is told by their own names.
        if self.0.contains_key(path) {
            return true;
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return false;
        };
        match self.0.get(folder) {
            Some(Wanted::Everything) => true,
            Some(Wanted::Names(names)) => names.contains(name),
            None => false,
        }
    }

    /// The last part of a way, every link on it, and the first part that does not exist yet.
    fn way_to(&mut self, path: &Path) {
        let Ok(absolute) = std::path::absolute(path) else {
            return;
        };
        let mut rest: VecDeque<OsString> = parts(&absolute).collect();
        let mut at = PathBuf::new();
        let mut links = 0;
        while let Some(part) = rest.pop_front() {
            let next = at.join(&part);
            match Path::new(&part).components().next() {
                Some(Component::Normal(_)) => {}
                Some(Component::ParentDir) => {
                    // No link is left in it, so above is where it seems to be.
                    at.pop();
                    continue;
                }
                Some(Component::CurDir) | None => continue,
                Some(Component::RootDir | Component::Prefix(_)) => {
                    at = next;
                    continue;
                }
            }
            if let Ok(target) = fs::read_link(&next) {
                self.name(&at, &part);
                links += 1;
                if links > MAX_LINKS {
                    return;
                }
                for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                    rest.push_front(part);
                }
                continue;
            }
            if rest.is_empty() || !next.exists() {
                self.name(&at, &part);
                return;
            }
            at = next;
        }
    }

    fn name(&mut self, folder: &Path, name: &OsStr) {
        let wanted = self
            .0
            .entry(folder.to_owned())
            .or_insert_with(|| Wanted::Names(BTreeSet::new()));
        if let Wanted::Names(names) = wanted {
            names.insert(name.to_owned());
        }
    }
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> + '_ {
    path.components()
        .map(|component| component.as_os_str().to_owned())
}

/// What of a path is no pattern.
fn fixed_part(path: &Path) -> PathBuf {
    let is_fixed = |component: &Component<'_>| {
        let text = component.as_os_str().to_str();
        text.is_none_or(|text| !text.contains(WILDCARDS))
    };
    if path.symlink_metadata().is_ok() {
        return path.to_owned();
    }
    path.components().take_while(is_fixed).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    /// The folders and names of interest, without what is above the folder of the test.
    fn shown(folder: &Path, paths: &[&str]) -> String {
        let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
        let look = Look::at(&paths, &BTreeSet::new());
        let interests = Interests::of(&paths, &look);
        let mut lines = Vec::new();
        for (at, wanted) in &interests.0 {
            let at = match at.strip_prefix(folder) {
                Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
                Ok(inside) => inside.display().to_string(),
                Err(_) => "above".to_owned(),
            };
            let wanted = match wanted {
                Wanted::Everything => "*".to_owned(),
                Wanted::Names(_) if at == "above" => "the folder".to_owned(),
                Wanted::Names(names) => names
                    .iter()
                    .map(|name| name.to_string_lossy().into_owned())
                    .collect::<Vec<_>>()
                    .join(" "),
            };
            lines.push(format!("{at}: {wanted}"));
        }
        lines.join("\n")
    }

    fn folder(folders: &[&str], files: &[&str], links: &[(&str, &str)]) -> (TempDir, PathBuf) {
        let folder = TempDir::new().expect("a folder");
        let at = folder.path().canonicalize().expect("it exists");
        for path in folders {
            fs::create_dir_all(at.join(path)).expect("a folder");
        }
        for path in files {
            fs::create_dir_all(at.join(path).parent().expect("a parent")).expect("a folder");
            fs::write(at.join(path), "").expect("a file");
        }
        for (link, target) in links {
            symlink(target, at.join(link)).expect("a link");
        }
        (folder, at)
    }

    #[test]
    fn a_folder_is_watched_with_its_folders_but_for_those_that_are_not_read() {
        let (_kept, at) = folder(
            &["catalog/.git/objects", "catalog/node_modules/x"],
            &["catalog/a.yaml", "catalog/teams/web/b.yaml"],
            &[],
        );
        insta::assert_snapshot!(shown(&at, &["catalog"]), @"
        .: catalog
        catalog: *
        catalog/teams: *
        catalog/teams/web: *
        ");
    }

    #[test]
    fn a_mounted_config_map_is_followed_into_the_folder_its_links_lead_to() {
        let (_kept, at) = folder(
            &["mount"],
            &["mount/..2026_01/catalog.yaml"],
            &[("mount/..data", "..2026_01")],
        );
        symlink("..data/catalog.yaml", at.join("mount/catalog.yaml")).expect("a link");
        insta::assert_snapshot!(shown(&at, &["mount"]), @"
        .: mount
        mount: *
        mount/..2026_01: catalog.yaml
        ");
    }

    #[test]
    fn a_tree_behind_a_link_is_watched_at_the_link_and_behind_it() {
        let (_kept, at) = folder(
            &[],
            &["git/.worktrees/f00d/catalog/a.yaml"],
            &[("git/current", ".worktrees/f00d")],
        );
        insta::assert_snapshot!(shown(&at, &["git/current/catalog"]), @"
        git: current
        git/.worktrees/f00d: catalog
        git/.worktrees/f00d/catalog: *
        ");
    }

    #[test]
    fn of_a_file_its_name_counts_and_of_what_is_missing_the_first_part() {
        let (_kept, at) = folder(&["x"], &["a/one.yaml"], &[]);
        insta::assert_snapshot!(shown(&at, &["a/one.yaml", "x/y/z/two.yaml", "x/../a/three.yaml"]), @"
        a: one.yaml three.yaml
        x: y
        ");
    }

    #[test]
    fn of_a_pattern_every_folder_in_which_a_match_may_appear() {
        let (_kept, at) = folder(
            &["teams/new", "teams/web/deep"],
            &["teams/web/catalog-info.yaml"],
            &[],
        );
        insta::assert_snapshot!(shown(&at, &["teams/*/catalog-info.yaml"]), @"
        .: teams
        teams: *
        teams/new: *
        teams/web: *
        ");
    }

    #[test]
    fn a_circle_of_links_ends() {
        let (_kept, at) = folder(&[], &[], &[("a", "b"), ("b", "a")]);
        insta::assert_snapshot!(shown(&at, &["a"]), @".: a b");
    }

    #[test]
    fn what_counts_of_a_folder() {
        let (_kept, at) = folder(&["catalog"], &["single/one.yaml"], &[]);
        let paths = [at.join("catalog"), at.join("single/one.yaml")];
        let interests = Interests::of(&paths, &Look::at(&paths, &BTreeSet::new()));
        let table = [
            ("catalog/new.yaml", true),
            ("catalog/folder", true),
            ("catalog", true),
            ("single/one.yaml", true),
            ("single/one.yaml.swp", false),
            ("other", false),
            ("catalog/folder/deep.yaml", false),
        ];
        for (path, expected) in table {
            assert_eq!(interests.concern(&at.join(path)), expected, "{path}");
        }
    }
}
