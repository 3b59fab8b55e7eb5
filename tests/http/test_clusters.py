# SPDX-License-Identifier: Apache-2.0
"""Several clusters: added, drained and taken away without a restart; chosen by name, queue, weight and health. Real servers."""
import collections
import concurrent.futures
import json
import os
import re

import k8s_client
import pytest
from second_cluster import SecondCluster
from spark_rest import SparkRest, creation
from test_operations import metrics
from waiting import stays, wait_for

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
        # it supervises by now, and other tests stop and freeze the one process that follows the one cluster
        stack.watcher.stop()
        stack.start_watcher()


class Fleet:
    """The gateway's configuration while it runs; programs are never started anew by it."""

    def __init__(self, stack, second):
        self.stack, self.second = stack, second
        self.pids = sorted(stack.worker_pids())

    def wait_begun(self):
        """A program that only begins when the file changes reads the new one as its first, and counts no change."""
        self.stack.wait_leased()
        for pid in self.pids:
            wait_for(f"worker {pid} to have begun", lambda pid=pid: re.search(
                rf"event=started program=sparkgate-worker pid={pid}\b", self.stack.workers.log_text()))

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
        """Until every process has it, and the watcher follows what there is."""
        self.read_everywhere("applied", self.text(first, second, **more))
        for name in ("default", "second") if second is not None else ("default",):
            self.wait_up(name)

    def read_everywhere(self, result, text):
        """They count together: each worker when a request comes to it, and the watcher."""
        counter = f'sparkgate_config_reloads_total{{result="{result}"}}'
        readers = len(self.pids) + 1
        before = metrics(self.stack)[counter]
        self.write(text)
        with concurrent.futures.ThreadPoolExecutor(2 * readers) as pool:
            # together, so that no worker gets them all
            wait_for(f"a configuration to be {result} everywhere", lambda: max(pool.map(
                lambda _: metrics(self.stack)[counter], range(2 * readers))) >= before + readers)

    def cluster(self, name):
        clusters = self.stack.livy.get("/clusters").json()["clusters"]
        return next(cluster for cluster in clusters if cluster["name"] == name)

    def wait_up(self, name):
        """A draining one may be up as well."""
        wait_for(f"cluster {name} to be up", lambda: metrics(self.stack).get(f'sparkgate_cluster_up{{cluster="{name}"}}') == 1)

    def wait_down(self, name):
        wait_for(f"cluster {name} to be down", lambda: self.cluster(name)["state"] == "down")
        # what a worker has read of it, it believes for a second and not longer
        stays(f"cluster {name} down", lambda: self.cluster(name)["state"] == "down", 1.1)

    def submit(self, **fields):
        """The cluster that a batch was given to."""
        return self.stack.row(self.stack.livy.submit(**fields)["id"])["cluster"]

    def drawn(self, count, **fields):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return collections.Counter(pool.map(lambda _: self.submit(**fields), range(count)))


@pytest.fixture
def fleet(stack, kube, second, clean):
    fleet = Fleet(stack, second)
    second.delete_applications()
    fleet.wait_begun()
    try:
        yield fleet
        assert sorted(stack.worker_pids()) == fleet.pids, "a worker was started anew"
    finally:
        fleet.read_everywhere("applied", json.dumps(stack.config()))


def by_conf(cluster):
    return {"conf": {"spark.sparkgate.cluster": cluster}}


def key(name):
    return {"headers": {"Idempotency-Key": name}}


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


def test_a_cluster_that_drains_gets_nothing_new_and_its_batches_end(stack, second, fleet):
    weights = {"weight": 1}
    fleet.configure(weights, weights)
    running = stack.livy.post(BATCH | by_conf("second"), **key("before the drain")).json()["id"]
    name = stack.wait_state(running, "starting")["object_name"]
    fleet.configure(weights, weights | {"drain": True})

    refused = stack.livy.post(BATCH | by_conf("second"))
    assert refused.status == 503 and int(refused.headers["retry-after"]) >= 10
    assert "cluster 'second' drains" in refused.json()["msg"]
    assert SparkRest(stack.spark_port, "/clusters/second").create(creation()).status == 503
    assert fleet.drawn(20) == {"default": 20}
    assert fleet.cluster("second")["state"] == "draining" and fleet.cluster("default")["state"] == "up"
    assert metrics(stack)['sparkgate_cluster_draining{cluster="second"}'] == 1
    again = stack.livy.post(BATCH | by_conf("second"), **key("before the drain"))
    assert again.status == 201 and again.json()["id"] == running
    other = stack.livy.post(BATCH | {"name": "x"} | by_conf("second"), **key("before the drain"))
    assert other.status == 409, "the key is another request's"

    second.report(name, "RUNNING")
    stack.wait_state(running, "running")
    second.report(name, "COMPLETED")
    stack.wait_state(running, "success")


