//! A small company in which every verdict and every state occurs, and a server over it.

use std::sync::{Arc, RwLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use server::events::Events;
use server::owner_info::OwnerInfo;
use server::status::Sources;
use server::{Access, AppState};
use topology::apply::{CatalogDelta, ClusterDelta, Delta};
use topology::entity_ref::EntityRef;
use topology::fact::{
    ComponentFact, EntityFact, FieldFault, Found, ObjectFact, OwnerClaim, OwnerFact, OwnerKind,
    OwnerTarget, ServiceFact, WorkloadFact, WorkloadKind,
};
use topology::labels::DEFAULT_PREFIX;
use topology::settings::{Coverage, InstanceSettings};
use topology::topology::Topology;

/// When the sources were read.
pub(crate) const READ_AT: i64 = 1_700_000_000;
/// The time that the server believes it is.
pub(crate) const NOW: i64 = READ_AT + 60;

pub(crate) struct Company {
    pub(crate) state: AppState,
    pub(crate) router: Router,
}

impl Company {
    pub(crate) fn new() -> Self {
        Self::guarded(Access::default())
    }

    pub(crate) fn guarded(access: Access) -> Self {
        Self::over(topology(), access)
    }

    pub(crate) fn over(topology: Topology, access: Access) -> Self {
        Self::telling(topology, access, OwnerInfo::default())
    }

    /// Whose metrics tell of so much.
    pub(crate) fn telling(topology: Topology, access: Access, owner_info: OwnerInfo) -> Self {
        Self::of(
            AppState {
                topology: Arc::new(RwLock::new(topology)),
                sources: Arc::new(Sources::default()),
                events: Arc::new(Events::new(NOW)),
                history: None,
                decisions: None,
                api_tokens: None,
                previews: server::preview::Desk::default(),
                integrations: None,
                owner_info,
                alerts: None,
                notifications: None,
                clock: || NOW,
            },
            access,
        )
    }

    pub(crate) fn of(state: AppState, access: Access) -> Self {
        Self {
            router: server::router(state.clone(), access),
            state,
        }
    }

    /// The JSON of a good answer.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask(request(path)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()
    }

    /// A good answer, pretty.
    pub(crate) async fn pretty(&self, path: &str) -> String {
        serde_json::to_string_pretty(&self.get(path).await).unwrap()
    }

    /// A problem: status, then the document.
    pub(crate) async fn problem(&self, path: &str) -> String {
        self.ask(request(path)).await.problem()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = tower::ServiceExt::oneshot(self.router.clone(), request)
            .await
            .unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 24).await.unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: api::Problem = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        serde_json::to_string_pretty(&problem).unwrap()
    }
}

pub(crate) fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

pub(crate) fn topology() -> Topology {
    let mut topology = Topology::new(DEFAULT_PREFIX);
    let eu1 = topology.set_cluster("eu1");
    let us1 = topology.set_cluster("us1");
    let instance = topology.set_instance(InstanceSettings {
        clusters: Coverage::Named(vec!["eu1".into()]),
        ..InstanceSettings::named("default")
    });
    topology.apply(Delta::Catalog(CatalogDelta {
        instance,
        generation: 3,
        read_at: READ_AT,
        upserts: entities(),
        removals: Vec::new(),
    }));
    for (cluster, upserts) in [
        (eu1, eu1_objects()),
        (us1, vec![service("shop", "checkout")]),
    ] {
        topology.apply(Delta::Cluster(ClusterDelta {
            cluster,
            upserts,
            removals: Vec::new(),
        }));
    }
    topology
}

fn entities() -> Vec<EntityFact> {
    let broken = ComponentFact {
        fault: Some(FieldFault {
            field: "annotations.backstage.io/kubernetes-id".into(),
            found: "a list".into(),
            expected: "a string".into(),
        }),
        ..component("broken", None, None, None)
    };
    vec![
        group("commerce", "Commerce", None, &["payments", "shop"]),
        group("payments", "Payments", Some("commerce"), &[]),
        group("shop", "Shop", Some("commerce"), &[]),
        user("ada", "Ada"),
        entity(component(
            "checkout",
            Some("checkout"),
            Some("shop"),
            Some("payments"),
        )),
        entity(component(
            "checkout-copy",
            Some("checkout"),
            Some("shop"),
            Some("shop"),
        )),
        entity(component("cart", Some("cart"), None, Some("shop"))),
        entity(component("catalog", Some("catalog"), None, Some("ghosts"))),
        entity(component(
            "serch",
            Some("serch"),
            Some("shop"),
            Some("shop"),
        )),
        entity(component("legacy", None, None, None)),
        entity(component(
            "wishlist",
            Some("wishlist"),
            Some("shop"),
            Some("shop"),
        )),
        entity(broken),
    ]
}

