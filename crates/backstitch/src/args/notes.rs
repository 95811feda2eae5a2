//! What `--help` says below the options: grammar of arguments, exit status, examples.

pub(super) const MAIN_EXAMPLES: &str = "\
Examples:
  A look at a made-up company:
    backstitch demo

  Who owns what, from files:
    backstitch stitch --catalog ./catalog --cluster ./k8s

  A live Backstage against a cluster of your kubeconfig:
    backstitch stitch --catalog https://backstage.example.com --token-file token.txt \\
      --cluster prod-eu

  In a pipeline, failing when more than 5% of the Services have no owner:
    backstitch stitch --config backstitch.yaml --fail-on unowned=5%,ambiguous,conflict

  Why one of them is as it is, and whom to call:
    backstitch explain component:default/checkout --config backstitch.yaml
    backstitch owner prod-eu/shop/checkout --server http://localhost:7465

Exit status:
  0  done, and every gate of `--fail-on` held
  1  a gate failed; with `--strict`, a document or object could not be used;
     of `owner`, nobody owns it
  2  could not run: wrong arguments, a faulty configuration, a source that cannot be read";

pub(super) const STITCH_EXAMPLES: &str = "\
Sources:
  `--catalog` and `--cluster` may be repeated. Without a name, a catalog is called `default`, the
  next `default-2`; a cluster of files is called after its file or folder, a live one after its
  context. Inputs given the same name are read as one. Without any, those of `--config` are read.
  The settings of an instance (`label_map`, `match_rules`, …) come from `--config`, by its name.

  A live Backstage takes its token from `--token-file`, else from BACKSTITCH_TOKEN, else from the
  instance of its name in `--config`.

Gates:
  `--fail-on <condition>[=<limit>]`, separated by commas. A limit is a number (`ambiguous=3`) or a
  share (`unowned=5%`), and what is above it fails. Without a limit, one is too many.

  Of the Services:
    unowned                 unclaimed or stitched-without-owner
    unclaimed               no component is stitched to it
    stitched-without-owner  its component has no owner
  Of the components, in each cluster:
    unstitched              any verdict but `stitched`
    no-kubernetes-id, service-not-found, ambiguous, conflict, invalid
    no-owner                no field names an owner
    unresolved              its owners do not exist
  Of everything read:
    errors                  documents and objects that cannot be used; takes no share

Examples:
  backstitch stitch --catalog examples/shop/catalog --cluster examples/shop/k8s
  backstitch stitch --config examples/demo/backstitch.yaml --only ambiguous,conflict
  backstitch stitch --catalog shop=dump.json --cluster prod-eu -o json
  backstitch stitch --config backstitch.yaml --fail-on unowned=5%,ambiguous,conflict --strict";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Subjects:
  component:[namespace/]name           a component of the catalog
  [service/][cluster/]namespace/name   a Service
  <kind>/[[cluster/]namespace/]name    a workload; the kind as kubectl takes it: pod, deploy, …
  name                                 a component, else a Service, else a workload

Examples:
  backstitch explain component:default/checkout --catalog ./catalog --cluster ./k8s
  backstitch explain shop/checkout --config backstitch.yaml
  backstitch explain pod/shop/checkout-7d9f5c-x2x4z --server http://localhost:7465";

pub(super) const SOURCES_NOTES: &str = "\
Phases:
  starting  it was not read yet
  ready     what is known is what it said when it was last read
  stale     its last read failed; what it said before is still served
  failing   it could never be read, and its last read failed
  held      its last read would remove more than one read may; what was known is served until that is confirmed
  paused    somebody wants it left alone; what is known is served as it is

Without --server and BACKSTITCH_SERVER, the server is asked that `backstitch serve` runs on this machine: at `listen` of
--config, else at http://127.0.0.1:7465.

Exit status:
  0  done
  1  a source is in a phase of `--fail-on`
  2  could not run, or there is no such source

Examples:
  backstitch sources
  backstitch sources catalog/main --server http://localhost:7465
  backstitch sources --fail-on stale,failing,held -o json";

