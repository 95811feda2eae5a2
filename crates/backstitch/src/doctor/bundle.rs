//! A support archive: what may be given to somebody else, packed. What is in each file was made by whoever knows what may be
//! shown; nothing is read here.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The folder inside of the archive.
const FOLDER: &str = "backstitch-support";

const README: &str = "\
A support archive of Backstitch, made by `backstitch doctor --bundle`. Read it before you give it away.

doctor.json         every check with its outcome: names of instances, clusters, namespaces, Secrets and users, addresses,
                    and what servers and credential commands said when they refused
configuration.yaml  the configuration in its structure. Of each key it is known whether its value may be shown; every
                    other value, and every key that is not known, is [redacted]
program.json        which program this is, and on which system
store.json          how much the embedded store holds, and nothing of what

What is not in it: tokens, passwords, keys and certificates; headers; environment variables; kubeconfigs; values of
Secrets; entities of catalogs and objects of clusters.
";

/// What is packed.
pub(crate) struct Bundle {
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Bundle {
    pub(crate) fn new() -> Self {
        Self {
            files: vec![("README.txt", README.as_bytes().to_vec())],
        }
    }

    pub(crate) fn add(&mut self, name: &'static str, content: Vec<u8>) {
        self.files.push((name, content));
    }

    /// Writes the archive to a file that is not there yet, and that nobody else may read. `now` is in seconds since the Unix
    /// epoch.
    ///
    /// # Errors
    /// When there is a file, or it cannot be written; nothing of it stays then.
    pub(crate) fn write(&self, path: &Path, now: u64) -> io::Result<()> {
        let archive = self.packed(now)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let written = file.write_all(&archive).and_then(|()| file.sync_all());
        if written.is_err() {
            // What failed says more than that what is left cannot be removed.
            let _ = fs::remove_file(path);
        }
        written
    }

    fn packed(&self, now: u64) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (name, content) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(now);
            archive.append_data(&mut header, format!("{FOLDER}/{name}"), content.as_slice())?;
        }
        archive.into_inner()?.finish()
    }
}

/// Whether there is nothing at a path, so that an archive can be written there.
///
/// # Errors
/// When there is something, or that cannot be said.
pub(crate) fn is_free(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}
