//! The contract tests against real systems: which test binaries, against what, in which order.
//!
//! These binaries are named `real_*` and have `test = false` in their crate's manifest, so that neither `cargo test` nor
//! another suite runs them: they need what only this module prepares. They are run by name here, and a step without a
//! single test that ran fails.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, Result};

use crate::alertmanager;
use crate::backstages::{self, Backstages, INSTALLATIONS};
use crate::cached::InUse;
use crate::debian::{self, Package};
use crate::kubernetes::{self, Kubernetes};
use crate::pages;
use crate::places;
use crate::python;
use crate::step::Step;

/// Which of them a run of contract tests is about.
const VERSION: &str = "BACKSTITCH_BACKSTAGE_VERSION";

/// A Backstage of one's own, which the same tests can be run against by hand; here it would replace the pinned ones.
const OWN: [&str; 2] = ["BACKSTAGE_URL", "BACKSTAGE_TOKEN"];

/// The contract with each version, and then what each test sets up for itself.
const RUNS: [(&str, &[&str], Option<&str>); 4] = [
    ("current", CONTRACT, Some("current")),
    ("1.33", CONTRACT, Some("1.33")),
    ("1.11", CONTRACT, Some("1.11")),
    ("traps", &["real_backstage_*"], None),
];

/// What each version has to keep: with our client and reader, and bare, as the catalog served in process has to as well.
const CONTRACT: &[&str] = &["real_backstage", "real_conformance"];

/// What part of the tests, chosen by name, runs against: in most of the runs above no test would have that name.
const CHOSEN: [(&str, &[&str], Option<&str>); 1] = [(
    "chosen",
    &["real_backstage*", "real_conformance"],
    Some("current"),
)];

/// Installs the Backstages, and runs the tests against each; with arguments, which choose some, against the current one.
pub(crate) fn backstage(arguments: &[OsString]) -> Vec<Step> {
    // Lives as long as any step, and with it the locks on what the tests use.
    let installed: Rc<OnceCell<Backstages>> = Rc::default();
    let place = Rc::clone(&installed);
    let mut steps = vec![Step::action("backstages", move || {
        // The first step is the only one that sets it.
        let _ = place.set(backstages::install()?);
        Ok(())
    })];
    let runs: &[_] = if arguments.is_empty() { &RUNS } else { &CHOSEN };
    for &(name, binaries, version) in runs {
        let (installed, arguments) = (Rc::clone(&installed), arguments.to_vec());
        steps.push(Step::prepared_tests(name, move || {
            let installed = installed
                .get()
                .context("there is no Backstage to test against")?;
            run(binaries, version, installed, &arguments)
        }));
    }
    steps
}

fn run(
    binaries: &[&str],
    version: Option<&str>,
    installed: &Backstages,
    arguments: &[OsString],
) -> Result<Command> {
    let mut command = cargo_test(binaries, arguments);
    for name in OWN {
        command.env_remove(name);
    }
    command.env(INSTALLATIONS, installed.as_path_list()?);
    match version {
        Some(version) => command.env(VERSION, version),
        None => command.env_remove(VERSION),
    };
    Ok(command)
}

/// Builds Kubernetes, and runs the tests against clusters of it; arguments choose some.
pub(crate) fn kubernetes(arguments: &[OsString]) -> Vec<Step> {
    // Lives as long as any step, and with it the lock on what the tests use.
    let built: Rc<OnceCell<Kubernetes>> = Rc::default();
    let place = Rc::clone(&built);
    let arguments = arguments.to_vec();
    vec![
        Step::action("k8s-build", move || {
            // This step is the only one that sets it.
            let _ = place.set(kubernetes::install()?);
            Ok(())
        }),
        Step::prepared_tests("k8s", move || {
            let built = built
                .get()
                .context("there is no Kubernetes to test against")?;
            let mut command = cargo_test(&["real_kubernetes*"], &arguments);
            command.env(kubernetes::INSTALLATION, built.folder());
            Ok(command)
        }),
    ]
}

