use api::{HeldBack, SourceKind};
use insta::assert_snapshot;
use server::status::{Failing, Failure, FailureKind, NextAttempt, SourceId};

use crate::company::{Company, READ_AT};

fn source(kind: SourceKind, name: &str) -> SourceId {
    SourceId {
        kind,
        name: name.into(),
    }
}

#[tokio::test]
async fn the_summary_counts_everything() {
    let company = Company::new();
    assert_snapshot!(company.pretty("/api/v1/summary").await, @r#"
    {
      "clusters": [
        "eu1",
        "us1"
      ],
      "components": 8,
      "coverage": 0.2857142857142857,
      "instances": [
        "default"
      ],
      "label_prefix": "causely.ai",
      "owned": 2,
      "owners": {
        "none": 2,
        "resolved": 5,
        "unresolved": 1
      },
      "service_owners": 4,
      "service_states": {
        "owned": 2,
        "stitched-without-owner": 1,
        "unclaimed": 4
      },
      "services": 7,
      "verdicts": {
        "ambiguous": 1,
        "conflict": 1,
        "invalid": 1,
        "no-kubernetes-id": 1,
        "service-not-found": 1,
        "stitched": 3
      }
    }
    "#);
}

/// A cluster that is well, and a catalog that is not.
fn two_sources(company: &Company) {
    let sources = &company.state.sources;
    sources.update(&source(SourceKind::Cluster, "eu1"), |state| {
        state.last_good = Some(READ_AT);
        state.current = true;
        state.generation = 4;
        state.counts.insert("services", 6);
        state.phase_since = Some(READ_AT);
        state.reads = 4;
        state.last_read = Some(api::SourceRead {
            duration_milliseconds: 1_200,
            cost: None,
        });
        state.delta = Some(api::GenerationDelta {
            generation: 4,
            added: 1,
            changed: 2,
            removed: 3,
            unchanged: Some(3),
        });
    });
    sources.update(&source(SourceKind::Catalog, "default"), |state| {
        state.last_good = Some(READ_AT);
        state.failure = Some(Failure {
            kind: FailureKind::Refused,
            at: READ_AT + 30,
            message: "the token was refused (401)".into(),
            remedy: Some("renew key `token` of Secret `backstage`".into()),
        });
        state.held = Some(HeldBack {
            removals: 40,
            times: 1,
            confirmations: 3,
        });
        state.failing = Some(Failing {
            since: READ_AT + 10,
            times: 3,
        });
        state.next_attempt = Some(NextAttempt {
            at: READ_AT + 90,
            pause: 60,
        });
        state.warnings = vec!["the certificate is not verified".into()];
        state.faults.total = 1;
        state.faults.first = vec![api::ReadFault {
            place: "entity 7".into(),
            message: "no name".into(),
        }];
    });
}

#[tokio::test]
async fn sources_say_where_they_stand() {
    // S22, S23.
    let company = Company::new();
    two_sources(&company);
    assert_snapshot!(company.pretty("/api/v1/sources").await, @r#"
    {
      "items": [
        {
          "age_seconds": 60,
          "as_of": "2023-11-14T22:14:20Z",
          "counts": {},
          "failing_since": "2023-11-14T22:13:30Z",
          "failures": 3,
          "faults": {
            "first": [
              {
                "message": "no name",
                "place": "entity 7"
              }
            ],
            "total": 1
          },
          "generation": 0,
          "held_back": {
            "confirmations": 3,
            "removals": 40,
            "times": 1
          },
          "kind": "catalog",
          "last_error": {
            "at": "2023-11-14T22:13:50Z",
            "message": "the token was refused (401)",
            "remedy": "renew key `token` of Secret `backstage`"
          },
          "last_good_at": "2023-11-14T22:13:20Z",
          "name": "default",
          "next_attempt_at": "2023-11-14T22:14:50Z",
          "next_attempt_in_seconds": 30,
          "phase": "held",
          "reads": 0,
          "totals": {
            "added": 0,
            "bytes": 0,
            "changed": 0,
            "failures": 0,
            "removed": 0,
            "repaired": 0,
            "requests": 0
          },
          "warnings": [
            "the certificate is not verified"
          ]
        },
        {
          "age_seconds": 60,
          "as_of": "2023-11-14T22:14:20Z",
          "counts": {
            "services": 6
          },
          "delta": {
            "added": 1,
            "changed": 2,
            "generation": 4,
            "removed": 3,
            "unchanged": 3
          },
          "failures": 0,
          "faults": {
            "total": 0
          },
          "generation": 4,
          "kind": "cluster",
          "last_good_at": "2023-11-14T22:13:20Z",
          "last_read": {
            "duration_milliseconds": 1200
          },
          "name": "eu1",
          "phase": "ready",
          "phase_since": "2023-11-14T22:13:20Z",
          "reads": 4,
          "totals": {
            "added": 0,
            "bytes": 0,
            "changed": 0,
            "failures": 0,
            "removed": 0,
            "repaired": 0,
            "requests": 0
          }
        }
      ]
    }
    "#);
}
