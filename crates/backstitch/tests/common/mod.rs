//! Runs the built binary and shows all that came of it.

#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// An account `backstitch` in the namespace `causely`, which has to be there, with the permissions to read a cluster and the
/// Secrets of that namespace.
pub(crate) const ACCOUNT: &str = include_str!("account.yaml");

/// A run that is being prepared: in a folder of its own, with nothing of the surroundings.
pub(crate) struct Run {
    command: Command,
    folder: PathBuf,
}

/// A folder for files of a test.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (path, text) in files {
            folder.file(path, text);
        }
        folder
    }

    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A run in this folder.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        Run::new(self.folder.path(), args)
    }
}

/// A run in the folder of the project.
pub(crate) fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Run {
    Run::new(&project(), args)
}

pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the workspace")
        .to_owned()
}

impl Run {
    fn new<A: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstitch"));
        command
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .stdin(Stdio::null());
        Self {
            command,
            folder: folder.to_owned(),
        }
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    pub(crate) fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    pub(crate) fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    pub(crate) fn output(mut self) -> Output {
        self.command.output().expect("the binary runs")
    }

    /// Exit status, standard output and standard error, without what differs between runs.
    pub(crate) fn shown(self) -> String {
        let folder = self.folder.display().to_string();
        let output = self.output();
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace(&folder, "[FOLDER]");
            without_times(&without_ports(&text))
        };
        format!(
            "exit {}\n----- stdout\n{}----- stderr\n{}",
            output
                .status
                .code()
                .map_or_else(|| "by a signal".to_owned(), |code| code.to_string()),
            text(&output.stdout),
            text(&output.stderr),
        )
    }

    /// Standard output of a run that has to succeed.
    pub(crate) fn printed(self) -> String {
        let output = self.output();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{:?}: {complaint}", output.status);
        String::from_utf8(output.stdout).expect("text")
    }
}

/// `2026-11-23T16:35:12Z` becomes `[TIME]`.
pub(crate) fn without_times(text: &str) -> String {
    let is_time = |word: &str| {
        word.len() == 20
            && word.ends_with('Z')
            && word.as_bytes().get(10) == Some(&b'T')
            && word.starts_with("20")
    };
    text.split_inclusive(['\n', ' ', '"'])
        .map(|part| {
            let word = part.trim_end_matches(['\n', ' ', '"']);
            if is_time(word) {
                part.replace(word, "[TIME]")
            } else {
                part.to_owned()
            }
        })
        .collect()
}

/// `127.0.0.1:34567` becomes `127.0.0.1:[PORT]`.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("127.0.0.1:[PORT]");
        shown.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    shown
}

/// A component of the catalog, with annotations.
pub(crate) fn component(name: &str, annotations: &[(&str, &str)], owner: &str) -> String {
    let annotations: Vec<String> = annotations
        .iter()
        .map(|(key, value)| format!("    {key}: {value}\n"))
        .collect();
    let annotations = annotations.concat();
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  annotations:\n{annotations}spec:\n  \
         type: service\n  lifecycle: production\n  owner: {owner}\n"
    )
}

pub(crate) fn group(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: team\n  profile:\n    \
         displayName: Team {name}\n    email: {name}@example.org\n  children: []\n"
    )
}

pub(crate) fn service(namespace: &str, name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  selector:\n    app: {name}\n  \
         ports:\n  - port: 80\n"
    )
}

/// A stream of YAML documents.
pub(crate) fn stream(documents: &[String]) -> String {
    documents.join("---\n")
}

pub(crate) const ID: &str = "backstage.io/kubernetes-id";
pub(crate) const NAMESPACE: &str = "backstage.io/kubernetes-namespace";

/// A catalog of two components and a team, and a cluster of two Services of which one is claimed.
pub(crate) fn small() -> Folder {
    let catalog = [
        component("cart", &[(ID, "cart"), (NAMESPACE, "shop")], "web"),
        component("wish-list", &[(ID, "wishlist")], "group:gone"),
        group("web"),
    ];
    let cluster = [service("shop", "cart"), service("shop", "wish-list")];
    Folder::with(&[
        ("catalog.yaml", &stream(&catalog)),
        ("k8s/services.yaml", &stream(&cluster)),
    ])
}

pub(crate) const SMALL: [&str; 4] = ["--catalog", "catalog.yaml", "--cluster", "k8s"];
