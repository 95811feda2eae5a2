//! The Backstage that one run of contract tests is about: a pinned one, started once for the test binary, or one's own.

use std::env;
use std::sync::LazyLock;

use tokio::sync::OnceCell;

use super::{Backstage, Error, Options, Token, Version};

/// The variable with the URL of a Backstage of one's own, which is then only read.
pub const OWN_URL: &str = "BACKSTAGE_URL";

/// The variable with the token for it, where it wants one.
pub const OWN_TOKEN: &str = "BACKSTAGE_TOKEN";

/// The variable that names the version to start, where no Backstage of one's own is given.
pub const VERSION: &str = "BACKSTITCH_BACKSTAGE_VERSION";

/// A Backstage that stands still and has a Component, a Group and a User.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its base URL.
    pub url: String,
    /// A token that may read everything, where it wants one.
    pub token: Option<String>,
    /// Which one it is; of one's own it is not known.
    pub version: Option<Version>,
}

/// What the tests of this process share, in the order of [`Version::ALL`]. They are never dropped: the end of the process
/// closes the servers' standard inputs.
static SHARED: [OnceCell<Result<Backstage, Error>>; Version::ALL.len()] =
    [const { OnceCell::const_new() }; Version::ALL.len()];

/// A guarded Backstage with the example catalog, started by the first test that asks and shared by all of this process.
/// It is only to be read.
///
/// # Errors
/// When it did not start.
pub async fn shared(version: Version) -> Result<&'static Backstage, &'static Error> {
    let start = || Backstage::start(version, Options::default());
    let place = &SHARED[version as usize];
    place.get_or_init(start).await.as_ref()
}

/// The Backstage of this run, started by the first test that asks.
///
/// # Errors
/// When none is given, or it does not start: a test that needs one must fail then, and not pass untested.
pub async fn target() -> Result<Target, &'static Error> {
    if let Ok(url) = env::var(OWN_URL) {
        let token = env::var(OWN_TOKEN).ok();
        return Ok(Target {
            url,
            token,
            version: None,
        });
    }
    let version = version().as_ref().copied()?;
    let started = shared(version).await?;
    Ok(Target {
        url: started.url().to_owned(),
        token: Some(Token::Full.text().to_owned()),
        version: Some(version),
    })
}

fn version() -> &'static Result<Version, Error> {
    static NAMED: LazyLock<Result<Version, Error>> = LazyLock::new(|| {
        let name = env::var(VERSION).map_err(|_| Error::NoTarget)?;
        name.parse().map_err(Error::UnknownVersion)
    });
    &NAMED
}
