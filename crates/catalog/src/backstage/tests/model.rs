//! Whatever comes, in whatever order: the generations applied one after another are the catalog that was read.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use topology::fact::Absent;

use super::super::completeness::Accounted;
use super::super::draft::{Draft, Existing, Expected};
use super::super::table::Table;
use super::*;

const NAMES: u8 = 12;
const VERSIONS: u8 = 3;

/// Something that a page shows: an entity in some version, or what is none of ours.
#[derive(Clone, Debug)]
enum Item {
    Entity(u8, u8),
    OtherKind,
    Broken,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Taken(Taken),
    /// The read broke off.
    Failed,
}

#[derive(Clone, Debug)]
struct Read {
    passes: Vec<Vec<Item>>,
    /// After how many items the first pass begins anew.
    restart: Option<usize>,
    /// What is found by reference.
    existing: BTreeMap<u8, u8>,
    outcome: Outcome,
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        12 => (0..NAMES, 0..VERSIONS).prop_map(|(name, version)| Item::Entity(name, version)),
        1 => Just(Item::OtherKind),
        1 => Just(Item::Broken),
    ]
}

fn read() -> impl Strategy<Value = Read> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Taken(Taken::Replaced)),
        1 => Just(Outcome::Taken(Taken::Merged)),
        1 => Just(Outcome::Taken(Taken::Refused)),
        1 => Just(Outcome::Failed),
    ];
    (
        vec(vec(item(), 0..30), 1..=MAX_PASSES as usize),
        prop::option::of(0..10_usize),
        btree_map(0..NAMES, 0..VERSIONS, 0..NAMES as usize),
        outcome,
    )
        .prop_map(|(passes, restart, existing, outcome)| Read {
            passes,
            restart,
            existing,
            outcome,
        })
}

/// Of the names, a third is of each kind.
fn text(name: u8, version: u8) -> String {
    let kind = ["Component", "Group", "User"][usize::from(name) % 3];
    let mut entity = entity(kind, &format!("N{name}"));
    entity["spec"] = json!({
        "owner": format!("team-{version}"),
        "profile": {"displayName": format!("version {version}")},
    });
    entity.to_string()
}

fn name_of(fact: &EntityFact) -> u8 {
    fact.reference().name[1..].parse().expect("a number")
}

fn fact(name: u8, version: u8) -> EntityFact {
    let document = crate::document::from_json(&text(name, version)).map(|document| {
        topology::entity::read_entity(&document, &LabelMap::default(), &mut Vec::new())
    });
    document
        .expect("JSON")
        .expect("an entity")
        .expect("of a kind that is used")
}

