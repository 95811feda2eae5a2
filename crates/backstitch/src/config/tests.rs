//! Configurations that are faulty, and what a person reads of them.

use std::fmt::Write as _;
use std::path::Path;

use topology::settings::{Coverage, MatchRule};

use super::*;

mod documented;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("etc/backstitch.yaml"), text)
}

/// What is wrong with it.
fn faults(text: &str) -> String {
    parse(text).expect_err("it is faulty").to_string()
}

fn of_instance(lines: &str) -> String {
    let lines: Vec<String> = lines
        .trim()
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect();
    format!(
        "scrapers:\n  backstage:\n    instances:\n    -\n{}",
        lines.concat()
    )
}

#[test]
fn s28_the_values_of_the_seed_page_work_unchanged() {
    let config = parse(
        r#"
scrapers:
  backstage:
    enabled: true
    instances:
      - secretName: 'backstage-credentials'
        namespace: 'causely'
        # Override which Backstage component fields are used to resolve the K8s service (name + namespace)
        label_map:
          component_kubernetes_id:
            - "annotations.backstage.io/kubernetes-id"
          component_kubernetes_namespace:
            - "annotations.backstage.io/kubernetes-namespace"
          component_owner:
            - "spec.owner"
            - "annotations.backstage.io/owner"
"#,
    )
    .expect("the seed page");
    let [instance] = config.instances.as_slice() else {
        panic!("one instance, found {:?}", config.instances);
    };
    assert_eq!(instance.name(), "backstage-credentials");
    assert_eq!(
        instance.options.settings.label_map,
        topology::label_map::LabelMap::default()
    );
    assert!(matches!(&instance.source, InstanceSource::Secret(secret)
        if secret.namespace == "causely" && secret.name == "backstage-credentials"));
}

#[test]
fn s28_everything_that_can_be_said() {
    let config = parse(
        r"
label_prefix: example.org
listen: 0.0.0.0:8080
store: data/state.db
api_token_file: token.txt
allowed_hosts: [backstitch.example.org]
metrics: {owners: [services, pods], most_series: 5000, unowned: true}
max_removal_ratio: 0.25
removal_confirmations: 5
history: {retention: 30d, most_bytes: 2GiB}
scrapers:
  backstage:
    instances:
      - name: live
        endpoint: https://backstage.example.org/prefix/
        type: backstage
        oauth2:
          token_url: https://login.example.org/token
          client_id: backstitch
          client_secret_file: client-secret
          client_authentication: body
          scopes: [catalog.read, openid]
          audience: backstage
        insecure_skip_verify: 'true'
        ca_file: ca.pem
        client_cert_file: tls/client.crt
        client_key_file: tls/client.key
        headers:
          X-Api-Key: {file: secrets/api-key}
          Proxy-Id: {env: PROXY_ID}
        proxy: http://proxy.example.org:3128
        connect_timeout: 5s
        idle_timeout: 2m30s
        request_timeout: 1h
        page_size: 5000
        gzip: true
        fields: metadata.labels
        sync_interval: 1m30s
        clusters: [eu, us]
        match_rules: [label-selector, service-name]
        honor_cluster_annotation: true
        filter: metadata.namespace=default
      - path: [catalog, /abs/more.yaml]
        type: file
        clusters: all
      - name: by-token
        endpoint: http://localhost:7007
        token_env: BACKSTAGE_TOKEN
        proxy: none
      - name: only-settings
clusters:
  - name: eu
    path: k8s
  - name: us
    context: prod-us
    kubeconfig: kube.yaml
  - context: arn:aws:eks:eu-west-1:123:cluster/prod
  - name: here
    in_cluster: true
    namespaces: [shop, bank, shop]
",
    )
    .expect("a configuration");
    insta::assert_debug_snapshot!(config);
    assert_eq!(
        config.instances[0].options.settings.match_rules,
        [MatchRule::LabelSelector, MatchRule::ServiceName]
    );
    assert_eq!(config.instances[1].options.settings.clusters, Coverage::All);
}

#[test]
fn an_empty_configuration_is_the_default() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "scrapers:\n",
        "scrapers: {backstage: {instances: }}",
    ] {
        let config = parse(text).expect(text);
        assert_eq!(
            (config.instances.len(), config.listen),
            (0, DEFAULT_LISTEN),
            "{text}"
        );
    }
}

