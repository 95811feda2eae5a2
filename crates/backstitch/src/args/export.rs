//! The words of `backstitch export`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::WhereArgs;

const ROUTES_NOTES: &str = "\
Every owner of a Service gets a route on the label that its alerts carry: to the receiver that
--receivers names for it, else to one made of its contacts in the catalog (PagerDuty, Opsgenie,
Slack, or e-mail where there is none of those), else of those of the nearest Group above. An owner
without either goes to the default receiver, and is told of with what to do.

No secret is in a catalog, so the receivers name files in --secrets-dir:
  DIR/pagerduty/<service>  the routing key of that PagerDuty service
  DIR/opsgenie_api_key     the key of the Opsgenie API
  DIR/slack_api_url        the URL of the Slack webhook
Without it, Slack and Opsgenie go by `global` of the alertmanager.yml, and PagerDuty cannot be used.

--receivers takes YAML, from an owner's reference or team name to a receiver of your own:
  group:default/payments: payments-pager
  Web shop: shop-chat

Examples:
  backstitch export alertmanager-routes --config backstitch.yaml --secrets-dir secrets
  backstitch export alertmanager-routes --server http://localhost:7465 --by-namespace";

/// `backstitch export`
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArgs {
    /// For whom.
    #[command(subcommand)]
    pub target: ExportTarget,
}

/// What is exported.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ExportTarget {
    /// A route to a receiver for every owner, as YAML for an alertmanager.yml
    #[command(after_help = ROUTES_NOTES)]
    AlertmanagerRoutes(RoutesArgs),
}

/// `backstitch export alertmanager-routes`
#[derive(Clone, Debug, Args)]
pub(crate) struct RoutesArgs {
    /// Where to ask.
    #[command(flatten)]
    pub at: WhereArgs,
    /// File that names the receivers of owners: YAML from reference or team to receiver
    #[arg(long, value_name = "FILE", help_heading = "Receivers")]
    pub receivers: Option<PathBuf>,
    /// Folder of the files with keys and webhook URLs, as Alertmanager sees it
    #[arg(long, value_name = "DIR", help_heading = "Receivers")]
    pub secrets_dir: Option<String>,
    /// The receiver of what no route is for
    #[arg(
        long,
        value_name = "NAME",
        default_value = "default",
        help_heading = "Receivers"
    )]
    pub default_receiver: String,
    /// The mail server, for `global` of the alertmanager.yml
    #[arg(
        long,
        value_name = "HOST:PORT",
        requires = "smtp_from",
        help_heading = "Receivers"
    )]
    pub smtp_smarthost: Option<String>,
    /// The sender of e-mails
    #[arg(
        long,
        value_name = "ADDRESS",
        requires = "smtp_smarthost",
        help_heading = "Receivers"
    )]
    pub smtp_from: Option<String>,
    /// What routes match on: the owner's reference, or its name for people
    #[arg(
        long = "match",
        value_name = "WHAT",
        default_value = "owner-ref",
        help_heading = "Routes"
    )]
    pub matches: MatchWord,
    /// The label that has it; by default `owner_ref` or `team`, or as `alertmanager.labels` of --config calls it
    #[arg(long, value_name = "LABEL", help_heading = "Routes")]
    pub label: Option<String>,
    /// Routes for alerts without an owner too: by `namespace`, and by `service` where a namespace has several owners
    #[arg(long, help_heading = "Routes")]
    pub by_namespace: bool,
    /// How many Services may have a route of their own
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 1000,
        requires = "by_namespace",
        help_heading = "Routes"
    )]
    pub most_services: usize,
}

/// What a route matches on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatchWord {
    /// `group:default/payments`
    OwnerRef,
    /// `Payments`
    Team,
}
