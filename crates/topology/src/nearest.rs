//! Near names: what a person probably meant (S4, S21).

/// The candidate nearest to `text`, if one is near enough to be a likely slip.
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    near(text, candidates, 1).into_iter().next()
}

/// Up to `limit` candidates near `text`, nearest first, ties in lexical order.
///
/// Near means at most a third of the longer text differs, counted as insertions, deletions, substitutions and swaps of
/// neighbours (optimal string alignment), or one text is the other plus a `-` joined part.
pub fn near<'c>(
    text: &str,
    candidates: impl IntoIterator<Item = &'c str>,
    limit: usize,
) -> Vec<&'c str> {
    let mut scored: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != text)
        .filter_map(|candidate| Some((distance(text, candidate)?, candidate)))
        .collect();
    scored.sort_unstable();
    scored.dedup();
    scored.truncate(limit);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

fn distance(text: &str, candidate: &str) -> Option<usize> {
    let longer = text.len().max(candidate.len());
    let allowed = (longer / 3).clamp(1, 4);
    let extended = |short: &str, long: &str| {
        short.len() >= 3
            && (long
                .strip_prefix(short)
                .is_some_and(|rest| rest.starts_with('-'))
                || long
                    .strip_suffix(short)
                    .is_some_and(|rest| rest.ends_with('-')))
    };
    if extended(text, candidate) || extended(candidate, text) {
        // Behind every slip, and the shorter the part the nearer.
        return Some(allowed + text.len().abs_diff(candidate.len()));
    }
    if text.len().abs_diff(candidate.len()) > allowed {
        return None;
    }
    let distance = strsim::osa_distance(text, candidate);
    (distance <= allowed).then_some(distance)
}
