//! The made-up company: who its teams are, what each component says about itself, which services run.
//!
//! What becomes of component `i` is decided by its place in its hundred, so that every verdict occurs at every size
//! from a hundred on, and the right answer is known without running the program under test.

use super::random::number;

const DOMAINS: [&str; 16] = [
    "billing",
    "catalog",
    "checkout",
    "delivery",
    "fraud",
    "identity",
    "inventory",
    "loyalty",
    "media",
    "orders",
    "payments",
    "pricing",
    "returns",
    "reviews",
    "search",
    "shipping",
];
const NOUNS: [&str; 16] = [
    "account", "address", "basket", "card", "coupon", "event", "invoice", "label", "ledger",
    "message", "offer", "profile", "quote", "refund", "stock", "token",
];
const ROLES: [&str; 12] = [
    "api",
    "backend",
    "cache",
    "consumer",
    "gateway",
    "importer",
    "indexer",
    "proxy",
    "reader",
    "scheduler",
    "web",
    "worker",
];
const GIVEN_NAMES: [&str; 12] = [
    "ada", "amir", "bela", "chen", "dana", "emeka", "fatou", "goran", "hana", "ivan", "jana",
    "kofi",
];
const FAMILY_NAMES: [&str; 12] = [
    "abe", "berg", "costa", "diaz", "evans", "farkas", "garcia", "haddad", "ito", "jensen",
    "kumar", "lopez",
];

/// One team for so many components.
const COMPONENTS_PER_TEAM: u32 = 50;
/// One person for so many components.
const COMPONENTS_PER_USER: u32 = 10;
/// One system for so many components.
const COMPONENTS_PER_SYSTEM: u32 = 20;
/// Teams of one department.
const TEAMS_PER_DEPARTMENT: u32 = 8;

/// One stream of numbers for each thing that is drawn, so that a new one does not change the others.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Name = 1,
    Owner,
    User,
    Identifier,
    Details,
}

/// A company of a given size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Company {
    size: u32,
    seed: u64,
}

/// What a component says about its service, and so what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Names its service and the namespace.
    Exact,
    /// Names its service, which is the only one of this name.
    ByName,
    /// Says nothing.
    Silent,
    /// Misspells the name.
    Misspelt,
    /// Names the right service and a wrong namespace.
    WrongNamespace,
    /// Names its service without a namespace, and the twin has one of the same name.
    Ambiguous,
    /// Its service has the name of the one before, in another namespace.
    Twin,
    /// Claims the service of the component before, which claims it too.
    Rival,
}

/// What a component says about its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ownership {
    /// `spec.owner`.
    pub(super) spec: Option<String>,
    /// The annotation `backstage.io/owner`.
    pub(super) annotation: Option<String>,
}

/// The right answer, to compare a run's summary with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) stitched: u64,
    pub(crate) no_kubernetes_id: u64,
    pub(crate) service_not_found: u64,
    pub(crate) ambiguous: u64,
    pub(crate) conflict: u64,
}

impl Company {
    pub(crate) fn new(size: u32, seed: u64) -> Self {
        Self { size, seed }
    }

