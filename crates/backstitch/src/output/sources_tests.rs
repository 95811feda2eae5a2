//! What `sources` prints of sources that are well, that are not, and that mean harm.

use std::collections::BTreeMap;

use api::{
    HeldBack, ReadCost, ReadFault, SourceFailure, SourceFaults, SourceKind, SourceRead,
    SourceTotals,
};
use insta::assert_snapshot;

use super::*;
use crate::args::Color;

const NOW: &str = "2026-01-31T12:00:00Z";

fn source(name: &str, phase: Phase) -> SourceStatus {
    SourceStatus {
        name: name.to_owned(),
        kind: SourceKind::Catalog,
        as_of: NOW.to_owned(),
        phase,
        phase_since: Some("2026-01-31T11:48:00Z".to_owned()),
        last_good_at: Some("2026-01-31T11:57:00Z".to_owned()),
        age_seconds: Some(180),
        generation: 41,
        counts: BTreeMap::from([
            ("components".to_owned(), 1_204),
            ("groups".to_owned(), 35),
            ("users".to_owned(), 0),
        ]),
        delta: Some(GenerationDelta {
            generation: 41,
            added: 3,
            changed: 1,
            removed: 0,
            unchanged: Some(1_235),
        }),
        reads: 24,
        reading_since: None,
        last_read: Some(SourceRead {
            duration_milliseconds: 1_240,
            cost: Some(ReadCost {
                requests: 2,
                bytes: 1_450_000,
                entities: 1_239,
                known: 1_235,
                passes: 1,
                repaired: 0,
            }),
        }),
        totals: SourceTotals {
            requests: 48,
            bytes: 34_800_000,
            ..SourceTotals::default()
        },
        failures: 0,
        failing_since: None,
        last_error: None,
        held_back: None,
        warnings: Vec::new(),
        faults: SourceFaults::default(),
        next_attempt_at: Some("2026-01-31T12:02:05Z".to_owned()),
        next_attempt_in_seconds: Some(125),
    }
}

fn shown(sources: &[SourceStatus]) -> String {
    let mut out = Vec::new();
    let paint = Paint::choose(Color::Never, &io::stdout());
    write(sources, paint, &mut out).expect("memory takes it");
    String::from_utf8(out).expect("text")
}

