# SPDX-License-Identifier: Apache-2.0
"""spark-submit --master k8s://: the requests that it makes for a driver, in their order, and what was recorded of it."""
import contextlib
import copy
import json
import pathlib
import urllib.parse
import uuid

import yaml

from kubernetes import CLONE, DRIVER_CONTAINER, GATEWAY_USER, MERGE, NAMESPACE
from livy import Livy
from stack import merged
from waiting import wait_for

FIXTURES = CLONE / "../shared/fixtures/k8s-submit"
RBAC = CLONE / "deploy/kubernetes/k8s-rbac.yaml.in"
OWN_RIGHT = ("list", "pods")  # that no other manifest gives to the gateway here
APPLY = {"Content-Type": "application/apply-patch+yaml"}
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
NETWORK = "/apis/networking.k8s.io/v1"


def allow(kube):
    """The shipped manifest's rights, for the gateway's user."""
    kube.allow(RBAC)
    wait_for("the rights to be there", lambda: kube.may(GATEWAY_USER, *OWN_RIGHT))


def forbid(kube):
    kube.forbid(RBAC)
    wait_for("the rights to be gone", lambda: not kube.may(GATEWAY_USER, *OWN_RIGHT))


@contextlib.contextmanager
def opened(stack, changes=None):
    """The gateway open to --master k8s://, with all of the rights that it needs for it; and everything as before."""
    allow(stack.kubernetes)
    stack.reconfigure(merged({"clusters": {"default": {"k8s_submissions": True}}}, changes or {}))
    try:
        yield KubernetesClient(stack.spark_port)
    finally:
        stack.kubernetes.delete_drivers()
        forbid(stack.kubernetes)
        stack.reconfigure()


def properties_text(properties):
    """As java.util.Properties stores them, as far as tests need it."""
    lines = ["#Java properties built from Kubernetes config map", "#Sat Nov 21 10:40:14 UTC 2026"]
    for key, value in properties.items():
        lines.append(f"{key}={value}".replace("\\", "\\\\").replace(":", "\\:").replace("\n", "\\n"))
    return "\n".join(lines) + "\n"


class Driver:
    """The objects of one submission, as spark-submit 4.3 makes them; tests change them before they are sent."""

    def __init__(self, name="sparkpi", properties=None):
        self.unique = uuid.uuid4().hex[:16]
        self.app_id = f"spark-{uuid.uuid4().hex}"
        self.prefix = f"{name}-{self.unique}"
        self.pod_name = f"{self.prefix}-driver"
        self.map_name = f"spark-drv-{self.unique}-conf-map"
        labels = {"spark-app-name": name, "spark-app-selector": self.app_id, "spark-role": "driver",
                  "spark-version": "4.3.0"}
        self.pod = {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": labels, "name": self.pod_name},
            "spec": {
                "containers": [{
                    "args": ["driver", "--properties-file", "/opt/spark/conf/spark.properties", "--class",
                             "org.apache.spark.examples.SparkPi", "local:///opt/spark/examples/jars/spark-examples.jar",
                             "10", "", "é"],
                    "env": [{"name": "SPARK_USER", "value": "ann"},
                            {"name": "SPARK_APPLICATION_ID", "value": self.app_id},
                            {"name": "MY_SECRET", "value": "hidden-in-the-pod"}],
                    "image": "spark:4.3.0", "imagePullPolicy": "IfNotPresent", "name": "spark-kubernetes-driver",
                    "ports": [{"containerPort": 7078, "name": "driver-rpc-port", "protocol": "TCP"}],
                    "resources": {"limits": {"memory": "896Mi"}, "requests": {"cpu": "1", "memory": "896Mi"}},
                    "securityContext": {"allowPrivilegeEscalation": False},
                    "volumeMounts": [{"mountPath": "/opt/spark/conf", "name": "spark-conf-volume-driver"}],
                }],
                "restartPolicy": "Never",
                "volumes": [{"emptyDir": {}, "name": "spark-local-dir-1"},
                            {"configMap": {"items": [{"key": "spark.properties", "mode": 420, "path": "spark.properties"}],
                                           "name": self.map_name}, "name": "spark-conf-volume-driver"}],
            },
        }
        self.service = {
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"labels": {"spark-app-selector": self.app_id}, "name": f"{self.prefix}-driver-svc"},
            "spec": {"clusterIP": "None", "ports": [{"name": "driver-rpc-port", "port": 7078, "targetPort": 7078}],
                     "selector": dict(labels)},
        }
        self.policy = {
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": f"{self.prefix}-policy", "namespace": NAMESPACE},
            "spec": {"ingress": [], "podSelector": {"matchLabels": {"spark-role": "executor",
                                                                    "spark-app-selector": self.app_id}}},
        }
        self.properties = {
            "spark.app.id": self.app_id, "spark.app.name": f"{name} ü", "spark.master": "k8s://http://gateway:9888",
            "spark.kubernetes.driver.pod.name": self.pod_name, "spark.submit.deployMode": "cluster",
            "spark.kubernetes.container.image": "spark:4.3.0", **(properties or {}),
        }

    def config_map(self):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": self.map_name, "namespace": NAMESPACE},
                "immutable": True,
                "data": {"spark.properties": properties_text(self.properties), "spark.kubernetes.namespace": NAMESPACE}}

    def secret(self, **members):
        return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"{self.prefix}-kubernetes-credentials"},
                "data": {"token": "aGlkZGVu"}, **members}

    def claim(self):
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": f"{self.prefix}-driver-pvc-0"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}


