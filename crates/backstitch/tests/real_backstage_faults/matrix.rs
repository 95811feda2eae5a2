//! Every fault, one after the other in a few lanes at once, before one service that is never started again.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::bed::{Bed, Lane, Packing, Rows, backstage, fill};
use crate::catalog::{ENTITIES, Truth, first_truth};
use crate::running::word;
use crate::table::{Case, Failing, Outcome, When, cases};

/// The last lane asks for packed answers.
const LANES: [Packing; 5] = [
    Packing::Plain,
    Packing::Plain,
    Packing::Plain,
    Packing::Plain,
    Packing::Gzip,
];

#[tokio::test(flavor = "multi_thread")]
async fn s22_s23_no_fault_removes_an_owner_and_each_is_told_and_passes_without_a_restart() {
    let truth = first_truth();
    let mut backstage = backstage(&truth).await;
    let bed = Arc::new(Bed::start(&backstage, &LANES).await);
    let mut rows = Vec::new();
    for lane in &bed.lanes {
        assert_eq!(bed.owners(lane).await, truth, "{}", lane.name);
        rows.push(bed.rows(lane).await);
    }
    let rows = Arc::new(rows);
    let files = bed.open_files();

    let mut wrong = String::new();
    let mut lanes = JoinSet::new();
    for (number, cases) in shared_out().into_iter().enumerate() {
        let (bed, rows) = (Arc::clone(&bed), Arc::clone(&rows));
        lanes.spawn(async move {
            let lane = &bed.lanes[number];
            let mut wrong = String::new();
            for case in cases {
                if let Err(complaint) = suffer(&bed, lane, &case, &rows[number]).await {
                    let _ = writeln!(wrong, "{} ({}): {complaint}", case.name, lane.name);
                }
            }
            wrong
        });
    }
    while let Some(lane) = lanes.join_next().await {
        wrong.push_str(&lane.expect("a lane that ends"));
    }
    assert!(wrong.is_empty(), "\n{wrong}");

    // As after the start, but for connections that are kept.
    let more = bed.open_files().saturating_sub(files);
    assert!(more <= LANES.len(), "{more} more files are open");

    backstage.stop();
    everywhere(&bed, &rows, "stale").await;
    // In memory, so that it comes back with nothing.
    backstage.restart().await.expect("it starts again");
    let held = everywhere(&bed, &rows, "held").await;
    for source in held {
        assert_eq!(source["held_back"]["removals"], ENTITIES, "{source:#}");
    }
    let few: Truth = truth
        .iter()
        .take(5)
        .map(|(name, owner)| (name.clone(), owner.clone()))
        .collect();
    fill(&backstage, &few).await;
    everywhere(&bed, &rows, "held").await;
    fill(&backstage, &truth).await;
    everywhere(&bed, &rows, "ready").await;
}

/// The cases of each lane.
fn shared_out() -> Vec<Vec<Case>> {
    let plain = LANES
        .iter()
        .filter(|packing| **packing == Packing::Plain)
        .count();
    let mut lanes: Vec<Vec<Case>> = LANES.iter().map(|_| Vec::new()).collect();
    let mut next = 0;
    for case in cases() {
        let lane = match case.packing {
            Packing::Gzip => plain,
            Packing::Plain => {
                next += 1;
                next % plain
            }
        };
        lanes[lane].push(case);
    }
    lanes
}

/// Has all lanes read: their phase, and everything else as it was.
async fn everywhere(bed: &Bed, rows: &[Rows], phase: &str) -> Vec<Value> {
    let mut sources = Vec::new();
    for (lane, rows) in bed.lanes.iter().zip(rows) {
        let source = bed.read(lane).await;
        assert_eq!(source["phase"], phase, "{source:#}");
        assert_eq!(bed.rows(lane).await, *rows);
        sources.push(source);
    }
    sources
}

