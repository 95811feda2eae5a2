//! How many each value of a filter would leave.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The values of one filter. Each is counted with every other filter of the request, and not with its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facet {
    /// The values, the most frequent first, then by value; at most 50. What has no value is under none.
    pub values: Vec<FacetValue>,
    /// There are more values.
    pub more: bool,
}

/// A value and how many there are of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FacetValue {
    /// What the filter takes.
    pub value: String,
    /// How many there are.
    pub count: u64,
}

/// The facets of the list of Services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceFacets {
    /// Services that pass every filter.
    pub total: u64,
    /// The facets.
    pub facets: FacetsOfServices,
}

/// See [`ServiceFacets`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FacetsOfServices {
    /// Name of the cluster.
    pub cluster: Facet,
    /// Kubernetes namespace.
    pub namespace: Facet,
    /// Display name of the owner.
    pub team: Facet,
    /// What is known of the owner.
    pub state: Facet,
    /// `spec.lifecycle` of the component.
    pub lifecycle: Facet,
    /// `spec.system` of the component.
    pub system: Facet,
}

/// The facets of the list of components.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentFacets {
    /// Components in clusters that pass every filter.
    pub total: u64,
    /// The facets.
    pub facets: FacetsOfComponents,
}

/// See [`ComponentFacets`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FacetsOfComponents {
    /// Name of the cluster.
    pub cluster: Facet,
    /// Name of the instance.
    pub instance: Facet,
    /// What became of it.
    pub verdict: Facet,
    /// State of its owner.
    pub owner_state: Facet,
    /// Display name of the owner.
    pub team: Facet,
}
