# SPDX-License-Identifier: Apache-2.0
"""The door for a Kubeflow operator without a JVM: what it sends, and what the gateway needs to answer it."""
import uuid

import yaml

from kubernetes import CLONE, NAMESPACE
from waiting import wait_for

PATH = "/api/v1/spark-submit"
CONFIG = {"submitter": {"cluster": "default"}}
GATEWAY_USER = "sparkgate"
RBAC = CLONE / "deploy/kubernetes/submitter-rbac.yaml.in"
LABEL = "spark.kubernetes.driver.label.sparkoperator.k8s.io/submission-id"
APPLICATION_UID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


def allow(kube, verbs=None):
    """The shipped manifest's rights, for the gateway's user; verbs: of pods, instead of the manifest's."""
    text = RBAC.read_text().replace("@NAMESPACE@", NAMESPACE).replace("@GATEWAY_USER@", GATEWAY_USER)
    group = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
    for manifest in yaml.safe_load_all(text):
        if verbs is not None and manifest["kind"] == "Role":
            manifest["rules"][0]["verbs"] = verbs
        path = f"{group}/{manifest['kind'].lower()}s"
        kube.call("POST", path, manifest, expect=(201, 409))
        kube.call("PUT", f"{path}/{manifest['metadata']['name']}", manifest)
    wait_for("the rights to be known", lambda: kube.may(GATEWAY_USER, "create", "pods") == (
        verbs is None or "create" in verbs))


def owner(name, uid=APPLICATION_UID):
    return {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "name": name, "uid": uid,
            "controller": True, "blockOwnerDeletion": True}


def order(name="pi", args=("10",), options=(), conf=None, submission_id=None, **fields):
    """A body as the operator makes it."""
    submission_id = submission_id or str(uuid.uuid4())
    conf = {"spark.kubernetes.namespace": NAMESPACE, "spark.kubernetes.container.image": "spark:4.3.0",
            "spark.kubernetes.submission.waitAppCompletion": "false",
            "spark.kubernetes.driver.pod.name": f"{name}-driver", LABEL: submission_id, **(conf or {})}
    words = ["--master", "k8s://https://10.96.0.1:443", "--deploy-mode", "cluster", "--name", name, *options]
    for key, value in conf.items():
        if value is not None:
            words += ["--conf", f"{key}={value}"]
    return {"submission_id": submission_id,
            "spark_submit_args": [*words, "local:///opt/spark/examples/src/main/python/pi.py", *args], **fields}


def template(container, **spec):
    """As Go writes one."""
    return {"metadata": {"creationTimestamp": None, "ownerReferences": [owner("pi")]},
            "spec": {"containers": [{"name": container, "resources": {}}], **spec}}
