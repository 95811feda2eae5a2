//! The walk over all that may have an owner, in slices: between two of them nobody waits for it.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};

use topology::fact::WorkloadKind;
use topology::holder::Holder;
use topology::query::ServiceCursor;
use topology::topology::{Topology, WorkloadId};

use super::{Owned, OwnerInfo, series};

/// A slice ends with the series by which its text becomes longer than this, in bytes.
const MAX_TEXT: usize = 256 * 1_024;

/// Bound on the records that a slice looks at, whether they come to a series or not.
const MAX_LOOKED_AT: usize = 16_384;

/// Why something that has an owner has no series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// There are as many series as there may be.
    Bound,
    /// It has several owners, and a series has room for one.
    Shared,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Shared => "shared",
        }
    }
}

/// How far a walk has come, and what it wrote.
#[derive(Debug)]
pub(crate) struct Walk {
    settings: OwnerInfo,
    /// What is still to be walked over; the first has begun unless `after` is at its start.
    rest: VecDeque<Owned>,
    after: After,
    written: usize,
    left_out: BTreeMap<(Owned, Why), u64>,
    /// Hashes of the workloads written. One that is made anew while nobody looks is met again under another id, and no two
    /// series may be of one object.
    seen: HashSet<u64>,
    hasher: RandomState,
}

/// The last that was looked at.
#[derive(Debug)]
enum After {
    Start,
    Service(ServiceCursor),
    Workload(WorkloadId),
}

/// What came of one slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slice {
    /// There may be more of the kind.
    Cut,
    /// That was all of it.
    Whole,
}

