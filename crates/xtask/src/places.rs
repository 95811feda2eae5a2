//! Where things are: the checkout, cargo itself, and the cache outside the checkout.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::pages;

/// The root of the checkout this binary was built from.
pub(crate) fn checkout() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Cargo, of the toolchain this task was started with, standing in the checkout.
pub(crate) fn cargo() -> Command {
    // `cargo run` sets CARGO to the very binary of the pinned toolchain; the name alone is the fallback for
    // whoever starts the task's binary directly.
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(checkout());
    command
}

/// The folder for all that outlives a checkout: tools and generated inputs.
///
/// `$XDG_CACHE_HOME/backstitch`, or `.cache/backstitch` in the home folder.
pub(crate) fn cache() -> Result<PathBuf> {
    // An empty or relative XDG_CACHE_HOME is to be ignored, says the XDG base directory specification.
    let xdg = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let base = match xdg {
        Some(path) => path,
        None => env::home_dir()
            .context("no cache folder: neither `XDG_CACHE_HOME` nor a home folder is set")?
            .join(".cache"),
    };
    Ok(base.join("backstitch"))
}

/// Builds `backstitch` for release, the web pages in it, and says where it is.
pub(crate) fn release_binary() -> Result<PathBuf> {
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "--package",
        "backstitch",
        "--bin",
        "backstitch",
    ]);
    if let Some(pages) = pages::build_where_possible()? {
        // Cargo does not look into the pages' folder; this says that there are others.
        build.env("BACKSTITCH_PAGES", pages);
    }
    built_by(build)
}

/// Builds `backstitch` as its tests have it, and says where it is.
pub(crate) fn debug_binary() -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--workspace", "--bin", "backstitch"]);
    built_by(build)
}

fn built_by(mut build: Command) -> Result<PathBuf> {
    let output = build
        // Cargo itself knows best where its target folder is; the diagnostics still go to the terminal.
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .context("cannot start `cargo build`")?;
    ensure!(
        output.status.success(),
        "`backstitch` does not build; cargo printed why above"
    );
    executable(&output.stdout, "backstitch")
        .context("cargo built `backstitch` but did not say where")
}

/// The executable of a binary target or an example, out of cargo's JSON messages.
pub(crate) fn executable(messages: &[u8], target: &str) -> Option<PathBuf> {
    serde_json::Deserializer::from_slice(messages)
        .into_iter::<Value>()
        .map_while(Result::ok)
        .filter(|message| {
            message["reason"] == "compiler-artifact" && message["target"]["name"] == target
        })
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checkout_holds_the_workspace() {
        assert!(checkout().join("crates/xtask/src/places.rs").is_file());
    }

    #[test]
    fn the_executable_is_that_of_the_binary_not_of_a_library_of_the_same_name() {
        let messages = br#"
            {"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
            {"reason":"compiler-artifact","target":{"name":"backstitch"},"executable":null}
            {"reason":"compiler-artifact","target":{"name":"other"},"executable":"out/other"}
            {"reason":"compiler-artifact","target":{"name":"backstitch"},"executable":"out/backstitch"}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "backstitch"),
            Some(PathBuf::from("out/backstitch"))
        );
        assert_eq!(executable(messages, "absent"), None);
    }
}
