//! Whether the gates of `--fail-on` hold (S34). Pure: counts in, failed gates out.

use std::fmt;

use topology::query::Summary;

use crate::args::{Condition, Gate, Threshold};
use crate::output::screen::percent;

/// A gate that did not hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Failed {
    gate: Gate,
    count: u64,
    total: u64,
    allowed: u64,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            gate,
            count,
            total,
            allowed,
        } = *self;
        let word = gate.condition.as_str();
        let over = count - allowed;
        if gate.condition == Condition::Errors {
            return write!(
                f,
                "`{word}={}`: {count} found, {over} more than allowed",
                gate.threshold
            );
        }
        write!(
            f,
            "`{word}={}`: {count} of {total} {} ({}), {over} more than the {allowed} allowed",
            gate.threshold,
            gate.condition.of(),
            percent(count, total),
        )
    }
}

/// The gates that do not hold, in the order given.
pub(crate) fn failed(gates: &[Gate], summary: &Summary, errors: usize) -> Vec<Failed> {
    gates
        .iter()
        .filter_map(|gate| {
            let (count, total) = counted(gate.condition, summary, errors);
            let allowed = allowed(gate.threshold, total);
            (count > allowed).then_some(Failed {
                gate: *gate,
                count,
                total,
                allowed,
            })
        })
        .collect()
}

/// How often a condition holds, and of how many.
fn counted(condition: Condition, summary: &Summary, errors: usize) -> (u64, u64) {
    let [_, without_owner, unclaimed] = summary.service_states;
    let services = summary.services;
    let verdicts: usize = summary.verdicts.iter().sum();
    let verdict = |wanted: api::Verdict| {
        let index = api::Verdict::ALL
            .iter()
            .position(|verdict| *verdict == wanted);
        index.map_or(0, |index| summary.verdicts[index])
    };
    let (count, total) = match condition {
        Condition::Unowned => (without_owner + unclaimed, services),
        Condition::Unclaimed => (unclaimed, services),
        Condition::StitchedWithoutOwner => (without_owner, services),
        Condition::Unstitched => (verdicts - verdict(api::Verdict::Stitched), verdicts),
        Condition::Verdict(kind) => (verdict(kind), verdicts),
        Condition::NoOwner => (summary.owner_states[2], verdicts),
        Condition::Unresolved => (summary.owner_states[1], verdicts),
        Condition::Errors => (errors, errors),
    };
    (count as u64, total as u64)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count, not negative, and far below 2^52"
)]
fn allowed(threshold: Threshold, total: u64) -> u64 {
    /// 5% of 20 is 1 whatever binary fractions make of it.
    const ROUNDING: f64 = 1e-9;
    match threshold {
        Threshold::Count(count) => count,
        Threshold::Percent(percent) => (percent * total as f64 / 100.0 + ROUNDING).floor() as u64,
    }
}

#[cfg(test)]
mod tests {
    use topology::query::Summary;

    use super::failed;
    use crate::args::Gate;

    fn summary() -> Summary {
        Summary {
            components: 10,
            verdicts: [5, 1, 1, 2, 1, 0],
            owner_states: [7, 2, 1],
            services: 20,
            service_states: [17, 1, 2],
            owners: 4,
            ..Summary::default()
        }
    }

    #[test]
    fn s34_gates_say_by_how_much_they_fail() {
        let table: [(&str, Option<&str>); 16] = [
            (
                "unowned",
                Some("`unowned=0`: 3 of 20 Services (15.0%), 3 more than the 0 allowed"),
            ),
            ("unowned=15%", None),
            (
                "unowned=14.9%",
                Some("`unowned=14.9%`: 3 of 20 Services (15.0%), 1 more than the 2 allowed"),
            ),
            ("unowned=3", None),
            ("unclaimed=10%", None),
            (
                "unclaimed=1",
                Some("`unclaimed=1`: 2 of 20 Services (10.0%), 1 more than the 1 allowed"),
            ),
            ("stitched-without-owner=1", None),
            (
                "ambiguous",
                Some("`ambiguous=0`: 2 of 10 components (20.0%), 2 more than the 0 allowed"),
            ),
            ("conflict=10%", None),
            ("invalid", None),
            ("unstitched=50%", None),
            (
                "unstitched=4",
                Some("`unstitched=4`: 5 of 10 components (50.0%), 1 more than the 4 allowed"),
            ),
            (
                "unresolved=1",
                Some("`unresolved=1`: 2 of 10 components (20.0%), 1 more than the 1 allowed"),
            ),
            ("no-owner=1", None),
            ("errors=2", Some("`errors=2`: 3 found, 1 more than allowed")),
            ("errors=3", None),
        ];
        for (text, expected) in table {
            let gate = Gate::parse(text).expect(text);
            let failed = failed(&[gate], &summary(), 3);
            let shown = failed.first().map(ToString::to_string);
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn s34_nothing_to_count_holds() {
        let gate = Gate::parse("unowned=5%").expect("a gate");
        assert_eq!(failed(&[gate], &Summary::default(), 0), []);
    }
}