/// Breaks, reads, and mends; what was not as it has to be.
async fn suffer(bed: &Bed, lane: &Lane, case: &Case, rows: &Rows) -> Result<(), String> {
    let fault = case.fault.clone();
    match case.when {
        When::Always => lane.proxy.set(fault).await,
        When::Page(page) => lane.proxy.on_page(page, fault),
        When::Times(page, times) => lane.proxy.on_page_times(page, times, fault),
    }
    let affected = match case.outcome {
        Outcome::Says(affected) => affected,
        _ => 0,
    };
    let began = jiff::Timestamp::now().as_second();
    let broken = bed.read(lane).await;
    let complaints = [
        told(&broken, &case.outcome, began),
        same(rows, &bed.rows(lane).await, affected),
    ];
    lane.proxy.clear().await;
    let mended = bed.read(lane).await;
    let complaints = complaints.into_iter().chain([
        well(&mended).map_err(|error| format!("afterwards, {error}")),
        same(rows, &bed.rows(lane).await, 0).map_err(|error| format!("afterwards, {error}")),
    ]);
    let complaints: Vec<String> = complaints.filter_map(Result::err).collect();
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(complaints.join("; "))
    }
}

/// Whether the status says of a fault what it has to.
fn told(source: &Value, outcome: &Outcome, began: i64) -> Result<(), String> {
    match outcome {
        Outcome::Passes | Outcome::Says(_) => well(source),
        Outcome::Held(removals) => {
            let held = &source["held_back"];
            let is_held = source["phase"] == "held"
                && held["removals"]
                    .as_u64()
                    .is_some_and(|found| found <= *removals as u64)
                && held["times"] == 1
                && source["phase_since"].is_string();
            is_held
                .then_some(())
                .ok_or_else(|| format!("not held: {source:#}"))
        }
        Outcome::Fails(failing) => failed(source, failing, began),
    }
}

fn failed(source: &Value, failing: &Failing, began: i64) -> Result<(), String> {
    let error = &source["last_error"];
    let time = |value: &Value| {
        word(value)
            .parse::<jiff::Timestamp>()
            .map_or(0, jiff::Timestamp::as_second)
    };
    let (since, at) = (time(&source["failing_since"]), time(&error["at"]));
    let checks = [
        ("the phase", source["phase"] == "stale"),
        (
            "the message",
            word(&error["message"]).contains(failing.says),
        ),
        (
            "the remedy",
            word(&error["remedy"]).contains(failing.remedy),
        ),
        ("since when", began <= since && since <= at),
        (
            "the next attempt",
            time(&source["next_attempt_at"]) - at
                >= i64::try_from(failing.rest).unwrap_or(i64::MAX),
        ),
    ];
    let wrong: Vec<&str> = checks
        .iter()
        .filter(|(_, right)| !right)
        .map(|(what, _)| *what)
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{}: {source:#}", wrong.join(", ")))
    }
}

/// Whether nothing is wrong with a source.
fn well(source: &Value) -> Result<(), String> {
    let well = source["phase"] == "ready"
        && source["failures"] == 0
        && source["failing_since"].is_null()
        && source["last_error"].is_null()
        && source["held_back"].is_null();
    well.then_some(())
        .ok_or_else(|| format!("not well: {source:#}"))
}

/// Whether no more Services than so many have another owner, or where there are none, whether nothing at all is other
/// than it was: a Group whose profile cannot be read shows on all that it owns.
fn same(before: &Rows, now: &Rows, affected: usize) -> Result<(), String> {
    let ids = before
        .keys()
        .chain(now.keys().filter(|id| !before.contains_key(*id)));
    let differences: Vec<String> = ids
        .map(|id| (before.get(id), now.get(id)))
        .filter(|(before, now)| match affected {
            0 => before != now,
            _ => owner(*before) != owner(*now),
        })
        .map(|(before, now)| format!("\n  {before:?} became {now:?}"))
        .collect();
    if differences.len() <= affected {
        Ok(())
    } else {
        Err(format!("changed:{}", differences.concat()))
    }
}

fn owner(row: Option<&Value>) -> Option<&str> {
    row?["owner"].as_str()
}