#[test]
fn a_source_that_is_well() {
    assert_snapshot!(shown(&[source("main", Phase::Ready)]), @"
    1 source: 1 ready

    catalog main: ready, for 12m
      last good    3m ago (2026-01-31T11:57:00Z), generation 41
      holds        1,204 components, 35 groups
      changed      3 added, 1 changed, 0 removed, 1,235 as before
      last read    1.2 s, 2 requests, 1.4 MB, 1 pass
      since start  24 reads, 48 requests, 34.8 MB
      next read    in 2m 5s
    ");
}

#[test]
fn sources_in_an_incident() {
    let stale = SourceStatus {
        failures: 7,
        failing_since: Some("2026-01-31T11:49:10Z".to_owned()),
        last_error: Some(SourceFailure {
            at: "2026-01-31T11:59:00Z".to_owned(),
            message: "cannot read `https://backstage.example.org/`: it answered 401".to_owned(),
            remedy: Some(
                "give it another token by `token_file`, as one that is\n  listed under `externalAccess`".to_owned(),
            ),
        }),
        last_read: Some(SourceRead {
            duration_milliseconds: 87,
            cost: None,
        }),
        totals: SourceTotals {
            failures: 9,
            requests: 34,
            bytes: 24_000,
            ..SourceTotals::default()
        },
        warnings: vec!["the server's certificate is not verified".to_owned()],
        ..source("main", Phase::Stale)
    };
    let held = SourceStatus {
        held_back: Some(HeldBack {
            removals: 620,
            times: 1,
            confirmations: 3,
        }),
        reading_since: Some("2026-01-31T11:59:30Z".to_owned()),
        ..source("other", Phase::Held)
    };
    let faults = |count: usize| ReadFault {
        place: format!("catalog.yaml, document {count}"),
        message: "found no name, expected a text".to_owned(),
    };
    let failing = SourceStatus {
        kind: SourceKind::Cluster,
        last_good_at: None,
        counts: BTreeMap::new(),
        delta: None,
        last_read: None,
        reads: 0,
        next_attempt_in_seconds: Some(0),
        faults: SourceFaults {
            total: 31,
            first: (1..=20).map(faults).collect(),
        },
        ..source("prod-eu", Phase::Failing)
    };
    assert_snapshot!(shown(&[stale, held, failing]), @"
    3 sources: 1 stale, 1 failing, 1 held

    catalog main: stale (served as it was when it last answered), for 12m
      failing      for 10m 50s, 7 times in a row
      error        cannot read `https://backstage.example.org/`: it answered 401
                   hint: give it another token by `token_file`, as one that is
                     listed under `externalAccess`
      warning      the server's certificate is not verified
      last good    3m ago (2026-01-31T11:57:00Z), generation 41
      holds        1,204 components, 35 groups
      changed      3 added, 1 changed, 0 removed, 1,235 as before
      last read    87 ms
      since start  24 reads, 9 failures, 34 requests, 24.0 kB
      next read    in 2m 5s

    catalog other: held (removals wait to be confirmed), for 12m
      held back    620 removals wait to be confirmed: 1 of 3 reads in a row said so; what was known is served until then
      last good    3m ago (2026-01-31T11:57:00Z), generation 41
      holds        1,204 components, 35 groups
      changed      3 added, 1 changed, 0 removed, 1,235 as before
      reading      for 30s
      last read    1.2 s, 2 requests, 1.4 MB, 1 pass
      since start  24 reads, 48 requests, 34.8 MB

    cluster prod-eu: failing (nothing is known of it), for 12m
      last good    never
      next read    now
      faults       31 parts could not be used
                   catalog.yaml, document 1: found no name, expected a text
                   catalog.yaml, document 2: found no name, expected a text
                   catalog.yaml, document 3: found no name, expected a text
                   catalog.yaml, document 4: found no name, expected a text
                   catalog.yaml, document 5: found no name, expected a text
                   and 26 more (see `-o json`)
    ");
}

#[test]
fn what_came_of_a_read() {
    let outcome = |source: &SourceStatus| {
        let mut out = Vec::new();
        let paint = Paint::choose(Color::Never, &io::stdout());
        write_outcome(source, paint, &mut out).expect("memory takes it");
        String::from_utf8(out).expect("text")
    };
    let ready = source("main", Phase::Ready);
    let held = SourceStatus {
        held_back: Some(HeldBack {
            removals: 1,
            times: 1,
            confirmations: 3,
        }),
        ..source("main", Phase::Held)
    };
    let stale = SourceStatus {
        failures: 1,
        ..source("main", Phase::Stale)
    };
    let all: String = [&ready, &held, &stale].map(outcome).concat();
    assert_snapshot!(all, @"
    catalog main: ready, read in 1.2 s: 3 added, 1 changed, 0 removed, 1,235 as before
    catalog main: held (removals wait to be confirmed), read in 1.2 s: 1 removal waits, found by 1 of 3 reads in a row, of which those that are asked for count as one
    catalog main: stale (served as it was when it last answered), read in 1.2 s
    ");
}

#[test]
fn nothing_of_a_source_moves_the_cursor() {
    let evil = "a\u{1b}[2J\r\nerror: b";
    let hostile = SourceStatus {
        name: evil.to_owned(),
        last_error: Some(SourceFailure {
            at: evil.to_owned(),
            message: evil.to_owned(),
            remedy: Some(evil.to_owned()),
        }),
        failing_since: Some(evil.to_owned()),
        phase_since: Some(evil.to_owned()),
        counts: BTreeMap::from([(evil.to_owned(), 1)]),
        last_good_at: Some(evil.to_owned()),
        warnings: vec![evil.to_owned()],
        faults: SourceFaults {
            total: 1,
            first: vec![ReadFault {
                place: evil.to_owned(),
                message: evil.to_owned(),
            }],
        },
        ..source("main", Phase::Stale)
    };
    let mut all = shown(std::slice::from_ref(&hostile));
    let mut out = Vec::new();
    let paint = Paint::choose(Color::Never, &io::stdout());
    write_asked(&hostile, &mut out).expect("memory takes it");
    write_outcome(&hostile, paint, &mut out).expect("memory takes it");
    write_gates(&[&hostile], paint, &mut out).expect("memory takes it");
    all.push_str(&String::from_utf8(out).expect("text"));
    assert!(all.chars().all(|c| c == '\n' || !c.is_control()), "{all:?}");
    assert!(all.lines().all(|line| !line.starts_with("error: b")));
}

#[test]
fn times_and_sizes_as_people_say_them() {
    for (at, expected) in [
        ("2026-01-31T12:00:00Z", "just now"),
        ("2027-01-31T12:00:00Z", "just now"),
        ("2026-01-31T11:59:01Z", "59s ago"),
        ("2026-01-31T11:57:00Z", "3m ago"),
        ("2026-01-31T11:56:05Z", "3m 55s ago"),
        ("2026-01-31T09:00:30Z", "2h 59m ago"),
        ("2026-01-31T09:00:00Z", "3h ago"),
        ("2026-01-01T11:59:30Z", "30d ago"),
        ("-009999-01-02T01:59:59Z", "4392070d 10h ago"),
        ("soon", "soon"),
    ] {
        assert_eq!(ago(at, NOW), expected, "{at}");
    }
    for (count, expected) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1,000"),
        (12_345_678, "12,345,678"),
    ] {
        assert_eq!(grouped(count), expected);
    }
    for (count, expected) in [
        (999, "999 bytes"),
        (1_450_000, "1.4 MB"),
        (u64::MAX, "18446744073.7 GB"),
    ] {
        assert_eq!(bytes(count), expected);
    }
    for (milliseconds, expected) in [(7, "7 ms"), (1_240, "1.2 s"), (61_000, "1m 1s")] {
        assert_eq!(took(milliseconds), expected);
    }
}
