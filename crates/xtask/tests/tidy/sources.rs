//! What the files themselves must and must not hold.

use crate::tree::{SourceFile, assert_none, rust_files, text_files};

/// A file past this has more than one reason to exist.
const MOST_LINES: usize = 600;

/// What opens a file, a clock, a socket, a thread or the environment; the core takes facts and times as arguments.
const IMPURE: [&str; 9] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::path",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
];

/// `file:line: what`, for each line that holds one of the words as `found` judges.
fn lines_with(
    file: &SourceFile,
    text: &str,
    words: &[String],
    found: impl Fn(&str, &str) -> bool,
) -> Vec<String> {
    let mut places = Vec::new();
    for (line, content) in text.lines().enumerate() {
        for word in words.iter().filter(|word| found(content, word)) {
            places.push(format!("{}:{}: {word}", file.path, line + 1));
        }
    }
    places
}

/// Whether the word stands in the line on its own, not as the end or the start of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|c| c.is_alphanumeric() || c == '_');
    // A word such as `panic!` ends itself.
    let goes_on =
        |after: &str| word.ends_with(char::is_alphanumeric) && is_part(after.chars().next());
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !(is_part(before.chars().next_back()) || goes_on(after))
    })
}

/// Whether the path stands in the line as an absolute one, not inside a longer path or an address.
fn has_absolute_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at]
            .ends_with(|before: char| before.is_alphanumeric() || "_-.~}*/)".contains(before))
    })
}

/// Joined here, so that this file does not hold what it looks for.
fn joined(parts: &[[&str; 2]]) -> Vec<String> {
    parts.iter().map(|parts| parts.concat()).collect()
}

#[test]
fn no_source_file_is_too_long() {
    let places: Vec<String> = rust_files()
        .iter()
        .filter(|file| file.is_in_src())
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| format!("{}: {lines} lines", file.path))
        .collect();
    assert_none("source files of at most 600 lines", &places);
}

#[test]
fn nothing_is_left_for_later() {
    let words = joined(&[
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X"],
        ["todo", "!"],
        ["unimplemented", "!"],
    ]);
    let ignored = joined(&[["#[ign", "ore"], ["should", "_panic"]]);
    let mut places = Vec::new();
    for file in rust_files() {
        places.extend(lines_with(&file, &file.text, &words, has_word));
        places.extend(lines_with(&file, &file.text, &ignored, |line, word| {
            line.contains(word)
        }));
    }
    assert_none("no unfinished work and no tests that do not run", &places);
}

#[test]
fn every_module_opens_with_what_it_is() {
    let places: Vec<String> = rust_files()
        .iter()
        .filter(|file| file.is_in_src())
        .filter(|file| !first_line_after_attributes(&file.text).starts_with("//!"))
        .map(|file| file.path.clone())
        .collect();
    assert_none(
        "each module file opens with `//!` and says what it owns",
        &places,
    );
}

/// The first line that is neither empty nor part of an inner attribute.
fn first_line_after_attributes(text: &str) -> &str {
    let mut in_attribute = false;
    for line in text.lines().map(str::trim) {
        in_attribute |= line.starts_with("#![");
        if !in_attribute && !line.is_empty() {
            return line;
        }
        in_attribute &= !line.ends_with(']');
    }
    ""
}

#[test]
fn the_core_reads_no_file_clock_or_environment() {
    let words = IMPURE.map(str::to_owned);
    let mut places = Vec::new();
    for file in rust_files()
        .iter()
        .filter(|file| file.path.starts_with("crates/topology/src/"))
    {
        places.extend(lines_with(
            file,
            file.product_text(),
            &words,
            |line, word| !line.trim_start().starts_with("//") && has_word(line, word),
        ));
    }
    assert_none("the core is pure", &places);
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let paths = joined(&[
        ["/wo", "rk/"],
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["/Us", "ers/"],
        ["/tm", "p/"],
    ]);
    let hosts = joined(&[
        ["crates", ".io"],
        ["npmjs", ".org"],
        ["npmjs", ".com"],
        ["pypi", ".org"],
        ["pythonhosted", ".org"],
        ["proxy.golang", ".org"],
        ["rubygems", ".org"],
    ]);
    let mut places = Vec::new();
    // Lock files are written by the package managers, which put their own addresses in.
    let ours =
        |file: &&SourceFile| !file.has_extension("lock") && !file.path.ends_with("-lock.json");
    for file in text_files().iter().filter(ours) {
        places.extend(lines_with(file, &file.text, &paths, has_absolute_path));
        places.extend(lines_with(file, &file.text, &hosts, |line, host| {
            line.contains(host)
        }));
    }
    assert_none("the tree must not depend on where it is built", &places);
}

#[test]
fn words_and_paths_are_told_from_parts_of_longer_ones() {
    for (line, word, found) in [
        ("let a = Instant::now();", "Instant", true),
        ("an Instantaneous answer", "Instant", false),
        ("use std::fs;", "std::fs", true),
        ("mystd::fs", "std::fs", false),
    ] {
        assert_eq!(has_word(line, word), found, "{line}");
    }
    for (line, found) in [
        ("cd /etc/x", true),
        ("`/etc/x`", true),
        ("https://host/etc/x", false),
        ("$A/../etc/x", false),
    ] {
        assert_eq!(has_absolute_path(line, "/etc/"), found, "{line}");
    }
}

#[test]
fn attributes_before_the_documentation_are_skipped() {
    assert_eq!(
        first_line_after_attributes("#![expect(\n  a,\n)]\n\n//! Doc\nfn a() {}"),
        "//! Doc"
    );
    assert_eq!(first_line_after_attributes("//! Doc"), "//! Doc");
    assert_eq!(
        first_line_after_attributes("#![a]\nuse b;\n//! late"),
        "use b;"
    );
    assert_eq!(first_line_after_attributes(""), "");
}