class ClientDriver:
    """A driver in client mode, with the objects that Spark 4.3 has made for its executors."""

    def __init__(self, name="cli", owner=None):
        self.unique = uuid.uuid4().hex[:16]
        self.app_id = f"spark-{uuid.uuid4().hex}"
        self.name, self.owner = name, owner  # owner: the driver's pod, as the API server has it

    def labels(self, **more):
        return {"spark-app-selector": self.app_id, "spark-role": "executor", **more}

    def metadata(self, name, **labels):
        metadata = {"name": name, "labels": self.labels(**labels)}
        if self.owner:
            metadata["ownerReferences"] = [{"apiVersion": "v1", "kind": "Pod", "controller": True,
                                            "name": self.owner["metadata"]["name"], "uid": self.owner["metadata"]["uid"]}]
        return metadata

    def config_map(self):
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.metadata(f"spark-exec-{self.unique}-conf-map"),
                "data": {"spark.kubernetes.namespace": NAMESPACE}, "immutable": True}

    def claim(self, number=1):
        return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": self.metadata(f"{self.executor_name(number)}-pvc-0"),
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}

    def executor_name(self, number):
        return f"{self.name}-{self.unique}-exec-{number}"

    def executor(self, number=1):
        return {"apiVersion": "v1", "kind": "Pod",
                "metadata": self.metadata(self.executor_name(number), **{
                    "spark-exec-id": str(number), "spark-app-name": self.name, "spark-version": "4.3.0",
                    "spark-exec-resourceprofile-id": "0"}),
                "spec": {"containers": [{
                    "args": ["executor"], "env": [{"name": "SPARK_EXECUTOR_ID", "value": str(number)}], "image": "spark:4.3.0",
                    "name": "spark-kubernetes-executor", "resources": {"requests": {"cpu": "1", "memory": "1408Mi"}},
                    "volumeMounts": [{"mountPath": "/opt/spark/conf", "name": "spark-conf-volume-exec"}]}],
                    "hostname": self.executor_name(number), "restartPolicy": "Never",
                    "volumes": [{"configMap": {"name": f"spark-exec-{self.unique}-conf-map"}, "name": "spark-conf-volume-exec"}]}}

    def selector(self, *more):
        return ",".join([f"spark-app-selector={self.app_id}", *more])

    @property
    def executors(self):
        return self.selector("spark-role=executor")


PLURALS = {"Service": "services", "ConfigMap": "configmaps", "Secret": "secrets",
           "PersistentVolumeClaim": "persistentvolumeclaims", "NetworkPolicy": "networkpolicies"}


