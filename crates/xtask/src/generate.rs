//! Inputs of any size, made up but lifelike: `cargo xtask gen`.
//!
//! Both inputs describe one company, so that a catalog of N components and a cluster of N services fit together: most
//! components find their service, and every kind of miss occurs. The same numbers give the same bytes.
//!
//! ```text
//!   Company (size, seed) ──▶ component(i) ──▶ catalog.json    as Backstage's `/entities` prints it
//!                        └─▶ service(i) ────▶ services-*.json as `kubectl get services -A -o json` prints it
//! ```

mod catalog;
mod company;
mod random;
mod services;
mod yaml;

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Subcommand;

pub(crate) use self::company::Company;
pub(crate) use self::services::Format;
use crate::report;

/// What to generate.
#[derive(Debug, Subcommand)]
pub(crate) enum Input {
    /// A JSON dump of a Backstage catalog: components of about 2 KB, with their systems, groups and users
    Catalog {
        /// How many components
        #[arg(long, value_name = "N")]
        components: u32,
        /// Other names and numbers, the same shape
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Kubernetes Services, as Lists in several files
    Services {
        /// How many services; those of a catalog of as many components
        #[arg(long, value_name = "N")]
        services: u32,
        /// The seed of the catalog they belong to
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The folder to write into; made when absent
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
        /// How the files are written
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
    },
}

/// Writes one input.
pub(crate) fn run(input: &Input) -> Result<()> {
    match input {
        Input::Catalog {
            components,
            seed,
            out,
        } => write_catalog(&Company::new(*components, *seed), out),
        Input::Services {
            services,
            seed,
            out,
            format,
        } => write_services(&Company::new(*services, *seed), out, *format),
    }
}

/// Writes the catalog of a company as one JSON array.
pub(crate) fn write_catalog(company: &Company, path: &Path) -> Result<()> {
    let writing = || format!("cannot write `{}`", path.display());
    let mut out = BufWriter::new(File::create(path).with_context(writing)?);
    catalog::write(company, &mut out)
        .and_then(|()| out.flush())
        .with_context(writing)?;
    report::note(format_args!(
        "wrote {}: {} components",
        path.display(),
        company.size()
    ));
    Ok(())
}

/// Writes the services of a company into a folder, a List a file.
pub(crate) fn write_services(company: &Company, folder: &Path, format: Format) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make `{}`", folder.display()))?;
    let mut files = 0;
    for (number, part) in services::parts(company).enumerate() {
        let path = folder.join(format!("services-{number:03}.{}", format.extension()));
        let writing = || format!("cannot write `{}`", path.display());
        let mut out = BufWriter::new(File::create(&path).with_context(writing)?);
        services::write(company, part, format, &mut out)
            .and_then(|()| out.flush())
            .with_context(writing)?;
        files += 1;
    }
    report::note(format_args!(
        "wrote {}: {} services in {files} files",
        folder.display(),
        company.size()
    ));
    Ok(())
}

/// A fingerprint of the generators' own sources: generated files kept under it are never those of an older generator.
pub(crate) fn revision() -> u64 {
    let mut hasher = DefaultHasher::new();
    for source in [
        include_str!("generate/catalog.rs"),
        include_str!("generate/company.rs"),
        include_str!("generate/random.rs"),
        include_str!("generate/services.rs"),
        include_str!("generate/yaml.rs"),
    ] {
        source.hash(&mut hasher);
    }
    hasher.finish()
}
