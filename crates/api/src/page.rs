//! Lists, a page at a time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items in order.
    pub items: Vec<T>,
    /// Token of the next page, for parameter `cursor`; absent on the last page. Its content is nobody's business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
