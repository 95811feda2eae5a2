//! What a read says of what is wrong with a catalog.

use topology::entity_ref::EntityRef;
use topology::fact::{CatalogSize, Fault, FieldFault};

use crate::collect::part_left_out;
use crate::document::DocumentError;

/// Bound on the faults of one read.
const MAX_FAULTS: usize = 1_000;

/// The faults of one pass: the first of them in full, of the others only their number.
#[derive(Default)]
pub(super) struct Faults {
    listed: Vec<Fault>,
    /// Entities that cannot be used, listed or not.
    unusable: u64,
    /// Faults that are not listed.
    more: u64,
}

/// Why an entity cannot be used.
pub(super) enum Unusable {
    /// Its text is no document.
    Document(DocumentError),
    /// It has no identity.
    Field(FieldFault),
    /// It is known, and comes in a shape that Backstage does not give.
    Misshapen(FieldFault),
}

impl Faults {
    pub(super) fn unusable(&self) -> u64 {
        self.unusable
    }

    /// Adds an entity that cannot be used: the `number`th that came.
    pub(super) fn entity(&mut self, url: &str, number: u64, why: &Unusable) {
        self.unusable += 1;
        let place = format!("{url}, entity {number}");
        let consequence = match why {
            Unusable::Misshapen(_) => "the entity stays as it was",
            _ => "this entity is left out",
        };
        self.list(match why {
            Unusable::Document(error) => Fault {
                place,
                message: format!("{}; {consequence}", error.message),
            },
            Unusable::Field(fault) | Unusable::Misshapen(fault) => Fault {
                place: match &*fault.field {
                    "" => place,
                    field => format!("{place}, field `{field}`"),
                },
                message: format!(
                    "found {}, expected {}; {consequence}",
                    fault.found, fault.expected
                ),
            },
        });
    }

    /// Adds a field of the `number`th entity that cannot be used, and costs nothing else.
    pub(super) fn part(&mut self, url: &str, number: u64, entity: &EntityRef, fault: &FieldFault) {
        self.list(Fault {
            place: format!("{url}, entity {number}, field `{}`", fault.field),
            message: format!(
                "found {}, expected {}; {}",
                fault.found,
                fault.expected,
                part_left_out(entity)
            ),
        });
    }

    fn list(&mut self, fault: Fault) {
        if self.listed.len() < MAX_FAULTS {
            self.listed.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// All of them, with those that concern the catalog as a whole: what it had (`before`), what it has, and how many items
    /// were `null`.
    pub(super) fn close(
        mut self,
        url: &str,
        nulls: u64,
        before: CatalogSize,
        size: CatalogSize,
    ) -> Vec<Fault> {
        let mut messages = Vec::new();
        if nulls > 0 {
            messages.push(format!(
                "{nulls} entities that Backstage has not finished processing are missing"
            ));
        }
        if size.total() == 0 {
            messages.push(
                "the catalog shows no Component, Group or User: either it is empty, or the token may not read it (its \
                 `accessRestrictions` must allow `catalog.entity.read`)"
                    .to_owned(),
            );
        } else {
            messages.extend(vanished(before, size));
        }
        if self.more > 0 {
            let more = self.more;
            messages.push(format!("{more} more faults, which are not listed"));
        }
        self.listed
            .extend(messages.into_iter().map(|message| Fault {
                place: url.to_owned(),
                message,
            }));
        self.listed
    }
}

/// Kinds of which there were some and now is none: a permission policy may hide a kind, and no answer says so.
fn vanished(before: CatalogSize, size: CatalogSize) -> impl Iterator<Item = String> {
    let kinds = [
        ("Component", before.components, size.components),
        ("Group", before.groups, size.groups),
        ("User", before.users, size.users),
    ];
    let vanished = kinds
        .into_iter()
        .filter(|(_, before, now)| *before > 0 && *now == 0);
    vanished.map(|(kind, before, _)| {
        format!(
            "the catalog shows no {kind} any more, and had {before}: either they were removed, or a permission hides this \
             kind from the token (look at the permission policy, and at the token's `accessRestrictions`), or the provider \
             that brings them has failed"
        )
    })
}
