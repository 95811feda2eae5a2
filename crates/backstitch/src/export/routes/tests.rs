//! Companies, and the YAML that they make.

use api::{Contact, ContactKind, OwnerContact, OwnerKind};

use super::*;
use crate::export::{OwnedService, yaml};

fn owner(name: &str, team: &str, slack: Option<&str>) -> OwnerContact {
    OwnerContact {
        reference: format!("group:default/{name}"),
        kind: OwnerKind::Group,
        display_name: team.to_owned(),
        email: None,
        contacts: slack
            .map(|channel| Contact {
                kind: ContactKind::Slack,
                value: channel.to_owned(),
                title: None,
            })
            .into_iter()
            .collect(),
        contacts_of: None,
    }
}

/// Services, each `cluster/namespace/name=owner`.
fn company(owners: Vec<OwnerContact>, services: &[&str]) -> Company {
    let services = services.iter().map(|text| {
        let (place, owner) = text.split_once('=').expect("an owner");
        let parts: Vec<&str> = place.split('/').collect();
        OwnedService {
            cluster: parts[0].to_owned(),
            namespace: parts[1].to_owned(),
            name: parts[2].to_owned(),
            owner: (!owner.is_empty()).then(|| format!("group:default/{owner}")),
        }
    });
    Company {
        services: services.collect(),
        owners: owners
            .into_iter()
            .map(|owner| (owner.reference.clone(), owner))
            .collect(),
    }
}

fn wishes() -> Wishes {
    Wishes {
        receivers: Vec::new(),
        secrets_dir: Some("secrets".to_owned()),
        smtp: None,
        default_receiver: "default".to_owned(),
        matching: Matching::Reference,
        label: "owner_ref".to_owned(),
        by_namespace: None,
    }
}

fn written(company: &Company, wishes: &Wishes) -> String {
    let made = routes(company, wishes);
    let mut text = Vec::new();
    yaml::write(&made, &mut text).expect("a text takes everything");
    for note in &made.notes {
        text.extend_from_slice(format!("note: {note}\n").as_bytes());
    }
    String::from_utf8(text).expect("text")
}

