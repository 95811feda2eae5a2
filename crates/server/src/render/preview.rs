//! What settings would change.

use topology::preview::{Counts, Kind, Preview, Row, Standing, Trial, Tried};

use super::{count, texts, word};

/// Bound on the Services of one example.
const MAX_SERVICES: usize = 20;

/// The answer for the instance, with its settings as the configuration has them.
pub fn preview(instance: &str, found: Preview, yaml: String) -> api::Preview {
    let changes = found.changes;
    api::Preview {
        instance: instance.to_owned(),
        before: counts(&found.before),
        after: counts(&found.after),
        changes: api::PreviewChanges {
            stitched_gained: count(changes.stitched_gained),
            stitched_lost: count(changes.stitched_lost),
            moved: count(changes.moved),
            newly_ambiguous: count(changes.newly_ambiguous),
            newly_in_conflict: count(changes.newly_in_conflict),
            newly_invalid: count(changes.newly_invalid),
            newly_not_found: count(changes.newly_not_found),
            owners_gained: count(changes.owners_gained),
            owners_lost: count(changes.owners_lost),
            owners_changed: count(changes.owners_changed),
            others_affected: count(changes.others_affected),
        },
        examples: found.rows.into_iter().map(example).collect(),
        not_read: count(found.not_read),
        yaml,
    }
}

/// What a catalog that was tried out would be stitched to; whether all of it was read.
pub fn trial(found: Trial, whole: bool) -> api::IntegrationTrial {
    api::IntegrationTrial {
        components: count(found.components),
        whole,
        stitched: count(found.stitched),
        verdicts: super::summary::verdict_counts(&found.counts.verdicts),
        unsure: count(found.unsure),
        examples: found.rows.into_iter().map(tried).collect(),
    }
}

fn tried(row: Tried) -> api::IntegrationTried {
    api::IntegrationTried {
        reference: row.component.to_string(),
        cluster: row.cluster.into(),
        verdict: word::verdict(row.kind),
        kubernetes_id: row.kubernetes_id.map(Into::into),
        owner: row.owner.as_ref().map(ToString::to_string),
        services: texts(row.services.iter().take(MAX_SERVICES)),
        claimed_by_others: row.claimed_by_others,
    }
}

fn counts(counts: &Counts) -> api::PreviewCounts {
    api::PreviewCounts {
        verdicts: super::summary::verdict_counts(&counts.verdicts),
        owners: super::summary::owner_counts(&counts.owners),
    }
}

fn example(row: Row) -> api::PreviewExample {
    api::PreviewExample {
        reference: row.component.reference.to_string(),
        instance: row.component.instance.into(),
        cluster: row.cluster.into(),
        kind: kind(row.kind),
        before: row.before.map(|it| standing(&it)),
        after: row.after.map(|it| standing(&it)),
    }
}

fn standing(standing: &Standing) -> api::PreviewStanding {
    api::PreviewStanding {
        verdict: word::verdict(standing.kind),
        services: texts(standing.services.iter().take(MAX_SERVICES)),
        owner_state: word::owner_state(standing.owner),
        owner: standing.owner_ref.as_ref().map(ToString::to_string),
    }
}

fn kind(kind: Kind) -> api::PreviewKind {
    match kind {
        Kind::StitchedLost => api::PreviewKind::StitchedLost,
        Kind::NewlyInConflict => api::PreviewKind::NewlyInConflict,
        Kind::NewlyAmbiguous => api::PreviewKind::NewlyAmbiguous,
        Kind::NewlyInvalid => api::PreviewKind::NewlyInvalid,
        Kind::OtherAffected => api::PreviewKind::OtherAffected,
        Kind::Moved => api::PreviewKind::Moved,
        Kind::StitchedGained => api::PreviewKind::StitchedGained,
        Kind::OwnerLost => api::PreviewKind::OwnerLost,
        Kind::OwnerChanged => api::PreviewKind::OwnerChanged,
        Kind::OwnerGained => api::PreviewKind::OwnerGained,
        Kind::NewlyNotFound => api::PreviewKind::NewlyNotFound,
        Kind::Otherwise => api::PreviewKind::Otherwise,
    }
}
