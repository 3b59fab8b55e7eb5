# SPDX-License-Identifier: Apache-2.0
"""The shipped definition of SparkApplications, in a real API server: it takes what is meant, and names what is not."""
import copy
import json

import pytest
import yaml
from kubernetes import CLONE, DEFINITION_PATH, KUBEFLOW_CRDS, MERGE
from test_equality import render

import recorded

FILE = CLONE / "deploy/kubernetes/sparkapplication-crd.yaml"
DEFINITION = yaml.safe_load(FILE.read_text())
SCHEMA = DEFINITION["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
SPEC = SCHEMA["properties"]["spec"]
PLAIN = recorded.manifest(recorded.VERSIONS[0], recorded.PLAIN)


def with_field(path, value):
    """The plain application with one field of its spec at "a.b.c"."""
    application = copy.deepcopy(PLAIN)
    *parents, last = path.split(".")
    inner = application["spec"]
    for name in parents:
        inner = inner.setdefault(name, {})
    inner[last] = value
    return application


def test_it_is_what_the_cluster_has(kube):
    found = kube.call("GET", DEFINITION_PATH)
    schema = found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema == SCHEMA, "nothing is dropped by the API server"
    assert [row["status"] for row in found["status"]["conditions"]] == ["True"] * len(found["status"]["conditions"])


@pytest.mark.parametrize("case", recorded.cases())
def test_a_manifest_comes_back_unchanged(kube, case):
    manifest = recorded.manifest(recorded.VERSIONS[0], case)
    stored = kube.create_application(manifest, strict=True, dry_run=True)
    assert stored["spec"] == manifest["spec"]


# What a pod's own definition says is not repeated in ours.
POD_PARTS = {
    "volumes": [{"name": "a", "projected": {"sources": [{"secret": {"name": "b", "optional": True}}]}}],
    "driver.affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "a", "labelSelector": {"matchLabels": {"b": "c"}}}]}},
    "driver.env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
    "driver.lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
    "executor.sidecars": [{"name": "a", "image": "b", "ports": [{"containerPort": 1}], "args": ["c"]}],
    "executor.template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "stdin": True}]}},
    "executor.tolerations": [{"key": "a", "operator": "Exists", "tolerationSeconds": 5}],
    "driverIngressOptions": [{"servicePort": 1, "servicePortName": "a", "ingressTLS": [{"hosts": ["b"]}]}],
    "monitoring": {"exposeDriverMetrics": True, "prometheus": {"jmxExporterJar": "a", "port": 8090}},
    "sparkUIOptions": {"serviceLabels": {"a": "b"}, "servicePort": 4040},
    "batchSchedulerOptions": {"resources": {"cpu": 2, "memory": "1Gi"}},
}


@pytest.mark.parametrize("path", POD_PARTS)
def test_nothing_inside_a_part_is_lost(kube, path):
    application = with_field(path, POD_PARTS[path])
    assert kube.create_application(application, strict=True, dry_run=True)["spec"] == application["spec"]


@pytest.mark.parametrize("path, value", [
    ("type", "Perl"), ("mode", "in-cluster-client"), ("pythonVersion", "4"), ("sparkVersion", 4.0),
    ("arguments", [1]), ("arguments", "1"), ("sparkConf", {"spark.a": 1}), ("hadoopConf", {"a": True}),
    ("deps.jars", "a.jar"), ("volumes", {"name": "a"}), ("nodeSelector", ["a"]), ("suspend", "yes"),
    ("timeToLiveSeconds", "1h"), ("restartPolicy", "Never"), ("restartPolicy.type", "never"),
    ("restartPolicy.onFailureRetries", -1), ("restartPolicy.onFailureRetryInterval", 0),
    ("dynamicAllocation.enabled", "true"), ("dynamicAllocation.maxExecutors", "5"),
    ("driver.cores", "1"), ("driver.cores", 0), ("driver.cores", 0.5), ("driver.memory", 512), ("driver.env", {"A": "b"}),
    ("driver.template", "a.yaml"), ("driver.gpu", {"name": "a"}), ("driver.hostNetwork", 1),
    ("driver.secrets", [{"name": "a", "path": "b"}]), ("driver.configMaps", ["a"]), ("driver.labels", {"a": 1}),
    ("executor.instances", 0), ("executor.instances", "2"), ("executor.ports", [{"containerPort": "http"}]),
    ("executor.deleteOnTermination", "no"), ("executor.tolerations", {"key": "a"}),
    ("driver", None), ("mainApplicationFile", None),
])
def test_a_value_that_cannot_be_meant_is_refused_by_name(kube, path, value):
    answer = kube.create_application(with_field(path, value), dry_run=True, expect=(422,))
    assert f"spec.{path}" in answer["message"], answer["message"]


@pytest.mark.parametrize("path", ["sparkconf", "driver.core", "executor.replicas", "deps.jar", "restartPolicy.retries"])
def test_a_misspelt_field_is_refused_where_the_client_asks_for_it(kube, path):
    answer = kube.create_application(with_field(path, "a"), strict=True, dry_run=True, expect=(400,))
    assert f'unknown field "spec.{path}"' in answer["message"], answer["message"]


def test_a_list_has_the_columns_that_people_know(kube):
    kube.delete_applications()
    table = kube.call("GET", kube.path(), headers={"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"})
    assert [column["name"] for column in table["columnDefinitions"]] == [
        "Name", "Suspend", "Status", "Attempts", "Start", "Finish", "Age"]


# --- beside the operator ---------------------------------------------------------------------------------------------

SAMPLES = {"string": "1", "integer": 1, "boolean": True, "array": [], "object": {}}


def fields(schema, path="", depth=1):
    """(path, type) of each field of spec, driver, executor, deps and dynamicAllocation."""
    for name, inner in schema["properties"].items():
        yield f"{path}{name}", inner["type"]
        if depth and name in ("driver", "executor", "deps", "dynamicAllocation"):
            yield from fields(inner, f"{path}{name}.", depth - 1)


def said_of(path, value):
    return render("-", json.dumps(with_field(path, value))).stderr


@pytest.mark.parametrize("path, kind", list(fields(SPEC)))
def test_the_operator_knows_each_field_and_wants_the_same_type(path, kind):
    good = said_of(path, SAMPLES[kind])
    assert "no such field" not in good and f"spec.{path}: a" not in good, good
    bad = said_of(path, SAMPLES["boolean" if kind != "boolean" else "string"])
    assert f"spec.{path}" in bad and "no such field" not in bad, bad


# --- beside the Kubeflow operator's definition -----------------------------------------------------------------------

# Where ours says less: their pattern is not anchored; a port without a protocol is TCP's, as in any pod; resources and
# status are nobody's mistakes to make.
LOOSER = {"spec.driver.podName", "spec.driver.ports.*", "spec.executor.ports.*",
          "spec.batchSchedulerOptions.resources.*", "status"}
SAID = ("type", "required", "enum", "minimum", "maximum", "format", "nullable", "pattern")


def unlike(theirs, ours, path=""):
    """Paths at which the two say different things; ours says nothing about the inside of what it stores as it comes."""
    said = [{key: sorted(value) if isinstance(value, list) else value
             for key, value in schema.items() if key in SAID} for schema in (theirs, ours)]
    if ours.get("x-kubernetes-preserve-unknown-fields"):
        if theirs["type"] != ours["type"]:
            yield path
        return
    if said[0] != said[1] and path not in LOOSER:
        yield path
    members = [{**schema.get("properties", {}), **{"*": schema[key] for key in ("items", "additionalProperties")
                                                   if key in schema}} for schema in (theirs, ours)]
    for name in members[0].keys() | members[1].keys():
        inner = f"{path}.{name}" if path else name
        if name in members[0] and name in members[1]:
            yield from unlike(members[0][name], members[1][name], inner)
        else:
            yield f"{inner}: only {'theirs' if name in members[0] else 'ours'}"


def test_it_says_what_the_kubeflow_operator_s_says():
    file = KUBEFLOW_CRDS / "sparkoperator.k8s.io_sparkapplications.yaml"
    if not file.exists():
        pytest.skip(f"no definition of the Kubeflow operator's: {file}")
    (version,) = yaml.safe_load(file.read_text())["spec"]["versions"]
    assert list(unlike(version["schema"]["openAPIV3Schema"], SCHEMA)) == []
    ours = DEFINITION["spec"]["versions"][0]
    assert version["additionalPrinterColumns"] == ours["additionalPrinterColumns"]


# --- in a cluster that has one ---------------------------------------------------------------------------------------

def test_it_replaces_an_older_one_of_ours_and_never_another_s(kube):
    def short_names(part_of):
        kube.call("PATCH", DEFINITION_PATH, {"metadata": {"labels": {"app.kubernetes.io/part-of": part_of}},
                                  "spec": {"names": {"shortNames": ["older"]}}}, **MERGE)
        kube.up()
        return kube.call("GET", DEFINITION_PATH)["spec"]["names"]["shortNames"]

    assert [short_names(part_of) for part_of in (None, "another", "sparkgate")] == [["older"], ["older"], ["sparkapp"]]
