//! From the arguments to the tables.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use testbed::backstage::Usage;

use crate::Failure;
use crate::baseline::Baseline;
use crate::bed::Bed;
use crate::company::Company;
use crate::flood::{self, Flood};
use crate::program::Serving;

const USAGE: &str = "expected `real|served PROGRAM BASELINE PODS SERVICES WORKLOADS NODES [RATE SECONDS]`; a BASELINE of `-` leaves it out";

/// Does what the arguments say; a table, as Markdown.
pub(crate) async fn run(arguments: &[String]) -> Result<String, Failure> {
    let [bed, program, baseline, sizes @ ..] = arguments else {
        return Err(USAGE.into());
    };
    let sizes: Vec<usize> = sizes
        .iter()
        .map(|size| size.parse())
        .collect::<Result<_, _>>()?;
    let (company, flood) = match sizes[..] {
        [pods, services, workloads, nodes] => (company(pods, services, workloads, nodes), None),
        [pods, services, workloads, nodes, rate, seconds] => {
            let seconds = Duration::from_secs(seconds as u64);
            (
                company(pods, services, workloads, nodes),
                Some(Flood { rate, seconds }),
            )
        }
        _ => return Err(USAGE.into()),
    };
    let bed = match bed.as_str() {
        "real" => Bed::real(&company).await?,
        "served" => Bed::served(company).await?,
        _ => return Err(USAGE.into()),
    };
    let program = Path::new(program);
    match flood {
        None => {
            let baseline = (baseline != "-").then(|| Path::new(baseline.as_str()));
            memory(&bed, program, baseline, &company).await
        }
        Some(flood) => flooded(&bed, program, &company, flood).await,
    }
}

fn company(pods: usize, services: usize, workloads: usize, nodes: usize) -> Company {
    Company {
        pods,
        services,
        workloads,
        nodes,
    }
}

/// What it takes to have all of it, from scratch and after a start on what was known.
async fn memory(
    bed: &Bed,
    program: &Path,
    baseline: Option<&Path>,
    company: &Company,
) -> Result<String, Failure> {
    let home = tempfile::tempdir()?;
    company.write_catalog(&home.path().join("catalog"))?;
    let mut rows = Vec::new();
    for what in [
        "**Backstitch**, from scratch",
        "**Backstitch**, started again",
    ] {
        let before = Load::now()?;
        let mut serving = Serving::start(program, home.path(), &bed.kubeconfig())?;
        let served = serving.ready().await?;
        let complete = serving.complete(company).await?;
        let cpu = serving.usage()?.cpu;
        let usage = serving.quiet().await?;
        rows.push(Row {
            what,
            served: Some(served),
            complete,
            cpu,
            usage,
            load: before.until_now()?,
        });
        serving.stop()?;
    }
    if let Some(baseline) = baseline {
        for (what, how) in [
            ("kube's reflectors", "whole"),
            ("kube's reflectors, `managedFields` and status cut", "cut"),
        ] {
            let before = Load::now()?;
            let mut baseline = Baseline::start(baseline, how, &bed.kubeconfig())?;
            let complete = baseline.complete(company.objects()).await?;
            let cpu = baseline.usage()?.cpu;
            let usage = baseline.quiet().await?;
            rows.push(Row {
                what,
                served: None,
                complete,
                cpu,
                usage,
                load: before.until_now()?,
            });
        }
    }
    Ok(table(company, &rows))
}

/// One run of one program.
struct Row {
    what: &'static str,
    /// From the start until it answered, with what it knew before.
    served: Option<Duration>,
    /// From the start until everything was there.
    complete: Duration,
    /// What that took.
    cpu: Duration,
    /// Once all was quiet.
    usage: Usage,
    /// The share of the machine that others used meanwhile, 0 to 1.
    load: f64,
}

