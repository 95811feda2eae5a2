//! What to write, given what is wanted and what is there. Only what is ours is ever changed or removed.

use cluster::live::{Annotated, Annotations};

use super::wanted::{ObjectName, Wanted};

/// Whether what is ours and not wanted any more goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removals {
    /// It does.
    Done,
    /// Nothing goes, because not everything could be read (S22).
    Withheld,
}

/// What is to be done in a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What to write, in the order of the objects.
    pub steps: Vec<Step>,
    /// What somebody else has and says otherwise: it is left alone.
    pub clashes: Vec<Clash>,
    /// Objects that have what they should.
    pub unchanged: usize,
    /// Objects of which nothing of ours is left after the steps.
    pub cleared: usize,
    /// Objects that have something of ours now.
    pub annotated: usize,
}

/// What to write on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The object as it is.
    pub object: Annotated,
    /// All that is ours on it from now on.
    pub annotations: Annotations,
    /// What that changes, by key.
    pub changes: Vec<Change>,
}

/// An annotation that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Its key.
    pub key: Box<str>,
    /// Its value now.
    pub before: Option<Box<str>>,
    /// Its value afterwards.
    pub after: Option<Box<str>>,
}

/// An annotation that somebody else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    /// The object.
    pub object: ObjectName,
    /// The key.
    pub key: Box<str>,
    /// Their value.
    pub theirs: Box<str>,
    /// What it should be.
    pub wanted: Box<str>,
    /// Who they are, as far as the API server knows.
    pub manager: Option<Box<str>>,
}

/// Plans a cluster. What somebody else has with the value that is wanted is as good as ours, and stays theirs.
pub(crate) fn plan(wanted: &Wanted, observed: Vec<Annotated>, removals: Removals) -> Plan {
    let nothing = Annotations::new();
    let mut plan = Plan::default();
    for object in observed {
        let name = ObjectName {
            kind: object.kind,
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        };
        let mut annotations = Annotations::new();
        for (key, value) in wanted.get(&name).unwrap_or(&nothing) {
            match object.others.get(key) {
                Some(held) if held.value != *value => plan.clashes.push(Clash {
                    object: name.clone(),
                    key: key.clone(),
                    theirs: held.value.clone(),
                    wanted: value.clone(),
                    manager: held.manager.clone(),
                }),
                Some(_) => {}
                None => {
                    annotations.insert(key.clone(), value.clone());
                }
            }
        }
        if removals == Removals::Withheld {
            for (key, value) in &object.ours {
                annotations
                    .entry(key.clone())
                    .or_insert_with(|| value.clone());
            }
        }
        plan.annotated += usize::from(!object.ours.is_empty());
        let changes = changes(&object.ours, &annotations);
        if changes.is_empty() {
            plan.unchanged += usize::from(!annotations.is_empty());
            continue;
        }
        plan.cleared += usize::from(annotations.is_empty());
        plan.steps.push(Step {
            object,
            annotations,
            changes,
        });
    }
    plan
}

fn changes(before: &Annotations, after: &Annotations) -> Vec<Change> {
    let mut keys: Vec<&Box<str>> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| Change {
            key: key.clone(),
            before: before.get(key).cloned(),
            after: after.get(key).cloned(),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

#[cfg(test)]
mod tests {
    use cluster::live::Held;
    use topology::fact::ObjectKind;

    use super::*;

    fn annotations(pairs: &[(&str, &str)]) -> Annotations {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect()
    }

    fn observed(ours: &[(&str, &str)], others: &[(&str, &str)]) -> Annotated {
        let held = |value: &str| Held {
            value: value.into(),
            manager: Some("kubectl".into()),
        };
        Annotated {
            kind: ObjectKind::Service,
            namespace: "shop".into(),
            name: "cart".into(),
            uid: "u1".into(),
            ours: annotations(ours),
            others: others
                .iter()
                .map(|(key, value)| ((*key).into(), held(value)))
                .collect(),
        }
    }

    /// What a plan writes, removes and clashes over: `key=value`, `-key`, `!key`, and `.` where it writes nothing.
    fn planned(wanted: &[(&str, &str)], object: Annotated, removals: Removals) -> (String, Plan) {
        let name = ObjectName {
            kind: object.kind,
            namespace: object.namespace.clone(),
            name: object.name.clone(),
        };
        let mut all = Wanted::new();
        if !wanted.is_empty() {
            all.insert(name, annotations(wanted));
        }
        let plan = plan(&all, vec![object], removals);
        let mut words: Vec<String> = Vec::new();
        for change in plan.steps.iter().flat_map(|step| &step.changes) {
            words.push(match &change.after {
                Some(after) => format!("{}={after}", change.key),
                None => format!("-{}", change.key),
            });
        }
        words.extend(plan.clashes.iter().map(|clash| format!("!{}", clash.key)));
        if words.is_empty() {
            words.push(".".to_owned());
        }
        (words.join(" "), plan)
    }

    #[test]
    fn only_what_is_ours_is_changed_or_removed() {
        use Removals::{Done, Withheld};
        type Pairs<'p> = &'p [(&'p str, &'p str)];
        let table: [(Pairs<'_>, Pairs<'_>, Pairs<'_>, Removals, &str); 11] = [
            // wanted, ours, others
            (&[("t", "pay")], &[], &[], Done, "t=pay"),
            (&[("t", "pay")], &[("t", "pay")], &[], Done, "."),
            (&[("t", "pay")], &[("t", "web")], &[], Done, "t=pay"),
            (&[], &[("t", "web")], &[], Done, "-t"),
            (&[], &[("t", "web")], &[], Withheld, "."),
            (
                &[("t", "pay")],
                &[("t", "web"), ("u", "1")],
                &[],
                Done,
                "t=pay -u",
            ),
            (
                &[("t", "pay")],
                &[("t", "web"), ("u", "1")],
                &[],
                Withheld,
                "t=pay",
            ),
            (&[("t", "pay")], &[], &[("t", "web")], Done, "!t"),
            (&[("t", "pay")], &[], &[("t", "pay")], Done, "."),
            (&[], &[], &[("t", "web")], Done, "."),
            (
                &[("t", "pay"), ("r", "x")],
                &[],
                &[("t", "web")],
                Done,
                "r=x !t",
            ),
        ];
        for (wanted, ours, others, removals, expected) in table {
            let (words, _) = planned(wanted, observed(ours, others), removals);
            assert_eq!(words, expected, "{wanted:?} over {ours:?} and {others:?}");
        }
    }

    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_to_do() {
        let wanted: [&[(&str, &str)]; 3] = [&[("t", "pay"), ("r", "x")], &[("t", "pay")], &[]];
        for wanted in wanted {
            let before = observed(&[("t", "web"), ("u", "1")], &[("r", "theirs")]);
            let (_, plan) = planned(wanted, before.clone(), Removals::Done);
            let after = Annotated {
                ours: plan.steps[0].annotations.clone(),
                ..before
            };
            let (_, again) = planned(wanted, after, Removals::Done);
            assert!(again.steps.is_empty(), "{again:?}");
        }
    }
}
