//! What `cargo xtask bench cluster` measures the program against: the objects of a cluster in kube's own stores, as a
//! program has them that uses the library as it is documented.
//!
//! `reflector whole|cut KUBECONFIG` keeps the kinds that the benchmark has; `cut` drops, before an object is stored, what
//! kube's documentation says can be spared. It prints how many there are once all are there, and goes on watching.

use std::error::Error;
use std::fmt::Debug;
use std::hash::Hash;
use std::io::Write as _;

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Namespace, Node, Pod, Service};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::runtime::reflector::{self, Store, store::Writer};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Client, Config, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [how, kubeconfig] = arguments.as_slice() else {
        return Err("expected `whole|cut KUBECONFIG`".into());
    };
    let cut = how == "cut";
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let client = Client::try_from(config)?;

    let nothing = |_: &mut _| {};
    let namespaces = kept::<Namespace>(&client, cut, |_| {});
    let nodes = kept::<Node>(&client, cut, |node| node.status = None);
    let deployments = kept::<Deployment>(&client, cut, |it| it.status = None);
    let replica_sets = kept::<ReplicaSet>(&client, cut, |it| it.status = None);
    let services = kept::<Service>(&client, cut, |it| it.status = None);
    let pods = kept::<Pod>(&client, cut, |pod| pod.status = None);
    // The API server of the benchmark has them in this version alone, for which there is no type any more.
    let kind = GroupVersionKind::gvk("discovery.k8s.io", "v1beta1", "EndpointSlice");
    let kind = ApiResource::from_gvk(&kind);
    let writer = Writer::<DynamicObject>::new(kind.clone());
    let slices = keep(Api::all_with(client.clone(), &kind), writer, cut, nothing);

    let counts = [
        count(namespaces).await?,
        count(nodes).await?,
        count(deployments).await?,
        count(replica_sets).await?,
        count(services).await?,
        count(pods).await?,
        count(slices).await?,
    ];
    writeln!(std::io::stdout(), "{}", counts.iter().sum::<usize>())?;
    std::future::pending().await
}

fn kept<K>(client: &Client, cut: bool, less: fn(&mut K)) -> Store<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    keep(Api::all(client.clone()), Writer::default(), cut, less)
}

/// Fills a store for as long as the program runs.
fn keep<K>(
    api: Api<K>,
    writer: Writer<K>,
    cut: bool,
    less: impl Fn(&mut K) + Send + 'static,
) -> Store<K>
where
    K: Resource + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
    K::DynamicType: Clone + Eq + Hash + Send + Sync,
{
    let store = writer.as_reader();
    let objects = watcher(api, watcher::Config::default())
        .default_backoff()
        .modify(move |object| {
            if cut {
                object.managed_fields_mut().clear();
                object.annotations_mut().clear();
                less(object);
            }
        });
    let stream = reflector::reflector(writer, objects).applied_objects();
    tokio::spawn(async move {
        // The backoff tries again; an error is one of an attempt.
        let mut stream = stream.into_stream().boxed();
        while let Some(object) = stream.next().await {
            drop(object);
        }
    });
    store
}

async fn count<K>(store: Store<K>) -> Result<usize, Failure>
where
    K: Resource + Clone + 'static,
    K::DynamicType: Clone + Eq + Hash,
{
    store.wait_until_ready().await?;
    Ok(store.len())
}
