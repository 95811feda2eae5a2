//! Tools the checks need beside the toolchain, built once into the cache and reused by every checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{places, report};

/// The version is pinned because a newer one may know new lints, and the same tree must get the same answer.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Writes bills of materials.
const CARGO_CYCLONEDX_VERSION: &str = "0.5.9";

/// The path of `cargo-deny`, installed first when the cache lacks this version of it.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    tool("cargo-deny", CARGO_DENY_VERSION, &["--version"])
}

/// The path of `cargo-cyclonedx`, installed first when the cache lacks this version of it.
pub(crate) fn cargo_cyclonedx() -> Result<PathBuf> {
    // It runs as a part of cargo only, which hands it its own name first.
    tool(
        "cargo-cyclonedx",
        CARGO_CYCLONEDX_VERSION,
        &["cyclonedx", "--version"],
    )
}

fn tool(name: &str, version: &str, asked: &[&str]) -> Result<PathBuf> {
    let root = places::cache()?.join("tools");
    let program = root
        .join("bin")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if version_of(&program, asked).as_deref() == Some(version) {
        return Ok(program);
    }
    report::note(format_args!(
        "installing {name} {version} into {} (once, some minutes)",
        root.display()
    ));
    install(name, version, &root)?;
    Ok(program)
}

/// What `<program> --version` says, without the name; nothing when it does not run.
fn version_of(program: &Path, asked: &[&str]) -> Option<String> {
    let output = Command::new(program).args(asked).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}

fn install(name: &str, version: &str, root: &Path) -> Result<()> {
    // A target folder of its own, in the cache: an interrupted build goes on where it stopped, and neither the
    // checkout's target folder nor its lock is touched.
    let build = root.join("build");
    let status = places::cargo()
        .args(["install", name, "--version", version, "--locked", "--root"])
        .arg(root)
        .arg("--target-dir")
        .arg(&build)
        .status()
        .with_context(|| format!("cannot start `cargo install {name}`"))?;
    ensure!(
        status.success(),
        "cannot install {name} {version}; its build printed why above"
    );
    // The intermediate files are several hundred megabytes, and useless once the program stands.
    std::fs::remove_dir_all(&build).with_context(|| format!("cannot remove `{}`", build.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_absent_has_no_version() {
        assert_eq!(
            version_of(Path::new("no-such-program-anywhere"), &["--version"]),
            None
        );
    }

    #[test]
    fn the_version_is_the_second_word() {
        let said = version_of(Path::new(env!("CARGO")), &["--version"])
            .expect("cargo runs, it built this test");
        assert!(said.starts_with("1."), "{said}");
    }
}
