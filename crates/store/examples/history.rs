//! How large history gets, and how long it is asked: 100,000 Services of which one in a hundred changes on each day, kept for
//! 90 days, over 180 of them: `cargo run --release -p store --example history -- [FOLDER]`. It needs some 100 MB there.
//!
//! Every answer is held against what the simulation knows: a fast wrong answer is no result.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use store::{Cause, Compaction, HistoryFilter, Options, Progress, Source, Store, Subject};
use topology::change::{Change, Ownership, VerdictState};
use topology::entity_ref::EntityRef;
use topology::verdict::{ComponentKey, OwnerState, ServiceKey, ServiceState, VerdictKind};

const SERVICES: usize = 100_000;
const TEAMS: usize = 1_000;
/// Services that change on a day: one in a hundred.
const DAILY: usize = SERVICES / 100;
/// The days that are kept; as many follow, on which as much is forgotten as is added.
const KEPT: i64 = 90;
const DAY: i64 = 86_400;
const START: i64 = 1_700_000_000;
/// Reads that find something on a day: one in a quarter of an hour.
const READS: usize = 96;
/// Changes of one record at the beginning, when everything comes at once.
const RECORD: usize = 10_000;
const QUESTIONS: usize = 10_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a Service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Gone,
    Unclaimed,
    Owned(usize),
}

/// A company, and all that ever was of each of its Services.
struct Company {
    log: Vec<Vec<(i64, State)>>,
    random: u64,
    changes: usize,
}

fn main() -> Outcome<()> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let path = folder.join("backstitch-history.db");
    let mut store = Store::open(&path, &Options::default())?;
    let mut company = Company {
        log: vec![Vec::new(); SERVICES],
        random: 1,
        changes: 0,
    };
    let arrival = Instant::now();
    let all: Vec<usize> = (0..SERVICES).collect();
    for services in all.chunks(RECORD / 2) {
        let arrivals: Vec<(usize, State)> = services
            .iter()
            .map(|service| (*service, State::Owned(service % TEAMS)))
            .collect();
        company.record(&mut store, START, &arrivals)?;
    }
    say("everything comes", arrival.elapsed().as_secs_f64(), "s")?;
    let (first_bytes, first_changes) = (store.used_bytes()?, company.changes);
    say("changes", first_changes, "")?;
    say("in the file", first_bytes, "bytes")?;

    let mut recording = Duration::ZERO;
    for day in 1..=KEPT {
        recording += company.live(&mut store, day)?;
    }
    let (bytes, changes) = (store.used_bytes()?, company.changes);
    heading(&format!("after {KEPT} days"))?;
    say("changes of these days", changes - first_changes, "")?;
    say("in the file", bytes, "bytes")?;
    say(
        "of these days, a change",
        (bytes - first_bytes) / (changes - first_changes) as u64,
        "bytes",
    )?;
    let records = i64::try_from(READS)? * KEPT;
    say(
        "to record a read",
        recording.as_secs_f64() * 1_000.0 / f64::from(u32::try_from(records)?),
        "ms",
    )?;
    company.ask(&store, START, START + KEPT * DAY)?;

    let mut steps: Vec<Duration> = Vec::new();
    let (mut deleted, mut busy, mut most) = (0, 0, 0);
    for day in KEPT + 1..=2 * KEPT {
        company.live(&mut store, day)?;
        let mut work = Compaction::new(START + (day - KEPT) * DAY);
        loop {
            let (step, before) = (Instant::now(), processor()?);
            let progress = store.compact(&mut work)?;
            steps.push(step.elapsed());
            let spent = processor()? - before;
            busy += spent;
            most = most.max(spent);
            if progress == Progress::Done {
                break;
            }
        }
        deleted += work.deleted();
    }
    heading(&format!(
        "after {} days, of which {KEPT} are kept",
        2 * KEPT
    ))?;
    say("changes forgotten", deleted, "")?;
    say("in the file", store.used_bytes()?, "bytes")?;
    say("file", std::fs::metadata(&path)?.len(), "bytes")?;
    say("steps of forgetting", steps.len(), "")?;
    spread("a step of forgetting", steps, busy)?;
    say("the dearest of them", most, "µs of processor time")?;
    company.ask(&store, START + KEPT * DAY, START + 2 * KEPT * DAY)?;
    drop(store);
    for suffix in ["", ".lock"] {
        std::fs::remove_file(format!("{}{suffix}", path.display()))?;
    }
    Ok(())
}

