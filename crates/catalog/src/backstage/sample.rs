//! The first pages of a catalog, for whoever wants to see what it is like. Nothing can be concluded from what they do not have.

use std::num::NonZeroU32;

use backstage_client::{Client, EntityFilter};
use topology::label_map::LabelMap;
use topology::packed::PackedEntities;

use super::ReadError;
use super::content::Seed;
use super::draft::Draft;
use super::table::Table;

/// Some entities of a catalog.
#[derive(Debug)]
pub struct Sample {
    /// Those that came, and of which stitching knows the kind.
    pub entities: PackedEntities,
    /// They are all that there are.
    pub whole: bool,
}

/// Reads pages of so many entities, `most` of them.
///
/// # Errors
/// When a page could not be read.
pub async fn sample(
    client: &Client,
    filter: &EntityFilter,
    map: &LabelMap,
    page_size: NonZeroU32,
    most: usize,
) -> Result<Sample, ReadError> {
    let nothing = Table::new(Seed::random());
    let mut draft = Draft::new(&nothing, map, client.catalog_url().as_str());
    draft.begin_pass();
    let mut pager = client.entities(filter.clone(), page_size);
    let mut come = 0;
    let mut whole = false;
    for page in 1..=most {
        let next = pager.next_page().await.map_err(|error| ReadError::Page {
            page,
            source: Box::new(error),
        })?;
        let Some(next) = next else {
            whole = true;
            break;
        };
        for entity in next.entities() {
            draft.entity(entity);
        }
        come += next.len() as u64;
        if next
            .total_items()
            .is_some_and(|announced| announced <= come)
        {
            whole = true;
            break;
        }
    }
    let (generation, _) = draft.finish();
    Ok(Sample {
        entities: generation.entities,
        whole,
    })
}