    /// How many components it has, and how many services.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    pub(super) fn number(&self, stream: Stream, index: u32) -> u64 {
        number(self.seed, stream as u64, u64::from(index))
    }

    pub(super) fn fate(&self, index: u32) -> Fate {
        match index % 100 {
            80..88 => Fate::ByName,
            88..91 => Fate::Silent,
            91..94 => Fate::Misspelt,
            // Where the company ends before the twin, the name is unique.
            94 if index + 1 >= self.size => Fate::ByName,
            94 => Fate::Ambiguous,
            95 => Fate::Twin,
            96 => Fate::WrongNamespace,
            98 => Fate::Rival,
            // 0 to 79, 97 and 99.
            _ => Fate::Exact,
        }
    }

    /// The component's name, which is also its service's unless it is a twin; unique, about 30 characters.
    pub(super) fn name(&self, index: u32) -> String {
        let drawn = self.number(Stream::Name, index);
        format!(
            "{}-{}-{}-{index:07}",
            pick(&DOMAINS, drawn),
            pick(&NOUNS, drawn >> 16),
            pick(&ROLES, drawn >> 32)
        )
    }

    /// The namespace of the component's service: one a team.
    pub(super) fn namespace(&self, index: u32) -> String {
        // Twins live apart from the service whose name they share.
        let shift = u32::from(self.fate(index) == Fate::Twin);
        let team = index / COMPONENTS_PER_TEAM + shift;
        format!("{}-{team:05}", pick(&DOMAINS, u64::from(team)))
    }

    /// Namespace and name of service `index`.
    pub(super) fn service(&self, index: u32) -> (String, String) {
        let named_by = if self.fate(index) == Fate::Twin {
            index - 1
        } else {
            index
        };
        (self.namespace(index), self.name(named_by))
    }

    /// What the component gives as `backstage.io/kubernetes-id` and `backstage.io/kubernetes-namespace`.
    pub(super) fn claim(&self, index: u32) -> (Option<String>, Option<String>) {
        let (namespace, name) = self.service(index);
        match self.fate(index) {
            Fate::Exact | Fate::Twin => (Some(name), Some(namespace)),
            Fate::ByName | Fate::Ambiguous => (Some(name), None),
            Fate::Silent => (None, None),
            Fate::Misspelt => (Some(misspelt(&name)), Some(namespace)),
            Fate::WrongNamespace => (Some(name), Some(format!("{namespace}-staging"))),
            Fate::Rival => {
                let (namespace, name) = self.service(index - 1);
                (Some(name), Some(namespace))
            }
        }
    }

    /// Who the component says owns it: mostly its team, some people, some teams that are gone, some nobody.
    pub(super) fn ownership(&self, index: u32) -> Ownership {
        let drawn = self.number(Stream::Owner, index);
        let team = index / COMPONENTS_PER_TEAM;
        let (spec, annotation) = match drawn % 100 {
            0..90 => (Some(Self::team(team)), None),
            90..95 => (
                Some(format!(
                    "user:default/{}",
                    self.user(index / COMPONENTS_PER_USER)
                )),
                None,
            ),
            95..97 => (
                Some(format!("group:default/{}-retired", Self::team(team))),
                None,
            ),
            97..98 => (
                Some(format!("{}-retired", Self::team(team))),
                Some(Self::team(team)),
            ),
            98..99 => (None, Some(format!("group:default/{}", Self::team(team)))),
            _ => (None, None),
        };
        Ownership { spec, annotation }
    }

    pub(super) fn teams(&self) -> u32 {
        self.size.div_ceil(COMPONENTS_PER_TEAM)
    }

    pub(super) fn team(team: u32) -> String {
        format!("team-{}-{team:05}", pick(&DOMAINS, u64::from(team)))
    }

    pub(super) fn departments(&self) -> u32 {
        self.teams().div_ceil(TEAMS_PER_DEPARTMENT)
    }

    pub(super) fn department(department: u32) -> String {
        format!("department-{department:04}")
    }

    pub(super) fn department_of_team(team: u32) -> u32 {
        team / TEAMS_PER_DEPARTMENT
    }

    pub(super) fn users(&self) -> u32 {
        self.size.div_ceil(COMPONENTS_PER_USER)
    }

    pub(super) fn user(&self, user: u32) -> String {
        let drawn = self.number(Stream::User, user);
        format!(
            "{}.{}.{user:06}",
            pick(&GIVEN_NAMES, drawn),
            pick(&FAMILY_NAMES, drawn >> 16)
        )
    }

    pub(super) fn team_of_user(user: u32) -> u32 {
        user * COMPONENTS_PER_USER / COMPONENTS_PER_TEAM
    }

    pub(super) fn systems(&self) -> u32 {
        self.size.div_ceil(COMPONENTS_PER_SYSTEM)
    }

    pub(super) fn system(system: u32) -> String {
        format!("{}-platform-{system:05}", pick(&DOMAINS, u64::from(system)))
    }

    pub(super) fn system_of_component(index: u32) -> u32 {
        index / COMPONENTS_PER_SYSTEM
    }

    /// A unique identifier of an object, in the shape of a UUID.
    pub(super) fn identifier(&self, kind: u64, index: u32) -> String {
        let high = number(self.number(Stream::Identifier, index), kind, 0);
        let low = number(self.number(Stream::Identifier, index), kind, 1);
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFF,
            low >> 52,
            low & 0xFFFF_FFFF_FFFF
        )
    }

    /// The verdicts a correct program gives.
    pub(crate) fn expected(&self) -> Expected {
        let mut expected = Expected::default();
        for index in 0..self.size {
            match self.fate(index) {
                Fate::Exact | Fate::ByName | Fate::Twin => expected.stitched += 1,
                Fate::Silent => expected.no_kubernetes_id += 1,
                Fate::Misspelt | Fate::WrongNamespace => expected.service_not_found += 1,
                Fate::Ambiguous => expected.ambiguous += 1,
                // Of the two rivals one wins, whichever; the other is in conflict.
                Fate::Rival => expected.conflict += 1,
            }
        }
        expected
    }
}

