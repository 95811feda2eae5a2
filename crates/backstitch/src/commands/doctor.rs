//! `backstitch doctor`: what keeps owners from appearing, and a support archive of it.

use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::serve::store_path;
use crate::args::{DoctorArgs, DoctorFormat};
use crate::config::{Config, MAX_BYTES, redacted};
use crate::doctor::{self, About, Bundle, Outcome, Report, Section, Statistics};
use crate::exit::Exit;
use crate::output::doctor::{Document, Program, Shown};
use crate::output::{doctor as output, document};
use crate::report::Failure;
use crate::terminal::Terminal;

/// Runs the command. A configuration that cannot be used is what it found, not a reason to stop.
pub(crate) async fn run(
    args: &DoctorArgs,
    config: Option<&Path>,
    terminal: Terminal,
) -> Result<Exit> {
    if let Some(path) = &args.bundle {
        doctor::is_free(path).map_err(|error| unwritten(path, &error))?;
    }
    let loaded = match config {
        Some(path) => Config::load(path),
        None => Ok(Config::default()),
    };
    let (report, statistics) = match loaded {
        Ok(config) => {
            let store = store_path(args.store.as_ref(), &config);
            doctor::examine(config, &store).await
        }
        Err(error) => {
            let checks = doctor::refused(&error);
            let sections = vec![Section::new(About::Configuration, None, checks)];
            (Report { sections }, None)
        }
    };
    let document = Document::of(&report, jiff::Timestamp::now());
    let shown = if args.quiet {
        Shown::WhatIsWrong
    } else {
        Shown::All
    };
    Terminal::print(|out| match args.output {
        DoctorFormat::Text => output::write(&report, shown, terminal.out, out),
        DoctorFormat::Json => document::json(&document, out),
    })?;
    if let Some(path) = &args.bundle {
        let bundle = packed(&document, config, statistics.as_ref());
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_secs());
        let written = bundle.and_then(|bundle| bundle.write(path, now));
        written.map_err(|error| unwritten(path, &error))?;
        terminal.tell(|err, _| {
            writeln!(
                err,
                "the support archive is `{}`; its README says what is in it",
                path.display()
            )
        });
    }
    Ok(if report.outcome() == Outcome::Fail {
        Exit::Refused
    } else {
        Exit::Done
    })
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::because(
        format!("cannot write the support archive `{}`", path.display()),
        error,
    );
    let there = error.kind() == io::ErrorKind::AlreadyExists;
    failure.hint(there.then_some("nothing is overwritten: name another file, or remove that one"))
}

/// What goes into the archive. Of the configuration its text is read again, since a value does not know where it stood.
fn packed(
    document: &Document<'_>,
    config: Option<&Path>,
    statistics: Option<&Statistics>,
) -> io::Result<Bundle> {
    let mut bundle = Bundle::new();
    bundle.add("doctor.json", written(|out| document::json(document, out))?);
    bundle.add(
        "program.json",
        written(|out| document::json(&Program::this(), out))?,
    );
    if let Some(text) = config.and_then(text) {
        let shown = redacted(&text);
        bundle.add(
            "configuration.yaml",
            written(|out| document::yaml(&shown, out))?,
        );
    }
    if let Some(statistics) = statistics {
        bundle.add(
            "store.json",
            written(|out| document::json(statistics, out))?,
        );
    }
    Ok(bundle)
}

/// The text of the configuration; that it cannot be read has been told of by then.
fn text(path: &Path) -> Option<String> {
    let length = std::fs::metadata(path).ok()?.len();
    (length <= MAX_BYTES).then(|| std::fs::read_to_string(path).ok())?
}

fn written(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    write(&mut content)?;
    Ok(content)
}
