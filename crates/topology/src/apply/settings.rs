//! Instances and clusters: what is stitched to what, and by which rules.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::apply::{Changes, ClusterDelta, Counts};
use crate::entity_ref::EntityRef;
use crate::settings::{InstanceSettings, MatchRule};
use crate::topology::{Cluster, ClusterId, Instance, InstanceId, Map, Topology};

impl Topology {
    /// Adds an instance, or changes its settings, and has its components judged by them. What that changes is returned
    /// by the next [`Topology::apply`]. A changed `label_map` takes effect as facts read through it are applied.
    ///
    /// # Panics
    /// With more than 65,535 instances.
    pub fn set_instance(&mut self, settings: InstanceSettings) -> InstanceId {
        if settings.match_rules.contains(&MatchRule::KubernetesIdLabel) {
            self.labels
                .index_key(&mut self.sets, &self.services, self.id_label);
        }
        let Some(id) = self.instance_id(&settings.name) else {
            let instance = Instance {
                live: true,
                settings,
                generations: Vec::new(),
                components: 0,
                owners: 0,
                near_owners: OnceLock::new(),
            };
            let free = self.instances.iter().position(|it| !it.live);
            let place = free.unwrap_or(self.instances.len());
            let Ok(id) = u16::try_from(place) else {
                panic!("more than 65,535 instances");
            };
            match free {
                Some(free) => self.instances[free] = instance,
                None => self.instances.push(instance),
            }
            return InstanceId(id);
        };
        if self.at_instance(id).settings == settings {
            return id;
        }
        let components = self.components_of(id);
        for component in &components {
            self.unregister(*component);
            self.drop_cells(*component);
        }
        self.instances[usize::from(id.0)].settings = settings;
        for component in &components {
            self.register(*component);
            self.create_cells(*component);
        }
        self.settle();
        id
    }

    /// Adds a cluster, and has the components of the instances that cover it judged there. What that changes is returned
    /// by the next [`Topology::apply`].
    ///
    /// # Panics
    /// With more than 65,535 clusters.
    pub fn set_cluster(&mut self, name: &str) -> ClusterId {
        if let Some(id) = self.cluster_id(name) {
            return id;
        }
        let cluster = Cluster {
            live: true,
            name: name.into(),
            namespaces: BTreeSet::new(),
            services: 0,
            workloads: [0; crate::fact::WorkloadKind::ALL.len()],
            services_in: Map::default(),
            near_services: OnceLock::new(),
            counts: Counts::default(),
        };
        let free = self.clusters.iter().position(|it| !it.live);
        let place = free.unwrap_or(self.clusters.len());
        let Ok(id) = u16::try_from(place) else {
            panic!("more than 65,535 clusters");
        };
        match free {
            Some(free) => self.clusters[free] = cluster,
            None => self.clusters.push(cluster),
        }
        self.cover_anew(name);
        self.settle();
        ClusterId(id)
    }

    /// Removes an instance with everything that it has. As [`Topology::apply`] this is a batch: what it changed can be
    /// described until the next one, and the id may be given to another instance after that.
    pub fn remove_instance(&mut self, id: InstanceId) -> Changes {
        self.begin_batch();
        for reference in self.missing_entities(id, std::iter::empty::<&EntityRef>()) {
            self.remove_entity(id, &reference);
        }
        self.settle();
        self.instances[usize::from(id.0)].live = false;
        self.end_batch()
    }

    /// Removes a cluster with everything that it has, and has the components that it was covered by judged without it. A
    /// batch as [`Topology::remove_instance`] is.
    pub fn remove_cluster(&mut self, id: ClusterId) -> Changes {
        self.begin_batch();
        let removals = self.missing_objects(id, None, []);
        self.apply_cluster(ClusterDelta {
            cluster: id,
            upserts: Vec::new(),
            removals,
        });
        self.settle();
        let name = self.at_cluster(id).name.clone();
        self.clusters[usize::from(id.0)].live = false;
        self.cover_anew(&name);
        self.settle();
        self.end_batch()
    }

    /// A cluster of that name came or went. It may be the one that an annotation names, so all cells of the components that
    /// it is covered by are made anew.
    fn cover_anew(&mut self, cluster: &str) {
        let covering: Vec<InstanceId> = self
            .instances()
            .filter(|(_, settings)| settings.clusters.covers(cluster))
            .map(|(id, _)| id)
            .collect();
        for instance in covering {
            for component in self.components_of(instance) {
                self.drop_cells(component);
                self.create_cells(component);
            }
        }
    }

    fn components_of(&self, instance: InstanceId) -> Vec<u32> {
        self.components
            .iter()
            .filter(|(_, it)| it.live && it.instance == instance)
            .map(|(id, _)| id)
            .collect()
    }
}
