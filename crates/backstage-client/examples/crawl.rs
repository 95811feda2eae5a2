//! Reads a whole catalog and says what was in it:
//! `BACKSTAGE_TOKEN=… cargo run --example crawl -- https://backstage.example.com [page size]`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Write, stderr, stdout};
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Instant;

use backstage_client::{Client, Credentials, EntityFilter, Settings};
use serde::Deserialize;

#[derive(Deserialize)]
struct Entity<'a> {
    kind: &'a str,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = crawl().await else {
        return ExitCode::SUCCESS;
    };
    let mut report = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(error) = cause {
        report = format!("{report}cause: {error}\n");
        cause = error.source();
    }
    if let Some(error) = error.downcast_ref::<backstage_client::Error>() {
        if let Some(hint) = error.remedy() {
            report = format!("{report}hint: {hint}\n");
        }
        if let Some(wait) = error.retry_after() {
            report = format!("{report}retry after {wait:?}\n");
        }
    }
    // Nothing is left to be done where stderr is closed.
    let _ = stderr().write_all(report.as_bytes());
    ExitCode::FAILURE
}

async fn crawl() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("the URL of a Backstage backend is missing")?;
    let limit: NonZeroU32 = arguments.next().as_deref().unwrap_or("1000").parse()?;

    let mut settings = Settings::new(url.parse()?);
    if let Ok(token) = std::env::var("BACKSTAGE_TOKEN") {
        settings.credentials = Credentials::Token(token.into());
    }
    let client = Client::new(settings)?;

    let started = Instant::now();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let (mut bytes, mut pager) = (0, client.entities(EntityFilter::all(), limit));
    while let Some(page) = pager.next_page().await? {
        bytes += page.bytes();
        for text in page.entities() {
            let entity: Entity<'_> = serde_json::from_str(text)?;
            *kinds.entry(entity.kind.to_owned()).or_default() += 1;
        }
    }
    let (read, took) = (pager.pages(), started.elapsed());
    writeln!(
        stdout(),
        "{read} pages, {bytes} bytes in {took:?}: {kinds:?}"
    )?;
    Ok(())
}
