# SPDX-License-Identifier: Apache-2.0
"""What spark-submit --master k8s:// reads and watches: allowed by a worker, and then carried by nginx to the API server."""
import json

import k8s_client
import pytest
from cgi_client import Cgi
from k8s_client import PODS, Driver, KubernetesClient, report, watch_path
from k8s_watch import HttpWatch, WebSocketWatch
from kubernetes import DRIVER_CONTAINER
from waiting import wait_for


@pytest.fixture
def driver(stack, kube, k8s):
    """One that is pushed."""
    stack.wait_leased()
    driver = Driver()
    k8s.submit(driver)
    batch = stack.postgres.row("SELECT id FROM batch WHERE driver_pod = %s", (driver.pod_name,))
    stack.wait_state(batch["id"], "starting")
    return driver


def test_a_pod_is_what_the_api_server_says(kube, k8s, driver):
    answer = k8s.pod(driver.pod_name)
    assert answer.status == 200 and answer.json()["metadata"]["uid"] == kube.call(
        "GET", f"{PODS}/{driver.pod_name}")["metadata"]["uid"]
    assert answer.json()["status"]["phase"] == "Pending"


def test_a_prefix_picks_the_cluster(stack, driver):
    assert KubernetesClient(stack.spark_port, "/clusters/default").pod(driver.pod_name).status == 200
    answer = KubernetesClient(stack.spark_port, "/clusters/nowhere").pod(driver.pod_name)
    assert answer.status == 404 and "no such cluster" in answer.json()["message"]


