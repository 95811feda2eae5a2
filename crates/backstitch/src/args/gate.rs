//! Gates: what a pipeline must not let pass (S34).
//!
//! `<condition>[=<n>|<p>%]`: the condition may hold so many times, or for such a share, and not more.

use std::fmt;

use topology::nearest::nearest;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Condition {
    /// Services without a known owner.
    Unowned,
    /// Services to which no component is stitched.
    Unclaimed,
    /// Services whose component has no resolved owner.
    StitchedWithoutOwner,
    /// Components in a cluster that are not stitched.
    Unstitched,
    /// Components in a cluster with this verdict.
    Verdict(api::Verdict),
    /// Components in a cluster none of whose fields names an owner.
    NoOwner,
    /// Components in a cluster whose owners do not exist.
    Unresolved,
    /// Documents and objects that cannot be used.
    Errors,
}

impl Condition {
    const ALL: [Self; 12] = [
        Self::Unowned,
        Self::Unclaimed,
        Self::StitchedWithoutOwner,
        Self::Unstitched,
        Self::Verdict(api::Verdict::NoKubernetesId),
        Self::Verdict(api::Verdict::ServiceNotFound),
        Self::Verdict(api::Verdict::Ambiguous),
        Self::Verdict(api::Verdict::Conflict),
        Self::Verdict(api::Verdict::Invalid),
        Self::NoOwner,
        Self::Unresolved,
        Self::Errors,
    ];

    /// The word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unowned => "unowned",
            Self::Unclaimed => "unclaimed",
            Self::StitchedWithoutOwner => "stitched-without-owner",
            Self::Unstitched => "unstitched",
            Self::Verdict(verdict) => verdict.as_str(),
            Self::NoOwner => "no-owner",
            Self::Unresolved => "unresolved",
            Self::Errors => "errors",
        }
    }

    /// Other words under which people look for it.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "dangling" => Some(Self::Unresolved),
            "not-found" => Some(Self::Verdict(api::Verdict::ServiceNotFound)),
            _ => Self::ALL
                .into_iter()
                .find(|condition| condition.as_str() == text),
        }
    }

    /// What its share is a share of.
    pub(crate) fn of(self) -> &'static str {
        match self {
            Self::Unowned | Self::Unclaimed | Self::StitchedWithoutOwner => "Services",
            Self::Errors => "errors",
            _ => "components",
        }
    }
}

/// How much of it is let pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Threshold {
    /// So many.
    Count(u64),
    /// So many of a hundred.
    Percent(f64),
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// One gate of `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gate {
    /// What is counted.
    pub condition: Condition,
    /// How much of it is let pass.
    pub threshold: Threshold,
}

impl Gate {
    /// Reads `<condition>[=<n>|<p>%]`.
    ///
    /// # Errors
    /// What was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (word, limit) = match text.split_once('=') {
            Some((word, limit)) => (word.trim(), Some(limit.trim())),
            None => (text.trim(), None),
        };
        let Some(condition) = Condition::parse(word) else {
            let words = Condition::ALL.map(Condition::as_str);
            return Err(match nearest(word, words) {
                Some(near) => format!("unknown condition `{word}`, did you mean `{near}`?"),
                None => format!(
                    "unknown condition `{word}`, expected one of {}",
                    words.join(", ")
                ),
            });
        };
        let threshold = match limit {
            None => Threshold::Count(0),
            Some(limit) => parse_limit(limit)?,
        };
        if condition == Condition::Errors && matches!(threshold, Threshold::Percent(_)) {
            return Err(
                "`errors` is no share of anything, expected a number such as `errors=3`".to_owned(),
            );
        }
        Ok(Self {
            condition,
            threshold,
        })
    }
}

fn parse_limit(text: &str) -> Result<Threshold, String> {
    let limit = match text.strip_suffix('%') {
        Some(percent) => percent
            .trim_end()
            .parse()
            .ok()
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(Threshold::Percent),
        None => text.parse().ok().map(Threshold::Count),
    };
    limit.ok_or_else(|| {
        format!("found the limit `{text}`, expected a number such as `3` or a share such as `5%`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_read() {
        let table: [(&str, Condition, Threshold); 8] = [
            ("unowned", Condition::Unowned, Threshold::Count(0)),
            ("unowned=5%", Condition::Unowned, Threshold::Percent(5.0)),
            (
                "unowned = 2.5 %",
                Condition::Unowned,
                Threshold::Percent(2.5),
            ),
            (
                "ambiguous=3",
                Condition::Verdict(api::Verdict::Ambiguous),
                Threshold::Count(3),
            ),
            ("dangling", Condition::Unresolved, Threshold::Count(0)),
            ("unresolved=0", Condition::Unresolved, Threshold::Count(0)),
            (
                "no-owner=100%",
                Condition::NoOwner,
                Threshold::Percent(100.0),
            ),
            ("errors=7", Condition::Errors, Threshold::Count(7)),
        ];
        for (text, condition, threshold) in table {
            assert_eq!(
                Gate::parse(text),
                Ok(Gate {
                    condition,
                    threshold
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_gate_says_what_is_expected() {
        let table = [
            (
                "unownd",
                "unknown condition `unownd`, did you mean `unowned`?",
            ),
            (
                "unowned=five",
                "found the limit `five`, expected a number such as `3` or a share such as `5%`",
            ),
            (
                "unowned=-1",
                "found the limit `-1`, expected a number such as `3` or a share such as `5%`",
            ),
            (
                "unowned=NaN%",
                "found the limit `NaN%`, expected a number such as `3` or a share such as `5%`",
            ),
            (
                "unowned=101%",
                "found the limit `101%`, expected a number such as `3` or a share such as `5%`",
            ),
            (
                "errors=5%",
                "`errors` is no share of anything, expected a number such as `errors=3`",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(Gate::parse(text).expect_err(text), expected);
        }
    }
}
