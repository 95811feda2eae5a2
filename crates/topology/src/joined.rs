//! The order of names that are written joined by `/`: that of the text, so that what we sort agrees with whoever sorts
//! what we print.

use std::cmp::Ordering;

/// Compares `a.0/a.1` with `b.0/b.1` as texts, without making them. Names that differ and are written alike, because one
/// has a `/` in it, are never equal: whatever is kept in this order would take the one for the other.
pub(crate) fn cmp_joined(a: (&str, &str), b: (&str, &str)) -> Ordering {
    if a.0 == b.0 {
        return a.1.cmp(b.1);
    }
    let bytes = |(first, second): (&str, &str)| -> Vec<u8> {
        [first.as_bytes(), b"/", second.as_bytes()].concat()
    };
    let shorter = a.0.len().min(b.0.len());
    match a.0.as_bytes()[..shorter].cmp(&b.0.as_bytes()[..shorter]) {
        Ordering::Equal => bytes(a).cmp(&bytes(b)).then_with(|| a.0.cmp(b.0)),
        unequal => unequal,
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::cmp_joined;

    proptest! {
        #[test]
        fn agrees_with_the_text(a in "[a-c-]{0,3}", b in "[a-c-]{0,3}", c in "[a-c/-]{0,3}", d in "[a-c/-]{0,3}") {
            prop_assert_eq!(
                cmp_joined((&a, &c), (&b, &d)),
                format!("{a}/{c}").cmp(&format!("{b}/{d}"))
            );
        }
    }

    #[test]
    fn names_that_are_written_alike_are_told_apart() {
        assert_eq!(cmp_joined(("a", "b/c"), ("a/b", "c")), Ordering::Less);
        assert_eq!(cmp_joined(("a/b", "c"), ("a", "b/c")), Ordering::Greater);
    }
}
