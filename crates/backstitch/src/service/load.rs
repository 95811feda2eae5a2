//! The start: the last facts of every source go into the topology before any source has answered (S26).

use std::collections::{BTreeMap, BTreeSet};

use ::catalog::backstage::Memory;
use api::SourceKind;
use server::status::{Failure, FailureKind, SourceId};
use store::{Good, Loaded, LoadedPage, Source, SourceRecord, Store, StoreError};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::entity_ref::EntityRef;
use topology::fact::{CatalogSize, EntityFact, ObjectFact};
use topology::settings::InstanceSettings;
use topology::topology::{ClusterId, InstanceId};

use super::counts::{entity_counts, object_counts};
use super::engine::Engine;
use super::event::SourceNo;
use super::mapping;
use super::standing::{Handle, Holds, Standing};
use crate::config::{Config, InstanceOptions, InstanceSource, RefusedInstance};

/// Bound on the facts that are applied at once. Nobody is served yet, so that few wait.
const RESTORED: usize = 2_000;

/// What Secrets are about, as far as that is known before any was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Expected {
    /// Instances that the store has and the configuration has not: Secrets made them, or they are gone.
    pub(super) instances: Vec<InstanceOptions>,
    /// Clusters of that kind.
    pub(super) clusters: Vec<String>,
    /// The namespaces that are looked in.
    pub(super) namespaces: Vec<String>,
}

impl Expected {
    /// What is to be expected.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn of(config: &Config, store: &Store) -> Result<Self, StoreError> {
        let Some(secrets) = &config.secrets else {
            return Ok(Self::default());
        };
        let places = secrets.places().into_iter();
        let namespaces: Vec<String> = places.map(|place| place.key).collect();
        let refused = config.refused.iter().map(|refused| refused.name.as_str());
        let configured: BTreeSet<&str> = config.instance_names().chain(refused).collect();
        let mut instances = Vec::new();
        let mut clusters = Vec::new();
        if namespaces.is_empty() {
            return Ok(Self::default());
        }
        for record in store.sources()? {
            match &record.source {
                Source::Instance(name) if secrets.backstages && !configured.contains(&**name) => {
                    instances.push(secrets.options_of(name));
                }
                Source::Cluster(name)
                    if secrets.clusters && !config.clusters.iter().any(|it| *it.name == **name) =>
                {
                    clusters.push(name.to_string());
                }
                Source::Instance(_) | Source::Cluster(_) => {}
            }
        }
        Ok(Self {
            instances,
            clusters,
            namespaces,
        })
    }
}