class KubernetesClient(Livy):
    """`prefix` is what stands after host and port in --master."""

    def __init__(self, port, prefix=""):
        super().__init__(port)
        self.prefix = prefix

    def begin(self, driver):
        return self.call("POST", self.prefix + PODS, driver.pod)

    def apply(self, uid, driver, part, path=None):
        """A piece that the pod of that uid owns."""
        part = copy.deepcopy(part)
        part["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "Pod", "controller": True,
                                                "name": driver.pod_name, "uid": uid}]
        group = NETWORK if part["kind"] == "NetworkPolicy" else "/api/v1"
        path = path or f"{group}/namespaces/{NAMESPACE}/{PLURALS[part['kind']]}/{part['metadata']['name']}"
        return self.call("PATCH", f"{self.prefix}{path}?fieldManager=fabric8&force=true", part, APPLY)

    def submit(self, driver, *more):
        """All pieces; the answers to the first and to the last."""
        begun = self.begin(driver)
        assert begun.status == 201, begun
        uid = begun.json()["metadata"]["uid"]
        for part in (driver.service, driver.policy, *more):
            answer = self.apply(uid, driver, part)
            assert answer.status == 201, answer
        return begun.json(), self.apply(uid, driver, driver.config_map())

    # --- client mode ---

    def make(self, object_):
        return self.call("POST", f"{self.prefix}/api/v1/namespaces/{NAMESPACE}/"
                         f"{PLURALS.get(object_['kind'], 'pods')}", object_)

    def selected(self, plural, selector, **more):
        return self.get(f"{self.prefix}/api/v1/namespaces/{NAMESPACE}/{plural}?"
                        + urllib.parse.urlencode({"labelSelector": selector, **more}))

    def delete_selected(self, plural, selector, **more):
        return self.call("DELETE", f"{self.prefix}/api/v1/namespaces/{NAMESPACE}/{plural}?"
                         + urllib.parse.urlencode({"labelSelector": selector, **more}),
                         {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"})

    def stop(self, driver):
        """As KubernetesClusterSchedulerBackend does at the end."""
        for plural, selector in (("services", driver.selector()), ("persistentvolumeclaims", driver.selector()),
                                 ("pods", driver.executors), ("configmaps", driver.executors)):
            answer = self.delete_selected(plural, selector)
            assert answer.status == 200, f"{plural}: {answer}"

    def pod(self, name):
        return self.get(f"{self.prefix}{PODS}/{name}")

    def delete_pod(self, name):
        return self.call("DELETE", f"{self.prefix}{PODS}/{name}",
                         {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"})


class Stubborn(KubernetesClient):
    """Repeats what got no answer, or 5xx, as spark-submit does; only more often."""

    def call(self, *words, **more):
        answers = []

        def answered():
            with contextlib.suppress(OSError, IndexError):
                answers.append(super(Stubborn, self).call(*words, **more))
            return bool(answers) and answers[-1].status < 500

        wait_for(f"an answer to {words[:2]}", answered)
        return answers[-1]


def watch_path(driver, **more):
    """As the client builds it."""
    query = {"allowWatchBookmarks": "true", "fieldSelector": f"metadata.name={driver.pod_name}", "watch": "true", **more}
    return f"{PODS}?{urllib.parse.urlencode(query)}"


def end_claims(stack):
    """No worker makes an executor any more: a kill need not wait for that, as it does for as long as a call may take."""
    stack.postgres.execute("UPDATE k8s_application SET creating_until = now()")


def report(kube, driver, phase, exit_code=None, reason="Error"):
    """Plays the kubelet."""
    status = {"phase": phase}
    if exit_code is not None:
        status["containerStatuses"] = [{
            "name": DRIVER_CONTAINER, "image": "x", "imageID": "x", "ready": False, "restartCount": 0,
            "state": {"terminated": {"exitCode": exit_code, "reason": reason}}}]
    kube.call("PATCH", f"{PODS}/{driver.pod_name}/status", {"status": status}, **MERGE)


def token_of(kubeconfig):
    """That of its user, or the one in its file."""
    (user,) = yaml.safe_load(kubeconfig.read_text())["users"]
    return user["user"].get("token") or pathlib.Path(user["user"]["tokenFile"]).read_text().strip()


def recorded(name):
    """A recorded run, or None where the recordings are not."""
    file = pathlib.Path(FIXTURES / f"{name}.json")
    return json.loads(file.read_text()) if file.exists() else None


def recordings(pattern):
    return sorted(file.stem for file in FIXTURES.glob(pattern))
