#!/usr/bin/env python3
"""Everything that has to be true of the chart, judged by Helm itself and by the schemas of Kubernetes.

`cargo xtask test chart` runs it with the packages of requirements.txt; `--accept` writes the renders instead of comparing them.
"""

import difflib
import functools
import pathlib
import re
import shutil
import sys
import tempfile

import helm_python as helm
import kubernetes_validate
import promql_parser
import yaml

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
CHART = CHECKOUT / "charts/backstitch"
# What is committed for those without Helm, by the name of its values: (file, namespace).
MANIFESTS = {
    "deploy": (CHECKOUT / "deploy/backstitch.yaml", "backstitch"),
    "deploy-namespaced": (CHECKOUT / "deploy/backstitch-namespaced.yaml", "backstitch"),
}
# The rules in the form that Prometheus itself reads, made of what the chart hands to its operator.
RULES = {"prometheus": CHECKOUT / "deploy/prometheus/rules.yaml"}
RELEASE = "backstitch"
NAMESPACE = "causely"
# All whose schemas there are.
KUBERNETES = [f"1.{minor}" for minor in range(25, 38)]
# Kinds of the Prometheus operator, whose schemas are no part of Kubernetes.
WITHOUT_SCHEMA = {"ServiceMonitor", "PrometheusRule"}
# Keys of the configuration that the chart sets itself, or that make no sense in a Pod.
SET_BY_THE_CHART = {"settings", "store", "api_token_file", "api_token_env", "in_cluster", "cluster"}

# The definitions of one version are several megabytes, and the package reads them anew for every document.
kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)

faults = []


def fault(place, text):
    faults.append(f"{place}: {text}")


def read_yaml(path):
    return yaml.safe_load(path.read_text()) or {}


def render(chart, values, namespace=NAMESPACE):
    """Template path to text, as Helm would install it; raises what Helm says is wrong."""
    with helm.Chart.load(str(chart)) as loaded:
        # Helm's own order: the values of a chart with dependencies are judged chart by chart.
        loaded.validate_schema(values)
        return loaded.render(values, name=RELEASE, namespace=namespace)


def whole(files):
    """The documents in one text, each file under its name, as `helm template` prints them."""
    parts = []
    for path, text in sorted(files.items()):
        text = re.sub(r"\A(\s*---\s*\n|\s*\n)+", "", text).rstrip()
        if path.endswith(".yaml") and text:
            parts.append(f"---\n# Source: {path}\n{text}\n")
    return "".join(parts)


def compare(path, text):
    if "--accept" in sys.argv:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return
    known = path.read_text() if path.exists() else ""
    if known != text:
        lines = difflib.unified_diff(known.splitlines(), text.splitlines(), str(path.relative_to(CHECKOUT)), "rendered", lineterm="")
        fault(path.relative_to(CHECKOUT), "is not what the chart renders; `cargo xtask test chart -- --accept` writes it\n" + "\n".join(lines))


def check_lint(name, values):
    report = helm.lint(str(CHART), values, strict=True, namespace=NAMESPACE)
    for message in report["messages"]:
        # 1 is what could be nicer: an icon.
        if message["severity"] > 1:
            fault(name, f"lint: {message['path']}: {message['error']}")
    for error in report["errors"]:
        fault(name, f"lint: {error}")


def check_documents(name, text, namespace):
    """Every document against the schemas of Kubernetes; and what must be true of each, whatever the values are."""
    documents = [document for document in yaml.safe_load_all(text) if document]
    for document in documents:
        place = f"{name}: {document['kind']} {document['metadata']['name']}"
        check_schema(place, document)
        labels = document["metadata"]["labels"]
        for label in ("name", "instance", "version"):
            if f"app.kubernetes.io/{label}" not in labels:
                fault(place, f"the label app.kubernetes.io/{label} is missing")
        if document["kind"] in ("Role", "ClusterRole"):
            check_rules(place, document)
        elif document["kind"] == "Deployment":
            check_pod(place, document)
        elif document["kind"] == "PrometheusRule":
            check_alerts(place, document)
        scoped = "namespace" in document["metadata"]
        if scoped == document["kind"].startswith("Cluster"):
            fault(place, "a namespace where there is none, or none where there is one")
        if scoped and not document["kind"].startswith("Role") and document["metadata"]["namespace"] != namespace:
            fault(place, "not in the namespace of the release")
    return documents