def test_when_all_drain_clients_are_told_to_come_again(stack, fleet):
    fleet.configure({"drain": True}, {"drain": True})
    refused = stack.livy.post(BATCH)
    assert refused.status == 503 and refused.headers["retry-after"] and "drain" in refused.json()["msg"]
    assert stack.postgres.value("SELECT count(*) FROM batch") == 0


def test_batches_of_a_cluster_that_was_taken_away_wait_for_it(stack, second, fleet):
    fleet.configure(second={})
    waiting = stack.livy.submit(**by_conf("second"))["id"]
    name = stack.wait_state(waiting, "starting")["object_name"]
    fleet.configure()
    assert stack.livy.get("/clusters").json()["missing"] == [{"name": "second", "batches": 1}]
    assert metrics(stack)['sparkgate_cluster_missing_batches{cluster="second"}'] == 1
    assert "clusters.second: is missing, and 1 unfinished batches wait" in stack.ctl("check-config", "--connect").stdout
    assert "event=cluster_removed" in stack.workers.log_text()
    assert stack.livy.state(waiting) == "starting"
    second.report(name, "COMPLETED")
    fleet.configure(second={})
    stack.wait_state(waiting, "success")
    assert stack.livy.get("/clusters").json()["missing"] == []


@pytest.mark.parametrize("broken, told", [
    ("{", ""),
    ("database: {conninfo: x}\nclusters: {default: {kubeconfig: /nowhere, weigth: 1}}\n", "did you mean"),
])
def test_a_file_with_errors_changes_nothing_and_is_told(stack, second, fleet, broken, told):
    fleet.configure(second={})
    said = stack.workers.log_size(), stack.watcher.log_size()
    fleet.read_everywhere("refused", broken)
    assert metrics(stack)["sparkgate_config_errors"] > 0
    row = stack.wait_state(stack.livy.submit(**by_conf("second"))["id"], "starting")
    second.report(row["object_name"], "COMPLETED")
    stack.wait_state(row["id"], "success")
    for log, since in zip((stack.workers, stack.watcher), said):
        text = log.log_text(since)
        assert "event=configuration_refused" in text and told in text
    fleet.configure(second={})
    assert metrics(stack)["sparkgate_config_errors"] == 0


def test_what_needs_a_restart_is_told(stack, fleet):
    since = stack.workers.log_size()
    fleet.configure(metrics={"shared_file": str(stack.run / "others")})
    kept = [line for line in stack.workers.log_text(since).splitlines() if "event=configuration_kept" in line]
    assert len(kept) == len(fleet.pids) and all("key=metrics.shared_file" in line for line in kept), kept
    assert not (stack.run / "others").exists()


def test_batches_that_name_no_cluster_are_spread_by_weight(fleet):
    fleet.configure({"weight": 1}, {"weight": 1})
    drawn = fleet.drawn(100)
    # of 100 fair coins less than 15 fall so with a probability below 1e-13
    assert drawn["default"] >= 15 and drawn["second"] >= 15, drawn
    fleet.configure({"weight": 0}, {"weight": 7})
    assert fleet.drawn(20) == {"second": 20}
    fleet.configure(second={})
    assert fleet.drawn(20) == {"default": 20}


def test_batches_go_to_the_cluster_of_their_queue(stack, fleet):
    fleet.configure({"weight": 1}, {"queues": ["etl", "reports"]})
    assert fleet.drawn(10, queue="reports") == {"second": 10}
    assert fleet.drawn(10, queue="other") == {"default": 10}
    assert fleet.drawn(10) == {"default": 10}
    assert fleet.submit(queue="etl", **by_conf("default")) == "default"
    fleet.configure({"queues": ["small"]}, {"queues": ["etl", "reports"]})
    refused = stack.livy.post(BATCH | {"queue": "other"})
    assert refused.status == 400 and "no cluster has a queue 'other'; there are: small, etl, reports" in refused.json()["msg"]


