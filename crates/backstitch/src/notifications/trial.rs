//! One example message to one receiver, for `backstitch notify --test`.

use topology::verdict::{ServiceKey, ServiceState};

use super::answer::Answer;
use super::message::{About, Counts, Message, OfService, Team};
use super::send::Sender;
use super::watch::rendered;
use crate::config::{Addressee, Channel, Happening, Receiver};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// The receiver took it.
    Taken,
    /// The receiver did not, and will not; why.
    Refused(String),
    /// It could not be asked, or wants to be asked later; why.
    NotNow(String),
    /// There is nobody to send it to: the only addressee is the owner, and the example has none.
    Nobody,
}

/// Sends the message.
pub(crate) async fn trial(receiver: &Receiver, now: i64, id: &str) -> Trial {
    let message = example(now);
    let mut trial = Trial::Nobody;
    let mut sender = Sender::new(receiver.clone());
    for (body, _) in rendered(receiver, &message, None, id).into_iter().flatten() {
        trial = match sender.send(&body).await {
            Answer::Taken => Trial::Taken,
            Answer::Refused(why) => return Trial::Refused(why),
            Answer::Later(why, _) => return Trial::NotNow(why),
        };
    }
    trial
}

impl Trial {
    /// What to do about it, where something is to be done.
    pub(crate) fn remedy(&self, receiver: &Receiver) -> Option<&'static str> {
        match (self, &receiver.channel) {
            (Self::Taken, _) => None,
            (Self::Nobody, _) => {
                Some("`to` has only `owner`; add an address to it for the time of the test")
            }
            (Self::Refused(_), Channel::Slack(_)) => Some(
                "make a new incoming webhook in Slack, and put its URL into the file that `url_file` names",
            ),
            (Self::Refused(_), Channel::Webhook(_)) => Some(
                "check `url`, `token_file` and `headers`, and that it takes CloudEvents as JSON",
            ),
            (Self::Refused(_), Channel::Email(_)) => {
                Some("check `username`, its password, `from` and `to`")
            }
            (Self::NotNow(_), Channel::Email(_)) => Some(
                "check `smtp` and `tls`: port 587 is for `starttls`, 465 for `tls`; `ca_file` names a CA of your own",
            ),
            (Self::NotNow(_), _) => Some(
                "check that this machine reaches it, and that the files of the configuration are there",
            ),
        }
    }
}

/// Where it goes, in words, without what may be a secret.
pub(crate) fn place(receiver: &Receiver) -> String {
    match &receiver.channel {
        Channel::Slack(_) => "Slack".to_owned(),
        Channel::Webhook(webhook) => webhook.url.origin().ascii_serialization(),
        Channel::Email(email) => {
            let to = email.to.iter().map(|it| match it {
                Addressee::Owner => "owner".to_owned(),
                Addressee::Address(address) => address.to_string(),
            });
            let to: Vec<String> = to.collect();
            format!("{} by {}:{}", to.join(", "), email.host, email.port)
        }
    }
}

fn example(now: i64) -> Message {
    let service = OfService {
        happening: Happening::OwnerLost,
        service: ServiceKey {
            cluster: "example".into(),
            namespace: "shop".into(),
            name: "cart".into(),
        },
        state: ServiceState::Unclaimed,
        owner_before: Some("group:default/example".to_owned()),
        component: Some("component:default/cart".to_owned()),
        at: now,
    };
    let team = Team {
        reference: "group:default/example".to_owned(),
        name: "Test of Backstitch's notifications".to_owned(),
    };
    Message {
        about: About::Team(team),
        at: now,
        counts: Counts::from([(Happening::OwnerLost, 1)]),
        services: vec![service],
        sources: Vec::new(),
        left_out: Counts::new(),
    }
}
