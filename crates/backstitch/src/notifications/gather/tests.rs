//! Windows, teams and limits, each by what comes of a few changes; and that nothing is lost without being counted.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use topology::entity_ref::EntityRef;
use topology::verdict::ComponentKey;

use super::*;

const START: i64 = 1_000_000;
const WINDOW: i64 = 60;

/// Namespace `shop` is that of the team `web`; Services that begin with `ignored` are.
struct Company;

impl Look for Company {
    fn team_of_namespace(&self, service: &ServiceKey) -> Option<String> {
        (&*service.namespace == "shop").then(|| group("web"))
    }

    fn name(&self, reference: &str) -> Option<String> {
        (reference == group("web")).then(|| "Web shop".to_owned())
    }

    fn is_ignored(&self, service: &ServiceKey) -> bool {
        service.name.starts_with("ignored")
    }
}

fn group(name: &str) -> String {
    format!("group:default/{name}")
}

fn rules() -> Rules {
    Rules {
        filter: Filter {
            events: Happening::ALL.to_vec(),
            teams: None,
        },
        window: WINDOW,
        most_per_hour: 2,
        each_team: false,
    }
}

fn key(service: &str) -> ServiceKey {
    let (namespace, name) = service.split_once('/').expect("namespace/name");
    ServiceKey {
        cluster: "prod".into(),
        namespace: namespace.into(),
        name: name.into(),
    }
}

/// `-` is no Service, `?` an unclaimed one, `!` one whose component has no owner, and else the name of the owner.
fn side(word: &str) -> Option<Ownership> {
    let component = || ComponentKey {
        instance: "main".into(),
        reference: EntityRef::new("component", "default", "cart"),
    };
    let (state, component, owner) = match word {
        "-" => return None,
        "?" => (ServiceState::Unclaimed, None, None),
        "!" => (ServiceState::StitchedWithoutOwner, Some(component()), None),
        owner => (
            ServiceState::Owned,
            Some(component()),
            Some(group(owner).into()),
        ),
    };
    Some(Ownership {
        state,
        component,
        owner,
    })
}

/// Takes changes such as `shop/cart web>?`, each with the next number.
fn take(gathered: &mut Gathered, now: i64, changes: &str) {
    for change in changes.split(", ").filter(|change| !change.is_empty()) {
        let (service, sides) = change.split_once(' ').expect("a change");
        let (before, after) = sides.split_once('>').expect("two sides");
        let change = Change::Service {
            service: key(service),
            before: side(before),
            after: side(after),
        };
        let number = gathered.upto() + 1;
        gathered.change(number, now, &change, now);
    }
    gathered.all_upto(gathered.upto());
}

fn shown(messages: &[Message]) -> String {
    let mut shown = String::new();
    for message in messages {
        let title = message.title();
        let _ = write!(shown, "{title}");
        for it in &message.services {
            let _ = write!(shown, " [{}: {}]", it.service, it.detail());
        }
        for it in &message.sources {
            let _ = write!(shown, " [{}: {}]", it.source, it.detail);
        }
        if let Some(line) = message.left_out_line() {
            let _ = write!(shown, " {line}");
        }
        shown.push('\n');
    }
    shown
}

/// What comes of changes within one window.
fn told(rules: Rules, changes: &str) -> String {
    let mut gathered = Gathered::after(rules, Memo::default());
    take(&mut gathered, START, changes);
    if gathered.due().is_none() {
        return String::new();
    }
    let (messages, _) = gathered.close(&Sources::default(), &Company, START + WINDOW);
    shown(&messages)
}

