//! What is told when: events are gathered for a while, by team, and messages are kept few. Pure: times are arguments.
//!
//! ```text
//!  changes, sources ──▶ Gathered: the net of a window ── close ──▶ messages, one for each team
//!                           ▲ what came back says nothing  └─ over the limit: counted, and told with the next message
//! ```
//!
//! Nothing is lost without being counted. What is remembered beyond a window is a [`Memo`], which is kept with the messages: up to
//! where history was told, what was left out, which sources were told of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use topology::change::{Change, Ownership};
use topology::verdict::{ServiceKey, ServiceState};

use super::message::{About, Counts, Message, NAMED, NAMED_TEAMS, OfService, OfSource, Team};
use crate::config::{Filter, Happening};

/// Services that may wait for the end of a window; further ones are counted.
pub(super) const MAX_PENDING: usize = 10_000;
/// Teams that get a message each out of one window; more share one.
pub(super) const MAX_TEAMS: usize = 5;
/// The time over which messages are counted, in seconds.
const HOUR: i64 = 3_600;
/// Under which what is no team's is remembered. No reference is like it.
const NOBODY: &str = "";
/// The same of what several teams share, and of sources.
const SEVERAL: &str = "*";
const SOURCES: &str = "sources";

/// How one receiver is told.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// What.
    pub(super) filter: Filter,
    /// How long what happens is gathered, in seconds.
    pub(super) window: i64,
    /// Messages in an hour, for each team.
    pub(super) most_per_hour: usize,
    /// Whether each team has to get a message of its own, however many there are.
    pub(super) each_team: bool,
}

/// What outlives a window, and the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memo {
    /// The last number of history that was gathered before the window that is open.
    pub(super) upto: i64,
    teams: BTreeMap<String, Told>,
    /// The sources that were told of, each with what happened to it.
    sources: BTreeSet<(String, String)>,
}

/// What a team was told of late.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    /// When: seconds since the Unix epoch.
    at: Vec<i64>,
    /// What was not, by the word of what happened.
    left_out: BTreeMap<String, u64>,
}

/// Where the sources stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// What is to be told of, as long as it is so.
    pub(super) standing: Vec<OfSource>,
    /// Those that did not answer yet since the start: what they were told of may be so still.
    pub(super) unsure: BTreeSet<String>,
}

/// What is known from elsewhere when a window is closed.
pub(super) trait Look {
    /// Who has the other Services of the namespace, if that is one team.
    fn team_of_namespace(&self, service: &ServiceKey) -> Option<String>;
    /// What people call a team.
    fn name(&self, reference: &str) -> Option<String>;
    /// Whether a person decided that nobody is to be asked for it.
    fn is_ignored(&self, service: &ServiceKey) -> bool;
}

/// What happened since the window was opened.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    rules: Rules,
    memo: Memo,
    /// The last number of history that was gathered.
    upto: i64,
    /// When the window was opened.
    opened: Option<i64>,
    services: HashMap<ServiceKey, Sides>,
    /// For these was no room.
    beyond: Counts,
}

#[derive(Clone, Debug)]
struct Sides {
    before: Option<Ownership>,
    after: Option<Ownership>,
    at: i64,
}

impl Gathered {
    /// Nothing, after what is remembered.
    pub(super) fn after(rules: Rules, memo: Memo) -> Self {
        Self {
            rules,
            upto: memo.upto,
            memo,
            opened: None,
            services: HashMap::new(),
            beyond: Counts::new(),
        }
    }

    /// The last number of history that was gathered.
    pub(super) fn upto(&self) -> i64 {
        self.upto
    }

    /// Whether nothing is being gathered.
    pub(super) fn is_idle(&self) -> bool {
        self.opened.is_none()
    }

    /// What is remembered; all that was gathered after it is gathered anew after a start.
    pub(super) fn memo(&self) -> &Memo {
        &self.memo
    }

    /// Takes a change of that number and time.
    pub(super) fn change(&mut self, number: i64, at: i64, change: &Change, now: i64) {
        self.upto = self.upto.max(number);
        let Change::Service {
            service,
            before,
            after,
        } = change
        else {
            return;
        };
        if let Some(sides) = self.services.get_mut(service) {
            sides.after.clone_from(after);
            sides.at = at;
            return;
        }
        let Some((happening, team)) = self.happening(before.as_ref(), after.as_ref()) else {
            return;
        };
        if let (Some(team), Some(teams)) = (&team, &self.rules.filter.teams)
            && !teams.contains(team)
        {
            return;
        }
        self.opened.get_or_insert(now);
        if self.services.len() >= MAX_PENDING {
            *self.beyond.entry(happening).or_default() += 1;
            return;
        }
        let sides = Sides {
            before: before.clone(),
            after: after.clone(),
            at,
        };
        self.services.insert(service.clone(), sides);
    }

