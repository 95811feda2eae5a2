//! What people decide: taken by the loop, kept by the store, and stronger than any source (S23, S26, S27).

use server::decisions::{Declined, Request, Wish};
use store::{Decided, DecisionRecord, NewDecision, Source, Standing};
use topology::decisions::Decision;
use topology::verdict::ComponentKey;

use super::*;

impl Bench {
    fn wish(&mut self, wish: Wish) -> Result<DecisionRecord, Declined> {
        let (answer, mut answered) = oneshot::channel();
        self.engine
            .wish(Request { wish, answer })
            .expect("nothing stops it");
        answered.try_recv().expect("an answer")
    }

    fn decide(&mut self, decided: Decided, until: Option<i64>) -> Result<DecisionRecord, Declined> {
        self.wish(Wish::Decide(NewDecision {
            decided,
            author: "ann".into(),
            reason: "".into(),
            until,
        }))
    }

    fn end(&mut self, id: i64) -> Result<DecisionRecord, Declined> {
        self.wish(Wish::End {
            id,
            by: "bob".into(),
            why: "it moved".into(),
        })
    }

    /// How the decisions ended, the last first.
    fn decided(&mut self) -> String {
        let records = self
            .history
            .decisions(Standing::Either, None, 100)
            .expect("decisions");
        let line = |it: &DecisionRecord| match &it.ended {
            None => format!("{} stands\n", it.id),
            Some(ended) => format!(
                "{} ended by {}: {}\n",
                it.id,
                ended.by.as_deref().unwrap_or("itself"),
                ended.why
            ),
        };
        records.iter().map(line).collect()
    }
}

fn key(name: &str) -> ComponentKey {
    ComponentKey {
        instance: "main".into(),
        reference: EntityRef::new("component", "default", name),
    }
}

fn shop(name: &str) -> ServiceKey {
    ServiceKey {
        cluster: "prod".into(),
        namespace: "shop".into(),
        name: name.into(),
    }
}

/// `s1` of team `web` is `s2`, which `s2` had.
fn pin() -> Decided {
    Decided::Standing(Decision::Pin {
        component: key("s1"),
        service: shop("extra"),
    })
}

/// The company, and a Service that nobody claims.
fn with_extra() -> Bench {
    let mut bench = stitched();
    let mut services: Vec<ObjectFact> = (0..20)
        .map(|number| service(&format!("s{number}")))
        .collect();
    services.push(service("extra"));
    bench.listed(services);
    assert_eq!(bench.owner("extra"), "-");
    bench
}

