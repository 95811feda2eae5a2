//! Where the sources of a server stand, for a person who wants to know what is wrong.
//!
//! A block per source: the phase first, then what is wrong, then what there is. Ages are those by the server's clock. Texts
//! of sources are never trusted.

use std::io::{self, Write};
use std::time::Duration;

use api::{GenerationDelta, Phase, SourceStatus};
use jiff::Timestamp;

use super::paint::{Paint, Style};
use super::screen::{counted, printable};

/// Faults that are shown; the rest are in `-o json`, up to what the server keeps.
const FAULTS_SHOWN: usize = 5;
/// Width of the first column.
const NAMES: usize = 13;

/// Writes a summary line and a block for each.
pub(crate) fn write(sources: &[SourceStatus], paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let count = counted(sources.len() as u64, "source", "sources");
    let phases: Vec<String> = Phase::ALL
        .iter()
        .map(|phase| (phase, sources.iter().filter(|it| it.phase == *phase)))
        .map(|(phase, of)| (phase, of.count()))
        .filter(|(_, count)| *count > 0)
        .map(|(phase, count)| format!("{count} {phase}"))
        .collect();
    match phases.as_slice() {
        [] => writeln!(out, "{count}")?,
        phases => writeln!(out, "{count}: {}", phases.join(", "))?,
    }
    sources
        .iter()
        .try_for_each(|source| block(source, paint, out))
}

fn block(source: &SourceStatus, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let now = source.as_of.as_str();
    let name = format!("{} {}", source.kind, printable(&source.name));
    let since = source
        .phase_since
        .as_deref()
        .map_or_else(String::new, |at| format!(", {}", lasting(at, now)));
    writeln!(
        out,
        "\n{}: {}{since}",
        paint.paint(Style::Heading, name),
        paint.paint(style(source.phase), in_words(source.phase))
    )?;
    if let Some(since) = &source.failing_since {
        let times = counted(u64::from(source.failures), "time", "times in a row");
        field("failing", &format!("{}, {times}", lasting(since, now)), out)?;
    }
    if let Some(error) = &source.last_error {
        let message = paint.paint(Style::Error, printable(&error.message));
        field("error", &message, out)?;
        if let Some(remedy) = &error.remedy {
            let hint = paint.paint(Style::Hint, "hint");
            let mut name = format!("{hint}: ");
            for line in remedy.lines() {
                field("", &format!("{name}{}", printable(line)), out)?;
                name.clear();
            }
        }
    }
    if let Some(held) = &source.held_back {
        let removals = counted(held.removals, "removal waits", "removals wait");
        let held = format!(
            "{removals} to be confirmed: {} of {} reads in a row said so; what was known is served until then",
            held.times, held.confirmations
        );
        field("held back", &paint.paint(Style::Warning, held), out)?;
    }
    for warning in &source.warnings {
        field(
            "warning",
            &paint.paint(Style::Warning, printable(warning)),
            out,
        )?;
    }
    match &source.last_good_at {
        Some(at) => {
            let age = ago(at, now);
            let at = printable(at);
            let good = format!("{age} ({at}), generation {}", source.generation);
            field("last good", &good, out)?;
        }
        None => field("last good", "never", out)?,
    }
    if source.last_good_at.is_some() {
        field("holds", &holds(source), out)?;
    }
    if let Some(delta) = &source.delta {
        field("changed", &changes(delta), out)?;
    }
    reads(source, now, out)?;
    faults(source, paint, out)
}

fn reads(source: &SourceStatus, now: &str, out: &mut dyn Write) -> io::Result<()> {
    if let Some(since) = &source.reading_since {
        field("reading", &lasting(since, now), out)?;
    }
    if let Some(read) = &source.last_read {
        let mut parts = vec![took(read.duration_milliseconds)];
        if let Some(cost) = &read.cost {
            parts.push(counted(cost.requests, "request", "requests"));
            parts.push(bytes(cost.bytes));
            parts.push(counted(u64::from(cost.passes), "pass", "passes"));
            if cost.repaired > 0 {
                parts.push(format!("{} repaired", cost.repaired));
            }
        }
        field("last read", &parts.join(", "), out)?;
    }
    if source.reads > 0 {
        let totals = &source.totals;
        let mut parts = vec![counted(source.reads, "read", "reads")];
        if totals.failures > 0 {
            parts.push(counted(totals.failures, "failure", "failures"));
        }
        if totals.requests > 0 {
            parts.push(counted(totals.requests, "request", "requests"));
            parts.push(bytes(totals.bytes));
        }
        field("since start", &parts.join(", "), out)?;
    }
    match source.next_attempt_in_seconds {
        // Another is under way.
        _ if source.reading_since.is_some() => Ok(()),
        Some(0) => field("next read", "now", out),
        Some(seconds) => {
            let pause = spoken(Duration::from_secs(seconds));
            field("next read", &format!("in {pause}"), out)
        }
        None => Ok(()),
    }
}

