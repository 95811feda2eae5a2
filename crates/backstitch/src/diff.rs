//! From single changes of the past to what is different now, by team. It must not know where changes come from.

use std::collections::{BTreeMap, HashMap};

use api::{Cause, Change, HistoryEntry, Ownership, ServiceState};
use serde::Serialize;

/// What became of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// It was not there before.
    Appeared,
    /// It is there no more.
    Gone,
    /// Somebody else has it.
    ChangedHands,
    /// Nobody had it, and now somebody has.
    Claimed,
    /// Its component has no owner any more.
    LostItsOwner,
    /// No component is stitched to it any more.
    Unclaimed,
}

impl Kind {
    /// In words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Appeared => "appeared",
            Self::Gone => "gone",
            Self::ChangedHands => "changed hands",
            Self::Claimed => "claimed",
            Self::LostItsOwner => "lost its owner",
            Self::Unclaimed => "unclaimed",
        }
    }
}

/// A Service of which it is not now as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// `cluster/namespace/name`.
    pub service: String,
    /// What became of it.
    pub kind: Kind,
    /// Who had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The component that is stitched to it, else the one that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// When it was last changed.
    pub time: String,
    /// The read that changed it last.
    pub cause: Cause,
    /// How many changes it took.
    pub changes: u64,
}

/// What a team gained and lost, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Team {
    /// Reference of the owner; none: Services that nobody had and nobody has.
    pub team: Option<String>,
    /// The differences.
    pub differences: Vec<Difference>,
}

/// One Service between the two times.
#[derive(Debug)]
struct Span {
    before: Option<Ownership>,
    after: Option<Ownership>,
    time: String,
    cause: Cause,
    changes: u64,
}

/// Changes put together, one after the other. Its size is bounded by the number of Services, whatever the number of changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    services: HashMap<String, Span>,
}

impl Changes {
    /// Adds a change that is older than all that were added.
    pub(crate) fn add_older(&mut self, entry: HistoryEntry) {
        let Change::Service(change) = entry.change else {
            return;
        };
        let span = self.services.entry(change.service).or_insert(Span {
            before: None,
            after: change.after,
            time: entry.time,
            cause: entry.cause,
            changes: 0,
        });
        span.before = change.before;
        span.changes += 1;
    }

    /// Who had each Service that was changed, before all of the changes.
    pub(crate) fn before(self) -> HashMap<String, Option<Ownership>> {
        let spans = self.services.into_iter();
        spans
            .map(|(service, span)| (service, span.before))
            .collect()
    }

    /// What is different, for each team that gained or lost something; or for that team.
    pub(crate) fn by_team(self, only: Option<&str>) -> Vec<Team> {
        let mut differences: Vec<Difference> = self
            .services
            .into_iter()
            .filter_map(|(service, span)| difference(service, span))
            .collect();
        differences
            .sort_by(|one, other| (&one.time, &one.service).cmp(&(&other.time, &other.service)));
        // Nobody comes last.
        let mut teams: BTreeMap<(bool, Option<String>), Vec<Difference>> = BTreeMap::new();
        for difference in differences {
            for team in concerned(&difference) {
                if only.is_none() || only == team.as_deref() {
                    let place = (team.is_none(), team);
                    teams.entry(place).or_default().push(difference.clone());
                }
            }
        }
        let teams = teams.into_iter();
        teams
            .map(|((_, team), differences)| Team { team, differences })
            .collect()
    }
}

/// Both teams of a Service that changed hands, else the one that has or had it, else nobody.
fn concerned(difference: &Difference) -> Vec<Option<String>> {
    let mut teams: Vec<Option<String>> = [&difference.from, &difference.to]
        .into_iter()
        .filter(|team| team.is_some())
        .cloned()
        .collect();
    teams.dedup();
    if teams.is_empty() {
        teams.push(None);
    }
    teams
}

/// What became of a Service between two states of it; none where whose it is did not change.
pub(crate) fn kind(before: Option<&Ownership>, after: Option<&Ownership>) -> Option<Kind> {
    let (before, after) = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => return Some(Kind::Appeared),
        (Some(_), None) => return Some(Kind::Gone),
        (Some(before), Some(after)) => (before, after),
    };
    match (&before.owner, &after.owner) {
        (Some(from), Some(to)) if from == to => None,
        (Some(_), Some(_)) => Some(Kind::ChangedHands),
        (None, Some(_)) => Some(Kind::Claimed),
        (None, None) if before.state == after.state => None,
        (_, None) if after.state == ServiceState::Unclaimed => Some(Kind::Unclaimed),
        // A component that has no owner has it now.
        (None, None) => None,
        (Some(_), None) => Some(Kind::LostItsOwner),
    }
}