#[test]
fn what_is_told_of_one_window() {
    let table = [
        (
            "shop/cart web>?",
            "Web shop: 1 Service lost its owner [prod/shop/cart: was owned by group:default/web, and component:default/cart claims it no more]\n",
        ),
        (
            "shop/cart web>!",
            "Web shop: 1 Service lost its owner [prod/shop/cart: was owned by group:default/web, and component:default/cart has no owner that is known]\n",
        ),
        // A team that is known no more is told of by its reference; whose namespace it is does not count.
        (
            "shop/cart old>?",
            "group:default/old: 1 Service lost its owner [prod/shop/cart: was owned by group:default/old, and component:default/cart claims it no more]\n",
        ),
        (
            "shop/cart ->?",
            "Web shop: 1 Service is unclaimed [prod/shop/cart: no component claims it]\n",
        ),
        (
            "shop/cart !>?",
            "Web shop: 1 Service is unclaimed [prod/shop/cart: component:default/cart claims it no more]\n",
        ),
        (
            "lab/x ->?",
            "1 Service is unclaimed [prod/lab/x: no component claims it]\n",
        ),
        // Lost and back, new and claimed, gone: nothing.
        ("shop/cart web>?, shop/cart ?>web", ""),
        ("shop/cart web>?, shop/cart ?>pay", ""),
        ("shop/cart ->?, shop/cart ?>web", ""),
        ("shop/cart ->?, shop/cart ?>-", ""),
        ("shop/cart web>-", ""),
        ("shop/cart web>?, shop/cart ?>-", ""),
        ("shop/cart web>pay, shop/cart ->web, shop/cart ?>!", ""),
        ("shop/ignored-cart web>?", ""),
        // The first and the last side count.
        (
            "shop/cart web>?, shop/cart ?>pay, shop/cart pay>!",
            "Web shop: 1 Service lost its owner [prod/shop/cart: was owned by group:default/web, and component:default/cart has no owner that is known]\n",
        ),
        // By team, each with what happened.
        (
            "shop/a web>?, lab/b pay>?, shop/c ->?",
            "group:default/pay: 1 Service lost its owner [prod/lab/b: was owned by group:default/pay, and component:default/cart claims it no more]\nWeb shop: 1 Service lost its owner, 1 Service is unclaimed [prod/shop/a: was owned by group:default/web, and component:default/cart claims it no more] [prod/shop/c: no component claims it]\n",
        ),
    ];
    for (changes, expected) in table {
        assert_eq!(told(rules(), changes), expected, "{changes}");
    }
}

#[test]
fn a_receiver_is_told_what_it_wants() {
    let with = |events: &[Happening], teams: Option<&[&str]>| {
        let teams = teams.map(|teams| teams.iter().map(|team| group(team)).collect());
        let filter = Filter {
            events: events.to_vec(),
            teams,
        };
        let changes = "shop/a web>?, lab/b pay>!, shop/c ->?, lab/d ->?";
        let text = told(Rules { filter, ..rules() }, changes);
        let titles = text
            .lines()
            .map(|line| line.split(" [").next().unwrap_or_default());
        titles.collect::<Vec<_>>().join("; ")
    };
    let lost = [Happening::OwnerLost];
    let unclaimed = [Happening::ServiceUnclaimed];
    assert_eq!(
        with(&lost, None),
        "group:default/pay: 1 Service lost its owner; Web shop: 1 Service lost its owner"
    );
    // Whoever is not told of lost owners is told that the Service is unclaimed.
    assert_eq!(
        with(&unclaimed, None),
        "1 Service is unclaimed; Web shop: 2 Services are unclaimed"
    );
    assert_eq!(
        with(&lost, Some(&["pay"])),
        "group:default/pay: 1 Service lost its owner"
    );
    assert_eq!(
        with(&unclaimed, Some(&["web"])),
        "Web shop: 2 Services are unclaimed"
    );
    assert_eq!(with(&unclaimed, Some(&["pay"])), "");
    assert_eq!(with(&[Happening::SourceStale], None), "");
}

