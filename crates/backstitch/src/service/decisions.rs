//! What people decide: taken by the loop between two batches, on the disk before anybody sees what follows from it (S26).

use std::time::Duration;

use server::decisions::{Declined, Request, Wish};
use store::{Cause, Decided, DecisionId, DecisionRecord, Ended, Good, MAX_DECISIONS, NewDecision};
use store::{Source, StoreError};
use topology::decisions::Decision;
use topology::fact::{EntityFact, ObjectFact};

use super::engine::{Engine, Stopped};
use super::event::SourceNo;
use super::standing::Handle;

/// The longest time until it is looked whether a decision is over: a clock may be set in between.
const LOOK: Duration = Duration::from_mins(1);

impl Engine {
    /// Loads the decisions that stand, before there is anything that they bear on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn load_decisions(&mut self) -> Result<(), StoreError> {
        self.decisions = self.store.standing_decisions()?;
        let standing = self.standing();
        self.topology_mut().decide(standing);
        Ok(())
    }

    /// Does what a person asks for, and answers.
    pub(super) fn wish(&mut self, request: Request) -> Result<(), Stopped> {
        let done = match request.wish {
            Wish::Decide(new) => match new.decided.clone() {
                Decided::Standing(decision) => self.stand(&new, &decision)?,
                Decided::Confirmed(source) => self.confirm(&new, &source)?,
            },
            Wish::End { id, by, why } => {
                let ended = Ended {
                    at: (self.surroundings.clock)(),
                    by: Some(by),
                    why,
                };
                self.end(id, &ended)?.ok_or(Declined::NotStanding)
            }
        };
        // Whoever asked may have gone.
        let _ = request.answer.send(done);
        Ok(())
    }

    /// Ends the decisions whose time is over.
    pub(super) fn end_overdue(&mut self) -> Result<(), Stopped> {
        let now = (self.surroundings.clock)();
        let is_over = |it: &&DecisionRecord| it.new.until.is_some_and(|until| until <= now);
        let overdue: Vec<DecisionId> = self
            .decisions
            .iter()
            .filter(is_over)
            .map(|it| it.id)
            .collect();
        for id in overdue {
            let ended = Ended {
                at: now,
                by: None,
                why: "its time was over".into(),
            };
            self.end(id, &ended)?;
            tracing::info!("the time of decision {id} is over");
        }
        Ok(())
    }

    /// How long until a decision may be over; `None`: none ends by itself.
    pub(super) fn until_overdue(&self) -> Option<Duration> {
        let first = self.decisions.iter().filter_map(|it| it.new.until).min()?;
        let left = first.saturating_sub((self.surroundings.clock)());
        Some(LOOK.min(Duration::from_secs(u64::try_from(left).unwrap_or_default())))
    }

    fn stand(
        &mut self,
        new: &NewDecision,
        decision: &Decision,
    ) -> Result<Result<DecisionRecord, Declined>, Stopped> {
        let replaced: Vec<DecisionId> = self
            .decisions
            .iter()
            .filter(|it| replaces(decision, &it.new.decided))
            .map(|it| it.id)
            .collect();
        if self.decisions.len() >= MAX_DECISIONS + replaced.len() {
            return Ok(Err(Declined::TooMany(MAX_DECISIONS)));
        }
        let now = (self.surroundings.clock)();
        let record = self.persist(|store| store.decide(now, new, &replaced))?;
        self.decisions.retain(|it| !replaced.contains(&it.id));
        self.decisions.push(record.clone());
        self.decided(record.id)?;
        tracing::info!(decision = record.id, author = %new.author, "decided");
        Ok(Ok(record))
    }

    fn end(&mut self, id: DecisionId, ended: &Ended) -> Result<Option<DecisionRecord>, Stopped> {
        let record = self.persist(|store| store.end_decision(id, ended))?;
        if record.is_some() {
            self.decisions.retain(|it| it.id != id);
            self.decided(id)?;
        }
        Ok(record)
    }

    /// Lets the decisions that stand take effect, and makes history of what that changes.
    fn decided(&mut self, cause: DecisionId) -> Result<(), Stopped> {
        let standing = self.standing();
        let changes = self.topology_mut().decide(standing);
        if !changes.is_empty() {
            let described = self.topology().describe(&changes);
            self.net.extend(described);
        }
        self.record_as(&Cause::Decision(cause))
    }

    fn standing(&self) -> Vec<Decision> {
        let standing = self
            .decisions
            .iter()
            .filter_map(|it| match &it.new.decided {
                Decided::Standing(decision) => Some(decision.clone()),
                Decided::Confirmed(_) => None,
            });
        standing.collect()
    }

    /// S23: what is held back of a source is true, and goes with the next read that says the same, which is asked for.
    fn confirm(
        &mut self,
        new: &NewDecision,
        source: &Source,
    ) -> Result<Result<DecisionRecord, Declined>, Stopped> {
        let place = self
            .book
            .iter()
            .position(|it| it.source == *source && it.handle != Handle::Nowhere && !it.closed);
        let Some(place) = place.map(SourceNo) else {
            return Ok(Err(Declined::NoSource));
        };
        if self.at(place).holds.is_empty() {
            return Ok(Err(Declined::NothingHeld));
        }
        let now = (self.surroundings.clock)();
        let confirmations = self.policy.confirmations;
        let standing = self.at(place);
        standing.holds.confirm(confirmations);
        let held = standing.holds.record();
        let mapping = standing.mapping.clone();
        let read = Good {
            generation: standing.generation,
            read_at: now,
        };
        let contents = store::Contents::default();
        match standing.handle {
            Handle::Cluster(_) => {
                self.commit::<ObjectFact>(place, &mapping, read, false, held, &[], &[], contents)?;
            }
            _ => {
                self.commit::<EntityFact>(place, &mapping, read, false, held, &[], &[], contents)?;
            }
        }
        let record = self.persist(|store| store.decide(now, new, &[]))?;
        tracing::info!(decision = record.id, author = %new.author, "removals of {source} are confirmed");
        self.publish(place);
        // A source that is to be left alone is read when that is over.
        let _ = self.at(place).bell.ring(server::refresh::Insist::No);
        Ok(Ok(record))
    }
}

/// Whether a decision takes the place of one that stands: it says the same, or whom else to prefer for the Service.
fn replaces(decision: &Decision, standing: &Decided) -> bool {
    match (decision, standing) {
        (
            Decision::Prefer { service, .. },
            Decided::Standing(Decision::Prefer { service: other, .. }),
        ) => service == other,
        (decision, Decided::Standing(other)) => decision == other,
        (_, Decided::Confirmed(_)) => false,
    }
}
