//! How an instance is stitched: its mapping, its rules, the clusters it covers (S1, S8, S11).

use std::fmt;

use crate::label_map::LabelMap;
use crate::nearest::nearest;

/// Settings of one Backstage instance or file catalog, as far as stitching is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSettings {
    /// Name of the instance; label `/backstage-scraper` carries it.
    pub name: Box<str>,
    /// Where its fields are read.
    pub label_map: LabelMap,
    /// Rules in the order in which they are tried; at least one.
    pub match_rules: Vec<MatchRule>,
    /// The clusters it covers.
    pub clusters: Coverage,
    /// `backstage.io/kubernetes-cluster` on a component narrows its clusters.
    pub honor_cluster_annotation: bool,
}

impl InstanceSettings {
    /// Default mapping and rules over all clusters.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            label_map: LabelMap::default(),
            match_rules: vec![MatchRule::ServiceName],
            clusters: Coverage::All,
            honor_cluster_annotation: false,
        }
    }
}

/// Which clusters an instance covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every cluster there is.
    All,
    /// Those of these names.
    Named(Vec<Box<str>>),
}

impl Coverage {
    /// Whether the cluster of that name is covered.
    pub fn covers(&self, cluster: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| &**name == cluster),
        }
    }
}

/// One way to find the services of a component (S11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchRule {
    /// The Kubernetes id is the name of a Service (S5–S7).
    ServiceName,
    /// The Service carries label `backstage.io/kubernetes-id` with the Kubernetes id as value.
    KubernetesIdLabel,
    /// Annotation `backstage.io/kubernetes-label-selector` selects Services.
    LabelSelector,
    /// `metadata.name` is the name of a Service.
    ComponentName,
    /// A person pinned the component to the Service. Before every other rule, and in no list of rules.
    Pinned,
}

impl MatchRule {
    /// Every rule that an instance may list, in the order of the contract.
    pub const ALL: [Self; 4] = [
        Self::ServiceName,
        Self::KubernetesIdLabel,
        Self::LabelSelector,
        Self::ComponentName,
    ];

    /// The rule as configuration writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServiceName => "service-name",
            Self::KubernetesIdLabel => "kubernetes-id-label",
            Self::LabelSelector => "label-selector",
            Self::ComponentName => "component-name",
            Self::Pinned => "pinned",
        }
    }

    /// The rule of that name.
    ///
    /// # Errors
    /// The nearest known name, if one is near.
    pub fn parse(text: &str) -> Result<Self, Option<&'static str>> {
        Self::ALL
            .into_iter()
            .find(|rule| rule.as_str() == text)
            .ok_or_else(|| nearest(text, Self::ALL.map(Self::as_str)))
    }

    /// Reads the `match_rules` of an instance: the rules that could be read, and what is wrong with the others.
    pub fn read_list<'n>(names: impl IntoIterator<Item = &'n str>) -> (Vec<Self>, Vec<RuleError>) {
        let mut rules: Vec<Self> = Vec::new();
        let mut errors = Vec::new();
        for (at, name) in names.into_iter().enumerate() {
            let problem = match Self::parse(name) {
                Ok(rule) if rules.contains(&rule) => RuleProblem::Twice,
                Ok(rule) => {
                    rules.push(rule);
                    continue;
                }
                Err(nearest) => RuleProblem::Unknown { nearest },
            };
            errors.push(RuleError {
                at: Some(at),
                name: name.to_owned(),
                problem,
            });
        }
        if rules.is_empty() && errors.is_empty() {
            errors.push(RuleError {
                at: None,
                name: String::new(),
                problem: RuleProblem::Empty,
            });
        }
        (rules, errors)
    }
}

/// One fault of a list of `match_rules` (S4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The place in the list, where one of it is at fault.
    pub at: Option<usize>,
    /// The name as written.
    pub name: String,
    /// What is wrong.
    pub problem: RuleProblem,
}

/// What is wrong with a rule of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleProblem {
    /// There is no such rule.
    Unknown {
        /// The nearest name of one.
        nearest: Option<&'static str>,
    },
    /// It stands in the list before.
    Twice,
    /// There is none.
    Empty,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.problem {
            RuleProblem::Unknown { .. } => write!(f, "`match_rules`: unknown rule `{name}`"),
            RuleProblem::Twice => write!(f, "`match_rules` lists `{name}` twice"),
            RuleProblem::Empty => {
                f.write_str("`match_rules`: the list is empty, expected at least one rule")
            }
        }
    }
}

impl std::error::Error for RuleError {}

/// The rules of an instance without their order: what they look up, not which comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleSet(u8);

impl RuleSet {
    pub(crate) fn of(rules: &[MatchRule]) -> Self {
        Self(rules.iter().fold(0, |set, rule| set | Self::bit(*rule)))
    }

    pub(crate) fn contains(self, rule: MatchRule) -> bool {
        self.0 & Self::bit(rule) != 0
    }

    fn bit(rule: MatchRule) -> u8 {
        1 << rule as u8
    }
}

impl fmt::Display for MatchRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
