//! How an owner is reached, beside its e-mail address: what its entity says of that, and who is asked where it says nothing.

use crate::entity_ref::EntityRef;
use crate::fact::OwnerKind;
use crate::names::Name;
use crate::records::RefNames;
use crate::topology::{OwnerId, Topology};
use crate::value::Value;

/// Links of one entity that are kept.
const MAX_LINKS: usize = 10;
/// Groups that are looked at above an owner.
const MAX_ABOVE: usize = 64;
/// What a link may begin with: others are no address that a person should follow.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];
/// Annotations that say how somebody is reached, the most direct first. The key of a PagerDuty integration
/// (`pagerduty.com/integration-key`) is none of them: whoever knows it may raise incidents.
const ANNOTATIONS: [(&str, ContactKind); 3] = [
    // https://backstage.io/docs/notifications: what the notifications of Backstage are sent to.
    ("slack.com/bot-notify", ContactKind::Slack),
    // https://pagerduty.github.io/backstage-plugin-docs
    ("pagerduty.com/service-id", ContactKind::PagerDuty),
    // https://github.com/K-Phoen/backstage-plugin-opsgenie
    ("opsgenie.com/team", ContactKind::Opsgenie),
];

/// A way to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContactKind {
    /// An e-mail address.
    Email,
    /// A channel, user or group of Slack: an ID, or a name.
    Slack,
    /// The ID of a service of PagerDuty.
    PagerDuty,
    /// A team of Opsgenie.
    Opsgenie,
    /// A page.
    Link,
}

impl ContactKind {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Slack => "slack",
            Self::PagerDuty => "pagerduty",
            Self::Opsgenie => "opsgenie",
            Self::Link => "link",
        }
    }
}

/// One way to reach an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Which way.
    pub kind: ContactKind,
    /// The address, channel, service, team or URL.
    pub value: Box<str>,
    /// What the entity calls it; of a link.
    pub title: Option<Box<str>>,
}

/// How an owner is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts {
    /// The ways, the most direct first. The owner's own e-mail address is not among them.
    pub ways: Vec<Contact>,
    /// The Group above whose ways they are, because the owner has neither an address nor any other way itself.
    pub of: Option<EntityRef>,
}

/// The ways that an entity names, each text of at most `longest` bytes.
pub(crate) fn read(metadata: Option<&Value<'_>>, longest: usize) -> Vec<Contact> {
    let Some(metadata) = metadata else {
        return Vec::new();
    };
    let bounded = |value: Option<&Value<'_>>| {
        let text = value?.text()?.trim();
        (!text.is_empty() && text.len() <= longest).then(|| Box::from(text))
    };
    let annotations = metadata.get("annotations");
    let annotated = ANNOTATIONS.iter().filter_map(|(key, kind)| {
        Some(Contact {
            kind: *kind,
            value: bounded(annotations?.get(key))?,
            title: None,
        })
    });
    let links = match metadata.get("links") {
        Some(Value::Array(links)) => links.as_slice(),
        _ => &[],
    };
    let links = links.iter().filter_map(|link| {
        let url: Box<str> = bounded(link.get("url"))?;
        let begins = |scheme: &&str| {
            url.get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        SCHEMES.iter().find(|scheme| begins(scheme))?;
        Some(Contact {
            kind: ContactKind::Link,
            title: bounded(link.get("title")),
            value: url,
        })
    });
    annotated.chain(links.take(MAX_LINKS)).collect()
}

/// As [`Contact`] is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) kind: ContactKind,
    pub(crate) value: Name,
    pub(crate) title: Option<Name>,
}

impl Topology {
    /// How an owner is reached: by what its entity says, else by what that of the nearest Group above says. Above a Group is
    /// its parent; above a User are the Groups that it is a member of, in their order.
    pub fn owner_contacts(&self, id: OwnerId) -> Contacts {
        if self.is_reachable(id) {
            return Contacts {
                ways: self.own_ways(id),
                of: None,
            };
        }
        // The nearest first; a circle is left where it closes.
        let mut seen = vec![id];
        let mut next = 0;
        while next < seen.len() && seen.len() <= MAX_ABOVE {
            for above in self.above(seen[next]) {
                if seen.contains(&above) {
                    continue;
                }
                if self.is_reachable(above) {
                    let email = self.owner(above).email.map(|email| Contact {
                        kind: ContactKind::Email,
                        value: email.into(),
                        title: None,
                    });
                    return Contacts {
                        ways: email.into_iter().chain(self.own_ways(above)).collect(),
                        of: Some(self.owner_ref(above)),
                    };
                }
                seen.push(above);
            }
            next += 1;
        }
        Contacts::default()
    }

    /// Whether there is a way to reach an owner: its address, its own ways, or those of a Group above.
    pub fn can_be_reached(&self, id: OwnerId) -> bool {
        self.is_reachable(id) || self.owner_contacts(id).of.is_some()
    }

    fn is_reachable(&self, id: OwnerId) -> bool {
        let it = self.owners.get(id.0);
        it.email.is_some() || !it.ways.is_empty()
    }

    fn own_ways(&self, id: OwnerId) -> Vec<Contact> {
        let ways = self.owners.get(id.0).ways.iter();
        ways.map(|way| Contact {
            kind: way.kind,
            value: self.names.get(way.value).into(),
            title: self.names.opt(way.title).map(Into::into),
        })
        .collect()
    }

    /// The Groups directly above an owner that the instance has.
    fn above(&self, id: OwnerId) -> impl Iterator<Item = OwnerId> {
        let it = self.owners.get(id.0);
        let found = |reference: &RefNames| {
            let key = (
                it.instance,
                OwnerKind::Group,
                reference.namespace,
                reference.name,
            );
            self.owner_by_ref.get(&key).map(|id| OwnerId(*id))
        };
        it.parent.iter().chain(&it.member_of).filter_map(found)
    }
}
