//! How the objects of the company look, as JSON: as controllers and kubelets leave them, with `managedFields`, status and all
//! else that a reader has to pass over. A pod has 8 to 9 KB.

use serde_json::{Value, json};

use crate::company::{
    Company, Kind, drawn, namespace, node, replica_set, team_of, template_hash, uid, workload_name,
};

/// Of so many revisions of a pod one is that it is gone.
pub(crate) const GOES_EVERY: u64 = 4;

const CREATED: &str = "2026-03-02T08:14:07Z";

/// An object without a `resourceVersion`; `revision` is what a change of it changes, and 0 at first.
pub(crate) fn object(company: &Company, kind: Kind, index: usize, revision: u64) -> Value {
    match kind {
        Kind::Namespace => named(company, kind, index),
        Kind::Node => node_object(company, index),
        Kind::Deployment => deployment(company, index),
        Kind::ReplicaSet => replica_set_object(company, index),
        Kind::Service => service(company, index),
        Kind::EndpointSlice => slice(company, index),
        Kind::Pod => pod(company, index, revision),
    }
}

fn metadata(company: &Company, kind: Kind, index: usize) -> Value {
    let (namespace, name) = company.name(kind, index);
    let mut metadata = json!({"name": name, "uid": uid(kind, index), "creationTimestamp": CREATED});
    if !namespace.is_empty() {
        metadata["namespace"] = json!(namespace);
    }
    metadata
}

fn named(company: &Company, kind: Kind, index: usize) -> Value {
    let mut metadata = metadata(company, kind, index);
    metadata["labels"] = json!({"environment": "production"});
    json!({
        "apiVersion": "v1", "kind": kind.name(), "metadata": metadata,
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

fn owner(kind: Kind, workload: usize, name: &str) -> Value {
    json!([{
        "apiVersion": "apps/v1", "kind": kind.name(), "name": name, "uid": uid(kind, workload),
        "controller": true, "blockOwnerDeletion": true,
    }])
}

fn labels(workload: usize) -> Value {
    let name = workload_name(workload);
    json!({
        "app.kubernetes.io/name": name, "app.kubernetes.io/instance": name,
        "app.kubernetes.io/part-of": "company", "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/version": format!("1.{}.{}", workload % 31, workload % 7),
        "team": team_of(workload),
    })
}

fn pod_labels(workload: usize) -> Value {
    let mut labels = labels(workload);
    labels["pod-template-hash"] = json!(template_hash(workload));
    labels
}

fn selector(workload: usize) -> Value {
    let name = workload_name(workload);
    json!({"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name})
}

fn deployment(company: &Company, index: usize) -> Value {
    let mut metadata = metadata(company, Kind::Deployment, index);
    metadata["labels"] = labels(index);
    metadata["annotations"] = json!({"deployment.kubernetes.io/revision": "17", "meta.helm.sh/release-name": workload_name(index)});
    metadata["generation"] = json!(17);
    metadata["managedFields"] = json!([managed("helm", "apps/v1", &template_fields())]);
    let replicas = company.pods_of(index).len();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": selector(index)},
            "template": {"metadata": {"labels": labels(index)}, "spec": pod_spec(index)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        },
        "status": {"observedGeneration": 17, "replicas": replicas, "updatedReplicas": replicas,
            "readyReplicas": replicas, "availableReplicas": replicas,
            "conditions": [condition("Available"), condition("Progressing")]},
    })
}

fn replica_set_object(company: &Company, index: usize) -> Value {
    let mut metadata = metadata(company, Kind::ReplicaSet, index);
    metadata["labels"] = pod_labels(index);
    metadata["annotations"] = json!({"deployment.kubernetes.io/revision": "17", "deployment.kubernetes.io/desired-replicas": "10"});
    metadata["ownerReferences"] = owner(Kind::Deployment, index, &workload_name(index));
    metadata["managedFields"] = json!([managed(
        "kube-controller-manager",
        "apps/v1",
        &template_fields()
    )]);
    let replicas = company.pods_of(index).len();
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata,
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": pod_labels(index)},
            "template": {"metadata": {"labels": pod_labels(index)}, "spec": pod_spec(index)},
        },
        "status": {"replicas": replicas, "fullyLabeledReplicas": replicas, "readyReplicas": replicas,
            "availableReplicas": replicas, "observedGeneration": 1},
    })
}

