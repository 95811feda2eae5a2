//! What the container image holds: the program, the libraries of C that it links, and the root certificates. Nothing else.
//!
//! The `Containerfile` builds by the same command, so that what is looked at here without a container is what is shipped.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{pages, places, report};

/// The most that the files of the image may have together, in bytes.
const MOST_BYTES: u64 = 40_000_000;
/// Where the program stands in the image.
const PROGRAM: &str = "usr/local/bin/backstitch";
/// Where the root certificates stand, in the image and on the systems that it is built on.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Where the store is kept.
const STATE: &str = "var/lib/backstitch";
/// All that the program may link: what a system of GNU libc has in any case.
const LIBRARIES: [&str; 4] = ["libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux"];
/// The program's user, so that it has a name where one is shown.
const PASSWD: &str = "root:x:0:0:root:/:/sbin/nologin\nbackstitch:x:65532:65532:backstitch:/var/lib/backstitch:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nbackstitch:x:65532:\n";

/// How the image is put together.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder that becomes the root of the image
    #[arg(long, default_value = "target/image")]
    root: PathBuf,
    /// The root certificates
    #[arg(long, default_value = CERTIFICATES)]
    certificates: PathBuf,
}

/// Puts the image's files together, runs the program by them alone, and says how large they are.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    // An image without its pages would be no image of the program.
    pages::require()?;
    let program = places::release_binary()?;
    let libraries = libraries(&linked(&program)?)?;
    let root = places::checkout().join(&arguments.root);
    if root.exists() {
        // A wrong `--root` must not cost anybody a folder.
        ensure!(
            root.join(PROGRAM).is_file(),
            "`{}` is there, and is no image\nhint: name an empty place by `--root`",
            root.display()
        );
        fs::remove_dir_all(&root).with_context(|| format!("cannot remove `{}`", root.display()))?;
    }
    copy(&program, &root, Path::new(PROGRAM))?;
    for library in &libraries {
        copy(library, &root, library)?;
    }
    copy(&arguments.certificates, &root, Path::new(CERTIFICATES))
        .context("there are no root certificates\nhint: install `ca-certificates`, or name them by `--certificates`")?;
    let license = places::checkout().join("LICENSE");
    copy(
        &license,
        &root,
        Path::new("usr/share/doc/backstitch/LICENSE"),
    )?;
    write(&root, "etc/passwd", PASSWD)?;
    write(&root, "etc/group", GROUP)?;
    fs::create_dir_all(root.join(STATE)).context("cannot create the folder of the store")?;

    let said = said_within(&root, &libraries)?;
    let size = size(&root)?;
    report::result(format_args!(
        "{}: {said}, {:.1} MB of at most {} MB",
        arguments.root.display(),
        megabytes(size),
        MOST_BYTES / 1_000_000
    ));
    ensure!(size <= MOST_BYTES, "the image is too large");
    Ok(())
}

/// What `ldd` says.
fn linked(program: &Path) -> Result<String> {
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .context("`ldd` does not run\nhint: the image is built on Linux with GNU libc")?;
    ensure!(
        output.status.success(),
        "`ldd {}` failed",
        program.display()
    );
    String::from_utf8(output.stdout).context("`ldd` printed no text")
}

/// The files that the program links, out of `ldd`'s lines: `name => file (address)`, or `file (address)` for the loader.
fn libraries(lines: &str) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for line in lines.lines().map(str::trim) {
        let file = match line.split_once(" => ") {
            Some((_, file)) => file,
            // The kernel's own, which is no file.
            None if line.starts_with("linux-vdso") => continue,
            None => line,
        };
        let file = file.rsplit_once(" (").map_or(file, |(file, _)| file);
        let name = Path::new(file).file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        if !LIBRARIES.iter().any(|known| name.starts_with(known)) {
            bail!(
                "the program links `{line}`, which is not in the image\nhint: a dependency brought it: switch it off there, or add \
                 it to LIBRARIES"
            );
        }
        files.insert(PathBuf::from(file));
    }
    Ok(files)
}

