//! `cargo xtask bench`: the core at a million objects, lookups over HTTP, whole runs of the release binary, syncs,
//! history, and a large cluster.

mod cluster;
mod sync;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::generate::{self, Company, Format};
use crate::measure::{self, Usage};
use crate::{places, report};

/// The most memory a run over 100,000 components and as many services may have resident, in bytes.
const PEAK_LIMIT: u64 = 700_000_000;
/// The size the limit is stated for.
const LIMITED_SIZE: u32 = 100_000;
/// One seed for ever, so that recorded results stay comparable.
const SEED: u64 = 1;

/// Which benchmark, and how large.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Which benchmark; all of them when not given
    name: Option<Name>,
    /// Components, and services, of `stitch`
    #[arg(long, default_value_t = LIMITED_SIZE)]
    size: u32,
    /// How the manifests of `stitch` are written
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Runs of `stitch`; the one with the median wall time is reported, with the highest peak of all
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    #[command(flatten)]
    sync: sync::Sizes,
    #[command(flatten)]
    cluster: cluster::ClusterSizes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// The core: stitching from scratch, single changes, memory
    Core,
    /// Lookups over HTTP while changes stream in: requests a second, latency
    Lookups,
    /// `backstitch stitch` as a whole process: wall time, CPU time, peak memory
    Stitch,
    /// Reading a Backstage: what it costs a real one, beside other ways to read it, and what it costs the program
    Sync,
    /// History of 180 days: its size, the time of questions to it, and of forgetting
    History,
    /// Watching a large cluster: memory, time and CPU time, beside kube's own stores; a flood of changes
    Cluster,
}

/// Runs the named benchmark, or all.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |name| arguments.name.is_none_or(|given| given == name);
    if wanted(Name::Core) {
        bench("topology", "stitch")?;
    }
    if wanted(Name::Lookups) {
        bench("server", "http")?;
    }
    if wanted(Name::Stitch) {
        stitch(arguments)?;
    }
    if wanted(Name::Sync) {
        sync::run(&arguments.sync)?;
    }
    if wanted(Name::History) {
        sync::example("store", "history", &[], None)?;
    }
    if wanted(Name::Cluster) {
        cluster::run(&arguments.cluster)?;
    }
    Ok(())
}

/// The benchmarks of that name in that crate, which print their results themselves.
fn bench(package: &str, name: &str) -> Result<()> {
    let mut command = places::cargo();
    command.args(["bench", "--package", package, "--bench", name]);
    let status = command.status().context("cannot start `cargo bench`")?;
    ensure!(status.success(), "the benchmarks of `{package}` failed");
    Ok(())
}

fn stitch(arguments: &Arguments) -> Result<()> {
    let company = Company::new(arguments.size, SEED);
    let program = places::release_binary()?;
    let inputs = Inputs::in_cache(&company, arguments.format)?;
    let output = inputs.folder.join("stitched.json");
    let command: Vec<OsString> = [
        "stitch".into(),
        "--catalog".into(),
        inputs.catalog.into_os_string(),
        "--cluster".into(),
        inputs.services.into_os_string(),
        "-o".into(),
        "json".into(),
        "-v".into(),
    ]
    .into();

    let mut usages = Vec::new();
    for run in 1..=arguments.runs {
        report::note(format_args!("\nrun {run} of {}", arguments.runs));
        usages.push(measure::run(&program, &command, &output)?);
    }
    // A fast wrong answer is no result.
    check_verdicts(&company, &output)?;

    let (median, peak_bytes) = median_and_peak(&mut usages).context("no run was made")?;
    report::result(table(&company, arguments, &median, peak_bytes));
    ensure!(
        arguments.size != LIMITED_SIZE || peak_bytes <= PEAK_LIMIT,
        "the peak of {} MB is over the limit of {} MB",
        megabytes(peak_bytes),
        megabytes(PEAK_LIMIT)
    );
    Ok(())
}

/// Generated files, kept in the cache for the next run.
struct Inputs {
    folder: PathBuf,
    catalog: PathBuf,
    services: PathBuf,
}

impl Inputs {
    fn in_cache(company: &Company, format: Format) -> Result<Self> {
        let name = format!(
            "{}-{}-{:016x}",
            company.size(),
            format.extension(),
            generate::revision()
        );
        let folder = places::cache()?.join("bench").join(name);
        let inputs = Self {
            catalog: folder.join("catalog.json"),
            services: folder.join("services"),
            folder,
        };
        // Written last, so that an interrupted generation is never taken for a whole one.
        let complete = inputs.folder.join("complete");
        if !complete.exists() {
            fs::create_dir_all(&inputs.folder)
                .with_context(|| format!("cannot make `{}`", inputs.folder.display()))?;
            generate::write_catalog(company, &inputs.catalog)?;
            generate::write_services(company, &inputs.services, format)?;
            fs::write(&complete, "")
                .with_context(|| format!("cannot write `{}`", complete.display()))?;
        }
        Ok(inputs)
    }
}

