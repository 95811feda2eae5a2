//! The company's services, as `kubectl get services --all-namespaces` prints them.

use std::io::{self, Write};
use std::ops::Range;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::company::{Company, Stream};
use super::yaml;

/// Services in one file, about 12 MB of JSON.
const SERVICES_PER_FILE: u32 = 10_000;

/// What is different about the identifiers of services.
const SERVICE: u64 = 5;

/// How a file of services is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// As `-o json` prints
    Json,
    /// As `-o yaml` prints
    Yaml,
}

impl Format {
    /// The ending of its files.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }
}

/// The services of each file.
pub(super) fn parts(company: &Company) -> impl Iterator<Item = Range<u32>> + use<> {
    let size = company.size();
    (0..size.div_ceil(SERVICES_PER_FILE)).map(move |part| {
        let start = part * SERVICES_PER_FILE;
        start..size.min(start.saturating_add(SERVICES_PER_FILE))
    })
}

/// Writes one List, a service at a time.
pub(super) fn write(
    company: &Company,
    part: Range<u32>,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Json => {
            out.write_all(b"{\n\"apiVersion\": \"v1\",\n\"items\": [\n")?;
            let mut before: &[u8] = b"";
            for index in part {
                out.write_all(before)?;
                serde_json::to_writer(&mut *out, &service(company, index))?;
                before = b",\n";
            }
            out.write_all(
                b"\n],\n\"kind\": \"List\",\n\"metadata\": { \"resourceVersion\": \"\" }\n}\n",
            )
        }
        Format::Yaml => {
            out.write_all(b"apiVersion: v1\nitems:\n")?;
            for index in part {
                yaml::write_item(&service(company, index), out)?;
            }
            out.write_all(b"kind: List\nmetadata:\n  resourceVersion: \"\"\n")
        }
    }
}

fn service(company: &Company, index: u32) -> Value {
    let (namespace, name) = company.service(index);
    let drawn = company.number(Stream::Details, index);
    let [_, second, third, fourth] = index.to_be_bytes();
    let address = format!("10.{second}.{third}.{fourth}");
    let chart = format!("{}-{}.{}.0", "service", drawn % 4, drawn % 17);
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "annotations": {
                "meta.helm.sh/release-name": name,
                "meta.helm.sh/release-namespace": namespace,
                "prometheus.io/port": "9090",
                "prometheus.io/scrape": "true",
            },
            "creationTimestamp": format!("2026-{:02}-{:02}T08:{:02}:00Z", drawn % 12 + 1, drawn % 28 + 1, drawn % 60),
            "labels": {
                "app.kubernetes.io/instance": name,
                "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/name": name,
                "app.kubernetes.io/version": format!("{}.{}.{}", drawn % 5, drawn % 31, drawn % 7),
                "helm.sh/chart": chart,
            },
            "name": name,
            "namespace": namespace,
            "resourceVersion": (drawn % 1_000_000_000).to_string(),
            "uid": company.identifier(SERVICE, index),
        },
        "spec": {
            "clusterIP": address,
            "clusterIPs": [address],
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [
                { "name": "http", "port": 80, "protocol": "TCP", "targetPort": "http" },
                { "name": "metrics", "port": 9090, "protocol": "TCP", "targetPort": 9090 },
            ],
            "selector": { "app.kubernetes.io/instance": name, "app.kubernetes.io/name": name },
            "sessionAffinity": "None",
            "type": "ClusterIP",
        },
        "status": { "loadBalancer": {} },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(size: u32, format: Format) -> String {
        let company = Company::new(size, 1);
        let mut out = Vec::new();
        for part in parts(&company) {
            write(&company, part, format, &mut out).expect("memory takes everything");
        }
        String::from_utf8(out).expect("is text")
    }

    #[test]
    fn the_parts_cover_all_services_once() {
        let parts: Vec<_> = parts(&Company::new(25_000, 1)).collect();
        assert_eq!(parts, [0..10_000, 10_000..20_000, 20_000..25_000]);
    }

    #[test]
    fn a_json_file_is_a_list_of_services() {
        let list: Value = serde_json::from_str(&written(120, Format::Json)).expect("is JSON");
        assert_eq!(list["kind"], "List");
        let items = list["items"].as_array().expect("has items");
        assert_eq!(items.len(), 120);
        let company = Company::new(120, 1);
        for (index, item) in (0..).zip(items) {
            let (namespace, name) = company.service(index);
            assert_eq!(
                (item["kind"].as_str(), item["apiVersion"].as_str()),
                (Some("Service"), Some("v1"))
            );
            assert_eq!(item["metadata"]["name"], name);
            assert_eq!(item["metadata"]["namespace"], namespace);
        }
    }

    #[test]
    fn a_yaml_file_looks_like_that_of_kubectl() {
        insta::assert_snapshot!(written(1, Format::Yaml), @r#"
        apiVersion: v1
        items:
        - apiVersion: v1
          kind: Service
          metadata:
            annotations:
              meta.helm.sh/release-name: identity-offer-consumer-0000000
              meta.helm.sh/release-namespace: billing-00000
              prometheus.io/port: "9090"
              prometheus.io/scrape: "true"
            creationTimestamp: "2026-02-26T08:01:00Z"
            labels:
              app.kubernetes.io/instance: identity-offer-consumer-0000000
              app.kubernetes.io/managed-by: Helm
              app.kubernetes.io/name: identity-offer-consumer-0000000
              app.kubernetes.io/version: "1.12.4"
              helm.sh/chart: service-1.5.0
            name: identity-offer-consumer-0000000
            namespace: billing-00000
            resourceVersion: "308678581"
            uid: e99667fc-33d1-4874-a9ca-dbbc6070f40a
          spec:
            clusterIP: "10.0.0.0"
            clusterIPs:
            - "10.0.0.0"
            internalTrafficPolicy: Cluster
            ipFamilies:
            - IPv4
            ipFamilyPolicy: SingleStack
            ports:
            - name: http
              port: 80
              protocol: TCP
              targetPort: http
            - name: metrics
              port: 9090
              protocol: TCP
              targetPort: 9090
            selector:
              app.kubernetes.io/instance: identity-offer-consumer-0000000
              app.kubernetes.io/name: identity-offer-consumer-0000000
            sessionAffinity: None
            type: ClusterIP
          status:
            loadBalancer: {}
        kind: List
        metadata:
          resourceVersion: ""
        "#);
    }
}
