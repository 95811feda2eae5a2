//! Help, completions and the manual page.

mod common;

use common::run;

#[test]
fn help() {
    insta::assert_snapshot!(run(["--help"]).env("COLUMNS", "100").shown());
}

#[test]
fn help_of_stitch() {
    insta::assert_snapshot!(run(["stitch", "--help"]).env("COLUMNS", "100").shown());
}

#[test]
fn help_of_owner() {
    insta::assert_snapshot!(run(["owner", "--help"]).env("COLUMNS", "100").shown());
}

#[test]
fn help_of_diff() {
    insta::assert_snapshot!(run(["diff", "--help"]).env("COLUMNS", "100").shown());
}

#[test]
fn help_of_mcp() {
    insta::assert_snapshot!(run(["mcp", "--help"]).env("COLUMNS", "100").shown());
}

#[test]
fn completions_of_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(["completions", shell]).printed();
        for word in ["stitch", "--fail-on", "backstitch"] {
            assert!(
                script.contains(word.trim_start_matches('-')),
                "{shell}: {word}"
            );
        }
    }
}

#[test]
fn manual_pages() {
    let page = run(["man"]).printed();
    assert!(page.contains(".TH backstitch 1"), "{page}");
    let page = run(["man", "stitch"]).printed();
    assert!(
        page.contains("fail\\-on") && page.contains("backstitch\\-stitch"),
        "{page}"
    );
    insta::assert_snapshot!(run(["man", "sttich"]).shown());
}
