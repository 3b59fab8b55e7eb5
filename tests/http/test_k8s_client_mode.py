# SPDX-License-Identifier: Apache-2.0
"""spark-submit --master k8s:// in client mode: a driver that runs already has its executors made here, and is a batch by that."""
import concurrent.futures
import json
import urllib.parse

import k8s_client
import pytest
from k8s_client import FIXTURES, PODS, ClientDriver, Driver, recorded, recordings, report
from k8s_watch import HttpWatch, WebSocketWatch
from kubernetes import MERGE, NAMESPACE
from waiting import wait_for

CORE = f"/api/v1/namespaces/{NAMESPACE}"
RUNS = recordings("client-*-client-mode*")
SILENCE_S = 2


@pytest.fixture
def driver():
    return ClientDriver()


@pytest.fixture
def followed(stack, kube, k8s, clean):
    """With a watcher at work and no pods of other tests."""
    kube.delete_drivers()
    stack.wait_leased()


def batch_of(stack, driver):
    return stack.postgres.row("SELECT * FROM batch WHERE app_id = %s", (driver.app_id,))


def made(kube, plural, driver):
    return kube.call("GET", f"{CORE}/{plural}", params={"labelSelector": driver.selector()})["items"]


def run(kube, name, phase="Running", **status):
    kube.call("PATCH", f"{PODS}/{name}/status", {"status": {"phase": phase, **status}}, **MERGE)


def driver_pod(kube, name, **labels):
    """As Airflow's KubernetesPodOperator makes it: its container has a name of its own."""
    return kube.call("POST", PODS, {"metadata": {"name": name, "labels": labels}, "spec": {
        "containers": [{"name": "base", "image": "x", "env": [{"name": "PASSWORD", "value": "hidden"}]},
                       {"name": "beside", "image": "x"}]}})


def end(kube, name, exit_code):
    run(kube, name, "Failed" if exit_code else "Succeeded", containerStatuses=[
        {"name": container, "image": "x", "imageID": "x", "ready": False, "restartCount": 0,
         "state": {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}}
        for container, code in (("base", exit_code), ("beside", 0))])


# --- one batch --------------------------------------------------------------------------------------------------------

def test_the_first_executor_makes_a_batch(stack, kube, k8s, driver, clean):
    answer = k8s.make(driver.executor())
    assert answer.status == 201 and answer.json()["metadata"]["uid"], answer
    row = batch_of(stack, driver)
    assert (row["protocol"], row["state"], row["name"], row["namespace"], row["operator_kind"]) == (
        "k8s", "running", "cli", NAMESPACE, "client")
    pod = kube.call("GET", f"{PODS}/{driver.executor_name(1)}")
    assert pod["metadata"]["labels"]["sparkgate.io/batch-uid"] == str(row["uid"])
    shown = stack.livy.get(f"/batches/{row['id']}").json()
    assert (shown["state"], shown["protocol"], shown["appId"], shown["name"], shown["object"]) == (
        "running", "k8s", driver.app_id, "cli", None)
    assert [batch["id"] for batch in stack.livy.get("/batches?protocol=k8s").json()["sessions"]] == [row["id"]]
    assert stack.livy.get(f"/batches/{row['id']}/state").json()["state"] == "running"


@pytest.mark.parametrize("first", ["config map", "watch", "claims", "executor"])
def test_whatever_comes_first_makes_it(stack, kube, k8s, driver, clean, first):
    if first == "config map":
        assert k8s.make(driver.config_map()).status == 201
    elif first == "claims":
        assert k8s.selected("persistentvolumeclaims", driver.selector()).json()["items"] == []
    elif first == "watch":
        with HttpWatch(stack.spark_port, f"{PODS}?watch=true&labelSelector={driver.executors}") as watch:
            assert watch.status == 200
    else:
        assert k8s.make(driver.executor()).status == 201
    assert batch_of(stack, driver)["state"] == "running"
    assert k8s.make(driver.executor(2)).status == 201
    assert batch_of(stack, driver)["name"] == "cli", "its executors tell its name"


def test_all_at_once_make_one(stack, kube, k8s, clean):
    """Three kinds of first sights on several workers, of several applications."""
    drivers = [ClientDriver() for _ in range(5)]
    calls = [call for driver in drivers for call in (
        lambda driver=driver: k8s.make(driver.config_map()), lambda driver=driver: k8s.make(driver.executor()),
        lambda driver=driver: k8s.selected("pods", driver.executors, watch="true", timeoutSeconds="1"),
        lambda driver=driver: k8s.make(driver.executor(2)))]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = {answer.status for answer in pool.map(lambda call: call(), calls)}
    assert statuses == {200, 201}
    assert stack.postgres.value("SELECT count(*) FROM batch") == len(drivers)
    for driver in drivers:
        assert len(made(kube, "pods", driver)) == 2