fn eu1_objects() -> Vec<ObjectFact> {
    let mut objects = vec![
        ObjectFact::Namespace("shop".into()),
        ObjectFact::Namespace("staging".into()),
        service("shop", "cart"),
        service("staging", "cart"),
        service("shop", "catalog"),
        service("shop", "checkout"),
        service("shop", "search"),
        service("shop", "wishlist"),
    ];
    objects.extend([
        workload(WorkloadKind::Deployment, "checkout", "checkout"),
        workload(WorkloadKind::Pod, "checkout-7d4b", "checkout"),
        // Carries the labels of no Service.
        workload(WorkloadKind::Pod, "stray", "stray"),
    ]);
    objects
}

pub(crate) fn entity(component: ComponentFact) -> EntityFact {
    EntityFact::Component(Box::new(component))
}

pub(crate) fn component(
    name: &str,
    kubernetes_id: Option<&str>,
    kubernetes_namespace: Option<&str>,
    owner: Option<&str>,
) -> ComponentFact {
    let found = |value: &str| Found {
        path: 0,
        value: value.into(),
    };
    ComponentFact {
        reference: EntityRef::new("component", "default", name),
        name: name.into(),
        kubernetes_id: kubernetes_id.map(found),
        kubernetes_namespace: kubernetes_namespace.map(found),
        label_selector: None,
        kubernetes_cluster: None,
        owners: owner
            .map(|owner| OwnerClaim {
                path: 0,
                target: OwnerTarget::Ref(EntityRef::new("group", "default", owner)),
            })
            .into_iter()
            .collect(),
        component_type: Some("service".into()),
        lifecycle: Some("production".into()),
        system: None,
        dependencies: Vec::new(),
        orphan: false,
        fault: None,
    }
}

pub(crate) fn group(
    name: &str,
    display: &str,
    parent: Option<&str>,
    children: &[&str],
) -> EntityFact {
    let reference = |name: &str| EntityRef::new("group", "default", name);
    EntityFact::Owner(Box::new(OwnerFact {
        reference: reference(name),
        kind: OwnerKind::Group,
        display_name: display.into(),
        email: Some(format!("{name}@shop.example").into()),
        contacts: Vec::new(),
        parent: parent.map(reference),
        children: children.iter().map(|name| reference(name)).collect(),
        members: Vec::new(),
        member_of: Vec::new(),
    }))
}

fn user(name: &str, display: &str) -> EntityFact {
    EntityFact::Owner(Box::new(OwnerFact {
        reference: EntityRef::new("user", "default", name),
        kind: OwnerKind::User,
        display_name: display.into(),
        email: None,
        contacts: Vec::new(),
        parent: None,
        children: Vec::new(),
        members: Vec::new(),
        member_of: vec![EntityRef::new("group", "default", "payments")],
    }))
}

pub(crate) fn service(namespace: &str, name: &str) -> ObjectFact {
    ObjectFact::Service(Box::new(ServiceFact {
        namespace: namespace.into(),
        name: name.into(),
        labels: Vec::new(),
        selector: vec![("app".into(), name.into())],
        external_name: false,
    }))
}

pub(crate) fn workload(kind: WorkloadKind, name: &str, app: &str) -> ObjectFact {
    ObjectFact::Workload(Box::new(WorkloadFact {
        kind,
        namespace: "shop".into(),
        name: name.into(),
        uid: Some(format!("uid-{name}").into()),
        pod_labels: vec![("app".into(), app.into())],
        controller: None,
        service: None,
        node: (kind == WorkloadKind::Pod).then(|| "node-1".into()),
        refers: Vec::new(),
    }))
}
