//! What `cargo xtask test` runs, by suite.

use std::convert::Infallible;
use std::ffi::OsString;
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::step::{self, Step};
use crate::{chart, lint, pages, places, real};

/// A named set of checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Suite {
    /// Lints, all tests, and the examples in the documentation.
    All,
    /// The pure core alone: seconds, for the inner loop.
    Core,
    /// The contract tests against real Backstages.
    BackstageReal,
    /// The contract tests against real Kubernetes API servers.
    KubernetesReal,
    /// What is scraped, joined and alerted on, by a real Prometheus.
    PrometheusReal,
    /// The contract tests against a real Alertmanager.
    AlertmanagerReal,
    /// The MCP server, asked by the official client.
    McpReal,
    /// Notifications, to a real mail server and to what reads `CloudEvents`.
    NotificationsReal,
    /// Adding a real Backstage by a Secret of a real Kubernetes, over the API and in a browser.
    IntegrationsReal,
    /// The Helm chart: linted, rendered, held against the schemas of Kubernetes.
    Chart,
    /// The web pages: their own checks, and the program in a browser.
    Pages,
    /// Everything but the tests proper.
    Lint,
    /// The rules of the tree: crate edges, purity, file sizes, citations.
    Tidy,
    /// One crate.
    Crate(String),
}

impl FromStr for Suite {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "all" => Self::All,
            "core" => Self::Core,
            "backstage-real" => Self::BackstageReal,
            "kubernetes-real" => Self::KubernetesReal,
            "prometheus-real" => Self::PrometheusReal,
            "alertmanager-real" => Self::AlertmanagerReal,
            "mcp-real" => Self::McpReal,
            "notifications-real" => Self::NotificationsReal,
            "integrations-real" => Self::IntegrationsReal,
            "chart" => Self::Chart,
            "pages" => Self::Pages,
            "lint" => Self::Lint,
            "tidy" => Self::Tidy,
            name => Self::Crate(name.to_owned()),
        })
    }
}

/// Runs one suite; `arguments` go to the test binaries.
pub(crate) fn run(suite: &Suite, arguments: &[OsString]) -> Result<()> {
    if !arguments.is_empty() && matches!(suite, Suite::All | Suite::Lint) {
        bail!(
            "arguments after `--` need one crate or suite of tests, such as `cargo xtask test core -- {}`",
            arguments[0].to_string_lossy()
        );
    }
    let steps = match suite {
        Suite::All => {
            let mut steps = lint::steps();
            steps.push(cargo_test(
                "tests",
                &["--workspace", "--all-targets"],
                arguments,
            ));
            steps.push(cargo_test("doctests", &["--workspace", "--doc"], arguments));
            steps.push(chart::step(&[]));
            steps.extend(pages::steps(&[]));
            steps.extend(real::backstage(arguments));
            steps.extend(real::kubernetes(arguments));
            steps.extend(real::prometheus(arguments));
            steps.extend(real::alertmanager(arguments));
            steps.extend(real::mcp(arguments));
            steps.extend(real::notifications(arguments));
            steps.extend(real::integrations(arguments));
            steps
        }
        Suite::Core => vec![cargo_test(
            "core",
            &["--package", "topology", "--lib", "--tests"],
            arguments,
        )],
        Suite::BackstageReal => real::backstage(arguments),
        Suite::KubernetesReal => real::kubernetes(arguments),
        Suite::PrometheusReal => real::prometheus(arguments),
        Suite::AlertmanagerReal => real::alertmanager(arguments),
        Suite::McpReal => real::mcp(arguments),
        Suite::NotificationsReal => real::notifications(arguments),
        Suite::IntegrationsReal => real::integrations(arguments),
        Suite::Chart => vec![chart::step(arguments)],
        Suite::Pages => pages::steps(arguments),
        Suite::Lint => {
            let mut steps = lint::steps();
            steps.push(tidy(arguments));
            steps
        }
        Suite::Tidy => vec![tidy(arguments)],
        Suite::Crate(name) => vec![cargo_test("tests", &["--package", name], arguments)],
    };
    step::run_all(steps)
}

/// The rules of the tree are ordinary tests of this crate; `all` runs them with all other tests.
fn tidy(arguments: &[OsString]) -> Step {
    cargo_test("tidy", &["--package", "xtask", "--test", "tidy"], arguments)
}

fn cargo_test(name: &'static str, selection: &[&str], arguments: &[OsString]) -> Step {
    let mut command = places::cargo();
    command.args(["test", "--no-fail-fast"]).args(selection);
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    Step::tests(name, command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_a_known_word_or_a_crate() {
        for (text, suite) in [
            ("all", Suite::All),
            ("core", Suite::Core),
            ("backstage-real", Suite::BackstageReal),
            ("kubernetes-real", Suite::KubernetesReal),
            ("prometheus-real", Suite::PrometheusReal),
            ("alertmanager-real", Suite::AlertmanagerReal),
            ("mcp-real", Suite::McpReal),
            ("notifications-real", Suite::NotificationsReal),
            ("integrations-real", Suite::IntegrationsReal),
            ("chart", Suite::Chart),
            ("pages", Suite::Pages),
            ("lint", Suite::Lint),
            ("tidy", Suite::Tidy),
            ("store", Suite::Crate("store".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(suite));
        }
    }

    #[test]
    fn arguments_for_everything_at_once_are_refused() {
        let fault = run(&Suite::All, &["owners".into()]).expect_err("must be refused");
        assert_eq!(
            fault.to_string(),
            "arguments after `--` need one crate or suite of tests, such as `cargo xtask test core -- owners`"
        );
    }
}
