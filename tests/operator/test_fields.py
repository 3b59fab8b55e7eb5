# SPDX-License-Identifier: Apache-2.0
"""Every field of sparkoperator.k8s.io/v1beta2: done, refused with a remedy, or without effect and why.

A field with an example must change what is made; so none is taken and forgotten.
"""
import json
import os
import pathlib
import re
import subprocess
from typing import NamedTuple

import pytest
import yaml
from kubernetes import CLONE

from stack import program

CRDS = pathlib.Path(os.environ.get("SPARKGATE_CRDS", CLONE / "../shared/crds"))
MANUAL = (CLONE / "fcgi/bin/operator.8").read_text()


class Done(NamedTuple):
    example: object
    beside: dict = {}                # what it needs in the spec


class Refused(NamedTuple):
    example: object
    remedy: str


class Lifecycle(NamedTuple):
    """Done by what the operator does, and not by what it makes."""
    tests: str


class NoEffect(NamedTuple):
    example: object
    why: str


VOLUMES = {"volumes": [{"name": "v", "emptyDir": {}}]}
CONTAINER = [{"name": "c", "image": "i"}]
INGRESS = "create the Ingress beside the application"
SCHEDULER = "driver.schedulerName and executor.schedulerName"
ON_FAILURE = "test_lifecycle.py test_on_failure_runs_again_as_often_as_it_may"
REFUSED_SUBMISSION = "test_refusals.py test_no_room_for_a_pod_is_told_and_tried_again_as_the_policy_says"

SPEC = {
    "arguments": Done(["1"]),
    "batchScheduler": Refused("volcano", SCHEDULER),
    "batchSchedulerOptions": NoEffect({"queue": "q"}, "without which there is no queue"),
    "deps.archives": Done(["https://example.org/a"]),
    "deps.excludePackages": Done(["g:a"]),
    "deps.files": Done(["https://example.org/a"]),
    "deps.jars": Done(["https://example.org/a"]),
    "deps.packages": Done(["g:a:1"]),
    "deps.pyFiles": Done(["https://example.org/a"]),
    "deps.repositories": Done(["https://example.org"]),
    "driverIngressOptions": Refused([{"servicePort": 1, "servicePortName": "p"}], INGRESS),
    "dynamicAllocation.enabled": Done(True),
    "dynamicAllocation.initialExecutors": Done(2, {"dynamicAllocation": {"enabled": True}}),
    "dynamicAllocation.maxExecutors": Done(2, {"dynamicAllocation": {"enabled": True}}),
    "dynamicAllocation.minExecutors": Done(2, {"dynamicAllocation": {"enabled": True}}),
    "dynamicAllocation.shuffleTrackingEnabled": Done(False, {"dynamicAllocation": {"enabled": True}}),
    "dynamicAllocation.shuffleTrackingTimeout": Done(2, {"dynamicAllocation": {"enabled": True}}),
    "failureRetries": NoEffect(2, "older than restartPolicy"),
    "hadoopConf": Done({"a": "b"}),
    "hadoopConfigMap": Done("m"),
    "image": Done("other"),
    "imagePullPolicy": Done("Always"),
    "imagePullSecrets": Done(["s"]),
    "mainApplicationFile": Done("local:///other.py"),
    "mainClass": Done("org.example.Other", {"mainApplicationFile": "local:///a.jar", "mainClass": "org.example.One"}),
    "memoryOverheadFactor": Done("0.7"),
    "mode": NoEffect("cluster", "there is no other"),
    "monitoring": Refused({"exposeDriverMetrics": True, "exposeExecutorMetrics": True}, "spark.metrics.conf"),
    "nodeSelector": Done({"a": "b"}),
    "proxyUser": Done("u"),
    "pythonVersion": Done("3"),
    "restartPolicy.onFailureRetries": Lifecycle(ON_FAILURE),
    "restartPolicy.onFailureRetryInterval": Lifecycle(ON_FAILURE),
    "restartPolicy.onSubmissionFailureRetries": Lifecycle(REFUSED_SUBMISSION),
    "restartPolicy.onSubmissionFailureRetryInterval": Lifecycle(REFUSED_SUBMISSION),
    "restartPolicy.type": Lifecycle("test_lifecycle.py test_always_runs_again_after_a_success"),
    "retryInterval": NoEffect(2, "older than restartPolicy"),
    "sparkConf": Done({"spark.a": "b"}),
    "sparkConfigMap": Done("m"),
    "sparkUIOptions.ingressAnnotations": Refused({"a": "b"}, INGRESS),
    "sparkUIOptions.ingressTLS": Refused([{"secretName": "s"}], INGRESS),
    "sparkUIOptions.serviceAnnotations": Done({"a": "b"}),
    "sparkUIOptions.serviceLabels": Done({"a": "b"}),
    "sparkUIOptions.servicePort": Done(80),
    "sparkUIOptions.servicePortName": Done("web"),
    "sparkUIOptions.serviceType": Done("NodePort"),
    "sparkVersion": Done("3.5.9"),
    "suspend": Lifecycle("test_lifecycle.py test_suspend_removes_the_driver_and_resuming_runs_it_again"),
    "timeToLiveSeconds": Lifecycle("test_lifecycle.py test_an_application_is_deleted_when_its_time_is_over"),
    "type": NoEffect("Java", "main file's name"),
    "volumes": Done([{"name": "v", "hostPath": {"path": "/h"}}],
                    {"driver": {"volumeMounts": [{"name": "v", "mountPath": "/v"}]}, **VOLUMES}),
    # In newer definitions of the resource.
    "driverPodDisruptionBudget": Refused(True, "create the budget beside the application"),
}
BLOCKS = {path.split(".")[0] for path in SPEC if "." in path}

