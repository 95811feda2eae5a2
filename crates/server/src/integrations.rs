//! Between requests about how a Backstage is configured and whoever can read and write that.
//!
//! ```text
//!  request ── Wish ──▶ Desk ──▶ whoever knows sources and clusters ──▶ answer, as the API has it
//!                                                                        │ a catalog that was tried out
//!                                           topology (read lock) ◀───────┘
//! ```
//!
//! It owns how long a request waits, and how a refusal is told. What a Secret or a Backstage is, is nobody's business here.

use std::time::Duration;

use api::{IntegrationChange, IntegrationDraft, ProblemFault};
use tokio::sync::{mpsc, oneshot};
use topology::packed::PackedEntities;
use topology::settings::InstanceSettings;

use crate::desk::asked;
use crate::problem::Refusal;

/// Bound on the requests that wait to be begun.
const WAITING: usize = 16;
/// How long a request waits for its answer.
const PATIENCE: Duration = Duration::from_secs(45);

/// Where requests are handed in.
#[derive(Clone, Debug)]
pub struct Desk(mpsc::Sender<Wish>);

/// Where an answer goes. Nobody waits for it any more where it is closed.
pub type Answer<T> = oneshot::Sender<Result<T, Declined>>;

/// What is asked.
#[derive(Debug)]
pub enum Wish {
    /// What there is.
    Look(Answer<api::Integrations>),
    /// To try one out.
    Test(IntegrationDraft, Answer<Tested>),
    /// What would be written.
    Plan(IntegrationDraft, Answer<api::IntegrationPlan>),
    /// To write it.
    Write(Place, IntegrationChange, Answer<api::IntegrationWritten>),
    /// To have one left alone, to go on with it, or to take it away, as it was when it was looked at.
    Change(Place, String, Deed, Answer<api::IntegrationWritten>),
}

/// What is done to one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It is left alone.
    Pause,
    /// It is read again.
    Resume,
    /// It is taken away.
    Remove,
}

/// Where it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The cluster.
    pub cluster: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What was seen of one that was tried out.
#[derive(Debug)]
pub struct Tested {
    /// Step by step.
    pub checks: Vec<api::IntegrationCheck>,
    /// What was read of its catalog.
    pub read: Option<Read>,
}

/// Components of a catalog, and how they would be stitched.
#[derive(Debug)]
pub struct Read {
    /// The components.
    pub entities: PackedEntities,
    /// They are all that there are.
    pub whole: bool,
    /// How they would be stitched.
    pub settings: InstanceSettings,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// What sort of refusal it is.
    pub why: Why,
    /// What went wrong. No secret is in it.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The sorts of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// What was asked makes no sense: which part of it.
    Parameter(&'static str),
    /// It is not there.
    NotFound,
    /// It is otherwise than whoever asks thinks.
    Conflict,
    /// The cluster does not permit it.
    Forbidden,
    /// The cluster does not answer, or too much is asked at once.
    Unavailable,
}

impl Desk {
    /// A desk, and the end at which whoever carries out sits.
    pub fn open() -> (Self, mpsc::Receiver<Wish>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    pub(crate) async fn ask<T>(&self, wish: impl FnOnce(Answer<T>) -> Wish) -> Result<T, Refusal> {
        let late = || {
            format!(
                "there was no answer within {} s; what was to be written may be written later",
                PATIENCE.as_secs()
            )
        };
        asked(&self.0, PATIENCE, wish)
            .await
            .map_err(|none| Refusal::no_room(none.detail(late())))?
            .map_err(refusal)
    }
}

fn refusal(Declined { why, message, hint }: Declined) -> Refusal {
    let refusal = match why {
        Why::Parameter(name) => {
            Refusal::parameter(name, message.clone()).faults(vec![ProblemFault {
                parameter: name.to_owned(),
                detail: message,
                ..ProblemFault::default()
            }])
        }
        Why::NotFound => Refusal::not_found(message),
        Why::Conflict => Refusal::not_written(message),
        Why::Forbidden => Refusal::not_permitted(message),
        Why::Unavailable => Refusal::no_room(message),
    };
    match hint {
        Some(hint) => refusal.hint(hint),
        None => refusal,
    }
}
