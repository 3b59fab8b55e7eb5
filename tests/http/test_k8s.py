# SPDX-License-Identifier: Apache-2.0
"""spark-submit --master k8s://, cluster mode: what it sends becomes a batch, whose object is the very pod."""
import concurrent.futures
import json

import k8s_client
import pytest
from k8s_client import PODS, Driver, report
from kubernetes import DRIVER_CONTAINER, NAMESPACE
from waiting import wait_for


def batch_of(stack, driver):
    return stack.postgres.row("SELECT * FROM batch WHERE driver_pod = %s", (driver.pod_name,))


def in_cluster(kube, driver):
    """The pod, or None."""
    answer = kube.call("GET", f"{PODS}/{driver.pod_name}", expect=(200, 404))
    return answer if answer["kind"] == "Pod" else None


def pushed(stack, driver):
    return stack.wait_state(batch_of(stack, driver)["id"], "starting")


# --- create -----------------------------------------------------------------------------------------------------------

def test_a_submission_is_a_batch_and_the_very_pod(stack, kube, k8s, clean):
    driver = Driver(properties={"spark.my.password": "hidden-in-the-conf", "spark.sparkgate.cluster": "default"})
    begun, ended = k8s.submit(driver)
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


def test_all_that_came_with_it_belongs_to_the_real_pod(stack, kube, k8s):
    driver = Driver()
    k8s.submit(driver, driver.secret(), driver.claim())
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


def test_the_cluster_s_properties_lie_under_and_over_the_driver_s(stack, kube, k8s):
    driver = Driver(properties={"spark.test.enforced": "mine", "spark.executor.memory": "3g", "spark.x": "a: b",
                                "spark.ilum.cluster": "default"})
    k8s.submit(driver)
    pushed(stack, driver)
    text = kube.call("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps/{driver.map_name}")["data"]["spark.properties"]
    lines = text.splitlines()
    for line in ("spark.test.enforced=enforced", "spark.test.default=default", "spark.executor.memory=3g", "spark.x=a\\: b",
                 "spark.app.name=sparkpi ü"):
        assert line in lines, text
    assert "cluster" not in text.replace("deployMode=cluster", "").replace("properties of the cluster", "")


def test_nothing_is_created_before_the_last_piece(stack, kube, k8s, clean):
    driver = Driver()
    begun = k8s.begin(driver)
    assert k8s.apply(begun.json()["metadata"]["uid"], driver, driver.service).status == 201
    assert in_cluster(kube, driver) is None and stack.postgres.value("SELECT count(*) FROM batch") == 0
    shown = k8s.pod(driver.pod_name)
    assert shown.status == 200 and shown.json() == begun.json(), "but the client sees its pod"
    assert k8s.delete_pod(driver.pod_name).json()["status"] == "Success"
    assert k8s.pod(driver.pod_name).status == 404, "and gives it up"
    answer = k8s.apply(begun.json()["metadata"]["uid"], driver, driver.config_map())
    assert answer.status == 404 and "too long ago" in answer.json()["message"]


def test_any_worker_takes_the_next_piece(stack, kube, k8s):
    driver = Driver()
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    stack.restart_workers()
    assert k8s.apply(uid, driver, driver.service).status == 201
    stack.restart_workers()
    assert k8s.apply(uid, driver, driver.config_map()).status == 201
    pushed(stack, driver)


def test_a_template_s_container_name_becomes_the_driver_s(stack, kube, k8s):
    driver = Driver()
    driver.pod["spec"]["containers"][0]["name"] = "base"
    driver.pod["spec"]["containers"].insert(0, {"name": "beside", "image": "x"})
    k8s.submit(driver)
    pushed(stack, driver)
    assert [container["name"] for container in in_cluster(kube, driver)["spec"]["containers"]] == ["beside", DRIVER_CONTAINER]


# --- once, and never twice --------------------------------------------------------------------------------------------

def test_every_piece_may_come_twice(stack, kube, k8s, clean):
    driver = Driver()
    first = k8s.begin(driver).json()
    assert k8s.begin(driver).json() == first, "the stored pod"
    uid = first["metadata"]["uid"]
    for part in (driver.service, driver.service, driver.policy, driver.config_map(), driver.config_map(), driver.service):
        assert k8s.apply(uid, driver, part).status == 201
    again = k8s.begin(driver)
    assert again.status == 201 and again.json()["metadata"]["uid"] == uid, "also when it runs"
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1


