//! Page tokens: opaque, versioned, of one list each.
//!
//! A token is the key of the last item, so that every page costs the same and nothing is kept between pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{DecisionId, HistoryCursor};
use topology::entity_ref::EntityRef;
use topology::query::{OwnerCursor, ServiceCursor, VerdictCursor};
use topology::sorted::{ServiceSort, SortKey};

/// First byte of every token; another one is another layout.
const VERSION: u8 = b'1';

/// The mark of a key that has a text: there may be an empty one.
const TEXT: &str = "t";

/// Which list a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Services,
    SortedServices,
    Components,
    Owners,
    History,
    Decisions,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Services,
        Self::SortedServices,
        Self::Components,
        Self::Owners,
        Self::History,
        Self::Decisions,
    ];

    fn byte(self) -> u8 {
        match self {
            Self::Services => b's',
            Self::SortedServices => b't',
            Self::Components => b'c',
            Self::Owners => b'o',
            Self::History => b'h',
            Self::Decisions => b'd',
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Services => "services",
            Self::SortedServices => "services in another order",
            Self::Components => "components",
            Self::Owners => "owners",
            Self::History => "history",
            Self::Decisions => "decisions",
        }
    }

    /// How many fields its key has.
    fn fields(self) -> usize {
        match self {
            Self::Services => 3,
            Self::SortedServices => 6,
            Self::Components => 5,
            Self::Owners => 4,
            Self::History => 2,
            Self::Decisions => 1,
        }
    }
}

/// The key of the last item of a page. It always has as many fields as its list wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    kind: Kind,
    fields: Vec<String>,
}

impl Token {
    fn new(kind: Kind, fields: &[&str]) -> Self {
        Self {
            kind,
            fields: fields.iter().map(|&field| field.to_owned()).collect(),
        }
    }

    pub(crate) fn service(cluster: &str, namespace: &str, name: &str) -> Self {
        Self::new(Kind::Services, &[cluster, namespace, name])
    }

    /// Of a list that is sorted so: the order, whether there is a text and which, the Service.
    pub(crate) fn sorted(sort: ServiceSort, key: &SortKey) -> Self {
        let SortKey { text, service } = key;
        let there = if text.is_some() { TEXT } else { "" };
        Self::new(
            Kind::SortedServices,
            &[
                sort.as_str(),
                there,
                text.as_deref().unwrap_or_default(),
                &service.cluster,
                &service.namespace,
                &service.name,
            ],
        )
    }

    pub(crate) fn component(cluster: &str, reference: &EntityRef, instance: &str) -> Self {
        let EntityRef {
            kind,
            namespace,
            name,
        } = reference;
        Self::new(
            Kind::Components,
            &[cluster, kind, namespace, name, instance],
        )
    }

    pub(crate) fn owner(reference: &EntityRef, instance: &str) -> Self {
        let EntityRef {
            kind,
            namespace,
            name,
        } = reference;
        Self::new(Kind::Owners, &[kind, namespace, name, instance])
    }

    pub(crate) fn history(cursor: HistoryCursor) -> Self {
        Self::new(
            Kind::History,
            &[&cursor.at.to_string(), &cursor.id.to_string()],
        )
    }

    pub(crate) fn decision(id: DecisionId) -> Self {
        Self::new(Kind::Decisions, &[&id.to_string()])
    }

    /// Reads a token of that list.
    pub(crate) fn read(text: &str, kind: Kind) -> Result<Self, String> {
        let unreadable = || "`cursor` is no page token".to_owned();
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable())?;
        let [version, list, fields @ ..] = bytes.as_slice() else {
            return Err(unreadable());
        };
        if *version != VERSION {
            return Err("`cursor` is a page token of another version".to_owned());
        }
        let list = Kind::ALL
            .into_iter()
            .find(|kind| kind.byte() == *list)
            .ok_or_else(unreadable)?;
        if list != kind {
            return Err(format!(
                "`cursor` is a page token of {}, expected one of {}",
                list.name(),
                kind.name()
            ));
        }
        let fields: Vec<String> = serde_json::from_slice(fields).map_err(|_| unreadable())?;
        if fields.len() != kind.fields() {
            return Err(unreadable());
        }
        Ok(Self { kind, fields })
    }

    pub(crate) fn write(&self) -> String {
        let mut bytes = vec![VERSION, self.kind.byte()];
        // A list of strings always encodes.
        bytes.extend(serde_json::to_vec(&self.fields).unwrap_or_default());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(crate) fn to_service(&self) -> ServiceCursor {
        ServiceCursor {
            cluster: self.fields[0].as_str().into(),
            namespace: self.fields[1].as_str().into(),
            name: self.fields[2].as_str().into(),
        }
    }

    /// Where a list that is sorted so goes on.
    pub(crate) fn to_sorted(&self, sort: ServiceSort) -> Result<SortKey, String> {
        let [of, there, text, cluster, namespace, name] = self.fields.as_slice() else {
            return Err("`cursor` is no page token".to_owned());
        };
        if of != sort.as_str() {
            return Err(format!(
                "`cursor` is a page token of Services by `{of}`, expected one of those by `{}`",
                sort.as_str()
            ));
        }
        Ok(SortKey {
            text: (there == TEXT).then(|| text.as_str().into()),
            service: ServiceCursor {
                cluster: cluster.as_str().into(),
                namespace: namespace.as_str().into(),
                name: name.as_str().into(),
            },
        })
    }

    pub(crate) fn to_component(&self) -> VerdictCursor {
        VerdictCursor {
            cluster: self.fields[0].clone(),
            reference: EntityRef::new(&self.fields[1], &self.fields[2], &self.fields[3]),
            instance: self.fields[4].clone(),
        }
    }

    pub(crate) fn to_history(&self) -> Result<HistoryCursor, String> {
        let number = |field: &String| {
            field
                .parse()
                .map_err(|_| "`cursor` is no page token".to_owned())
        };
        Ok(HistoryCursor {
            at: number(&self.fields[0])?,
            id: number(&self.fields[1])?,
        })
    }

    pub(crate) fn to_decision(&self) -> Result<DecisionId, String> {
        self.fields[0]
            .parse()
            .map_err(|_| "`cursor` is no page token".to_owned())
    }

    pub(crate) fn to_owner(&self) -> OwnerCursor {
        OwnerCursor {
            reference: EntityRef::new(&self.fields[0], &self.fields[1], &self.fields[2]),
            instance: self.fields[3].clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_belongs_to_its_list() {
        let token = Token::service("eu1", "shop", "cart");
        let text = token.write();
        assert_eq!(Token::read(&text, Kind::Services), Ok(token));
        assert_eq!(
            Token::read(&text, Kind::Owners),
            Err("`cursor` is a page token of services, expected one of owners".into())
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        for (text, reason) in [
            (String::new(), "`cursor` is no page token"),
            ("not base64!".to_owned(), "`cursor` is no page token"),
            (encode(b"1x[]"), "`cursor` is no page token"),
            (encode(b"1s[]"), "`cursor` is no page token"),
            (encode(b"1s[\"a\",\"b\",3]"), "`cursor` is no page token"),
            (
                encode(b"2s[\"a\",\"b\",\"c\"]"),
                "`cursor` is a page token of another version",
            ),
        ] {
            assert_eq!(
                Token::read(&text, Kind::Services),
                Err(reason.to_owned()),
                "{text}"
            );
        }
    }
}
