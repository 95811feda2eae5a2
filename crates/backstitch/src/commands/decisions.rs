//! `backstitch decisions`: what people decide beside what sources say, asked of a running server.

use std::path::Path;

use anyhow::Result;
use api::{Decision, DecisionKind, DecisionRequest, DecisionSource, DecisionState, Page};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::ask::Server;
use super::sources::{chosen, full_name};
use crate::args::{
    AnswerFormat, BothArgs, DecisionsArgs, DecisionsCommand, DecisionsExportArgs, ImportArgs,
    ListArgs, StandingArgs, WhoArgs, WithdrawArgs,
};
use crate::config::{Config, DecisionsFile};
use crate::exit::Exit;
use crate::output::{decisions, document};
use crate::report::{Failure, Failures};
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(args: &DecisionsArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    match &args.command {
        DecisionsCommand::List(args) => list(args, config, terminal).await,
        DecisionsCommand::Pin(args) => both(DecisionKind::Pin, args, config, terminal).await,
        DecisionsCommand::Prefer(args) => both(DecisionKind::Prefer, args, config, terminal).await,
        DecisionsCommand::Ignore(args) => {
            let is_component = args.subject.contains(':') || !args.subject.contains('/');
            let subject = Some(args.subject.clone());
            let request = DecisionRequest {
                component: subject.clone().filter(|_| is_component),
                service: subject.filter(|_| !is_component),
                ..standing(DecisionKind::Ignore, &args.standing)?
            };
            let server = Server::named(&args.standing.who.server, config)?;
            decided(&server, &request, args.standing.force, terminal).await
        }
        DecisionsCommand::Confirm(args) => {
            let server = Server::named(&args.who.server, config)?;
            let found = chosen(&server, std::slice::from_ref(&args.source)).await?;
            let [source] = found.as_slice() else {
                let names: Vec<String> = found.iter().map(full_name).collect();
                return Err(
                    Failure::new(format!("`{}` is the name of several", args.source))
                        .hint(Some(format!("name one of them: {}", names.join(", "))))
                        .into(),
                );
            };
            let request = DecisionRequest {
                source: Some(DecisionSource {
                    kind: source.kind,
                    name: source.name.clone(),
                }),
                ..request(DecisionKind::ConfirmRemovals, &args.who)?
            };
            decided(&server, &request, false, terminal).await
        }
        DecisionsCommand::Withdraw(args) => withdraw(args, config, terminal).await,
        DecisionsCommand::Export(args) => export(args, config).await,
        DecisionsCommand::Import(args) => import(args, config, terminal).await,
    }
}

async fn list(args: &ListArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let server = Server::named(&args.server, config)?;
    let state = match (args.ended, args.stale) {
        (true, _) => Some(DecisionState::Ended),
        (false, true) => Some(DecisionState::Stale),
        (false, false) => None,
    };
    let page = Page {
        items: all(&server, state).await?,
        next: None,
    };
    Terminal::print(|out| match args.output {
        AnswerFormat::Text => decisions::write(&page.items, terminal.out, out),
        AnswerFormat::Json => document::json(&page, out),
        AnswerFormat::Yaml => document::yaml(&page, out),
    })?;
    Ok(Exit::Done)
}

/// Every decision of that state, the last first.
async fn all(server: &Server, state: Option<DecisionState>) -> Result<Vec<Decision>, Failure> {
    let query: Vec<(&str, &str)> = state.iter().map(|it| ("state", it.as_str())).collect();
    server.pages(&["decisions"], &query).all().await
}

async fn both(
    kind: DecisionKind,
    args: &BothArgs,
    config: &Config,
    terminal: Terminal,
) -> Result<Exit> {
    let request = DecisionRequest {
        component: Some(args.component.clone()),
        service: Some(args.service.clone()),
        ..standing(kind, &args.standing)?
    };
    let server = Server::named(&args.standing.who.server, config)?;
    decided(&server, &request, args.standing.force, terminal).await
}

/// A request for a decision that stands, which does not say yet what it is about.
fn standing(kind: DecisionKind, args: &StandingArgs) -> Result<DecisionRequest, Failure> {
    Ok(DecisionRequest {
        instance: args.instance.clone(),
        until: until(args.until.as_deref())?,
        ..request(kind, &args.who)?
    })
}

