//! Node, npm and the compiler: what the machine has, and what to do where it lacks something.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// What Backstage of today runs on, as far as the catalog goes.
const OLDEST_NODE: u32 = 20;

/// How much of a failed build is shown.
const LOG_LINES: usize = 30;

pub(super) const NO_NPM: &str = "cannot start `npm`\nhint: install npm, which comes with Node.js";

/// The Node.js of this machine.
#[derive(Debug)]
pub(super) struct Node {
    /// What a native module is built for: it does not load where any of this differs.
    pub(super) binary_interface: String,
    /// The folder above `include/node`, where Node came with its headers.
    headers: Option<PathBuf>,
}

impl Node {
    pub(super) fn find() -> Result<Self> {
        let hint = format!("hint: install Node.js {OLDEST_NODE} or newer, with npm");
        let output = Command::new("node")
            .args(["--print", "const v = process.versions; [v.node, `${process.platform}-${process.arch}-${v.modules}`, process.execPath].join('\\n')"])
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start `node`\n{hint}"))?;
        let text = String::from_utf8(output.stdout).context("`node` printed no text")?;
        let [version, binary_interface, program] = text.lines().collect::<Vec<_>>()[..] else {
            bail!("`node` does not say what it is\n{hint}");
        };
        ensure!(
            major(version).is_some_and(|major| major >= OLDEST_NODE),
            "`node` is {version}, which is too old\n{hint}"
        );
        Ok(Self {
            binary_interface: binary_interface.to_owned(),
            headers: headers(Path::new(program)),
        })
    }

    /// Runs the script `native` of the package in the folder, by npm, which brings `node-gyp` with it.
    pub(super) fn build(&self, folder: &Path) -> Result<()> {
        let log = folder.join("native-build.log");
        let file =
            fs::File::create(&log).with_context(|| format!("cannot create `{}`", log.display()))?;
        let errors = file.try_clone().context("cannot write the log twice")?;
        let mut npm = npm(folder);
        npm.args(["run", "native"]).stdout(file).stderr(errors);
        // Without them `node-gyp` fetches the headers of this version from Node's own site.
        if let Some(headers) = &self.headers {
            npm.env("npm_config_nodedir", headers);
        }
        if npm.status().context(NO_NPM)?.success() {
            return Ok(());
        }
        let said = fs::read_to_string(&log).unwrap_or_default();
        bail!(
            "SQLite does not build:\n{}\nhint: it needs a C++ compiler, `make`, Python 3 and the headers of Node.js",
            last_lines(&said, LOG_LINES)
        )
    }

    /// Runs a line of JavaScript in the folder, which must succeed.
    #[expect(
        clippy::unused_self,
        reason = "that there is a Node is what a `Node` says"
    )]
    pub(super) fn runs(&self, folder: &Path, script: &str) -> Result<()> {
        let status = Command::new("node")
            .current_dir(folder)
            .args(["--eval", script])
            .status()
            .context("cannot start `node`")?;
        ensure!(status.success(), "`{script}` does not run in Node.js");
        Ok(())
    }
}

pub(super) fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

/// What `node-gyp` needs; asked for first, because its own words for it fill a screen.
pub(super) fn check_compiler() -> Result<()> {
    for (program, hint) in [
        ("python3", "install Python 3, which `node-gyp` is driven by"),
        ("make", "install `make`"),
        ("c++", "install a C++ compiler, such as g++ or clang"),
    ] {
        let found = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        ensure!(
            found.is_ok_and(|status| status.success()),
            "`{program}` does not run, and SQLite has to be built for Node.js\nhint: {hint}"
        );
    }
    Ok(())
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// `<prefix>/include/node` belongs to `<prefix>/bin/node`.
fn headers(program: &Path) -> Option<PathBuf> {
    let program = program.canonicalize().ok()?;
    let prefix = program.parent()?.parent()?;
    let there = prefix.join("include/node/node.h").is_file();
    there.then(|| prefix.to_owned())
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        for (version, expected) in [("20.20.2", Some(20)), ("v20", None), ("", None)] {
            assert_eq!(major(version), expected, "{version}");
        }
    }

    #[test]
    fn headers_stand_beside_the_program() {
        let prefix = tempfile::tempdir().expect("a folder");
        let prefix = prefix.path().canonicalize().expect("a path");
        let (program, include) = (prefix.join("bin/node"), prefix.join("include/node"));
        for (folder, file) in [
            (prefix.join("bin"), &program),
            (include.clone(), &include.join("node.h")),
        ] {
            assert_eq!(headers(&program), None);
            fs::create_dir_all(folder).expect("a folder");
            fs::write(file, "").expect("a file");
        }
        assert_eq!(headers(&program), Some(prefix));
        assert_eq!(headers(Path::new("no-such-node")), None);
    }

    #[test]
    fn the_end_of_a_log_is_shown() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("", 2), "");
    }
}
