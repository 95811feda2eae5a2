//! Groups and Users.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::service::ServiceRow;
use crate::word::{ContactKind, OwnerKind};

/// A Group or a User in a list (S14, S32).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerRow {
    /// Canonical reference, such as `group:default/payments`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Group or User.
    pub kind: OwnerKind,
    /// Name for people.
    pub display_name: String,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Name of the instance.
    pub instance: String,
    /// What is written on it (S16).
    pub labels: BTreeMap<String, String>,
}

/// A Group or a User and its place in the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerDetail {
    /// As in the list.
    #[serde(flatten)]
    pub row: OwnerRow,
    /// Ways to reach it beside its e-mail address, the most direct first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// Reference of the Group above whose `contacts` they are, because it says nothing of how it is reached itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts_of: Option<String>,
    /// Reference of the parent Group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// References of the child Groups.
    pub children: Vec<String>,
    /// References of the members of a Group; of a User, nobody.
    pub members: Vec<String>,
}

/// Who owns something and how to reach them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerContact {
    /// Canonical reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Group or User.
    pub kind: OwnerKind,
    /// Name for people.
    pub display_name: String,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Further ways, the most direct first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// Reference of the Group above whose `contacts` they are, because the owner says nothing of how it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts_of: Option<String>,
}

/// One way to reach an owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Contact {
    /// Which way.
    pub kind: ContactKind,
    /// The address, channel, service, team or URL.
    pub value: String,
    /// What the catalog calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// One page of the Services of an owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnedServices {
    /// References of the owner and, if asked for, its descendant Groups.
    pub owners: Vec<String>,
    /// How many Services they own in all.
    pub total: u64,
    /// The Services in order.
    pub items: Vec<ServiceRow>,
    /// Token of the next page, for parameter `cursor`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
