//! A real Backstage, and one service that reads it in several lanes.
//!
//! ```text
//!                 ┌─▶ FaultProxy ─▶ instance lane-0 ─▶ cluster lane-0 ─┐
//!  real Backstage ┼─▶ FaultProxy ─▶ instance lane-1 ─▶ cluster lane-1 ─┼─▶ one service, one list of owners
//!                 └─▶ FaultProxy ─▶ …                                  ┘
//! ```
//!
//! Each lane covers a cluster of its own, with the same Services. What goes wrong in one lane must not show in another.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use testbed::backstage::{Backstage, Catalog, Options, Token, Version};
use testbed::proxy::FaultProxy;

use crate::catalog::{COMPONENTS, Truth, entities, truth_of};
use crate::common::{self, Folder, stream};
use crate::running::{Service, word};

/// Entities of a page, so that a read has several.
pub(crate) const PAGE_SIZE: usize = 8;
/// How long an answer may rest; what hangs is found so, and a busy machine is not.
pub(crate) const IDLE_SECONDS: u64 = 4;

/// One way from the Backstage to a cluster.
pub(crate) struct Lane {
    /// What the instance and the cluster are called.
    pub(crate) name: String,
    /// What may break.
    pub(crate) proxy: FaultProxy,
}

/// Whether a lane asks for compressed answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
}

/// Services as a list shows them, by id.
pub(crate) type Rows = BTreeMap<String, Value>;

/// The service and its lanes.
pub(crate) struct Bed {
    pub(crate) lanes: Vec<Lane>,
    pub(crate) service: Service,
    /// Its configuration and its store.
    _folder: Folder,
}

/// A Backstage of today that says this.
pub(crate) async fn backstage(truth: &Truth) -> Backstage {
    let options = Options {
        catalog: Catalog::Empty,
        ..Options::default()
    };
    let started = Backstage::start(Version::Current, options).await;
    let backstage = started.unwrap_or_else(|error| panic!("{error}"));
    fill(&backstage, truth).await;
    backstage
}

/// Has the Backstage say this, and nothing else.
pub(crate) async fn fill(backstage: &Backstage, truth: &Truth) {
    let all = entities(truth);
    backstage.put_full(&all).await.expect("a control port");
    let settled = backstage
        .until("all entities", |found| {
            found.len() == all.len() && truth_of(found) == *truth
        })
        .await;
    settled.unwrap_or_else(|error| panic!("{error}"));
}

impl Bed {
    /// Starts the service, and waits until every lane has been read.
    pub(crate) async fn start(backstage: &Backstage, lanes: &[Packing]) -> Self {
        let folder = Folder::new();
        folder.file("token", Token::Full.text());
        let mut text =
            "listen: 127.0.0.1:0\nstore: state/store.db\nscrapers:\n  backstage:\n    instances:\n"
                .to_owned();
        let mut clusters = "clusters:\n".to_owned();
        let mut proxies = Vec::new();
        for (number, packing) in lanes.iter().enumerate() {
            let proxy = FaultProxy::start(backstage.url()).await.expect("a proxy");
            let (name, url) = (format!("lane-{number}"), proxy.url());
            let gzip = *packing == Packing::Gzip;
            write!(
                text,
                "    - name: {name}\n      endpoint: {url}\n      token_file: token\n      sync_interval: 1h\n      clusters: \
                 [{name}]\n      page_size: {PAGE_SIZE}\n      idle_timeout: {IDLE_SECONDS}s\n      gzip: {gzip}\n"
            )
            .expect("a text");
            writeln!(clusters, "  - {{name: {name}, path: k8s}}").expect("a text");
            proxies.push(Lane { name, proxy });
        }
        let services: Vec<String> = (0..COMPONENTS)
            .map(|number| common::service("shop", &format!("s{number}")))
            .collect();
        folder.file("k8s/services.yaml", stream(&services));
        folder.file("backstitch.yaml", text + &clusters);
        let service = Service::start(&folder);
        let bed = Self {
            lanes: proxies,
            service,
            _folder: folder,
        };
        for lane in &bed.lanes {
            for kind in ["catalog", "cluster"] {
                bed.service
                    .phase(&format!("{kind}/{}", lane.name), "ready")
                    .await;
            }
        }
        bed
    }

    /// Has a lane read, whatever it was told by its server; where it stands once a read has ended that began afterwards.
    pub(crate) async fn read(&self, lane: &Lane) -> Value {
        let id = format!("catalog/{}", lane.name);
        let path = format!("/api/v1/sources/{id}/refresh?force=true");
        let (status, asked) = self.service.post(&path).await;
        assert_eq!(status, 202, "{asked:#}");
        let read = asked["read"].as_u64().expect("the number of a read");
        let ended = |source: &Value| source["reads"].as_u64() >= Some(read);
        self.service.source(&id, ended).await
    }

    /// Every Service of a lane with its owner, its labels and whatever else a list shows, by its id.
    pub(crate) async fn rows(&self, lane: &Lane) -> Rows {
        let path = format!("/api/v1/services?limit=1000&cluster={}", lane.name);
        let (status, page) = self.service.get(&path).await;
        assert_eq!((status, &page["next"]), (200, &Value::Null), "{page:#}");
        let rows = page["items"].as_array().expect("a page").iter();
        rows.map(|row| (word(&row["id"]).to_owned(), row.clone()))
            .collect()
    }

    /// Who owns what in the cluster of a lane.
    pub(crate) async fn owners(&self, lane: &Lane) -> Truth {
        let rows = self.rows(lane).await;
        let owned = rows.iter().filter_map(|(id, row)| {
            let (_, name) = id.rsplit_once('/')?;
            Some((name.to_owned(), row["owner"].as_str()?.to_owned()))
        });
        owned.collect()
    }

    /// How many files and connections the service has open.
    pub(crate) fn open_files(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.service.pid());
        std::fs::read_dir(folder).expect("it runs").count()
    }
}
