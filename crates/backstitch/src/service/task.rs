//! What every task that reads a source has in common: its number, its end of the channel, its bell, and how it rests.

use std::sync::Arc;
use std::time::Duration;

use catalog::schedule::{Hint, after_failure};
use server::refresh::{Bell, LEAST_REST, Rest};
use server::status::{Failure, FailureKind};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use topology::generation::Held;

use super::event::{Ended, Event, Said, SourceNo};
use super::next_attempt;
use super::random::Random;

/// The task of one source.
pub(super) struct Task {
    pub(super) source: SourceNo,
    pub(super) clock: fn() -> i64,
    pub(super) random: Random,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) bell: Arc<Bell>,
}

/// Nobody listens any more.
#[derive(Debug)]
pub(super) struct Closed;

/// A read under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    number: u64,
    at: Instant,
}

/// The least time between a read that took so long and one that is asked for: however often it is, no source is being
/// read for more than half of the time.
pub(super) fn least_rest(took: Duration) -> Duration {
    LEAST_REST.max(took)
}

impl Begun {
    /// It has ended now.
    pub(super) fn ended(self) -> Ended {
        Ended {
            number: self.number,
            took: self.at.elapsed(),
            cost: None,
            warnings: Vec::new(),
        }
    }
}

/// Why a rest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// It was over.
    Due,
    /// A read was asked for, or the source is known to have changed. Three such reads may come within a second, so that
    /// they say no more than one: an editor that saves a broken file again and again, or a script that asks while
    /// Backstage starts, must not confirm a removal (S23).
    Early,
}

impl Woken {
    /// The row of reads that a read for this reason goes on with.
    pub(super) fn row(self, before: Option<&Held>) -> Option<Held> {
        let before = before.copied();
        match self {
            Self::Due => before,
            Self::Early => before.map(Held::once_less),
        }
    }
}

/// A read that failed.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) kind: FailureKind,
    pub(super) message: String,
    pub(super) remedy: Option<String>,
    pub(super) hint: Hint,
}

impl Task {
    /// A read begins.
    pub(super) fn begin(&self) -> Begun {
        Begun {
            number: self.bell.begin((self.clock)()),
            at: Instant::now(),
        }
    }

    /// Tells the loop.
    pub(super) async fn say(&self, said: Said) -> Result<(), Closed> {
        let source = self.source;
        self.events
            .send(Event { source, said })
            .await
            .map_err(|_| Closed)
    }

    /// Tells the loop that a read failed, the `failures`th in a row; how long to rest.
    pub(super) async fn failed(
        &mut self,
        failures: u32,
        unread: Unread,
        ended: Ended,
    ) -> Result<Duration, Closed> {
        let Unread {
            kind,
            message,
            remedy,
            hint,
        } = unread;
        let now = (self.clock)();
        let pause = after_failure(failures, hint, self.random.next());
        let next_attempt = next_attempt(now, pause);
        let until = next_attempt.at;
        let rest = match hint {
            Hint::Transient => Rest::Planned,
            Hint::RetryAfter(_) => Rest::Ordered { until },
            Hint::Refused => Rest::Refused { until },
        };
        let failure = Failure {
            kind,
            at: now,
            message,
            remedy,
        };
        // Before the loop hears of it: whoever sees the failure and asks again is told that the source rests.
        self.bell.rest(rest);
        self.say(Said::Failed {
            failure,
            next_attempt,
            ended,
        })
        .await?;
        Ok(pause)
    }

    /// Tells the loop that the source is left alone, because a person wants that.
    pub(super) async fn pause(&self) -> Result<(), Closed> {
        self.bell.rest(Rest::Paused);
        self.say(Said::Paused).await
    }

    /// A read did not fail: nothing forbids another one.
    pub(super) fn succeeded(&self) {
        self.bell.rest(Rest::Planned);
    }

    /// Rests so long after a read that took so long, or until a read is asked for, but some time in any case, or until the
    /// source is known to have `changed`. None of it follows the clock of the wall.
    pub(super) async fn rest(
        &self,
        pause: Duration,
        took: Duration,
        changed: impl Future<Output = ()>,
    ) -> Woken {
        let asked = async {
            sleep(least_rest(took)).await;
            self.bell.rung().await;
        };
        tokio::select! {
            () = sleep(pause) => Woken::Due,
            () = asked => Woken::Early,
            () = changed => Woken::Early,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use server::refresh::Insist;

    use super::*;

    fn task() -> (Task, mpsc::Receiver<Event>) {
        let (events, receiver) = mpsc::channel(8);
        let task = Task {
            source: SourceNo(0),
            clock: || 1_700_000_000,
            random: Random::of(0),
            events,
            bell: Arc::default(),
        };
        (task, receiver)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_ends_a_rest_but_not_at_once() {
        let (task, _receiver) = task();
        task.begin();
        let began = Instant::now();
        task.succeeded();
        let woken = task
            .rest(Duration::from_mins(5), Duration::ZERO, pending())
            .await;
        assert_eq!(woken, Woken::Due);
        assert_eq!(began.elapsed(), Duration::from_mins(5));

        task.begin();
        assert_eq!(task.bell.ring(Insist::No), Ok(3));
        for (took, rested) in [(0, 1), (40, 40), (3_600, 300)] {
            task.bell.ring(Insist::No).expect("nothing forbids it");
            let began = Instant::now();
            let pause = Duration::from_mins(5);
            let woken = task.rest(pause, Duration::from_secs(took), pending()).await;
            assert_eq!(woken == Woken::Due, rested == 300);
            assert_eq!(began.elapsed(), Duration::from_secs(rested));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn s22_a_request_does_not_end_a_rest_that_the_server_ordered() {
        let (mut task, mut receiver) = task();
        for (hint, insist, least) in [
            (Hint::Transient, Insist::No, Duration::from_millis(500)),
            (
                Hint::RetryAfter(Duration::from_mins(2)),
                Insist::No,
                Duration::from_mins(2),
            ),
            (Hint::Refused, Insist::No, Duration::from_secs(15)),
            (
                Hint::RetryAfter(Duration::from_mins(2)),
                Insist::Yes,
                LEAST_REST,
            ),
        ] {
            let begun = task.begin();
            task.bell.ring(insist).expect("a read is under way");
            let start = Instant::now();
            let unread = Unread {
                kind: FailureKind::Unreachable,
                message: "no".to_owned(),
                remedy: None,
                hint,
            };
            let failed = task.failed(1, unread, begun.ended()).await;
            let pause = failed.expect("the loop listens");
            task.rest(pause, Duration::ZERO, pending()).await;
            let rested = start.elapsed();
            assert!(rested >= least, "{hint:?} {insist:?}: {rested:?}");
            if insist == Insist::Yes {
                assert_eq!(rested, LEAST_REST);
            }
            assert!(receiver.recv().await.is_some());
        }
    }
}
