//! Changes of pods as fast as asked for, questions meanwhile, and whether all ends in the true state.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::Failure;
use crate::bed::Bed;
use crate::company::{Company, Kind};
use crate::objects::{GOES_EVERY, object, pod_text};
use crate::program::{CLUSTER, Serving};

/// So many pods are changed again and again; the rest stands still.
const MOST_PODS: usize = 20_000;
/// Batches a second.
const BATCHES: usize = 20;
/// Between two questions.
const ASK: Duration = Duration::from_millis(10);
/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(200);
/// The longest wait for the true state.
const PATIENCE: Duration = Duration::from_mins(10);
/// Pods that are asked for in the end.
const SAMPLE: usize = 500;

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flood {
    /// Changes a second.
    pub(crate) rate: usize,
    pub(crate) seconds: Duration,
}

/// One pod that is from now on at this revision, or gone.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) pod: usize,
    pub(crate) revision: Option<u64>,
    /// As JSON; of one that is gone, what it was last.
    pub(crate) text: String,
}

/// What happened.
pub(crate) struct Course {
    pub(crate) changes: u64,
    /// The revision of each pod that was changed, if it is there in the end.
    pub(crate) truth: Vec<Option<u64>>,
    pub(crate) most_resident: u64,
    pub(crate) lookups: Lookups,
}

/// How long each answer took, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Vec<f64>);

impl Lookups {
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the place is one of those there are"
    )]
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let mut times = self.0.clone();
        times.sort_by(f64::total_cmp);
        let place = (times.len().saturating_sub(1) as f64 * part).ceil() as usize;
        times.get(place).copied().unwrap_or_default()
    }
}

/// How many pods are changed.
pub(crate) fn pods(company: &Company) -> usize {
    company.pods.min(MOST_PODS)
}

/// Makes the changes, while somebody asks.
pub(crate) async fn run(
    bed: &Bed,
    company: &Company,
    serving: &Serving,
    flood: Flood,
) -> Result<Course, Failure> {
    let pods = pods(company);
    let mut truth = vec![Some(0); pods];
    let mut revisions = vec![0_u64; pods];
    let texts: Vec<String> = (0..pods)
        .map(|pod| object(company, Kind::Pod, pod, 0).to_string())
        .collect();
    let mut changes = 0;
    let begun = Instant::now();
    let each = (flood.rate / BATCHES).clamp(1, pods);
    let changing = async {
        let mut batch = 0_u32;
        let mut next = 0;
        while begun.elapsed() < flood.seconds {
            let due = begun + Duration::from_secs(1) / u32::try_from(BATCHES)? * batch;
            sleep(due.saturating_duration_since(Instant::now())).await;
            let these: Vec<Change> = (0..each)
                .map(|_| {
                    let pod = next;
                    next = (next + 1) % pods;
                    revisions[pod] += 1;
                    let revision = revisions[pod];
                    truth[pod] = (revision % GOES_EVERY != GOES_EVERY - 1).then_some(revision);
                    let last = truth[pod].unwrap_or(revision - 1);
                    Change {
                        pod,
                        revision: truth[pod],
                        text: pod_text(company, pod, &texts[pod], last),
                    }
                })
                .collect();
            bed.change(&these).await?;
            changes += these.len() as u64;
            batch += 1;
        }
        Ok::<(), Failure>(())
    };
    let mut lookups = Lookups::default();
    let mut most_resident = 0;
    let asking = async {
        let mut index = 0;
        let mut looked: Option<Instant> = None;
        loop {
            let (namespace, name) = company.name(Kind::Service, index % company.services);
            index += 7_919;
            let asked = Instant::now();
            serving
                .get(&format!("services/{CLUSTER}/{namespace}/{name}"))
                .await?;
            lookups.0.push(asked.elapsed().as_secs_f64() * 1e3);
            if looked.is_none_or(|at| at.elapsed() > LOOK) {
                looked = Some(Instant::now());
                most_resident = most_resident.max(serving.usage()?.resident_bytes);
            }
            sleep(ASK).await;
        }
    };
    tokio::select! {
        made = changing => made?,
        failed = asking => return failed,
    }
    Ok(Course {
        changes,
        truth,
        most_resident,
        lookups,
    })
}

/// How it came to the true state.
pub(crate) struct Settled {
    pub(crate) took: Duration,
    pub(crate) most_resident: u64,
}

/// Waits for the true state: as many pods as there are, and of some of those that were changed, whether each is there.
pub(crate) async fn settle(
    company: &Company,
    serving: &mut Serving,
    course: &Course,
) -> Result<Settled, Failure> {
    let gone = course
        .truth
        .iter()
        .filter(|revision| revision.is_none())
        .count();
    let begun = Instant::now();
    let mut most_resident = 0;
    loop {
        most_resident = most_resident.max(serving.usage()?.resident_bytes);
        match compare(company, serving, course, company.pods - gone).await? {
            None => break,
            Some(difference) if begun.elapsed() > PATIENCE => return Err(difference.into()),
            Some(_) => sleep(LOOK).await,
        }
        serving.alive()?;
    }
    Ok(Settled {
        took: begun.elapsed(),
        most_resident,
    })
}

/// What is not as it should be.
async fn compare(
    company: &Company,
    serving: &Serving,
    course: &Course,
    pods: usize,
) -> Result<Option<String>, Failure> {
    let metrics = serving.get(&format!("sources/cluster/{CLUSTER}")).await?;
    let found = &metrics["counts"]["pods"];
    let step = course.truth.len().div_ceil(SAMPLE).max(1);
    for (pod, revision) in course.truth.iter().enumerate().step_by(step) {
        let (namespace, name) = company.name(Kind::Pod, pod);
        let path = format!("resolve?cluster={CLUSTER}&namespace={namespace}&pod={name}");
        let answer = serving.get(&path).await?;
        // Of a pod that is gone the owner is guessed by its name.
        let sure = ["inherited", "shared"];
        let there = sure.iter().any(|word| answer["confidence"] == *word);
        if there != revision.is_some() {
            return Ok(Some(format!("pod {namespace}/{name} is wrong: {answer:#}")));
        }
    }
    Ok((*found != pods).then(|| format!("{found} pods, expected {pods}")))
}