fn faults(source: &SourceStatus, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let faults = &source.faults;
    if faults.total == 0 {
        return Ok(());
    }
    let total = counted(
        faults.total,
        "part could not be used",
        "parts could not be used",
    );
    field("faults", &paint.paint(Style::Warning, total), out)?;
    for fault in faults.first.iter().take(FAULTS_SHOWN) {
        let place = printable(&fault.place);
        field("", &format!("{place}: {}", printable(&fault.message)), out)?;
    }
    let shown = faults.first.len().min(FAULTS_SHOWN) as u64;
    match faults.total.saturating_sub(shown) {
        0 => Ok(()),
        more => field("", &format!("and {more} more (see `-o json`)"), out),
    }
}

/// Writes that a read was asked for.
pub(crate) fn write_asked(source: &SourceStatus, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} {}: is read now",
        source.kind,
        printable(&source.name)
    )
}

/// Writes what came of a read.
pub(crate) fn write_outcome(
    source: &SourceStatus,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let phase = paint.paint(style(source.phase), in_words(source.phase));
    let name = printable(&source.name);
    let took = source.last_read.map_or_else(String::new, |read| {
        format!(", read in {}", took(read.duration_milliseconds))
    });
    // What was changed last is not what this read changed, where it failed or its removals wait.
    let came = match (source.held_back, source.delta) {
        (Some(held), _) => {
            let removals = counted(held.removals, "removal waits", "removals wait");
            format!(
                ": {removals}, found by {} of {} reads in a row, of which those that are asked for count as one",
                held.times, held.confirmations
            )
        }
        (None, Some(delta)) if delta.generation == source.generation && source.failures == 0 => {
            format!(": {}", changes(&delta))
        }
        _ => String::new(),
    };
    writeln!(out, "{} {name}: {phase}{took}{came}", source.kind)
}

/// Writes which sources a gate does not let pass.
pub(crate) fn write_gates(
    failed: &[&SourceStatus],
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    failed.iter().try_for_each(|source| {
        writeln!(
            out,
            "{}: `{}`: {} {}",
            paint.paint(Style::Error, "gate failed"),
            source.phase,
            source.kind,
            printable(&source.name)
        )
    })
}

/// Text from a source as one that can be shown.
pub(crate) fn plain(text: &str) -> String {
    printable(text).into_owned()
}

/// The same where it may have several lines.
pub(crate) fn plain_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(printable).collect();
    lines.join("\n")
}

fn field(name: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {name:<NAMES$}{value}")
}

fn style(phase: Phase) -> Style {
    match phase {
        Phase::Ready => Style::Good,
        Phase::Failing => Style::Error,
        Phase::Stale | Phase::Held => Style::Warning,
        Phase::Starting | Phase::Paused => Style::Faint,
    }
}

fn in_words(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting (not read yet)",
        Phase::Ready => "ready",
        Phase::Stale => "stale (served as it was when it last answered)",
        Phase::Failing => "failing (nothing is known of it)",
        Phase::Held => "held (removals wait to be confirmed)",
        Phase::Paused => "paused (left alone, as somebody wants)",
    }
}

fn holds(source: &SourceStatus) -> String {
    let counts: Vec<String> = source
        .counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(kind, count)| format!("{} {}", grouped(*count), printable(kind)))
        .collect();
    if counts.is_empty() {
        return "nothing".to_owned();
    }
    counts.join(", ")
}

fn changes(delta: &GenerationDelta) -> String {
    let mut parts = vec![
        format!("{} added", grouped(delta.added)),
        format!("{} changed", grouped(delta.changed)),
        format!("{} removed", grouped(delta.removed)),
    ];
    if let Some(unchanged) = delta.unchanged {
        parts.push(format!("{} as before", grouped(unchanged)));
    }
    parts.join(", ")
}

/// How long ago a time was; the time itself where it cannot be understood.
fn ago(at: &str, now: &str) -> String {
    match age(at, now) {
        Some(Duration::ZERO) => "just now".to_owned(),
        Some(age) => format!("{} ago", spoken(age)),
        None => plain(at),
    }
}

/// How long something has been so; since when, where that cannot be understood.
fn lasting(since: &str, now: &str) -> String {
    match age(since, now) {
        Some(age) => format!("for {}", spoken(age)),
        None => format!("since {}", plain(since)),
    }
}

/// Whole seconds from a time to another; none where the clock went back in between.
fn age(at: &str, now: &str) -> Option<Duration> {
    let [at, now] = [at, now].map(str::parse::<Timestamp>);
    let seconds = now.ok()?.duration_since(at.ok()?).as_secs();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// A duration in its two largest units.
fn spoken(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut left = duration.as_secs();
    let mut parts = Vec::new();
    for (seconds, unit) in UNITS {
        let count = left / seconds;
        left %= seconds;
        // The second unit is that below the first, or none.
        if count > 0 {
            parts.push(format!("{count}{unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        return "0s".to_owned();
    }
    parts.join(" ")
}

fn took(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => spoken(Duration::from_millis(milliseconds)),
    }
}

fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.into_iter().find(|(unit, _)| count >= *unit) {
        Some((unit, word)) => format!("{}.{} {word}", count / unit, count % unit * 10 / unit),
        None => format!("{count} bytes"),
    }
}

/// `1,204`
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