fn difference(service: String, span: Span) -> Option<Difference> {
    let Span {
        before,
        after,
        time,
        cause,
        changes,
    } = span;
    let kind = kind(before.as_ref(), after.as_ref())?;
    let owner = |side: &Option<Ownership>| side.as_ref().and_then(|it| it.owner.clone());
    let (from, to) = (owner(&before), owner(&after));
    let component = [&after, &before]
        .into_iter()
        .flatten()
        .find_map(|side| side.component.clone());
    Some(Difference {
        service,
        kind,
        from,
        to,
        component,
        time,
        cause,
        changes,
    })
}

#[cfg(test)]
mod tests {
    use api::{ReadCause, ServiceChange, SourceKind};

    use super::*;

    /// `team`, `-` for unclaimed, `0` for a component without an owner, nothing for absent.
    fn side(text: &str) -> Option<Ownership> {
        let (state, owner) = match text {
            "" => return None,
            "-" => (ServiceState::Unclaimed, None),
            "0" => (ServiceState::StitchedWithoutOwner, None),
            team => (ServiceState::Owned, Some(team.to_owned())),
        };
        Some(Ownership {
            state,
            component: (state != ServiceState::Unclaimed).then(|| "component".to_owned()),
            instance: None,
            owner,
        })
    }

    fn changes(steps: &[(u8, &str, &str, &str)]) -> Changes {
        let mut changes = Changes::default();
        for (hour, service, before, after) in steps.iter().rev() {
            changes.add_older(HistoryEntry {
                time: format!("2026-01-31T{hour:02}:00:00Z"),
                cause: Cause::Read(ReadCause {
                    kind: SourceKind::Catalog,
                    source: "main".to_owned(),
                    generation: u32::from(*hour),
                }),
                change: Change::Service(ServiceChange {
                    service: (*service).to_owned(),
                    before: side(before),
                    after: side(after),
                }),
            });
        }
        changes
    }

    fn kind(steps: &[(&str, &str)]) -> Option<Kind> {
        let steps: Vec<(u8, &str, &str, &str)> = (1..)
            .zip(steps)
            .map(|(hour, (before, after))| (hour, "s", *before, *after))
            .collect();
        let teams = changes(&steps).by_team(None);
        teams.first().map(|team| team.differences[0].kind)
    }

    #[test]
    fn what_became_of_a_service() {
        for (steps, expected) in [
            (&[("", "a")][..], Some(Kind::Appeared)),
            (&[("", "-")], Some(Kind::Appeared)),
            (&[("a", "")], Some(Kind::Gone)),
            (&[("a", "b")], Some(Kind::ChangedHands)),
            (&[("-", "a")], Some(Kind::Claimed)),
            (&[("0", "a")], Some(Kind::Claimed)),
            (&[("a", "0")], Some(Kind::LostItsOwner)),
            (&[("a", "-")], Some(Kind::Unclaimed)),
            (&[("0", "-")], Some(Kind::Unclaimed)),
            (&[("-", "0")], None),
            (&[("a", "a")], None),
            // What changed back is no difference.
            (&[("a", "b"), ("b", "a")], None),
            (&[("", "a"), ("a", "")], None),
            (&[("a", "-"), ("-", "b")], Some(Kind::ChangedHands)),
            (&[("", "-"), ("-", "a")], Some(Kind::Appeared)),
            (&[("a", ""), ("", "b")], Some(Kind::ChangedHands)),
        ] {
            assert_eq!(kind(steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn each_team_sees_what_it_gained_and_lost_oldest_first() {
        let steps = [
            (1, "x", "a", "b"),
            (2, "w", "b", "-"),
            (3, "v", "", "-"),
            (4, "u", "a", "b"),
            (5, "x", "b", "c"),
        ];
        let shown = |teams: Vec<Team>| -> Vec<String> {
            let team = |team: Team| {
                let services = team.differences.iter().map(|it| it.service.as_str());
                let services: Vec<&str> = services.collect();
                format!(
                    "{}: {}",
                    team.team.as_deref().unwrap_or("nobody"),
                    services.join(" ")
                )
            };
            teams.into_iter().map(team).collect()
        };
        assert_eq!(
            shown(changes(&steps).by_team(None)),
            ["a: u x", "b: w u", "c: x", "nobody: v"]
        );
        assert_eq!(shown(changes(&steps).by_team(Some("c"))), ["c: x"]);
        assert_eq!(shown(changes(&steps).by_team(Some("z"))), [""; 0]);
        let teams = changes(&steps).by_team(Some("c"));
        let last = &teams[0].differences[0];
        let Cause::Read(read) = &last.cause else {
            panic!("nobody decided anything");
        };
        assert_eq!((last.changes, read.generation), (2, 5));
        assert_eq!(last.from.as_deref(), Some("a"));
    }
}