fn table(company: &Company, rows: &[Row]) -> String {
    let Company {
        pods,
        services,
        workloads,
        nodes,
    } = company;
    let mut table = format!(
        "{pods} pods, {services} Services, {workloads} workloads, {nodes} nodes\n\n\
         | what | serves after, s | complete after, s | CPU until then, s | steady RSS, MB | of ours | peak RSS, MB | of ours | machine busy |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    let ours = rows.first().map(|row| row.usage).unwrap_or_default();
    for row in rows {
        let Row {
            what,
            served,
            complete,
            cpu,
            usage,
            load,
        } = row;
        let served = served.map_or_else(String::new, |it| format!("{:.1}", it.as_secs_f64()));
        // Writing to a text does not fail.
        let _ = writeln!(
            table,
            "| {what} | {served} | {:.1} | {:.1} | {} | {:.1} | {} | {:.1} | {:.0} % |",
            complete.as_secs_f64(),
            cpu.as_secs_f64(),
            megabytes(usage.resident_bytes),
            ratio(usage.resident_bytes, ours.resident_bytes),
            megabytes(usage.peak_resident_bytes),
            ratio(usage.peak_resident_bytes, ours.peak_resident_bytes),
            load * 100.0,
        );
    }
    table
}

/// Changes as fast as asked for, and whether it ends in the true state.
async fn flooded(
    bed: &Bed,
    program: &Path,
    company: &Company,
    flood: Flood,
) -> Result<String, Failure> {
    let home = tempfile::tempdir()?;
    company.write_catalog(&home.path().join("catalog"))?;
    let mut serving = Serving::start(program, home.path(), &bed.kubeconfig())?;
    serving.ready().await?;
    serving.complete(company).await?;
    let before = serving.quiet().await?;
    let begun = Instant::now();
    let course = flood::run(bed, company, &serving, flood).await?;
    let sent = begun.elapsed();
    let settled = flood::settle(company, &mut serving, &course).await?;
    let after = serving.quiet().await?;
    serving.stop()?;
    let flood::Course {
        changes,
        most_resident,
        lookups,
        ..
    } = course;
    #[expect(
        clippy::cast_precision_loss,
        reason = "the number of changes is far below 2^52"
    )]
    let rate = changes as f64 / sent.as_secs_f64();
    Ok(format!(
        "| changes a second asked for | made | of {} pods | RSS before, MB | most, MB | after, MB | CPU, s | true state after, s | lookups | p50, ms | p99, ms | max, ms |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n\
         | {} | {rate:.0} | {} | {} | {} | {} | {:.1} | {:.1} | {} | {:.1} | {:.1} | {:.1} |",
        company.pods,
        flood.rate,
        flood::pods(company),
        megabytes(before.resident_bytes),
        megabytes(most_resident.max(settled.most_resident)),
        megabytes(after.resident_bytes),
        after.cpu.saturating_sub(before.cpu).as_secs_f64(),
        settled.took.as_secs_f64(),
        lookups.count(),
        lookups.quantile(0.5),
        lookups.quantile(0.99),
        lookups.quantile(1.0),
    ))
}

/// How busy the machine is, as the kernel counts it.
struct Load {
    busy: u64,
    all: u64,
}

impl Load {
    fn now() -> Result<Self, Failure> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().unwrap_or_default();
        let fields: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .filter_map(|field| field.parse().ok())
            .collect();
        let all = fields.iter().take(8).sum();
        // The fourth is idle, the fifth waits for disks.
        let idle: u64 = fields.iter().skip(3).take(2).sum();
        Ok(Self {
            busy: all - idle,
            all,
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "it is a share, to be told in percent"
    )]
    fn until_now(&self) -> Result<f64, Failure> {
        let now = Self::now()?;
        Ok((now.busy - self.busy) as f64 / (now.all - self.all).max(1) as f64)
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is told with one place")]
fn ratio(bytes: u64, of: u64) -> f64 {
    bytes as f64 / of.max(1) as f64
}

/// Millions of bytes, rounded up.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
