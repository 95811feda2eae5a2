//! Where a token is read, so that it is read late and kept nowhere else (S31).

use std::path::PathBuf;

use secrecy::SecretString;

/// Bound on the size of a file that holds a token, in bytes.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;

/// The place where a token is found.
#[derive(Clone, Debug)]
pub(crate) enum TokenSource {
    /// In a file, with or without a line end.
    File(PathBuf),
    /// In an environment variable.
    Environment(String),
    /// In the configuration itself.
    Inline(SecretString),
}

/// Why there is no token. No message shows one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// The file cannot be read.
    #[error("cannot read the token file `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing in the file.
    #[error("the token file `{}` is empty", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// The environment variable is not set, or not a text, or empty.
    #[error("the environment variable `{name}`, which is to hold the token, is not set")]
    NotSet {
        /// The variable.
        name: String,
    },
}

impl TokenSource {
    /// Reads the token.
    ///
    /// # Errors
    /// When there is none to be read.
    pub(crate) fn read(&self) -> Result<SecretString, TokenError> {
        match self {
            Self::Inline(token) => Ok(token.clone()),
            Self::Environment(name) => match std::env::var(name) {
                Ok(token) if !token.trim().is_empty() => Ok(token.trim().to_owned().into()),
                _ => Err(TokenError::NotSet { name: name.clone() }),
            },
            Self::File(path) => {
                let unreadable = |source| TokenError::Unreadable {
                    path: path.clone(),
                    source,
                };
                let length = std::fs::metadata(path).map_err(unreadable)?.len();
                if length > MAX_TOKEN_BYTES {
                    let message = format!("{length} bytes are no token");
                    return Err(unreadable(std::io::Error::other(message)));
                }
                let text = std::fs::read_to_string(path).map_err(unreadable)?;
                if text.trim().is_empty() {
                    return Err(TokenError::EmptyFile { path: path.clone() });
                }
                Ok(text.trim().to_owned().into())
            }
        }
    }
}
