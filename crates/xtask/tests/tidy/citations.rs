//! Every line of the contract is cited by a test: `S10` in a comment, or `s10_…` in the name of a test.

use std::collections::BTreeSet;

use crate::tree::{assert_none, rust_files};

/// The last line of the contract; S15a stands between S15 and S16.
const LAST: u32 = 34;

fn contract() -> BTreeSet<String> {
    let mut lines: BTreeSet<String> = (1..=LAST).map(|number| format!("S{number}")).collect();
    lines.insert("S15a".to_owned());
    lines
}

/// The lines a text cites: `S7`, `S15a`, and `s7_…` or `…_s7_…` in the name of a function.
///
/// A range such as `S5–S7` cites its two ends alone: a test is about the lines it names.
fn cited(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, letter) in text
        .char_indices()
        .filter(|(_, letter)| matches!(letter, 'S' | 's'))
    {
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let rest = &text[at + 1..];
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        if digits == 0 {
            continue;
        }
        let (number, mut after) = rest.split_at(digits);
        let mut line = format!("S{number}");
        if let Some(beyond) = after.strip_prefix('a')
            && !beyond.starts_with(char::is_alphanumeric)
        {
            line.push('a');
            after = beyond;
        }
        let ends_here = !after.starts_with(char::is_alphanumeric);
        // A small letter is a citation in the name of a function only; `s3` is a bucket and `s1` a variable.
        let in_a_name = letter == 'S' || after.starts_with('_');
        if ends_here && in_a_name {
            found.insert(line);
        }
    }
    found
}

#[test]
fn every_line_of_the_contract_is_cited_by_a_test() {
    let mut cited_anywhere = BTreeSet::new();
    // This crate lists the lines; it tests none of them.
    for file in rust_files()
        .iter()
        .filter(|file| !file.path.starts_with("crates/xtask/"))
    {
        cited_anywhere.extend(cited(file.test_text()));
    }
    let contract = contract();

    let in_order = |lines: &mut dyn Iterator<Item = &String>| {
        let mut lines: Vec<String> = lines.cloned().collect();
        lines.sort_by_key(|line| {
            (
                line.trim_matches(|c: char| !c.is_ascii_digit())
                    .parse::<u32>()
                    .unwrap_or_default(),
                line.clone(),
            )
        });
        lines
    };
    let missing = in_order(&mut contract.difference(&cited_anywhere));
    assert_none("lines of the contract that no test cites", &missing);
    let unknown = in_order(&mut cited_anywhere.difference(&contract));
    assert_none(
        "citations of lines that the contract does not have",
        &unknown,
    );
}

#[test]
fn citations_are_found_where_they_are_meant() {
    let of = |text: &str| cited(text).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(of("// S10: the winner"), "S10");
    assert_eq!(of("fn s15a_relations() {}"), "S15a");
    assert_eq!(of("fn owner_s15_source() {}"), "S15");
    assert_eq!(of("(S5–S7, S20)"), "S20 S5 S7");
    assert_eq!(of("S15a's targets; S1, S2"), "S1 S15a S2");
    assert_eq!(of("let s1 = \"s3://bucket\"; OS2 S S3x S15ab MS4"), "");
}
