//! The words of `backstitch suggest`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::WhereArgs;

pub(super) const NOTES: &str = "\
For each component that runs nowhere it looks for the Service that is meant, and for each Service
that nobody has it drafts a catalog-info.yaml. Each suggestion has a confidence, 0 to 1, which is
the product of what speaks for and against it; all of that is listed. What only a person can know is
told as what is to be done by hand.

--repo prints one unified diff over the files of a checkout, for `git apply`. It changes the value
that is wrong and leaves comments, order and layout as they are; a file in which that cannot be done
for sure is left alone and told. Drafts are no part of it: where they go is for a person to say.

--out writes each suggestion as a file of its own, into a folder that is not there yet or empty:
  patches/<namespace>/<component>.yaml                       what to merge into its catalog-info.yaml
  drafts/<cluster>/<namespace>/<service>/catalog-info.yaml   a new component

Exit status:
  0  done, whether there is something to suggest or not
  2  could not run

Examples:
  backstitch suggest --config backstitch.yaml
  backstitch suggest --config backstitch.yaml --repo . | git apply
  backstitch suggest --server http://localhost:7465 --out suggestions --min-confidence 0.5";

/// `backstitch suggest`
#[derive(Clone, Debug, Args)]
pub(crate) struct SuggestArgs {
    /// Where to ask.
    #[command(flatten)]
    pub at: WhereArgs,
    /// Print a diff over the files of this checkout instead of a list
    #[arg(
        long,
        value_name = "CHECKOUT",
        conflicts_with = "output",
        help_heading = "Output"
    )]
    pub repo: Option<PathBuf>,
    /// Write the suggestions as files into this folder too
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// What to print on standard output
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "table",
        help_heading = "Output"
    )]
    pub output: SuggestFormat,
    /// How sure a suggestion has to be to go into the diff and the files, 0 to 1 [default: 0.8 for the diff, 0 for files]
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Output")]
    pub min_confidence: Option<f64>,
}

/// What `suggest` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SuggestFormat {
    /// A list to read, the surest first
    Table,
    /// One document whose keys are a stable interface
    Json,
    /// The same as YAML
    Yaml,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok();
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a number from 0 to 1, such as `0.8`".to_owned())
}
