# SPDX-License-Identifier: Apache-2.0
"""The Apache operator, played: it cannot be had as a package. What it writes, and in which order, is contract crds.md 5."""
import contextlib
import datetime

import yaml

from kubernetes import CLONE, DEFINITION_PATH, DRIVER_CONTAINER, GATEWAY_USER, KUBEFLOW_CRDS, MERGE, NAMESPACE
from waiting import wait_for

API = "spark.apache.org/v1"
GROUP = f"/apis/{API}"
DEFINITION = KUBEFLOW_CRDS / "sparkapplications.spark.apache.org-v1.yaml"
DEFINITIONS_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = CLONE / "deploy/kubernetes/apache-rbac.yaml.in"
FINALIZER = "sparkapplications.spark.apache.org/finalizer"
SHUT_DOWN = "Spark application has been shutdown as requested."
TO_RUNNING = ("Submitted", "DriverRequested", "DriverStarted", "DriverReady", "RunningHealthy")


def missing():
    """Why its definition is not here, or None."""
    return None if DEFINITION.exists() else f"no definition of the Apache operator: {DEFINITION.name} is not here"


def path(name=""):
    return f"{GROUP}/namespaces/{NAMESPACE}/sparkapplications{'/' if name else ''}{name}"


def application(kube, name):
    """The object, or None."""
    answer = kube.call("GET", path(name), expect=(200, 404))
    return answer if answer["kind"] == "SparkApplication" else None


def install(kube):
    """Its definition, until it is served."""
    kube.call("POST", DEFINITIONS_PATH, yaml.safe_load(DEFINITION.read_text()), expect=(201, 409))
    # The group is in the server's list a moment later than the definition is established.
    wait_for("the Apache operator's definition to be served", lambda: API in served(kube) and kube.session.get(
        kube.url + path(), timeout=10).status_code == 200)


def remove(kube):
    kube.call("DELETE", f"{DEFINITIONS_PATH}/sparkapplications.spark.apache.org", expect=(200, 404))
    wait_for("the Apache operator's definition to be gone", lambda: API not in served(kube))


def served(kube):
    return {version["groupVersion"] for group in kube.call("GET", "/apis")["groups"] for version in group["versions"]}


@contextlib.contextmanager
def allowed(kube):
    """The definition, and the shipped manifest's rights for the gateway's user."""
    right = (GATEWAY_USER, "create", "sparkapplications", API.split("/", maxsplit=1)[0])
    kube.allow(RBAC)
    wait_for("the rights to be there", lambda: kube.may(*right))
    install(kube)
    try:
        yield
    finally:
        remove(kube)
        kube.forbid(RBAC)
        wait_for("the rights to be gone", lambda: not kube.may(*right))


def serve_kubeflow(kube, served):
    """Whether the API server serves Kubeflow's definition; what is of it stays stored."""
    (version,) = kube.call("GET", DEFINITION_PATH)["spec"]["versions"]
    kube.call("PATCH", DEFINITION_PATH, {"spec": {"versions": [{**version, "served": served}]}}, **MERGE)
    wait_for(f"Kubeflow's definition to be{'' if served else ' not'} served", lambda: served == (
        kube.session.get(kube.url + kube.path(), timeout=10).status_code == 200))


@contextlib.contextmanager
def playing(kube, name):
    """The operator for one application, which is gone afterwards."""
    played = Played(kube, name)
    try:
        yield played
    finally:
        if application(kube, name) is not None:
            played.let_go()
            kube.call("DELETE", path(name), expect=(200, 404))
        kube.delete_drivers()