    /// All of history up to that number was gathered.
    pub(super) fn all_upto(&mut self, number: i64) {
        // Only forgetting can bring it down, which leaves nothing to be told behind.
        self.upto = number;
        if self.opened.is_none() {
            self.memo.upto = number;
        }
    }

    /// Takes note of where the sources stand; whether something is remembered no more of what they were told of, which is to be kept
    /// then.
    pub(super) fn sources(&mut self, sources: &Sources, now: i64) -> bool {
        let is_new = |it: &OfSource| {
            self.rules.filter.events.contains(&it.happening)
                && !self.memo.sources.contains(&told_as(it))
        };
        if sources.standing.iter().any(is_new) {
            self.opened.get_or_insert(now);
        }
        // What is over may be told of again.
        let standing: BTreeSet<_> = sources.standing.iter().map(told_as).collect();
        let told = self.memo.sources.len();
        self.memo
            .sources
            .retain(|told| standing.contains(told) || sources.unsure.contains(&told.0));
        self.memo.sources.len() < told
    }

    /// What it means to this receiver, and whose it is where that is known already.
    fn happening(
        &self,
        before: Option<&Ownership>,
        after: Option<&Ownership>,
    ) -> Option<(Happening, Option<String>)> {
        // What is gone needs no owner.
        let after = after?;
        let wants = |happening| self.rules.filter.events.contains(&happening);
        let owner = before.and_then(|before| before.owner.as_deref());
        let team = owner.map(str::to_owned);
        let is_lost = owner.is_some() && after.owner.is_none();
        if is_lost && wants(Happening::OwnerLost) {
            return Some((Happening::OwnerLost, team));
        }
        let was_unclaimed = before.is_some_and(|it| it.state == ServiceState::Unclaimed);
        let is_unclaimed = after.state == ServiceState::Unclaimed && !was_unclaimed;
        (is_unclaimed && wants(Happening::ServiceUnclaimed))
            .then_some((Happening::ServiceUnclaimed, team))
    }

    /// When there is something to do: seconds since the Unix epoch. A time that is past means now.
    pub(super) fn due(&self) -> Option<i64> {
        if let Some(opened) = self.opened {
            return Some(opened.saturating_add(self.rules.window));
        }
        let left_out = self.memo.teams.values();
        let left_out = left_out.filter(|told| !told.left_out.is_empty());
        left_out
            .map(|told| told.free_at(self.rules.most_per_hour))
            .min()
    }

    /// Closes the window: the messages, and how many events the limit left out of them. What is remembered then is to be kept
    /// together with the messages.
    pub(super) fn close(
        &mut self,
        sources: &Sources,
        look: &impl Look,
        now: i64,
    ) -> (Vec<Message>, u64) {
        self.opened = None;
        self.memo.upto = self.upto;
        let mut teams = self.by_team(look);
        for told in self.memo.teams.values_mut() {
            told.forget(now);
        }
        for (happening, count) in std::mem::take(&mut self.beyond) {
            self.memo.told(NOBODY).leave_out(happening, count);
        }
        let mut parts: BTreeMap<String, Message> = BTreeMap::new();
        if teams.len() > MAX_TEAMS && !self.rules.each_team {
            let all = several(std::mem::take(&mut teams), look, now);
            parts.insert(SEVERAL.to_owned(), all);
        }
        for (team, services) in teams {
            let about = about(&team, look);
            parts.insert(team, of_services(about, services, now));
        }
        if let Some(message) = self.of_sources(&sources.standing, now) {
            parts.insert(SOURCES.to_owned(), message);
        }
        // What was left out is told as soon as it may be, even if nothing else happens.
        for (team, told) in &self.memo.teams {
            if !told.left_out.is_empty() && !parts.contains_key(team) {
                parts.insert(
                    team.clone(),
                    of_services(about(team, look), Vec::new(), now),
                );
            }
        }
        let mut messages = Vec::new();
        let mut left_out = 0;
        for (team, mut message) in parts {
            let told = self.memo.told(&team);
            if told.at.len() >= self.rules.most_per_hour {
                for (happening, count) in message.counts {
                    told.leave_out(happening, count);
                    left_out += count;
                }
                continue;
            }
            told.at.push(now);
            message.left_out = told.take_left_out();
            messages.push(message);
        }
        self.memo
            .teams
            .retain(|_, told| !(told.at.is_empty() && told.left_out.is_empty()));
        (messages, left_out)
    }

