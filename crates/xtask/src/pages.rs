//! The web pages: what npm installs for them, building them, and their tests, those in a browser among them.
//!
//! ```text
//!  ui/package-lock.json ─ npm ci ─▶ ui/node_modules ─ npm run build ─▶ ui/dist ─▶ the release binary
//!                                                                        │
//!                            the debug binary reads it from there ◀──────┘ ◀─ a real Chromium
//! ```

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use xxhash_rust::xxh3::xxh3_64;

use crate::step::Step;
use crate::{places, report};

/// Names under which a system may have Chromium, the likeliest first.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// The package of Debian that brings it.
const BROWSER_PACKAGE: &str = "chromium";
/// Names a browser that is in no place where it is looked for.
pub(crate) const BROWSER: &str = "BACKSTITCH_CHROMIUM";
/// Tells the browser tests what to test.
const BINARY: &str = "BACKSTITCH_BINARY";
/// What npm installed, as it writes it down itself.
const INSTALLED: &str = "node_modules/.backstitch-lock";

const NO_NPM: &str = "`npm` does not run";
const INSTALL_NPM: &str = "hint: install Node.js 20.19 or newer, with npm";

/// Builds the pages into `ui/dist`.
pub(crate) fn build() -> Result<()> {
    install()?;
    script("build")
}

/// Fails where the pages cannot be built, for what would be nothing without them.
pub(crate) fn require() -> Result<()> {
    ensure!(can_be_built(), "{NO_NPM}\n{INSTALL_NPM}");
    Ok(())
}

fn can_be_built() -> bool {
    Command::new("npm")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The hash of what is built, for whoever makes it a part of a program; without npm nothing is, and that is said.
pub(crate) fn build_where_possible() -> Result<Option<String>> {
    if !can_be_built() {
        report::note(format_args!(
            "{NO_NPM}, so that the program is built without its web pages\n{INSTALL_NPM}"
        ));
        return Ok(None);
    }
    build()?;
    hash(&ui().join("dist")).map(Some)
}

/// The steps of a test run: the pages' own checks and unit tests, and the program in a browser.
pub(crate) fn steps(arguments: &[OsString]) -> Vec<Step> {
    let arguments = arguments.to_vec();
    vec![
        Step::action("pages", || {
            install()?;
            ["check", "test", "build"].into_iter().try_for_each(script)
        }),
        Step::prepared("browser", move || {
            let browser = browser()?;
            let binary = places::debug_binary()?;
            let mut command = npm();
            command
                .args(["run", "--silent", "test:browser", "--"])
                .args(&arguments)
                .env(BROWSER, browser)
                .env(BINARY, binary);
            Ok(command)
        }),
    ]
}

fn ui() -> PathBuf {
    places::checkout().join("ui")
}

fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(ui());
    command
}

/// What the lock file names, unless it was installed before.
fn install() -> Result<()> {
    let lock = ui().join("package-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("cannot read `{}`", lock.display()))?;
    let wanted = format!("{:016x}", xxh3_64(&wanted));
    let mark = ui().join(INSTALLED);
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(
        npm().args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]),
        "npm ci",
    )?;
    fs::write(&mark, wanted).with_context(|| format!("cannot write `{}`", mark.display()))
}

/// Runs a script of `package.json`.
fn script(name: &str) -> Result<()> {
    run(
        npm().args(["run", "--silent", name]),
        &format!("npm run {name}"),
    )
}

fn run(command: &mut Command, name: &str) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{NO_NPM}\n{INSTALL_NPM}"))?;
    ensure!(
        status.success(),
        "`{name}` in `ui` ended with {status}; it printed why above"
    );
    Ok(())
}

/// Chromium: the one that is named, the one that is there, or Debian's, where it may be installed without asking.
pub(crate) fn browser() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(BROWSER) {
        return Ok(named.into());
    }
    if let Some(found) = on_path() {
        return Ok(found);
    }
    let root = Command::new("id").arg("-u").output();
    let is_root = root.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root {
        bail!(
            "there is no Chromium\nhint: run `sudo apt-get install {BROWSER_PACKAGE}`, or name one by `{BROWSER}`"
        );
    }
    report::note(format_args!("installing Chromium (once)"));
    apt(&["-qq", "update"])?;
    apt(&[
        "-qq",
        "install",
        "--yes",
        "--no-install-recommends",
        BROWSER_PACKAGE,
    ])?;
    on_path().context("Debian's package of Chromium brought no program of that name")
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    BROWSERS
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

fn apt(arguments: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null())
        .status()
        .with_context(|| {
            format!("`apt-get` does not run\nhint: install Chromium, or name one by `{BROWSER}`")
        })?;
    ensure!(status.success(), "`apt-get` ended with {status}");
    Ok(())
}

/// One hash over the names and the content of all files below a folder.
fn hash(root: &Path) -> Result<String> {
    let mut all = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes =
                    fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
                let name = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
                all.push((name, xxh3_64(&bytes)));
            }
        }
    }
    all.sort();
    let mut text = String::new();
    for (path, hash) in all {
        // Writing into a `String` does not fail.
        let _ = writeln!(text, "{} {hash:016x}", path.display());
    }
    Ok(format!("{:016x}", xxh3_64(text.as_bytes())))
}
