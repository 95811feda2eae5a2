//! How long a live Backstage is waited for.

use std::ops::RangeInclusive;
use std::time::Duration;

use backstage_client::Timeouts;

use super::node::{Node, Place};
use super::reader::{Map, duration};
use super::root::Reading;

/// How long may be waited: what is shorter fails by itself, and what is longer keeps a read from ever ending.
const WAITS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(1);

/// The keys of an instance that say how long it is waited for.
pub(super) struct Given {
    connect: Option<(Place, Node)>,
    idle: Option<(Place, Node)>,
    request: Option<(Place, Node)>,
}

impl Given {
    pub(super) fn take(map: &mut Map) -> Self {
        Self {
            connect: map.take_entry("connect_timeout"),
            idle: map.take_entry("idle_timeout"),
            request: map.take_entry("request_timeout"),
        }
    }

    /// Each key and where it stands, in the order in which they are told of.
    pub(super) fn entries(&self) -> [(&'static str, &Option<(Place, Node)>); 3] {
        [
            ("connect_timeout", &self.connect),
            ("idle_timeout", &self.idle),
            ("request_timeout", &self.request),
        ]
    }

    pub(super) fn read(self, reading: &mut Reading<'_, '_>) -> Timeouts {
        let mut timeouts = Timeouts::default();
        let given = [
            ("connect_timeout", self.connect, &mut timeouts.connect),
            ("idle_timeout", self.idle, &mut timeouts.idle),
            ("request_timeout", self.request, &mut timeouts.request),
        ];
        for (key, entry, timeout) in given {
            let read = entry.and_then(|(_, node)| duration(key, &node, WAITS, reading.faults));
            *timeout = read.unwrap_or(*timeout);
        }
        timeouts
    }
}