#[test]
fn a_disabled_scraper_has_no_instances_and_is_checked() {
    let text = "scrapers: {backstage: {enabled: false, instances: [{path: x}]}}";
    assert_eq!(parse(text).expect("valid").instances.len(), 0);
    assert!(parse(&text.replace("path", "paht")).is_err());
}

#[test]
fn s4_a_faulty_label_map_costs_its_instance_alone() {
    let config = parse(
        r"
scrapers:
  backstage:
    instances:
      - name: broken
        path: a
        label_map:
          component_kubernets_id: [annotations.backstage.io/kubernetes-id]
          component_owner: []
          component_kubernetes_namespace: [annotation.backstage.io/kubernetes-namespace]
      - name: good
        path: b
",
    )
    .expect("the rest is good");
    assert_eq!(config.instances.len(), 1);
    let [refused] = config.refused.as_slice() else {
        panic!("one refused, found {:?}", config.refused);
    };
    let faults: Vec<String> = refused.faults.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(faults.join("\n\n"));
}

#[test]
fn all_faults_at_once_in_the_order_of_the_file() {
    insta::assert_snapshot!(faults(
        r"
label_prefx: causely.ai
listen: 7465
max_removal_ratio: 1.5
history: {retention: 10m, most_bytes: 1kB, retain: 90d}
scrapers:
  backstage:
    enabled: yes
    instances:
      - name: a
        endpont: https://backstage.example.org
        sync_intervall: 5m
        label_map:
          component_owner: [spec.]
      - name: a
        path: b
        match_rules: [service-nam]
clusters:
  - path: k8s
    contxt: prod
  - name: two words
    path: x
"
    ));
}

#[test]
fn not_yaml() {
    insta::assert_snapshot!(faults("label_prefix: [a\nlisten: }\n"));
}

#[test]
fn a_tab_for_indentation() {
    insta::assert_snapshot!(faults("scrapers:\n\tbackstage: {}\n"));
}

#[test]
fn a_second_document() {
    insta::assert_snapshot!(faults("listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2\n"));
}

#[test]
fn not_a_map() {
    insta::assert_snapshot!(faults("- a\n- b\n"));
}

#[test]
fn a_key_given_twice() {
    insta::assert_snapshot!(faults("store: a\nlisten: 127.0.0.1:1\nstore: b\n"));
}

#[test]
fn two_sources_of_one_instance() {
    insta::assert_snapshot!(faults(&of_instance(
        "path: x\nendpoint: https://backstage.example.org"
    )));
}

#[test]
fn a_secret_without_its_namespace() {
    insta::assert_snapshot!(faults(&of_instance("secretName: backstage-credentials")));
}

#[test]
fn keys_of_a_live_backstage_without_one() {
    insta::assert_snapshot!(faults(&of_instance("path: x\ntoken: s3cr3t\nca_file: y")));
}

#[test]
fn two_tokens() {
    insta::assert_snapshot!(faults(&of_instance(
        "endpoint: https://backstage.example.org\ntoken_file: a\ntoken: s3cr3t"
    )));
}