pub(super) const REFRESH_NOTES: &str = "\
The server reads the sources now instead of at their time. A read that is under way is followed by another one. A source
that is to be left alone, because its server said for how long or refused the credentials, is read only with `--force`.

Exit status:
  0  the reads are asked for; with `--wait`, they have ended well
  1  a source is not read now, or with `--wait` a read failed
  2  could not run, or there is no such source

Examples:
  backstitch refresh
  backstitch refresh main --wait
  backstitch refresh cluster/prod-eu --force --server http://localhost:7465";

pub(super) const DECISIONS_NOTES: &str = "\
What people decide is kept apart from what sources say: no read takes it away, and it ends when it is withdrawn or its time
is over. Each has an author and a time, and what it changes is in the history.

The server is asked that `backstitch serve` runs on this machine, or --server.

Exit status:
  0  done
  1  of `import`, a decision of the file was refused
  2  could not run, or it was refused

Examples:
  backstitch decisions pin component:default/checkout prod-eu/shop/checkout --reason 'renamed, annotation follows'
  backstitch decisions prefer component:default/cart prod-eu/shop/cart
  backstitch decisions ignore prod-eu/kube-system/kube-dns --reason 'part of the cluster' --until 180d
  backstitch decisions confirm catalog/main
  backstitch decisions list --stale
  backstitch decisions withdraw 12 --reason 'annotated by now'
  backstitch decisions export > decisions.yaml
  backstitch decisions import decisions.yaml --replace --dry-run";

pub(super) const WRITEBACK_NOTES: &str = "\
Owners are written by server-side apply under the field manager `backstitch`, so that only what it wrote is ever changed or
taken away. What another manager has is left alone and told. Nothing is taken away where a source could not be read as a
whole, and nothing is written where more than half of the annotated objects would lose their owner, unless `--force` is given.

It needs `get`, `list` and `patch` of services, and with `--workloads` of deployments, statefulsets and daemonsets.

Exit status:
  0  done
  1  an annotation that somebody else has was left alone
  2  could not run, or an object could not be written

Examples:
  backstitch writeback --dry-run --config backstitch.yaml
  backstitch writeback --apply --catalog ./catalog --cluster prod-eu --workloads
  backstitch writeback --apply --config backstitch.yaml --server http://localhost:7465
  backstitch writeback --apply --config backstitch.yaml --annotation team,backstage-component-lifecycle";

pub(super) const DOCTOR_NOTES: &str = "\
It checks the configuration that `backstitch serve` would take: the file, the store, each Backstage, each cluster and what may be read
of it, and Secrets. Nothing is changed, and a running server goes on. Read it from top to bottom: a failure may be the cause
of those after it, and its remedy is the next thing to do.

Outcomes:
  ok    as it should be
  note  worth knowing, and nothing to be done
  warn  it works, and something should be done
  FAIL  owners do not appear, or not all of them

`--bundle` writes an archive that can be given to somebody else: the checks, the configuration without secrets, and how
much the store holds.

Exit status:
  0  no check failed
  1  a check failed
  2  could not run

Examples:
  backstitch doctor --config backstitch.yaml
  backstitch doctor --config backstitch.yaml --quiet
  backstitch doctor --config backstitch.yaml -o json --bundle support.tar.gz";

pub(super) const NOTIFY_NOTES: &str = "\
The message is like one of a Service that lost its owner, and says that it is a test. A running server is not asked, and its
limits do not count.

Exit status:
  0  the receiver took it
  1  it did not
  2  could not run

Examples:
  backstitch notify --test platform --config backstitch.yaml";

pub(super) const SERVE_NOTES: &str = "\
The last state of every source is kept in the store and served at once after a start, marked stale until the source has
answered. Without --store and without `store` in the configuration, the store is $XDG_STATE_HOME/backstitch/backstitch.db,
else ~/.local/state/backstitch/backstitch.db; two configurations that one user serves need a store each.

SIGTERM and SIGINT end it in order, within seconds; a second one ends it at once. Nothing is lost either way.

Examples:
  backstitch serve --config backstitch.yaml
  backstitch serve --config backstitch.yaml --listen 0.0.0.0:7465 --store /var/lib/backstitch/backstitch.db --log-format json";
