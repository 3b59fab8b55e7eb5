# SPDX-License-Identifier: Apache-2.0
"""spark-submit --master k8s://, cluster mode: what it sends becomes a batch, whose object is the very pod."""
import concurrent.futures
import json

import k8s_client
import pytest
from k8s_client import PODS, Driver, KubernetesClient
from kubernetes import DRIVER_CONTAINER, MERGE, NAMESPACE
from livy import VISIBLE_S
from waiting import wait_for


@pytest.fixture(scope="module", autouse=True)
def allowed(stack, kube):
    k8s_client.allow(kube)
    yield
    kube.delete_drivers()
    k8s_client.forbid(kube)


@pytest.fixture
def client(stack):
    return KubernetesClient(stack.spark_port)


def batch_of(stack, driver):
    return stack.postgres.row("SELECT * FROM batch WHERE driver_pod = %s", (driver.pod_name,))


def in_cluster(kube, driver):
    """The pod, or None."""
    answer = kube.call("GET", f"{PODS}/{driver.pod_name}", expect=(200, 404))
    return answer if answer["kind"] == "Pod" else None


def pushed(stack, driver):
    return stack.wait_state(batch_of(stack, driver)["id"], "starting")


def report(kube, driver, phase, exit_code=None, reason="Error"):
    """Plays the kubelet."""
    status = {"phase": phase}
    if exit_code is not None:
        status["containerStatuses"] = [{
            "name": DRIVER_CONTAINER, "image": "x", "imageID": "x", "ready": False, "restartCount": 0,
            "state": {"terminated": {"exitCode": exit_code, "reason": reason}}}]
    kube.call("PATCH", f"{PODS}/{driver.pod_name}/status", {"status": status}, **MERGE)


# --- create -----------------------------------------------------------------------------------------------------------

def test_a_submission_is_a_batch_and_the_very_pod(stack, kube, client, clean):
    driver = Driver(properties={"spark.my.password": "hidden-in-the-conf", "spark.sparkgate.cluster": "default"})
    begun, ended = client.submit(driver)
    assert ended.status == 201 and ended.json()["metadata"]["uid"], ended
    assert begun["status"] == {"phase": "Pending"} and begun["metadata"]["namespace"] == NAMESPACE
    row = pushed(stack, driver)
    assert (row["protocol"], row["app_id"], row["name"], row["driver_pod"]) == (
        "k8s", driver.app_id, "sparkpi ü", driver.pod_name)
    assert str(row["uid"]) == begun["metadata"]["uid"]
    assert row["request"]["mainClass"] == "org.apache.spark.examples.SparkPi" and row["request"]["args"][-2:] == ["", "é"]
    assert row["request"]["labels"]["spark-app-name"] == "sparkpi"
    assert "hidden-in" not in json.dumps(row["request"]), "no secret stays in the row"
    pod = in_cluster(kube, driver)
    labels = pod["metadata"]["labels"]
    assert labels["sparkgate.io/batch-uid"] == str(row["uid"]) and labels["spark-app-selector"] == driver.app_id
    assert labels["sparkgate.io/protocol"] == "k8s"
    assert pod["spec"]["serviceAccountName"] == "spark" and not pod["spec"].get("schedulingGates")
    shown = stack.livy.get(f"/batches/{row['id']}").json()
    assert (shown["state"], shown["protocol"], shown["appId"], shown["object"]) == (
        "starting", "k8s", driver.app_id, driver.pod_name)
    assert stack.postgres.value("SELECT count(*) FROM k8s_submission") == 0, "nothing of it is kept"
    assert stack.postgres.value("SELECT count(*) FROM batch_push") == 0


