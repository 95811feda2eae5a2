//! `backstitch report`: the hygiene of the catalog.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use anyhow::Result;
use jiff::{Timestamp, Zoned};

use super::ask::Asked;
use super::company;
use crate::args::{ReportArgs, ReportFormat};
use crate::config::Config;
use crate::exit::Exit;
use crate::hygiene::{self, Past, Report};
use crate::output::{document, report};
use crate::report::Failure;
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(args: &ReportArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let now = Zoned::now();
    let since = args.since.on(&now);
    let since =
        since.map_err(|error| Failure::new(format!("`--since` cannot be used: {error}")))?;
    let asked = Asked::open(&args.at, config, terminal).await?;
    let mut known = company::company(&asked).await?;
    company::contacts(&asked, &mut known).await?;
    known.past = match &asked {
        Asked::Server(server) => company::past(server, since).await,
        Asked::Sources(_) => Past::Unknown(
            "sources that are read now have no past, only a running server has one".to_owned(),
        ),
    };
    let made_at = Timestamp::from_second(now.timestamp().as_second())
        .unwrap_or_else(|_| now.timestamp())
        .to_string();
    let made = hygiene::report(&known, made_at, args.top);
    match &args.out {
        None => Terminal::print(|out| write(&made, args.output, out))?,
        Some(path) => {
            let cannot = |error: io::Error| {
                Failure::because(format!("cannot write `{}`", path.display()), &error)
            };
            let mut file = BufWriter::new(File::create(path).map_err(cannot)?);
            write(&made, args.output, &mut file)
                .and_then(|()| file.flush())
                .map_err(cannot)?;
        }
    }
    // Nothing is done with it any more, and taking a large company apart takes long.
    std::mem::forget(asked);
    Ok(Exit::Done)
}

fn write(made: &Report, format: ReportFormat, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        ReportFormat::Markdown => report::write_markdown(made, out),
        ReportFormat::Html => report::write_html(made, out),
        ReportFormat::Json => document::json(made, out),
        ReportFormat::Csv => report::write_csv(made, out),
    }
}
