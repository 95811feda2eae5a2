//! The best of very many hits, whatever the order in which they come.
//!
//! It owns the order of hits. Names are copied only of those that are among the best so far, because ids may be given to
//! others between two slices.

use std::cmp::Ordering;

use super::FoundKind;
use crate::joined::cmp_joined;

/// How well something fits: whether its name does at all, then the sum of what each word costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) by_place_only: bool,
    pub(super) cost: u16,
}

/// A hit. `parts` are those of its id in order, and what tells apart those of one id.
#[derive(Clone, Debug)]
pub(super) struct Hit<T> {
    pub(super) rank: Rank,
    pub(super) kind: FoundKind,
    /// Letters of its name.
    pub(super) length: usize,
    pub(super) parts: [T; 4],
}

impl<T: AsRef<str>> Hit<T> {
    fn cmp<U: AsRef<str>>(&self, other: &Hit<U>) -> Ordering {
        (self.rank, self.kind, self.length)
            .cmp(&(other.rank, other.kind, other.length))
            .then_with(|| {
                let ours = self.parts.each_ref().map(AsRef::as_ref);
                let theirs = other.parts.each_ref().map(AsRef::as_ref);
                ours[0]
                    .cmp(theirs[0])
                    .then_with(|| cmp_joined((ours[1], ours[2]), (theirs[1], theirs[2])))
                    .then_with(|| ours[3].cmp(theirs[3]))
            })
    }
}

/// The best hits so far, in order.
#[derive(Debug)]
pub(super) struct Best {
    limit: usize,
    hits: Vec<Hit<Box<str>>>,
}

impl Best {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            hits: Vec::with_capacity(limit + 1),
        }
    }

    /// Takes a hit if it is among the best. What is met twice, because it was made anew meanwhile, counts once.
    pub(super) fn take(&mut self, hit: &Hit<&str>) {
        let full = self.hits.len() == self.limit;
        if full
            && self
                .hits
                .last()
                .is_some_and(|worst| hit.cmp(worst) != Ordering::Less)
        {
            return;
        }
        let Err(at) = self.hits.binary_search_by(|other| other.cmp(hit)) else {
            return;
        };
        let owned = Hit {
            rank: hit.rank,
            kind: hit.kind,
            length: hit.length,
            parts: hit.parts.map(Into::into),
        };
        self.hits.insert(at, owned);
        self.hits.truncate(self.limit);
    }

    /// What a hit may cost to be among the best `few`. Those by their place alone come after all others, so that as long as one
    /// of these is among the best, anything may.
    pub(super) fn most(&self, few: usize) -> u16 {
        let worst = self.hits.get(few.min(self.limit) - 1);
        let named = worst.filter(|worst| !worst.rank.by_place_only);
        named.map_or(u16::MAX, |worst| worst.rank.cost)
    }

    /// The hits in order.
    pub(super) fn into_hits(self) -> Vec<Hit<Box<str>>> {
        self.hits
    }

    /// The hits of both in order, of `other` at most so many.
    pub(super) fn with_few_of(self, other: Self, few: usize) -> Vec<Hit<Box<str>>> {
        let limit = self.limit;
        let mut hits = self.hits;
        hits.extend(other.hits.into_iter().take(few));
        hits.sort_by(Hit::cmp);
        hits.truncate(limit);
        hits
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }
}
