//! Alerts on their way through.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where the alerts stand that are taken from Alertmanager and forwarded. Counts are since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertsStatus {
    /// Where they go: scheme, host and port.
    pub target: String,
    /// Alerts that came.
    pub received: u64,
    /// Those that got an owner.
    pub enriched: u64,
    /// Those that came back, and were not forwarded a second time.
    pub returned: u64,
    /// Alerts that the target took.
    pub forwarded: u64,
    /// Alerts that were given up.
    pub failed: u64,
    /// Notifications that were refused for want of room or time, and come again.
    pub refused: u64,
    /// Notifications that wait.
    pub waiting: u64,
    /// Alerts in those.
    pub waiting_alerts: u64,
    /// When the oldest of them came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_at: Option<String>,
    /// How many seconds ago that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_age_seconds: Option<u64>,
    /// Why the last attempt failed; absent once one succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// Notifications that were given up and are kept.
    pub dead: u64,
    /// The last of them, newest first.
    pub dead_letters: Vec<DeadLetter>,
}

/// A notification that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// When it came.
    pub received_at: String,
    /// When it was given up.
    pub given_up_at: String,
    /// How many alerts it has.
    pub alerts: u32,
    /// Why.
    pub reason: String,
}

/// What became of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertsTaken {
    /// Alerts that are going to be forwarded.
    pub taken: u32,
    /// Those of them that got an owner.
    pub enriched: u32,
    /// Alerts that came back, and are not forwarded a second time.
    pub returned: u32,
}
