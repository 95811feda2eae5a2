//! Instances and clusters: what is stitched to what, and by which rules.

use std::collections::BTreeSet;
use std::sync::OnceLock;

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
            let Ok(id) = u16::try_from(self.instances.len()) else {
                panic!("more than 65,535 instances");
            };
            self.instances.push(Instance {
                settings,
                generations: Vec::new(),
                components: 0,
                owners: 0,
                near_owners: OnceLock::new(),
            });
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
        let Ok(id) = u16::try_from(self.clusters.len()) else {
            panic!("more than 65,535 clusters");
        };
        self.clusters.push(Cluster {
            name: name.into(),
            namespaces: BTreeSet::new(),
            services: 0,
            workloads: [0; crate::fact::WorkloadKind::ALL.len()],
            services_in: Map::default(),
            near_services: OnceLock::new(),
        });
        let covering: Vec<InstanceId> = self
            .instances()
            .filter(|(_, settings)| settings.clusters.covers(name))
            .map(|(id, _)| id)
            .collect();
        for instance in covering {
            for component in self.components_of(instance) {
                // A cluster may be the one that an annotation has been waiting for, so all cells are made anew.
                self.drop_cells(component);
                self.create_cells(component);
            }
        }
        self.settle();
        ClusterId(id)
    }

    fn components_of(&self, instance: InstanceId) -> Vec<u32> {
        self.components
            .iter()
            .filter(|(_, it)| it.live && it.instance == instance)
            .map(|(id, _)| id)
            .collect()
    }
}
