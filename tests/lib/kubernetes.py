# SPDX-License-Identifier: Apache-2.0
"""A real etcd and kube-apiserver on loopback (deploy/local-cluster/cluster up --api-only), and a client of it."""
import base64
import contextlib
import os
import pathlib
import re
import ssl
import subprocess

from waiting import LIMIT_S, wait_for

CLONE = pathlib.Path(__file__).resolve().parents[2]
STATE_DIR = pathlib.Path(os.environ.get("SPARKGATE_STATE_DIR", CLONE / ".sparkgate"))
KUBEFLOW_CRDS = pathlib.Path(os.environ.get("SPARKGATE_CRDS", CLONE / "../shared/crds"))
NAMESPACE = "spark"
GATEWAY_USER = "sparkgate"
GROUP = "/apis/sparkoperator.k8s.io/v1beta2"
DEFINITION_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sparkapplications.sparkoperator.k8s.io"
DRIVER_CONTAINER = "spark-kubernetes-driver"
MERGE = {"headers": {"Content-Type": "application/merge-patch+json"}}


def own_port(slot, number):
    """Of a test's own server: the slot's, and below those that the kernel gives to whoever asks for any."""
    return 20_260 + 100 * slot + number


def missing():
    """Why there is no API server here, or None."""
    return "left out by --no-cluster" if os.environ.get("SPARKGATE_TEST_CLUSTER") == "skip" else None


