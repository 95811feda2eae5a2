//! Programs of Debian's packages, unpacked into the cache and reused by every checkout; nothing is installed.
//!
//! ```text
//!  apt-cache policy ─ version ─▶ <cache>/debian/<package>-<version>-<hash>/usr/bin/…
//!                                 ▲ apt-get download, dpkg -x, paths within programs made relative
//! ```
//!
//! It must not know what the programs are for.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};
use xxhash_rust::xxh3::xxh3_64;

use crate::cached::{self, Cached, InUse};
use crate::places;

/// A package, and what has to be changed so that it runs where it is not installed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: &'static str,
    /// Absolute paths that are compiled into a program.
    pub(crate) compiled_in: &'static [CompiledIn],
}

/// A path that a program looks at, whatever it is told. It is made relative, without a change of its length, so that it is found
/// where the program is started in the folder of the package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompiledIn {
    /// The program, from the folder of the package.
    pub(crate) program: &'static str,
    /// The path.
    pub(crate) path: &'static str,
}

/// The package in the version that this system would install, unpacked first where the cache lacks it.
pub(crate) fn unpack(package: Package) -> Result<InUse> {
    let Package { name, compiled_in } = package;
    let root = places::cache()?.join("debian");
    fs::create_dir_all(&root).with_context(|| format!("cannot create `{}`", root.display()))?;
    let version = version(name)?;
    let paths: Vec<String> = compiled_in
        .iter()
        .map(|it| format!("{} {}", it.program, it.path))
        .collect();
    let hash = xxh3_64(format!("{version}\n{}", paths.join("\n")).as_bytes());
    // A version may hold characters that a path should not.
    let plain: String = version
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-+".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let unpacked = Cached::new(
        format!("{name} {version}"),
        root.join(format!("{name}-{plain}-{hash:016x}")),
    );
    let lock = unpacked.in_use(|folder| {
        // apt holds the file against its signed lists. The user it otherwise downloads as may not write here.
        run(Command::new("apt-get")
            .args(["-qq", "-o", "APT::Sandbox::User=root", "download"])
            .arg(format!("{name}={version}"))
            .current_dir(folder))?;
        let archive = fs::read_dir(folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|it| it == "deb"))
            .context("`apt-get download` left no package")?;
        run(Command::new("dpkg").arg("-x").arg(&archive).arg(folder))?;
        fs::remove_file(&archive)?;
        compiled_in
            .iter()
            .try_for_each(|it| make_relative(folder, *it))
    })?;
    cached::sweep(&root, &[&unpacked], SystemTime::now())?;
    Ok(InUse {
        folder: unpacked.folder().into(),
        _lock: lock,
    })
}

/// The version that would be installed.
fn version(name: &str) -> Result<String> {
    let known = || -> Result<Option<String>> {
        let output = Command::new("apt-cache")
            .args(["policy", name])
            .env("LC_ALL", "C")
            .output()
            .context(
                "`apt-cache` does not run\nhint: this part of the tests needs Debian 12, or a container of it",
            )?;
        let policy = String::from_utf8_lossy(&output.stdout);
        Ok(candidate(&policy).map(str::to_owned))
    };
    if let Some(version) = known()? {
        return Ok(version);
    }
    // A fresh container knows no packages, and only root may make it learn them.
    run(Command::new("apt-get").args(["-qq", "update"]))?;
    match known()? {
        Some(version) => Ok(version),
        None => {
            bail!("apt knows no package `{name}`\nhint: run `sudo apt-get update` on Debian 12")
        }
    }
}

/// The version that `apt-cache policy` names.
fn candidate(policy: &str) -> Option<&str> {
    let mut lines = policy.lines().map(str::trim);
    let version = lines
        .find_map(|line| line.strip_prefix("Candidate:"))?
        .trim();
    (version != "(none)" && !version.is_empty()).then_some(version)
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("cannot start `{program}`"))?;
    ensure!(
        status.success(),
        "`{program}` ended with {status}; it printed why above"
    );
    Ok(())
}

fn make_relative(folder: &Path, compiled_in: CompiledIn) -> Result<()> {
    let CompiledIn { program, path } = compiled_in;
    let file = folder.join(program);
    let mut bytes = fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let found = replace(&mut bytes, path.as_bytes(), relative(path)?.as_bytes());
    ensure!(found > 0, "`{program}` holds no `{path}` any more");
    fs::write(&file, bytes).with_context(|| format!("cannot write `{}`", file.display()))
}

/// `/a/b` as `a//b`.
fn relative(path: &str) -> Result<String> {
    let inner = path.strip_prefix('/').context("it is an absolute path")?;
    Ok(inner.replacen('/', "//", 1))
}

/// Writes one text over each place of another of its length; how many there were.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) -> usize {
    let mut found = 0;
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == from[0]) {
        at += next;
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
            found += 1;
            at += from.len();
        } else {
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_candidate() {
        let policy =
            "prometheus:\n  Installed: (none)\n  Candidate: 2.42.0+ds-5+b5\n  Version table:\n";
        assert_eq!(candidate(policy), Some("2.42.0+ds-5+b5"));
        assert_eq!(candidate("x:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate(""), None);
    }

    #[test]
    fn a_path_becomes_relative_and_keeps_its_length() {
        let from = "/usr/share/x";
        let to = relative(from).expect("it is absolute");
        assert_eq!((to.as_str(), to.len()), ("usr//share/x", from.len()));
        let mut bytes = b"a/usr/share/x b//usr/share/x/usr/share".to_vec();
        assert_eq!(replace(&mut bytes, from.as_bytes(), to.as_bytes()), 2);
        assert_eq!(bytes, b"ausr//share/x b/usr//share/x/usr/share");
    }
}
