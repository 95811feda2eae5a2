//! `backstitch writeback`

use clap::{ArgGroup, Args, ValueEnum};

use super::{SourceArgs, TokenArgs};

/// `backstitch writeback`
#[derive(Clone, Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[command(group = ArgGroup::new("what").required(true).args(["dry_run", "apply"]))]
pub(crate) struct WritebackArgs {
    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write it
    #[arg(long)]
    pub apply: bool,
    /// Which annotations are written, each under the prefix of the configuration
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_values_t = [AnnotationWord::Team, AnnotationWord::BackstageOwnerRef, AnnotationWord::BackstageComponent]
    )]
    pub annotation: Vec<AnnotationWord>,
    /// Annotate Deployments, `StatefulSets` and `DaemonSets` too; never their pods, so that nothing is started anew
    #[arg(long)]
    pub workloads: bool,
    /// Take no annotation away
    #[arg(long)]
    pub keep: bool,
    /// Write even where more than half of the annotated objects would lose their owner
    #[arg(long, requires = "apply")]
    pub force: bool,
    /// Where to read.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Take owners from this running server instead of reading catalogs
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Server",
        conflicts_with = "catalog"
    )]
    pub server: Option<String>,
    /// What the server wants.
    #[command(flatten)]
    pub token: TokenArgs,
}

/// What can be written: the labels of a stitched Service, by their names (S16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnnotationWord {
    /// Display name of the owner
    Team,
    /// Reference of the owner
    BackstageOwnerRef,
    /// Group or User
    BackstageOwnerKind,
    /// Name of the component
    BackstageComponent,
    /// Its type
    BackstageComponentType,
    /// Its lifecycle
    BackstageComponentLifecycle,
    /// Its system
    BackstageComponentSystem,
}

impl AnnotationWord {
    /// The name of the label.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::BackstageOwnerRef => "backstage-owner-ref",
            Self::BackstageOwnerKind => "backstage-owner-kind",
            Self::BackstageComponent => "backstage-component",
            Self::BackstageComponentType => "backstage-component-type",
            Self::BackstageComponentLifecycle => "backstage-component-lifecycle",
            Self::BackstageComponentSystem => "backstage-component-system",
        }
    }
}

impl std::fmt::Display for AnnotationWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