def check_schema(place, document):
    found = 0
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(document, version, strict=True)
            found += 1
        except kubernetes_validate.SchemaNotFoundError:
            pass
        except kubernetes_validate.ValidationError as error:
            fault(place, f"Kubernetes {version}: {'/'.join(map(str, error.path))}: {error.message}")
            found += 1
    wanted = 0 if document["kind"] in WITHOUT_SCHEMA else len(KUBERNETES)
    if found != wanted:
        fault(place, f"{found} versions of Kubernetes know it, expected {wanted}")


def check_rules(place, role):
    for rule in role["rules"]:
        # `integrations.enabled` has Secrets written, in namespaces that are named.
        writes = role["kind"] == "Role" and rule["resources"] == ["secrets"]
        if set(rule["verbs"]) - ({"create", "patch", "delete"} if writes else set()) != {"get", "list", "watch"}:
            fault(place, f"verbs beyond reading: {rule['verbs']}")
        if "*" in rule["resources"] + rule["apiGroups"]:
            fault(place, "a rule for everything")
        if role["kind"] == "ClusterRole" and "secrets" in rule["resources"]:
            fault(place, "Secrets of the whole cluster")


def check_pod(place, deployment):
    spec = deployment["spec"]["template"]["spec"]
    container = next(one for one in spec["containers"] if one["name"] == "backstitch")
    security = container["securityContext"]
    for what, holds in {
        "one replica, replaced before the next starts": deployment["spec"]["replicas"] == 1
        and deployment["spec"]["strategy"] == {"type": "Recreate"},
        "not root": spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] > 0,
        "seccomp RuntimeDefault": spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"},
        "a root file system that cannot be written": security["readOnlyRootFilesystem"] is True,
        "no capabilities": security["capabilities"] == {"drop": ["ALL"]},
        "no escalation": security["allowPrivilegeEscalation"] is False,
        "time to end": spec["terminationGracePeriodSeconds"] > 5,
        "the selector selects its Pods": deployment["spec"]["selector"]["matchLabels"].items()
        <= deployment["spec"]["template"]["metadata"]["labels"].items(),
        "every volume is mounted, and every mount has its volume": {one["name"] for one in spec["volumes"]}
        == {mount["name"] for one in spec["containers"] + spec.get("initContainers", []) for mount in one.get("volumeMounts", [])},
    }.items():
        if not holds:
            fault(place, f"it does not hold: {what}")


def check_alerts(place, rules):
    for group in rules["spec"]["groups"]:
        for rule in group["rules"]:
            try:
                promql_parser.parse(rule["expr"])
            except Exception as error:  # the parser raises ValueError or its own
                fault(place, f"{rule.get('alert') or rule['record']}: `{rule['expr']}`: {error}")


def check_renders():
    count = 0
    for path in sorted((HERE / "values").glob("*.yaml")):
        name, values = path.stem, read_yaml(path)
        check_lint(name, values)
        output, namespace = MANIFESTS.get(name, (HERE / "golden" / path.name, NAMESPACE))
        try:
            files = render(CHART, values, namespace)
        except helm.HelmError as error:
            fault(name, str(error))
            continue
        if name in RULES:
            text = next(text for path, text in files.items() if path.endswith("/prometheusrule.yaml"))
            check_documents(name, text, namespace)
            compare(RULES[name], rules_alone(text, name))
            continue
        text = whole(files)
        if name in MANIFESTS:
            text = without_helm(text, name)
        else:
            notes = next(text for path, text in files.items() if path.endswith("NOTES.txt"))
            compare(output.with_suffix(".notes.txt"), notes.strip() + "\n")
        count += len(check_documents(name, text, namespace))
        compare(output, text)
    print(f"rendered {count} documents, valid for Kubernetes {KUBERNETES[0]} to {KUBERNETES[-1]}")