def test_last_pieces_that_race_make_one_batch(stack, kube, k8s, clean):
    driver = Driver()
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: k8s.apply(uid, driver, driver.config_map()), range(6)))
    assert {answer.status for answer in answers} == {201}, answers
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1


def test_another_submission_cannot_have_the_same_pod(stack, kube, k8s):
    driver, other = Driver(), Driver()
    other.pod["metadata"]["name"] = driver.pod_name
    k8s.begin(driver)
    answer = k8s.begin(other)
    assert answer.status == 409 and answer.json()["reason"] == "AlreadyExists", "while it is half-sent"
    k8s.submit(driver)
    assert k8s.begin(other).status == 409, "and while it runs"


def test_what_is_never_completed_expires(stack, kube, k8s, clean):
    driver, other = Driver(), Driver()
    other.pod["metadata"]["name"] = driver.pod_name
    uid = k8s.begin(driver).json()["metadata"]["uid"]
    k8s.apply(uid, driver, driver.secret())
    stack.postgres.execute("UPDATE k8s_submission SET expires_at = now() - interval '1 s'")
    assert k8s.apply(uid, driver, driver.config_map()).status == 404
    assert k8s.pod(driver.pod_name).status == 404
    assert k8s.begin(other).status == 201, "its name is free"
    assert stack.postgres.value("SELECT parts FROM k8s_submission") == {}, "with nothing of the other's"


@pytest.fixture
def unpushed(stack, kube, k8s, clean, repaired):
    """A batch that no worker could push; neither watcher nor API server runs. Called, both run again."""
    driver = Driver()
    stack.watcher.stop()
    kube.kill9()
    try:
        begun, ended = k8s.submit(driver)
        assert ended.status == 201, ended
        assert batch_of(stack, driver)["state"] == "accepted" and batch_of(stack, driver)["message"]
        yield driver
    finally:
        kube.start()


def test_what_no_worker_could_push_the_watcher_pushes(stack, kube, unpushed):
    kube.start()
    stack.start_watcher()
    row = stack.wait_state(batch_of(stack, unpushed)["id"], "starting")
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
    stack.wait_state(row["id"], "starting")
    pod = in_cluster(kube, unpushed)
    assert pod["metadata"]["uid"] == made["metadata"]["uid"] and not pod["spec"].get("schedulingGates")
    kube.call("GET", f"/api/v1/namespaces/{NAMESPACE}/configmaps/{unpushed.map_name}")


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_kill_before_the_push_leaves_nothing_and_harms_nobody(stack, kube, k8s, unpushed, is_taken):
    row = batch_of(stack, unpushed)
    assert k8s.delete_pod(unpushed.pod_name).status == 200
    kube.start()
    if is_taken:
        kube.call("POST", PODS, {"metadata": {"name": unpushed.pod_name},
                                 "spec": {"containers": [{"name": "a", "image": "a"}]}})
    stack.start_watcher()
    assert stack.wait_state(row["id"], "killed")["reason"] == "killed_by_user"
    assert (in_cluster(kube, unpushed) is not None) == is_taken


# --- refused by Kubernetes --------------------------------------------------------------------------------------------

def test_a_refusal_has_kubernetes_own_words_and_leaves_no_pod(stack, kube, k8s, clean):
    driver = Driver()
    driver.service["spec"]["ports"][0]["port"] = 700_000
    _, ended = k8s.submit(driver)
    assert ended.status == 422 and "must be between 1 and 65535" in ended.json()["message"], ended
    row = batch_of(stack, driver)
    assert (row["state"], row["reason"]) == ("error", "refused")
    wait_for("the pod to be gone", lambda: in_cluster(kube, driver) is None)
    assert batch_of(stack, driver)["pushed_at"] is None
    assert k8s.delete_pod(driver.pod_name).status == 200, "which the client does then"


