//! Which Services carry a label, and which components ask for one (rules `kubernetes-id-label`, `label-selector`).
//!
//! Both rules are opt-in, so a label key is indexed only from the moment a component first asks for it: who does not
//! use them pays nothing.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::id_set::{IdSet, IdSets};
use crate::names::{Name, Names};
use crate::records::Service;
use crate::selector::{Operator, Selector};
use crate::slab::Slab;
use crate::topology::{ClusterId, Map};

/// The part of a selector that is looked up; the rest is held against what that finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Anchor {
    /// Services with this label.
    Equal(Name, Name),
    /// Services with this label key.
    Exists(Name),
    /// Every Service: the selector only says what must not be.
    Any,
}

impl Anchor {
    /// The label key that it looks up; `None`: it looks at every Service.
    pub(crate) fn key(self) -> Option<Name> {
        match self {
            Self::Equal(key, _) | Self::Exists(key) => Some(key),
            Self::Any => None,
        }
    }
}

/// Labels indexed for one question, beside what the topology keeps.
#[derive(Debug)]
pub(crate) struct Aside {
    sets: IdSets,
    index: LabelIndex,
}

impl Aside {
    /// The Services by the values of these label keys.
    pub(crate) fn of(services: &Slab<Service>, keys: HashSet<Name, RandomState>) -> Self {
        let mut sets = IdSets::new();
        let mut index = LabelIndex {
            indexed: keys,
            ..LabelIndex::default()
        };
        if !index.indexed.is_empty() {
            for (id, service) in services.iter().filter(|(_, service)| service.live) {
                index.add(&mut sets, service, id);
            }
        }
        Self { sets, index }
    }

    pub(crate) fn at(&self, cluster: ClusterId, anchor: Anchor) -> Option<&[u32]> {
        self.index.at(&self.sets, cluster, anchor)
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct LabelIndex {
    services: Map<(ClusterId, Name, Option<Name>), IdSet>,
    indexed: HashSet<Name, RandomState>,
    asks: Map<Anchor, IdSet>,
}

impl LabelIndex {
    /// No label was ever asked for.
    pub(crate) fn is_unused(&self) -> bool {
        self.asks.is_empty() && self.indexed.is_empty()
    }

    /// Whether what the anchor looks up is indexed.
    pub(crate) fn has(&self, anchor: Anchor) -> bool {
        anchor.key().is_none_or(|key| self.has_key(key))
    }

    /// Whether the Services are found by the values of this label.
    pub(crate) fn has_key(&self, key: Name) -> bool {
        self.indexed.contains(&key)
    }

    /// Has the Services found by the values of this label from now on.
    pub(crate) fn index_key(&mut self, sets: &mut IdSets, services: &Slab<Service>, key: Name) {
        if !self.indexed.insert(key) {
            return;
        }
        for (id, service) in services.iter().filter(|(_, service)| service.live) {
            for pair in service.labels().iter().filter(|pair| pair.0 == key) {
                self.add_pair(sets, service.cluster, *pair, id);
            }
        }
    }

    pub(crate) fn ask(
        &mut self,
        sets: &mut IdSets,
        services: &Slab<Service>,
        anchor: Anchor,
        component: u32,
    ) {
        if let Some(key) = anchor.key() {
            self.index_key(sets, services, key);
        }
        let set = self.asks.entry(anchor).or_insert(IdSet::EMPTY);
        sets.insert(set, component);
    }

    pub(crate) fn unask(&mut self, sets: &mut IdSets, anchor: Anchor, component: u32) {
        if let Some(set) = self.asks.get_mut(&anchor) {
            sets.remove(set, component);
            if set.is_empty() {
                self.asks.remove(&anchor);
            }
        }
    }

    pub(crate) fn add(&mut self, sets: &mut IdSets, service: &Service, id: u32) {
        for pair in service.labels() {
            if self.indexed.contains(&pair.0) {
                self.add_pair(sets, service.cluster, *pair, id);
            }
        }
    }

    pub(crate) fn remove(&mut self, sets: &mut IdSets, service: &Service, id: u32) {
        for (key, value) in service.labels() {
            for value in [Some(*value), None] {
                let place = (service.cluster, *key, value);
                if let Some(set) = self.services.get_mut(&place) {
                    sets.remove(set, id);
                    if set.is_empty() {
                        self.services.remove(&place);
                    }
                }
            }
        }
    }

    /// The components whose selectors may select this Service.
    pub(crate) fn asking(&self, sets: &IdSets, service: &Service) -> Vec<u32> {
        let mut asking = Vec::new();
        if self.asks.is_empty() {
            return asking;
        }
        let mut collect = |anchor| {
            if let Some(set) = self.asks.get(&anchor) {
                asking.extend_from_slice(sets.ids(set));
            }
        };
        collect(Anchor::Any);
        for (key, value) in service.labels() {
            collect(Anchor::Equal(*key, *value));
            collect(Anchor::Exists(*key));
        }
        asking
    }

    /// The Services at `anchor`; `None` for [`Anchor::Any`], where they are all that there are.
    pub(crate) fn at<'s>(
        &'s self,
        sets: &'s IdSets,
        cluster: ClusterId,
        anchor: Anchor,
    ) -> Option<&'s [u32]> {
        let place = match anchor {
            Anchor::Equal(key, value) => (cluster, key, Some(value)),
            Anchor::Exists(key) => (cluster, key, None),
            Anchor::Any => return None,
        };
        Some(self.services.get(&place).map_or(&[], |set| sets.ids(set)))
    }

    pub(crate) fn mark_names(&self, mark: &mut dyn FnMut(Name)) {
        self.indexed.iter().for_each(|key| mark(*key));
        for anchor in self.asks.keys() {
            if let Anchor::Equal(_, value) = anchor {
                mark(*value);
            }
        }
    }

    fn add_pair(&mut self, sets: &mut IdSets, cluster: ClusterId, pair: (Name, Name), id: u32) {
        for value in [Some(pair.1), None] {
            let set = self
                .services
                .entry((cluster, pair.0, value))
                .or_insert(IdSet::EMPTY);
            sets.insert(set, id);
        }
    }
}

/// Where a selector is looked up: the values of its first equality, else a key that must exist, else everywhere. `name`
/// gives the interned name of a text; a text that nothing carries has none, and leads nowhere.
pub(crate) fn anchors(
    selector: &Selector,
    mut name: impl FnMut(&str) -> Option<Name>,
) -> Vec<Anchor> {
    let equality =
        selector
            .requirements
            .iter()
            .find_map(|requirement| match &requirement.operator {
                Operator::In(values) => Some((&requirement.key, values)),
                _ => None,
            });
    if let Some((key, values)) = equality {
        let Some(key) = name(key) else {
            return Vec::new();
        };
        let values = values.iter().filter_map(|value| name(value));
        return values.map(|value| Anchor::Equal(key, value)).collect();
    }
    let exists = selector
        .requirements
        .iter()
        .find(|requirement| requirement.operator == Operator::Exists);
    match exists {
        Some(requirement) => name(&requirement.key)
            .map(Anchor::Exists)
            .into_iter()
            .collect(),
        None => vec![Anchor::Any],
    }
}

/// Whether a Service's labels satisfy `selector`.
pub(crate) fn selects(selector: &Selector, names: &Names, service: &Service) -> bool {
    selector.matches(|key| {
        service
            .labels()
            .iter()
            .find_map(|(name, value)| (names.get(*name) == key).then(|| names.get(*value)))
    })
}