    /// What the window came to, by team; sorted.
    fn by_team(&mut self, look: &impl Look) -> BTreeMap<String, Vec<OfService>> {
        let mut teams: BTreeMap<String, Vec<OfService>> = BTreeMap::new();
        // Each namespace is looked at once, however many Services of it there are.
        let mut namespaces: HashMap<(Box<str>, Box<str>), Option<String>> = HashMap::new();
        for (service, Sides { before, after, at }) in std::mem::take(&mut self.services) {
            let happening = self.happening(before.as_ref(), after.as_ref());
            let (Some((happening, owner)), Some(after)) = (happening, after) else {
                continue;
            };
            if look.is_ignored(&service) {
                continue;
            }
            let team = owner.clone().or_else(|| {
                let namespace = (service.cluster.clone(), service.namespace.clone());
                let team = namespaces.entry(namespace);
                team.or_insert_with(|| look.team_of_namespace(&service))
                    .clone()
            });
            if let Some(wanted) = &self.rules.filter.teams
                && !team.as_ref().is_some_and(|team| wanted.contains(team))
            {
                continue;
            }
            let component = before.and_then(|before| before.component);
            let component = after.component.or(component);
            let of_service = OfService {
                happening,
                service,
                state: after.state,
                owner_before: owner,
                component: component.map(|it| it.reference.to_string()),
                at,
            };
            let team = team.unwrap_or_else(|| NOBODY.to_owned());
            teams.entry(team).or_default().push(of_service);
        }
        for services in teams.values_mut() {
            services.sort_by(|a, b| (a.happening, &a.service).cmp(&(b.happening, &b.service)));
        }
        teams
    }

    /// The sources that were not told of.
    fn of_sources(&mut self, sources: &[OfSource], now: i64) -> Option<Message> {
        let mut counts = Counts::new();
        let mut named = Vec::new();
        for source in sources {
            if !self.rules.filter.events.contains(&source.happening)
                || !self.memo.sources.insert(told_as(source))
            {
                continue;
            }
            *counts.entry(source.happening).or_default() += 1;
            if named.len() < NAMED {
                named.push(source.clone());
            }
        }
        (!counts.is_empty()).then(|| Message {
            about: About::Sources,
            at: now,
            counts,
            services: Vec::new(),
            sources: named,
            left_out: Counts::new(),
        })
    }
}

impl Memo {
    /// What was told before counts from here on.
    pub(super) fn from_here(upto: i64) -> Self {
        Self {
            upto,
            ..Self::default()
        }
    }

    fn told(&mut self, team: &str) -> &mut Told {
        self.teams.entry(team.to_owned()).or_default()
    }
}

impl Told {
    /// Forgets what was long ago, and what is yet to come because the clock went back.
    fn forget(&mut self, now: i64) {
        self.at
            .retain(|at| (0..HOUR).contains(&now.saturating_sub(*at)));
    }

    /// When there may be another message.
    fn free_at(&self, most: usize) -> i64 {
        let first = self
            .at
            .len()
            .checked_sub(most)
            .and_then(|index| self.at.get(index));
        first.map_or(i64::MIN, |at| at.saturating_add(HOUR))
    }

    fn leave_out(&mut self, happening: Happening, count: u64) {
        let left_out = self.left_out.entry(happening.as_str().to_owned());
        let left_out = left_out.or_default();
        *left_out = left_out.saturating_add(count);
    }

    fn take_left_out(&mut self) -> Counts {
        let left_out = std::mem::take(&mut self.left_out);
        let known = |word: &str| Happening::ALL.into_iter().find(|it| it.as_str() == word);
        left_out
            .into_iter()
            .filter_map(|(word, count)| Some((known(&word)?, count)))
            .collect()
    }
}

fn told_as(source: &OfSource) -> (String, String) {
    (source.source.clone(), source.happening.as_str().to_owned())
}

fn about(team: &str, look: &impl Look) -> About {
    match team {
        NOBODY => About::Nobody,
        SOURCES => About::Sources,
        SEVERAL => About::Several(0, Vec::new()),
        reference => About::Team(self::team(reference, look)),
    }
}

fn team(reference: &str, look: &impl Look) -> Team {
    Team {
        reference: reference.to_owned(),
        name: look.name(reference).unwrap_or_else(|| reference.to_owned()),
    }
}

fn of_services(about: About, mut services: Vec<OfService>, now: i64) -> Message {
    let mut counts = Counts::new();
    for service in &services {
        *counts.entry(service.happening).or_default() += 1;
    }
    services.truncate(NAMED);
    Message {
        about,
        at: now,
        counts,
        services,
        sources: Vec::new(),
        left_out: Counts::new(),
    }
}

/// One message of what several teams would have had one each of.
fn several(teams: BTreeMap<String, Vec<OfService>>, look: &impl Look, now: i64) -> Message {
    let mut sizes: Vec<(&str, u64)> = teams
        .iter()
        .filter(|(team, _)| !team.is_empty())
        .map(|(team, services)| (team.as_str(), services.len() as u64))
        .collect();
    sizes.sort_by_key(|(team, size)| (std::cmp::Reverse(*size), *team));
    let count = sizes.len();
    let most = sizes.into_iter().take(NAMED_TEAMS);
    let most = most
        .map(|(reference, size)| (team(reference, look), size))
        .collect();
    let mut services: Vec<OfService> = teams.into_values().flatten().collect();
    services.sort_by(|a, b| (a.happening, &a.service).cmp(&(b.happening, &b.service)));
    of_services(About::Several(count, most), services, now)
}

#[cfg(test)]
mod tests;