/// Copies a file to a place in the image, through whatever links lead to it.
fn copy(from: &Path, root: &Path, place: &Path) -> Result<()> {
    let to = root.join(place.strip_prefix("/").unwrap_or(place));
    let folder = to.parent().unwrap_or(root);
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    fs::copy(from, &to).with_context(|| format!("cannot copy `{}`", from.display()))?;
    Ok(())
}

fn write(root: &Path, place: &str, text: &str) -> Result<()> {
    fs::write(root.join(place), text).with_context(|| format!("cannot write `{place}`"))
}

/// What the program says of its version when it has the image's libraries and no others.
fn said_within(root: &Path, libraries: &BTreeSet<PathBuf>) -> Result<String> {
    let within = |file: &PathBuf| root.join(file.strip_prefix("/").unwrap_or(file));
    let is_loader = |file: &&PathBuf| {
        let name = file.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with("ld-linux")
    };
    let loader = libraries
        .iter()
        .find(is_loader)
        .context("there is no loader among the libraries")?;
    let folders: BTreeSet<PathBuf> = libraries
        .iter()
        .map(|file| within(file).parent().unwrap_or(root).to_owned())
        .collect();
    let path =
        std::env::join_paths(&folders).context("the path of the image cannot be in a list")?;
    let started = |first: &[&str]| {
        let mut command = Command::new(within(loader));
        command
            .args(["--inhibit-cache", "--library-path"])
            .arg(&path)
            .args(first)
            .arg(root.join(PROGRAM))
            .env_clear();
        command
    };
    let listed = output(started(&["--list"]))?;
    for line in listed.lines().filter(|line| line.contains(" => ")) {
        ensure!(
            line.contains(&root.display().to_string()),
            "a library is not in the image: {line}"
        );
    }
    output({
        let mut command = started(&[]);
        command.arg("--version");
        command
    })
}

fn output(mut command: Command) -> Result<String> {
    let output = command
        .output()
        .context("the image's loader does not run")?;
    ensure!(
        output.status.success(),
        "the program does not run by the image's files: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The bytes of all files below a folder.
fn size(folder: &Path) -> Result<u64> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let mut sum = 0;
    for entry in entries {
        let entry = entry.context("cannot read the image")?;
        let metadata = entry.metadata().context("cannot read the image")?;
        sum += if metadata.is_dir() {
            size(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(sum)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a tenth of a megabyte is told, of some forty"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    const LDD: &str = "\tlinux-vdso.so.1 (0x00007f81)\n\tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007f82)\n\
        \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f83)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f84)\n";

    #[test]
    fn the_libraries_are_files_and_the_loader_is_one_of_them() {
        let files = libraries(LDD).expect("all are known");
        let files: Vec<&str> = files.iter().filter_map(|file| file.to_str()).collect();
        assert_eq!(
            files,
            [
                "/lib/x86_64-linux-gnu/libc.so.6",
                "/lib/x86_64-linux-gnu/libgcc_s.so.1",
                "/lib64/ld-linux-x86-64.so.2"
            ]
        );
    }

    #[test]
    fn a_library_that_no_system_has_is_told() {
        for line in [
            "\tlibssl.so.3 => /lib/libssl.so.3 (0x1)",
            "\tlibssl.so.3 => not found",
            "\tlibc.musl-x86_64.so.1 (0x1)",
        ] {
            let fault = libraries(line).expect_err("it is not in the image");
            assert!(fault.to_string().contains(line.trim()), "{fault}");
        }
    }

    #[test]
    fn the_size_is_that_of_all_files() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "a", "12345").expect("a file");
        let file = root.path().join("a");
        copy(&file, root.path(), Path::new("/b/c/a")).expect("a copy");
        assert_eq!(size(root.path()).expect("readable"), 10);
    }
}
