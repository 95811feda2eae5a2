//! The whole state as one document (S32).

use api::stitch::{Document, SourceFault};
use topology::query::{
    ComponentFilter, MAX_PAGE, OwnerCursor, OwnerFilter, ServiceFilter, VerdictCursor,
};
use topology::topology::Topology;

use super::{component_row, owner_row, service_row, summary};

/// Everything that one run found. `errors` may come in any order and any number of times.
pub fn document(topology: &Topology, mut errors: Vec<SourceFault>) -> Document {
    errors.sort_unstable();
    errors.dedup();
    Document {
        summary: summary(&topology.summary()),
        components: components(topology),
        services: services(topology),
        owners: owners(topology),
        errors,
    }
}

fn components(topology: &Topology) -> Vec<api::ComponentRow> {
    let mut rows = Vec::new();
    let mut after: Option<VerdictCursor> = None;
    loop {
        let page = topology.list_verdicts(&ComponentFilter::default(), after.as_ref(), MAX_PAGE);
        let mut last = None;
        for row in &page.items {
            let verdict = topology.verdict(row.component, row.cluster);
            rows.extend(verdict.as_ref().map(component_row));
            last = verdict;
        }
        match last {
            Some(verdict) if page.more => {
                after = Some(VerdictCursor {
                    cluster: verdict.cluster.into(),
                    reference: verdict.component.reference,
                    instance: verdict.component.instance.into(),
                });
            }
            _ => return rows,
        }
    }
}

fn services(topology: &Topology) -> Vec<api::ServiceRow> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = topology.list_services(&ServiceFilter::default(), after.as_ref(), MAX_PAGE);
        rows.extend(page.items.iter().map(|&id| service_row(topology, id)));
        match page.items.last() {
            Some(&last) if page.more => after = Some(topology.service(last).key()),
            _ => return rows,
        }
    }
}

fn owners(topology: &Topology) -> Vec<api::OwnerRow> {
    let mut rows = Vec::new();
    let mut after: Option<OwnerCursor> = None;
    loop {
        let page = topology.list_owners(&OwnerFilter::default(), after.as_ref(), MAX_PAGE);
        rows.extend(page.items.iter().map(|&id| owner_row(topology, id)));
        match page.items.last() {
            Some(&last) if page.more => {
                after = Some(OwnerCursor {
                    reference: topology.owner_ref(last),
                    instance: topology.owner(last).instance.to_owned(),
                });
            }
            _ => return rows,
        }
    }
}
