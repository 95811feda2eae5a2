//! How well the words of a query fit the names of the topology: each name is looked at once, however many objects have it.

use super::best::Rank;
use super::query::Query;
use super::word::{CLASS, Fit, Word};
use crate::names::{Name, Names};
use crate::topology::{ClusterId, InstanceId, Topology};

/// What is not known yet.
const UNKNOWN: u16 = 0;
/// The word does not fit.
const NONE: u16 = 1;
/// What a fit is more than its number.
const FITS: u16 = 2;

/// What a word costs that is found in the place, more than it would in the name.
const PLACE: u16 = CLASS;
/// What a word costs that is the kind.
const KIND: u16 = CLASS;

/// Where an object is, besides what is interned of that.
#[derive(Clone, Copy, Debug)]
pub(super) enum Around {
    Cluster(ClusterId),
    Instance(InstanceId),
}

/// Of each word what it costs in each name, as far as that was asked for.
#[derive(Debug)]
pub(super) struct Fits {
    query: Query,
    by_name: Vec<Vec<u16>>,
    /// Of the names of clusters and instances, which are few; by word, then by number.
    clusters: Vec<Vec<Option<Fit>>>,
    instances: Vec<Vec<Option<Fit>>>,
    sweeps: u32,
}

impl Fits {
    pub(super) fn new(query: Query) -> Self {
        Self {
            by_name: vec![Vec::new(); query.words.len()],
            clusters: Vec::new(),
            instances: Vec::new(),
            sweeps: 0,
            query,
        }
    }

    /// Somebody may have changed the topology since the last slice: names that were given back mean others now.
    pub(super) fn look_again(&mut self, topology: &Topology) {
        let sweeps = topology.names.sweeps();
        for known in &mut self.by_name {
            if sweeps != self.sweeps {
                known.clear();
            }
            known.resize(topology.names.bound(), UNKNOWN);
        }
        self.sweeps = sweeps;
        let of = |names: Vec<&str>| -> Vec<Vec<Option<Fit>>> {
            let fit = |word: &Word| {
                let fits = names
                    .iter()
                    .map(|name| word.fit(name).filter(|it| it.is_literal()));
                fits.collect()
            };
            self.query.words.iter().map(fit).collect()
        };
        self.clusters = of(topology.clusters.iter().map(|it| &*it.name).collect());
        let instances = topology.instances.iter();
        self.instances = of(instances.map(|it| &*it.settings.name).collect());
    }

    /// How well something fits that has these names, is there, and is of one of these kinds; none where a word fits nothing.
    /// A kind only narrows: nothing is found by that alone.
    pub(super) fn rank(
        &mut self,
        names: &Names,
        its: &[Name],
        around: Around,
        places: &[Name],
        kind: &str,
    ) -> Option<Rank> {
        let mut rank = Rank {
            by_place_only: true,
            cost: 0,
        };
        let mut found = false;
        for word in 0..self.query.words.len() {
            let by_name = its.iter().filter_map(|name| self.fit(word, names, *name));
            if let Some(fit) = by_name.min() {
                rank.by_place_only = false;
                rank.cost += fit.0;
                found = true;
                continue;
            }
            if let Some(fit) = self.place(word, names, around, places) {
                rank.cost += PLACE + fit.0;
                found = true;
                continue;
            }
            if self.query.words[word].as_str() != kind {
                return None;
            }
            rank.cost += KIND;
        }
        found.then_some(rank)
    }

    /// In a place a word has to stand as it is: letters in order would be found in most of them.
    fn place(
        &mut self,
        word: usize,
        names: &Names,
        around: Around,
        places: &[Name],
    ) -> Option<Fit> {
        let outer = match around {
            Around::Cluster(id) => self.clusters[word][usize::from(id.0)],
            Around::Instance(id) => self.instances[word][usize::from(id.0)],
        };
        let inner = places
            .iter()
            .filter_map(|name| self.fit(word, names, *name));
        let inner = inner.filter(|it| it.is_literal()).min();
        outer.into_iter().chain(inner).min()
    }

    fn fit(&mut self, word: usize, names: &Names, name: Name) -> Option<Fit> {
        let known = &mut self.by_name[word][name.raw() as usize];
        if *known == UNKNOWN {
            let letters = names.letters(name);
            let word = &self.query.words[word];
            let fit = word.fit_lazily(letters, || names.get(name));
            *known = fit.map_or(NONE, |fit| FITS + fit.0);
        }
        known.checked_sub(FITS).map(Fit)
    }
}
