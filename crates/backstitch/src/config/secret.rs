//! Where a secret is read, so that it is read late and kept nowhere else (S31).

use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Bound on the size of a file that holds a secret, in bytes.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The place where a secret is found. It is read anew for every use, so that one that was rotated takes effect.
#[derive(Clone, Debug)]
pub(crate) enum SecretSource {
    /// In a file, with or without a line end.
    File(PathBuf),
    /// In an environment variable.
    Environment(String),
    /// In the configuration itself.
    Inline(SecretString),
}

/// Why there is no secret. No message shows one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the {what} file `{}`", path.display())]
    Unreadable {
        /// What it is to hold: `token`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing in the file.
    #[error("the {what} file `{}` is empty", path.display())]
    EmptyFile {
        /// What it is to hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The environment variable is not set, or not a text, or empty.
    #[error(
        "the environment variable {}, which is to hold the {what}, is not set",
        shown(name)
    )]
    NotSet {
        /// What it is to hold.
        what: &'static str,
        /// The variable.
        name: String,
    },
}

impl SecretSource {
    /// The file that is named, else the environment variable where that is set; `None`: nothing is given.
    pub(crate) fn given(file: Option<&PathBuf>, variable: &str) -> Option<Self> {
        match file {
            Some(file) => Some(Self::File(file.clone())),
            None => std::env::var_os(variable)
                .filter(|secret| !secret.is_empty())
                .map(|_| Self::Environment(variable.to_owned())),
        }
    }

    /// Reads the secret, which is called so in messages: `token`.
    ///
    /// # Errors
    /// When there is none to be read.
    pub(crate) fn read(&self, what: &'static str) -> Result<SecretString, SecretError> {
        match self {
            Self::Inline(secret) => Ok(secret.clone()),
            Self::Environment(name) => match std::env::var(name) {
                Ok(secret) if !secret.trim().is_empty() => Ok(secret.trim().to_owned().into()),
                _ => Err(SecretError::NotSet {
                    what,
                    name: name.clone(),
                }),
            },
            Self::File(path) => file(path, what),
        }
    }
}

/// Whether a text looks like the name of an environment variable. Somebody may have written the secret itself in its place.
pub(super) fn is_variable(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn shown(name: &str) -> String {
    if is_variable(name) {
        format!("`{name}`")
    } else {
        "(its name is not shown, as it may be the secret itself)".to_owned()
    }
}

fn file(path: &Path, what: &'static str) -> Result<SecretString, SecretError> {
    let unreadable = |source| SecretError::Unreadable {
        what,
        path: path.to_owned(),
        source,
    };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_SECRET_BYTES {
        let message = format!("{length} bytes are no {what}");
        return Err(unreadable(std::io::Error::other(message)));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    if text.trim().is_empty() {
        return Err(SecretError::EmptyFile {
            what,
            path: path.to_owned(),
        });
    }
    Ok(text.trim().to_owned().into())
}
