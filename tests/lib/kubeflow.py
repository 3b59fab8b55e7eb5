# SPDX-License-Identifier: Apache-2.0
"""The real Kubeflow operator's binary, outside a cluster. It is not part of the product."""
import base64
import json
import lzma
import os
import pathlib

import requests
import urllib3
import yaml

from kubernetes import CLONE, GROUP, KUBEFLOW_CRDS, NAMESPACE, own_port
from process import Process
from waiting import LIMIT_S, wait_for

ARCHIVE = CLONE / "../shared/bin/spark-operator.xz"


def missing():
    """Why there is none here, or None."""
    if "SPARK_OPERATOR" not in os.environ and not ARCHIVE.exists():
        return "no Kubeflow operator: neither SPARK_OPERATOR=FILE nor ../shared/bin/spark-operator.xz is there"
    if not KUBEFLOW_CRDS.is_dir():
        return "no definitions of the Kubeflow operator: neither SPARKGATE_CRDS=DIR nor ../shared/crds is there"
    return None


def binary(directory):
    """As deploy/local-cluster/lib/operator.sh finds it."""
    if "SPARK_OPERATOR" in os.environ:
        return os.environ["SPARK_OPERATOR"]
    file = pathlib.Path(directory) / "spark-operator"
    if not file.exists():
        part = file.with_suffix(".part")
        part.write_bytes(lzma.decompress(ARCHIVE.read_bytes()))
        part.chmod(0o755)
        part.rename(file)
    return file


def controller(directory, *options, name="kubeflow", **environment):
    """Its controller, not started yet; it signs in as the cluster's administrator."""
    kubeconfig = pathlib.Path(directory) / "cluster/run/admin.kubeconfig"
    environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "443", **environment}
    return Process(directory, name, [
        binary(directory), "controller", "start", f"--kubeconfig={kubeconfig}", f"--namespaces={NAMESPACE}",
        "--leader-election=false", "--health-probe-bind-address=0", *options,
    ], dict(os.environ, KUBECONFIG=str(kubeconfig), **environment))


class Webhook:
    """Its webhook, which is asked directly: the API server knows nothing of it."""

    def __init__(self, directory, kubernetes):
        self.port = own_port(kubernetes.slot, 9)
        self.kubernetes = kubernetes
        kubeconfig = pathlib.Path(directory) / "cluster/run/admin.kubeconfig"
        self.process = Process(directory, "kubeflow-webhook", [
            binary(directory), "webhook", "start", f"--kubeconfig={kubeconfig}", f"--namespaces={NAMESPACE}",
            "--leader-election=false", f"--webhook-port={self.port}",
            f"--webhook-cert-dir={pathlib.Path(directory) / 'certs'}", "--webhook-secret-namespace=operator",
            "--health-probe-bind-address=0",
        ], dict(os.environ, KUBECONFIG=str(kubeconfig)))

    def start(self):
        self.kubernetes.call("POST", "/api/v1/namespaces", {"metadata": {"name": "operator"}}, expect=(201, 409))
        wait_for("all of its definitions to be served", self.definitions_are_served)
        self.process.start()
        self.process.wait_ready(self.answers)
        return self

    def stop(self):
        self.process.stop()

    def definitions_are_served(self):
        """A server that has just started knows of them a moment later; the webhook ends if it does not find them."""
        served = {each["name"] for each in self.kubernetes.call("GET", GROUP)["resources"]}
        return {"sparkapplications", "scheduledsparkapplications"} <= served

    def answers(self):
        try:
            return self.admitted("SparkApplication", self.kubernetes.probe("x"))
        except requests.ConnectionError:
            return None

    def admitted(self, kind, thing):
        """The object as the webhook patches it on CREATE."""
        group, version, resource, path = {
            "SparkApplication": ("sparkoperator.k8s.io", "v1beta2", "sparkapplications",
                                 "mutate-sparkoperator-k8s-io-v1beta2-sparkapplication"),
            "Pod": ("", "v1", "pods", "mutate--v1-pod"),
        }[kind]
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "kind": {"group": group, "version": version, "kind": kind},
            "resource": {"group": group, "version": version, "resource": resource},
            "namespace": NAMESPACE, "operation": "CREATE", "userInfo": {}, "object": thing}}
        # Its certificate is its own, and it listens on loopback.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        answer = requests.post(f"https://127.0.0.1:{self.port}/{path}", json=review, verify=False, timeout=LIMIT_S)
        answer = answer.json()["response"]
        assert answer["allowed"], answer
        return patched(thing, json.loads(base64.b64decode(answer["patch"]))) if "patch" in answer else thing

    def let_through(self, application, thing, template_key):
        """What becomes of an object of an application's driver; the key under which a config map holds a pod template."""
        if thing["kind"] == "Pod":
            thing = self.admitted("Pod", dict(thing, metadata=dict(thing["metadata"], namespace=NAMESPACE)))
            del thing["metadata"]["namespace"]
            thing.pop("status", None)  # the webhook writes a Pod anew, with an empty one
        elif template_key in thing.get("data", {}):
            thing["data"][template_key] = self.executor_template(application, thing["data"][template_key])
        return thing

    def executor_template(self, application, text):
        """The template that the driver will make its executors of, as the webhook would patch it."""
        template = yaml.safe_load(text)
        labels = template["metadata"].get("labels", {})
        found = {"spark-role": "executor", "sparkoperator.k8s.io/app-name": application,
                 "sparkoperator.k8s.io/launched-by-spark-operator": "true"}  # by these the webhook knows it
        metadata = dict(template["metadata"], name="executor", namespace=NAMESPACE, labels={**labels, **found})
        pod = self.admitted("Pod", dict(template, apiVersion="v1", kind="Pod", metadata=metadata))
        pod["metadata"]["labels"] = labels
        for key in ("name", "namespace"):
            del pod["metadata"][key]
        pod.pop("status", None)
        return pod


def patched(thing, operations):
    """RFC 6902, as far as the webhook's patches go."""
    thing = json.loads(json.dumps(thing))
    for operation in operations:
        *way, last = [word.replace("~1", "/").replace("~0", "~") for word in operation["path"].split("/")[1:]]
        place = thing
        for word in way:
            place = place[int(word)] if isinstance(place, list) else place[word]
        if isinstance(place, list):
            last = len(place) if last == "-" else int(last)
        if operation["op"] == "remove":
            del place[last]
        elif operation["op"] == "add" and isinstance(place, list):
            place.insert(last, operation["value"])
        else:
            assert operation["op"] in ("add", "replace"), operation
            place[last] = operation["value"]
    return thing
