//! How well the words of a query fit the names of the topology: each name is looked at once, however many objects have it.

use super::best::Rank;
use super::query::Query;
use super::word::{Asked, CLASS, Fit, Word};
use crate::names::{Name, Names};
use crate::topology::{ClusterId, InstanceId, Topology};

/// What is not known yet.
const UNKNOWN: u16 = 0;
/// The word does not fit, by what was asked.
const NONE: [u16; 3] = [1, 2, 3];
/// What a fit is more than its number.
const FITS: u16 = 4;

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

    /// How well something fits that has these names, is there, and is of that kind; none where a word fits nothing, and where it
    /// would cost more than `most`. A word is taken for what stands there, in a name, in the place or as the kind; else for a
    /// name that is like it. A kind only narrows: nothing is found by that alone.
    pub(super) fn rank(
        &mut self,
        names: &Names,
        its: &[Name],
        around: Around,
        places: &[Name],
        kind: &str,
        most: u16,
    ) -> Option<Rank> {
        let mut rank = Rank {
            by_place_only: true,
            cost: 0,
        };
        let mut found = false;
        for word in 0..self.query.words.len() {
            if let Some(fit) = self.best(word, names, its, Asked::Literal) {
                rank.by_place_only = false;
                rank.cost += fit.0;
                found = true;
            } else if let Some(fit) = self.place(word, names, around, places) {
                rank.cost += PLACE + fit.0;
                found = true;
            } else if self.query.words[word].as_str() == kind {
                rank.cost += KIND;
            } else {
                let asked = Asked::within(most.saturating_sub(rank.cost));
                let fit = self.best(word, names, its, asked)?;
                rank.by_place_only = false;
                rank.cost += fit.0;
                found = true;
            }
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
            .filter_map(|name| self.fit(word, names, *name, Asked::Literal));
        let inner = inner.filter(|it| it.is_literal()).min();
        outer.into_iter().chain(inner).min()
    }

    fn best(&mut self, word: usize, names: &Names, its: &[Name], asked: Asked) -> Option<Fit> {
        its.iter()
            .filter_map(|name| self.fit(word, names, *name, asked))
            .min()
            .filter(|fit| fit.is_literal() || asked > Asked::Literal)
    }

    fn fit(&mut self, word: usize, names: &Names, name: Name, asked: Asked) -> Option<Fit> {
        let known = &mut self.by_name[word][name.raw() as usize];
        let none = NONE[asked as usize];
        if *known < none {
            let letters = names.letters(name);
            let word = &self.query.words[word];
            let fit = word.fit_lazily(letters, asked, || names.get(name));
            *known = fit.map_or(none, |fit| FITS + fit.0);
        }
        known.checked_sub(FITS).map(Fit)
    }
}
