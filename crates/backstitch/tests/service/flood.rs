//! More changes at once than any cluster makes: what comes of them is what there is in the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::{self, Folder, ID, stream};
use crate::running::{Service, until, word};

const EVENTS: usize = 50_000;
const SERVICES: usize = 800;
const COMPONENTS: usize = 40;

/// The Services that are there in the end, each with the number of the component that it names.
type Truth = BTreeMap<String, usize>;

/// A number that looks like chance and is the same in every run.
fn drawn(number: usize) -> usize {
    let mixed = (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from((mixed ^ (mixed >> 29)) >> 20).unwrap_or_default()
}

fn object(name: &str, component: usize, version: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": version.to_string(), "labels": {ID: format!("c{component}")}},
        "spec": {},
    })
}

/// Services come, change hands and go, and at last comes one more.
fn events() -> (String, Truth) {
    let (mut text, mut truth) = (String::new(), Truth::new());
    for number in 0..EVENTS {
        let (name, component) = if number + 1 == EVENTS {
            ("the-last".to_owned(), 0)
        } else {
            (
                format!("s{}", drawn(number) % SERVICES),
                drawn(number + 7) % COMPONENTS,
            )
        };
        let goes = truth.contains_key(&name) && drawn(number + 11).is_multiple_of(3);
        let sort = if goes {
            truth.remove(&name);
            "DELETED"
        } else if truth.insert(name.clone(), component).is_some() {
            "MODIFIED"
        } else {
            "ADDED"
        };
        let event = json!({"type": sort, "object": object(&name, component, number + 8)});
        writeln!(text, "{event}").expect("a text takes all");
    }
    (text, truth)
}

async fn api_server(events: String) -> MockServer {
    let server = MockServer::start().await;
    let given = |answer: ResponseTemplate, of: &str, watched: bool| {
        let mock = Mock::given(method("GET")).and(path(of));
        let mock = if watched {
            mock.and(query_param("watch", "true"))
        } else {
            mock.and(query_param_is_missing("watch"))
        };
        mock.respond_with(answer)
    };
    Mock::given(method("GET"))
        .and(query_param("sendInitialEvents", "true"))
        .respond_with(ResponseTemplate::new(422).set_body_json(json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422,
            "message": "sendInitialEvents is forbidden for watch"
        })))
        .mount(&server)
        .await;
    // All of it comes in the first watch; every other one is quiet.
    given(
        ResponseTemplate::new(200).set_body_string(events),
        "/api/v1/services",
        true,
    )
    .up_to_n_times(1)
    .mount(&server)
    .await;
    given(
        ResponseTemplate::new(200).set_delay(Duration::from_hours(1)),
        "/api/v1/services",
        true,
    )
    .mount(&server)
    .await;
    let list = json!({"kind": "ServiceList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": []});
    given(
        ResponseTemplate::new(200).set_body_json(list),
        "/api/v1/services",
        false,
    )
    .mount(&server)
    .await;
    // Nothing else is served.
    server
}

/// What the program says there is.
async fn found(service: &Service) -> Truth {
    let mut found = Truth::new();
    let mut cursor = String::new();
    loop {
        let (_, page) = service
            .get(&format!("/api/v1/services?limit=1000{cursor}"))
            .await;
        for item in page["items"].as_array().expect("a page") {
            let (_, name) = word(&item["id"]).rsplit_once('/').expect("an id");
            let component = word(&item["component"]).trim_start_matches("component:default/c");
            let component = component.parse().expect("the number of a component");
            found.insert(name.to_owned(), component);
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_a_flood_of_changes_ends_in_the_true_state() {
    let (events, truth) = events();
    let server = api_server(events).await;
    let folder = Folder::new();
    let component = |number: usize| {
        common::component(&format!("c{number}"), &[(ID, &format!("c{number}"))], "web")
    };
    let catalog: Vec<String> = (0..COMPONENTS)
        .map(component)
        .chain([common::group("web")])
        .collect();
    folder.file("catalog.yaml", stream(&catalog));
    let address = server.uri();
    folder.file(
        "kubeconfig",
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a}}}}]\n\
             clusters: [{{name: a, cluster: {{server: '{address}'}}}}]\n"
        ),
    );
    folder.file(
        "backstitch.yaml",
        "listen: 127.0.0.1:0\nstore: state/store.db\nscrapers: {backstage: {instances: [{name: main, path: catalog.yaml, \
         match_rules: [kubernetes-id-label]}]}}\nclusters: [{name: prod, kubeconfig: kubeconfig, context: a}]\n",
    );
    let service = Service::start(&folder);
    service
        .until("/api/v1/services/prod/shop/the-last", |answer| {
            answer["state"] == "owned"
        })
        .await;
    // What comes together is applied together, what is new of it first: the last one may be there before others are gone.
    until("all is as it should be", || async {
        found(&service).await == truth
    })
    .await;

    // What the store has is the same.
    service.signal("TERM");
    let (status, _) = service.ended().await;
    assert!(status.success());
    drop(server);
    let service = Service::start(&folder);
    service.ready().await;
    assert_eq!(found(&service).await, truth);
}