#[test]
fn every_owner_gets_a_route_and_a_receiver() {
    let mut inherits = owner("cards", "Cards", Some("payments"));
    inherits.contacts_of = Some("group:default/payments".to_owned());
    let company = company(
        vec![
            owner("web", "Web", None),
            owner("payments", "Payments", Some("payments")),
            inherits,
            owner("ghosts", "Ghosts", None),
        ],
        &[],
    );
    let wishes = Wishes {
        receivers: [("Web", "chat"), ("paymets", "x")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec(),
        ..wishes()
    };
    insta::assert_snapshot!(written(&company, &wishes), @r##"
    # Made by `backstitch export alertmanager-routes`; made anew, it is the same for the same owners.
    # `group:default/ghosts` (Ghosts) goes to the default receiver: neither it nor a Group above has a contact that receives alerts; annotate its entity, such as with `slack.com/bot-notify` or `pagerduty.com/service-id`, or name a receiver for `group:default/ghosts` in the file of `--receivers`
    route:
      receiver: "default"
      group_by: ["alertname", "owner_ref"]
      routes:
        # Cards
        - receiver: "backstitch/group:default/payments"
          matchers:
            - "owner_ref=\"group:default/cards\""
        # Payments
        - receiver: "backstitch/group:default/payments"
          matchers:
            - "owner_ref=\"group:default/payments\""
        # Web
        - receiver: "chat"
          matchers:
            - "owner_ref=\"group:default/web\""
    receivers:
      - name: "backstitch/group:default/payments"
        slack_configs:
          - channel: "#payments"
            api_url_file: "secrets/slack_api_url"
            send_resolved: true
      - name: "chat"
      - name: "default"
    note: the file of receivers names `paymets`, and no Service has an owner of that reference or name; did you mean `Payments`?
    "##);
}

#[test]
fn names_that_mean_harm_stay_names() {
    let hostile = "a\"b\\c\n  - receiver: evil # {x} =~ \u{85}\u{2028}\u{7f}é";
    let company = company(vec![owner("web", hostile, Some("x: #y\""))], &[]);
    let wishes = Wishes {
        matching: Matching::Team,
        label: "team".to_owned(),
        ..wishes()
    };
    insta::assert_snapshot!(written(&company, &wishes), @r##"
    # Made by `backstitch export alertmanager-routes`; made anew, it is the same for the same owners.
    route:
      receiver: "default"
      group_by: ["alertname", "team"]
      routes:
        # a"b\c   - receiver: evil # {x} =~    é
        - receiver: "backstitch/group:default/web"
          matchers:
            - "team=\"a\\\"b\\\\c\\n  - receiver: evil # {x} =~ \U00000085\U00002028\U0000007Fé\""
    receivers:
      - name: "backstitch/group:default/web"
        slack_configs:
          - channel: "#x: #y\""
            api_url_file: "secrets/slack_api_url"
            send_resolved: true
      - name: "default"
    "##);
}

#[test]
fn a_name_of_two_owners_routes_only_where_both_have_one_receiver() {
    let two = |slack: &str| {
        let owners = vec![
            owner("a", "Web", Some("web")),
            owner("b", "Web", Some(slack)),
        ];
        let wishes = Wishes {
            matching: Matching::Team,
            receivers: vec![("group:default/b".to_owned(), slack.to_owned())],
            ..wishes()
        };
        let made = routes(&company(owners, &[]), &wishes);
        let left_out: Vec<String> = made.left_out.into_iter().map(|it| it.owner).collect();
        (made.routes.len(), left_out.join(" "), made.receivers.len())
    };
    let both = "group:default/a group:default/b".to_owned();
    assert_eq!(two("other"), (0, both, 1));
    assert_eq!(two("backstitch/group:default/a"), (1, String::new(), 2));
}

#[test]
fn a_namespace_of_one_owner_and_the_services_of_others() {
    let owners = || {
        vec![
            owner("web", "Web", Some("web")),
            owner("pay", "Pay", Some("pay")),
        ]
    };
    let wishes = |most| Wishes {
        by_namespace: Some(most),
        ..wishes()
    };
    let company = company(
        owners(),
        &[
            // Of one owner in both clusters.
            "eu/cart.v2/a=web",
            "us/cart.v2/b=web",
            "eu/shop/a=web",
            // Of one owner in each.
            "eu/bank/a=pay",
            "us/bank/a=web",
            // Of several, or partly of nobody.
            "eu/mixed/a=web",
            "eu/mixed/b=pay",
            "eu/mixed/c=web",
            "eu/mixed/d=",
            "us/mixed/a=pay",
            "us/mixed/c=web",
            // Of several in one cluster, and of one in the other.
            "eu/half/a=web",
            "eu/half/b=",
            "us/half/a=pay",
        ],
    );
    let shown = |most| {
        let text = written(&company, &wishes(most));
        let lines: Vec<String> = text
            .lines()
            .skip_while(|line| !line.contains("cluster") && !line.contains("namespace"))
            .filter(|line| {
                ["cluster=", "namespace=", "service=", "receiver:", "note"]
                    .iter()
                    .any(|word| line.contains(word))
            })
            .map(|line| line.trim().replace("backstitch/group:default/", ""))
            .collect();
        lines.join("\n")
    };
    insta::assert_snapshot!(shown(1000), @r#"
    - "namespace=\"mixed\""
    - "service=\"b\""
    - receiver: "pay"
    - "cluster=\"us\""
    - "namespace=\"mixed\""
    - "service=\"a\""
    - receiver: "web"
    - "namespace=\"mixed\""
    - "service=\"c\""
    - receiver: "web"
    - "cluster=\"eu\""
    - "namespace=\"half\""
    - "service=\"a\""
    - receiver: "web"
    - "cluster=\"eu\""
    - "namespace=\"mixed\""
    - "service=\"a\""
    - receiver: "pay"
    - "cluster=\"eu\""
    - "namespace=\"bank\""
    - receiver: "pay"
    - "cluster=\"us\""
    - "namespace=\"half\""
    - receiver: "web"
    - "cluster=\"us\""
    - "namespace=\"bank\""
    - receiver: "web"
    - "namespace=~\"cart\\\\.v2|shop\""
    "#);
    let bounded = shown(2);
    assert!(
        bounded.contains("note: 3 Services have no route"),
        "{bounded}"
    );
}

#[test]
fn the_same_owners_make_the_same_text() {
    let names = ["c", "a", "b"];
    let make = |order: &[usize]| {
        let owners = order
            .iter()
            .map(|at| owner(names[*at], "T", Some(names[*at])));
        written(&company(owners.collect(), &[]), &wishes())
    };
    assert_eq!(make(&[0, 1, 2]), make(&[2, 0, 1]));
}
