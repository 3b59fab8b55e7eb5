# SPDX-License-Identifier: Apache-2.0
"""Several clusters: added, drained and taken away without a restart; chosen by name, queue, weight and health. Real servers."""
import collections
import concurrent.futures
import json
import os

import k8s_client
import pytest
from second_cluster import SecondCluster
from spark_rest import SparkRest
from test_operations import metrics
from waiting import wait_for

BATCH = {"file": "local:///opt/app.py"}
# A machine that stands still must not make a cluster count as down: what is silent here has an error, or was told so.
PATIENT = {"watcher": {"down_after_s": 86400, "dispatch_interval_ms": 200}}


@pytest.fixture(scope="module")
def second(stack, kube):
    cluster = SecondCluster(kube)
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()


class Fleet:
    """The gateway's configuration while it runs; programs are never started anew by it."""

    def __init__(self, stack, second):
        self.stack, self.second = stack, second
        self.pids = sorted(stack.worker_pids())

    def text(self, first=None, second=None, **more):
        """second None: it is not in the configuration."""
        default = self.stack.config()["clusters"]["default"]
        clusters = {"default": default | (first or {})}
        if second is not None:
            clusters["second"] = default | {"kubeconfig": str(self.second.kubeconfig)} | second
        return json.dumps(self.stack.config() | PATIENT | {"clusters": clusters} | more)

    def write(self, text):
        """In its place at once, as a mounted config map is."""
        new = self.stack.config_file.with_suffix(".new")
        new.write_text(text)
        os.rename(new, self.stack.config_file)

    def configure(self, first=None, second=None, **more):
        """Until all workers say so, and the watcher follows what there is."""
        self.write(self.text(first, second, **more))
        wanted = [("default", first or {}), *([("second", second)] if second is not None else [])]
        self.wait_everywhere("the clusters", lambda: [self.seen(cluster) for cluster in self.clusters()] == [
            (name, keys.get("weight", 0), keys.get("queues", []), keys.get("drain", False)) for name, keys in wanted])
        for name, _ in wanted:
            self.wait_up(name)

    def wait_everywhere(self, what, condition):
        """Each request is answered by some worker; every one of them has answered so when its log says so."""
        def everywhere():
            return condition() and all(condition() for _ in range(4 * len(self.pids)))

        wait_for(f"{what} in every worker", everywhere)

    @staticmethod
    def seen(cluster):
        return cluster["name"], cluster["weight"], cluster["queues"], cluster["state"] == "draining"

    def clusters(self):
        return self.stack.livy.get("/clusters").json()["clusters"]

    def cluster(self, name):
        return next(cluster for cluster in self.clusters() if cluster["name"] == name)

    def wait_up(self, name):
        """A draining one may be up as well."""
        wait_for(f"cluster {name} to be up", lambda: metrics(self.stack).get(f'sparkgate_cluster_up{{cluster="{name}"}}') == 1)

    def wait_down(self, name):
        wait_for(f"cluster {name} to be down", lambda: self.cluster(name)["state"] == "down")

    def submit(self, **fields):
        """The cluster that a batch was given to."""
        return self.stack.row(self.stack.livy.submit(**fields)["id"])["cluster"]

    def drawn(self, count, **fields):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return collections.Counter(pool.map(lambda _: self.submit(**fields), range(count)))


@pytest.fixture
def fleet(stack, kube, second, clean):
    fleet = Fleet(stack, second)
    kube.delete_applications()
    second.delete_applications()
    yield fleet
    assert sorted(stack.worker_pids()) == fleet.pids, "a worker was started anew"
    fleet.configure()


def by_conf(cluster):
    return {"conf": {"spark.sparkgate.cluster": cluster}}


def test_a_cluster_that_is_added_is_used_without_a_restart(stack, second, fleet):
    watcher = stack.watcher.pid
    unknown = stack.livy.post(BATCH | by_conf("second"))
    assert unknown.status == 400 and "there is no cluster 'second'" in unknown.json()["msg"]
    fleet.configure(second={})
    made = stack.livy.submit(**by_conf("second"))
    row = stack.wait_state(made["id"], "starting")
    assert row["cluster"] == "second" and second.application(row["object_name"])
    second.report(row["object_name"], "RUNNING")
    stack.wait_state(made["id"], "running")
    assert stack.watcher.pid == watcher