def test_somebody_else_s_pod_is_left_alone(stack, kube, k8s, clean):
    driver = Driver()
    kube.call("POST", PODS, {"metadata": {"name": driver.pod_name}, "spec": {"containers": [{"name": "a", "image": "a"}]}})
    _, ended = k8s.submit(driver)
    assert ended.status == 409 and "already exists" in ended.json()["message"], ended
    assert k8s.delete_pod(driver.pod_name).status == 200
    assert in_cluster(kube, driver) is not None


# --- states -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("phase, exit_code, reason, state, stored", [
    ("Running", None, "", "running", None),
    ("Succeeded", 0, "Completed", "success", None),
    ("Failed", 3, "Error", "dead", "exit_code"),
    ("Failed", 137, "OOMKilled", "dead", "out_of_memory"),
    ("Running", 0, "Completed", "success", None),
])
def test_the_ledger_follows_the_pod(stack, kube, k8s, phase, exit_code, reason, state, stored):
    stack.wait_leased()
    driver = Driver()
    k8s.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    report(kube, driver, phase, exit_code, reason)
    wait_for(f"a client to see {state}", lambda: stack.livy.state(batch_id) == state)
    row = stack.row(batch_id)
    assert (row["reason"], row["exit_code"], row["attempts"]) == (stored, exit_code, 1)
    assert row["object_uid"] == in_cluster(kube, driver)["metadata"]["uid"]


def test_a_delete_by_livy_s_routes_deletes_the_pod(stack, kube, k8s):
    stack.wait_leased()
    driver = Driver()
    k8s.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    assert stack.livy.delete(f"/batches/{batch_id}").status == 200
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    assert in_cluster(kube, driver) is None


def test_a_delete_of_the_pod_is_a_kill(stack, kube, k8s):
    stack.wait_leased()
    driver = Driver()
    k8s.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    assert k8s.delete_pod(driver.pod_name).status == 200
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    assert in_cluster(kube, driver) is None
    assert k8s.delete_pod(driver.pod_name).status == 404


def test_a_pod_that_somebody_deletes_is_killed_from_outside(stack, kube, k8s):
    stack.wait_leased()
    driver = Driver()
    k8s.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    report(kube, driver, "Running")
    stack.wait_state(batch_id, "running")
    kube.call("DELETE", f"{PODS}/{driver.pod_name}?gracePeriodSeconds=0")
    row = stack.wait_state(batch_id, "killed")
    assert row["reason"] == "deleted_outside" and "driver's pod was deleted" in row["message"]


def test_an_ended_pod_can_be_deleted_and_its_batch_stays_as_it_ended(stack, kube, k8s):
    stack.wait_leased()
    driver = Driver()
    k8s.submit(driver)
    batch_id = pushed(stack, driver)["id"]
    report(kube, driver, "Succeeded", 0, "Completed")
    stack.wait_state(batch_id, "success")
    assert k8s.delete_pod(driver.pod_name).status == 200
    wait_for("the pod to be gone", lambda: in_cluster(kube, driver) is None)
    assert stack.row(batch_id)["state"] == "success"


def test_what_ended_while_no_watcher_ran_is_seen_by_the_next(stack, kube, k8s, repaired):
    stack.wait_leased()
    ended, gone = Driver(), Driver()
    for driver in (ended, gone):
        k8s.submit(driver)
        pushed(stack, driver)
    stack.watcher.stop()
    report(kube, ended, "Failed", 3)
    kube.call("DELETE", f"{PODS}/{gone.pod_name}?gracePeriodSeconds=0")
    stack.start_watcher()
    assert stack.wait_state(batch_of(stack, ended)["id"], "dead")["exit_code"] == 3
    assert stack.wait_state(batch_of(stack, gone)["id"], "killed")["reason"] == "deleted_outside"


def test_without_the_right_to_list_pods_all_else_goes_on(stack, kube, k8s, livy, clean, repaired):
    k8s_client.forbid(kube)
    try:
        stack.watcher.stop()
        begun = stack.watcher.log_size()
        stack.start_watcher()
        batch_id = livy.submit()["id"]
        kube.report(stack.wait_state(batch_id, "starting")["object_name"], "RUNNING")
        stack.wait_state(batch_id, "running")
        wait_for("it to be told", lambda: "event=pods_not_followed" in stack.watcher.log_text(begun))
    finally:
        k8s_client.allow(kube)
