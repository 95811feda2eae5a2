//! A source whose Secret is gone: what it gave is judged, again and again, until nothing is left of it (S30).

use std::time::Duration;

use catalog::backstage::Taken;
use catalog::schedule::after_success;
use server::status::{Failure, FailureKind};
use tokio::sync::oneshot;

use super::event::{Hides, Reading, Said};
use super::next_attempt;
use super::supply::Supplied;
use super::task::{Begun, Closed, Task, Woken};
use crate::secrets::Problem;

/// S30: the Secret is gone. Reading stops at once. What the source gave is judged at every interval from then on, as if the
/// source were empty: little goes at the first time, much when it was judged so several times in a row (S23). In between it
/// is judged when somebody asks, and that counts where a person has confirmed it. How long to
/// rest, and what became of it, if it was judged.
pub(super) async fn gone<T>(
    task: &mut Task,
    interval: Duration,
    begun: Begun,
    problem: Problem,
    woken: Woken,
    supplied: &mut Supplied<T>,
) -> Result<(Duration, Option<Taken>), Closed> {
    let now = (task.clock)();
    let pause = after_success(interval, task.random.next());
    let next_attempt = next_attempt(now, pause);
    let failure = Failure {
        kind: FailureKind::Settings,
        at: now,
        message: problem.message,
        remedy: problem.remedy,
    };
    let ended = begun.ended();
    task.succeeded();
    if !supplied.gone_before {
        supplied.gone_before = true;
        task.say(Said::Failed {
            failure,
            next_attempt,
            ended,
        })
        .await?;
        return Ok((pause, None));
    }
    let reading = Reading {
        read_at: now,
        next_attempt,
        faults_hide: Hides::Documents,
        woken,
        incomplete: None,
        contents: None,
        ended,
    };
    let (answer, became) = oneshot::channel();
    task.say(Said::Withdrawn(failure, reading, answer)).await?;
    let taken = became.await.map_err(|_| Closed)?;
    Ok((pause, Some(taken)))
}