ROLE = {
    "affinity": Done({"nodeAffinity": {}, "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "k"}]}}),
    "annotations": Done({"a": "b"}),
    "configMaps": Done([{"name": "m", "path": "/m"}]),
    "coreLimit": Done("2"),
    "coreRequest": Done("500m"),
    "cores": Done(2),
    "dnsConfig": Done({"nameservers": ["10.0.0.1"]}),
    "env": Done([{"name": "A", "value": "b"}]),
    "envFrom": Done([{"secretRef": {"name": "s"}}]),
    "envSecretKeyRefs": Done({"A": {"name": "s", "key": "k"}}),
    "envVars": Done({"A": "b"}),
    "gpu": Done({"name": "nvidia.com/gpu", "quantity": 1}),
    "hostAliases": Done([{"ip": "10.0.0.1", "hostnames": ["h"]}]),
    "hostNetwork": Done(True),
    "image": Done("other"),
    "initContainers": Done(CONTAINER),
    "javaOptions": Done("-Da=b"),
    "labels": Done({"a": "b"}),
    "lifecycle": Done({"preStop": {"exec": {"command": ["true"]}}}),
    "memory": Done("3g"),
    "memoryOverhead": Done("3g"),
    "nodeSelector": Done({"a": "b"}),
    "podSecurityContext": Done({"runAsUser": 1}),
    "ports": Done([{"name": "p", "containerPort": 1, "protocol": "TCP"}]),
    "priorityClassName": Done("p"),
    "schedulerName": Done("s"),
    "secrets": Done([{"name": "s", "path": "/s", "secretType": "Generic"}]),
    "securityContext": Done({"runAsUser": 1}),
    "serviceAccount": Done("a"),
    "shareProcessNamespace": Done(True),
    "sidecars": Done(CONTAINER),
    "template": Done({"metadata": {"labels": {"a": "b"}}}),
    "terminationGracePeriodSeconds": Done(7),
    "tolerations": Done([{"key": "k"}]),
    "volumeMounts": Done([{"name": "v", "mountPath": "/v"}], VOLUMES),
}
OWN = {
    "driver": {
        "kubernetesMaster": Done("https://example.org"),
        "memoryLimit": Done("9g"),
        "podName": Done("other"),
        "serviceAnnotations": Done({"a": "b"}),
        "serviceLabels": Done({"a": "b"}),
    },
    "executor": {
        "deleteOnTermination": Done(False),
        "instances": Done(3),
        "memoryLimit": Refused("9g", "executor.memoryOverhead"),
    },
}
TABLE = dict(SPEC)
for role, own in OWN.items():
    TABLE.update({f"{role}.{field}": row for field, row in {**ROLE, **own}.items()})


def merged(one, other):
    result = dict(one)
    for key, value in other.items():
        both = isinstance(result.get(key), dict) and isinstance(value, dict)
        result[key] = merged(result[key], value) if both else value
    return result


def render(*specs):
    spec = {"type": "Python", "sparkVersion": "4.3.0", "image": "i", "mainApplicationFile": "local:///pi.py",
            "driver": {}, "executor": {}}
    for each in specs:
        spec = merged(spec, each)
    manifest = {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "metadata": {"name": "pi"},
                "spec": spec}
    return subprocess.run([program("sparkgate-operator"), "render", "-"], input=json.dumps(manifest),
                          capture_output=True, text=True, timeout=60, check=False)


def spec_with(path, value):
    *way, last = path.split(".")
    spec = {last: value}
    for word in reversed(way):
        spec = {word: spec}
    return spec


def rows(kind):
    return [(path, row) for path, row in TABLE.items() if isinstance(row, kind)]


def test_the_table_has_every_field_of_the_definition():
    definition = yaml.safe_load((CRDS / "sparkoperator.k8s.io_sparkapplications.yaml").read_text())
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    fields = set()
    for name, schema in spec.items():
        blocks = name in BLOCKS or name in OWN
        fields |= {f"{name}.{each}" for each in schema["properties"]} if blocks else {name}
    # Not in every release of the definition.
    fields |= {"driver.memoryLimit", "executor.memoryLimit", "driverPodDisruptionBudget"}
    assert fields == set(TABLE)


@pytest.mark.parametrize(("path", "row"), rows(Done))
def test_what_is_done_changes_what_is_made(path, row):
    before, after = render(row.beside), render(row.beside, spec_with(path, row.example))
    assert before.returncode == after.returncode == 0, before.stderr + after.stderr
    assert before.stdout != after.stdout


@pytest.mark.parametrize(("path", "row"), rows(Refused))
def test_what_is_refused_has_a_remedy(path, row):
    done = render(spec_with(path, row.example))
    assert done.returncode == 1 and f"spec.{path}: not supported" in done.stderr and row.remedy in done.stderr


@pytest.mark.parametrize(("path", "row"), rows(NoEffect))
def test_what_has_no_effect_has_none_and_the_manual_says_so(path, row):
    assert render(spec_with(path, row.example)).stdout == render().stdout != ""
    said = re.sub(r"\s+", " ", re.sub(r"\\f[BIR]|^\.[A-Z]+ ?", "", MANUAL, flags=re.M))
    assert path in said and row.why in said


@pytest.mark.parametrize("path", [path for path, _ in rows(Refused)])
def test_the_manual_names_what_is_refused(path):
    assert path.rsplit(".", maxsplit=1)[-1] in MANUAL


@pytest.mark.parametrize(("path", "row"), rows(Lifecycle))
def test_what_is_done_by_doing_has_a_test(path, row):
    file, test = row.tests.split()
    text = (pathlib.Path(__file__).parent / file).read_text()
    assert path.rsplit(".", maxsplit=1)[-1] in text.split(f"def {test}(")[1].split("\ndef ")[0]


@pytest.mark.parametrize("spec", [
    {"argument": []}, {"driver": {"core": 1}}, {"executor": {"podName": "x"}}, {"deps": {"jar": []}},
    {"dynamicAllocation": {"executors": 1}}, {"restartPolicy": {"retries": 1}}, {"sparkUIOptions": {"port": 1}},
])
def test_what_is_unknown_is_refused(spec):
    done = render(spec)
    assert done.returncode == 1 and "no such field" in done.stderr
