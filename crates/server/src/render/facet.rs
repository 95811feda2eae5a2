//! Counts by value.

use topology::facets::{Counted, Facet};

use super::count;

/// The facets of the list of Services.
pub fn service_facets(counted: Counted<6>) -> api::ServiceFacets {
    let [cluster, namespace, team, state, lifecycle, system] = counted.facets.map(facet);
    api::ServiceFacets {
        total: count(counted.total),
        facets: api::FacetsOfServices {
            cluster,
            namespace,
            team,
            state,
            lifecycle,
            system,
        },
    }
}

/// The facets of the list of components.
pub fn component_facets(counted: Counted<5>) -> api::ComponentFacets {
    let [cluster, instance, verdict, owner_state, team] = counted.facets.map(facet);
    api::ComponentFacets {
        total: count(counted.total),
        facets: api::FacetsOfComponents {
            cluster,
            instance,
            verdict,
            owner_state,
            team,
        },
    }
}

fn facet(facet: Facet) -> api::Facet {
    let values = facet.values.into_iter();
    api::Facet {
        values: values
            .map(|(value, of_it)| api::FacetValue {
                value: value.into(),
                count: count(of_it),
            })
            .collect(),
        more: facet.more,
    }
}