@pytest.mark.parametrize("kind", [HttpWatch, WebSocketWatch])
def test_a_watch_brings_each_event_as_it_comes(stack, kube, driver, kind):
    with kind(stack.spark_port, watch_path(driver)) as watch:
        assert watch.status == 200 if kind is HttpWatch else watch.is_accepted(), watch.headers
        event = watch.event()
        assert event["type"] == "ADDED" and event["object"]["metadata"]["name"] == driver.pod_name
        report(kube, driver, "Running")
        assert watch.event()["object"]["status"]["phase"] == "Running"
        report(kube, driver, "Failed", 3)
        event = watch.event()
        assert event["object"]["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
        kube.call("DELETE", f"{PODS}/{driver.pod_name}?gracePeriodSeconds=0")
        while event["type"] != "DELETED":
            event = watch.event()


def test_watches_hold_no_worker(stack, kube, k8s, driver):
    """Ten times as many as there are workers."""
    watches = [HttpWatch(stack.spark_port, watch_path(driver)) for _ in range(20)]
    try:
        assert [watch.event()["type"] for watch in watches] == ["ADDED"] * 20
        assert k8s.pod(driver.pod_name).status == 200 and stack.livy.get("/batches").status == 200
        report(kube, driver, "Running")
        assert {watch.event()["object"]["status"]["phase"] for watch in watches} == {"Running"}
    finally:
        for watch in watches:
            watch.socket.close()


def test_a_watch_goes_on_from_a_version(stack, kube, driver):
    version = kube.call("GET", f"{PODS}/{driver.pod_name}")["metadata"]["resourceVersion"]
    report(kube, driver, "Running")
    with HttpWatch(stack.spark_port, watch_path(driver, resourceVersion=version)) as watch:
        event = watch.event()
        assert event["type"] == "MODIFIED" and event["object"]["status"]["phase"] == "Running"


def test_a_watch_ends_cleanly_when_the_server_ends_it(stack, driver):
    with HttpWatch(stack.spark_port, watch_path(driver, timeoutSeconds="1")) as watch:
        watch.event()
        with pytest.raises(EOFError):
            while True:
                watch.event()


def killed(stack, kube, driver, by_user):
    """Its pod is gone, and the ledger says why."""
    if by_user:
        KubernetesClient(stack.spark_port).delete_pod(driver.pod_name)
    else:
        kube.call("DELETE", f"{PODS}/{driver.pod_name}?gracePeriodSeconds=0")
    batch = stack.postgres.row("SELECT id FROM batch WHERE driver_pod = %s", (driver.pod_name,))
    return stack.wait_state(batch["id"], "killed")


@pytest.mark.parametrize("by_user", [False, True])
@pytest.mark.parametrize("kind", [HttpWatch, WebSocketWatch])
def test_who_begins_to_watch_a_pod_that_is_gone_is_told_and_does_not_wait_for_ever(stack, kube, driver, kind, by_user):
    """The API server knows nothing of it; a WebSocket is answered 200, and the client asks again without (contract 1)."""
    row = killed(stack, kube, driver, by_user)
    with kind(stack.spark_port, watch_path(driver)) as watch:
        assert watch.status == 200 and "sec-websocket-accept" not in watch.headers
        line = watch.bytes(int(watch.headers["content-length"]))
    event = json.loads(line)
    metadata = event["object"]["metadata"]
    assert line.endswith(b"\n") and event["type"] == "DELETED" and event["object"]["status"]["phase"] == "Failed"
    assert (metadata["name"], metadata["uid"]) == (driver.pod_name, row["object_uid"])
    assert metadata["labels"]["spark-app-selector"] == driver.app_id


@pytest.mark.parametrize("kind", [HttpWatch, WebSocketWatch])
def test_who_goes_on_watching_a_pod_that_is_gone_is_told_or_told_to_begin_anew(stack, kube, driver, kind):
    """While it follows, a client takes no other answer to its WebSocket than a WebSocket."""
    killed(stack, kube, driver, by_user=False)
    last = kube.call("GET", PODS)["metadata"]["resourceVersion"]
    with kind(stack.spark_port, watch_path(driver, resourceVersion=last)) as watch:
        assert watch.status == 200 if kind is HttpWatch else watch.is_accepted(), watch.headers
        while (event := watch.event())["type"] not in ("DELETED", "ERROR"):
            pass
    assert event["type"] == "DELETED" or event["object"]["code"] == 410, event


def test_a_watch_on_what_is_being_killed_soon_asks_again(stack, kube, driver, repaired):
    """Between the kill and the pod's end nobody can tell the client; it is not to miss that end."""
    stack.watcher.stop()
    version = kube.call("GET", f"{PODS}/{driver.pod_name}")["metadata"]["resourceVersion"]
    stack.postgres.execute("UPDATE batch SET kill_requested_at = now() WHERE driver_pod = %s", (driver.pod_name,))
    with HttpWatch(stack.spark_port, watch_path(driver)) as watch:
        assert watch.status == 200 and watch.headers["content-length"] == "0"
    path = watch_path(driver, resourceVersion=version, timeoutSeconds="3000")
    with HttpWatch(stack.spark_port, path) as watch, pytest.raises(EOFError):
        while True:
            watch.event()


@pytest.mark.parametrize("path", [PODS, "/api/v1/pods"])
def test_a_list_shows_drivers_that_came_this_way_and_nothing_else(stack, kube, k8s, driver, path):
    kube.call("POST", PODS, {"metadata": {"name": f"other-{driver.unique}", "labels": {"spark-role": "driver"}},
                             "spec": {"containers": [{"name": "a", "image": "a"}]}})
    for selector in ("spark-role%3Ddriver", "", "spark-role+in+%28driver%29", f"spark-app-selector%3D{driver.app_id}"):
        answer = k8s.get(f"{path}?labelSelector={selector}")
        assert answer.status == 200, answer
        names = [item["metadata"]["name"] for item in answer.json()["items"]]
        assert driver.pod_name in names and f"other-{driver.unique}" not in names
    answer = k8s.get(f"{path}?labelSelector=spark-role%3Dexecutor")
    assert answer.json()["items"] == []


def test_a_log_is_asked_of_the_api_server(k8s, driver):
    answer = k8s.get(f"{PODS}/{driver.pod_name}/log?container={DRIVER_CONTAINER}&follow=true")
    assert answer.status in (200, 400) and b"Status" in answer.body or answer.body == b"", "no kubelet runs here"


def test_of_a_pod_that_nobody_submitted_only_that_it_is_there_is_shown(kube, k8s, driver):
    """It may be the caller's own, in client mode."""
    kube.call("POST", PODS, {"metadata": {"name": f"foreign-{driver.unique}", "labels": {"a": "b"}, "annotations": {"a": "b"}},
                             "spec": {"containers": [{"name": "a", "image": "a", "env": [{"name": "A", "value": "b"}]}]}})
    shown = k8s.pod(f"foreign-{driver.unique}").json()
    assert set(shown) == {"apiVersion", "kind", "metadata", "status"} and set(shown["status"]) <= {"phase", "conditions"}
    assert set(shown["metadata"]) == {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}
    answer = k8s.get(f"{PODS}?watch=true&fieldSelector=metadata.name%3Dforeign-{driver.unique}")
    assert answer.json() == {"type": "ADDED", "object": shown}
    answer = k8s.get(f"{PODS}/foreign-{driver.unique}/log")
    assert answer.status == 404 and answer.json()["reason"] == "NotFound"


def test_a_head_has_no_body(k8s, driver):
    assert k8s.call("HEAD", f"{PODS}/{driver.pod_name}").body == b""


# --- whose credentials ------------------------------------------------------------------------------------------------

def test_the_client_s_credentials_never_reach_the_cluster(stack, kube, k8s, driver):
    """With any of these the API server would refuse, or act as somebody else."""
    for name, value in (("Authorization", "Bearer wrong"), ("Authorization", "Basic eDp5"), ("Impersonate-User", "nobody"),
                        ("X-Remote-User", "nobody"), ("X-Sparkgate-Authorization", "Bearer wrong"),
                        ("X-Accel-Redirect", "/k8s-api/default/api/v1/secrets")):
        answer = k8s.call("GET", f"{PODS}/{driver.pod_name}", headers={name: value})
        assert answer.status == 200, f"{name}: {answer}"
    protocols = [("Sec-WebSocket-Protocol", "base64url.bearer.authorization.k8s.io.d3Jvbmc")]
    with WebSocketWatch(stack.spark_port, watch_path(driver), protocols) as watch:
        assert watch.is_accepted() and watch.event()["type"] == "ADDED"


def test_the_gateway_s_token_is_taken_from_its_file_anew_and_shown_to_nobody(stack, kube, k8s, driver, repaired):
    """A worker with a token, not with a certificate: nginx has none to show then."""
    kubeconfig = stack.kubernetes.token_kubeconfig
    token = k8s_client.token_of(kubeconfig)
    config = stack.write_config({"clusters": {"default": {"kubeconfig": str(kubeconfig), "k8s_submissions": True}}},
                                "token.yaml")
    stack.nginx.stop()
    stack.start_nginx(config)
    stack.restart_workers(config=config)
    try:
        answer = k8s.pod(driver.pod_name)
        assert answer.status == 200, answer
        assert token not in answer.text and not [name for name in answer.headers if "authorization" in name or "accel" in name]
        assert token not in json.dumps(stack.log_texts()), "nor does any log have it"
        for file in (stack.dir / "nginx").glob("*"):
            if file.is_file():
                assert token not in file.read_text(errors="replace"), f"nor {file}"
    finally:
        stack.restart_workers()
        stack.nginx.stop()
        stack.start_nginx()


def test_a_worker_gives_its_token_to_no_other_front(stack, k8s, driver):
    """As a CGI program of any server, which would pass its answer on as it is."""
    config = stack.write_config({"clusters": {"default": {"kubeconfig": str(stack.kubernetes.token_kubeconfig),
                                                          "k8s_submissions": True}}}, "token.yaml")
    cgi = Cgi(stack, config, SPARKGATE_DOOR="spark")
    for headers in ({}, {"Sparkgate-Carries": "yes"}):
        answer = cgi.call("GET", f"{PODS}/{driver.pod_name}", headers=headers)
        assert answer.status == 503 and "cannot carry" in answer.json()["message"]
        assert not [name for name in answer.headers if "accel" in name or "authorization" in name]


def test_without_an_api_server_the_client_is_told_to_try_again(stack, kube, k8s, driver):
    kube.kill9()
    try:
        answer = k8s.pod(driver.pod_name)
        assert answer.status == 503 and answer.json()["kind"] == "Status" and "try again" in answer.json()["message"]
    finally:
        kube.start()
    wait_for("the pod", lambda: k8s.pod(driver.pod_name).status == 200)


def test_without_workers_the_answer_is_a_status(stack, k8s, repaired):
    stack.stop_workers()
    answer = k8s.pod("x")
    assert answer.status == 503 and answer.json()["reason"] == "ServiceUnavailable", answer
    answer = k8s.begin(Driver())
    assert answer.status == 503 and answer.json()["kind"] == "Status", answer
