//! What the rules read: the files of the checkout, and cargo's view of the workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that hold nothing of ours, besides the hidden ones.
const FOREIGN: [&str; 3] = ["target", "node_modules", "dist"];

/// Hidden folders that are ours all the same; the others belong to git and to people's editors.
const OURS: [&str; 3] = [".cargo", ".ci", ".github"];

/// A text file of the checkout.
pub(crate) struct SourceFile {
    /// Its path from the root of the checkout, with `/` between the parts.
    pub(crate) path: String,
    /// All it holds.
    pub(crate) text: String,
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the checkout is there")
}

/// Every text file of the checkout, in the order of their paths.
pub(crate) fn text_files() -> Vec<SourceFile> {
    let root = root();
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "the walk must see the checkout"
    );
    files
}

/// Every Rust file below `crates/`.
pub(crate) fn rust_files() -> Vec<SourceFile> {
    let mut files = text_files();
    files.retain(|file| file.path.starts_with("crates/") && file.has_extension("rs"));
    files
}

impl SourceFile {
    /// Whether the file's name ends so.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// Whether the file is part of a crate's library or binary, its unit tests included.
    pub(crate) fn is_in_src(&self) -> bool {
        self.path.split('/').nth(2) == Some("src")
    }

    /// Whether all of the file is tests: in a crate's `tests`, or a `tests` module of its own.
    pub(crate) fn is_test(&self) -> bool {
        let mut inside = self.path.split('/').skip(2);
        inside.any(|part| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs"))
    }

    /// The part that is tests: everything from the first `#[cfg(test)]` with a body on, or all of a test file.
    pub(crate) fn test_text(&self) -> &str {
        if self.is_test() {
            &self.text
        } else {
            &self.text[self.tests_start()..]
        }
    }

    /// The part that is not tests.
    pub(crate) fn product_text(&self) -> &str {
        if self.is_test() {
            ""
        } else {
            &self.text[..self.tests_start()]
        }
    }

    fn tests_start(&self) -> usize {
        self.text
            .match_indices("#[cfg(test)]")
            .chain(self.text.match_indices("#[cfg(all(test"))
            .map(|(at, _)| at)
            .find(|at| opens_a_module(&self.text[*at..]))
            .unwrap_or(self.text.len())
    }
}

/// Whether the attribute at the start stands on `mod name {`, rather than on `mod name;` or a single item.
fn opens_a_module(text: &str) -> bool {
    let declaration = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("#[") && !line.starts_with("//"));
    declaration.is_some_and(|line| line.contains("mod ") && line.ends_with('{'))
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout can be read") {
        let path = entry.expect("an entry of the checkout can be read").path();
        let name = path
            .file_name()
            .expect("an entry has a name")
            .to_string_lossy()
            .into_owned();
        // In a worktree this is a file of git's own, which says where the repository is.
        if name == ".git" {
            continue;
        }
        if path.is_dir() {
            let name = name.as_str();
            if OURS.contains(&name) || !(name.starts_with('.') || FOREIGN.contains(&name)) {
                collect(root, &path, files);
            }
            continue;
        }
        // What is not UTF-8 is a picture or the like, and has no lines to judge.
        if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("it lies below the root");
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            files.push(SourceFile {
                path: parts.join("/"),
                text,
            });
        }
    }
}

/// Standard output of a cargo command run in the checkout.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(arguments)
        .output()
        .expect("cargo runs, it built this test");
    assert!(
        output.status.success(),
        "cargo {} failed:\n{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("cargo prints text")
}

/// Fails with the list of places, unless it is empty.
#[track_caller]
pub(crate) fn assert_none(rule: &str, places: &[String]) {
    assert!(places.is_empty(), "{rule}:\n  {}\n", places.join("\n  "));
}

#[test]
fn the_tests_of_a_file_begin_where_its_test_module_does() {
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let cfg = "#[cfg(test)]";
    let inline = file(
        "crates/a/src/b.rs",
        &format!("fn a() {{}}\n{cfg}\nmod tests {{ /* here */ }}\n"),
    );
    // The brace has to end the line, as rustfmt leaves it.
    assert_eq!(inline.test_text(), "");
    let inline = file(
        "crates/a/src/b.rs",
        &format!("fn a() {{}}\n{cfg}\n#[expect(x)]\nmod tests {{\nhere\n}}\n"),
    );
    assert_eq!(inline.product_text(), "fn a() {}\n");
    assert!(inline.test_text().contains("here"));
    let apart = file(
        "crates/a/src/b.rs",
        &format!("{cfg}\nmod tests;\nfn a() {{}}\n"),
    );
    assert_eq!(apart.test_text(), "");
    for path in [
        "crates/a/tests/x.rs",
        "crates/a/src/b/tests.rs",
        "crates/a/src/tests/x.rs",
        "crates/a/src/b_tests.rs",
    ] {
        assert_eq!(file(path, "all").test_text(), "all", "{path}");
    }
    assert_eq!(file("crates/a/src/contests.rs", "all").test_text(), "");
}