def test_a_list_of_what_is_unknown_makes_none(stack, k8s, driver, clean):
    answer = k8s.selected("pods", driver.executors)
    assert answer.status == 200 and answer.json()["items"] == []
    assert stack.postgres.value("SELECT count(*) FROM batch") == 0


# --- what it has made -------------------------------------------------------------------------------------------------

def test_what_is_sent_again_is_there(kube, k8s, driver, clean):
    for object_ in (driver.config_map(), driver.claim(), driver.executor()):
        first, again = k8s.make(object_), k8s.make(object_)
        assert (first.status, again.status) == (201, 201), again
        assert first.json()["metadata"]["uid"] == again.json()["metadata"]["uid"]
    other = ClientDriver()
    pod = other.executor()
    pod["metadata"]["name"] = driver.executor_name(1)
    answer = k8s.make(pod)
    assert answer.status == 409 and answer.json()["reason"] == "AlreadyExists", "but not for another application"


def test_an_executor_is_seen_by_its_own_driver_only(stack, kube, k8s, driver, clean):
    other = ClientDriver()
    for each in (driver, other):
        assert k8s.make(each.executor()).status == 201
    kube.call("POST", PODS, {"metadata": {"name": "not-ours", "labels": driver.labels()},
                             "spec": {"containers": [{"name": "a", "image": "a"}]}}, expect=(201, 409))
    answer = k8s.selected("pods", driver.selector("spark-role=executor", "spark-exec-inactive!=true"))
    assert [pod["metadata"]["name"] for pod in answer.json()["items"]] == [driver.executor_name(1)]
    assert k8s.pod(driver.executor_name(1)).json()["spec"]["hostname"] == driver.executor_name(1)
    assert k8s.selected("pods", "spark-role=driver").json()["items"] == [], "nor does the list of drivers have it"


@pytest.mark.parametrize("kind", [HttpWatch, WebSocketWatch])
def test_a_watch_brings_each_executor(stack, kube, k8s, driver, clean, kind):
    query = urllib.parse.urlencode({"allowWatchBookmarks": "true", "watch": "true",
                                    "labelSelector": driver.selector("spark-role=executor", "spark-exec-inactive!=true")})
    with kind(stack.spark_port, f"{PODS}?{query}") as watch:
        assert watch.status == 200 if kind is HttpWatch else watch.is_accepted(), watch.headers
        k8s.make(ClientDriver().executor())
        k8s.make(driver.executor())
        event = watch.event()
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", driver.executor_name(1))
        run(kube, driver.executor_name(1))
        assert watch.event()["object"]["status"]["phase"] == "Running"
        assert k8s.delete_pod(driver.executor_name(1)).status == 200
        while event["type"] != "DELETED":
            event = watch.event()


@pytest.mark.parametrize("patch, content_type", [
    ([{"op": "add", "path": "/metadata/labels/spark-exec-inactive", "value": "true"},
      {"op": "add", "path": "/metadata/resourceVersion", "value": "1"}], "application/json-patch+json; charset=utf-8"),
    ({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"spark-exec-inactive": "true"}}},
     "application/strategic-merge-patch+json"),
])
def test_an_ended_executor_can_be_kept(kube, k8s, driver, clean, patch, content_type):
    k8s.make(driver.executor())
    path = f"{PODS}/{driver.executor_name(1)}"
    answer = k8s.call("PATCH", path, json.dumps(patch).encode(), {"Content-Type": content_type})
    assert answer.status == 200 and answer.json()["metadata"]["labels"]["spark-exec-inactive"] == "true", answer
    assert kube.call("GET", path)["metadata"]["labels"]["spark-exec-inactive"] == "true"
    assert k8s.selected("pods", driver.selector("spark-role=executor", "spark-exec-inactive!=true")).json()["items"] == []


def test_some_executors_are_deleted_by_their_ids(kube, k8s, driver, clean):
    for number in (1, 2, 3):
        k8s.make(driver.executor(number))
    assert k8s.delete_selected("pods", driver.selector("spark-role=executor", "spark-exec-id in (1,3)")).status == 200
    assert [pod["metadata"]["name"] for pod in made(kube, "pods", driver)] == [driver.executor_name(2)]


# --- the end ----------------------------------------------------------------------------------------------------------