/// A request that says who and why, and nothing else.
fn request(kind: DecisionKind, who: &WhoArgs) -> Result<DecisionRequest, Failure> {
    Ok(DecisionRequest {
        kind,
        component: None,
        instance: None,
        service: None,
        source: None,
        author: author(who)?,
        reason: who.reason.clone().unwrap_or_default(),
        until: None,
    })
}

fn author(who: &WhoArgs) -> Result<String, Failure> {
    let of_machine = ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    who.author
        .iter()
        .cloned()
        .chain(of_machine)
        .find(|name| !name.trim().is_empty())
        .ok_or_else(|| {
            Failure::new("nobody knows who decides")
                .hint(Some("say so by `--author`, or by BACKSTITCH_AUTHOR"))
        })
}

async fn decided(
    server: &Server,
    request: &DecisionRequest,
    force: bool,
    terminal: Terminal,
) -> Result<Exit> {
    let decision = decide(server, request, force).await?;
    Terminal::print(|out| decisions::write_one(&decision, terminal.out, out))?;
    Ok(Exit::Done)
}

async fn decide(
    server: &Server,
    request: &DecisionRequest,
    force: bool,
) -> Result<Decision, Failure> {
    let query: &[(&str, &str)] = if force { &[("force", "true")] } else { &[] };
    server.send(&["decisions"], query, request).await
}

async fn withdraw(args: &WithdrawArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let server = Server::named(&args.who.server, config)?;
    let author = author(&args.who)?;
    let decision = end(&server, args.id, &author, args.who.reason.as_deref()).await?;
    Terminal::print(|out| decisions::write_one(&decision, terminal.out, out))?;
    Ok(Exit::Done)
}

async fn end(
    server: &Server,
    id: i64,
    author: &str,
    reason: Option<&str>,
) -> Result<Decision, Failure> {
    let mut query = vec![("author", author)];
    query.extend(reason.map(|reason| ("reason", reason)));
    server.delete(&["decisions", &id.to_string()], &query).await
}

async fn export(args: &DecisionsExportArgs, config: &Config) -> Result<Exit> {
    let server = Server::named(&args.server, config)?;
    let mut standing: Vec<DecisionRequest> =
        all(&server, None).await?.iter().map(as_request).collect();
    // One order, so that a file in Git changes only where decisions do.
    standing.sort_by_cached_key(subject);
    let file = DecisionsFile {
        decisions: standing,
    };
    Terminal::print(|out| document::yaml(&file, out))?;
    Ok(Exit::Done)
}

/// The request that would make the decision again.
fn as_request(decision: &Decision) -> DecisionRequest {
    DecisionRequest {
        kind: decision.kind,
        component: decision.component.clone(),
        instance: decision.instance.clone(),
        service: decision.service.clone(),
        source: decision.source.clone(),
        author: decision.author.clone(),
        reason: decision.reason.clone(),
        until: decision.until.clone(),
    }
}

/// What a decision is about: two of one subject say the same.
fn subject(request: &DecisionRequest) -> [Option<String>; 4] {
    [
        Some(request.kind.to_string()),
        request.instance.clone(),
        request.component.clone(),
        request.service.clone(),
    ]
}

/// The same as a decision says it, so that what a person wrote can be held against what stands.
fn stands(request: &DecisionRequest, decision: &Decision) -> bool {
    let full = |text: &str| match text.trim_start_matches("component:") {
        rest if rest.contains('/') => rest.to_lowercase(),
        rest => format!("default/{}", rest.to_lowercase()),
    };
    let same_component =
        request.component.as_deref().map(full) == decision.component.as_deref().map(full);
    let same_instance = request.instance.is_none() || request.instance == decision.instance;
    let same_end = match (&request.until, &decision.until) {
        (None, None) => true,
        (Some(wanted), Some(there)) => {
            wanted.parse::<Timestamp>().ok() == there.parse::<Timestamp>().ok()
        }
        _ => false,
    };
    request.kind == decision.kind
        && same_component
        && same_instance
        && request.service == decision.service
        && request.reason.trim() == decision.reason
        && same_end
}

