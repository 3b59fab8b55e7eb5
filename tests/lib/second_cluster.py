# SPDX-License-Identifier: Apache-2.0
"""Another Kubernetes API beside the stack's: a kube-apiserver of its own, with a part of the same etcd for itself."""
import contextlib
import pathlib

from kubernetes import DEFINITION_PATH, NAMESPACE, Kubernetes, own_port
from process import Process
from waiting import wait_for


class SecondCluster(Kubernetes):
    """Started as the stack's own was, but for its port and its place in etcd; the gateway is its administrator."""

    def __init__(self, first):
        super().__init__(first.dir, first.slot)
        self.first = first
        port = own_port(first.slot, 10)
        self.url = f"https://127.0.0.1:{port}"
        self.kubeconfig = self.dir / "second.kubeconfig"
        words = pathlib.Path(f"/proc/{first.server_pid()}/cmdline").read_text().rstrip("\0").split("\0")
        words[words.index("--secure-port") + 1] = str(port)
        self.server = Process(self.dir, "second-apiserver", [*words, "--etcd-prefix", "/second"])

    def up(self):
        administrator = (self.dir / "cluster/run/admin.kubeconfig").read_text()
        self.kubeconfig.write_text(administrator.replace(self.first.url, self.url))
        self.kubeconfig.chmod(0o600)
        self.start()
        self.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}, expect=(201, 409))
        definition = self.first.call("GET", DEFINITION_PATH)
        body = {name: definition[name] for name in ("apiVersion", "kind", "spec")}
        self.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                  {**body, "metadata": {"name": definition["metadata"]["name"],
                                        "annotations": definition["metadata"].get("annotations", {})}}, expect=(201, 409))
        wait_for("the definition to be served", lambda: self.status(self.path()) == 200)
        self.delete_applications()

    def start(self):
        self.server.start()
        self.server.wait_ready(lambda: self.status("/readyz") == 200)

    def status(self, path):
        import requests  # as in Kubernetes.session

        with contextlib.suppress(requests.ConnectionError):
            return self.session.get(self.url + path).status_code
        return None

    def kill9(self):
        self.server.kill9()

    def down(self):
        self.server.kill9()  # it keeps no state, and would wait a minute for the last open watch