def test_a_repeated_key_is_the_same_batch_whatever_is_drawn(stack, fleet):
    fleet.configure({"weight": 1}, {"weight": 1})
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: stack.livy.post(BATCH, **key("one")), range(40)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    row = stack.wait_state(answers[0].json()["id"], "starting")
    assert {cluster: [item["metadata"]["name"] for item in api.applications()] for cluster, api in (
        ("default", stack.kubernetes), ("second", fleet.second))} == {"default": [], "second": []} | {
            row["cluster"]: [row["object_name"]]}


def test_pods_of_spark_submit_go_to_a_cluster_that_takes_them(stack, second, fleet):
    fleet.configure({"weight": 1}, {"k8s_submissions": True})
    client, driver = k8s_client.KubernetesClient(stack.spark_port), k8s_client.Driver()
    _, answer = client.submit(driver)
    assert answer.status == 201, answer
    row = stack.postgres.row("SELECT * FROM batch WHERE driver_pod = %s", (driver.pod_name,))
    assert row["cluster"] == "second" and stack.wait_state(row["id"], "starting")
    fleet.configure({"weight": 1}, {"k8s_submissions": True, "drain": True})
    refused = client.begin(k8s_client.Driver())
    assert refused.status == 503 and "drain" in refused.json()["message"]
    assert client.begin(driver).status == 201, "sent again"
    second.delete_drivers()


def test_a_cluster_without_a_word_of_its_watcher_is_down(stack, fleet, repaired):
    fleet.configure({"weight": 1}, {"weight": 1})
    stack.watcher.stop()
    stack.postgres.execute("UPDATE cluster_watch SET heard_at = now() - interval '2 days' WHERE cluster = 'second'")
    fleet.wait_down("second")
    assert "no word of it for 1728" in fleet.cluster("second")["reason"]
    assert fleet.drawn(20) == {"default": 20}
    assert fleet.submit(**by_conf("second")) == "second", "it was asked for, and waits"
    stack.start_watcher()
    fleet.wait_up("second")


def test_a_server_that_is_killed_in_mid_stream(stack, kube, second, fleet):
    """Two API servers, 60 batches; nothing is lost, nothing doubled, and new batches go to the other one."""
    fleet.configure({"weight": 1}, {"weight": 1})
    accepted = {}

    def submit(number):
        def answered():
            answer = stack.livy.post(BATCH | {"args": [str(number)]}, **key(f"stream/{number}"))
            return answer if answer.status == 201 else None

        accepted[number] = wait_for(f"batch {number} to be accepted", answered).json()["id"]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        stream = [pool.submit(submit, number) for number in range(60)]
        wait_for("a third of them", lambda: len(accepted) >= 20)
        second.kill9()
        for submission in stream:
            submission.result()
    assert len(set(accepted.values())) == 60 == stack.postgres.value("SELECT count(DISTINCT client_key) FROM batch")

    fleet.wait_down("second")
    assert fleet.cluster("second")["reason"]
    assert metrics(stack)['sparkgate_cluster_up{cluster="second"}'] == 0
    assert fleet.drawn(20) == {"default": 20}
    waiting = stack.livy.submit(**by_conf("second"))["id"]
    assert stack.row(waiting)["pushed_at"] is None

    second.start()
    fleet.wait_up("second")
    wait_for("it to get new batches again", lambda: fleet.submit() == "second")
    wait_for("the other to get some as well", lambda: fleet.submit() == "default")
    wait_for("all to be brought to their clusters", lambda: stack.postgres.value(
        "SELECT count(*) FROM batch WHERE pushed_at IS NULL") == 0)
    rows = stack.postgres.rows("SELECT cluster, object_name FROM batch ORDER BY 1, 2")
    assert len(rows) >= 60 + 20 + 1 + 2
    objects = [(cluster, item["metadata"]["name"]) for cluster, api in (("default", kube), ("second", second))
               for item in api.applications()]
    assert sorted(objects) == sorted((row["cluster"], row["object_name"]) for row in rows)