def test_an_orderly_stop_is_success_and_leaves_nothing(stack, kube, k8s, driver, followed):
    for object_ in (driver.config_map(), driver.claim(), driver.executor(), driver.executor(2)):
        assert k8s.make(object_).status == 201
    k8s.stop(driver)
    row = stack.wait_state(batch_of(stack, driver)["id"], "success")
    assert "in order" in row["message"] and row["exit_code"] is None
    log = stack.livy.get(f"/batches/{row['id']}/log").json()["log"]
    assert "its log and its exit code are not known here" in log[0] and "in order" in log[1]
    assert made(kube, "pods", driver) == made(kube, "configmaps", driver) == []
    assert stack.postgres.value("SELECT count(*) FROM k8s_application") == 0
    assert k8s.make(driver.executor(3)).status == 403, "what has ended stays so"
    assert len(stack.postgres.rows("SELECT 1 FROM batch WHERE app_id = %s", (driver.app_id,))) == 1


@pytest.fixture
def soon_silent(stack, k8s, followed, repaired):
    """Called, silence is short from now on: what is to live must have a sign of life by then."""
    opened = {"clusters": {"default": {"k8s_submissions": True}}}
    yield lambda: stack.reconfigure({**opened, "watcher": {"driver_silence_s": SILENCE_S}})
    stack.reconfigure(opened)


def test_a_driver_of_which_nothing_is_heard_is_dead_when_its_executors_are(stack, kube, k8s, driver, soon_silent):
    k8s.make(driver.executor())
    k8s.make(driver.executor(2))
    run(kube, driver.executor_name(1))
    batch_id = batch_of(stack, driver)["id"]
    soon_silent()
    wait_for("a look at it", lambda: stack.postgres.value(
        "SELECT look_after > now() AND heard_at < now() - %s * interval '1 s' FROM k8s_application", (SILENCE_S,)))
    assert stack.row(batch_id)["state"] == "running", "an executor that runs is a sign of it"
    run(kube, driver.executor_name(1), "Failed")
    row = stack.wait_state(batch_id, "dead")
    assert row["reason"] == "driver_lost" and f"nothing was heard of the driver for {SILENCE_S} s" in row["message"]
    assert made(kube, "pods", driver) == [], "one that still waited for a node is not begun"


def test_a_driver_that_asks_lives(stack, k8s, driver, followed):
    k8s.make(driver.executor())
    before = stack.postgres.value("SELECT heard_at FROM k8s_application")
    stack.postgres.execute("UPDATE k8s_application SET heard_at = now() - interval '1 hour', look_after = now() + interval '1 day'")
    assert k8s.selected("pods", driver.executors).status == 200
    assert stack.postgres.value("SELECT heard_at FROM k8s_application") > before


# --- kills ------------------------------------------------------------------------------------------------------------

def test_a_kill_removes_executors_and_allows_no_more(stack, kube, k8s, driver, followed):
    k8s.make(driver.config_map())
    k8s.make(driver.executor())
    batch_id = batch_of(stack, driver)["id"]
    k8s_client.end_claims(stack)
    assert stack.livy.delete(f"/batches/{batch_id}").status == 200
    answer = k8s.make(driver.executor(2))
    assert answer.status == 403 and "has ended" in answer.json()["message"], answer
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    assert made(kube, "pods", driver) == made(kube, "configmaps", driver) == []
    assert k8s.make(driver.executor(2)).status == 403


# --- the driver's pod -------------------------------------------------------------------------------------------------

def test_a_driver_sees_its_own_pod_and_no_more_of_it_than_it_needs(stack, kube, k8s, followed):
    pod = driver_pod(kube, "me-driver")
    shown = k8s.pod("me-driver").json()
    assert shown["metadata"]["uid"] == pod["metadata"]["uid"] and shown["status"]["phase"] == "Pending"
    answer = k8s.get(f"{PODS}?fieldSelector=metadata.name%3Dme-driver")
    (item,) = answer.json()["items"]
    assert item == shown and "hidden" not in answer.text and "spec" not in item
    version = shown["metadata"]["resourceVersion"]
    watched = f"{PODS}?fieldSelector=metadata.name%3Dme-driver&watch=true&resourceVersion="
    assert k8s.get(watched + version).body == b""
    run(kube, "me-driver", conditions=[{"type": "Ready", "status": "True"}])
    event = json.loads(k8s.get(watched + version).text)
    assert event["type"] == "MODIFIED" and event["object"]["status"]["conditions"][0]["type"] == "Ready"
    assert k8s.pod("nobody").status == 404