/// The name with its second letter left out, as people do.
fn misspelt(name: &str) -> String {
    name.char_indices()
        .filter(|(at, _)| *at != 1)
        .map(|(_, letter)| letter)
        .collect()
}

pub(super) fn pick<'a>(words: &[&'a str], drawn: u64) -> &'a str {
    let count = words.len() as u64;
    let place = usize::try_from(drawn % count).unwrap_or_default();
    words[place]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// A second opinion on the verdicts: looks every claim up in the services there are.
    fn looked_up(company: Company) -> Expected {
        let services: Vec<(String, String)> =
            (0..company.size()).map(|i| company.service(i)).collect();
        let exact: BTreeSet<&(String, String)> = services.iter().collect();
        assert_eq!(exact.len(), services.len(), "services are unique");
        let mut namespaces_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (namespace, name) in &services {
            namespaces_of.entry(name).or_default().push(namespace);
        }
        let mut taken = BTreeSet::new();
        let mut found = Expected::default();
        for index in 0..company.size() {
            let hit = match company.claim(index) {
                (None, _) => {
                    found.no_kubernetes_id += 1;
                    continue;
                }
                (Some(name), Some(namespace)) => {
                    let key = (namespace, name);
                    exact.contains(&key).then_some(key)
                }
                (Some(name), None) => match namespaces_of.get(name.as_str()).map(Vec::as_slice) {
                    None => None,
                    Some([one]) => Some(((*one).to_owned(), name)),
                    Some(_) => {
                        found.ambiguous += 1;
                        continue;
                    }
                },
            };
            match hit {
                None => found.service_not_found += 1,
                Some(key) if taken.insert(key.clone()) => found.stitched += 1,
                Some(_) => found.conflict += 1,
            }
        }
        found
    }

    #[test]
    fn the_expected_verdicts_are_those_of_looking_every_claim_up() {
        // Sizes that end inside the interesting part of a hundred, too.
        for size in [0, 1, 89, 95, 96, 98, 99, 100, 1_000, 1_095] {
            let company = Company::new(size, 7);
            assert_eq!(company.expected(), looked_up(company), "{size} components");
        }
    }

    #[test]
    fn a_thousand_components_meet_every_verdict() {
        assert_eq!(
            Company::new(1_000, 1).expected(),
            Expected {
                stitched: 910,
                no_kubernetes_id: 30,
                service_not_found: 40,
                ambiguous: 10,
                conflict: 10
            }
        );
    }

    #[test]
    fn names_are_valid_in_kubernetes_and_about_thirty_characters() {
        let company = Company::new(500, 3);
        let mut together = 0;
        for index in 0..500 {
            let (namespace, name) = company.service(index);
            for label in [&namespace, &name] {
                assert!(label.len() <= 63, "{label}");
                assert!(
                    label
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                    "{label}"
                );
            }
            together += name.len();
        }
        assert!(
            (25..=33).contains(&(together / 500)),
            "{} characters",
            together / 500
        );
    }

    #[test]
    fn the_seed_changes_names_and_nothing_else() {
        let (one, other) = (Company::new(1_000, 1), Company::new(1_000, 2));
        assert_ne!(one.name(0), other.name(0));
        assert_eq!(one.expected(), other.expected());
    }

    #[test]
    fn every_kind_of_owner_occurs() {
        let company = Company::new(1_000, 1);
        let all: Vec<Ownership> = (0..1_000).map(|i| company.ownership(i)).collect();
        let spec = |part: &str| {
            all.iter()
                .filter(|o| o.spec.as_ref().is_some_and(|s| s.contains(part)))
                .count()
        };
        assert!(spec("team-") > 900 && spec("user:") > 20 && spec("-retired") > 10);
        assert!(
            all.iter()
                .any(|o| o.spec.is_none() && o.annotation.is_some())
        );
        assert!(
            all.iter()
                .any(|o| o.spec.is_none() && o.annotation.is_none())
        );
    }
}
