//! How much is claimed for a suggestion: a factor for each thing that speaks for or against it. Their product is the
//! confidence. The factors are judgements, gathered here so that they can be read and argued about at once.

use super::Evidence;

/// No guess is surer than this: only a person knows.
pub(super) const SUREST: f64 = 0.99;
/// A guess below this is none.
pub(super) const LEAST: f64 = 0.2;
/// Two guesses that are nearer to each other than this cannot be told apart.
pub(super) const APART: f64 = 0.1;

/// One name is the other and a part joined by `-`.
pub(super) const PART: f64 = 0.6;
/// The component names no Service, so that its own name stands for one.
pub(super) const OWN_NAME: f64 = 0.85;
/// No namespace is named, and the name is that of one Service.
pub(super) const ONLY_ONE: f64 = 0.95;
/// No namespace is named, and the name is that of several.
pub(super) const ONE_OF_SEVERAL: f64 = 0.8;
/// The namespace that is named does not exist, and the Service's is near it.
pub(super) const NEAR_NAMESPACE: f64 = 0.9;
/// The namespace that is named does not exist, and the Service's is another.
pub(super) const OTHER_NAMESPACE: f64 = 0.6;
/// The namespace that is named exists, and the Service is not there.
pub(super) const WRONG_NAMESPACE: f64 = 0.5;
/// Another component has it.
pub(super) const TAKEN: f64 = 0.1;
/// People decided that nobody need own it.
pub(super) const IGNORED: f64 = 0.2;
/// The component's owner has most of the Service's namespace.
pub(super) const SAME_OWNER: f64 = 1.1;
/// Another owner has.
pub(super) const OTHER_OWNER: f64 = 0.8;
/// A label of the Service has the component's name.
pub(super) const LABELLED: f64 = 1.1;
/// Another rule is asked before the one that goes by the name.
pub(super) const OTHER_RULE_FIRST: f64 = 0.9;
/// Another component wants the same Service as much.
pub(super) const CONTESTED: f64 = 0.5;

/// A label says who owns a Service, by reference or name.
pub(super) const OWNER_LABEL: f64 = 0.9;
/// A label says so by the name for people.
pub(super) const TEAM_LABEL: f64 = 0.85;
/// The namespace is called as an owner is.
pub(super) const OWNER_NAMESPACE: f64 = 0.6;
/// A component that is stitched nowhere has the name: it may be the one.
pub(super) const NAMESAKE: f64 = 0.5;
/// An owner that is less sure than this is not written into a draft.
pub(super) const LEAST_OWNER: f64 = 0.5;

/// The product of all, at most [`SUREST`], to two digits.
pub(super) fn confidence(evidence: &[Evidence]) -> f64 {
    let product: f64 = evidence.iter().map(|it| it.factor).product();
    rounded(product.clamp(0.0, SUREST))
}

/// To two digits, as it is shown: what is compared with a limit is what a person sees.
pub(super) fn rounded(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}

/// What the likeness of two names says of one meaning the other.
pub(super) fn likeness(meant: &str, there: &str) -> Evidence {
    if meant == there {
        return Evidence {
            says: format!("`{there}` is the very name"),
            factor: 1.0,
        };
    }
    let joined = |short: &str, long: &str| {
        let before = long
            .strip_prefix(short)
            .is_some_and(|it| it.starts_with('-'));
        before || long.strip_suffix(short).is_some_and(|it| it.ends_with('-'))
    };
    if joined(meant, there) || joined(there, meant) {
        return Evidence {
            says: format!("`{there}` and `{meant}` share all but a part"),
            factor: PART,
        };
    }
    let edits = strsim::osa_distance(meant, there);
    let longer = meant.chars().count().max(there.chars().count()).max(1);
    #[expect(clippy::cast_precision_loss, reason = "names are short")]
    let factor = 1.0 - edits as f64 / longer as f64;
    let word = if edits == 1 { "edit" } else { "edits" };
    Evidence {
        says: format!("`{there}` is {edits} {word} from `{meant}`"),
        factor: rounded(factor),
    }
}

/// How sure it is that who has most of a namespace has the rest too: the share, and less of it where there are few.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn by_majority(has: u64, of: u64) -> f64 {
    if of == 0 {
        return 0.0;
    }
    rounded(has as f64 / of as f64 * (of as f64 / (of + 1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "both are rounded to two digits")]
    fn names_are_as_like_as_the_edits_between_them() {
        for (meant, there, factor) in [
            ("cart", "cart", 1.0),
            ("recomendations", "recommendations", 0.93),
            ("crat", "cart", 0.75),
            ("cart", "card", 0.75),
            ("cart", "cart-api", 0.6),
            ("shop-cart", "cart", 0.6),
            ("cart", "cartography", 0.36),
            ("a", "b", 0.0),
            ("", "b", 0.0),
            ("", "", 1.0),
            ("straße", "strasse", 0.71),
        ] {
            assert_eq!(likeness(meant, there).factor, factor, "{meant} {there}");
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "both are rounded to two digits")]
    fn a_majority_of_few_says_little() {
        for (has, of, sure) in [
            (0, 0, 0.0),
            (1, 1, 0.5),
            (2, 2, 0.67),
            (3, 3, 0.75),
            (9, 9, 0.9),
            (9, 10, 0.82),
            (3, 5, 0.5),
            (2, 3, 0.5),
        ] {
            assert_eq!(by_majority(has, of), sure, "{has} of {of}");
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "both are rounded to two digits")]
    fn confidence_is_a_product_that_never_is_certain() {
        let of = |factors: &[f64]| {
            let evidence = factors.iter().map(|factor| Evidence {
                says: String::new(),
                factor: *factor,
            });
            confidence(&evidence.collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), 0.99);
        assert_eq!(of(&[1.0, 1.1]), 0.99);
        assert_eq!(of(&[0.93, 0.95]), 0.88);
        assert_eq!(of(&[0.93, 0.0]), 0.0);
    }
}
