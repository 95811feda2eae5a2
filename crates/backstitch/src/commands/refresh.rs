//! `backstitch refresh`: has a running server read its sources now.

use std::time::Duration;

use anyhow::Result;
use api::{Phase, Refresh, SourceKind, SourceStatus};
use tokio::time::{Instant, sleep};

use super::ask::Server;
use super::sources::{chosen, full_name};
use crate::args::RefreshArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::output::sources;
use crate::report::{Failure, Failures};
use crate::terminal::Terminal;

/// Between two looks at the status.
const LOOK: Duration = Duration::from_millis(250);

/// Runs the command.
pub(crate) async fn run(args: &RefreshArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let server = Server::named(&args.server, config)?;
    let force: &[(&str, &str)] = if args.force {
        &[("force", "true")]
    } else {
        &[]
    };
    let mut asked: Vec<Refresh> = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    // Secrets are watched, and need no read; of one that is named the server says so.
    let is_read =
        |source: &SourceStatus| source.kind != SourceKind::Secrets || !args.names.is_empty();
    let chosen = chosen(&server, &args.names).await?.into_iter();
    for source in chosen.filter(is_read) {
        let route = ["sources", source.kind.as_str(), &source.name, "refresh"];
        match server.post(&route, force).await {
            Ok(refresh) => asked.push(refresh),
            Err(failure) => failures.push(failure),
        }
    }
    if !args.wait {
        Terminal::print(|out| {
            asked
                .iter()
                .try_for_each(|refresh| sources::write_asked(&refresh.source, out))
        })?;
        return Ok(outcome(failures, terminal));
    }
    let patience = Instant::now() + Duration::from_secs(args.timeout);
    for refresh in asked {
        match ended(&server, refresh, patience).await {
            Ok(status) => {
                Terminal::print(|out| sources::write_outcome(&status, terminal.out, out))?;
                failures.extend(unread(&status));
            }
            Err(failure) => failures.push(failure),
        }
    }
    Ok(outcome(failures, terminal))
}

fn outcome(failures: Vec<Failure>, terminal: Terminal) -> Exit {
    if failures.is_empty() {
        return Exit::Done;
    }
    let error = Failures(failures).into();
    terminal.tell(|err, paint| crate::report::write(&error, paint, err));
    Exit::Refused
}

/// Waits until a read has ended that began after it was asked for; where the source stands then.
async fn ended(
    server: &Server,
    refresh: Refresh,
    patience: Instant,
) -> Result<SourceStatus, Failure> {
    let Refresh { read, source } = refresh;
    let name = full_name(&source);
    let route = ["sources", source.kind.as_str(), &source.name];
    let mut seen = source.reads;
    loop {
        let status: SourceStatus = server.get(&route, &[]).await?;
        if status.reads >= read {
            return Ok(status);
        }
        if status.reads < seen {
            return Err(Failure::new(format!(
                "the server was started anew while `{name}` was being read"
            ))
            .hint(Some("ask again; a server that starts reads every source")));
        }
        seen = status.reads;
        if Instant::now() >= patience {
            return Err(
                Failure::new(format!("the read of `{name}` has not ended yet")).hint(Some(
                    "`backstitch sources` says how far it is; `--timeout` waits for longer",
                )),
            );
        }
        sleep(LOOK).await;
    }
}

/// Why a read failed, if it did. A cluster may be ready although some of it may not be read: that was no better before.
fn unread(status: &SourceStatus) -> Option<Failure> {
    let failed = status.failures > 0 && status.phase != Phase::Ready;
    let error = status.last_error.as_ref().filter(|_| failed)?;
    let message = format!("`{}` was not read: {}", full_name(status), error.message);
    Some(
        Failure::new(sources::plain(&message))
            .hint(error.remedy.as_deref().map(sources::plain_lines)),
    )
}
