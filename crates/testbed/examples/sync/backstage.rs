//! What a sync costs a real Backstage.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use testbed::backstage::{Backstage, Options, Token, Version, seed};
use testbed::served::Generated;

use crate::Failure;
use crate::crawl::{Came, WAYS, crawl};
use crate::serving::{Read, Serving, Sources};

/// One seed for ever, so that recorded results stay comparable.
const SEED: u64 = 1;
/// Each way is measured so often; the median counts.
const RUNS: usize = 3;

/// One row.
struct Row {
    what: String,
    came: Came,
    cpu: Duration,
    took: Duration,
}

/// As Markdown, with our own ways first.
pub(crate) async fn table(program: &Path, entities: u64) -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let lines = folder.path().join("entities.jsonl");
    let asked_for = write(&lines, entities)?;
    let database = folder.path().join("database");
    seed(&lines, &database)?;
    let backstage = Backstage::start(Version::Current, Options::seeded(database)).await?;
    let token = Token::Full.text();
    let http = Client::builder().no_proxy().gzip(false).build()?;
    // A program that has not run yet is compiled by Node while it is measured.
    for way in WAYS {
        crawl(&http, backstage.url(), token, way).await?;
    }

    let mut rows = ours(program, folder.path(), &backstage).await?;
    for way in WAYS {
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            let (before, since) = (backstage.usage()?, Instant::now());
            let came = crawl(&http, backstage.url(), token, way).await?;
            runs.push(Row {
                what: way.name.to_owned(),
                came,
                took: since.elapsed(),
                cpu: backstage.usage()?.cpu.saturating_sub(before.cpu),
            });
        }
        runs.sort_by_key(|row| row.cpu);
        rows.push(runs.swap_remove(RUNS / 2));
    }
    // All the same entities, or there is nothing to compare.
    for row in &rows {
        let found = row.came.entities;
        if found != asked_for && !row.what.contains("all kinds") {
            return Err(format!("{}: {found} entities instead of {asked_for}", row.what).into());
        }
    }
    Ok(markdown(&rows)?)
}

/// The reads of the program: the first, and those that find nothing new.
async fn ours(program: &Path, home: &Path, backstage: &Backstage) -> Result<Vec<Row>, Failure> {
    let sources = Sources {
        url: backstage.url(),
        token: Some(Token::Full.text()),
        home,
    };
    let (mut before, mut since) = (backstage.usage()?, Instant::now());
    let mut serving = Serving::start(program, &sources)?;
    let mut rows = Vec::new();
    for read in 0..=RUNS {
        let what = if read == 0 { "first" } else { "unchanged" };
        let Read {
            requests,
            bytes,
            entities,
        } = match read {
            0 => serving.first().await?,
            _ => serving.again().await?,
        };
        let now = backstage.usage()?;
        rows.push(Row {
            what: format!("**Backstitch, {what}**"),
            came: Came {
                requests,
                bytes,
                entities,
            },
            took: since.elapsed(),
            cpu: now.cpu.saturating_sub(before.cpu),
        });
        (before, since) = (now, Instant::now());
    }
    serving.stop()?;
    let mut unchanged = rows.split_off(1);
    unchanged.sort_by_key(|row| row.cpu);
    rows.push(unchanged.swap_remove(RUNS / 2));
    Ok(rows)
}

fn markdown(rows: &[Row]) -> Result<String, std::fmt::Error> {
    let mut table = String::from(
        "| read | entities | requests | MB | server CPU, s | of ours | wall, s |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let ours = rows.first().map_or(0.0, |row| row.cpu.as_secs_f64());
    for row in rows {
        let Row {
            what,
            came,
            cpu,
            took,
        } = row;
        let cpu = cpu.as_secs_f64();
        writeln!(
            table,
            "| {what} | {} | {} | {}.{} | {cpu:.2} | {:.1} | {:.1} |",
            came.entities,
            came.requests,
            came.bytes / 1_000_000,
            came.bytes % 1_000_000 / 100_000,
            cpu / ours.max(0.01),
            took.as_secs_f64(),
        )?;
    }
    Ok(table)
}

/// Writes so many entities, an entity in each line: of a hundred 60 components, 2 groups, 13 users, 20 APIs and 5 systems.
/// How many of them the program asks for.
fn write(path: &Path, entities: u64) -> Result<u64, Failure> {
    let generated = Generated {
        components: entities * 60 / 100,
        groups: entities * 2 / 100,
        users: entities * 13 / 100,
        seed: SEED,
    };
    let mut file = BufWriter::new(File::create(path)?);
    for index in 0..generated.len() {
        let mut entity = generated.entity(index);
        // Backstage makes them of the other fields.
        if let Some(fields) = entity.as_object_mut() {
            fields.remove("relations");
        }
        writeln!(file, "{entity}")?;
    }
    for number in 0..entities / 20 {
        writeln!(file, "{}", system(number))?;
    }
    for number in 0..entities / 5 {
        writeln!(file, "{}", api(number, generated.groups))?;
    }
    file.flush()?;
    Ok(generated.len())
}

fn system(number: u64) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "System",
        "metadata": {"namespace": "default", "name": format!("system-{number}")},
        "spec": {"owner": "team-000000"},
    })
}

fn api(number: u64, groups: u64) -> Value {
    let operation = format!("    get:\n      summary: One of the orders of {number}\n");
    let operations = format!("  /orders/{{id}}:\n{operation}").repeat(20);
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "API",
        "metadata": {"namespace": "default", "name": format!("api-{number}")},
        "spec": {
            "type": "openapi",
            "lifecycle": "production",
            "owner": format!("team-{:06}", number % groups.max(1)),
            "definition": format!("openapi: 3.0.0\npaths:\n{operations}"),
        },
    })
}