#[test]
fn s31_a_password_in_a_url_is_not_shown() {
    let text = faults(&of_instance(
        "endpoint: https://joe:s3cr3t@backstage.example.org",
    ));
    assert!(!text.contains("s3cr3t"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn s31_no_fault_shows_a_secret() {
    let faulty = [
        of_instance("endpoint: ftp://joe:s3cr3t@backstage.example.org"),
        of_instance("endpoint: joe:s3cr3t@backstage.example.org"),
        of_instance("endpoint: https://b.example\ntoken: \"s3cr3t"),
        of_instance("endpoint: https://b.example\ntoken: [s3cr3t]"),
        of_instance("endpoint: https://b.example\ntoken: s3cr3t\ntoken: s3cr3t"),
        of_instance("{endpoint: x, token: s3cr3t}"),
        of_instance("path: x\ntoken: {a: s3cr3t}"),
        of_instance("endpoint: https://b.example\nheaders: {X-A: s3cr3t, X-A: s3cr3t}"),
        of_instance("endpoint: https://b.example\nheaders:\n  X-A: s3cr3t\n  x-a: s3cr3t"),
        of_instance("endpoint: https://b.example\nheaders:\n  X-A: {s3cr3t}"),
        of_instance("endpoint: https://b.example\nheaders:\n  X-A: \"s3cr3t"),
        of_instance("path: x\nheaders:\n  X-A: s3cr3t"),
        of_instance("endpoint: https://b.example\nproxy: http://joe:s3cr3t@b.example"),
        of_instance(
            "endpoint: https://b.example\noauth2:\n  client_secret: s3cr3t\n  client_secret_env: A",
        ),
        of_instance("endpoint: https://b.example\noauth2:\n  client_secret: [s3cr3t]"),
        of_instance("endpoint: https://b.example\noauth2: {client_secret: s3cr3t}"),
    ];
    for text in faulty {
        let shown = faults(&text);
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
}

#[test]
fn a_type_that_contradicts_the_other_keys() {
    let live = "endpoint: https://backstage.example.org";
    insta::assert_snapshot!(faults(&of_instance(&format!("type: file\n{live}"))));
    insta::assert_snapshot!(faults(&of_instance(
        "type: file\nsecretName: a\nnamespace: b"
    )));
    insta::assert_snapshot!(faults(&of_instance("type: file")));
    insta::assert_snapshot!(faults(&of_instance("path: x\ntype: backstage")));
    insta::assert_snapshot!(faults(&of_instance("path: x\ntype: git")));
    for lines in [
        "type: file\npath: x",
        &format!("type: backstage\n{live}"),
        "type: backstage",
    ] {
        assert!(parse(&of_instance(lines)).is_ok(), "{lines}");
    }
}

#[test]
fn further_keys_of_a_live_backstage_without_one() {
    insta::assert_snapshot!(faults(&of_instance(
        "path: x\noauth2: {}\nclient_cert_file: a\nclient_key_file: b\nheaders: {}\nproxy: none\npage_size: 1\ngzip: \
         true\nfields: kind\nconnect_timeout: 1s\nidle_timeout: 1s\nrequest_timeout: 1s"
    )));
}

/// What is wrong with a live Backstage of which this is said.
fn of_live(lines: &str) -> String {
    faults(&of_instance(&format!(
        "endpoint: https://b.example\n{lines}"
    )))
}

#[test]
fn half_of_a_client_certificate() {
    insta::assert_snapshot!(of_live("client_cert_file: client.crt"));
    insta::assert_snapshot!(of_live("client_key_file: client.key"));
}

#[test]
fn tokens_by_oauth2() {
    insta::assert_snapshot!(of_live(
        "token_file: a\noauth2: {token_url: https://l.example, client_id: a, client_secret_env: B}"
    ));
    insta::assert_snapshot!(of_live("oauth2: {scope: openid}"));
    insta::assert_snapshot!(of_live(
        "oauth2:\n  token_url: login.example.org\n  client_id: ''\n  client_secret_file: a\n  client_secret_env: B\n  \
         client_authentication: query\n  scopes: openid catalog"
    ));
}

#[test]
fn headers_that_cannot_be_sent() {
    insta::assert_snapshot!(of_live(
        "token_env: T\nheaders:\n  X-A: {env: A}\n  x-a: {env: B}\n  Not a name: {env: C}\n  Authorization: {env: D}\n  \
         X-E: {file: e, env: E}\n  X-F: {}\n  X-G: [a]\n  X-H:\n  X-I: {flie: a}\n  Host: {env: J}"
    ));
    let alone = of_instance("endpoint: https://b.example\nheaders: {Authorization: {env: D}}");
    assert!(parse(&alone).is_ok());
}

#[test]
fn a_proxy_a_page_size_and_fields_that_cannot_be_used() {
    insta::assert_snapshot!(of_live("proxy: proxy.example.org"));
    insta::assert_snapshot!(of_live("proxy: http://joe:s3cr3t@proxy.example.org"));
    insta::assert_snapshot!(of_live(
        "page_size: 0\ngzip: maybe\nfields: [spec.owner, 'a,b', spec.]"
    ));
    insta::assert_snapshot!(of_live("page_size: 10001"));
}

#[test]
fn no_url() {
    insta::assert_snapshot!(faults(&of_instance("endpoint: backstage.example.org")));
}

#[test]
fn durations_that_are_none_or_too_short() {
    insta::assert_snapshot!(faults(&of_instance("path: x\nsync_interval: 5")));
    insta::assert_snapshot!(faults(&of_instance("path: x\nsync_interval: 10ms")));
    insta::assert_snapshot!(of_live(
        "connect_timeout: 10\nidle_timeout: 1ms\nrequest_timeout: 2h"
    ));
}

#[test]
fn rules_that_are_none() {
    insta::assert_snapshot!(faults(&of_instance(
        "path: x\nmatch_rules: [service-name, magic, service-name]"
    )));
    insta::assert_snapshot!(faults(&of_instance("path: x\nmatch_rules: []")));
}

#[test]
fn clusters_of_an_instance_that_are_no_list() {
    insta::assert_snapshot!(faults(&of_instance("path: x\nclusters: eu")));
}

#[test]
fn a_filter_that_widens() {
    insta::assert_snapshot!(faults(&of_instance(
        "endpoint: https://backstage.example.org\nfilter: ['kind=api', '=x']"
    )));
}

#[test]
fn clusters_without_a_source_or_with_two() {
    insta::assert_snapshot!(faults(
        "clusters:\n- name: a\n- name: b\n  path: x\n  in_cluster: true\n- in_cluster: true\n"
    ));
}

#[test]
fn namespaces_that_cannot_be_read() {
    for (namespaces, expected) in [
        ("in_cluster: true, namespaces: []", "names none"),
        (
            "in_cluster: true, namespaces: [../secrets]",
            "is no name of a namespace",
        ),
        (
            "in_cluster: true, namespaces: [Shop]",
            "is no name of a namespace",
        ),
        ("path: x, namespaces: [shop]", "given for manifest files"),
    ] {
        let shown = faults(&format!("clusters: [{{name: a, {namespaces}}}]\n"));
        assert!(shown.contains(expected), "{namespaces}: {shown}");
    }
}

#[test]
fn a_long_line_is_shown_in_part() {
    let long = "a".repeat(300);
    let text = format!("{{allowed_hosts: [{long}], listen: x, label_prefix: y}}");
    insta::assert_snapshot!(faults(&text));
}

#[test]
fn warnings_do_not_stop_anything_and_show_no_secret() {
    let text = format!(
        "{}clusters: [{{name: us-east, path: x}}]\n",
        of_instance(
            "endpoint: http://b.example\ntoken: s3cr3t\nclusters: [us-eats]\nfilter: spec.lifecycle=production\nheaders:\n  X-A: \
             s3cr3t\nfields: spec.owner"
        )
    );
    let config = parse(&text).expect("only warnings");
    let warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
    let warnings = warnings.join("\n\n");
    assert!(!warnings.contains("s3cr3t") && !format!("{config:?}").contains("s3cr3t"));
    insta::assert_snapshot!(warnings);
}

#[test]
fn an_inline_client_secret_is_warned_of_and_not_shown() {
    let config = parse(&of_instance(
        "endpoint: http://b.example\noauth2: {token_url: https://l.example, client_id: a, client_secret: s3cr3t}",
    ))
    .expect("only a warning");
    let [warning] = config.warnings.as_slice() else {
        panic!("one warning, found {:?}", config.warnings);
    };
    let warning = warning.to_string();
    assert!(!warning.contains("s3cr3t") && !format!("{config:?}").contains("s3cr3t"));
    insta::assert_snapshot!(warning);
}

#[test]
fn aliases_are_bounded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..6 {
        let before = format!("*a{}", level - 1);
        let items = [before.as_str(); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{items}]").expect("a text takes everything");
    }
    assert!(faults(&text).contains("the aliases stand for more than"));
}

#[test]
fn the_demo_configuration_is_valid() {
    let path = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/demo/backstitch.yaml"
    ));
    let config = Config::load(path).expect("the demo");
    assert_eq!((config.instances.len(), config.clusters.len()), (1, 2));
    assert!(config.warnings.is_empty() && config.refused.is_empty());
}

/// S28: the configuration in each render of the chart, as `cargo xtask test chart` holds them against the chart.
#[test]
fn s28_the_chart_writes_configurations_that_are_taken() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut read = 0;
    for folder in ["tests/chart/golden", "deploy"] {
        for entry in std::fs::read_dir(project.join(folder)).expect("renders") {
            let path = entry.expect("a render").path();
            // Rules and a dashboard are no configuration.
            if path.is_dir() {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a render");
            let Some((_, rest)) = text.split_once("  backstitch.yaml: |\n") else {
                assert!(path.extension().is_none_or(|extension| extension != "yaml"));
                continue;
            };
            let lines = rest.lines().map_while(|line| line.strip_prefix("    "));
            let lines: Vec<&str> = lines.collect();
            let config = parse(&lines.join("\n"))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(config.warnings, [], "{}", path.display());
            assert!(config.refused.is_empty(), "{}", path.display());
            assert_eq!(config.listen.port(), DEFAULT_LISTEN.port());
            assert!(!config.clusters.is_empty(), "{}", path.display());
            read += 1;
        }
    }
    assert_eq!(read, 8);
}
