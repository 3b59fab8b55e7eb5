# SPDX-License-Identifier: Apache-2.0
"""A gateway that pods can reach, and drivers that run in pods of their own: client mode."""
import json
import os
import shutil
import subprocess

from live_batch import PI, KnownBatch, call
from live_stack import CLONE, NAMESPACE, QUICK_JAVA
from polls import remove_polls
from process import Process
from waiting import wait_for

SPARK_SUBMIT = "/opt/spark/bin/spark-submit"


class PodDoor:
    """Another worker and another nginx of the same gateway, on the address at which pods reach this machine.

    The quickstart serves loopback addresses only. Requests of pods come here with the pods' own addresses."""

    def __init__(self, live):
        self.address = live.node_address()
        # ports of its own: the quickstart looks at all addresses for its own
        ports = (live.livy_port, live.all_port, live.spark_port)
        self.livy_port, self.all_port, self.spark_port = (port + 10_000 for port in ports)
        self.url = f"k8s://http://{self.address}:{self.spark_port}"
        self.out = live.dir / "pod-door"
        self.socket = live.dir / "run/pod-door.sock"
        config = live.dir / "sparkgate.yaml"
        self.worker = Process(live.dir, "pod-door-worker", [
            "/usr/bin/spawn-fcgi", "-s", self.socket, "-M", "0600", "-n", "--", "/usr/bin/multiwatch", "--forks=1", "--retry=1000",
            "--signal=TERM", "--", live.program("sparkgate-worker"), "-c", config], dict(os.environ, SPARKGATE_AUTH="none"))
        self.render = [
            "sh", CLONE / "nginx/render", "--out", self.out, "--socket", self.socket, "--run", self.out, "--log", self.out,
            "--address", self.address, "--livy-port", str(self.livy_port), "--all-port", str(self.all_port),
            "--spark-port", str(self.spark_port), "--config", config, "--ctl", live.program("sparkgate-ctl")]
        self.nginx = Process(live.dir, "pod-door-nginx", [
            shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-p", self.out, "-c", self.out / "sparkgate.conf",
            "-g", "daemon off; user root;"])

    def ready(self):
        try:
            return call(f"http://{self.address}:{self.all_port}/readyz")[0] == 200
        except OSError:
            return False

    def __enter__(self):
        self.__exit__()  # what a run that was killed has left
        self.socket.unlink(missing_ok=True)
        self.worker.start()
        self.worker.wait_ready(self.socket.exists)
        subprocess.run(self.render, check=True)
        self.nginx.start()
        self.nginx.wait_ready(self.ready)
        return self

    def __exit__(self, *_):
        self.nginx.stop()
        remove_polls(self.out)
        self.worker.stop()


def image(live):
    """That the quickstart configured."""
    (line,) = [line for line in (live.dir / "sparkgate.yaml").read_text().splitlines() if line.strip().startswith("image:")]
    return line.split(": ", 1)[1]


def arguments(live, door, name, *words, executors=1, **conf):
    """Of spark-submit in a pod that has POD_NAME and POD_IP in its environment. There are neither DNS nor service routing here."""
    properties = {
        "spark.kubernetes.namespace": NAMESPACE, "spark.kubernetes.container.image": image(live),
        "spark.kubernetes.driver.pod.name": "$(POD_NAME)", "spark.driver.host": "$(POD_IP)",
        "spark.executor.instances": str(executors), "spark.executor.memory": "512m",
        "spark.kubernetes.executor.request.cores": "100m", "spark.executorEnv.JAVA_TOOL_OPTIONS": QUICK_JAVA,
        # patient: many Java programs on a small machine
        "spark.kubernetes.driver.connectionTimeout": "180000", "spark.kubernetes.driver.requestTimeout": "180000",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0", "spark.scheduler.maxRegisteredResourcesWaitingTime": "600s",
        **conf,
    }
    options = [word for key, value in properties.items() for word in ("--conf", f"{key}={value}")]
    return ["--master", door.url, "--deploy-mode", "client", "--name", name, "--driver-memory", "512m", *options,
            *(words or (PI, "4"))]


def start_driver(live, door, name, *words, **more):
    """The pod of a driver; it is no batch until it asks for an executor."""
    live.kubectl("delete", "pod", name, "--ignore-not-found", "--now")
    from_status = [{"name": variable, "valueFrom": {"fieldRef": {"fieldPath": path}}}
                   for variable, path in (("POD_NAME", "metadata.name"), ("POD_IP", "status.podIP"))]
    live.kubectl("create", "-f", "-", text=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"restartPolicy": "Never", "containers": [{
            "name": "main", "image": image(live), "imagePullPolicy": "IfNotPresent", "command": [SPARK_SUBMIT],
            "args": arguments(live, door, name, *words, **more),
            "env": [*from_status, {"name": "JAVA_TOOL_OPTIONS", "value": QUICK_JAVA}],
            "resources": {"requests": {"cpu": "50m"}}}]}}))


def batch_of_pod(live, name):
    """The newest one whose driver runs in a pod of such a name, when it has asked for its first executor."""
    def ids():
        return live.rows(f"SELECT id FROM batch WHERE protocol = 'k8s' AND driver_pod LIKE '{name}%' ORDER BY id DESC")

    wait_for(f"a batch in {name}", ids)
    return KnownBatch(live, int(ids()[0]["id"]))


def executors(live, batch):
    return json.loads(live.kubectl("get", "pods", "-l", f"spark-role=executor,spark-app-selector={batch.row()['app_id']}",
                                   "-o", "json"))["items"]
