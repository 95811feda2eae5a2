//! The bill of materials of the program: every crate that is built into it, as `CycloneDX`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{places, report, tools};

/// The name under which `cargo-cyclonedx` writes beside each crate's manifest.
const WRITTEN: &str = "backstitch-materials";

/// Writes the bill to a file, after it was held against cargo's own list of what is built.
pub(crate) fn run(out: &Path) -> Result<()> {
    let mut command = std::process::Command::new(tools::cargo_cyclonedx()?);
    let status = command
        .current_dir(places::checkout())
        .args(["cyclonedx", "--format", "json", "--spec-version", "1.5"])
        .args(["--manifest-path", "crates/backstitch/Cargo.toml"])
        .args(["--override-filename", WRITTEN, "--quiet"])
        .status()
        .context("cannot start `cargo cyclonedx`")?;
    ensure!(status.success(), "`cargo cyclonedx` printed why above");
    let text = collect(&places::checkout().join("crates"))?;
    let bill: Value = serde_json::from_str(&text).context("the bill is no JSON")?;
    let (named, built) = (components(&bill), built()?);
    let missing: Vec<&String> = built.difference(&named).collect();
    ensure!(
        missing.is_empty(),
        "built into the program, and not in the bill: {missing:?}"
    );
    fs::write(out, text).with_context(|| format!("cannot write `{}`", out.display()))?;
    report::result(format_args!(
        "{}: {} components, among them the {} crates built into the program here",
        out.display(),
        named.len(),
        built.len()
    ));
    Ok(())
}

/// The bill of the program; those of the other crates, which are written with it, are removed.
fn collect(crates: &Path) -> Result<String> {
    let mut text = None;
    for entry in fs::read_dir(crates).context("cannot read the crates")? {
        let folder = entry.context("cannot read the crates")?.path();
        let file = folder.join(format!("{WRITTEN}.json"));
        if !file.is_file() {
            continue;
        }
        if folder.ends_with("backstitch") {
            let read = fs::read_to_string(&file);
            text = Some(read.with_context(|| format!("cannot read `{}`", file.display()))?);
        }
        fs::remove_file(&file).with_context(|| format!("cannot remove `{}`", file.display()))?;
    }
    text.context("`cargo cyclonedx` wrote no bill of the program")
}

/// `name version` of each component.
fn components(bill: &Value) -> BTreeSet<String> {
    let empty = Vec::new();
    let components = bill["components"].as_array().unwrap_or(&empty);
    components
        .iter()
        .filter_map(|one| {
            Some(format!(
                "{} {}",
                one["name"].as_str()?,
                one["version"].as_str()?
            ))
        })
        .collect()
}

/// `name version` of each crate that cargo builds into the program on this machine, the program itself aside.
fn built() -> Result<BTreeSet<String>> {
    let output = places::cargo()
        .args(["tree", "--package", "backstitch", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .output()
        .context("cannot start `cargo tree`")?;
    ensure!(output.status.success(), "`cargo tree` failed");
    Ok(crates(&String::from_utf8_lossy(&output.stdout)))
}

/// Out of lines such as `serde v1.0.1` and `api v0.1.0 (folder)`.
fn crates(lines: &str) -> BTreeSet<String> {
    lines
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (name, version) = (words.next()?, words.next()?);
            Some(format!("{name} {}", version.strip_prefix('v')?))
        })
        .filter(|one| !one.starts_with("backstitch "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_and_what_is_named_are_written_alike() {
        let built = crates(
            "backstitch v0.1.0 (somewhere)\napi v0.1.0 (else)\nserde v1.0.1\nserde v1.0.1 (*)\n\n",
        );
        let bill = serde_json::json!({"components": [
            {"name": "api", "version": "0.1.0"}, {"name": "serde", "version": "1.0.1"}, {"name": "no version"}
        ]});
        assert_eq!(built, components(&bill));
        assert_eq!(built.len(), 2);
        assert!(components(&serde_json::json!({})).is_empty());
    }

    #[test]
    fn the_bills_beside_the_manifests_are_taken_away() {
        let crates = tempfile::tempdir().expect("a folder");
        let bill = |name: &str| crates.path().join(name).join(format!("{WRITTEN}.json"));
        for name in ["backstitch", "api", "none"] {
            fs::create_dir(crates.path().join(name)).expect("a folder");
        }
        fs::write(bill("api"), "other").expect("a file");
        assert!(collect(crates.path()).is_err());
        fs::write(bill("backstitch"), "ours").expect("a file");
        fs::write(bill("api"), "other").expect("a file");
        assert_eq!(collect(crates.path()).expect("a bill"), "ours");
        assert!(!bill("api").exists() && !bill("backstitch").exists());
    }
}
