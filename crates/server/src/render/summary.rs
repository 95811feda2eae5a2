//! Counts.

use topology::query::{Ignored, Summary, owned_share};
use topology::topology::Topology;

use super::count;

/// The head of the one-shot document (S32).
pub fn summary(summary: &Summary) -> api::Summary {
    api::Summary {
        components: count(summary.components),
        verdicts: verdict_counts(&summary.verdicts),
        owners: owner_counts(&summary.owner_states),
        services: count(summary.services),
        owned: count(summary.service_states[0]),
        coverage: summary.coverage(),
        ignored: (summary.ignored != Ignored::default()).then(|| api::Ignored {
            components: count(summary.ignored.components),
            services: count(summary.ignored.services),
        }),
    }
}

/// Verdicts in the order of [`topology::verdict::VerdictKind::ALL`].
pub(super) fn verdict_counts(verdicts: &[usize; 6]) -> api::VerdictCounts {
    let [
        stitched,
        no_kubernetes_id,
        service_not_found,
        ambiguous,
        conflict,
        invalid,
    ] = verdicts.map(count);
    api::VerdictCounts {
        stitched,
        no_kubernetes_id,
        service_not_found,
        ambiguous,
        conflict,
        invalid,
    }
}

/// States of owners in the order of [`topology::verdict::OwnerState::ALL`].
pub(super) fn owner_counts(states: &[usize; 3]) -> api::OwnerStateCounts {
    let [resolved, unresolved, none] = states.map(count);
    api::OwnerStateCounts {
        resolved,
        unresolved,
        none,
    }
}

/// The summary of a running server.
pub fn summary_answer(topology: &Topology) -> api::SummaryAnswer {
    let counts = topology.summary();
    let [owned, stitched_without_owner, unclaimed] = counts.service_states.map(count);
    let mut instances: Vec<String> = topology
        .instances()
        .map(|(_, settings)| settings.name.to_string())
        .collect();
    instances.sort_unstable();
    let mut clusters: Vec<String> = topology
        .clusters()
        .map(|(_, name)| name.to_owned())
        .collect();
    clusters.sort_unstable();
    api::SummaryAnswer {
        summary: summary(&counts),
        service_states: api::ServiceStateCounts {
            owned,
            stitched_without_owner,
            unclaimed,
        },
        service_owners: count(counts.owners),
        instances,
        clusters,
        label_prefix: topology.label_prefix().to_owned(),
    }
}

/// The Services of a moment, by state in the order of [`topology::verdict::ServiceState::ALL`].
pub fn summary_at(at: i64, counts: [u64; 3]) -> api::SummaryAt {
    let [owned, stitched_without_owner, unclaimed] = counts;
    let services = owned + stitched_without_owner + unclaimed;
    api::SummaryAt {
        at: super::time(at),
        services,
        service_states: api::ServiceStateCounts {
            owned,
            stitched_without_owner,
            unclaimed,
        },
        coverage: owned_share(owned, services),
    }
}
