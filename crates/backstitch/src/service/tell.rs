//! What the loop tells of a source: its status, whenever that may have changed, and its faults in the log.

use topology::fact::{Fault, ObjectKind};

use super::engine::Engine;
use super::event::SourceNo;
use super::faults::TOLD;

impl Engine {
    /// The source answered, completely or not: writes its status.
    pub(super) fn answered(&mut self, source: SourceNo, current: bool) {
        let standing = self.at(source);
        standing.current = current;
        let waits = !standing.holds.is_empty();
        standing
            .recheck
            .send_if_modified(|recheck| std::mem::replace(recheck, waits) != waits);
        self.publish(source);
    }

    pub(super) fn publish_all(&mut self) {
        for source in 0..self.book.len() {
            self.publish(SourceNo(source));
        }
    }

    pub(super) fn publish(&mut self, source: SourceNo) {
        let now = (self.surroundings.clock)();
        let standing = &mut self.book[source.0];
        if standing.closed {
            return;
        }
        let state = standing.state(&self.policy, self.store_failure.as_ref(), now);
        let id = &standing.id;
        let (before, after) = self.shared.sources.update(id, |kept| *kept = state);
        let phase = after.phase();
        if before != Some(phase) {
            tracing::info!(
                generation = after.generation,
                "{} `{}` is {}",
                id.kind,
                id.name,
                phase_in_words(phase)
            );
            self.shared
                .events
                .publish_source(now, after.render(id, now));
        }
        self.shared
            .notice
            .send_modify(|notices| *notices = notices.wrapping_add(1));
    }

    /// Takes note of the faults of a read, and logs them unless they are those of the read before.
    pub(super) fn tell_faults(
        &mut self,
        source: SourceNo,
        scope: Option<ObjectKind>,
        faults: &[Fault],
    ) {
        if self.at(source).faults.replace(scope, faults) {
            self.log_faults(source, faults);
        }
    }

    pub(super) fn log_faults(&self, source: SourceNo, faults: &[Fault]) {
        let source = &self.book[source.0].id;
        for Fault { place, message } in faults.iter().take(TOLD) {
            tracing::warn!(kind = %source.kind, source = %source.name, %place, "{message}");
        }
        if faults.len() > TOLD {
            let more = faults.len() - TOLD;
            tracing::warn!(kind = %source.kind, source = %source.name, "{more} more faults, which are not listed");
        }
    }
}

fn phase_in_words(phase: api::Phase) -> &'static str {
    match phase {
        api::Phase::Starting => "not read yet",
        api::Phase::Ready => "up to date",
        api::Phase::Stale => "served as it was when it last answered",
        api::Phase::Failing => "unknown, because it cannot be read",
        api::Phase::Held => "held back until its removals are confirmed",
        api::Phase::Paused => "served as it is, because it is paused",
    }
}
