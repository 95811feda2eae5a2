//! A step is one child process with a name; a run is a list of them that ends in one summary.
//!
//! All steps run even when one fails, so that one run shows everything there is to mend.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::report;

/// One thing to run, by its name in the summary.
pub(crate) struct Step {
    name: &'static str,
    /// Called when the step's turn has come, so that what it prepares counts as its own time and fault.
    prepare: Box<dyn FnOnce() -> Result<Work>>,
}

/// What a step does once it is prepared.
enum Work {
    Plain(Command),
    Tests(Command),
    Nothing,
}

impl Step {
    /// A step that succeeds when its command does.
    pub(crate) fn new(name: &'static str, command: Command) -> Self {
        Self::prepared(name, || Ok(command))
    }

    /// A step whose command has to be prepared first, which may fail; the failure is the step's.
    pub(crate) fn prepared(
        name: &'static str,
        prepare: impl FnOnce() -> Result<Command> + 'static,
    ) -> Self {
        Self {
            name,
            prepare: Box::new(|| prepare().map(Work::Plain)),
        }
    }

    /// A step of `cargo test`: its tests are counted in the summary.
    pub(crate) fn tests(name: &'static str, command: Command) -> Self {
        Self::prepared_tests(name, || Ok(command))
    }

    /// A step of `cargo test` whose command has to be prepared first.
    pub(crate) fn prepared_tests(
        name: &'static str,
        prepare: impl FnOnce() -> Result<Command> + 'static,
    ) -> Self {
        Self {
            name,
            prepare: Box::new(|| prepare().map(Work::Tests)),
        }
    }

    /// A step that this process does itself.
    pub(crate) fn action(name: &'static str, act: impl FnOnce() -> Result<()> + 'static) -> Self {
        Self {
            name,
            prepare: Box::new(|| act().map(|()| Work::Nothing)),
        }
    }

    fn run(self) -> Outcome {
        let started = Instant::now();
        report::note(format_args!("\n==> {}", self.name));
        let say = |command: &Command| report::note(format_args!("  > {}", spoken(command)));
        let outcome = (self.prepare)().and_then(|work| match work {
            Work::Plain(command) => {
                say(&command);
                run_plainly(command)
            }
            Work::Tests(command) => {
                say(&command);
                run_counting(command)
            }
            Work::Nothing => Ok((None, true)),
        });
        let (counts, fault) = match outcome {
            Ok((counts, true)) => (counts, None),
            Ok((counts, false)) => (counts, Some("failed".to_owned())),
            Err(fault) => (None, Some(format!("{fault:#}"))),
        };
        let elapsed = started.elapsed();
        let word = fault.as_deref().unwrap_or("ok");
        report::note(format_args!(
            "<== {}: {word} ({})",
            self.name,
            seconds(elapsed)
        ));
        Outcome {
            name: self.name,
            elapsed,
            counts,
            fault,
        }
    }
}

struct Outcome {
    name: &'static str,
    elapsed: Duration,
    counts: Option<TestCounts>,
    fault: Option<String>,
}