def known_driver(stack, kube, k8s, name="me-driver", **labels):
    """With an executor that names its pod."""
    pod = driver_pod(kube, name, **(labels or {"sparkgate.io/driver": "client"}))
    run(kube, name)
    driver = ClientDriver(owner=pod)
    for object_ in (driver.config_map(), driver.executor()):
        answer = k8s.make(object_)
        assert answer.status == 201, answer
    return driver


@pytest.mark.parametrize("exit_code, state, reason", [(0, "success", None), (3, "dead", "exit_code")])
def test_a_known_driver_s_end_is_the_batch_s(stack, kube, k8s, followed, exit_code, state, reason):
    driver = known_driver(stack, kube, k8s)
    row = batch_of(stack, driver)
    assert (row["driver_pod"], row["driver_container"], row["message"]) == ("me-driver", "base", None)
    (owner,) = kube.call("GET", f"{PODS}/{driver.executor_name(1)}")["metadata"]["ownerReferences"]
    assert owner["uid"] == driver.owner["metadata"]["uid"] == row["object_uid"]
    k8s.stop(driver)
    assert stack.row(row["id"])["state"] == "running", "its pod is heard"
    assert "hidden" in k8s.pod("me-driver").text, "it is the caller's own"
    end(kube, "me-driver", exit_code)
    row = stack.wait_state(row["id"], state)
    assert (row["exit_code"], row["reason"]) == (exit_code, reason)
    assert "hidden" not in k8s.pod("me-driver").text, "not any more: another may have its name"
    assert row["app_id"] == driver.app_id


def test_a_pod_that_is_taken_away_after_an_orderly_stop_has_ended_well(stack, kube, k8s, followed):
    driver = known_driver(stack, kube, k8s)
    k8s.stop(driver)
    kube.call("DELETE", f"{PODS}/me-driver?gracePeriodSeconds=0")
    row = stack.wait_state(batch_of(stack, driver)["id"], "success")
    assert "its exit code was not seen" in row["message"]


def test_a_pod_that_is_taken_away_before_is_killed_from_outside(stack, kube, k8s, followed):
    driver = known_driver(stack, kube, k8s)
    kube.call("DELETE", f"{PODS}/me-driver?gracePeriodSeconds=0")
    assert stack.wait_state(batch_of(stack, driver)["id"], "killed")["reason"] == "deleted_outside"


@pytest.mark.parametrize("by_pod", [False, True])
def test_a_kill_deletes_a_known_driver_too(stack, kube, k8s, followed, by_pod):
    driver = known_driver(stack, kube, k8s)
    batch_id = batch_of(stack, driver)["id"]
    k8s_client.end_claims(stack)
    answer = k8s.delete_pod("me-driver") if by_pod else stack.livy.delete(f"/batches/{batch_id}")
    assert answer.status == 200, answer
    assert stack.wait_state(batch_id, "killed")["reason"] == "killed_by_user"
    kube.call("GET", f"{PODS}/me-driver", expect=(404,))
    assert made(kube, "pods", driver) == []


def test_a_pod_is_no_driver_because_somebody_says_so(stack, kube, k8s, followed):
    """Neither did the request come from it, nor has whoever made it said that it is one."""
    driver = known_driver(stack, kube, k8s, some="label")
    row = batch_of(stack, driver)
    assert row["driver_pod"] is None
    assert "sparkgate.io/batch-uid" not in kube.call("GET", f"{PODS}/me-driver")["metadata"]["labels"]
    k8s_client.end_claims(stack)
    stack.livy.delete(f"/batches/{row['id']}")
    stack.wait_state(row["id"], "killed")
    kube.call("GET", f"{PODS}/me-driver")


def test_a_pod_is_the_driver_if_the_request_came_from_it(stack, kube, k8s, followed):
    pod = driver_pod(kube, "me-driver")
    run(kube, "me-driver", podIP="127.0.0.1", podIPs=[{"ip": "127.0.0.1"}])
    driver = ClientDriver(owner=pod)
    assert k8s.make(driver.executor()).status == 201
    assert batch_of(stack, driver)["driver_pod"] == "me-driver"


def test_one_pod_runs_one_application_after_the_other(stack, kube, k8s, followed):
    first = known_driver(stack, kube, k8s)
    second = ClientDriver(owner=first.owner)
    assert k8s.make(second.executor()).status == 201
    assert batch_of(stack, second)["driver_pod"] is None, "not two at a time"
    stack.postgres.execute("UPDATE batch SET stopped_at = now() - interval '1 day' WHERE app_id = %s", (first.app_id,))
    row = stack.wait_state(batch_of(stack, first)["id"], "success")
    assert "does other things" in row["message"]
    third = ClientDriver(owner=first.owner)
    assert k8s.make(third.executor()).status == 201
    assert batch_of(stack, third)["driver_pod"] == "me-driver"


