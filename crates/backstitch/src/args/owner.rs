//! `backstitch owner`.

use clap::Args;

use super::{AskArgs, Moment};

pub(super) const NOTES: &str = "\
Subjects:
  [service/][cluster/]namespace/name   a Service
  <kind>/[[cluster/]namespace/]name    a workload; the kind as kubectl takes it: pod, deploy, …
  component:[namespace/]name           a component of the catalog
  name                                 a component, else a Service, else a workload

Times of `--at`, in the time zone of this machine where they name none:
  03:12, 03:12:30              the last time that the clock showed it
  today 09:30, yesterday 14:00
  2026-01-31, 2026-01-31 14:00
  90m ago, 2h ago, 1d12h ago
  2026-01-31T13:00:00Z         RFC 3339

With `--at` a running server is asked: the one of --server, else of BACKSTITCH_SERVER, else that of
this machine. It answers by its history of Services; the way from a workload to its Service is the
one of now.

Exit status:
  0  somebody owns it
  1  it is known, and nobody owns it
  2  could not run, or nothing is called so

Examples:
  backstitch owner shop/checkout --catalog ./catalog --cluster ./k8s
  backstitch owner pod/prod-eu/shop/checkout-7d9f5c-x2x4z --config backstitch.yaml
  backstitch owner prod-eu/shop/checkout --server http://localhost:7465 -o json
  backstitch owner prod-eu/shop/checkout --at 03:12";

/// `backstitch owner`
#[derive(Clone, Debug, Args)]
pub(crate) struct OwnerArgs {
    /// What is owned: a Service, a workload or a component; see below
    pub subject: String,
    /// Say who owned it at this time, by the history of a running server; see below
    #[arg(
        long, value_name = "TIME", value_parser = Moment::parse,
        conflicts_with_all = ["catalog", "cluster", "kubeconfig"]
    )]
    pub at: Option<Moment>,
    /// Where to ask.
    #[command(flatten)]
    pub ask: AskArgs,
}