/// What the test binaries of one or more steps reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct TestCounts {
    binaries: u64,
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl TestCounts {
    /// Adds a closing line of a test binary (`test result: ok. 3 passed; 0 failed; …`); other lines change nothing.
    fn add_line(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        let Some((_, numbers)) = rest.split_once(". ") else {
            return;
        };
        self.binaries += 1;
        for part in numbers.split(';') {
            let mut words = part.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    fn add(&mut self, other: Self) {
        self.binaries += other.binaries;
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }
}

/// Runs the steps in order, prints the summary, and fails when a step did.
pub(crate) fn run_all(steps: Vec<Step>) -> Result<()> {
    let outcomes: Vec<Outcome> = steps.into_iter().map(Step::run).collect();
    report::note("");
    report::result(summary(&outcomes));
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|o| o.fault.is_some())
        .map(|o| o.name)
        .collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn summary(outcomes: &[Outcome]) -> String {
    let mut text = String::from("Summary\n");
    let mut total = TestCounts::default();
    let mut elapsed = Duration::ZERO;
    for outcome in outcomes {
        elapsed += outcome.elapsed;
        total.add(outcome.counts.unwrap_or_default());
        let word = if outcome.fault.is_some() {
            "FAILED"
        } else {
            "ok"
        };
        let _ = writeln!(
            text,
            "  {:<10} {word:<6} {:>8}",
            outcome.name,
            seconds(outcome.elapsed)
        );
    }
    let _ = writeln!(
        text,
        "  {:<10} {:<6} {:>8}",
        "together",
        "",
        seconds(elapsed)
    );
    if total.binaries > 0 {
        let TestCounts {
            binaries,
            passed,
            failed,
            ignored,
        } = total;
        let _ = writeln!(
            text,
            "  tests: {passed} passed, {failed} failed, {ignored} ignored, in {binaries} runs of test binaries"
        );
    }
    text
}

fn run_plainly(mut command: Command) -> Result<(Option<TestCounts>, bool)> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", spoken(&command)))?;
    Ok((None, status.success()))
}

/// Runs `cargo test`, passing every line on while reading the counts from the closing lines.
fn run_counting(mut command: Command) -> Result<(Option<TestCounts>, bool)> {
    command.stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start `{}`", spoken(&command)))?;
    let mut counts = TestCounts::default();
    if let Some(output) = child.stdout.take() {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        // Bytes, not text: a test may print anything.
        while reader
            .read_until(b'\n', &mut line)
            .context("cannot read the test output")?
            > 0
        {
            report::pass_on(&line);
            counts.add_line(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait().context("cannot wait for the tests")?;
    // A wrong filter or a broken target list would otherwise pass as a success over nothing.
    if status.success() && counts.passed == 0 {
        bail!("no test ran");
    }
    Ok((Some(counts), status.success()))
}

/// The command as one would type it.
fn spoken(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_from_closing_lines_only() {
        let mut counts = TestCounts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 2 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result of something else: 9 passed",
            "test result: broken",
        ] {
            counts.add_line(line);
        }
        assert_eq!(
            counts,
            TestCounts {
                binaries: 2,
                passed: 5,
                failed: 5,
                ignored: 1
            }
        );
    }

    #[test]
    fn the_summary_names_each_step_and_adds_up() {
        let outcome = |name, millis, counts, fault: Option<&str>| Outcome {
            name,
            elapsed: Duration::from_millis(millis),
            counts,
            fault: fault.map(str::to_owned),
        };
        let counts = TestCounts {
            binaries: 2,
            passed: 40,
            failed: 1,
            ignored: 0,
        };
        let outcomes = [
            outcome("format", 400, None, None),
            outcome("clippy", 61_000, None, None),
            outcome("tests", 120_250, Some(counts), Some("failed")),
        ];
        insta::assert_snapshot!(summary(&outcomes), @r"
        Summary
          format     ok        0.4 s
          clippy     ok       61.0 s
          tests      FAILED  120.2 s
          together           181.7 s
          tests: 40 passed, 1 failed, 0 ignored, in 2 runs of test binaries
        ");
    }

    #[test]
    fn a_command_is_spoken_without_the_folder_of_its_program() {
        let mut command = Command::new("some/where/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(spoken(&command), "cargo fmt --check");
    }

    #[test]
    fn a_command_that_cannot_start_is_a_failed_step() {
        let outcome = Step::new("absent", Command::new("no-such-program-anywhere")).run();
        let fault = outcome.fault.expect("the step must fail");
        assert!(
            fault.starts_with("cannot start `no-such-program-anywhere`"),
            "{fault}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_test_step_without_a_single_test_fails() {
        assert_eq!(
            Step::tests("empty", Command::new("true"))
                .run()
                .fault
                .as_deref(),
            Some("no test ran")
        );
    }
}
