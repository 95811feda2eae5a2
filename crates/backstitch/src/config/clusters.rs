//! The list of clusters.

use std::sync::Arc;

use cluster::live::{Access, Namespaces};

use super::node::{Node, Place};
use super::reader::{Map, boolean, items, text};
use super::root::Reading;
use super::{Cluster, ClusterSource};

const EXPECTED: &str =
    "expected one of `path`, `context` (with or without `kubeconfig`) and `in_cluster: true`";

pub(super) fn clusters(node: Node, reading: &mut Reading<'_, '_>) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    for item in items("clusters", node, reading.faults) {
        let at = item.at;
        let Some(cluster) = cluster(item, reading) else {
            continue;
        };
        if clusters.iter().any(|other| other.name == cluster.name) {
            reading.faults.hint(
                at,
                format!("a second cluster is called `{}`", cluster.name),
                "give it another `name`, or list its files under `path` of the first",
            );
            continue;
        }
        clusters.push(cluster);
    }
    clusters
}

fn cluster(node: Node, reading: &mut Reading<'_, '_>) -> Option<Cluster> {
    let mut map = Map::open(node, "clusters", "a cluster", reading.faults)?;
    let at = map.at();
    let name = map.take("name");
    let name = match &name {
        Some(node) => Some(text("name", node, reading.faults)?),
        None => None,
    };
    let path = map.take("path");
    let context = map
        .take("context")
        .and_then(|node| text("context", &node, reading.faults));
    let kubeconfig = map.take("kubeconfig");
    let kubeconfig = reading.path("kubeconfig", kubeconfig);
    let in_cluster = map
        .take("in_cluster")
        .and_then(|node| boolean("in_cluster", &node, reading.faults))
        .unwrap_or(false);
    let namespaces = map.take_entry("namespaces");
    map.finish(reading.faults);
    let of_files = path.is_some();
    let namespaces = match namespaces {
        Some((at, _)) if of_files => {
            reading.faults.hint(
                at,
                "`namespaces` is given for manifest files, of which all are read",
                "leave it out, or name only the files wanted under `path`",
            );
            return None;
        }
        Some((at, node)) => named_namespaces(at, node, reading)?,
        None => Namespaces::All,
    };

    let live = context.is_some() || kubeconfig.is_some();
    let (source, named) = match (path, live, in_cluster) {
        (Some(path), false, false) => {
            let paths = reading.paths("path", path);
            let named = paths
                .first()?
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned());
            (ClusterSource::Files(paths), named)
        }
        (None, true, false) => {
            let named = context.as_deref().map(live_cluster_name);
            let access = Access::Kubeconfig {
                path: kubeconfig,
                context,
            };
            (ClusterSource::Live(access), named)
        }
        (None, false, true) => (ClusterSource::Live(Access::InCluster), None),
        (None, false, false) => {
            reading
                .faults
                .add(at, format!("the cluster has no source, {EXPECTED}"));
            return None;
        }
        _ => {
            reading
                .faults
                .add(at, format!("the cluster has several sources, {EXPECTED}"));
            return None;
        }
    };
    let Some(name) = name.or(named) else {
        reading.faults.add(at, "the cluster has no `name`");
        return None;
    };
    if !is_cluster_name(&name) {
        reading.faults.hint(
            at,
            format!("the cluster is called `{name}`, which holds a slash or white space"),
            "give it a `name` without them: a Service is written `cluster/namespace/name`",
        );
        return None;
    }
    Some(Cluster {
        name,
        source,
        namespaces,
    })
}

/// The namespaces that are read one by one. An empty list would read nothing, and is surely a mistake.
fn named_namespaces(at: Place, node: Node, reading: &mut Reading<'_, '_>) -> Option<Namespaces> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for item in items("namespaces", node, reading.faults) {
        let name = text("namespaces", &item, reading.faults)?;
        if !is_namespace(&name) {
            reading.faults.hint(
                item.at,
                format!("`{name}` is no name of a namespace"),
                "expected at most 63 small letters, digits and hyphens, as `kubectl get namespaces` shows it",
            );
            return None;
        }
        if !names.iter().any(|known| **known == *name) {
            names.push(name.into());
        }
    }
    if names.is_empty() {
        reading.faults.hint(
            at,
            "`namespaces` names none",
            "name at least one, or leave it out to read all of them",
        );
        return None;
    }
    Some(Namespaces::Named(names))
}

/// A DNS label (RFC 1123), which becomes a part of request paths.
pub(crate) fn is_namespace(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 63
        && name.starts_with(letter)
        && name.ends_with(letter)
        && name.chars().all(|c| letter(c) || c == '-')
}

/// A live cluster is called after its context. Of one with slashes, as `arn:aws:eks:…:cluster/prod`, the last part is the
/// name: a Service is written `cluster/namespace/name`.
pub(crate) fn live_cluster_name(context: &str) -> String {
    let last = context
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(context);
    last.replace(|c: char| c.is_whitespace() || c.is_control(), "-")
}

/// Whether a cluster can be called so: what is written `cluster/namespace/name` must be told apart again.
pub(crate) fn is_cluster_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control())
}
