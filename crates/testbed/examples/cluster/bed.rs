//! The API server that is watched, with all of the company in it.

use std::path::PathBuf;

use testbed::kubernetes::{Cluster, Etcd, Options, Stored};

use crate::Failure;
use crate::company::{Company, Kind};
use crate::flood::Change;
use crate::objects::object;
use crate::served::Served;

/// A hundred thousand pods are 0.9 GB as JSON, and every change of one is kept until it is compacted.
const QUOTA: u64 = 16 << 30;
/// Objects that are made and written at a time; one such batch is written while the next is made.
const BATCH: usize = 1_000;
/// Batches under way.
const WRITERS: usize = 3;

pub(crate) enum Bed {
    Real {
        cluster: Box<Cluster>,
        etcd: Etcd,
        company: Company,
    },
    Served(Served),
}

impl Bed {
    /// A real API server. It is filled while it stands still, so that it does not read along.
    pub(crate) async fn real(company: &Company) -> Result<Self, Failure> {
        let options = Options {
            etcd_quota_bytes: Some(QUOTA),
            ..Options::default()
        };
        let mut cluster = Cluster::start(options).await?;
        cluster.stop_api_server();
        let etcd = cluster.etcd();
        for kind in Kind::ALL {
            let changes: Vec<(Kind, usize)> = (0..company.count(kind))
                .map(|index| (kind, index))
                .collect();
            let mut writers = tokio::task::JoinSet::new();
            for batch in changes.chunks(BATCH) {
                while writers.len() >= WRITERS {
                    joined(&mut writers).await?;
                }
                let (etcd, company, batch) = (etcd.clone(), *company, batch.to_vec());
                writers.spawn(async move {
                    let stored: Vec<Stored> = batch
                        .into_iter()
                        .map(|(kind, index)| Stored {
                            key: company.key(kind, index),
                            object: Some(object(&company, kind, index, 0).to_string()),
                        })
                        .collect();
                    etcd.write(&stored).await
                });
            }
            while !writers.is_empty() {
                joined(&mut writers).await?;
            }
        }
        cluster.start_api_server().await?;
        Ok(Self::Real {
            etcd,
            cluster: Box::new(cluster),
            company: *company,
        })
    }

    /// One that makes its objects up as they are asked for.
    pub(crate) async fn served(company: Company) -> Result<Self, Failure> {
        Ok(Self::Served(Served::start(company).await?))
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        match self {
            Self::Real { cluster, .. } => cluster.kubeconfig(),
            Self::Served(served) => served.kubeconfig(),
        }
    }

    /// Changes these pods, each of which is given once.
    pub(crate) async fn change(&self, changes: &[Change]) -> Result<(), Failure> {
        match self {
            Self::Real { etcd, company, .. } => {
                let stored: Vec<Stored> = changes
                    .iter()
                    .map(|change| Stored {
                        key: company.key(Kind::Pod, change.pod),
                        object: change.revision.is_some().then(|| change.text.clone()),
                    })
                    .collect();
                Ok(etcd.write(&stored).await?)
            }
            Self::Served(served) => {
                served.change(changes).await;
                Ok(())
            }
        }
    }
}

async fn joined(
    writers: &mut tokio::task::JoinSet<Result<(), testbed::kubernetes::Error>>,
) -> Result<(), Failure> {
    if let Some(written) = writers.join_next().await {
        written??;
    }
    Ok(())
}
