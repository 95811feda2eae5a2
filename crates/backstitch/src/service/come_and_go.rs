//! Sources that come and go while the loop runs: opened, withdrawn, closed.

use catalog::backstage::Taken;
use server::status::{Failure, NextAttempt};
use store::{Good, Source};
use topology::apply::{CatalogDelta, Changes, ClusterDelta, Delta};
use topology::fact::{CatalogGeneration, ClusterGeneration};
use topology::packed::PackedEntities;
use topology::settings::InstanceSettings;
use topology::topology::InstanceId;

use super::engine::{Engine, Stopped};
use super::event::{Opened, Opening, Reading, SourceNo};
use super::load::{catalog_id, cluster_id};
use super::mapping;
use super::standing::{Handle, Standing};
use super::task::Woken;

impl Engine {
    /// Adds a source. Nothing of it is known: what the store had of one of that name was served from the start, or was
    /// forgotten with it.
    pub(super) fn open(&mut self, source: SourceNo, opening: Opening) -> Result<(), Stopped> {
        let Opening {
            what,
            bell,
            recheck,
        } = opening;
        let (id, stored) = match &what {
            Opened::Instance(settings) => (
                catalog_id(&settings.name),
                Source::Instance(settings.name.clone()),
            ),
            Opened::Cluster(name) => (cluster_id(name), Source::Cluster(name.as_str().into())),
        };
        self.persist(|store| store.forget(&stored))?;
        let mut standing = Standing::new(id, stored, Handle::Nowhere);
        let nothing = match what {
            Opened::Instance(settings) => {
                standing.mapping = mapping::text(&settings.label_map);
                standing.own = Some(Box::new(settings.clone()));
                let instance = self.topology_mut().set_instance(settings);
                standing.handle = Handle::Instance(instance);
                Delta::Catalog(CatalogDelta {
                    instance,
                    generation: 0,
                    read_at: 0,
                    upserts: Vec::new(),
                    removals: Vec::new(),
                })
            }
            Opened::Cluster(name) => {
                let cluster = self.topology_mut().set_cluster(&name);
                standing.handle = Handle::Cluster(cluster);
                Delta::Cluster(ClusterDelta {
                    cluster,
                    upserts: Vec::new(),
                    removals: Vec::new(),
                })
            }
        };
        standing.bell = bell;
        standing.recheck = recheck;
        self.shared
            .sources
            .hang_up(&standing.id, standing.bell.clone());
        debug_assert_eq!(source.0, self.book.len(), "numbers are given out in order");
        self.book.push(standing);
        // What waited for the source is told now, and not with what the next one says.
        let changes = self.topology_mut().apply(nothing);
        self.made(source, &changes)?;
        self.publish(source);
        Ok(())
    }

    /// S30: what configured it is gone, and what it gave is judged as if it were empty.
    pub(super) fn withdrawn(
        &mut self,
        source: SourceNo,
        failure: Failure,
        reading: Reading,
    ) -> Result<Taken, Stopped> {
        let handle = self.at(source).handle;
        let confirmations = self.policy.confirmations;
        let counts =
            reading.woken == Woken::Due || self.at(source).holds.are_confirmed(confirmations);
        let taken = match handle {
            _ if !counts => Taken::Refused,
            Handle::Instance(instance) if self.topology().entity_count(instance) > 0 => {
                let nothing = CatalogGeneration::whole(PackedEntities::default(), Vec::new());
                self.catalog(source, instance, nothing, reading)?
            }
            Handle::Cluster(cluster) if self.topology().object_count(cluster, None) > 0 => {
                self.cluster(source, cluster, ClusterGeneration::default(), reading)?
            }
            _ => Taken::Replaced,
        };
        let standing = self.at(source);
        standing.account.failed(failure.at, failure.kind);
        standing.watched = false;
        standing.failure = Some(failure);
        self.answered(source, false);
        Ok(taken)
    }

