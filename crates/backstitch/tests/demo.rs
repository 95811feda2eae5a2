//! `backstitch demo`: what it prints is true, and what it says to try works.

mod common;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use common::{Folder, run};

/// The demo up to the moment when it serves, then whatever `look` does with what was printed.
fn with_demo(args: &[&str], look: impl FnOnce(&str)) {
    let temporary = Folder::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_backstitch"))
        .arg("demo")
        .args(args)
        .env_clear()
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut printed = String::new();
    while !printed.contains("until Ctrl-C") {
        let read = stdout.read_line(&mut printed).expect("text");
        assert!(read > 0, "it ended: {printed}");
    }
    // It calls itself as it was called.
    look(&printed.replace(env!("CARGO_BIN_EXE_backstitch"), "backstitch"));
    let signalled = Command::new("sh")
        .args(["-c", &format!("kill -INT {}", child.id())])
        .status()
        .expect("sh runs");
    assert!(signalled.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "");
    let left = std::fs::read_dir(temporary.path())
        .expect("the folder")
        .count();
    assert_eq!(left, 0, "it leaves nothing behind");
}

fn without_port(printed: &str) -> String {
    let port = printed
        .rsplit_once("http://127.0.0.1:")
        .and_then(|(_, rest)| rest.split_whitespace().next())
        .expect("an address");
    printed.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:[PORT]")
}

#[test]
fn it_prints_the_company_and_what_to_try() {
    with_demo(&[], |printed| {
        insta::assert_snapshot!(without_port(printed));
    });
}

#[test]
fn every_command_that_it_prints_works() {
    with_demo(&["--no-store"], |printed| {
        let commands: Vec<Vec<&str>> = printed
            .lines()
            .filter_map(|line| line.trim().strip_prefix("backstitch "))
            .map(|command| command.split_whitespace().collect())
            .collect();
        assert_eq!(commands.len(), 6);
        let answers: Vec<String> = commands
            .into_iter()
            .map(|command| run(command).printed())
            .collect();
        // An owner, a Pod of two teams, a label, a fix, an ambiguity, a conflict.
        let expected = [
            "tracking@lindhaven.example",
            "confidence  shared",
            "rule `kubernetes-id-label` found",
            "backstage.io/kubernetes-id: conveyor-telemetry",
            "ambiguous",
            "conflict",
        ];
        for (answer, expected) in answers.iter().zip(expected) {
            assert!(answer.contains(expected), "{expected}: {answer}");
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_that_it_prints_answers() {
    let runtime = tokio::runtime::Handle::current();
    let looked = tokio::task::spawn_blocking(move || {
        with_demo(&[], |printed| {
            let urls: Vec<&str> = printed
                .lines()
                .filter_map(|line| line.trim().strip_prefix("curl '")?.strip_suffix('\''))
                .collect();
            assert_eq!(urls.len(), 5);
            for url in urls {
                let response = runtime.block_on(reqwest::get(url)).expect("it answers");
                assert_eq!(response.status(), 200, "{url}");
            }
        });
    });
    looked.await.expect("all of them answer");
}