def test_all_that_came_with_it_belongs_to_the_real_pod(stack, kube, client):
    driver = Driver()
    client.submit(driver, driver.secret(), driver.claim())
    pushed(stack, driver)
    uid = in_cluster(kube, driver)["metadata"]["uid"]
    paths = [f"/api/v1/namespaces/{NAMESPACE}/services/{driver.prefix}-driver-svc",
             f"/api/v1/namespaces/{NAMESPACE}/configmaps/{driver.map_name}",
             f"/api/v1/namespaces/{NAMESPACE}/secrets/{driver.prefix}-kubernetes-credentials",
             f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims/{driver.prefix}-driver-pvc-0",
             f"{k8s_client.NETWORK}/namespaces/{NAMESPACE}/networkpolicies/{driver.prefix}-policy"]
    for path in paths:
        (owner,) = kube.call("GET", path)["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == ("Pod", driver.pod_name, uid), path


def test_the_cluster_s_properties_lie_under_and_over_the_driver_s(stack, kube, client):
    driver = Driver(properties={"spark.test.enforced": "mine", "spark.executor.memory": "3g", "spark.x": "a: b",
                                "spark.ilum.cluster": "default"})
    client.submit(driver)
    pushed(stack, driver)
    text = kube.call("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps/{driver.map_name}")["data"]["spark.properties"]
    lines = text.splitlines()
    for line in ("spark.test.enforced=enforced", "spark.test.default=default", "spark.executor.memory=3g", "spark.x=a\\: b",
                 "spark.app.name=sparkpi ü"):
        assert line in lines, text
    assert "cluster" not in text.replace("deployMode=cluster", "").replace("properties of the cluster", "")


def test_nothing_is_created_before_the_last_piece(stack, kube, client, clean):
    driver = Driver()
    begun = client.begin(driver)
    assert client.apply(begun.json()["metadata"]["uid"], driver, driver.service).status == 201
    assert in_cluster(kube, driver) is None and stack.postgres.value("SELECT count(*) FROM batch") == 0
    shown = client.pod(driver.pod_name)
    assert shown.status == 200 and shown.json() == begun.json(), "but the client sees its pod"
    assert client.delete_pod(driver.pod_name).json()["status"] == "Success"
    assert client.pod(driver.pod_name).status == 404, "and gives it up"
    answer = client.apply(begun.json()["metadata"]["uid"], driver, driver.config_map())
    assert answer.status == 404 and "too long ago" in answer.json()["message"]


def test_any_worker_takes_the_next_piece(stack, kube, client):
    driver = Driver()
    uid = client.begin(driver).json()["metadata"]["uid"]
    stack.restart_workers()
    assert client.apply(uid, driver, driver.service).status == 201
    stack.restart_workers()
    assert client.apply(uid, driver, driver.config_map()).status == 201
    pushed(stack, driver)


def test_a_template_s_container_name_becomes_the_driver_s(stack, kube, client):
    driver = Driver()
    driver.pod["spec"]["containers"][0]["name"] = "base"
    driver.pod["spec"]["containers"].insert(0, {"name": "beside", "image": "x"})
    client.submit(driver)
    pushed(stack, driver)
    assert [container["name"] for container in in_cluster(kube, driver)["spec"]["containers"]] == ["beside", DRIVER_CONTAINER]


# --- once, and never twice --------------------------------------------------------------------------------------------

def test_every_piece_may_come_twice(stack, kube, client, clean):
    driver = Driver()
    first = client.begin(driver).json()
    assert client.begin(driver).json() == first, "the stored pod"
    uid = first["metadata"]["uid"]
    for part in (driver.service, driver.service, driver.policy, driver.config_map(), driver.config_map(), driver.service):
        assert client.apply(uid, driver, part).status == 201
    again = client.begin(driver)
    assert again.status == 201 and again.json()["metadata"]["uid"] == uid, "also when it runs"
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1


def test_last_pieces_that_race_make_one_batch(stack, kube, client, clean):
    driver = Driver()
    uid = client.begin(driver).json()["metadata"]["uid"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.apply(uid, driver, driver.config_map()), range(6)))
    assert {answer.status for answer in answers} == {201}, answers
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1


def test_another_submission_cannot_have_the_same_pod(stack, kube, client):
    driver, other = Driver(), Driver()
    other.pod["metadata"]["name"] = driver.pod_name
    client.begin(driver)
    answer = client.begin(other)
    assert answer.status == 409 and answer.json()["reason"] == "AlreadyExists", "while it is half-sent"
    client.submit(driver)
    assert client.begin(other).status == 409, "and while it runs"


def test_what_is_never_completed_expires(stack, kube, client, clean):
    driver, other = Driver(), Driver()
    other.pod["metadata"]["name"] = driver.pod_name
    uid = client.begin(driver).json()["metadata"]["uid"]
    client.apply(uid, driver, driver.secret())
    stack.postgres.execute("UPDATE k8s_submission SET expires_at = now() - interval '1 s'")
    assert client.apply(uid, driver, driver.config_map()).status == 404
    assert client.pod(driver.pod_name).status == 404
    assert client.begin(other).status == 201, "its name is free"
    assert stack.postgres.value("SELECT parts FROM k8s_submission") == {}, "with nothing of the other's"


@pytest.fixture
def unpushed(stack, kube, client, clean, repaired):
    """A batch that no worker could push; neither watcher nor API server runs. Called, both run again."""
    driver = Driver()
    stack.watcher.stop()
    kube.kill9()
    try:
        begun, ended = client.submit(driver)
        assert ended.status == 201, ended
        assert batch_of(stack, driver)["state"] == "accepted" and batch_of(stack, driver)["message"]
        yield driver
    finally:
        kube.start()


def test_what_no_worker_could_push_the_watcher_pushes(stack, kube, unpushed):
    kube.start()
    stack.start_watcher()
    row = stack.wait_state(batch_of(stack, unpushed)["id"], "starting", 40)
    assert in_cluster(kube, unpushed)["metadata"]["labels"]["sparkgate.io/batch-uid"] == str(row["uid"])


def test_a_pod_that_a_dead_worker_left_behind_its_gate_is_completed(stack, kube, unpushed):
    kube.start()
    row = batch_of(stack, unpushed)
    pod = stack.postgres.value("SELECT object->'pod' FROM batch_push")
    pod["metadata"]["labels"] |= {
        "sparkgate.io/batch-uid": str(row["uid"]), "sparkgate.io/protocol": "k8s",
        "sparkgate.io/gateway": stack.postgres.value("SELECT key FROM gateway")}
    pod["spec"]["schedulingGates"] = [{"name": "sparkgate.io/submission"}]
    made = kube.call("POST", PODS, pod)
    stack.start_watcher()
    stack.wait_state(row["id"], "starting", 40)
    pod = in_cluster(kube, unpushed)
    assert pod["metadata"]["uid"] == made["metadata"]["uid"] and not pod["spec"].get("schedulingGates")
    kube.call("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps/{unpushed.map_name}")


