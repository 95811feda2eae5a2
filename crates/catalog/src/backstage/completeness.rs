//! Whether one pass over a catalog can be taken for all of it (S22). Pure: counts in, a judgement out.
//!
//! By cursor an entity that exists throughout is seen. What a pass can hide is therefore only what came or went meanwhile,
//! and the count that the server announces with the first page tells how much of that there is:
//!
//! - **As many as announced**: nothing happened, and the pass is certain.
//! - **Fewer**: entities were deleted meanwhile, or missed. Those that were expected and did not come are asked for by
//!   reference, and those that exist after all count as seen. That some are said to be gone explains nothing by itself: a
//!   Backstage that was started anew with an empty database in the midst of the pass says so of all. The next pass tells.
//! - **More**: entities were added meanwhile, which hides nothing. But a count that lies far too low says that the server
//!   is confused about what it has, so beyond one in a hundred another pass has to agree.
//!
//! An entity that was expected and did not come must always be accounted for, whatever the counts say: one that is deleted
//! and created again moves to where the cursor was already, and one that was added makes the count right again.

use super::Doubt;

/// One entity in so many may be more than was announced: a large catalog takes a minute to read, and lives on meanwhile.
const SURPLUS_DIVISOR: u64 = 100;

/// What one pass gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Entities that came, each once, those that cannot be used included.
    pub(super) seen: u64,
    /// How many the server announced.
    pub(super) announced: Option<u64>,
    /// Items that were `null`: entities that the server could not show yet.
    pub(super) nulls: u64,
    /// A page was found by its offset, which misses entities when others are deleted.
    pub(super) by_offset: bool,
}

/// What became of the entities that were expected and did not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Accounted {
    /// They exist: the pages had missed them.
    pub(super) repaired: u64,
    /// They do not exist.
    pub(super) gone: u64,
    /// They exist, and came in a form that cannot be used, so that what was known of them stays.
    pub(super) kept: u64,
    /// Nothing can be said of them.
    pub(super) unproven: u64,
}

/// Whether a pass is complete by itself.
pub(super) fn is_certain(counts: Counts, expected: Accounted) -> bool {
    let Some(announced) = counts.announced else {
        return false;
    };
    let there = counts.seen + expected.repaired;
    !counts.by_offset
        && counts.nulls == 0
        && expected.unproven == 0
        && there >= announced
        && there <= announced + announced / SURPLUS_DIVISOR
}

/// What is doubtful about a pass that another one agreed with, by which it is taken for what the server has to show.
pub(super) fn doubt(counts: Counts, expected: Accounted) -> Option<Doubt> {
    if counts.nulls > 0 {
        return Some(Doubt::Unprocessed(counts.nulls));
    }
    let announced = counts.announced?;
    let shown = counts.seen + expected.repaired + expected.gone;
    (shown < announced).then_some(Doubt::Fewer { announced, shown })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s22_when_a_pass_is_certain() {
        let by_cursor = |seen, announced| Counts {
            seen,
            announced: Some(announced),
            ..Counts::default()
        };
        let all = Accounted::default();
        let expected = |repaired, gone, kept, unproven| Accounted {
            repaired,
            gone,
            kept,
            unproven,
        };
        let table = [
            ("as announced", by_cursor(10, 10), all, true),
            ("empty", by_cursor(0, 0), all, true),
            ("one too few", by_cursor(9, 10), all, false),
            (
                "one too few, and it was missed",
                by_cursor(9, 10),
                expected(1, 0, 0, 0),
                true,
            ),
            (
                "one too few, and it is gone",
                by_cursor(9, 10),
                expected(0, 1, 0, 0),
                false,
            ),
            (
                "two too few, and one is gone",
                by_cursor(8, 10),
                expected(0, 1, 0, 0),
                false,
            ),
            (
                "deleted before the read",
                by_cursor(10, 10),
                expected(0, 5, 0, 0),
                true,
            ),
            (
                "one is missing for unknown reasons",
                by_cursor(10, 10),
                expected(0, 0, 0, 1),
                false,
            ),
            (
                "a broken one came",
                by_cursor(10, 10),
                expected(0, 0, 1, 0),
                true,
            ),
            ("one more", by_cursor(11, 10), all, false),
            ("one more of many", by_cursor(101, 100), all, true),
            ("too many more", by_cursor(102, 100), all, false),
            ("a count that lies low", by_cursor(1_000, 0), all, false),
            (
                "no count",
                Counts {
                    seen: 10,
                    ..Counts::default()
                },
                all,
                false,
            ),
            (
                "null items",
                Counts {
                    nulls: 1,
                    ..by_cursor(10, 10)
                },
                all,
                false,
            ),
            (
                "by offset",
                Counts {
                    by_offset: true,
                    ..by_cursor(10, 10)
                },
                all,
                false,
            ),
        ];
        for (name, counts, expected, certain) in table {
            assert_eq!(is_certain(counts, expected), certain, "{name}");
        }
    }

    #[test]
    fn s22_what_agrees_and_is_less_than_announced_is_doubtful() {
        let counts = |seen, announced, nulls| Counts {
            seen,
            announced,
            nulls,
            by_offset: false,
        };
        let gone = |gone| Accounted {
            gone,
            ..Accounted::default()
        };
        let fewer = |announced, shown| Some(Doubt::Fewer { announced, shown });
        for (counts, expected, doubtful) in [
            (counts(10, Some(10), 0), gone(0), None),
            (counts(9, Some(10), 0), gone(0), fewer(10, 9)),
            (counts(9, Some(10), 0), gone(1), None),
            (counts(11, Some(10), 0), gone(0), None),
            (counts(10, None, 0), gone(0), None),
            (counts(10, None, 2), gone(0), Some(Doubt::Unprocessed(2))),
        ] {
            assert_eq!(doubt(counts, expected), doubtful, "{counts:?} {expected:?}");
        }
    }
}
