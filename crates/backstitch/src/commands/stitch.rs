//! `backstitch stitch`: one run over all sources (S32–S34).

use anyhow::Result;

use crate::args::{Format, SourceArgs, StitchArgs};
use crate::config::Config;
use crate::exit::Exit;
use crate::gates;
use crate::output::paint::Style;
use crate::output::{csv, document, screen, summary, table, warnings};
use crate::phases::Phases;
use crate::report::Failure;
use crate::sources::{self, Stitched};
use crate::terminal::Terminal;

/// Runs the command.
pub(crate) async fn run(args: &StitchArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    if !args.only.is_empty() && matches!(args.output, Format::Json | Format::Yaml) {
        let failure = Failure::new(
            "`--only` is for tables, and `-o json` and `-o yaml` print the whole document",
        );
        return Err(failure
            .hint(Some(
                "leave it out and select by `verdict`, or use `-o csv`",
            ))
            .into());
    }
    let mut phases = Phases::default();
    let stitched = read_and_stitch(&args.sources, config, terminal, &mut phases).await?;
    phases.time("write the output", || print(args, &stitched, terminal))?;
    let failed = gates::failed(
        &args.fail_on,
        &stitched.topology.summary(),
        stitched.errors.len(),
    );
    let unusable = args.strict && !stitched.errors.is_empty();
    terminal.tell(|err, paint| {
        if terminal.verbose > 0 {
            phases.write(err)?;
        }
        let word = paint.paint(Style::Error, "failed");
        for gate in &failed {
            writeln!(err, "{word}: {gate}")?;
        }
        if unusable {
            let count = screen::counted(
                stitched.errors.len() as u64,
                "document or object",
                "documents or objects",
            );
            writeln!(err, "{word}: `--strict`: {count} could not be used")?;
        }
        Ok(())
    });
    // Nothing is done with it any more, and taking a large company apart takes long.
    std::mem::forget(stitched);
    Ok(if failed.is_empty() && !unusable {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// Reads all sources and stitches them; warns of what could not be used.
pub(crate) async fn read_and_stitch(
    args: &SourceArgs,
    config: &Config,
    terminal: Terminal,
    phases: &mut Phases,
) -> Result<Stitched> {
    let plan = sources::select(args, config)?;
    terminal.tell(|err, paint| warnings::write_notes(&plan.notes, paint, err));
    let mut reading = sources::read(plan).await?;
    phases.extend(std::mem::take(&mut reading.times));
    let read_at = jiff::Timestamp::now().as_second();
    let stitched = phases.time("stitch", || sources::stitch(reading, read_at));
    terminal.tell(|err, paint| warnings::write(&stitched.errors, paint, err));
    Ok(stitched)
}

fn print(args: &StitchArgs, stitched: &Stitched, terminal: Terminal) -> Result<()> {
    let only: Vec<api::Verdict> = args.only.iter().copied().map(Into::into).collect();
    let topology = &stitched.topology;
    let layout = table::Layout {
        width: screen::width(),
        paint: terminal.out,
    };
    Terminal::print(|out| match args.output {
        Format::Table => {
            summary::write(topology, layout.paint, out)?;
            table::write(topology, &only, layout, out)?;
            if only.is_empty() {
                table::write_unowned(topology, layout, out)?;
            }
            Ok(())
        }
        Format::Wide => {
            summary::write(topology, layout.paint, out)?;
            table::write_wide(topology, &only, layout.paint, out)
        }
        Format::Json => document::write_json(stitched, out),
        Format::Yaml => document::write_yaml(stitched, out),
        Format::Csv => csv::write(topology, &only, out),
    })?;
    Ok(())
}
