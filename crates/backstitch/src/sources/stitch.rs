//! From what was read to a topology.

use api::stitch::SourceFault;
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::fact::Fault;
use topology::topology::Topology;

use super::read::Reading;

/// How many entities are unpacked and applied at a time.
const SLICE: usize = 10_000;
/// The number of the one generation that a run reads.
const GENERATION: u32 = 1;

/// A topology, and what could not be used for it.
#[derive(Debug)]
pub(crate) struct Stitched {
    /// Everything, stitched.
    pub topology: Topology,
    /// Faults of documents and objects, sorted, each once (S32).
    pub errors: Vec<SourceFault>,
}

/// Stitches what was read; `read_at` is seconds since the Unix epoch.
pub(crate) fn stitch(reading: Reading, read_at: i64) -> Stitched {
    let mut topology = Topology::new(&reading.label_prefix);
    let mut errors = Vec::new();
    let catalogs: Vec<_> = reading
        .catalogs
        .into_iter()
        .map(|(options, generation)| {
            let name = options.settings.name.clone();
            add_faults(&name, generation.faults, &mut errors);
            (topology.set_instance(options.settings), generation.entities)
        })
        .collect();
    let clusters: Vec<_> = reading
        .clusters
        .into_iter()
        .map(|(name, generation)| {
            add_faults(&name, generation.faults, &mut errors);
            (topology.set_cluster(&name), generation.objects)
        })
        .collect();
    // Clusters first, so that every component finds its Services the first time it is judged.
    for (cluster, objects) in clusters {
        topology.apply(Delta::Cluster(ClusterDelta {
            cluster,
            upserts: objects,
            removals: Vec::new(),
        }));
    }
    for (instance, entities) in catalogs {
        let mut entities = entities.into_iter();
        // A slice at a time, so that a large catalog is never unpacked as a whole.
        while entities.len() > 0 {
            topology.apply(Delta::Catalog(CatalogDelta {
                instance,
                generation: GENERATION,
                read_at,
                upserts: entities.by_ref().take(SLICE).collect(),
                removals: Vec::new(),
            }));
        }
    }
    errors.sort_unstable();
    errors.dedup();
    Stitched { topology, errors }
}

fn add_faults(source: &str, faults: Vec<Fault>, errors: &mut Vec<SourceFault>) {
    errors.extend(faults.into_iter().map(|fault| SourceFault {
        source: source.to_owned(),
        place: fault.place,
        message: fault.message,
    }));
}
