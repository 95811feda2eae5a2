//! `cargo xtask bench sync`: what the example `sync` of the testbed, and that of the reader, need to run.
//!
//! They are run as programs, because what they are built on is no business of every other task.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::backstages::{self, INSTALLATIONS};
use crate::places;

/// Entities in the real Backstage: filling it takes half a minute for so many.
const IN_BACKSTAGE: u32 = 10_000;
/// Entities in the generated catalogs.
const GENERATED: [u32; 2] = [100_000, 1_000_000];

/// How large.
#[derive(Debug, Clone, Args)]
pub(super) struct Sizes {
    /// Entities in the real Backstage of `sync`; none leaves it out
    #[arg(long, default_value_t = IN_BACKSTAGE)]
    in_backstage: u32,
    /// Entities in the generated catalogs of `sync`; none leaves them out
    #[arg(long, value_delimiter = ',', default_values_t = GENERATED)]
    generated: Vec<u32>,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            in_backstage: IN_BACKSTAGE,
            generated: GENERATED.to_vec(),
        }
    }
}

/// Runs both parts.
pub(super) fn run(arguments: &Sizes) -> Result<()> {
    let program = places::release_binary()?;
    if arguments.in_backstage > 0 {
        let installed = backstages::install()?;
        let variable = (INSTALLATIONS, installed.as_path_list()?);
        let sizes = [arguments.in_backstage];
        sync("backstage", &program, &sizes, Some(variable))?;
    }
    let generated: Vec<u32> = arguments
        .generated
        .iter()
        .copied()
        .filter(|size| *size > 0)
        .collect();
    if !generated.is_empty() {
        sync("program", &program, &generated, None)?;
    }
    for size in generated {
        let size = size.to_string().into();
        example("catalog", "memory_of_a_read", &[size], None)?;
    }
    Ok(())
}

fn sync(
    part: &str,
    program: &Path,
    sizes: &[u32],
    variable: Option<(&str, OsString)>,
) -> Result<()> {
    let mut arguments: Vec<OsString> = vec![part.into(), program.into()];
    arguments.extend(sizes.iter().map(|size| size.to_string().into()));
    example("testbed", "sync", &arguments, variable)
}

/// Runs an example, which prints its results itself.
pub(super) fn example(
    package: &str,
    name: &str,
    arguments: &[OsString],
    variable: Option<(&str, OsString)>,
) -> Result<()> {
    let mut command = places::cargo();
    command
        .args(["run", "--release", "--package", package, "--example", name])
        .arg("--")
        .args(arguments)
        .envs(variable);
    let status = command.status().context("cannot start `cargo run`")?;
    ensure!(
        status.success(),
        "the example `{name}` of `{package}` failed"
    );
    Ok(())
}