class Kubernetes:
    """With the Kubeflow operator's definition of SparkApplications, if that is on the machine, unless `own` is wanted."""

    def __init__(self, directory, slot, own_definition=False):
        self.dir = pathlib.Path(directory)
        self.slot = slot
        self.own_definition = own_definition
        self.environment = dict(os.environ, SPARKGATE_SLOT=str(slot))
        if own_definition:
            self.environment.pop("SPARKGATE_CRDS", None)
        elif KUBEFLOW_CRDS.is_dir():
            self.environment["SPARKGATE_CRDS"] = str(KUBEFLOW_CRDS)
        self.environment.setdefault("SPARKGATE_CLUSTER_CACHE", str(STATE_DIR / "cluster"))
        self.environment.setdefault("SPARKGATE_TOOLS_CACHE", str(STATE_DIR / "tools"))
        self.kubeconfig = self.dir / "cluster/run/gateway.kubeconfig"
        self.token_kubeconfig = self.dir / "cluster/run/gateway-token.kubeconfig"  # the same user
        self.url = f"https://127.0.0.1:{26443 + 100 * slot}"
        self._session = None

    def cluster(self, *words, limit_s=1500):
        done = subprocess.run(
            [CLONE / "deploy/local-cluster/cluster", *words, "--dir", self.dir], env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit_s, check=False,
        )
        assert done.returncode == 0, f"cluster {' '.join(words)}: {done.stdout}{done.stderr}"

    def up(self):
        self.cluster("up", "--api-only")
        for user in ("sparkgate", "sparkgate-operator"):
            wait_for(f"the rights of {user}", lambda user=user: self.may(user, "delete", "pods"))

    @contextlib.contextmanager
    def kubeflow_definitions(self):
        """All of the Kubeflow operator's, which it does not start without, in place of our own."""
        self.environment["SPARKGATE_CRDS"] = str(KUBEFLOW_CRDS)
        self.cluster("operator", "definitions")
        try:
            yield
        finally:
            if self.own_definition:
                del self.environment["SPARKGATE_CRDS"]
                for stamp in (self.dir / "cluster/etcd").glob("*.yaml.*"):
                    stamp.unlink()  # they say that theirs are there
                self.call("PATCH", DEFINITION_PATH, {"metadata": {"labels": {
                    "app.kubernetes.io/part-of": "sparkgate"}}}, **MERGE)
                self.up()

    def down(self):
        self.cluster("down")

    def start(self):
        """The API server, until it is ready."""
        self.cluster("start", "kube-apiserver", limit_s=LIMIT_S)

    def server_pid(self):
        return int((self.dir / "cluster/run/kube-apiserver.pid").read_text().split()[0])

    def kill9(self):
        self.cluster("kill", "kube-apiserver", limit_s=LIMIT_S)

    # --- its API, as its administrator -----------------------------------------------------------------------

    @property
    def session(self):
        if self._session is None:
            import requests  # not above: without a cluster, as against a foreign server, no package is needed

            text = (self.dir / "cluster/run/admin.kubeconfig").read_text()
            run = self.dir / "cluster/run"
            self._session = requests.Session()
            self._session.trust_env = False  # neither its proxies nor its certificates are meant for this server
            self._session.verify = self._file(text, "certificate-authority", run / "test-ca.crt")
            self._session.cert = (
                self._file(text, "client-certificate", run / "test-admin.crt"),
                self._file(text, "client-key", run / "test-admin.key"),
            )
        return self._session

    def tls(self):
        """The administrator's, for who speaks to it by himself."""
        context = ssl.create_default_context(cafile=self.session.verify)
        context.load_cert_chain(*self.session.cert)
        return context

    @staticmethod
    def _file(text, key, target):
        """The file that a kubeconfig names, or that it holds itself."""
        data = re.search(rf"^\s*{key}-data:\s*(\S+)", text, re.M)
        if data is None:
            return re.search(rf"^\s*{key}:\s*(\S+)", text, re.M).group(1).strip('"')
        target.write_bytes(base64.b64decode(data.group(1)))
        target.chmod(0o600)
        return str(target)

    def call(self, method, path, body=None, expect=(200, 201, 202), **more):
        answer = self.session.request(method, self.url + path, json=body, timeout=LIMIT_S, **more)
        assert answer.status_code in expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def may(self, user, verb, resource, group=""):
        """What its authorizer says, which learns of a changed role a moment later."""
        review = {"spec": {"user": user, "resourceAttributes": {
            "namespace": NAMESPACE, "verb": verb, "group": group, "resource": resource}}}
        return self.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]

    @staticmethod
    def roles(file):
        """The roles of a shipped manifest, for the gateway's user: path of their collection, and object."""
        import yaml  # as in `session`

        group = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
        text = file.read_text().replace("@NAMESPACE@", NAMESPACE).replace("@GATEWAY_USER@", GATEWAY_USER)
        return [(f"{group}/{manifest['kind'].lower()}s", manifest) for manifest in yaml.safe_load_all(text)]

    def allow(self, file):
        for path, manifest in self.roles(file):
            self.call("POST", path, manifest, expect=(201, 409))

    def forbid(self, file):
        for path, manifest in self.roles(file):
            self.call("DELETE", f"{path}/{manifest['metadata']['name']}", expect=(200, 404))

    def applications(self, selector=None):
        query = {} if selector is None else {"labelSelector": selector}
        return self.call("GET", f"{GROUP}/namespaces/{NAMESPACE}/sparkapplications", params=query)["items"]

    def application(self, name):
        """The object, or None."""
        answer = self.call("GET", self.path(name), expect=(200, 404))
        return answer if answer["kind"] == "SparkApplication" else None

    @staticmethod
    def path(name=""):
        return f"{GROUP}/namespaces/{NAMESPACE}/sparkapplications{'/' if name else ''}{name}"

    def create_application(self, body, strict=False, dry_run=False, **more):
        query = {"fieldValidation": "Strict"} if strict else {}
        if dry_run:
            query["dryRun"] = "All"
        return self.call("POST", self.path(), body, params=query, **more)

    def delete_application(self, name):
        self.call("DELETE", self.path(name), expect=(200, 202, 404))

    def delete_applications(self):
        self.call("DELETE", self.path(), params={"gracePeriodSeconds": 0})

    @staticmethod
    def probe(file):
        """An object for dry runs."""
        return {"apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "metadata": {"name": "probe"},
                "spec": {"type": "Java", "sparkVersion": "4", "mainApplicationFile": file, "driver": {},
                         "executor": {}}}

    @contextlib.contextmanager
    def unwanted_files(self):
        """Kubernetes' own admission control refuses files with "unwanted" in their names."""
        group = "/apis/admissionregistration.k8s.io/v1"
        name = "sparkgate-test"
        self.call("POST", f"{group}/validatingadmissionpolicies", {"metadata": {"name": name}, "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [{"apiGroups": ["sparkoperator.k8s.io"], "apiVersions": ["*"],
                                                    "operations": ["CREATE"], "resources": ["sparkapplications"]}]},
            "validations": [{"expression": "!object.spec.mainApplicationFile.contains('unwanted')",
                             "message": "nobody wants this file"}]}})
        try:
            self.call("POST", f"{group}/validatingadmissionpolicybindings", {"metadata": {"name": name}, "spec": {
                "policyName": name, "validationActions": ["Deny"]}})
            wait_for("the policy to be in force", lambda: self.session.post(
                self.url + self.path(), json=self.probe("unwanted"), params={"dryRun": "All"},
                timeout=LIMIT_S).status_code == 422)
            yield
        finally:
            self.call("DELETE", f"{group}/validatingadmissionpolicybindings/{name}", expect=(200, 404))
            self.call("DELETE", f"{group}/validatingadmissionpolicies/{name}")

    @contextlib.contextmanager
    def full(self, kind):
        """The namespace takes no more of something, e.g. pods. No controller runs here: its word is given."""
        quotas = f"/api/v1/namespaces/{NAMESPACE}/resourcequotas"
        resource = f"count/{kind}"
        probe = {"metadata": {"name": "probe"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}

        def in_force():
            return self.session.post(f"{self.url}/api/v1/namespaces/{NAMESPACE}/{kind}", timeout=LIMIT_S, json=probe,
                                     params={"dryRun": "All"}).status_code == 403

        self.call("POST", quotas, {"metadata": {"name": "full"}, "spec": {"hard": {resource: "0"}}})
        try:
            self.call("PATCH", f"{quotas}/full/status", {"status": {"hard": {resource: "0"}, "used": {resource: "0"}}},
                      **MERGE)
            wait_for("the quota to be in force", in_force)
            yield
        finally:
            self.call("DELETE", f"{quotas}/full", expect=(200, 404))
            wait_for("the quota to be gone", lambda: not in_force())

    def report(self, name, state, message="", **status):
        """Plays the operator, whose only way to say something is this same status."""
        status = {"applicationState": {"state": state, "errorMessage": message}, "driverInfo": {}, **status}
        self.call("PATCH", self.path(name) + "/status", {"status": status}, **MERGE)

    # --- driver pods, whose states a kubelet would report: there is none here -----------------------------------------

    @staticmethod
    def driver_path(name):
        return f"/api/v1/namespaces/{NAMESPACE}/pods/{name}-driver"

    def create_driver(self, name, uid=None, node=None):
        """The driver pod of an object, as spark-submit makes it; of another object with that uid."""
        owner = {"apiVersion": GROUP.removeprefix("/apis/"), "kind": "SparkApplication", "name": name,
                 "uid": uid or self.application(name)["metadata"]["uid"]}
        self.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods", {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{name}-driver", "ownerReferences": [owner]},
            "spec": {"containers": [{"name": DRIVER_CONTAINER, "image": "x"}, {"name": "beside", "image": "x"}],
                     **({"nodeName": node} if node else {})},
        })

    def report_driver(self, name, phase, exit_code=None, container_reason="Error", **status):
        """Plays the kubelet; exit_code: the driver's container has ended, whatever runs beside it."""
        if exit_code is not None:
            states = {DRIVER_CONTAINER: {"terminated": {"exitCode": exit_code, "reason": container_reason}},
                      "beside": {"running": {}}}
            status["containerStatuses"] = [
                {"name": container, "image": "x", "imageID": "x", "ready": False, "restartCount": 0, "state": state}
                for container, state in states.items()]
        self.call("PATCH", self.driver_path(name) + "/status", {"status": {"phase": phase, **status}}, **MERGE)

    def delete_driver(self, name):
        self.call("DELETE", self.driver_path(name) + "?gracePeriodSeconds=0", expect=(200, 404))

    def delete_drivers(self):
        self.call("DELETE", f"/api/v1/namespaces/{NAMESPACE}/pods?gracePeriodSeconds=0")
