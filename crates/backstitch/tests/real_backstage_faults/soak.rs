//! Hundreds of reads, with a catalog that changes and faults that come and go, all by chance.
//!
//! What is true is written down when the real Backstage shows it. Of each Service the owner must always be one that was
//! true at some time since the last good read of its lane, and after a good read the one that is true now.

use std::collections::VecDeque;
use std::env;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use testbed::backstage::{Backstage, Usage};
use testbed::proxy::{Announced, Fault, FaultProxy, Loop, RetryAfter, Total};
use tokio::task::JoinSet;

use crate::bed::{Bed, Packing, backstage};
use crate::catalog::{COMPONENTS, TEAMS, Truth, component, first_truth, team, truth_of};

const LANES: usize = 4;
/// Rounds in each of which every lane is read once.
const ROUNDS: usize = 50;
/// The round after which memory is taken for what it is, when the lanes have been read 50 times.
const WARM: usize = 50_usize.div_ceil(LANES);
/// By how much memory may differ between two moments at which as much is known: a tenth, and what allocators keep.
const SLACK_BYTES: u64 = 8 << 20;
/// Looks at the memory, of which the least counts: what a read needs for a moment is no leak.
const LOOKS: usize = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// So many components are there at least.
const LEAST_COMPONENTS: usize = COMPONENTS - 6;
/// For how long a server wants to be left alone. A read that the service began by itself waits so long for each page, and
/// the one that was asked for waits for that.
const LIMITED_SECONDS: u64 = 2;
/// The variable that gives the seed of a run that failed.
const SEED: &str = "BACKSTITCH_SOAK_SEED";

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(mixed % bound).unwrap_or(0)
    }
}

/// What a read comes to while a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// Nothing: all stays as it was.
    Nothing,
    /// The truth, of now.
    Truth,
    /// Some of it: what is missing stays as it was.
    Some,
}

/// What goes wrong in a lane for one read.
async fn goes_wrong(proxy: &FaultProxy, random: &mut Random) -> (String, Comes) {
    let page = 1 + random.below(5);
    let after = random.below(4_000);
    let half = |total| Fault::Fraction { part: 0.35, total };
    let lasting = [
        (Fault::Refused, Comes::Nothing),
        (Fault::Reset { after }, Comes::Nothing),
        (
            Fault::CutOff {
                after,
                announced: Announced::Length,
            },
            Comes::Nothing,
        ),
        (Fault::TruncatedJson { after }, Comes::Nothing),
        (Fault::HangMidBody { after: 100 }, Comes::Nothing),
        (
            Fault::RateLimited(RetryAfter::Seconds(LIMITED_SECONDS)),
            Comes::Nothing,
        ),
        (Fault::database_gone(), Comes::Nothing),
        (Fault::bad_gateway(), Comes::Nothing),
        (Fault::HtmlWith200, Comes::Nothing),
        (Fault::HugeEntity { bytes: 80 << 20 }, Comes::Nothing),
        (Fault::InvalidUtf8 { offset: 50 }, Comes::Nothing),
        (Fault::LoopingCursor(Loop::Same), Comes::Nothing),
        (Fault::EmptyCatalog, Comes::Nothing),
        (half(Total::Matching), Comes::Nothing),
        (half(Total::Unchanged), Comes::Nothing),
        (Fault::HideKinds(vec!["group"]), Comes::Nothing),
        (Fault::HideKinds(vec!["component"]), Comes::Nothing),
        (Fault::NullItems { every: 3 }, Comes::Some),
        (Fault::TotalItems(1_000_000), Comes::Some),
        (Fault::DuplicateItems { every: 2 }, Comes::Truth),
        (Fault::UnknownApiVersion, Comes::Truth),
        (Fault::ClockSkew { seconds: -86_400 }, Comes::Truth),
    ];
    let once = [
        Fault::Reset { after },
        Fault::TruncatedJson { after },
        Fault::database_gone(),
        Fault::RateLimited(RetryAfter::Seconds(1)),
    ];
    match random.below(10) {
        0..=2 => ("nothing".to_owned(), Comes::Truth),
        // After the first page, which is not asked for twice.
        3 => {
            let fault = once[random.below(once.len())].clone();
            let what = format!("{fault:?} once on page {}", page + 1);
            proxy.on_page_times(page + 1, 1, fault);
            (what, Comes::Truth)
        }
        _ => {
            let (fault, comes) = lasting[random.below(lasting.len())].clone();
            let what = format!("{fault:?}");
            proxy.set(fault).await;
            (what, comes)
        }
    }
}