#[test]
fn s26_s27_a_decision_survives_reads_and_a_restart_and_is_in_the_history() {
    let mut bench = with_extra();
    let made = bench.decide(pin(), None).expect("a decision");
    assert_eq!((made.id, made.at), (1, NOW));
    assert_eq!(bench.owner("extra"), "web");
    bench.catalog(company(20));
    let mut bench = bench.restart(CONFIGURATION);
    assert_eq!(bench.owner("extra"), "web");
    bench.catalog(company(20));
    assert_eq!(bench.owner("extra"), "web");
    bench.end(1).expect("it stood");
    assert_eq!(bench.owner("extra"), "-");
    assert_eq!(bench.end(1), Err(Declined::NotStanding));
    assert_eq!(bench.end(7), Err(Declined::NotStanding));
    assert_snapshot!(bench.history("extra"), @r"
    cluster `prod` 2: absent -> unclaimed
    decision 1: unclaimed -> group:default/web
    decision 1: group:default/web -> unclaimed
    ");
    assert_snapshot!(bench.decided(), @"1 ended by bob: it moved");
}

#[test]
fn s26_a_decision_ends_when_its_time_is_over() {
    let mut bench = with_extra();
    bench.decide(pin(), Some(NOW + 90)).expect("a decision");
    assert_eq!(bench.engine.until_overdue(), Some(Duration::from_mins(1)));
    bench.engine.end_overdue().expect("nothing stops it");
    assert_eq!(bench.owner("extra"), "web", "it is not over yet");
    let mut bench = bench.restart(CONFIGURATION);
    bench.engine.surroundings.clock = || NOW + 90;
    assert_eq!(bench.engine.until_overdue(), Some(Duration::ZERO));
    assert_eq!(
        bench.owner("extra"),
        "web",
        "the last state is served first"
    );
    bench.engine.end_overdue().expect("nothing stops it");
    assert_eq!(bench.owner("extra"), "-");
    assert_eq!(bench.engine.until_overdue(), None);
    assert_snapshot!(bench.decided(), @"1 ended by itself: its time was over");
}

#[test]
fn s26_a_later_decision_replaces_one_that_says_the_same_or_prefers_another() {
    let mut bench = with_extra();
    let prefer = |component: &str| {
        Decided::Standing(Decision::Prefer {
            component: key(component),
            service: shop("s2"),
        })
    };
    for decided in [pin(), prefer("s1"), pin(), prefer("s3")] {
        bench.decide(decided, None).expect("a decision");
    }
    assert_snapshot!(bench.decided(), @r"
    4 stands
    3 stands
    2 ended by ann: replaced by decision 4
    1 ended by ann: replaced by decision 3
    ");
}

#[test]
fn s23_what_a_person_confirms_goes_with_the_next_read_that_says_the_same() {
    let catalog = || Decided::Confirmed(Source::Instance("main".into()));
    let mut bench = stitched();
    assert_eq!(bench.decide(catalog(), None), Err(Declined::NothingHeld));
    let unknown = Decided::Confirmed(Source::Cluster("nowhere".into()));
    assert_eq!(bench.decide(unknown, None), Err(Declined::NoSource));
    bench.catalog(company(5));
    assert_snapshot!(bench.status(SourceKind::Catalog), @"held 1, 15 removals, 1 of 3");
    bench.decide(catalog(), None).expect("a decision");
    assert_snapshot!(bench.status(SourceKind::Catalog), @"held 1, 15 removals, 3 of 3");
    assert_eq!(bench.owner("s9"), "web", "no read has said so again");
    // S26: the confirmation survives a restart, and S23: a read that came early is enough.
    let mut bench = bench.restart(CONFIGURATION);
    let early = Reading {
        woken: Woken::Early,
        ..reading()
    };
    let taken = bench.read(
        CatalogGeneration::whole(company(5).into_iter().collect(), Vec::new()),
        early,
    );
    assert_eq!(taken, Taken::Replaced);
    assert_eq!(bench.owner("s9"), "-");
    assert_snapshot!(bench.decided(), @"1 ended by ann: done");
}

#[test]
fn s23_a_confirmation_is_of_what_was_shown() {
    let mut bench = stitched();
    bench.catalog(company(5));
    let catalog = Decided::Confirmed(Source::Instance("main".into()));
    bench.decide(catalog, None).expect("a decision");
    bench.catalog(company(4));
    assert_eq!(
        bench.owner("s9"),
        "web",
        "another result is another question"
    );
    assert_snapshot!(bench.status(SourceKind::Catalog), @"held 1, 16 removals, 1 of 3");
}

#[test]
fn s25_s26_a_decision_is_taken_between_the_batches_of_a_large_read() {
    let mut bench = with_extra();
    let (desk, decisions) = mpsc::channel(8);
    let desks = Desks {
        decisions,
        ..Desks::nobody()
    };
    bench.engine.gather = Gather::new(
        mpsc::channel(8).1,
        desks,
        watch::Sender::new(false).subscribe(),
    );
    let (answer, mut answered) = oneshot::channel();
    let wish = Wish::Decide(NewDecision {
        decided: pin(),
        author: "ann".into(),
        reason: "".into(),
        until: None,
    });
    desk.try_send(Request { wish, answer }).expect("room");
    bench.catalog(company(super::super::write::BATCH + 100));
    assert!(answered.try_recv().expect("an answer").is_ok());
    assert_eq!(bench.owner("extra"), "web");
}
