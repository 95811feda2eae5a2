//! Counts values at the server: `GET /entity-facets`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::base_url::redacted;
use crate::{Client, EntityFilter, Error};

/// Which values some facets have, and how many entities have each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Facets {
    facets: BTreeMap<String, Vec<FacetValue>>,
}

/// One value of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FacetValue {
    /// The value, in the case in which it was written.
    pub value: String,
    /// How many entities have it. Entities without the field are not counted anywhere, and those
    /// with several values are counted for each.
    pub count: u64,
}

impl Facets {
    /// The values of one facet, in the server's order; none where it was not asked for.
    pub fn get(&self, facet: &str) -> &[FacetValue] {
        self.facets.get(facet).map_or(&[], Vec::as_slice)
    }

    /// All facets with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[FacetValue])> {
        self.facets
            .iter()
            .map(|(facet, values)| (facet.as_str(), values.as_slice()))
    }
}

pub(crate) async fn facets(
    client: &Client,
    filter: &EntityFilter,
    facets: &[&str],
) -> Result<Facets, Error> {
    if facets.is_empty() {
        // The server would refuse the question.
        return Ok(Facets::default());
    }
    let mut url = client.endpoint("entity-facets");
    let shown = redacted(&url);
    url.query_pairs_mut()
        .extend_pairs(filter.values().iter().map(|value| ("filter", value)))
        .extend_pairs(facets.iter().map(|facet| ("facet", facet)));
    let text = client.transport().get(url).await?;
    crate::page::parse(&shown, &text)
}