/// Changes the catalog, and waits until Backstage shows it.
async fn change(backstage: &Backstage, truth: &mut Truth, random: &mut Random) -> String {
    let name = format!("s{}", random.below(COMPONENTS));
    let owner = team(random.below(TEAMS));
    let removes =
        truth.contains_key(&name) && truth.len() > LEAST_COMPONENTS && random.below(3) == 0;
    let what = if removes {
        truth.remove(&name);
        let gone = format!("component:default/{name}");
        backstage
            .delta(&[], &[&gone])
            .await
            .expect("a control port");
        format!("{name} goes")
    } else {
        let what = format!("{name} is of {owner}");
        let added = component(&name, &owner);
        truth.insert(name, owner);
        backstage
            .delta(&[added], &[])
            .await
            .expect("a control port");
        what
    };
    let shown = backstage
        .until(&what, |found| truth_of(found) == *truth)
        .await;
    shown.unwrap_or_else(|error| panic!("{error}"));
    what
}

/// What a lane may say, and what came of it.
struct Expected {
    /// What was true at the last good read, and all that was true since then.
    truths: VecDeque<Truth>,
}

impl Expected {
    /// What is wrong with these owners after a read.
    fn complaints(&self, owners: &Truth, comes: Comes) -> Vec<String> {
        let allowed: Vec<&Truth> = match comes {
            Comes::Truth => self.truths.back().into_iter().collect(),
            Comes::Nothing | Comes::Some => self.truths.iter().collect(),
        };
        let names = (0..COMPONENTS).map(|number| format!("s{number}"));
        names
            .filter(|name| {
                !allowed
                    .iter()
                    .any(|truth| truth.get(name) == owners.get(name))
            })
            .map(|name| format!("{name} is of {:?}", owners.get(&name)))
            .collect()
    }
}

fn seed() -> u64 {
    let given = env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    given.unwrap_or_else(|| now.map_or(0, |now| now.as_secs()))
}

async fn resident_bytes(bed: &Bed) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..LOOKS {
        let usage = Usage::of(bed.service.pid()).expect("it runs");
        least = least.min(usage.resident_bytes);
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    least
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::print_stderr,
    reason = "a run that failed is repeated by its seed"
)]
async fn s22_s23_two_hundred_reads_with_faults_remove_nothing_wrongly_and_memory_stays_flat() {
    let seed = seed();
    eprintln!("{SEED}={seed}");
    let mut random = Random(seed);
    let mut truth = first_truth();
    let backstage = backstage(&truth).await;
    let bed = Arc::new(Bed::start(&backstage, &[Packing::Plain; LANES]).await);
    let mut lanes: Vec<Expected> = (0..LANES)
        .map(|_| Expected {
            truths: VecDeque::from([truth.clone()]),
        })
        .collect();
    let mut story = String::new();
    let mut warm = 0;
    for round in 1..=ROUNDS {
        let last = round == ROUNDS;
        let changed = match random.below(3) {
            0 => "nothing".to_owned(),
            _ => change(&backstage, &mut truth, &mut random).await,
        };
        let _ = writeln!(story, "{round}: {changed}");
        let mut reads = JoinSet::new();
        for (number, expected) in lanes.iter_mut().enumerate() {
            if expected.truths.back() != Some(&truth) {
                expected.truths.push_back(truth.clone());
            }
            let (what, comes) = if last {
                ("nothing".to_owned(), Comes::Truth)
            } else {
                goes_wrong(&bed.lanes[number].proxy, &mut random).await
            };
            let _ = writeln!(story, "  {number}: {what}");
            let bed = Arc::clone(&bed);
            reads.spawn(async move {
                let source = bed.read(&bed.lanes[number]).await;
                (number, comes, source, bed.owners(&bed.lanes[number]).await)
            });
        }
        while let Some(read) = reads.join_next().await {
            let (number, comes, source, owners) = read.expect("a read");
            let expected = &mut lanes[number];
            let mut wrong = expected.complaints(&owners, comes);
            let is_well = source["phase"] == "ready" && source["last_error"] == Value::Null;
            if is_well != (comes == Comes::Truth) {
                wrong.push(format!("{source:#}"));
            }
            assert!(
                wrong.is_empty(),
                "seed {seed}, lane {number}: {wrong:?}\n{story}"
            );
            if comes == Comes::Truth {
                expected.truths.drain(..expected.truths.len() - 1);
            }
            bed.lanes[number].proxy.clear().await;
        }
        if round == WARM {
            warm = resident_bytes(&bed).await;
        }
    }
    let end = resident_bytes(&bed).await;
    eprintln!(
        "resident after 50 reads: {warm} bytes, after {}: {end}",
        ROUNDS * LANES
    );
    assert!(
        end <= warm + warm / 10 + SLACK_BYTES,
        "seed {seed}: {warm} bytes became {end}"
    );
}