/// The part of the output that tells whether the run was right.
#[derive(Deserialize)]
struct Document {
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    components: u64,
    services: u64,
    verdicts: Verdicts,
}

/// Verdicts that did not occur may be left out.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Verdicts {
    stitched: u64,
    no_kubernetes_id: u64,
    service_not_found: u64,
    ambiguous: u64,
    conflict: u64,
    invalid: u64,
}

fn check_verdicts(company: &Company, output: &Path) -> Result<()> {
    let text = fs::read(output).with_context(|| format!("cannot read `{}`", output.display()))?;
    let Document { summary } = serde_json::from_slice(&text)
        .with_context(|| format!("cannot parse `{}`", output.display()))?;
    let size = u64::from(company.size());
    ensure!(
        (summary.components, summary.services) == (size, size),
        "the run saw {} components and {} services, but there are {size} of each",
        summary.components,
        summary.services
    );
    let right = company.expected();
    let right = Verdicts {
        stitched: right.stitched,
        no_kubernetes_id: right.no_kubernetes_id,
        service_not_found: right.service_not_found,
        ambiguous: right.ambiguous,
        conflict: right.conflict,
        invalid: 0,
    };
    ensure!(
        summary.verdicts == right,
        "the run gave {:?}, but right is {right:?}",
        summary.verdicts
    );
    Ok(())
}

/// The run with the median wall time, and the highest peak of all runs.
fn median_and_peak(usages: &mut [Usage]) -> Option<(Usage, u64)> {
    usages.sort_by(|one, other| one.wall.total_cmp(&other.wall));
    let peak = usages.iter().map(|usage| usage.peak_bytes).max()?;
    Some((*usages.get((usages.len() - 1) / 2)?, peak))
}

/// One row, to paste into docs/benchmarks.md.
fn table(company: &Company, arguments: &Arguments, median: &Usage, peak_bytes: u64) -> String {
    let Arguments { runs, format, .. } = arguments;
    let size = company.size();
    format!(
        "| components | services | manifests | runs | wall, s | user CPU, s | system CPU, s | peak RSS, MB |\n\
         | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |\n\
         | {size} | {size} | {} | {runs} | {:.2} | {:.2} | {:.2} | {} |",
        format.extension(),
        median.wall,
        median.user,
        median.system,
        megabytes(peak_bytes),
    )
}

/// Millions of bytes, rounded up.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(wall: f64, peak_bytes: u64) -> Usage {
        Usage {
            wall,
            user: wall,
            system: 0.25,
            peak_bytes,
        }
    }

    #[test]
    fn the_median_run_is_reported_with_the_highest_peak() {
        let mut usages = [usage(3.0, 10), usage(1.0, 30), usage(2.0, 20)];
        assert_eq!(median_and_peak(&mut usages), Some((usage(2.0, 20), 30)));
        assert_eq!(median_and_peak(&mut []), None);
    }

    #[test]
    fn the_result_is_a_markdown_table() {
        let arguments = Arguments {
            name: None,
            size: 100,
            format: Format::Yaml,
            runs: 3,
            sync: sync::Sizes::default(),
            cluster: cluster::ClusterSizes::default(),
        };
        let text = table(
            &Company::new(100, SEED),
            &arguments,
            &usage(2.125, 1),
            412_000_001,
        );
        insta::assert_snapshot!(text, @"
        | components | services | manifests | runs | wall, s | user CPU, s | system CPU, s | peak RSS, MB |
        | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |
        | 100 | 100 | yaml | 3 | 2.12 | 2.12 | 0.25 | 413 |
        ");
    }

    #[test]
    fn a_run_with_a_wrong_verdict_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let output = folder.path().join("stitched.json");
        let company = Company::new(100, SEED);
        let document = |stitched: u64| {
            format!(
                r#"{{"components": [], "summary": {{"components": 100, "services": 100, "owned": 3, "verdicts": {{
                "stitched": {stitched}, "no-kubernetes-id": 3, "service-not-found": 4, "ambiguous": 1, "conflict": 1}}}}}}"#
            )
        };
        fs::write(&output, document(91)).expect("written");
        check_verdicts(&company, &output).expect("this is the right answer");
        fs::write(&output, document(90)).expect("written");
        let fault = check_verdicts(&company, &output)
            .expect_err("one is missing")
            .to_string();
        assert!(
            fault.contains("stitched: 90") && fault.contains("stitched: 91"),
            "{fault}"
        );
    }
}