fn service(company: &Company, index: usize) -> Value {
    let workload = company.workload_of(Kind::Service, index);
    let mut metadata = metadata(company, Kind::Service, index);
    metadata["labels"] = labels(workload);
    metadata["annotations"] = json!({"prometheus.io/scrape": "true", "prometheus.io/port": "9090", "meta.helm.sh/release-name": workload_name(workload)});
    metadata["managedFields"] = json!([managed(
        "helm",
        "v1",
        &json!({
            "f:metadata": {"f:annotations": {".": {}, "f:prometheus.io/scrape": {}, "f:prometheus.io/port": {}}},
            "f:spec": {"f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}, "f:port": {}, "f:protocol": {}, "f:targetPort": {}}},
                "f:selector": {".": {}, "f:app.kubernetes.io/instance": {}, "f:app.kubernetes.io/name": {}}, "f:sessionAffinity": {}, "f:type": {}},
        })
    )]);
    // Past what the API server gives to its own.
    let address = index + 2_000;
    let address = format!("10.0.{}.{}", address / 250, address % 250 + 1);
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {
            "clusterIP": address, "clusterIPs": [address], "type": "ClusterIP", "sessionAffinity": "None",
            "selector": selector(workload),
            "ports": [
                {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"},
                {"name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": 9090},
            ],
        },
        "status": {"loadBalancer": {}},
    })
}

fn slice(company: &Company, index: usize) -> Value {
    let workload = company.workload_of(Kind::EndpointSlice, index);
    let service = company.service(index);
    let mut metadata = metadata(company, Kind::EndpointSlice, index);
    let mut with = labels(workload);
    with["kubernetes.io/service-name"] = json!(service);
    with["endpointslice.kubernetes.io/managed-by"] = json!("endpointslice-controller.k8s.io");
    metadata["labels"] = with;
    metadata["ownerReferences"] = json!([{
        "apiVersion": "v1", "kind": "Service", "name": service, "uid": uid(Kind::Service, index),
        "controller": true, "blockOwnerDeletion": true,
    }]);
    let endpoints: Vec<Value> = company
        .endpoints_of(workload)
        .map(|pod| {
            let (namespace, name) = company.name(Kind::Pod, pod);
            json!({
                "addresses": [address(pod)], "conditions": {"ready": true},
                "targetRef": {"kind": "Pod", "namespace": namespace, "name": name, "uid": uid(Kind::Pod, pod), "resourceVersion": "81234567"},
                "topology": {"kubernetes.io/hostname": node(company.node_of(pod)), "topology.kubernetes.io/zone": "eu-central-1a"},
            })
        })
        .collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", "metadata": metadata,
        "addressType": "IPv4", "endpoints": endpoints,
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "metrics", "port": 9090, "protocol": "TCP"}],
    })
}

fn node_object(company: &Company, index: usize) -> Value {
    let mut metadata = metadata(company, Kind::Node, index);
    let name = node(index);
    metadata["labels"] = json!({
        "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": "eu-central-1a", "node.kubernetes.io/instance-type": "m6i.8xlarge",
    });
    // A kubelet lists the images that it has.
    let images: Vec<Value> = (0..40)
        .map(|image| {
            let name = workload_name(usize::try_from(drawn(8, index * 40 + image)).unwrap_or_default() % company.workloads.max(1));
            json!({"names": [format!("registry.company.example/{name}@sha256:{:064x}", drawn(9, image)), format!("registry.company.example/{name}:1.4.2")], "sizeBytes": 183_402_133})
        })
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": metadata,
        "spec": {"podCIDR": "10.100.0.0/24", "providerID": format!("aws:///eu-central-1a/{name}")},
        "status": {
            "capacity": {"cpu": "32", "memory": "128Gi", "pods": "110"}, "allocatable": {"cpu": "31", "memory": "120Gi", "pods": "110"},
            "conditions": [condition("MemoryPressure"), condition("DiskPressure"), condition("PIDPressure"), condition("Ready")],
            "addresses": [{"type": "InternalIP", "address": "10.1.2.3"}, {"type": "Hostname", "address": name}],
            "images": images,
        },
    })
}

