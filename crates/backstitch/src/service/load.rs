//! The start: the last facts of every source go into the topology before any source has answered (S26).

use std::collections::BTreeMap;

use api::SourceKind;
use server::status::{Failure, SourceId};
use store::{Fact, Good, Loaded, Source, SourceRecord, StoreError};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::fact::{CatalogSize, EntityFact, ObjectFact};
use topology::settings::InstanceSettings;
use topology::topology::{ClusterId, InstanceId};

use super::counts::{entity_counts, object_counts};
use super::engine::Engine;
use super::event::SourceNo;
use super::mapping;
use super::standing::{Handle, Holds, Standing};
use super::write::SLICE;
use crate::config::{Config, RefusedInstance};

/// The sources of a configuration, in the order that [`SourceNo`] counts: instances, clusters, and those that cannot
/// start, whose status says why.
pub(super) fn book(config: &Config, now: i64) -> Vec<Standing> {
    let unstarted = |name: &str, message: String, remedy: Option<String>| Standing {
        failure: Some(Failure {
            at: now,
            message,
            remedy,
        }),
        ..Standing::new(
            catalog_id(name),
            Source::Instance(name.into()),
            Handle::Nowhere,
        )
    };
    let refused = config
        .refused
        .iter()
        .map(|RefusedInstance { name, faults }| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            unstarted(
                name,
                format!("the instance does not start: {}", faults.join("; ")),
                Some("mend the configuration and start again".to_owned()),
            )
        });
    let without_source = config.without_source.iter().map(|options| {
        unstarted(
            &options.settings.name,
            "the instance does not start: the configuration does not say where its catalog is"
                .to_owned(),
            Some("give it `endpoint` or `path`, and start again".to_owned()),
        )
    });
    let instances = config.instances.iter().map(|instance| {
        let name = instance.name();
        Standing::new(
            catalog_id(name),
            Source::Instance(name.into()),
            Handle::Nowhere,
        )
    });
    let clusters = config.clusters.iter().map(|cluster| {
        let id = SourceId {
            kind: SourceKind::Cluster,
            name: cluster.name.clone(),
        };
        Standing::new(
            id,
            Source::Cluster(cluster.name.as_str().into()),
            Handle::Nowhere,
        )
    });
    instances
        .chain(clusters)
        .chain(refused)
        .chain(without_source)
        .collect()
}

fn catalog_id(name: &str) -> SourceId {
    SourceId {
        kind: SourceKind::Catalog,
        name: name.to_owned(),
    }
}

