//! What keeps owners from appearing: checks of all that `serve` depends on, each with its outcome and what to do.
//!
//! ```text
//!  Config ── examine ─┬─ store     look at the file ─────────┐
//!                     ├─ catalog   ask each Backstage ───────┤  each a thin part that asks, and a pure one that
//!                     ├─ cluster   ask each API server ──────┼─▶ makes checks of the answers ──▶ Report ──▶ output
//!                     └─ secrets   list, look up, ask those ─┘                                    └─▶ bundle
//! ```
//!
//! It owns which checks there are, what they come to and their remedies. It changes nothing, anywhere, and it must not know
//! how a report is printed. No check shows a value of a secret (S31).

mod bundle;
pub(crate) mod catalog;
mod clock;
mod cluster;
mod config;
mod examine;
mod files;
mod secrets;
mod sign_in;
mod store;

use std::borrow::Cow;

use serde::Serialize;

pub(crate) use self::bundle::{Bundle, is_free};
pub(crate) use self::config::{checks as configuration, refused};
pub(crate) use self::examine::examine;
pub(crate) use self::store::Statistics;

use crate::report::told;
use crate::secrets::Problem;

/// What a check came to, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// As it should be.
    Ok,
    /// Worth knowing, and nothing to be done.
    Note,
    /// It works, and something should be done.
    Warn,
    /// Owners do not appear, or not all of them.
    Fail,
}

impl Outcome {
    pub(crate) const ALL: [Self; 4] = [Self::Ok, Self::Note, Self::Warn, Self::Fail];
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum About {
    /// The configuration file.
    Configuration,
    /// The embedded store.
    Store,
    /// An instance, by its name.
    Catalog,
    /// A cluster, by its name.
    Cluster,
    /// The Secrets of a namespace.
    Secrets,
}

impl About {
    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Store => "store",
            Self::Catalog => "catalog",
            Self::Cluster => "cluster",
            Self::Secrets => "secrets",
        }
    }
}

/// One check of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What was looked at: a word that stays, the resource of a kind as kubectl names it, or the name of a Secret.
    #[serde(rename = "check")]
    pub what: Cow<'static, str>,
    /// What it came to.
    pub outcome: Outcome,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    fn new(what: impl Into<Cow<'static, str>>, outcome: Outcome, message: String) -> Self {
        Self {
            what: what.into(),
            outcome,
            message,
            remedy: None,
        }
    }

    fn ok(what: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(what, Outcome::Ok, message.into())
    }

    pub(crate) fn note(what: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(what, Outcome::Note, message.into())
    }

    pub(crate) fn warn(what: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(what, Outcome::Warn, message.into())
    }

    pub(crate) fn fail(what: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(what, Outcome::Fail, message.into())
    }

    fn problem(what: impl Into<Cow<'static, str>>, problem: Problem) -> Self {
        Self::fail(what, problem.message).remedy(problem.remedy)
    }

    pub(crate) fn remedy(self, remedy: Option<impl Into<String>>) -> Self {
        Self {
            remedy: remedy.map(Into::into),
            ..self
        }
    }

    /// The same, with what to do where it failed and nobody knows better.
    fn or_else(self, remedy: impl FnOnce() -> Option<String>) -> Self {
        match (self.outcome, &self.remedy) {
            (Outcome::Fail, None) => self.remedy(remedy()),
            _ => self,
        }
    }
}

/// The checks of one thing, in the order in which one leads to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// What kind of thing.
    pub about: About,
    /// Which one, where there may be several.
    pub name: Option<String>,
    /// The checks.
    pub checks: Vec<Check>,
}

impl Section {
    pub(crate) fn new(about: About, name: Option<&str>, checks: Vec<Check>) -> Self {
        Self {
            about,
            name: name.map(str::to_owned),
            checks,
        }
    }
}

/// All that was found, in the order in which it is best read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Section by section.
    pub sections: Vec<Section>,
}

impl Report {
    /// Every check with its section.
    pub(crate) fn checks(&self) -> impl Iterator<Item = (&Section, &Check)> {
        self.sections
            .iter()
            .flat_map(|section| section.checks.iter().map(move |check| (section, check)))
    }

    /// How many checks came to this.
    pub(crate) fn count(&self, outcome: Outcome) -> usize {
        let of = |(_, check): &(&Section, &Check)| check.outcome == outcome;
        self.checks().filter(of).count()
    }

    /// The worst outcome.
    pub(crate) fn outcome(&self) -> Outcome {
        let outcomes = self.checks().map(|(_, check)| check.outcome);
        outcomes.max().unwrap_or(Outcome::Ok)
    }

    /// What to do first: the first failure, which may be the cause of those after it.
    pub(crate) fn first_failure(&self) -> Option<(&Section, &Check)> {
        self.checks()
            .find(|(_, check)| check.outcome == Outcome::Fail)
    }
}
