use insta::assert_snapshot;

use crate::company::Company;

fn path(subject: &str) -> String {
    let subject: String = form_urlencoded::byte_serialize(subject.as_bytes()).collect();
    format!("/api/v1/explain?subject={subject}")
}

#[tokio::test]
async fn a_component_is_explained_step_by_step() {
    let company = Company::new();
    assert_snapshot!(company.pretty(&path("component:default/serch")).await, @r#"
    {
      "instances": [
        "default"
      ],
      "kind": "component",
      "ref": "component:default/serch",
      "verdicts": [
        {
          "candidates": [],
          "cluster": "eu1",
          "fix": "backstage.io/kubernetes-id: search  # under `metadata.annotations`, if `eu1/shop/search` is meant",
          "generation": 3,
          "id_paths": [
            {
              "path": "annotations.backstage.io/kubernetes-id",
              "value": "serch"
            }
          ],
          "instance": "default",
          "miss": {
            "elsewhere": [],
            "namespace_exists": true,
            "near_namespaces": [],
            "near_services": [
              "eu1/shop/search"
            ],
            "other_clusters": []
          },
          "namespace_paths": [
            {
              "path": "annotations.backstage.io/kubernetes-namespace",
              "value": "shop"
            }
          ],
          "owner": {
            "owner": {
              "display_name": "Shop",
              "email": "shop@shop.example",
              "kind": "Group",
              "ref": "group:default/shop"
            },
            "source": "spec.owner",
            "state": "resolved",
            "tried": [
              {
                "outcome": "resolved",
                "path": "spec.owner",
                "target": "group:default/shop"
              }
            ]
          },
          "read_at": "2023-11-14T22:13:20Z",
          "reason": "there is no Service `serch` in namespace `shop`; the namespace exists; near names: `eu1/shop/search`",
          "ref": "component:default/serch",
          "rules": [
            {
              "found": [],
              "found_total": 0,
              "lookup": "Service `serch` in namespace `shop`",
              "rule": "service-name"
            }
          ],
          "services": [],
          "verdict": "service-not-found"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_service_is_explained_by_the_component_that_has_it() {
    let company = Company::new();
    let explanation = company.get(&path("eu1/shop/checkout")).await;
    assert_eq!(explanation["kind"], "service");
    assert_eq!(explanation["service"]["id"], "eu1/shop/checkout");
    assert_eq!(explanation["verdict"]["ref"], "component:default/checkout");
    assert_eq!(explanation["verdict"]["read_at"], "2023-11-14T22:13:20Z");
}

#[tokio::test]
async fn a_pod_is_explained_by_the_services_it_is_behind() {
    // S19.
    let company = Company::new();
    assert_snapshot!(company.pretty(&path("pod/checkout-7d4b")).await, @r#"
    {
      "inherited": [
        {
          "component": "component:default/checkout",
          "owner": {
            "display_name": "Payments",
            "email": "payments@shop.example",
            "kind": "Group",
            "ref": "group:default/payments"
          },
          "path": [
            {
              "by": "selector",
              "kind": "Service",
              "name": "checkout"
            }
          ],
          "service": "eu1/shop/checkout",
          "state": "owned"
        }
      ],
      "kind": "workload",
      "shared": false,
      "workload": {
        "cluster": "eu1",
        "kind": "Pod",
        "name": "checkout-7d4b",
        "namespace": "shop",
        "node": "node-1"
      }
    }
    "#);
}

#[tokio::test]
async fn subjects_are_read_as_people_write_them() {
    let company = Company::new();
    for (subject, expected) in [
        ("checkout", "component component:default/checkout"),
        ("default/legacy", "component component:default/legacy"),
        (
            "Component:Default/Legacy",
            "component component:default/legacy",
        ),
        ("search", "service eu1/shop/search"),
        ("staging/cart", "service eu1/staging/cart"),
        ("svc/us1/shop/checkout", "service us1/shop/checkout"),
        ("deploy/shop/checkout", "workload Deployment checkout"),
        ("Pod/eu1/shop/stray", "workload Pod stray"),
        ("stray", "workload Pod stray"),
    ] {
        let found = company.get(&path(subject)).await;
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("?").to_owned();
        let what = match text(&found["kind"]).as_str() {
            "component" => text(&found["ref"]),
            "service" => text(&found["service"]["id"]),
            _ => {
                let workload = &found["workload"];
                format!("{} {}", text(&workload["kind"]), text(&workload["name"]))
            }
        };
        assert_eq!(
            format!("{} {what}", text(&found["kind"])),
            expected,
            "{subject}"
        );
    }
}

#[tokio::test]
async fn a_name_of_several_things_lists_them() {
    let company = Company::new();
    assert_snapshot!(company.problem(&path("svc/cart")).await, @r#"
    {
      "type": "urn:backstitch:problem:ambiguous-subject",
      "title": "The name is that of several things",
      "status": 400,
      "detail": "`svc/cart` is the name of 2 things",
      "hint": "ask for one of `candidates`",
      "candidates": [
        "eu1/shop/cart",
        "eu1/staging/cart"
      ]
    }
    "#);
}

#[tokio::test]
async fn a_name_of_nothing_is_a_problem_with_near_names() {
    let company = Company::new();
    assert_snapshot!(company.problem(&path("chekout")).await, @r#"
    {
      "type": "urn:backstitch:problem:not-found",
      "title": "There is no such thing",
      "status": 404,
      "detail": "there is no component, Service or workload `chekout`",
      "hint": "did you mean `component:default/checkout`?",
      "candidates": [
        "component:default/checkout",
        "eu1/shop/checkout",
        "us1/shop/checkout"
      ]
    }
    "#);
}

#[tokio::test]
async fn what_cannot_be_read_says_what_could() {
    let company = Company::new();
    let mut problems = String::new();
    for subject in ["", "a//b", "a/b/c/d", "group:default/shop", ":x"] {
        let answer = company.ask(crate::company::request(&path(subject))).await;
        assert_eq!(answer.status, 400, "{subject}");
        problems += answer.json()["detail"].as_str().unwrap();
        problems.push('\n');
    }
    assert_snapshot!(problems, @r#"
    `` cannot be explained, expected a component (`component:default/checkout`), a Service (`[cluster/]namespace/name`), a workload (`pod/[cluster/]namespace/name`) or a bare name
    `a//b` cannot be explained, expected a component (`component:default/checkout`), a Service (`[cluster/]namespace/name`), a workload (`pod/[cluster/]namespace/name`) or a bare name
    `a/b/c/d` cannot be explained, expected a component (`component:default/checkout`), a Service (`[cluster/]namespace/name`), a workload (`pod/[cluster/]namespace/name`) or a bare name
    `group:default/shop` is no Component, and of catalog entities only those are stitched
    `:x` has an empty kind, expected `[kind:][namespace/]name`
    "#);
}