impl Engine {
    /// Loads the last facts of every source of the configuration.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn load(&mut self, config: &Config) -> Result<(), StoreError> {
        let mut records: BTreeMap<Source, SourceRecord> = BTreeMap::new();
        for record in self.store.sources()? {
            records.insert(record.source.clone(), record);
        }
        // Names first: a cluster that comes after its components would have them all judged again.
        for (number, cluster) in (config.instances.len()..).zip(&config.clusters) {
            let id = self.topology_mut().set_cluster(&cluster.name);
            self.book[number].handle = Handle::Cluster(id);
        }
        for (number, instance) in config.instances.iter().enumerate() {
            let source = SourceNo(number);
            let record = records.get(&self.at(source).source);
            self.set_instance(source, &instance.options.settings, record);
        }
        for number in 0..self.book.len() {
            let source = SourceNo(number);
            let Some(record) = records.remove(&self.at(source).source) else {
                continue;
            };
            match self.at(source).handle {
                Handle::Instance(instance) => {
                    let facts = self.stored::<EntityFact>(&record.source)?;
                    self.restore(source, &record);
                    self.load_entities(source, instance, facts);
                }
                Handle::Cluster(cluster) => {
                    let facts = self.stored::<ObjectFact>(&record.source)?;
                    self.restore(source, &record);
                    self.load_objects(source, cluster, facts);
                }
                Handle::Nowhere => {}
            }
        }
        for source in records.keys() {
            tracing::info!(
                "the store has facts of {source}, which is not configured; they are kept and not served"
            );
        }
        Ok(())
    }

    /// Adds an instance with the mapping that its stored facts were read with. The one that is configured takes effect
    /// with the next read, because only a read can tell what it finds.
    fn set_instance(
        &mut self,
        source: SourceNo,
        settings: &InstanceSettings,
        record: Option<&SourceRecord>,
    ) {
        let configured = mapping::text(&settings.label_map);
        let now = (self.surroundings.clock)();
        let mut effective = settings.clone();
        let standing = self.at(source);
        standing.mapping.clone_from(&configured);
        if let Some(record) = record.filter(|record| record.mapping != configured) {
            standing.mapping.clone_from(&record.mapping);
            standing.awaiting = Some(settings.clone());
            if let Some(before) = mapping::parse(&record.mapping) {
                effective.label_map = before;
            }
            standing.failure = Some(Failure {
                at: now,
                message: "the `label_map` was changed: what is shown was read with the one before"
                    .to_owned(),
                remedy: Some(
                    "nothing is to be done, the next complete read takes the new one".to_owned(),
                ),
            });
        }
        let instance = self.topology_mut().set_instance(effective);
        self.at(source).handle = Handle::Instance(instance);
    }

    fn restore(&mut self, source: SourceNo, record: &SourceRecord) {
        let standing = self.at(source);
        standing.generation = record.generation;
        standing.last_good = record.last_good;
        standing.holds = Holds::restored(record.held);
    }

    fn stored<F: Fact>(&self, source: &Source) -> Result<Vec<Loaded<F>>, StoreError> {
        let mut facts = Vec::new();
        for page in self.store.load::<F>(source.name())? {
            let page = page?;
            for fault in page.faults {
                tracing::warn!(place = %fault.place, "{}", fault.message);
            }
            facts.extend(page.facts);
        }
        Ok(facts)
    }

    fn load_entities(
        &mut self,
        source: SourceNo,
        instance: InstanceId,
        mut facts: Vec<Loaded<EntityFact>>,
    ) {
        let standing = self.at(source);
        // Without the mapping that components were read with, nothing can be said of them. Owners need none.
        if standing.awaiting.is_some() && mapping::parse(&standing.mapping).is_none() {
            facts.retain(|loaded| matches!(loaded.fact, EntityFact::Owner(_)));
        }
        let mut size = CatalogSize::default();
        for loaded in &facts {
            *size.of_kind_mut(&loaded.fact.reference().kind) += 1;
        }
        standing.counts = entity_counts(size);
        let generation = |loaded: &Loaded<EntityFact>| Good {
            generation: loaded.generation,
            read_at: loaded.read_at,
        };
        let mut generations: Vec<(u32, i64)> = facts
            .iter()
            .map(generation)
            .map(|read| (read.generation, read.read_at))
            .collect();
        generations.sort_unstable();
        generations.dedup();
        // Their times first, and in their order, since the facts come owners first.
        for (generation, read_at) in generations {
            self.replay(
                instance,
                Good {
                    generation,
                    read_at,
                },
                Vec::new(),
            );
        }
        facts.sort_by_key(|loaded| {
            (
                matches!(loaded.fact, EntityFact::Component(_)),
                loaded.generation,
            )
        });
        for facts in facts.chunk_by(|a, b| generation(a) == generation(b)) {
            let Some(read) = facts.first().map(generation) else {
                continue;
            };
            for slice in facts.chunks(SLICE) {
                self.replay(
                    instance,
                    read,
                    slice.iter().map(|loaded| loaded.fact.clone()).collect(),
                );
            }
        }
    }

    /// What this changes is no history: it is what was.
    fn replay(&mut self, instance: InstanceId, read: Good, upserts: Vec<EntityFact>) {
        self.topology_mut().apply(Delta::Catalog(CatalogDelta {
            instance,
            generation: read.generation,
            read_at: read.read_at,
            upserts,
            removals: Vec::new(),
        }));
    }

    fn load_objects(
        &mut self,
        source: SourceNo,
        cluster: ClusterId,
        facts: Vec<Loaded<ObjectFact>>,
    ) {
        let mut facts = facts.into_iter().map(|loaded| loaded.fact);
        loop {
            let upserts: Vec<ObjectFact> = facts.by_ref().take(SLICE).collect();
            if upserts.is_empty() {
                break;
            }
            self.topology_mut().apply(Delta::Cluster(ClusterDelta {
                cluster,
                upserts,
                removals: Vec::new(),
            }));
        }
        let counts = object_counts(&self.topology(), cluster);
        self.at(source).counts = counts;
    }
}