/// The sources of a configuration, in the order that [`SourceNo`] counts: instances, clusters, what is `expected` of Secrets
/// (instances, clusters, then namespaces), and those that cannot start, whose status says why.
pub(super) fn book(config: &Config, expected: &Expected, now: i64) -> Vec<Standing> {
    let unstarted = |name: &str, message: String, remedy: Option<String>| Standing {
        failure: Some(Failure {
            kind: FailureKind::Settings,
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
        .map(|RefusedInstance { name, faults, .. }| {
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
    let cluster = |name: &str| {
        let stored = Source::Cluster(name.into());
        Standing::new(cluster_id(name), stored, Handle::Nowhere)
    };
    let clusters = config.clusters.iter().map(|it| cluster(&it.name));
    let clusters_of_secrets = expected.clusters.iter().map(|name| cluster(name));
    let of_secrets = expected.instances.iter().map(|options| {
        let name = &options.settings.name;
        Standing::new(
            catalog_id(name),
            Source::Instance(name.clone()),
            Handle::Nowhere,
        )
    });
    let namespaces = expected.namespaces.iter().map(|namespace| {
        let id = SourceId {
            kind: SourceKind::Secrets,
            name: namespace.clone(),
        };
        // It has no facts. No cluster can be called so.
        let stored = Source::Cluster(format!("the Secrets of {namespace}").into());
        Standing::new(id, stored, Handle::Nowhere)
    });
    instances
        .chain(clusters)
        .chain(of_secrets)
        .chain(clusters_of_secrets)
        .chain(namespaces)
        .chain(refused)
        .chain(without_source)
        .collect()
}

/// An instance in the status.
pub(super) fn catalog_id(name: &str) -> SourceId {
    SourceId {
        kind: SourceKind::Catalog,
        name: name.to_owned(),
    }
}

/// A cluster in the status.
pub(super) fn cluster_id(name: &str) -> SourceId {
    SourceId {
        kind: SourceKind::Cluster,
        name: name.to_owned(),
    }
}

impl Engine {
    /// Loads the last facts of every source of the configuration. The instances every fact of which is understood; none where the
    /// service goes down before all is loaded.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn load(
        &mut self,
        config: &Config,
        expected: &Expected,
    ) -> Result<Option<Vec<SourceNo>>, StoreError> {
        self.load_decisions()?;
        self.load_api_tokens()?;
        let mut understood = Vec::new();
        let mut records: BTreeMap<Source, SourceRecord> = BTreeMap::new();
        for record in self.store.sources()? {
            records.insert(record.source.clone(), record);
        }
        // Names first: a cluster that comes after its components would have them all judged again.
        let configured = config.instances.len()..config.instances.len() + config.clusters.len();
        let of_secrets = configured.end + expected.instances.len();
        let of_secrets = of_secrets..of_secrets + expected.clusters.len();
        let clusters = || configured.clone().chain(of_secrets.clone());
        for number in clusters() {
            let id = self
                .topology_mut()
                .set_cluster(self.book[number].source.name());
            self.book[number].handle = Handle::Cluster(id);
        }
        for (number, instance) in config.instances.iter().enumerate() {
            let source = SourceNo(number);
            let record = records.get(&self.at(source).source);
            let has_secret = matches!(instance.source, InstanceSource::Secret(_));
            if has_secret {
                self.set_supplied(source, &instance.options, record);
            } else {
                self.set_instance(source, &instance.options.settings, record);
            }
        }
        for (number, options) in (configured.end..).zip(&expected.instances) {
            let source = SourceNo(number);
            let record = records.get(&self.at(source).source);
            self.set_supplied(source, options, record);
        }
        // What components look up before the components, which are then judged once.
        let others = (0..self.book.len())
            .filter(|number| !configured.contains(number) && !of_secrets.contains(number));
        for number in clusters().chain(others) {
            let source = SourceNo(number);
            let Some(record) = records.remove(&self.at(source).source) else {
                continue;
            };
            match self.at(source).handle {
                Handle::Instance(instance) => {
                    self.restore(source, &record);
                    if self.load_entities(source, instance)? {
                        understood.push(source);
                    }
                }
                Handle::Cluster(cluster) => {
                    self.restore(source, &record);
                    self.load_objects(source, cluster)?;
                }
                Handle::Nowhere => {}
            }
            if self.gather.is_going_down() {
                return Ok(None);
            }
        }
        self.topology_mut().restored();
        for source in records.keys() {
            tracing::info!(
                "the store has facts of {source}, which is not configured; they are kept and not served"
            );
        }
        Ok(Some(understood))
    }

    /// What the facts of an instance came of, for whoever reads it. Only where every fact is in the topology: what is not
    /// has to come again.
    pub(super) fn remember(&mut self, source: SourceNo) -> Option<Memory> {
        let standing = self.at(source);
        let name = standing.source.name().to_owned();
        let count: u64 = standing.counts.values().sum();
        let remember = |store: &Store| {
            let Some(origin) = store.origin(&name)? else {
                return Ok(None);
            };
            let Some(mut memory) = Memory::new(&origin) else {
                return Ok(None);
            };
            memory.reserve(usize::try_from(count).unwrap_or_default());
            store.contents(&name, |reference, content| memory.add(reference, content))?;
            Ok(Some(memory))
        };
        remember(&self.store).unwrap_or_else(|error: StoreError| {
            let hint = error.remedy();
            tracing::error!(
                hint,
                "the catalog is read as if for the first time: {}",
                super::told(&error)
            );
            None
        })
    }

    /// Adds an instance that a Secret may say something of, as it was when its facts were kept: what the Secret says now is
    /// not known yet.
    fn set_supplied(
        &mut self,
        source: SourceNo,
        options: &InstanceOptions,
        record: Option<&SourceRecord>,
    ) {
        self.at(source).own = Some(Box::new(options.settings.clone()));
        let mut settings = options.settings.clone();
        if let Some(record) = record {
            settings = mapping::recalled(&record.mapping, options);
        }
        self.set_instance(source, &settings, record);
    }

    /// Adds an instance with the mapping that its stored facts were read with. The one that is configured takes effect
    /// with the next read, because only a read can tell what it finds.
    fn set_instance(
        &mut self,
        source: SourceNo,
        settings: &InstanceSettings,
        record: Option<&SourceRecord>,
    ) {
        let own = self.at(source).own.clone();
        let configured = mapping::text_of(settings, own.as_deref());
        let now = (self.surroundings.clock)();
        let mut effective = settings.clone();
        let standing = self.at(source);
        standing.mapping.clone_from(&configured);
        if let Some(record) = record
            .filter(|record| mapping::parse(&record.mapping).as_ref() != Some(&settings.label_map))
        {
            standing.mapping.clone_from(&record.mapping);
            standing.awaiting = Some(settings.clone());
            if let Some(before) = mapping::parse(&record.mapping) {
                effective.label_map = before;
            }
            standing.failure = Some(Failure {
                kind: FailureKind::Settings,
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

    /// Page by page, so that a catalog of any size needs the memory of a page beside what is known in the end. Whether every
    /// fact of it is understood.
    fn load_entities(
        &mut self,
        source: SourceNo,
        instance: InstanceId,
    ) -> Result<bool, StoreError> {
        let standing = self.at(source);
        let name = standing.source.name().to_owned();
        // Without the mapping that components were read with, nothing can be said of them. Owners need none.
        let unknown = standing.awaiting.is_some() && mapping::parse(&standing.mapping).is_none();
        // The times of the generations come first, and in their order, since the facts come in another.
        for read in self.store.reads_of::<EntityFact>(&name)? {
            self.replay(instance, read, Vec::new());
        }
        let mut size = CatalogSize::default();
        let mut understood = !unknown;
        // Owners before components, which would be nobody's until they come.
        let wanted: [fn(&EntityRef) -> bool; 2] = [is_owner, |reference| !is_owner(reference)];
        for wanted in wanted.into_iter().take(if unknown { 1 } else { 2 }) {
            for page in self.store.load_some::<EntityFact>(&name, wanted)? {
                let page = page?;
                if self.gather.is_going_down() {
                    return Ok(false);
                }
                understood &= page.faults.is_empty();
                let mut facts = told(page);
                for loaded in &facts {
                    *size.of_kind_mut(&loaded.fact.reference().kind) += 1;
                }
                facts.sort_by_key(|loaded| (loaded.generation, loaded.read_at));
                let mut facts = facts.into_iter().peekable();
                while let Some(read) = facts.peek().map(read_of) {
                    let slice: Vec<EntityFact> =
                        std::iter::from_fn(|| facts.next_if(|loaded| read_of(loaded) == read))
                            .take(RESTORED)
                            .map(|loaded| loaded.fact)
                            .collect();
                    self.replay(instance, read, slice);
                }
            }
        }
        self.at(source).counts = entity_counts(size);
        Ok(understood)
    }

    /// What this changes is no history: it is what was.
    fn replay(&self, instance: InstanceId, read: Good, upserts: Vec<EntityFact>) {
        self.topology_mut().restore(Delta::Catalog(CatalogDelta {
            instance,
            generation: read.generation,
            read_at: read.read_at,
            upserts,
            removals: Vec::new(),
        }));
    }

    fn load_objects(&mut self, source: SourceNo, cluster: ClusterId) -> Result<(), StoreError> {
        let name = self.at(source).source.name().to_owned();
        for page in self.store.load::<ObjectFact>(&name)? {
            let mut facts = told(page?).into_iter().map(|loaded| loaded.fact);
            if self.gather.is_going_down() {
                return Ok(());
            }
            loop {
                let upserts: Vec<ObjectFact> = facts.by_ref().take(RESTORED).collect();
                if upserts.is_empty() {
                    break;
                }
                self.topology_mut().restore(Delta::Cluster(ClusterDelta {
                    cluster,
                    upserts,
                    removals: Vec::new(),
                }));
            }
        }
        let counts = object_counts(&self.topology(), cluster);
        self.at(source).counts = counts;
        Ok(())
    }
}

fn read_of<F>(loaded: &Loaded<F>) -> Good {
    Good {
        generation: loaded.generation,
        read_at: loaded.read_at,
    }
}

fn is_owner(reference: &EntityRef) -> bool {
    matches!(&*reference.kind, "group" | "user")
}

/// The facts of a page; the log says what of it cannot be understood.
fn told<F>(page: LoadedPage<F>) -> Vec<Loaded<F>> {
    for fault in page.faults {
        tracing::warn!(place = %fault.place, "{}", fault.message);
    }
    page.facts
}
