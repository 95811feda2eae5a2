//! Which Backstages there are, and how one differs from another in its start.

use std::fmt;
use std::str::FromStr;

/// A Backstage that can be installed and started here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// One of today, with catalog 4.0.
    Current,
    /// Of November 2024, with catalog 1.28: the last whose `/entities` is built in memory.
    V1_33,
    /// Of February 2023, with catalog 1.7: before `/entities/by-query`, and of the old backend system.
    V1_11,
}

impl Version {
    /// All of them, the newest first.
    pub const ALL: [Self; 3] = [Self::Current, Self::V1_33, Self::V1_11];

    /// As its folder is named.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::V1_33 => "1.33",
            Self::V1_11 => "1.11",
        }
    }

    /// Whether it reads by cursor, and is strict about parameters: every one since 1.18 or so.
    pub fn has_by_query(self) -> bool {
        self != Self::V1_11
    }

    /// The script that starts it.
    pub(super) fn server(self) -> &'static str {
        match self {
            Self::Current | Self::V1_33 => "new-system.js",
            Self::V1_11 => "old-system.js",
        }
    }

    /// Where its packages keep what the script needs.
    pub(super) fn catalog_entry(self) -> &'static str {
        match self {
            Self::Current | Self::V1_11 => "main",
            Self::V1_33 => "alpha",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|version| version.name() == text)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join("`, `");
                format!("there is no Backstage `{text}` here, only `{names}`")
            })
    }
}