#[test]
fn a_mass_event_is_one_message() {
    let lost = |count: usize, teams: usize| {
        let changes =
            (0..count).map(|index| format!("n{index}/s{index:05} t{:04}>?", index % teams));
        changes.collect::<Vec<_>>().join(", ")
    };
    let one_team = told(rules(), &lost(10_000, 1));
    assert!(
        one_team.starts_with("group:default/t0000: 10000 Services lost their owner ["),
        "{one_team}"
    );
    assert_eq!(
        (one_team.lines().count(), one_team.matches(" [").count()),
        (1, NAMED)
    );
    let many_teams = told(rules(), &lost(10_000, 500));
    assert!(
        many_teams.starts_with("500 teams: 10000 Services lost their owner ["),
        "{many_teams}"
    );
    assert_eq!(many_teams.lines().count(), 1);
    // Beyond the bound they are counted.
    let beyond = told(rules(), &lost(MAX_PENDING + 7, 1));
    assert!(
        beyond.contains("7 more events Not told before, as too many"),
        "{beyond}"
    );
    // Where each team has an address of its own, each is told.
    let each = Rules {
        each_team: true,
        ..rules()
    };
    assert_eq!(told(each, &lost(30, 30)).lines().count(), 30);
}

#[test]
fn what_the_limit_leaves_out_is_told_later() {
    let mut gathered = Gathered::after(rules(), Memo::default());
    let mut log = String::new();
    let mut now = START;
    for changes in [
        "shop/a web>?",
        "shop/b web>?",
        "shop/c web>?, lab/x pay>?",
        "shop/d ->?",
    ] {
        take(&mut gathered, now, changes);
        assert_eq!(gathered.due(), Some(now + WINDOW));
        now += WINDOW;
        let (messages, left_out) = gathered.close(&Sources::default(), &Company, now);
        let _ = writeln!(
            log,
            "{} s: {left_out} left out\n{}",
            now - START,
            shown(&messages)
        );
    }
    // Nothing more happens, and it is told as soon as it may be.
    let due = gathered.due().expect("something is to be told");
    // A start changes nothing.
    let memo = serde_json::to_string(gathered.memo()).expect("JSON");
    let memo = serde_json::from_str(&memo).expect("a memo");
    let mut gathered = Gathered::after(rules(), memo);
    assert_eq!(gathered.due(), Some(due));
    let (messages, _) = gathered.close(&Sources::default(), &Company, due);
    let _ = writeln!(log, "{} s\n{}", due - START, shown(&messages));
    assert_eq!(gathered.due(), None);
    insta::assert_snapshot!(log, @r"
    60 s: 0 left out
    Web shop: 1 Service lost its owner [prod/shop/a: was owned by group:default/web, and component:default/cart claims it no more]

    120 s: 0 left out
    Web shop: 1 Service lost its owner [prod/shop/b: was owned by group:default/web, and component:default/cart claims it no more]

    180 s: 1 left out
    group:default/pay: 1 Service lost its owner [prod/lab/x: was owned by group:default/pay, and component:default/cart claims it no more]

    240 s: 1 left out

    3660 s
    Web shop: 2 more events Not told before, as too many messages had been sent: 1 Service lost its owner, 1 Service is unclaimed.
    ");
}

#[test]
fn a_source_is_told_of_once_as_long_as_it_stands_so() {
    let stale = |source: &str| OfSource {
        happening: Happening::SourceStale,
        source: source.to_owned(),
        detail: "no route".to_owned(),
        remedy: None,
        since: START,
    };
    let standing = |names: &[&str]| Sources {
        standing: names.iter().map(|name| stale(name)).collect(),
        unsure: BTreeSet::new(),
    };
    let mut gathered = Gathered::after(rules(), Memo::default());
    // One that answers again before the end of the window.
    gathered.sources(&standing(&["catalog/main"]), START);
    assert_eq!(gathered.due(), Some(START + WINDOW));
    let (messages, _) = gathered.close(&standing(&[]), &Company, START + WINDOW);
    assert_eq!(shown(&messages), "");
    gathered.sources(&standing(&["catalog/main"]), START);
    let (messages, _) = gathered.close(&standing(&["catalog/main"]), &Company, START + WINDOW);
    assert_eq!(
        shown(&messages),
        "1 source is stale [catalog/main: no route]\n"
    );
    gathered.sources(&standing(&["catalog/main"]), START);
    assert_eq!(gathered.due(), None);
    // After a start it is not told of again before it has answered.
    let unsure = Sources {
        standing: Vec::new(),
        unsure: BTreeSet::from(["catalog/main".to_owned()]),
    };
    assert!(!gathered.sources(&unsure, START));
    gathered.sources(&standing(&["catalog/main"]), START);
    assert_eq!(gathered.due(), None);
    assert!(gathered.sources(&standing(&[]), START), "it is to be kept");
    gathered.sources(&standing(&["catalog/main"]), START);
    assert_eq!(gathered.due(), Some(START + WINDOW));
}

#[test]
fn what_was_gathered_before_the_end_is_gathered_anew() {
    let mut gathered = Gathered::after(rules(), Memo::from_here(5));
    take(&mut gathered, START, "shop/a web>pay, shop/b web>?");
    assert_eq!((gathered.upto(), gathered.memo().upto), (7, 5));
    let again = Gathered::after(rules(), gathered.memo().clone());
    assert_eq!(again.upto(), 5);
    gathered.close(&Sources::default(), &Company, START + WINDOW);
    assert_eq!(gathered.memo().upto, 7);
    // What means nothing to it is not read again.
    take(&mut gathered, START, "shop/a pay>web");
    assert_eq!(gathered.memo().upto, 8);
}

/// A Service, the state it takes, and how long after the one before.
fn steps() -> impl Strategy<Value = Vec<(usize, &'static str, i64)>> {
    let word = prop::sample::select(vec!["-", "?", "!", "web", "pay", "a", "b", "c", "d", "e"]);
    vec((0..12_usize, word, 0..400_i64), 0..80)
}

proptest! {
    /// Whatever happens, at whatever pace: what messages count, now or later, is what happened in the windows.
    #[test]
    fn nothing_is_lost_without_being_counted(steps in steps(), most in 1..4_usize, each_team: bool) {
        let rules = Rules { most_per_hour: most, each_team, ..rules() };
        let mut gathered = Gathered::after(rules, Memo::default());
        let owned = |word: &str| !matches!(word, "-" | "?" | "!");
        let matters = |before: &str, after: &str| {
            (owned(before) && matches!(after, "?" | "!")) || (after == "?" && before != "?")
        };
        let mut states = ["-"; 12];
        // What each Service was before it first mattered in the window.
        let mut before: BTreeMap<usize, &str> = BTreeMap::new();
        let (mut expected, mut counted) = (0, 0);
        let mut now = START;
        let mut sent: Vec<(String, i64)> = Vec::new();
        let mut close = |gathered: &mut Gathered, now, states: &[&str], before: &mut BTreeMap<usize, &str>| {
            let changed = std::mem::take(before).into_iter();
            let told = changed.filter(|(index, before)| matters(before, states[*index]));
            expected += told.count() as u64;
            let (messages, _) = gathered.close(&Sources::default(), &Company, now);
            for message in messages {
                counted += message.items();
                let who = match &message.about {
                    About::Several(..) => SEVERAL.to_owned(),
                    about => format!("{about:?}"),
                };
                sent.push((who, now));
            }
        };
        for (index, word, pause) in steps {
            while let Some(due) = gathered.due().filter(|due| *due <= now + pause) {
                now = now.max(due);
                close(&mut gathered, now, &states, &mut before);
            }
            now += pause;
            let was = std::mem::replace(&mut states[index], word);
            if was == word {
                continue;
            }
            if matters(was, word) {
                before.entry(index).or_insert(was);
            }
            take(&mut gathered, now, &format!("n/s{index} {was}>{word}"));
        }
        while let Some(due) = gathered.due() {
            now = now.max(due);
            close(&mut gathered, now, &states, &mut before);
        }
        prop_assert_eq!(counted, expected);
        for (who, at) in &sent {
            let within = sent.iter().filter(|(other, then)| other == who && (*at..*at + HOUR).contains(then)).count();
            prop_assert!(within <= most, "{} messages to {}", within, who);
        }
    }
}