def test_a_kill_before_the_push_leaves_nothing(stack, kube, client, unpushed):
    row = batch_of(stack, unpushed)
    assert client.delete_pod(unpushed.pod_name).status == 200
    kube.start()
    stack.start_watcher()
    assert stack.wait_state(row["id"], "killed", 40)["reason"] == "killed_by_user"
    assert in_cluster(kube, unpushed) is None


# --- refused by Kubernetes --------------------------------------------------------------------------------------------

def test_a_refusal_has_kubernetes_own_words_and_leaves_no_pod(stack, kube, client, clean):
    driver = Driver()
    driver.service["spec"]["ports"][0]["port"] = 700_000
    _, ended = client.submit(driver)
    assert ended.status == 422 and "must be between 1 and 65535" in ended.json()["message"], ended
    row = batch_of(stack, driver)
    assert (row["state"], row["reason"]) == ("error", "refused")
    wait_for("the pod to be gone", lambda: in_cluster(kube, driver) is None, 10)
    assert client.delete_pod(driver.pod_name).status == 200, "which the client does then"


def test_somebody_else_s_pod_is_left_alone(stack, kube, client, clean):
    driver = Driver()
    kube.call("POST", PODS, {"metadata": {"name": driver.pod_name}, "spec": {"containers": [{"name": "a", "image": "a"}]}})
    _, ended = client.submit(driver)
    assert ended.status == 409 and "already exists" in ended.json()["message"], ended
    assert client.delete_pod(driver.pod_name).status == 200
    assert in_cluster(kube, driver) is not None


# --- states -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("phase, exit_code, reason, state, stored", [
    ("Running", None, "", "running", None),
    ("Succeeded", 0, "Completed", "success", None),
    ("Failed", 3, "Error", "dead", "exit_code"),
    ("Failed", 137, "OOMKilled", "dead", "out_of_memory"),
    ("Running", 0, "Completed", "success", None),
])
def test_the_ledger_follows_the_pod(stack, kube, client, phase, exit_code, reason, state, stored):
    stack.wait_leased()
    driver = Driver()
    client.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    report(kube, driver, phase, exit_code, reason)
    wait_for(f"a client to see {state}", lambda: stack.livy.state(batch_id) == state, VISIBLE_S + 8)
    row = stack.row(batch_id)
    assert (row["reason"], row["exit_code"]) == (stored, exit_code)
    assert row["object_uid"] == in_cluster(kube, driver)["metadata"]["uid"]


def test_a_delete_by_livy_s_routes_deletes_the_pod(stack, kube, client):
    stack.wait_leased()
    driver = Driver()
    client.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    assert stack.livy.delete(f"/batches/{batch_id}").status == 200
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    assert in_cluster(kube, driver) is None


def test_a_delete_of_the_pod_is_a_kill(stack, kube, client):
    stack.wait_leased()
    driver = Driver()
    client.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    assert client.delete_pod(driver.pod_name).status == 200
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    assert in_cluster(kube, driver) is None
    assert client.delete_pod(driver.pod_name).status == 404


def test_a_pod_that_somebody_deletes_is_killed_from_outside(stack, kube, client):
    stack.wait_leased()
    driver = Driver()
    client.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    report(kube, driver, "Running")
    stack.wait_state(batch_id, "running")
    kube.call("DELETE", f"{PODS}/{driver.pod_name}?gracePeriodSeconds=0")
    row = stack.wait_state(batch_id, "killed")
    assert row["reason"] == "deleted_outside" and "driver's pod was deleted" in row["message"]


def test_an_ended_pod_can_be_deleted_and_its_batch_stays_as_it_ended(stack, kube, client):
    stack.wait_leased()
    driver = Driver()
    client.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    report(kube, driver, "Succeeded", 0, "Completed")
    stack.wait_state(batch_id, "success")
    assert client.delete_pod(driver.pod_name).status == 200
    wait_for("the pod to be gone", lambda: in_cluster(kube, driver) is None, 10)
    assert stack.row(batch_id)["state"] == "success"


def test_what_ended_while_no_watcher_ran_is_seen_by_the_next(stack, kube, client, repaired):
    stack.wait_leased()
    ended, gone = Driver(), Driver()
    for driver in (ended, gone):
        client.submit(driver)
        pushed(stack, driver)
    stack.watcher.stop()
    report(kube, ended, "Failed", 3)
    kube.call("DELETE", f"{PODS}/{gone.pod_name}?gracePeriodSeconds=0")
    stack.start_watcher()
    assert stack.wait_state(batch_of(stack, ended)["id"], "dead", 20)["exit_code"] == 3
    assert stack.wait_state(batch_of(stack, gone)["id"], "killed", 20)["reason"] == "deleted_outside"
