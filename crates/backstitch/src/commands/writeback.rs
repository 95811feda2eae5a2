//! `backstitch writeback`: owners onto Services and workloads, as annotations that other tools read.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use api::{Page, Phase, ServiceRow, SourceStatus};
use cluster::live::{
    Access, AnnotateError, Annotated, ApiServer, Pace, annotate, annotated, connect,
};
use futures::{StreamExt as _, stream};
use topology::generation::{RemovalPolicy, is_too_much};

use super::ask::Server;
use super::stitch::read_and_stitch;
use crate::args::WritebackArgs;
use crate::config::{Cluster, ClusterSource, Config};
use crate::exit::Exit;
use crate::output::writeback as output;
use crate::phases::Phases;
use crate::report::{Failure, Failures};
use crate::sources::{self, Stitched};
use crate::terminal::Terminal;
use crate::writeback::{Kinds, Plan, Removals, Step, Wanted, of_services, of_topology, plan};

/// Objects that are written at the same time: an API server has others to serve.
const AT_ONCE: usize = 8;

/// Where what is wanted comes from.
enum Truth {
    /// Sources that were read now.
    Stitched(Box<Stitched>),
    /// A running server.
    Served(Vec<ServiceRow>),
}

/// What became of writing.
#[derive(Default)]
struct Written {
    done: usize,
    gone: usize,
    failures: Vec<Failure>,
}

/// Runs the command.
pub(crate) async fn run(args: &WritebackArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let keys: BTreeSet<Box<str>> = args
        .annotation
        .iter()
        .map(|word| format!("{}/{}", config.label_prefix, word.as_str()).into())
        .collect();
    let kinds = if args.workloads {
        Kinds::Workloads
    } else {
        Kinds::Services
    };
    let clusters = sources::select_clusters(&args.sources, config)?;
    let clusters: Vec<(&Cluster, &Access)> = clusters
        .iter()
        .filter_map(|cluster| match &cluster.source {
            ClusterSource::Live(access) => Some((cluster, access)),
            ClusterSource::Files(_) => None,
        })
        .collect();
    if clusters.is_empty() {
        return Err(Failure::new("there is no live cluster to write to")
            .hint(Some(
                "name a context of the kubeconfig by `--cluster`, or a configuration that has one",
            ))
            .into());
    }
    let (truth, mut removals) = truth(args, config, terminal).await?;
    if args.keep {
        removals = Removals::Withheld;
    }
    let mut failures: Vec<Failure> = Vec::new();
    let mut clashes = 0;
    for (cluster, access) in clusters {
        let name = &cluster.name;
        let wanted = match &truth {
            Truth::Stitched(stitched) => of_topology(&stitched.topology, name, kinds, &keys),
            Truth::Served(rows) => of_services(rows, name, &keys),
        };
        let planned = match planned(cluster, access, kinds, &keys, &wanted, removals).await {
            Ok(planned) => planned,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        let (server, plan) = planned;
        clashes += plan.clashes.len();
        Terminal::print(|out| output::write(name, &plan, terminal.out, out))?;
        if args.dry_run || plan.steps.is_empty() {
            continue;
        }
        if !args.force && is_too_much(&RemovalPolicy::default(), plan.annotated, plan.cleared) {
            failures.push(
                Failure::new(format!(
                    "cluster `{name}`: {} of {} annotated objects would lose their owner, and nothing was written",
                    plan.cleared, plan.annotated
                ))
                .hint(Some("if that is right, say `--force`")),
            );
            continue;
        }
        let written = write(&server, &plan.steps).await;
        Terminal::print(|out| output::write_done(name, written.done, written.gone, out))?;
        failures.extend(written.failures);
    }
    if failures.is_empty() {
        return Ok(if clashes > 0 && !args.dry_run {
            Exit::Refused
        } else {
            Exit::Done
        });
    }
    Err(Failures(failures).into())
}

/// What is stitched to what, and whether it is all there is.
async fn truth(
    args: &WritebackArgs,
    config: &Config,
    terminal: Terminal,
) -> Result<(Truth, Removals)> {
    if let Some(url) = &args.server {
        if args.workloads {
            return Err(Failure::new(
                "`--workloads` beside `--server`: a server lists Services only",
            )
            .hint(Some(
                "leave `--server` out, so that the sources are read here",
            ))
            .into());
        }
        let server = Server::new(url, &args.token)?;
        let sources: Page<SourceStatus> = server.get(&["sources"], &[]).await?;
        let rows = server.pages(&["services"], &[]).all().await?;
        let behind: Vec<String> = sources
            .items
            .iter()
            .filter(|source| source.phase != Phase::Ready)
            .map(|source| format!("{} {}", source.kind, source.name))
            .collect();
        if !behind.is_empty() {
            let which = behind.join(", ");
            withheld(&format!("not up to date: {which}"), terminal);
        }
        return Ok((Truth::Served(rows), removals(behind.is_empty())));
    }
    let mut phases = Phases::default();
    let stitched = read_and_stitch(&args.sources, config, terminal, &mut phases).await?;
    let whole = stitched.errors.is_empty();
    if !whole {
        withheld("not everything that was read can be used", terminal);
    }
    Ok((Truth::Stitched(Box::new(stitched)), removals(whole)))
}

fn removals(whole: bool) -> Removals {
    if whole {
        Removals::Done
    } else {
        Removals::Withheld
    }
}

fn withheld(why: &str, terminal: Terminal) {
    terminal.tell(|err, paint| output::write_withheld(why, paint, err));
}

async fn planned(
    cluster: &Cluster,
    access: &Access,
    kinds: Kinds,
    keys: &BTreeSet<Box<str>>,
    wanted: &Wanted,
    removals: Removals,
) -> Result<(ApiServer, Plan), Failure> {
    let pace = Pace::default();
    let failed = |error: &(dyn std::error::Error + 'static), hint: Option<String>| {
        Failure::because(format!("cannot write to cluster `{}`", cluster.name), error).hint(hint)
    };
    let server = connect(access)
        .await
        .map_err(|error| failed(&error, error.hint()))?
        .within(cluster.namespaces.clone());
    let mut observed: Vec<Annotated> = Vec::new();
    for kind in kinds.all() {
        let listed = annotated(&server, &pace, kind, keys).await;
        observed.extend(listed.map_err(|error| failed(&error, error.hint()))?);
    }
    Ok((server, plan(wanted, observed, removals)))
}

/// Carries the steps out, some at a time. What one object refuses does not keep the others from being written, unless it is
/// what every one would say.
async fn write(server: &ApiServer, steps: &[Step]) -> Written {
    let pace = Pace {
        answer_timeout: Duration::from_secs(30),
        ..Pace::default()
    };
    let mut results = stream::iter(steps)
        .map(|step| {
            let pace = &pace;
            async move {
                let written = annotate(server, pace, &step.object, &step.annotations).await;
                (step, written)
            }
        })
        .buffer_unordered(AT_ONCE);
    let mut written = Written::default();
    while let Some((step, result)) = results.next().await {
        match result {
            Ok(()) => written.done += 1,
            Err(AnnotateError::Gone) => written.gone += 1,
            Err(error) => {
                let object = &step.object;
                let failure = Failure::because(
                    format!(
                        "{} `{}/{}` was not annotated",
                        object.kind.as_str(),
                        object.namespace,
                        object.name
                    ),
                    &error,
                );
                written.failures.push(failure.hint(error.hint()));
                if error.of_kind() {
                    break;
                }
            }
        }
    }
    written
}