impl Company {
    /// The next number below `bound`; the same ones in every run.
    fn below(&mut self, bound: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap_or_default() % bound
    }

    fn at(&self, service: usize, moment: i64) -> State {
        let log = &self.log[service];
        let after = log.partition_point(|(at, _)| *at <= moment);
        after.checked_sub(1).map_or(State::Gone, |last| log[last].1)
    }

    /// One day: of ten Services that change, eight get another owner, one loses or gets its component, one goes or comes.
    fn live(&mut self, store: &mut Store, day: i64) -> Outcome<Duration> {
        let mut took = Duration::ZERO;
        for read in 0..READS {
            let at =
                START + (day - 1) * DAY + DAY * i64::try_from(read + 1)? / i64::try_from(READS)?;
            let count = DAILY * (read + 1) / READS - DAILY * read / READS;
            let mut turns: Vec<(usize, State)> = Vec::new();
            for _ in 0..count {
                let (service, team) = (self.below(SERVICES), self.below(TEAMS));
                if turns.iter().any(|(other, _)| *other == service) {
                    continue;
                }
                let now = self.at(service, i64::MAX);
                let next = match (self.below(10), now) {
                    (0, State::Owned(_)) => State::Unclaimed,
                    (1, State::Owned(_) | State::Unclaimed) => State::Gone,
                    (_, State::Owned(before)) if before == team => State::Owned((team + 1) % TEAMS),
                    _ => State::Owned(team),
                };
                turns.push((service, next));
            }
            took += self.record(store, at, &turns)?;
        }
        Ok(took)
    }

    fn record(
        &mut self,
        store: &mut Store,
        at: i64,
        turns: &[(usize, State)],
    ) -> Outcome<Duration> {
        let changes: Vec<Change> = turns
            .iter()
            .flat_map(|(service, after)| changes(*service, self.at(*service, i64::MAX), *after))
            .collect();
        let cause = Cause::Read {
            source: Source::Instance("default".into()),
            generation: 1,
        };
        let start = Instant::now();
        store.record(at, &cause, &changes)?;
        let took = start.elapsed();
        self.changes += changes.len();
        for (service, after) in turns {
            self.log[*service].push((at, *after));
        }
        Ok(took)
    }

    /// Asks who owned what at moments between these.
    fn ask(&mut self, store: &Store, from: i64, to: i64) -> Outcome<()> {
        let mut reader = store.reader()?;
        let span = usize::try_from(to - from)?;
        let mut questions = Vec::new();
        for _ in 0..QUESTIONS {
            let moment = from + i64::try_from(self.below(span))?;
            questions.push((self.below(SERVICES), self.below(TEAMS), moment));
        }
        let owners = timed(
            "who owned a Service at a time",
            &questions,
            |(service, _, moment)| Ok(reader.service_owner_at(&service_key(service), moment)?),
        )?;
        for ((service, _, moment), found) in questions.iter().zip(owners) {
            if found != ownership(*service, self.at(*service, *moment)) {
                return Err(format!("a wrong owner of {service} at {moment}: {found:?}").into());
            }
        }
        let few = &questions[..QUESTIONS / 100];
        let owned = timed("what a team owned at a time", few, |(_, team, moment)| {
            Ok(reader.owned_at(&reference(team), moment, None, 1_000)?)
        })?;
        for ((_, team, moment), found) in few.iter().zip(owned) {
            let right = (0..SERVICES).filter(|it| self.at(*it, *moment) == State::Owned(*team));
            if found.len() != right.count() {
                return Err(format!("a wrong number of Services of {team} at {moment}").into());
            }
        }
        timed(
            "all that is known of a Service",
            &questions,
            |(service, ..)| {
                let filter = HistoryFilter {
                    subject: Some(Subject::Service(service_key(service))),
                    ..HistoryFilter::default()
                };
                Ok(reader.history(&filter, None, 100)?)
            },
        )?;
        Ok(())
    }
}