/// Prepares Backstages, Kubernetes and the pages, and has one be added to the other; arguments choose some tests.
pub(crate) fn integrations(arguments: &[OsString]) -> Vec<Step> {
    // They live as long as any step, and with them the locks on what the tests use.
    let prepared: Rc<OnceCell<(Backstages, Kubernetes)>> = Rc::default();
    let place = Rc::clone(&prepared);
    let arguments = arguments.to_vec();
    vec![
        Step::action("real-both", move || {
            // This step is the only one that sets it.
            let _ = place.set((backstages::install()?, kubernetes::install()?));
            pages::build()
        }),
        Step::prepared_tests("integrations", move || {
            let (backstages, kubernetes) = prepared
                .get()
                .context("there is no Backstage and no Kubernetes to test against")?;
            let mut command = cargo_test(&["real_integrations"], &arguments);
            command.env(INSTALLATIONS, backstages.as_path_list()?);
            command.env(kubernetes::INSTALLATION, kubernetes.folder());
            command.env(pages::BROWSER, pages::browser()?);
            Ok(command)
        }),
    ]
}

/// The variable that says where Prometheus is, for its tests.
const PROMETHEUS: &str = "BACKSTITCH_PROMETHEUS";

/// Unpacks Prometheus, and runs the tests against it; arguments choose some.
pub(crate) fn prometheus(arguments: &[OsString]) -> Vec<Step> {
    let package = Package {
        name: "prometheus",
        compiled_in: &[],
    };
    let unpack = move || debian::unpack(package);
    prepared(
        ("prom-unpack", unpack),
        ("prometheus", "real_prometheus*"),
        PROMETHEUS,
        arguments,
    )
}

/// Unpacks Alertmanager, and runs the tests against it; arguments choose some.
pub(crate) fn alertmanager(arguments: &[OsString]) -> Vec<Step> {
    prepared(
        ("am-unpack", alertmanager::install),
        ("alertmanager", "real_alertmanager*"),
        alertmanager::INSTALLATION,
        arguments,
    )
}

/// The variable that says where the official MCP client is, for its tests.
const MCP_CLIENT: &str = "BACKSTITCH_MCP_CLIENT";

/// Installs the official MCP client, and has it ask the server; arguments choose some tests.
pub(crate) fn mcp(arguments: &[OsString]) -> Vec<Step> {
    let install = || {
        let manifests = places::checkout().join("tests/mcp");
        python::install("the official MCP client", "mcp", &manifests)
    };
    prepared(
        ("mcp-client", install),
        ("mcp", "real_mcp"),
        MCP_CLIENT,
        arguments,
    )
}

/// The variable that says where the packages of Python are, for the tests of notifications.
const NOTIFICATIONS: &str = "BACKSTITCH_NOTIFICATIONS";

/// Installs a mail server and what reads `CloudEvents`, and runs the tests against them; arguments choose some.
pub(crate) fn notifications(arguments: &[OsString]) -> Vec<Step> {
    let install = || {
        let manifests = places::checkout().join("tests/notifications");
        python::install(
            "a mail server and the SDK of CloudEvents",
            "notifications",
            &manifests,
        )
    };
    prepared(
        ("mail-server", install),
        ("notifications", "real_notifications*"),
        NOTIFICATIONS,
        arguments,
    )
}

/// Puts a program into the cache, and runs the tests against it: the name of each step and what it does, and the variable that
/// says where the program is.
fn prepared(
    (unpacking, unpack): (&'static str, impl FnOnce() -> Result<InUse> + 'static),
    (testing, binaries): (&'static str, &'static str),
    variable: &'static str,
    arguments: &[OsString],
) -> Vec<Step> {
    // Lives as long as any step, and with it the lock on what the tests use.
    let unpacked: Rc<OnceCell<InUse>> = Rc::default();
    let place = Rc::clone(&unpacked);
    let arguments = arguments.to_vec();
    vec![
        Step::action(unpacking, move || {
            // This step is the only one that sets it.
            let _ = place.set(unpack()?);
            Ok(())
        }),
        Step::prepared_tests(testing, move || {
            let unpacked = unpacked
                .get()
                .context("there is no program to test against")?;
            let mut command = cargo_test(&[binaries], &arguments);
            command.env(variable, &unpacked.folder);
            Ok(command)
        }),
    ]
}

fn cargo_test(binaries: &[&str], arguments: &[OsString]) -> Command {
    let mut command = places::cargo();
    // The whole workspace, or else cargo builds the dependencies once more with the features that fewer crates need.
    command.args(["test", "--no-fail-fast", "--workspace"]);
    for binary in binaries {
        command.args(["--test", binary]);
    }
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    command
}