fn show(draft: &mut Draft<'_>, items: &[Item]) {
    for item in items {
        match item {
            Item::Entity(name, version) => draft.entity(&text(*name, *version)),
            Item::OtherKind => draft.entity(&entity("API", "leaked").to_string()),
            Item::Broken => draft.entity(r#"{"kind": "Group", "metadata": {}}"#),
        }
    }
}

/// The entities of a pass, each as it came last.
fn came(items: &[Item]) -> BTreeMap<u8, u8> {
    let entities = items.iter().filter_map(|item| match item {
        Item::Entity(name, version) => Some((*name, *version)),
        _ => None,
    });
    entities.collect()
}

fn answered(
    draft: &mut Draft<'_>,
    existing: &BTreeMap<u8, u8>,
    reworded: bool,
) -> (BTreeSet<u8>, Accounted) {
    let missing: Vec<Expected> = draft.missing().collect();
    let mut accounted = Accounted::default();
    let mut names = BTreeSet::new();
    for expected in missing {
        let reference = draft.reference(expected);
        let (_, name) = reference.rsplit_once("/n").expect("a name");
        let name = name.parse().expect("a number");
        let found = existing.get(&name).map(|version| {
            let text = text(name, *version);
            if reworded { format!(" {text}") } else { text }
        });
        draft.answer(
            expected,
            found.as_deref(),
            Existing::Belongs,
            &mut accounted,
        );
        names.insert(name);
    }
    (names, accounted)
}

proptest! {
    #[test]
    fn s22_generations_add_up_to_what_was_read(reads in vec(read(), 1..6), reworded: bool) {
        let map = LabelMap::default();
        let mut known = Known::new(Seed::random());
        let question = Question { url: "u".to_owned(), filter: kinds(), map: map.clone() };
        known.ask(&question);
        // What whoever takes the generations has, and what of it the reader was told of.
        let mut held: BTreeMap<u8, EntityFact> = BTreeMap::new();
        let mut told: BTreeSet<u8> = BTreeSet::new();
        let mut by_reference: BTreeSet<u8> = BTreeSet::new();
        for Read { passes, restart, existing, outcome } in reads {
            let names = |table: &Table| -> BTreeSet<u8> {
                table.indices().map(|index| {
                    let (_, name) = table.name(index).rsplit_once("/n").expect("a name");
                    name.parse().expect("a number")
                }).collect()
            };
            prop_assert_eq!(&names(known.table()), &told);
            let was_empty = known.table().is_empty();
            let mut draft = Draft::new(known.table(), &map, "u");
            let mut seen_before: Vec<BTreeSet<u8>> = Vec::new();
            let mut there = BTreeMap::new();
            let mut repaired = BTreeSet::new();
            for items in &passes {
                draft.begin_pass();
                if let Some(restart) = restart.filter(|_| seen_before.is_empty()) {
                    show(&mut draft, &passes[0][..restart.min(passes[0].len())]);
                    draft.begin_pass_anew();
                }
                show(&mut draft, items);
                there = came(items);
                let broken = items.iter().filter(|item| matches!(item, Item::Broken)).count();
                prop_assert_eq!(draft.counts().seen, (there.len() + broken) as u64);
                let expected: BTreeSet<u8> = told
                    .iter()
                    .chain(seen_before.iter().flatten())
                    .filter(|name| !there.contains_key(name))
                    .copied()
                    .collect();
                let (asked, accounted) = answered(&mut draft, &existing, reworded);
                prop_assert_eq!(&asked, &expected);
                let found: Vec<(u8, u8)> = existing
                    .iter()
                    .filter(|(name, _)| asked.contains(name))
                    .map(|(name, version)| (*name, *version))
                    .collect();
                prop_assert_eq!(accounted.repaired, found.len() as u64);
                prop_assert_eq!(accounted.gone, (asked.len() - found.len()) as u64);
                repaired = found.iter().map(|(name, _)| *name).collect();
                there.extend(found);
                let seen: BTreeSet<u8> = there.keys().copied().collect();
                prop_assert_eq!(draft.agrees(), seen_before.last() == Some(&seen));
                seen_before.push(seen);
            }
            let (generation, given) = draft.finish();
            prop_assert_eq!(generation.size.total(), there.len() as u64);
            prop_assert_eq!(generation.size.groups, there.keys().filter(|name| *name % 3 == 1).count() as u64);
            let fresh: BTreeMap<u8, EntityFact> = generation.entities.into_iter().map(|fact| (name_of(&fact), fact)).collect();
            for (name, fact) in fresh.iter().filter(|_| !was_empty) {
                // What was found by reference is known by no text of a page.
                let reworded = by_reference.contains(name) || reworded && repaired.contains(name);
                let changed = !told.contains(name) || held.get(name) != Some(fact);
                prop_assert!(changed || reworded, "{fact:?} did not change");
            }
            let gone: BTreeSet<u8> = match generation.absent {
                Absent::AllOthers => {
                    prop_assert!(was_empty);
                    held.keys().filter(|name| !fresh.contains_key(name)).copied().collect()
                }
                Absent::These(these) => {
                    prop_assert!(these.is_sorted());
                    these.iter().map(|reference| reference.name[1..].parse().expect("a number")).collect()
                }
            };
            let Outcome::Taken(taken) = outcome else { continue };
            known.gave(given);
            known.taken(taken);
            if taken != Taken::Refused {
                by_reference.retain(|name| !fresh.contains_key(name));
                by_reference.extend(fresh.keys().filter(|name| repaired.contains(name)));
            }
            match taken {
                Taken::Refused => {}
                Taken::Merged => {
                    held.extend(fresh);
                    // It was merged into who knows what, of which the reader has not seen a part.
                    if !was_empty {
                        told.extend(there.keys());
                    }
                }
                Taken::Replaced => {
                    held.retain(|name, _| !gone.contains(name));
                    held.extend(fresh);
                    told = there.keys().copied().collect();
                    let read: BTreeMap<u8, EntityFact> = there.into_iter().map(|(name, version)| (name, fact(name, version))).collect();
                    prop_assert_eq!(&held, &read);
                }
            }
        }
    }
}
