//! Manifest files as people and kubectl write them, good and bad.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use cluster::manifests::{Progress, ReadError, read};
use tempfile::TempDir;
use topology::fact::{ClusterGeneration, LabelPairs, ObjectFact, Referred};

/// A folder of files, read as one cluster and shown line by line; the folder itself is left out of places.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().expect("a temporary folder"));
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self) -> ClusterGeneration {
        read(&[self.0.path().to_owned()], &mut |_| {}).expect("a readable folder")
    }

    fn show(&self) -> String {
        self.shown(&self.read())
    }

    fn shown(&self, generation: &ClusterGeneration) -> String {
        let mut text = String::new();
        for object in &generation.objects {
            writeln!(text, "{}", line(object)).expect("a string takes all");
        }
        for fault in &generation.faults {
            writeln!(text, "! {}: {}", fault.place, fault.message).expect("a string takes all");
        }
        let folder = format!("{}/", self.0.path().display());
        text.replace(&folder, "")
    }
}

fn line(object: &ObjectFact) -> String {
    let pairs = |pairs: &LabelPairs| {
        pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    match object {
        ObjectFact::Namespace(name) => format!("Namespace {name}"),
        ObjectFact::Service(service) => format!(
            "Service {}/{} labels[{}] selector[{}]{}",
            service.namespace,
            service.name,
            pairs(&service.labels),
            pairs(&service.selector),
            if service.external_name {
                " ExternalName"
            } else {
                ""
            }
        ),
        ObjectFact::Workload(workload) => {
            let mut shown = format!(
                "{} {}/{} pods[{}]",
                workload.kind.as_str(),
                workload.namespace,
                workload.name,
                pairs(&workload.pod_labels)
            );
            let mut add = |name: &str, value: Option<String>| {
                if let Some(value) = value {
                    write!(shown, " {name}={value}").expect("a string takes all");
                }
            };
            add("uid", workload.uid.as_deref().map(str::to_owned));
            add("service", workload.service.as_deref().map(str::to_owned));
            add("node", workload.node.as_deref().map(str::to_owned));
            let refers: Vec<String> = workload
                .refers
                .iter()
                .map(|it| {
                    let to = match it.to {
                        Referred::Service => "Service",
                        Referred::Workload(kind) => kind.as_str(),
                        Referred::ClaimTemplate => "ClaimTemplate",
                    };
                    format!("{to}/{}/{}", it.namespace, it.name)
                })
                .collect();
            add("refers", (!refers.is_empty()).then(|| refers.join(",")));
            let controller = workload.controller.as_ref();
            add(
                "controller",
                controller.map(|c| format!("{}/{}/{}", c.kind, c.name, c.uid)),
            );
            shown
        }
    }
}

fn yaml(text: &str) -> String {
    Folder::new(&[("a.yaml", text)]).show()
}

#[test]
fn every_kind_gives_what_stitching_needs() {
    insta::assert_snapshot!(yaml(EVERY_KIND), @r"
    Namespace shop
    Service shop/checkout labels[app=checkout,team=pay] selector[app=checkout]
    Service shop/mail labels[] selector[] ExternalName
    Deployment shop/checkout pods[app=checkout] uid=d-1
    StatefulSet shop/db pods[app=db]
    DaemonSet shop/logs pods[app=logs]
    ReplicaSet shop/checkout-7d pods[app=checkout] uid=r-1 controller=Deployment/checkout/d-1
    Job shop/report-1 pods[job=report]
    CronJob shop/report pods[job=report]
    Pod shop/checkout-7d-x pods[app=checkout] node=node-1
    EndpointSlice shop/checkout-abc pods[] service=checkout
    Endpoints shop/checkout pods[] service=checkout
    ");
}

const EVERY_KIND: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: shop, labels: {team: pay, app: checkout}}
spec:
  type: ClusterIP
  ports: [{port: 80}]
  selector: {app: checkout}
---
apiVersion: v1
kind: Service
metadata: {name: mail, namespace: shop}
spec: {type: ExternalName, externalName: mail.example.com}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop, uid: d-1, labels: {not: kept}}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec: {containers: [{name: a, env: [{name: SECRET, value: hidden}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app: db}}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: logs, namespace: shop}
spec: {template: {metadata: {labels: {app: logs}}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: checkout-7d
  namespace: shop
  uid: r-1
  ownerReferences:
  - {kind: Other, name: other, uid: o-1}
  - {kind: Deployment, name: checkout, uid: d-1, controller: true}
spec: {template: {metadata: {labels: {app: checkout}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: report-1, namespace: shop}
spec: {template: {metadata: {labels: {job: report}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec: {jobTemplate: {spec: {template: {metadata: {labels: {job: report}}}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: checkout-7d-x, namespace: shop, labels: {app: checkout}}
spec: {nodeName: node-1}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: checkout-abc, namespace: shop, labels: {kubernetes.io/service-name: checkout}}
---
apiVersion: v1
kind: Endpoints
metadata: {name: checkout, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: not-used}
data: {a.yaml: 'kind: Service'}
";

#[test]
fn a_namespaced_object_without_namespace_is_in_default() {
    insta::assert_snapshot!(yaml("{apiVersion: v1, kind: Service, metadata: {name: a}}"), @"Service default/a labels[] selector[]");
}

#[test]
fn what_kubectl_prints_is_read() {
    let list = r#"{"apiVersion":"v1","items":[
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"x"}},
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"b","namespace":"x"}}
    ],"kind":"List","metadata":{"resourceVersion":""}}"#;
    // `kubectl get --raw`, or curl: the items say nothing of their kind, and the list may say it after them.
    let raw = r#"{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"c","namespace":"x"}}]}"#;
    let late = r#"{"items":[{"metadata":{"name":"d","namespace":"x"}}],"apiVersion":"v1","kind":"PodList"}"#;
    let empty = r#"{"apiVersion":"v1","items":null,"kind":"List"}"#;
    let array = r#"[{"apiVersion":"v1","kind":"Service","metadata":{"name":"e","namespace":"x"}}]"#;
    let lines = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"f\"}}\n{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"g\"}}\n";
    let in_yaml = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: h}\n- kind: List\n  items:\n  - {apiVersion: v1, kind: Service, metadata: {name: i}}\n";
    let folder = Folder::new(&[
        ("list.json", list),
        ("raw.json", raw),
        ("late.json", late),
        ("empty.json", empty),
        ("array.json", array),
        ("lines.json", lines),
        ("list.yaml", in_yaml),
        ("json-by-another-name.yml", &list.replace("\"x\"", "\"y\"")),
    ]);
    insta::assert_snapshot!(folder.show(), @r"
    Service default/f labels[] selector[]
    Service default/g labels[] selector[]
    Service default/h labels[] selector[]
    Service default/i labels[] selector[]
    Service x/a labels[] selector[]
    Service x/c labels[] selector[]
    Service x/e labels[] selector[]
    Service y/a labels[] selector[]
    Deployment x/b pods[]
    Deployment y/b pods[]
    Pod x/d pods[]
    ");
}

#[test]
fn one_broken_document_among_many_loses_itself_only() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nkind: Service\nmetadata:\n  name: [unclosed\n--- # the next\napiVersion: v1\nkind: Service\nmetadata: {name: c}\n";
    insta::assert_snapshot!(yaml(text), @r"
    Service default/a labels[] selector[]
    Service default/c labels[] selector[]
    ! a.yaml:7:9, document 2: broken YAML: unclosed bracket '['; the document is not used
    ");
    let json = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"a\"}}\n{\"kind\": \"Service\", oops}\n{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"c\"}}\n";
    insta::assert_snapshot!(Folder::new(&[("a.json", json)]).show(), @r"
    Service default/a labels[] selector[]
    Service default/c labels[] selector[]
    ! a.json:2:21, document 2: broken JSON: key must be a string; the document is not used
    ");
}

#[test]
fn a_list_that_is_cut_off_keeps_its_beginning() {
    let json = r#"{"kind":"List","items":[
{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"}},
{"apiVersion":"v1","kind":"Service","metadata":{"na"#;
    insta::assert_snapshot!(Folder::new(&[("cut.json", json)]).show(), @r"
    Service default/a labels[] selector[]
    ! cut.json:3:51, document 1: broken JSON: EOF while parsing a string; the entries before that count
    ");
}

#[test]
fn wrong_types_cost_their_field_and_no_more() {
    let text = r#"
apiVersion: v1
kind: Service
metadata:
  name: a
  labels: {good: "yes", number: 1, boolean: true, list: [x], empty: , word: yes}
  annotations: {whatever: {nested: [1, 2]}}
spec:
  selector: {app: a, version: 2}
  type: [LoadBalancer]
---
apiVersion: v1
kind: Service
metadata: {name: b, labels: [a, b], ownerReferences: none}
spec: text
---
apiVersion: v1
kind: Pod
metadata:
  name: c
  uid: 7
  labels: {app: a}
  ownerReferences: [nonsense, {kind: ReplicaSet, name: r, controller: true}]
spec: {nodeName: {a: b}}
"#;
    insta::assert_snapshot!(yaml(text), @r"
    Service default/a labels[good=yes] selector[]
    Service default/b labels[] selector[]
    Pod default/c pods[app=a]
    ! a.yaml:2, document 1, Service default/a, spec.type: found a list, expected a string; it counts as absent
    ! a.yaml:2, document 1, Service default/a, metadata.labels.number: found a number, expected a string: put it in quotes; the label is left out
    ! a.yaml:2, document 1, Service default/a, metadata.labels.boolean: found a boolean, expected a string: put it in quotes; the label is left out
    ! a.yaml:2, document 1, Service default/a, metadata.labels.list: found a list, expected a string; the label is left out
    ! a.yaml:2, document 1, Service default/a, metadata.labels.empty: found null, expected a string; the label is left out
    ! a.yaml:2, document 1, Service default/a, metadata.labels.word: found a boolean, expected a string: put it in quotes; the label is left out
    ! a.yaml:2, document 1, Service default/a, spec.selector.version: found a number, expected a string: put it in quotes; the Service selects nothing
    ! a.yaml:12, document 2, Service default/b, spec: found a string, expected a map; it counts as absent
    ! a.yaml:12, document 2, Service default/b, metadata.labels: found a list, expected a map; it counts as absent
    ! a.yaml:17, document 3, Pod default/c, metadata.uid: found a number, expected a string: put it in quotes; it counts as absent
    ! a.yaml:17, document 3, Pod default/c, metadata.ownerReferences.1.uid: it is missing; the controller is not known
    ! a.yaml:17, document 3, Pod default/c, spec.nodeName: found a map, expected a string; it counts as absent
    ");
}

#[test]
fn what_has_no_identity_is_named_and_left_out() {
    let text = r#"
apiVersion: v1
kind: Service
metadata: {namespace: shop, labels: {app: a}}
---
{apiVersion: v1, kind: Service, metadata: {name: 5}}
---
{apiVersion: v1, kind: Service, metadata: {name: ""}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: true}}
---
{apiVersion: v1, kind: Service, metadata: text}
---
{apiVersion: v1, metadata: {name: no-kind}}
---
{apiVersion: v1, kind: [Service], metadata: {name: a}}
---
just text
---
[1, null, {kind: Service, metadata: {name: no-version}}]
---
{replicaCount: 1, image: {tag: x}}
"#;
    insta::assert_snapshot!(yaml(text), @r"
    Service default/no-version labels[] selector[]
    ! a.yaml:2, document 1, Service, metadata.name: it is missing; an object without a name is not used
    ! a.yaml:6, document 2, Service, metadata.name: found a number, expected a string: put it in quotes; an object without a name is not used
    ! a.yaml:8, document 3, Service, metadata.name: it is empty; an object without a name is not used
    ! a.yaml:10, document 4, Service a, metadata.namespace: found a boolean, expected a string: put it in quotes; an object whose namespace is unknown is not used
    ! a.yaml:12, document 5, Service, metadata: found a string, expected a map; it counts as absent
    ! a.yaml:12, document 5, Service, metadata.name: it is missing; an object without a name is not used
    ! a.yaml:14, document 6: not a Kubernetes object: `kind` is missing
    ! a.yaml:16, document 7: not a Kubernetes object: `kind` is a list, expected a string
    ! a.yaml:18, document 8: not a Kubernetes object: found a string, expected a map
    ! a.yaml:20, document 9, item 1: not a Kubernetes object: found a number, expected a map
    ! a.yaml:20, document 9, item 2: not a Kubernetes object: found null, expected a map
    ! a.yaml:20, document 9, item 3, Service: `apiVersion` is missing; taken for `v1`
    ! a.yaml:22, document 10: not a Kubernetes object: `kind` is missing
    ");
}

#[test]
fn of_two_objects_of_one_name_the_first_in_place_order_counts() {
    let service = |app: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{selector: {{app: {app}}}}}\n"
        )
    };
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let first = format!(
        "{namespace}---\n{}---\n{}",
        service("first"),
        service("second")
    );
    let folder = Folder::new(&[
        ("b.yaml", &format!("{namespace}---\n{}", service("third"))),
        ("a.yaml", &first),
    ]);
    insta::assert_snapshot!(folder.show(), @r"
    Namespace shop
    Service default/a labels[] selector[app=first]
    ! a.yaml:10, document 3, Service default/a: the object is there twice; the one at a.yaml:5, document 2 counts
    ! b.yaml:5, document 2, Service default/a: the object is there twice; the one at a.yaml:5, document 2 counts
    ");
}

#[test]
fn the_order_of_paths_does_not_matter() {
    let folder = Folder::new(&[
        ("b.yaml", EVERY_KIND),
        ("a/a.yaml", EVERY_KIND),
        ("c.json", "{"),
    ]);
    let paths = ["a", "b.yaml", "c.json"].map(|name| folder.path(name));
    let forward = read(&paths, &mut |_| {}).expect("readable");
    let mut backward = paths.to_vec();
    backward.reverse();
    backward.push(folder.path("b.yaml"));
    assert_eq!(forward, read(&backward, &mut |_| {}).expect("readable"));
    assert_eq!(forward.objects.len(), 12);
}

#[test]
fn bombs_and_monsters_are_refused_or_cut() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").expect("a string takes all");
    }
    let deep = format!(
        "apiVersion: v1\nkind: Service\nspec: {}{}\n",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let long = "x".repeat(10 * 1024 * 1024);
    let annotated = format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: b\n  annotations: {{a: {long}}}\n  labels: {{a: {long}, {}: b, ok: ok, long: {}}}\n",
        "k".repeat(500),
        "v".repeat(64)
    );
    let mut many = String::from("apiVersion: v1\nkind: Service\nmetadata:\n  name: c\n  labels:\n");
    for label in 0..1500 {
        writeln!(many, "    l{label}: v").expect("a string takes all");
    }
    let folder = Folder::new(&[
        ("bomb.yaml", &bomb),
        ("deep.yaml", &deep),
        ("long.yaml", &annotated),
    ]);
    insta::assert_snapshot!(folder.show(), @r"
    Service default/b labels[ok=ok] selector[]
    ! bomb.yaml:6:10, document 1: broken YAML: alias replay limit exceeded: total_replayed_events=100001 > 100000; the document is not used
    ! deep.yaml:3:262, document 1: broken YAML: recursion limit exceeded; the document is not used
    ! long.yaml:1, document 1, Service default/b, metadata.labels.a: found a string of 10485760 bytes, Kubernetes allows 63; the label is left out
    ! long.yaml:1, document 1, Service default/b, metadata.labels.kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…: found a key of 500 bytes, Kubernetes allows 317; the label is left out
    ! long.yaml:1, document 1, Service default/b, metadata.labels.long: found a string of 64 bytes, Kubernetes allows 63; the label is left out
    ");
    let generation = Folder::new(&[("many.yaml", &many)]).read();
    let [ObjectFact::Service(service)] = &generation.objects[..] else {
        panic!("one service: {generation:?}")
    };
    assert_eq!(service.labels.len(), 1024);
    assert_eq!(generation.faults.len(), 1);
}

#[test]
fn a_large_honest_document_is_no_bomb() {
    let mut list = String::from("apiVersion: v1\nkind: List\nitems:\n");
    // More nodes than the parser allows a document by default.
    for service in 0..9_000 {
        writeln!(
            list,
            "- apiVersion: v1\n  kind: Service\n  metadata: {{name: s{service}, namespace: shop, labels: {{app: s{service}}}}}\n  spec: {{selector: {{app: s{service}}}, ports: [{{port: 80}}, {{port: 81}}]}}"
        )
        .expect("a string takes all");
    }
    let generation = Folder::new(&[("list.yaml", &list)]).read();
    assert_eq!(generation.faults.first(), None);
    assert_eq!(
        (generation.objects.len(), generation.faults.len()),
        (9_000, 0)
    );
}

#[test]
fn so_many_faults_are_listed_and_the_rest_is_counted() {
    let text = "{kind: Service, apiVersion: v1}\n---\n".repeat(1500);
    let generation = Folder::new(&[("a.yaml", &text)]).read();
    assert_eq!(generation.faults.len(), 1001);
    let last = generation
        .faults
        .iter()
        .find(|fault| fault.message.contains("not listed"));
    insta::assert_snapshot!(last.expect("a count").message, @"500 more faults of this file are not listed");
}

#[test]
fn templates_and_foreign_files_are_told_apart() {
    let folder = Folder::new(&[
        (
            "templates/service.yaml",
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include \"shop.name\" . }}\n  {{- toYaml .Values.labels | nindent 2 }}\n",
        ),
        (
            "knative.yaml",
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n",
        ),
        ("readme.md", "kind: Service\n"),
        (".git/config.yaml", "nonsense: [\n"),
        ("empty.yaml", "# nothing\n---\n"),
        ("blank.json", " \n"),
    ]);
    insta::assert_snapshot!(folder.show(), @r#"! templates/service.yaml:5:5, document 1: broken YAML: "-" is only valid inside a block; the document is not used: a Helm template has to be rendered first, with `helm template`"#);
}

#[test]
fn files_that_are_no_text_are_named() {
    let folder = Folder::new(&[(
        "good.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    )]);
    folder.write("latin1.yaml", b"kind: Service\nmetadata: {name: caf\xe9}\n");
    insta::assert_snapshot!(folder.show(), @r"
    Namespace a
    ! latin1.yaml: line 2 is not UTF-8 text; the file is not read: save it as UTF-8
    ");
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_or_nowhere_are_named() {
    let folder = Folder::new(&[(
        "a/good.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    )]);
    std::os::unix::fs::symlink(folder.path("a"), folder.path("a/round")).expect("a link");
    std::os::unix::fs::symlink(folder.path("gone"), folder.path("dangling.yaml")).expect("a link");
    std::os::unix::fs::symlink(folder.path("a/good.yaml"), folder.path("same.yaml"))
        .expect("a link");
    let shown = folder
        .show()
        .replace(&format!("{}", folder.0.path().display()), "<folder>");
    insta::assert_snapshot!(shown, @r"
    Namespace a
    ! a/round: the link leads back to `a`; it is not followed
    ! dangling.yaml: cannot be read: No such file or directory (os error 2)
    ");
}

#[test]
fn a_path_that_was_asked_for_has_to_be_there() {
    let folder = Folder::new(&[("empty/readme.md", "")]);
    let missing = read(&[folder.path("missing")], &mut |_| {});
    assert!(
        matches!(missing, Err(ReadError::Unreadable { .. })),
        "{missing:?}"
    );
    let empty = read(&[folder.path("empty")], &mut |_| {});
    assert!(matches!(empty, Err(ReadError::NoFiles { .. })), "{empty:?}");
}

#[test]
fn progress_ends_with_everything_done() {
    let folder = Folder::new(&[("a.yaml", EVERY_KIND), ("b.json", "{}")]);
    let mut seen = Vec::new();
    read(
        &[folder.path("a.yaml"), folder.path("b.json")],
        &mut |progress| seen.push(progress),
    )
    .expect("readable");
    let total = EVERY_KIND.len() as u64 + 2;
    let end = Progress {
        files_done: 2,
        files_total: 2,
        bytes_done: total,
        bytes_total: total,
    };
    assert_eq!(seen.last(), Some(&end));
    assert!(
        seen.is_sorted_by_key(|progress| (progress.bytes_done, progress.files_done)),
        "{seen:?}"
    );
}

#[test]
fn s19_what_objects_refer_to_in_every_version_of_them() {
    insta::assert_snapshot!(yaml(AROUND), @r"
    StatefulSet shop/db pods[] refers=PersistentVolumeClaim/shop/assets,ClaimTemplate/shop/data-db
    CronJob shop/report pods[] refers=PersistentVolumeClaim/shop/reports
    Pod shop/db-0 pods[] refers=PersistentVolumeClaim/shop/data-db-0,PersistentVolumeClaim/shop/db-0-scratch
    EndpointSlice shop/by-selector pods[] service=db
    EndpointSlice shop/mine pods[] service=db refers=Pod/shop/db-0
    Endpoints shop/db pods[] service=db refers=Pod/shop/db-0,Pod/shop/db-1
    Node /node-1 pods[]
    Ingress shop/broken pods[]
    Ingress shop/front pods[] refers=Service/shop/checkout,Service/shop/home
    Ingress shop/old pods[] refers=Service/shop/checkout,Service/shop/home
    HTTPRoute edge/web pods[] refers=Service/edge/home,Service/shop/checkout
    GRPCRoute edge/api pods[] refers=Service/edge/api
    PersistentVolumeClaim shop/assets pods[]
    PersistentVolumeClaim shop/data-db-0 pods[] refers=ClaimTemplate/shop/data-db
    HorizontalPodAutoscaler shop/rollout pods[]
    HorizontalPodAutoscaler shop/web pods[] refers=Deployment/shop/web
    ! a.yaml:101, document 17, Ingress shop/broken, spec.rules.0: found a number, expected a map; the entry is left out
    ! a.yaml:101, document 17, Ingress shop/broken, spec.rules.1.http.paths: found a map, expected a list; it counts as absent
    ! a.yaml:101, document 17, Ingress shop/broken, spec.rules.2.http.paths.0.backend.service.name: found a list, expected a string; it counts as absent
    ");
}

const AROUND: &str = r"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  defaultBackend: {service: {name: home, port: {number: 80}}}
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, backend: {service: {name: checkout}}}, {path: /a, backend: {resource: {kind: Bucket, name: a}}}]}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: old, namespace: shop}
spec:
  backend: {serviceName: home, servicePort: 80}
  rules: [{http: {paths: [{backend: {serviceName: checkout, servicePort: 80}}]}}]
---
apiVersion: networking.internal.knative.dev/v1alpha1
kind: Ingress
metadata: {name: foreign, namespace: shop}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: edge}
spec:
  parentRefs: [{name: gateway}]
  rules:
  - backendRefs: [{name: home}, {name: checkout, namespace: shop, port: 80}]
  - backendRefs: [{name: bucket, group: storage.example.com, kind: Bucket}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: GRPCRoute
metadata: {name: api, namespace: edge}
spec: {rules: [{backendRefs: [{group: '', kind: Service, name: api}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  template: {spec: {volumes: [{name: assets, persistentVolumeClaim: {claimName: assets}}, {name: tmp, emptyDir: {}}]}}
  volumeClaimTemplates: [{metadata: {name: data}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec: {jobTemplate: {spec: {template: {spec: {volumes: [{name: a, persistentVolumeClaim: {claimName: reports}}]}}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop}
spec:
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data-db-0}}
  - {name: scratch, ephemeral: {volumeClaimTemplate: {spec: {}}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data-db-0, namespace: shop}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: assets, namespace: shop}
---
apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: rollout, namespace: shop}
spec: {scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}}
---
apiVersion: v1
kind: Node
metadata: {name: node-1, namespace: not-one}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: mine, namespace: shop, labels: {kubernetes.io/service-name: db}}
endpoints:
- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: db-0, namespace: shop}}
- {addresses: [10.0.0.2]}
- {addresses: [10.0.0.3], targetRef: {kind: Node, name: node-1}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: by-selector
  namespace: shop
  labels: {kubernetes.io/service-name: db, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}
endpoints: [{targetRef: {kind: Pod, name: db-0}}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: db, namespace: shop}
subsets:
- addresses: [{ip: 10.0.0.1, targetRef: {kind: Pod, name: db-0}}]
  notReadyAddresses: [{ip: 10.0.0.2, targetRef: {kind: Pod, name: db-1}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: broken, namespace: shop}
spec: {rules: [7, {http: {paths: {}}}, {http: {paths: [{backend: {service: {name: [a]}}}]}}]}
";

#[test]
fn nothing_secret_of_any_kind_becomes_a_part_of_a_fact() {
    let secret = "correct-horse";
    let pod = format!(
        "containers: [{{name: a, image: i, command: [{secret}], args: [--token={secret}], env: [{{name: T, value: {secret}}}]}}], \
         volumes: [{{name: v, csi: {{volumeAttributes: {{password: {secret}}}}}, persistentVolumeClaim: {{claimName: c, x: {secret}}}}}]"
    );
    let metadata = |kind: &str| {
        format!(
            "kind: {kind}\nmetadata: {{name: a, namespace: shop, annotations: {{a: {secret}}}, \
             managedFields: [{{fieldsV1: {{f: {secret}}}}}]}}\nstatus: {{message: {secret}}}\n"
        )
    };
    let mut objects = 0;
    let mut text = String::new();
    let mut add = |kind: &str, spec: String| {
        for part in ["---\n", &metadata(kind), &spec, "\n"] {
            text.push_str(part);
        }
        objects += 1;
    };
    for kind in [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicaSet",
        "Job",
    ] {
        add(
            kind,
            format!(
                "spec: {{x: {secret}, template: {{metadata: {{annotations: {{a: {secret}}}}}, spec: {{{pod}}}}}}}"
            ),
        );
    }
    add(
        "CronJob",
        format!("spec: {{jobTemplate: {{spec: {{template: {{spec: {{{pod}}}}}}}}}}}"),
    );
    add("Pod", format!("spec: {{{pod}}}"));
    for kind in ["Namespace", "Node", "PersistentVolumeClaim"] {
        add(kind, format!("spec: {{x: {secret}}}"));
    }
    add(
        "Service",
        format!("spec: {{x: {secret}, selector: {{a: b}}}}"),
    );
    add(
        "Ingress",
        format!(
            "spec: {{tls: [{{secretName: {secret}}}], rules: [{{http: {{paths: [{{path: /{secret}, backend: {{service: {{name: s}}}}}}]}}}}]}}"
        ),
    );
    for kind in ["HTTPRoute", "GRPCRoute"] {
        add(
            kind,
            format!(
                "spec: {{rules: [{{filters: [{{requestHeaderModifier: {{set: [{{name: A, value: {secret}}}]}}}}], backendRefs: [{{name: s}}]}}]}}"
            ),
        );
    }
    add(
        "HorizontalPodAutoscaler",
        format!(
            "spec: {{metrics: [{{x: {secret}}}], scaleTargetRef: {{kind: Deployment, name: a}}}}"
        ),
    );
    add(
        "EndpointSlice",
        format!(
            "endpoints: [{{hostname: {secret}, targetRef: {{kind: Pod, name: a, resourceVersion: {secret}}}}}]"
        ),
    );
    add(
        "Endpoints",
        format!(
            "subsets: [{{addresses: [{{hostname: {secret}, targetRef: {{kind: Pod, name: a}}}}]}}]"
        ),
    );
    let folder = Folder::new(&[("a.yaml", &text)]);
    let read = read(&[folder.path("a.yaml")], &mut |_| {}).expect("readable");
    assert_eq!(read.objects.len(), objects, "{:?}", read.faults);
    assert!(!format!("{read:?}").contains(secret), "{read:?}");
}