async fn import(args: &ImportArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let file = DecisionsFile::load(&args.file)?;
    let server = Server::named(&args.who.server, config)?;
    let standing = all(&server, None).await?;
    let mut made: Vec<&DecisionRequest> = Vec::new();
    let mut kept: Vec<i64> = Vec::new();
    for request in &file.decisions {
        match standing.iter().find(|there| stands(request, there)) {
            Some(there) => kept.push(there.id),
            None => made.push(request),
        }
    }
    let gone = |there: &&Decision| args.replace && !kept.contains(&there.id);
    let gone: Vec<&Decision> = standing.iter().filter(gone).collect();
    let mut failures: Vec<Failure> = Vec::new();
    let author = if args.dry_run {
        String::new()
    } else {
        author(&args.who)?
    };
    for request in &made {
        if args.dry_run {
            Terminal::print(|out| decisions::write_planned(request, terminal.out, out))?;
            continue;
        }
        let mut request = (*request).clone();
        if request.author.is_empty() {
            request.author.clone_from(&author);
        }
        // What a file names may come later: a server that starts has read nothing yet.
        match decide(&server, &request, true).await {
            Ok(decision) => {
                Terminal::print(|out| decisions::write_one(&decision, terminal.out, out))?;
            }
            Err(failure) => failures.push(failure),
        }
    }
    let why = args
        .who
        .reason
        .clone()
        .unwrap_or_else(|| not_in(&args.file));
    // A decision that was replaced by one of the file has ended already.
    let left = if args.dry_run || gone.is_empty() {
        gone
    } else {
        let now: Vec<i64> = all(&server, None).await?.iter().map(|it| it.id).collect();
        gone.into_iter().filter(|it| now.contains(&it.id)).collect()
    };
    for decision in left {
        if args.dry_run {
            Terminal::print(|out| decisions::write_leaving(decision, terminal.out, out))?;
            continue;
        }
        match end(&server, decision.id, &author, Some(&why)).await {
            Ok(decision) => {
                Terminal::print(|out| decisions::write_one(&decision, terminal.out, out))?;
            }
            Err(failure) => failures.push(failure),
        }
    }
    let unchanged = kept.len() as u64;
    Terminal::print(|out| decisions::write_unchanged(unchanged, out))?;
    if failures.is_empty() {
        return Ok(Exit::Done);
    }
    let error = Failures(failures).into();
    terminal.tell(|err, paint| crate::report::write(&error, paint, err));
    Ok(Exit::Refused)
}

fn not_in(file: &Path) -> String {
    format!("not in `{}`", file.display())
}

/// When a decision ends, as RFC 3339.
fn until(given: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(given) = given else {
        return Ok(None);
    };
    match moment(given, Timestamp::now()) {
        Some(moment) => Ok(Some(moment.to_string())),
        None => Err(Failure::new(format!("`--until` cannot be `{given}`")).hint(Some(
            "expected a time from now such as `30d` or `12h`, a day such as `2027-01-31`, or a time such as `2027-01-31T12:00:00Z`",
        ))),
    }
}

/// A time from `now` on, the first moment of a day in UTC, or a time in full.
fn moment(given: &str, now: Timestamp) -> Option<Timestamp> {
    let given = given.trim();
    if let Ok(time) = given.parse::<Timestamp>() {
        return Some(time);
    }
    if let Ok(day) = given.parse::<Date>() {
        return day
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|start| start.timestamp());
    }
    let span: Span = given.parse().ok()?;
    let zoned = now.to_zoned(TimeZone::UTC).checked_add(span).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_decision_ends_at_a_time_or_after_one() {
        let now = "2026-01-31T12:00:00Z".parse().expect("a time");
        for (given, expected) in [
            ("30d", Some("2026-03-02T12:00:00Z")),
            ("12h", Some("2026-02-01T00:00:00Z")),
            ("1 month", Some("2026-02-28T12:00:00Z")),
            ("2027-01-31", Some("2027-01-31T00:00:00Z")),
            ("2027-01-31T12:00:00+02:00", Some("2027-01-31T10:00:00Z")),
            ("tomorrow", None),
            ("", None),
            ("30", None),
        ] {
            let found = moment(given, now).map(|it| it.to_string());
            assert_eq!(found.as_deref(), expected, "{given}");
        }
    }
}