impl Walk {
    pub(crate) fn new(settings: &OwnerInfo) -> Self {
        let kinds = settings.of.iter().copied();
        let mut left_out = BTreeMap::new();
        for of in kinds.clone() {
            left_out.insert((of, Why::Bound), 0);
            // A Service is one component's, and that has one owner.
            if of != Owned::Services {
                left_out.insert((of, Why::Shared), 0);
            }
        }
        Self {
            settings: settings.clone(),
            rest: kinds.collect(),
            after: After::Start,
            written: 0,
            left_out,
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// The text of the next slice; none after the last. A slice goes on for as long as `go_on` says so, and looks at one
    /// object at least.
    pub(crate) fn slice(
        &mut self,
        topology: &Topology,
        mut go_on: impl FnMut() -> bool,
    ) -> Option<String> {
        let of = *self.rest.front()?;
        let mut text = String::new();
        if matches!(self.after, After::Start) {
            series::head(&mut text, of);
        }
        let slice = match of {
            Owned::Services => self.services(topology, &mut text, &mut go_on),
            Owned::Workloads | Owned::Pods => self.workloads(of, topology, &mut text, &mut go_on),
        };
        if slice == Slice::Whole {
            self.rest.pop_front();
            self.after = After::Start;
            self.seen = HashSet::new();
        }
        Some(text)
    }

    fn services(
        &mut self,
        topology: &Topology,
        text: &mut String,
        go_on: &mut impl FnMut() -> bool,
    ) -> Slice {
        let after = match std::mem::replace(&mut self.after, After::Start) {
            After::Service(after) => Some(after),
            After::Start | After::Workload(_) => None,
        };
        let mut last = None;
        for id in topology.services_after(after.as_ref()) {
            let it = topology.service(id);
            let place = [
                ("cluster", it.cluster),
                ("namespace", it.namespace),
                ("service", it.name),
            ];
            let holder = topology.holder_of_service(id);
            self.take(Owned::Services, &place, topology, holder, text);
            last = Some(id);
            if text.len() > MAX_TEXT || !go_on() {
                break;
            }
        }
        // The end is known by a slice that finds nothing more.
        match last {
            Some(last) => {
                self.after = After::Service(topology.service(last).key());
                Slice::Cut
            }
            None => Slice::Whole,
        }
    }

    fn workloads(
        &mut self,
        of: Owned,
        topology: &Topology,
        text: &mut String,
        go_on: &mut impl FnMut() -> bool,
    ) -> Slice {
        let after = match self.after {
            After::Workload(after) => Some(after),
            After::Start | After::Service(_) => None,
        };
        for (looked_at, (id, kind)) in topology.workloads_after(after).enumerate() {
            if looked_at == MAX_LOOKED_AT {
                return Slice::Cut;
            }
            self.after = After::Workload(id);
            if !is_one(topology, of, id, kind) {
                continue;
            }
            let it = topology.workload(id);
            let place = [("cluster", it.cluster), ("namespace", it.namespace)];
            let holder = topology.holder_of_workload(id);
            let key = (kind, it.cluster, it.namespace, it.name);
            let told = holder != Holder::Nobody || self.settings.unowned;
            if told && !self.seen.insert(self.hasher.hash_one(key)) {
                continue;
            }
            if of == Owned::Pods {
                let place = [place[0], place[1], ("pod", it.name)];
                self.take(of, &place, topology, holder, text);
            } else {
                let kind = kind.as_str().to_ascii_lowercase();
                let names = [("workload", it.name), ("workload_type", kind.as_str())];
                let place = [place[0], place[1], names[0], names[1]];
                self.take(of, &place, topology, holder, text);
            }
            if text.len() > MAX_TEXT || !go_on() {
                return Slice::Cut;
            }
        }
        Slice::Whole
    }

    /// Writes a series, or counts what is left out.
    fn take(
        &mut self,
        of: Owned,
        place: &[(&str, &str)],
        topology: &Topology,
        holder: Holder,
        text: &mut String,
    ) {
        let why = match holder {
            Holder::Nobody if !self.settings.unowned => return,
            Holder::Several => Some(Why::Shared),
            Holder::Nobody | Holder::One { .. } => {
                (self.written >= self.settings.most_series).then_some(Why::Bound)
            }
        };
        if let Some(why) = why {
            *self.left_out.entry((of, why)).or_default() += 1;
            return;
        }
        self.written += 1;
        series::write(text, series::name(of), place, topology, holder);
    }

    /// How many there would be beyond the bound.
    pub(crate) fn beyond_the_bound(&self) -> u64 {
        let counts = self.left_out.iter();
        let beyond = counts.filter(|((_, why), _)| *why == Why::Bound);
        beyond.map(|(_, count)| count).sum()
    }

    /// What was left out, as a metric, once there are no more slices.
    pub(crate) fn told_of_left_out(&self) -> String {
        let mut text = String::new();
        if self.left_out.is_empty() {
            return text;
        }
        text.push_str(
            "# HELP backstitch_owner_info_left_out What has no series for its owner: past the bound, or of several owners.\n\
             # TYPE backstitch_owner_info_left_out gauge\n",
        );
        for ((of, why), count) in &self.left_out {
            // Nothing fails that is written to a text.
            let _ = writeln!(
                text,
                "backstitch_owner_info_left_out{{kind=\"{}\",reason=\"{}\"}} {count}",
                of.as_str(),
                why.as_str()
            );
        }
        text
    }
}

/// Whether it is one of those. A `ReplicaSet` of a Deployment is not told apart from it; a Job of a `CronJob` is, since it
/// is what alerts name.
fn is_one(topology: &Topology, of: Owned, id: WorkloadId, kind: WorkloadKind) -> bool {
    match kind {
        WorkloadKind::Pod => of == Owned::Pods,
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::Job
        | WorkloadKind::CronJob => of == Owned::Workloads,
        WorkloadKind::ReplicaSet => of == Owned::Workloads && !topology.is_controlled(id),
        WorkloadKind::EndpointSlice
        | WorkloadKind::Endpoints
        | WorkloadKind::Node
        | WorkloadKind::Ingress
        | WorkloadKind::HttpRoute
        | WorkloadKind::GrpcRoute
        | WorkloadKind::PersistentVolumeClaim
        | WorkloadKind::HorizontalPodAutoscaler => false,
    }
}