def without_helm(text, name):
    """Manifests that people apply themselves say nothing of Helm."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*(helm\.sh/chart|app\.kubernetes\.io/managed-by): ", line)]
    head = f"# Made of charts/backstitch with tests/chart/values/{name}.yaml by `cargo xtask manifests`. docs/install.md says how to use it.\n"
    return head + "\n".join(lines) + "\n"


def rules_alone(text, name):
    """What stands below `spec` of a PrometheusRule is a file of rules."""
    _, _, spec = text.partition("\nspec:\n")
    lines = [line.removeprefix("  ") for line in spec.strip("\n").splitlines()]
    head = f"# Made of charts/backstitch with tests/chart/values/{name}.yaml by `cargo xtask manifests`. docs/guides/prometheus.md says how to use it.\n"
    return head + "\n".join(lines) + "\n"


def check_changes_roll_the_pod():
    """What changes the configuration makes a new Pod, and what does not makes none."""
    def pod(values):
        files = render(CHART, values)
        text = next(text for path, text in files.items() if path.endswith("deployment.yaml"))
        return yaml.safe_load(text)["spec"]["template"]
    plain = pod({})
    if pod({"label_prefix": "example.org"}) == plain:
        fault("pod", "a changed configuration makes no new Pod")
    if pod({"service": {"port": 80}, "persistence": {"size": "2Gi"}}) != plain:
        fault("pod", "a changed Service makes a new Pod")


def check_refused():
    """Values that cannot be meant, with the words that a person then has to read."""
    cases = read_yaml(HERE / "refused.yaml")
    for case in cases:
        try:
            render(CHART, case["values"])
            fault("refused.yaml", f"taken: {case['values']}")
        except helm.HelmError as error:
            if case["says"] not in str(error):
                fault("refused.yaml", f"{case['values']}: expected `{case['says']}` in\n{error}")
    print(f"refused {len(cases)} sets of values, each with the words expected")


def check_as_dependency():
    """As a part of another chart it takes `global` of that chart, and a condition."""
    with tempfile.TemporaryDirectory() as folder:
        parent = pathlib.Path(folder) / "platform"
        shutil.copytree(CHART, parent / "charts/backstitch")
        (parent / "Chart.yaml").write_text(
            "apiVersion: v2\nname: platform\nversion: 1.0.0\n"
            "dependencies: [{name: backstitch, version: '*', condition: backstitch.enabled}]\n"
        )
        values = {
            "global": {"imageRegistry": "mirror.example.com", "storageClass": "of another chart", "region": {"name": "eu"}},
            "backstitch": {"enabled": True, "cluster_name": "prod"},
        }
        try:
            files = render(parent, values)
        except helm.HelmError as error:
            fault("dependency", str(error))
            return
        text = "".join(files.values())
        for part in ("image: mirror.example.com/backstitch:", "name: prod"):
            if part not in text:
                fault("dependency", f"expected `{part}`")
        values["backstitch"]["enabled"] = False
        left = [path for path, text in render(parent, values).items() if text.strip()]
        if left:
            fault("dependency", f"switched off, and still there: {left}")


def check_keys():
    """The schema takes every key that the documentation of the configuration has."""
    documented = set(re.findall(r"^\| `(\w+)` \|", (CHECKOUT / "docs/configuration.md").read_text(), re.M))
    taken = set()

    def collect(node):
        if isinstance(node, dict):
            properties = node.get("properties")
            if isinstance(properties, dict):
                taken.update(properties)
            for child in node.values():
                collect(child)
        elif isinstance(node, list):
            for child in node:
                collect(child)

    collect(read_yaml(CHART / "values.schema.json"))
    for key in sorted(documented - taken - SET_BY_THE_CHART):
        fault("values.schema.json", f"docs/configuration.md has the key `{key}`, and the chart does not take it")
    if len(documented) < 20:
        fault("docs/configuration.md", "its tables were not found")


def check_values_are_described():
    """Every value of the schema stands in values.yaml with its default, so that `helm show values` shows all there is."""
    properties = read_yaml(CHART / "values.schema.json")["properties"]
    defaults = read_yaml(CHART / "values.yaml")
    for key in sorted(set(properties) ^ set(defaults) - {"enabled"}):
        if key != "enabled":
            fault("values.yaml", f"`{key}` stands in one of values.yaml and values.schema.json")


check_renders()
check_changes_roll_the_pod()
check_refused()
check_as_dependency()
check_keys()
check_values_are_described()
for text in faults:
    print(f"fault: {text}", file=sys.stderr)
if faults:
    sys.exit(f"{len(faults)} faults in the chart")
print("the chart holds")