/// Asks every question, and says how long the answers took.
fn timed<T>(
    what: &str,
    questions: &[(usize, usize, i64)],
    mut ask: impl FnMut((usize, usize, i64)) -> Outcome<T>,
) -> Outcome<Vec<T>> {
    let mut times = Vec::new();
    let mut answers = Vec::new();
    let before = processor()?;
    for question in questions {
        let start = Instant::now();
        answers.push(ask(*question)?);
        times.push(start.elapsed());
    }
    spread(what, times, processor()? - before)?;
    Ok(answers)
}

/// Microseconds of processor time that this process has used, the system's part included.
fn processor() -> Outcome<i64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds())
}

fn service_key(number: usize) -> ServiceKey {
    ServiceKey {
        cluster: "prod".into(),
        namespace: format!("namespace-{}", number % 2_000).into(),
        name: format!("checkout-service-{number:06}").into(),
    }
}

fn component(number: usize) -> ComponentKey {
    ComponentKey {
        instance: "default".into(),
        reference: EntityRef::new("component", "default", &format!("checkout-{number:06}")),
    }
}

fn reference(team: usize) -> String {
    format!("group:default/team-{team}")
}

fn ownership(service: usize, state: State) -> Option<Ownership> {
    match state {
        State::Gone => None,
        State::Unclaimed => Some(Ownership {
            state: ServiceState::Unclaimed,
            component: None,
            owner: None,
        }),
        State::Owned(team) => Some(Ownership {
            state: ServiceState::Owned,
            component: Some(component(service)),
            owner: Some(reference(team).into()),
        }),
    }
}

fn verdict(service: usize, state: State) -> Option<VerdictState> {
    let (kind, service) = match state {
        State::Owned(_) => (VerdictKind::Stitched, Some(service_key(service))),
        State::Gone => (VerdictKind::ServiceNotFound, None),
        // The component is not in the catalog.
        State::Unclaimed => return None,
    };
    Some(VerdictState {
        kind,
        service,
        owner: OwnerState::Resolved,
    })
}

/// What history is told: of the Service, and of the component where its verdict is another one.
fn changes(service: usize, before: State, after: State) -> Vec<Change> {
    let mut changes = vec![Change::Service {
        service: service_key(service),
        before: ownership(service, before),
        after: ownership(service, after),
    }];
    let (before, after) = (verdict(service, before), verdict(service, after));
    if before != after {
        changes.push(Change::Verdict {
            component: component(service),
            cluster: "prod".into(),
            before,
            after,
        });
    }
    changes
}

fn heading(text: &str) -> Outcome<()> {
    Ok(writeln!(stdout(), "\n{text}")?)
}

fn say(what: &str, value: impl std::fmt::Display, unit: &str) -> Outcome<()> {
    Ok(writeln!(stdout(), "  {what:<32} {value:>12.3} {unit}")?)
}

/// Says how long it took, and how much of the processor: on a busy machine only the latter means something.
fn spread(what: &str, mut times: Vec<Duration>, processor: i64) -> Outcome<()> {
    times.sort_unstable();
    let at = |share: usize| {
        let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or_default().as_micros()
    };
    let each = processor / i64::try_from(times.len().max(1))?;
    Ok(writeln!(
        stdout(),
        "  {what:<32} {each:>12} µs of processor time each; median {} µs, 99 % {} µs, longest {} µs",
        at(50),
        at(99),
        at(100)
    )?)
}