class Played:
    """What it does for one application. Times are the server's day, with the fractions that the operator writes."""

    def __init__(self, kube, name):
        self.kube, self.name = kube, name
        self.history, self.attempt, self.previous = {}, 0, None
        self.next_id = 0
        self.naming = "{}-{}-driver"
        # At its first reconciliation, before any state.
        kube.call("PATCH", path(name), {"metadata": {"finalizers": [FINALIZER]}}, **MERGE)

    @property
    def pod(self):
        return self.naming.format(self.name, self.attempt)

    def enter(self, *states, message="", driver=None):
        """One write of the status, whatever number of states it appends; message and driver's status are the last one's."""
        for state in states:
            now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
            entry = {"currentStateSummary": state, "lastTransitionTime": now,
                     "message": message if state == states[-1] else ""}
            if driver is not None and state == states[-1]:
                entry["lastObservedDriverStatus"] = driver
            self.history[str(self.next_id)] = entry
            self.next_id += 1
        self.write(entry)

    def write(self, current):
        status = {"currentState": {"lastObservedDriverStatus": None, **current}, "stateTransitionHistory": self.history,
                  "currentAttemptSummary": {"attemptInfo": {"id": self.attempt, "restartCounter": self.attempt}},
                  "previousAttemptSummary": self.previous}
        self.kube.call("PATCH", path(self.name) + "/status", {"status": status}, **MERGE)

    def restart(self, message=""):
        """Another attempt: the history moves to the summary of the one before, ids go on, and the pod goes."""
        self.delete_pod()
        old = self.history
        self.previous = {"attemptInfo": {"id": self.attempt}, "stateTransitionHistory": old}
        self.attempt += 1
        self.kube.call("PATCH", path(self.name) + "/status",
                       {"status": {"stateTransitionHistory": dict.fromkeys(old)}}, **MERGE)
        self.history = {}
        self.enter("ScheduledToRestart", message=message)

    # --- the driver's pod -------------------------------------------------------------------------------------------

    def make_pod(self, **labels):
        """With the labels that Spark's builder gives it, and those that the application's properties ask for."""
        application_ = application(self.kube, self.name)
        prefix = "spark.kubernetes.driver.label."
        wanted = {key.removeprefix(prefix): value for key, value in application_["spec"]["sparkConf"].items()
                  if key.startswith(prefix)}
        self.kube.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": self.pod, "labels": {
                **wanted, "spark.operator/name": "spark-kubernetes-operator",
                "spark.operator/spark-app-name": self.name,
                "spark-role": "driver", "spark-app-selector": f"{self.name}-{self.attempt}", **labels},
                "ownerReferences": [{"apiVersion": API, "kind": "SparkApplication", "name": self.name,
                                     "uid": application_["metadata"]["uid"]}]},
            "spec": {"containers": [{"name": DRIVER_CONTAINER, "image": "x"}, {"name": "beside", "image": "x"}]},
        })

    def report_pod(self, phase, exit_code=None, **more):
        """Plays the kubelet."""
        self.kube.report_driver(self.pod.removesuffix("-driver"), phase, exit_code, **more)

    def delete_pod(self):
        self.kube.delete_driver(self.pod.removesuffix("-driver"))

    def run(self):
        """To a driver that runs."""
        self.enter(*TO_RUNNING[:2])
        self.make_pod()
        self.report_pod("Running")
        self.enter(*TO_RUNNING[2:])

    # --- deletion ---------------------------------------------------------------------------------------------------

    def is_deleted(self):
        """Has somebody asked for its end? It is only there while the finalizer is."""
        return "deletionTimestamp" in application(self.kube, self.name)["metadata"]

    def release(self):
        """What it does about a deletion: pod, state, finalizer, in this order."""
        self.delete_pod()
        self.enter("ResourceReleased", message=SHUT_DOWN)
        self.let_go()

    def let_go(self):
        self.kube.call("PATCH", path(self.name), {"metadata": {"finalizers": None}}, expect=(200, 404), **MERGE)


def ended(exit_code, reason="Error"):
    """A driver's PodStatus, as the operator keeps it of a failure."""
    return {"phase": "Failed", "containerStatuses": [{
        "name": DRIVER_CONTAINER, "image": "x", "imageID": "x", "ready": False, "restartCount": 0,
        "state": {"terminated": {"exitCode": exit_code, "reason": reason}}}]}
