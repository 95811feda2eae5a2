//! What the program itself uses to read a large catalog, to read it again unchanged, and to start with it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use testbed::backstage::Usage;
use testbed::served::{Catalog, Generated, Options};

use crate::Failure;
use crate::serving::{Serving, Sources};

/// One seed for ever, so that recorded results stay comparable.
const SEED: u64 = 1;

/// As Markdown, with four rows for each number of entities.
pub(crate) async fn table(program: &Path, sizes: &[u64]) -> Result<String, Failure> {
    let mut table = String::from(
        "| entities | what | wall, s | CPU, s | CPU per entity, µs | RSS after it, MB | peak RSS so far, MB |\n\
         | ---: | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for &entities in sizes {
        for row in rows(program, entities).await? {
            let Row { what, took, used } = row;
            writeln!(
                table,
                "| {entities} | {what} | {:.1} | {:.2} | {:.1} | {} | {} |",
                took.as_secs_f64(),
                used.cpu.as_secs_f64(),
                micros_each(used.cpu, entities),
                megabytes(used.resident_bytes),
                megabytes(used.peak_resident_bytes),
            )?;
        }
    }
    Ok(table)
}

/// What the program did and what it used for it.
struct Row {
    what: &'static str,
    took: Duration,
    used: Usage,
}

async fn rows(program: &Path, entities: u64) -> Result<Vec<Row>, Failure> {
    // 85 % components, 2 % groups, 13 % users.
    let (groups, users) = (entities / 50, entities * 13 / 100);
    let generated = Generated {
        components: entities - groups - users,
        groups,
        users,
        seed: SEED,
    };
    let catalog = Catalog::generated(generated, Options::default()).await?;
    let home = tempfile::tempdir()?;
    let sources = Sources {
        url: &catalog.url(),
        token: None,
        home: home.path(),
    };
    let mut rows = Vec::new();
    let mut serving = Serving::start(program, &sources)?;
    let mut watch = Watch::start(Usage::default());
    expect(serving.first().await?.entities, entities)?;
    rows.push(watch.row("first read", &serving)?);
    for what in ["read again, unchanged", "once more"] {
        expect(serving.again().await?.entities, entities)?;
        rows.push(watch.row(what, &serving)?);
    }
    serving.stop()?;

    let mut serving = Serving::start(program, &sources)?;
    let mut watch = Watch::start(Usage::default());
    serving.ready().await?;
    rows.push(watch.row("start, until it serves", &serving)?);
    expect(serving.first().await?.entities, entities)?;
    rows.push(watch.row("first read after a start", &serving)?);
    serving.stop()?;
    Ok(rows)
}

/// A fast read of something else is no result.
fn expect(found: u64, entities: u64) -> Result<(), Failure> {
    if found == entities {
        return Ok(());
    }
    Err(format!("the program read {found} entities of {entities}").into())
}

/// What was used when, to tell the difference.
struct Watch {
    since: Instant,
    before: Usage,
}

impl Watch {
    fn start(before: Usage) -> Self {
        Self {
            since: Instant::now(),
            before,
        }
    }

    fn row(&mut self, what: &'static str, serving: &Serving) -> Result<Row, Failure> {
        let now = serving.usage()?;
        let row = Row {
            what,
            took: self.since.elapsed(),
            used: Usage {
                cpu: now.cpu.saturating_sub(self.before.cpu),
                ..now
            },
        };
        *self = Self::start(now);
        Ok(row)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the number of entities is far below 2^52"
)]
fn micros_each(cpu: Duration, entities: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / entities.max(1) as f64
}

/// Millions of bytes, rounded up.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
