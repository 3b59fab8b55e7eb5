# SPDX-License-Identifier: Apache-2.0
"""Plays what is not there beside the API server: scheduler, kubelet, drivers and garbage collector, through the API."""
import itertools
import json

from kubernetes import NAMESPACE
from waiting import LIMIT_S, wait_for

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
DRIVER = "spark-kubernetes-driver"
MERGE = {"Content-Type": "application/merge-patch+json"}


def application(name, own=True, **spec):
    metadata = {"name": name, "labels": {"sparkgate.io/operator": "sparkgate"} if own else {}}
    return {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "metadata": metadata,
            "spec": {"type": "Python", "mode": "cluster", "sparkVersion": "4.3.0", "image": "spark:4.3.0",
                     "mainApplicationFile": "local:///opt/spark/examples/src/main/python/pi.py",
                     "restartPolicy": {"type": "Never"}, "driver": {"cores": 1, "memory": "512m"},
                     "executor": {"cores": 1, "memory": "512m", "instances": 1}, **spec}}


class PlayedNode:
    def __init__(self, kube):
        self.kube = kube
        self.numbers = itertools.count(1)

    # --- applications ----------------------------------------------------------------------------------------

    def apply(self, name, own=True, **spec):
        return self.kube.create_application(application(name, own, **spec))

    def change(self, name, **spec):
        return self.kube.call("PATCH", self.kube.path(name), {"spec": spec}, headers=MERGE)

    def status(self, name):
        application = self.kube.application(name)
        return None if application is None else application.get("status", {})

    def state(self, name):
        return self.status(name).get("applicationState", {}).get("state", "")

    def message(self, name):
        return self.status(name)["applicationState"].get("errorMessage")

    def states(self, name):
        """Its states from now on, each as it comes, by a watch."""
        version = self.kube.call("GET", self.kube.path())["metadata"]["resourceVersion"]
        lines = self.kube.session.get(
            self.kube.url + self.kube.path(), stream=True, timeout=LIMIT_S, params={
                "watch": "1", "resourceVersion": version, "fieldSelector": f"metadata.name={name}"}).iter_lines()

        def follow():
            last = None
            for line in lines:
                state = json.loads(line)["object"].get("status", {}).get("applicationState", {}).get("state", "")
                if state != last:
                    last = state
                    yield state

        return follow()

    def wait(self, name, state):
        wait_for(f"{name} to be {state}", lambda: self.state(name) == state)
        return self.status(name)

    # --- pods ------------------------------------------------------------------------------------------------

    def pods(self, selector=""):
        return self.kube.call("GET", PODS, params={"labelSelector": selector})["items"]

    def driver(self, name):
        found = [pod for pod in self.pods(f"sparkoperator.k8s.io/app-name={name},spark-role=driver")
                 if "deletionTimestamp" not in pod["metadata"]]
        assert len(found) < 2, "two drivers at once"
        return found[0] if found else None

    def wait_driver(self, name, not_uid=None):
        """The driver pod, once it may be scheduled."""
        def released():
            pod = self.driver(name)
            return pod if pod and "schedulingGates" not in pod["spec"] and pod["metadata"]["uid"] != not_uid else None

        return wait_for(f"the driver pod of {name}", released)

    def report(self, pod, phase, exit_code=None, why=None, container=DRIVER, **status):
        """What a kubelet says of a pod, which may have gone meanwhile."""
        state = {"running": {}} if phase == "Running" else {}
        if exit_code is not None:
            state = {"terminated": {"exitCode": exit_code, "reason": why or ("Error" if exit_code else "Completed")}}
        if state:
            status["containerStatuses"] = status.get("containerStatuses", []) + [{
                "name": container, "image": "spark", "imageID": "", "ready": False, "restartCount": 0, "state": state}]
        said = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": {"phase": phase, **status}}
        self.kube.call("PATCH", f"{PODS}/{pod['metadata']['name']}/status", said, expect=(200, 404, 409),
                       headers=MERGE)

    def executor(self, driver, phase="Pending"):
        """An executor as the driver would make it."""
        labels = driver["metadata"]["labels"]
        name = f"executor-{next(self.numbers)}"
        pod = self.kube.call("POST", PODS, {
            "metadata": {"name": name, "labels": {**labels, "spark-role": "executor", "spark-exec-id": "1"}},
            "spec": {"containers": [{"name": "spark-kubernetes-executor", "image": "spark"}]}})
        if phase != "Pending":
            self.report(pod, phase)
        return pod

    def collect_garbage(self):
        """As kube-controller-manager does. A DELETE whose client dies may stop between its two writes: the pod is
        marked as going and stays. Without a node there is no kubelet to remove it."""
        for pod in self.pods():
            if "deletionTimestamp" in pod["metadata"] and not pod["spec"].get("nodeName"):
                self.remove(pod, expect=(200, 404, 409))

    def remove(self, pod, expect=(200,)):
        only = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        self.kube.call("DELETE", f"{PODS}/{pod['metadata']['name']}", only, expect)

    def empty(self):
        self.kube.delete_applications()
        self.kube.call("DELETE", PODS, {"gracePeriodSeconds": 0})
        for kind in ("configmaps", "services"):
            for item in self.kube.call("GET", f"/api/v1/namespaces/{NAMESPACE}/{kind}")["items"]:
                self.kube.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/{kind}/{item['metadata']['name']}",
                               expect=(200, 404))
