//! What is known, written for other programs.
//!
//! ```text
//!  sources, or a server ── commands/export ──▶ Company ── routes ──▶ Alertmanager ── yaml ──▶ standard output
//! ```
//!
//! Pure: plain data in, plain data and text out. It must not know where the data comes from.

pub(crate) mod receivers;
pub(crate) mod routes;
pub(crate) mod yaml;

mod namespaces;

use std::collections::BTreeMap;

use api::OwnerContact;

/// Who owns which Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Company {
    /// The owners of Services, by reference.
    pub owners: BTreeMap<String, OwnerContact>,
    /// Every Service, whether it has an owner or not.
    pub services: Vec<OwnedService>,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnedService {
    /// Its cluster.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The reference of its owner.
    pub owner: Option<String>,
}

/// What is written of an alertmanager.yml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alertmanager {
    /// Where e-mails are sent by.
    pub smtp: Option<Smtp>,
    /// The receiver of what no route is for.
    pub default_receiver: String,
    /// The labels that alerts are grouped by.
    pub group_by: Vec<String>,
    /// The routes in their order.
    pub routes: Vec<Route>,
    /// What each receiver does, by name; nothing where its user defines it elsewhere.
    pub receivers: BTreeMap<String, Vec<Integration>>,
    /// The owners without a receiver.
    pub left_out: Vec<LeftOut>,
    /// What else should be known.
    pub notes: Vec<String>,
}

/// The mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Smtp {
    /// Its host and port.
    pub smarthost: String,
    /// The sender.
    pub from: String,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Whom it is for, for people.
    pub about: String,
    /// The receiver.
    pub receiver: String,
    /// What an alert has to carry.
    pub matchers: Vec<Matcher>,
}

/// What a label has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matcher {
    /// The label.
    pub label: String,
    /// One of these; at least one.
    pub values: Vec<String>,
}

/// How a receiver tells somebody. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Integration {
    /// A service of PagerDuty.
    PagerDuty {
        /// The file of its routing key.
        routing_key_file: String,
    },
    /// A team of Opsgenie.
    Opsgenie {
        /// The team.
        team: String,
        /// The file of the key; without it the global one.
        api_key_file: Option<String>,
    },
    /// A channel of Slack.
    Slack {
        /// The channel.
        channel: String,
        /// The file of the webhook's URL; without it the global one.
        api_url_file: Option<String>,
    },
    /// An e-mail, by the global mail server.
    Email {
        /// The address.
        to: String,
    },
}

/// An owner without a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// Its reference.
    pub owner: String,
    /// Its name for people.
    pub team: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}
