//! Catalogs and clusters that are files: what is in them.

use std::path::PathBuf;

use topology::fact::{Fault, ObjectFact};
use topology::settings::InstanceSettings;

use super::catalog::{Counted, From, entities, named};
use super::{Check, told};

/// Faults that are shown one by one.
const SHOWN: usize = 5;

/// Reads catalog files, and says what they come to.
pub(super) fn catalog(paths: &[PathBuf], settings: &InstanceSettings) -> Vec<Check> {
    let generation = ::catalog::files::read(paths, &settings.label_map, &mut |_| {});
    let mut counted = Counted::default();
    for entity in generation.entities.iter() {
        counted.add(&entity);
    }
    let mut checks = vec![entities(&counted, From::Files)];
    checks.extend(named(&counted, settings));
    checks.extend(faults(&generation.faults));
    checks
}

/// Reads manifests, and says what they come to.
pub(super) fn cluster(paths: &[PathBuf]) -> Vec<Check> {
    let generation = match ::cluster::manifests::read(paths, &mut |_| {}) {
        Ok(generation) => generation,
        Err(error) => {
            let remedy = "look at `path` of the cluster: a file or folder of manifests";
            return vec![Check::fail("files", told(&error)).remedy(Some(remedy))];
        }
    };
    let is_service = |object: &&ObjectFact| matches!(object, ObjectFact::Service(_));
    let services = generation.objects.iter().filter(is_service).count();
    let message = format!("{}, of which Services {services}", generation.objects.len());
    let mut checks = vec![if services == 0 {
        let remedy = "owners are given to Services: name manifests that have some";
        Check::fail("objects", message).remedy(Some(remedy))
    } else {
        Check::ok("objects", message)
    }];
    checks.extend(faults(&generation.faults));
    checks
}

/// The first faults, and how many more there are.
fn faults(faults: &[Fault]) -> Vec<Check> {
    let shown = faults.iter().take(SHOWN);
    let mut checks: Vec<Check> = shown
        .map(|fault| Check::warn("document", format!("{}: {}", fault.place, fault.message)))
        .collect();
    let more = faults.len().saturating_sub(SHOWN);
    if more > 0 {
        let message = format!("and {more} more that cannot be used");
        let remedy = "`backstitch stitch -o json` lists all of them under `errors`";
        checks.push(Check::warn("document", message).remedy(Some(remedy)));
    }
    checks
}
