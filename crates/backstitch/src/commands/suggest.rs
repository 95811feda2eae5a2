//! `backstitch suggest`: what would mend the catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use anyhow::Result;
use topology::entity_ref::{DEFAULT_NAMESPACE, EntityRef};

use super::ask::Asked;
use super::checkout::{self, Checkout};
use super::company;
use crate::args::{SuggestArgs, SuggestFormat};
use crate::config::Config;
use crate::exit::Exit;
use crate::output::screen::printable;
use crate::output::{document, suggest, warnings};
use crate::report::Failure;
use crate::suggest::files::{self, File};
use crate::suggest::{Change, Patch, Suggestions, diff, edit, suggestions};
use crate::terminal::Terminal;

/// What goes into a diff has to be as sure as this, where nothing else is said.
const SURE: f64 = 0.8;

/// Runs the command.
pub(crate) async fn run(args: &SuggestArgs, config: &Config, terminal: Terminal) -> Result<Exit> {
    let asked = Asked::open(&args.at, config, terminal).await?;
    let known = company::company(&asked).await?;
    let (reasoning, not_asked) = company::reasoning(&asked, &known).await?;
    let made = suggestions(&known, &reasoning, not_asked);
    if let Some(folder) = &args.out {
        let least = args.min_confidence.unwrap_or(0.0);
        let count = write_files(&made, least, folder)?;
        terminal.tell(|err, _| writeln!(err, "{count} files are in `{}`", folder.display()));
    }
    match &args.repo {
        Some(root) => {
            let least = args.min_confidence.unwrap_or(SURE);
            let over = over(root, &made, least)?;
            Terminal::print(|out| out.write_all(over.diff.as_bytes()))?;
            terminal.tell(|err, paint| {
                let notes = over.left_alone.iter();
                let notes: Vec<String> = notes.map(|it| printable(it).into_owned()).collect();
                warnings::write_notes(&notes, paint, err)?;
                writeln!(
                    err,
                    "{} of {} changes are in the diff; {} are less sure than {least}, which `--min-confidence` sets",
                    over.done,
                    made.patches.len(),
                    over.unsure
                )?;
                match made.drafts.len() {
                    0 => Ok(()),
                    drafts => writeln!(
                        err,
                        "drafts of {drafts} new components are no part of it: `--out` writes them"
                    ),
                }
            });
        }
        None => Terminal::print(|out| match args.output {
            SuggestFormat::Table => suggest::write(&made, terminal.out, out),
            SuggestFormat::Json => document::json(&made, out),
            SuggestFormat::Yaml => document::yaml(&made, out),
        })?,
    }
    std::mem::forget(asked);
    Ok(Exit::Done)
}

/// What came of a checkout.
#[derive(Default)]
struct Over {
    diff: String,
    /// How many changes are in the diff.
    done: usize,
    /// How many are not sure enough.
    unsure: usize,
    /// Why others are not in it.
    left_alone: Vec<String>,
}

fn over(root: &Path, made: &Suggestions, least: f64) -> Result<Over, Failure> {
    let mut wanted: BTreeMap<EntityRef, &Patch> = BTreeMap::new();
    let mut over = Over::default();
    for patch in &made.patches {
        if patch.confidence < least {
            over.unsure += 1;
            continue;
        }
        let Ok(entity) = EntityRef::parse(&patch.component, Some("component"), DEFAULT_NAMESPACE)
        else {
            continue;
        };
        let known = wanted.entry(entity).or_insert(patch);
        if known.changes != patch.changes {
            over.left_alone.push(format!(
                "`{}` is in several instances, which want different things of it: only instance `{}` is heard",
                patch.component, known.instance
            ));
        }
    }
    let entities: BTreeSet<EntityRef> = wanted.keys().cloned().collect();
    let Checkout { files, holders } = checkout::open(root, &entities)?;
    let mut changed = files.clone();
    for (entity, patch) in &wanted {
        let edited = match holders.get(entity).map(Vec::as_slice) {
            None => Err("its file is not in the checkout".to_owned()),
            Some([path]) => edited(&mut changed, path, entity, &patch.changes),
            Some(paths) => Err(format!("it is in several files: {}", paths.join(", "))),
        };
        match edited {
            Ok(()) => over.done += 1,
            Err(why) => {
                let component = &patch.component;
                over.left_alone
                    .push(format!("`{component}` is left alone: {why}"));
            }
        }
    }
    let differences = files.iter();
    let differences = differences.map(|(path, before)| diff::unified(path, before, &changed[path]));
    over.diff = differences.collect();
    Ok(over)
}

/// Makes all changes to an entity, or none.
fn edited(
    files: &mut BTreeMap<String, String>,
    path: &str,
    entity: &EntityRef,
    changes: &[Change],
) -> Result<(), String> {
    let mut text = files.get(path).cloned().unwrap_or_default();
    if !diff::has_plain_lines(&text) {
        return Err(format!(
            "`{path}` has carriage returns that end no line for git"
        ));
    }
    for change in changes {
        let now = edit::found(&text, entity, &change.keys);
        // Somebody has been there since the catalog was read.
        if now != change.from && now.as_ref() != Some(&change.to) {
            let said = |it: &Option<String>| it.clone().unwrap_or_else(|| "nothing".to_owned());
            return Err(format!(
                "`{}` is `{}` in `{path}`, and `{}` in the catalog",
                change.path,
                said(&now),
                said(&change.from)
            ));
        }
        text = edit::edit(&text, entity, &change.keys, &change.to)
            .map_err(|why| format!("`{}` in `{path}`: {why}", change.path))?;
    }
    match files.insert(path.to_owned(), text) {
        Some(before) if before == files[path] => Err(format!("`{path}` has it already")),
        _ => Ok(()),
    }
}

/// Writes a file for each suggestion that is as sure as that, and says how many. Nothing that is there is touched.
fn write_files(made: &Suggestions, least: f64, folder: &Path) -> Result<usize, Failure> {
    let cannot = |path: &Path, error: &io::Error| {
        Failure::because(format!("cannot write `{}`", path.display()), error)
    };
    fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let mut there = fs::read_dir(folder).map_err(|error| cannot(folder, &error))?;
    if there.next().is_some() {
        return Err(
            Failure::new(format!("`--out`: `{}` is not empty", folder.display()))
                .hint(Some("name a folder that is empty or not there yet")),
        );
    }
    let patches = made.patches.iter().filter(|it| it.confidence >= least);
    let drafts = made.drafts.iter().filter(|it| it.confidence >= least);
    let files: Vec<File> = patches
        .map(files::patch)
        .chain(drafts.map(files::draft))
        .collect();
    let mut written = 0;
    for file in files {
        let mut path = folder.to_owned();
        path.extend(&file.path);
        // Two instances may have a component of one name, of which the surer one comes first.
        if path.exists() {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| cannot(parent, &error))?;
        fs::write(&path, file.text).map_err(|error| cannot(&path, &error))?;
        written += 1;
    }
    Ok(written)
}