    /// A person wants the source left alone: what is known of it stays, and what went wrong before is no matter now.
    pub(super) fn paused(&mut self, source: SourceNo) {
        let standing = self.at(source);
        standing.paused = true;
        standing.watched = false;
        standing.failure = None;
        standing.next_attempt = None;
        standing.account.went_well();
        self.answered(source, false);
    }

    /// How an instance is stitched, as its Secret says now (S29). What needs no other reading takes effect at once. Another
    /// `label_map` does with the read that uses it, and all else with that, since the facts at hand were read by the one
    /// before.
    pub(super) fn settings(
        &mut self,
        source: SourceNo,
        instance: InstanceId,
        settings: InstanceSettings,
    ) -> Result<(), Stopped> {
        let unknown = self.topology().entity_count(instance) == 0;
        let standing = self.at(source);
        let same = mapping::parse(&standing.mapping).as_ref() == Some(&settings.label_map);
        if !same && !unknown {
            standing.awaiting = Some(settings);
            return Ok(());
        }
        standing.awaiting = None;
        standing.mapping = mapping::text_of(&settings, standing.own.as_deref());
        let generation = standing.generation;
        self.topology_mut().set_instance(settings);
        let nothing = Delta::Catalog(CatalogDelta {
            instance,
            generation,
            read_at: 0,
            upserts: Vec::new(),
            removals: Vec::new(),
        });
        let changes = self.topology_mut().apply(nothing);
        self.made(source, &changes)
    }

    /// Forgets a source: it is gone from store, topology and status. History keeps what it says of it.
    pub(super) fn close(&mut self, source: SourceNo) -> Result<(), Stopped> {
        let stored = self.at(source).source.clone();
        self.persist(|store| store.forget(&stored))?;
        let handle = self.at(source).handle;
        let changes = match handle {
            Handle::Instance(instance) => self.topology_mut().remove_instance(instance),
            Handle::Cluster(cluster) => self.topology_mut().remove_cluster(cluster),
            Handle::Nowhere => Changes::default(),
        };
        self.made(source, &changes)?;
        let standing = self.at(source);
        standing.closed = true;
        standing.handle = Handle::Nowhere;
        let id = standing.id.clone();
        tracing::info!("{} `{}` is no more", id.kind, id.name);
        self.shared.sources.remove(&id);
        self.shared
            .notice
            .send_modify(|notices| *notices = notices.wrapping_add(1));
        Ok(())
    }

    /// Makes history of what the coming or going of a source changed.
    fn made(&mut self, source: SourceNo, changes: &Changes) -> Result<(), Stopped> {
        if !changes.is_empty() {
            let described = self.topology().describe(changes);
            self.net.extend(described);
        }
        let generation = self.at(source).generation;
        self.record(source, generation)
    }

    /// How the Secrets of a namespace were read.
    pub(super) fn secrets(
        &mut self,
        source: SourceNo,
        count: Option<u64>,
        failure: Option<Failure>,
        next_attempt: Option<NextAttempt>,
        warnings: Vec<String>,
    ) {
        let now = (self.surroundings.clock)();
        let id = self.at(source).id.name.clone();
        if let Some(failure) = &failure {
            tracing::warn!(namespace = %id, hint = failure.remedy, "{}", failure.message);
        }
        for warning in &warnings {
            tracing::warn!(namespace = %id, "{warning}");
        }
        let standing = self.at(source);
        match &failure {
            Some(failure) => standing.account.failed(failure.at, failure.kind),
            None => standing.account.went_well(),
        }
        standing.account.warnings = warnings;
        if let Some(count) = count {
            standing.generation = standing.generation.saturating_add(1);
            standing.last_good = Some(Good {
                generation: standing.generation,
                read_at: now,
            });
            standing.counts = [("secrets", count)].into();
        }
        let current = failure.is_none() && standing.last_good.is_some();
        standing.failure = failure;
        standing.next_attempt = next_attempt;
        self.answered(source, current);
    }
}