fn pod(company: &Company, index: usize, revision: u64) -> Value {
    let workload = company.workload_of(Kind::Pod, index);
    let mut metadata = metadata(company, Kind::Pod, index);
    metadata["generateName"] = json!(format!("{}-", replica_set(workload)));
    metadata["labels"] = pod_labels(workload);
    metadata["annotations"] = json!({
        "prometheus.io/scrape": "true", "prometheus.io/port": "9090", "prometheus.io/path": "/metrics",
        "checksum/config": format!("{:064x}", drawn(11, workload)), "cni.projectcalico.org/podIP": format!("{}/32", address(index)),
        "kubectl.kubernetes.io/restartedAt": CREATED,
    });
    metadata["ownerReferences"] = owner(Kind::ReplicaSet, workload, &replica_set(workload));
    metadata["managedFields"] = json!([
        managed("kube-controller-manager", "v1", &template_fields()),
        managed("kubelet", "v1", &status_fields()),
    ]);
    let mut spec = pod_spec(workload);
    spec["nodeName"] = json!(node_at(company, index, revision));
    let image = format!("registry.company.example/{}:1.4.2", workload_name(workload));
    let started = |name: &str, image: &str| {
        json!({
            "name": name, "image": image, "imageID": format!("{image}@sha256:{:064x}", drawn(9, workload)),
            "containerID": format!("containerd://{:064x}", drawn(12, index)), "ready": true, "started": true,
            "restartCount": revision, "state": {"running": {"startedAt": CREATED}}, "lastState": {},
        })
    };
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec,
        "status": {
            "phase": "Running", "qosClass": "Burstable", "startTime": CREATED, "hostIP": "10.1.2.3",
            "podIP": address(index), "podIPs": [{"ip": address(index)}],
            "conditions": [condition("Initialized"), condition("Ready"), condition("ContainersReady"), condition("PodScheduled")],
            "containerStatuses": [started("app", &image), started("proxy", "docker.io/istio/proxyv2:1.20.3")],
        },
    })
}

/// Where a pod runs: what comes back comes back elsewhere.
fn node_at(company: &Company, pod: usize, revision: u64) -> String {
    let moved = usize::try_from(revision / GOES_EVERY).unwrap_or_default();
    node((company.node_of(pod) + moved) % company.nodes.max(1))
}