def test_an_owner_that_is_not_there_is_refused(kube, k8s, followed):
    driver = ClientDriver(owner={"metadata": {"name": "nobody", "uid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}})
    answer = k8s.make(driver.executor())
    assert answer.status == 422 and "no pod nobody" in answer.json()["message"]


def test_executors_of_a_submitted_driver_belong_to_its_batch(stack, kube, k8s, followed):
    """Its spark.kubernetes.driver.master is the gateway."""
    submitted = Driver()
    k8s.submit(submitted)
    batch_id = stack.postgres.value("SELECT id FROM batch WHERE app_id = %s", (submitted.app_id,))
    stack.wait_state(batch_id, "starting")
    driver = ClientDriver(owner=k8s.pod(submitted.pod_name).json())
    driver.app_id = submitted.app_id
    for object_ in (driver.config_map(), driver.executor()):
        assert k8s.make(object_).status == 201
    assert stack.postgres.value("SELECT count(*) FROM batch") == 1
    k8s.stop(driver)
    assert [pod["metadata"]["name"] for pod in made(kube, "pods", driver)] == [submitted.pod_name]
    report(kube, submitted, "Succeeded", 0, "Completed")
    assert stack.wait_state(batch_id, "success")["exit_code"] == 0


def test_retention_removes_what_was_kept_and_never_the_driver(stack, kube, k8s, followed):
    driver = known_driver(stack, kube, k8s)
    batch_id = batch_of(stack, driver)["id"]
    end(kube, "me-driver", 0)
    stack.wait_state(batch_id, "success")
    assert len(made(kube, "pods", driver)) == 1, "spark.kubernetes.executor.deleteOnTermination=false"
    stack.age("25 hours", [batch_id])
    stack.watcher.stop()
    stack.start_watcher()
    wait_for("the executors to be gone", lambda: made(kube, "pods", driver) == [])
    wait_for("a note of it", lambda: stack.row(batch_id)["object_deleted_at"])
    kube.call("GET", f"{PODS}/me-driver")


# --- what real ones send ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", RUNS or [None])
def test_a_recorded_run_is_served(stack, kube, k8s, followed, name):
    if name is None:
        pytest.skip(f"no recorded requests: {FIXTURES}")
    pod = None
    for exchange in recorded(name)["exchanges"]:
        target = exchange["path"] + ("?" + exchange["query"] if exchange["query"] else "")
        if exchange["path"].endswith("/me-driver") and pod is None:
            pod = driver_pod(kube, "me-driver", **{"sparkgate.io/driver": "client"})
            run(kube, "me-driver")
        headers = {key: value for key, value in exchange["headers"] if key.lower() in ("content-type", "user-agent")}
        body = exchange["body"]
        for owner in (body["metadata"].get("ownerReferences", []) if isinstance(body, dict) and "metadata" in body else []):
            owner["uid"] = pod["metadata"]["uid"]
        if "watch=true" in target:
            with WebSocketWatch(stack.spark_port, target) as watch:
                assert watch.is_accepted(), f"{target}: {watch.headers}"
            continue
        answer = k8s.call(exchange["method"], target, json.dumps(body).encode() if body else b"", headers)
        assert answer.status == exchange["answer"], f"{exchange['method']} {target}: {answer}"
    (row,) = stack.postgres.rows("SELECT * FROM batch")
    assert row["name"] == "cli"
    if pod is not None:
        end(kube, "me-driver", 0)
    row = stack.wait_state(row["id"], "success")
    kept = 0 if "kept" not in name else len([e for e in recorded(name)["exchanges"] if (e["method"], e["path"]) == ("POST", PODS)])
    assert len(kube.call("GET", PODS, params={"labelSelector": "spark-role=executor"})["items"]) == kept


def test_the_rights_are_those_of_the_manifest(kube):
    verbs = {(resource, verb) for _, manifest in kube.roles(k8s_client.RBAC) for rule in manifest.get("rules", ())
             for resource in rule["resources"] for verb in rule["verbs"]}
    assert ("pods", "list") in verbs
    assert not {resource for resource, verb in verbs if verb == "list"} - {"pods", "persistentvolumeclaims"}
    assert ("secrets", "deletecollection") not in verbs