/// The text of a pod at some revision, from that of it at none: a hundred times as fast as to make it anew.
pub(crate) fn pod_text(company: &Company, pod: usize, first: &str, revision: u64) -> String {
    let node = |revision| format!(r#""nodeName":"{}""#, node_at(company, pod, revision));
    let restarts = |revision| format!(r#""restartCount":{revision}"#);
    first
        .replacen(&node(0), &node(revision), 1)
        .replace(&restarts(0), &restarts(revision))
}

fn pod_spec(workload: usize) -> Value {
    let name = workload_name(workload);
    let variables: Vec<Value> = (0..14)
        .map(|number| json!({"name": format!("SETTING_{number:02}"), "value": format!("https://{name}.{}.svc.cluster.local:8080/v{number}", namespace(workload))}))
        .chain([
            json!({"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}),
            json!({"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": format!("{name}-database"), "key": "password"}}}),
        ])
        .collect();
    let probe = |path: &str| {
        json!({"httpGet": {"path": path, "port": 8080, "scheme": "HTTP"}, "initialDelaySeconds": 10,
            "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3})
    };
    let token = json!({"name": "default-token-x7f2k", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    json!({
        "containers": [
            {
                "name": "app", "image": format!("registry.company.example/{name}:1.4.2"), "imagePullPolicy": "IfNotPresent",
                "args": ["--listen=:8080", "--config=/etc/app/config.yaml", "--log-format=json"],
                "env": variables, "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "250m", "memory": "512Mi"}},
                "livenessProbe": probe("/healthz"), "readinessProbe": probe("/readyz"), "startupProbe": probe("/startupz"),
                "volumeMounts": [token, {"name": "config", "mountPath": "/etc/app"}, {"name": "cache", "mountPath": "/var/cache/app"}],
                "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            },
            {
                "name": "proxy", "image": "docker.io/istio/proxyv2:1.20.3", "imagePullPolicy": "IfNotPresent",
                "args": ["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local", "--proxyLogLevel=warning"],
                "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
                "readinessProbe": probe("/healthz/ready"), "volumeMounts": [token],
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            },
        ],
        "volumes": [
            {"name": "config", "configMap": {"name": format!("{name}-config"), "defaultMode": 420}},
            {"name": "cache", "emptyDir": {}},
            {"name": "default-token-x7f2k", "secret": {"secretName": "default-token-x7f2k", "defaultMode": 420}},
        ],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100,
            "podAffinityTerm": {"labelSelector": {"matchLabels": selector(workload)}, "topologyKey": "kubernetes.io/hostname"}}]}},
        "tolerations": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
            {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        ],
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "default", "serviceAccount": "default", "schedulerName": "default-scheduler",
        "securityContext": {"runAsNonRoot": true, "fsGroup": 1000}, "enableServiceLinks": true, "priority": 0,
    })
}

fn address(pod: usize) -> String {
    format!(
        "10.{}.{}.{}",
        100 + pod / 62_500,
        pod / 250 % 250,
        pod % 250 + 1
    )
}

fn condition(name: &str) -> Value {
    json!({"type": name, "status": "True", "lastTransitionTime": CREATED})
}

fn managed(manager: &str, version: &str, fields: &Value) -> Value {
    json!({"manager": manager, "operation": "Update", "apiVersion": version, "time": CREATED, "fieldsType": "FieldsV1", "fieldsV1": fields})
}

fn template_fields() -> Value {
    let probe = json!({".": {}, "f:failureThreshold": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}},
        "f:initialDelaySeconds": {}, "f:periodSeconds": {}, "f:successThreshold": {}, "f:timeoutSeconds": {}});
    json!({
        "f:metadata": {
            "f:annotations": {".": {}, "f:checksum/config": {}, "f:prometheus.io/port": {}, "f:prometheus.io/scrape": {}},
            "f:labels": {".": {}, "f:app.kubernetes.io/instance": {}, "f:app.kubernetes.io/name": {}, "f:pod-template-hash": {}, "f:team": {}},
            "f:ownerReferences": {".": {}},
        },
        "f:spec": {
            "f:affinity": {".": {}, "f:podAntiAffinity": {}},
            "f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:args": {}, "f:env": {".": {}, "k:{\"name\":\"PASSWORD\"}": {".": {}, "f:name": {}, "f:valueFrom": {}}},
                "f:image": {}, "f:imagePullPolicy": {}, "f:livenessProbe": probe, "f:readinessProbe": probe, "f:name": {}, "f:ports": {},
                "f:resources": {".": {}, "f:limits": {}, "f:requests": {}}, "f:volumeMounts": {}}},
            "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {}, "f:terminationGracePeriodSeconds": {}, "f:volumes": {},
        },
    })
}

fn status_fields() -> Value {
    let condition = json!({".": {}, "f:lastProbeTime": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}});
    json!({"f:status": {
        "f:conditions": {"k:{\"type\":\"ContainersReady\"}": condition, "k:{\"type\":\"Initialized\"}": condition, "k:{\"type\":\"Ready\"}": condition},
        "f:containerStatuses": {}, "f:hostIP": {}, "f:phase": {}, "f:podIP": {}, "f:podIPs": {".": {}, "k:{\"ip\":\"10.100.0.1\"}": {".": {}, "f:ip": {}}}, "f:startTime": {},
    }})
}
