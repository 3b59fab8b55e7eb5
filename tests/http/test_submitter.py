# SPDX-License-Identifier: Apache-2.0
"""POST /api/v1/spark-submit, with the real API server: the table of the contract, row by row."""
import json
import re
import subprocess
import uuid

import pytest
import submitter
from cgi_client import Cgi, environment
from kubernetes import MERGE, NAMESPACE
from stack import program
from submitter import PATH, order, owner, template
from test_openapi import check
from waiting import LIMIT_S, wait_for

CORE = f"/api/v1/namespaces/{NAMESPACE}"
GATE = {"name": "sparkgate.io/submission"}
STEPS = ("launch.begin", "launch.pod", "launch.map", "launch.objects")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Door:
    """The worker as a CGI program: which one answers, and when it dies, is certain."""

    def __init__(self, stack, kube, changes=None):
        self.stack, self.kube = stack, kube
        self.config = stack.write_config({**submitter.CONFIG, **(changes or {})}, "submitter.yaml")

    def call(self, body, method="POST", headers=None, **variables):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if headers is None else headers
        answer = Cgi(self.stack, self.config, **variables).call(method, PATH, body, headers)
        check(answer, "POST", PATH)  # another method's answer is that of the same path
        return answer

    def submit(self, body, status=201):
        answer = self.call(body)
        assert answer.status == status, answer.text
        return answer.json()

    def killed(self, body, step):
        """The worker is killed at this step; nobody hears an answer."""
        data = json.dumps(body).encode()
        variables = {**environment("POST", PATH, data, {"Content-Type": "application/json"}),
                     "SPARKGATE_FAILPOINTS": f"{step}=1", "SPARKGATE_FAILPOINTS_LOG": str(self.stack.run / "failpoints")}
        done = subprocess.run([program("sparkgate-worker"), "-c", self.config], input=data, capture_output=True,
                              env={**self.stack.environment(), **variables}, timeout=LIMIT_S, check=False)
        assert done.returncode == -9 and done.stdout == b"", done

    def pods(self):
        return self.kube.call("GET", f"{CORE}/pods")["items"]

    def driver(self, name="pi"):
        return self.kube.call("GET", f"{CORE}/pods/{name}-driver", expect=(200, 404))

    def owned(self, kind, uid, group="/api/v1"):
        """Names of what the pod of that uid owns."""
        items = self.kube.call("GET", f"{group}/namespaces/{NAMESPACE}/{kind}")["items"]
        return [item["metadata"]["name"] for item in items
                if uid in [each["uid"] for each in item["metadata"].get("ownerReferences", [])]]

    def assert_complete(self, pod):
        uid = pod["metadata"]["uid"]
        volumes = [volume["configMap"]["name"] for volume in pod["spec"]["volumes"] if "configMap" in volume]
        assert sorted(self.owned("configmaps", uid)) == sorted(volumes)
        assert len(self.owned("services", uid)) == 1
        assert len(self.owned("networkpolicies", uid, "/apis/networking.k8s.io/v1")) == 1
        assert "schedulingGates" not in pod["spec"]

    def empty(self):
        self.kube.call("DELETE", f"{CORE}/pods", {"gracePeriodSeconds": 0})
        for kind, group in (("configmaps", "/api/v1"), ("services", "/api/v1"),
                            ("networkpolicies", "/apis/networking.k8s.io/v1")):
            for item in self.kube.call("GET", f"{group}/namespaces/{NAMESPACE}/{kind}")["items"]:
                if item["metadata"]["name"] not in ("kube-root-ca.crt", "kubernetes"):
                    self.kube.call("DELETE", f"{group}/namespaces/{NAMESPACE}/{kind}/{item['metadata']['name']}")


@pytest.fixture
def door(stack, kube):
    submitter.allow(kube)
    door = Door(stack, kube)
    door.empty()
    yield door
    door.empty()


def assert_error(answer, status, code, *words, submission_id=None):
    body = answer.json()
    assert (answer.status, body["status"], body["error_code"]) == (status, status, code), answer.text
    assert all(word in body["message"] for word in words), body["message"]
    assert body["submission_id"] == submission_id and TIME.fullmatch(body["timestamp"])
    assert set(body) == {"submission_id", "status", "error_code", "message", "timestamp"}


# --- what is made, and its identity ------------------------------------------------------------------------------

def test_a_submission_becomes_a_driver_that_may_start_with_all_that_it_needs(door):
    body = order(driver_pod_template=template("spark-kubernetes-driver", nodeSelector={"disk": "ssd"}),
                 executor_pod_template=template("spark-kubernetes-executor", priorityClassName="low"))
    answer = door.submit(body)
    pod = door.driver()
    assert answer == {
        "submission_id": body["submission_id"], "app_name": "pi",
        "spark_app_id": pod["metadata"]["labels"]["spark-app-selector"], "driver_pod_name": "pi-driver",
        "driver_pod_uid": pod["metadata"]["uid"], "namespace": NAMESPACE,
        "submitted_at": pod["metadata"]["creationTimestamp"], "duplicate_submission": False,
    }
    assert re.fullmatch("spark-[0-9a-f]{32}", answer["spark_app_id"])
    assert pod["metadata"]["ownerReferences"] == [owner("pi")] and pod["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert pod["metadata"]["labels"]["sparkoperator.k8s.io/submission-id"] == body["submission_id"]
    door.assert_complete(pod)
    maps = [door.kube.call("GET", f"{CORE}/configmaps/{name}")["data"]
            for name in door.owned("configmaps", pod["metadata"]["uid"])]
    (executor,) = [json.loads(data["podspec-configmap-key"]) for data in maps if "podspec-configmap-key" in data]
    assert executor["spec"]["priorityClassName"] == "low" and executor["kind"] == "Pod"


def test_nothing_of_it_is_a_batch(door, stack):
    before = stack.postgres.value("SELECT count(*) FROM batch")
    door.submit(order())
    assert stack.postgres.value("SELECT count(*) FROM batch") == before


def test_a_pod_that_is_given_no_name_gets_the_same_one_each_time(door):
    body = order(conf={"spark.kubernetes.driver.pod.name": None})
    first = door.submit(body)
    assert re.fullmatch("pi-[0-9a-f]{16}-driver", first["driver_pod_name"])
    assert door.submit(body, 200)["driver_pod_uid"] == first["driver_pod_uid"]
    assert len(door.pods()) == 1


def test_a_client_that_sets_no_label_is_found_again_too(door):
    body = order(conf={submitter.LABEL: None}, submission_id="any-text_of.mine")
    first = door.submit(body)
    assert door.submit(body, 200) == {**first, "duplicate_submission": True}


def test_the_gates_of_others_stay_closed(door):
    queue = {"name": "example.org/queue"}
    body = order(driver_pod_template=template("spark-kubernetes-driver", schedulingGates=[queue]))
    door.submit(body)
    assert door.driver()["spec"]["schedulingGates"] == [queue]


# --- again -------------------------------------------------------------------------------------------------------

def test_the_same_submission_again_is_answered_with_its_pod(door):
    body = order()
    first = door.submit(body)
    assert door.submit(body, 200) == {**first, "duplicate_submission": True}
    assert len(door.pods()) == 1


def test_that_is_so_when_the_driver_has_ended(door):
    body = order()
    first = door.submit(body)
    door.kube.report_driver("pi", "Succeeded")
    assert door.submit(body, 200)["driver_pod_uid"] == first["driver_pod_uid"]
    assert len(door.pods()) == 1


def test_another_submission_of_that_name_is_refused_and_touches_nothing(door):
    first = door.submit(order())
    other = order()
    assert_error(door.call(other), 409, "DRIVER_POD_ALREADY_EXISTS", "pi-driver", "another submission",
                 submission_id=other["submission_id"])
    pod = door.driver()
    assert pod["metadata"]["uid"] == first["driver_pod_uid"]
    door.assert_complete(pod)


def test_a_pod_of_that_name_that_nobody_submitted_is_refused(door):
    door.kube.call("POST", f"{CORE}/pods", {"metadata": {"name": "pi-driver"},
                                            "spec": {"containers": [{"name": "c", "image": "x"}]}})
    body = order()
    assert_error(door.call(body), 409, "DRIVER_POD_ALREADY_EXISTS", submission_id=body["submission_id"])


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_its_repetition_completes_the_one_driver(door, step):
    body = order(driver_pod_template=template("spark-kubernetes-driver"))
    door.killed(body, step)
    left = door.driver()
    if step == "launch.begin":
        assert left["kind"] == "Status"
        answer = door.submit(body)
    else:
        assert left["spec"]["schedulingGates"] == [GATE], "it cannot have started"
        answer = door.submit(body, 200)
        assert answer["driver_pod_uid"] == left["metadata"]["uid"] and answer["duplicate_submission"]
    assert len(door.pods()) == 1
    door.assert_complete(door.driver())
    assert door.submit(body, 200)["driver_pod_uid"] == answer["driver_pod_uid"]


@pytest.mark.parametrize("step", STEPS[1:])
def test_what_the_same_application_gave_up_half_way_makes_room(door, step):
    """After three tries the operator submits anew, with another id; nobody would ever open the old pod's gate."""
    fields = {"driver_pod_template": template("spark-kubernetes-driver")}
    door.killed(order(**fields), step)
    left = door.driver()
    answer = door.submit(order(**fields))
    assert answer["driver_pod_uid"] != left["metadata"]["uid"] and len(door.pods()) == 1
    door.assert_complete(door.driver())


def test_what_another_application_gave_up_half_way_does_not(door):
    door.killed(order(driver_pod_template=template("spark-kubernetes-driver")), "launch.pod")
    stranger = template("spark-kubernetes-driver")
    stranger["metadata"]["ownerReferences"] = [owner("pi", str(uuid.uuid4()))]
    body = order(driver_pod_template=stranger)
    assert_error(door.call(body), 409, "DRIVER_POD_ALREADY_EXISTS", submission_id=body["submission_id"])


# --- the table of errors -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("body, words", [
    (b"", "empty"),
    (b"{", "not complete"),
    (b"[]", "object"),
    (b"null", "object"),
    (b"{'a': 1}", "not JSON"),
    (b'{"submission_id": "\xff"}', "not JSON"),
    (b'{"submission_id": "a\\u0000b"}', "NUL"),
    (b"[" * 100_000, "nested"),
    (b'{"submission_id": ' * 60 + b"1" + b"}" * 60, "nested"),
    (b'{"submission_id": "' + b"x" * (1024 * 1024) + b'"}', "1048576 bytes"),
    (b'{"spark_submit_args": []}', "submission_id is missing"),
    (b'{"submission_id": 7, "spark_submit_args": []}', "submission_id"),
    (b'{"submission_id": "", "spark_submit_args": []}', "label"),
    (b'{"submission_id": "a b", "spark_submit_args": []}', "label"),
    (b'{"submission_id": "%s", "spark_submit_args": []}' % (b"x" * 64), "label"),
], ids=range(15))
def test_a_body_that_cannot_be_read_is_a_bad_request(door, body, words):
    assert_error(door.call(body), 400, "BAD_REQUEST", words)


@pytest.mark.parametrize("fields, words", [
    ({}, "spark_submit_args is missing"),
    ({"spark_submit_args": "--name"}, "a list"),
    ({"spark_submit_args": ["--name", 1]}, "spark_submit_args[1]"),
    ({"spark_submit_args": [], "driver_template": {}}, "driver_template"),
], ids=range(4))
def test_a_field_that_is_wrong_is_a_bad_request_that_names_it(door, fields, words):
    assert_error(door.call({"submission_id": "a", **fields}), 400, "BAD_REQUEST", words, submission_id="a")


def test_a_body_that_ends_too_early_is_a_bad_request(door):
    assert_error(door.call(b'{"submission_id"', CONTENT_LENGTH="100"), 400, "BAD_REQUEST", "ended after")


@pytest.mark.parametrize("changes, words", [
    ({"options": ["--no-such"]}, ["--no-such"]),
    ({"options": ["--deploy-mode", "client"]}, ["--deploy-mode", "cluster is"]),
    ({"options": ["--master", "yarn"]}, ["--master", "k8s://"]),
    ({"options": ["--properties-file", "/etc/p"]}, ["--properties-file"]),
    ({"options": ["--jars", "/tmp/a.jar"]}, ["spark.jars", "/tmp/a.jar", "local:///PATH"]),
    ({"conf": {"spark.driver.memory": "much"}}, ["spark.driver.memory", "much"]),
    ({"conf": {"spark.kubernetes.container.image": None}}, ["image"]),
    ({"conf": {"spark.kubernetes.driver.podTemplateFile": "/t"}}, ["driver_pod_template"]),
    ({"conf": {submitter.LABEL: "another"}}, ["another", "submission_id"]),
])
def test_arguments_that_cannot_be_followed_are_told_by_name(door, changes, words):
    body = order(**changes)
    assert_error(door.call(body), 400, "INVALID_SPARK_SUBMIT_ARGS", *words, submission_id=body["submission_id"])
    assert door.pods() == []


def test_arguments_without_a_main_file_are_told(door):
    body = dict(order(), spark_submit_args=["--master", "k8s://https://a", "--deploy-mode", "cluster"])
    assert_error(door.call(body), 400, "INVALID_SPARK_SUBMIT_ARGS", "main file", submission_id=body["submission_id"])


@pytest.mark.parametrize("field", ["driver_pod_template", "executor_pod_template"])
@pytest.mark.parametrize("value, words", [
    ("text", "an object"),
    ([], "an object"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"labels": "x"}}, "metadata.labels"),
    ({"spec": 1}, "spec"),
    ({"spec": {"containers": {}}}, "spec.containers"),
    ({"spec": {"containers": ["x"]}}, "spec.containers[0]"),
    ({"spec": {"containers": [{"name": "another"}]}}, "must be called spark-kubernetes-"),
])
def test_a_template_that_is_none_is_told(door, field, value, words):
    body = order(**{field: value})
    assert_error(door.call(body), 422, "INVALID_POD_TEMPLATE", field, words, submission_id=body["submission_id"])


@pytest.mark.parametrize("spec", [
    {"restartPolicy": "Never", "priority": "high"},
    {"dnsPolicy": "Sometimes"},
    {"volumes": [{"name": "v"}, {"name": "v"}]},
])
def test_what_kubernetes_refuses_is_told_in_its_words_and_leaves_nothing(door, spec):
    body = order(driver_pod_template=template("spark-kubernetes-driver", **spec))
    assert_error(door.call(body), 422, "INVALID_POD_TEMPLATE", submission_id=body["submission_id"])
    assert door.pods() == []


def test_what_pod_security_refuses_is_told_and_not_tried_again(door):
    kube, path, label = door.kube, f"/api/v1/namespaces/{NAMESPACE}", "pod-security.kubernetes.io/enforce"
    probe = {"metadata": {"name": "probe"}, "spec": {"hostNetwork": True, "containers": [{"name": "a", "image": "a"}]}}

    def in_force():
        return kube.session.post(f"{kube.url}{path}/pods", json=probe, params={"dryRun": "All"},
                                 timeout=LIMIT_S).status_code == 403

    kube.call("PATCH", path, {"metadata": {"labels": {label: "baseline"}}}, **MERGE)
    try:
        wait_for("pod security to be in force", in_force)
        body = order(driver_pod_template=template("spark-kubernetes-driver", hostNetwork=True))
        assert_error(door.call(body), 422, "INVALID_POD_TEMPLATE", "PodSecurity", submission_id=body["submission_id"])
    finally:
        kube.call("PATCH", path, {"metadata": {"labels": {label: None}}}, **MERGE)
        wait_for("pod security to be off", lambda: not in_force())


def test_a_part_that_kubernetes_refuses_leaves_no_driver_behind(door):
    body = order(conf={"spark.kubernetes.driver.service.label.bad": "not a label's value"})
    assert_error(door.call(body), 422, "INVALID_POD_TEMPLATE", "not a label's value", submission_id=body["submission_id"])
    assert door.pods() == [], "its name is free for the next submission"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_not_allowed(door, method):
    """A GET is how the operator finds out, when it starts, that somebody answers."""
    answer = door.call(b"", method)
    assert_error(answer, 405, "METHOD_NOT_ALLOWED", "POST")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/jsonl"},
                                     {"Content-Type": "application/x-www-form-urlencoded"}])
def test_another_type_is_not_supported(door, headers):
    assert_error(door.call(order(), headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE", "application/json")


def test_a_type_with_a_charset_is_json_all_the_same(door):
    assert door.call(order(), headers={"Content-Type": "Application/JSON; charset=utf-8"}).status == 201


def test_a_right_that_the_gateway_lacks_is_an_internal_error_that_is_tried_again(door):
    submitter.allow(door.kube, ["get"])
    try:
        body = order()
        assert_error(door.call(body), 500, "INTERNAL_SERVER_ERROR", "cannot create resource",
                     submission_id=body["submission_id"])
    finally:
        submitter.allow(door.kube)
    assert door.call(body).status == 201


def test_no_api_server_is_an_overload_that_is_tried_again(stack, door):
    kubeconfig = stack.dir / "submitter-nowhere.kubeconfig"
    kubeconfig.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "nowhere",
        "clusters": [{"name": "nowhere", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}]}))
    away = Door(stack, door.kube, {"clusters": {"default": {"kubeconfig": str(kubeconfig)}}})
    body = order()
    answer = away.call(body)
    assert_error(answer, 503, "SUBMITTER_OVERLOADED", submission_id=body["submission_id"])
    assert answer.headers["retry-after"]


@pytest.mark.parametrize("kind", ["pods", "configmaps"])
def test_a_quota_that_is_used_up_is_an_overload_that_is_tried_again(door, kind):
    body = order()
    with door.kube.full(kind):
        assert_error(door.call(body), 503, "SUBMITTER_OVERLOADED", "quota", submission_id=body["submission_id"])
        assert door.pods() == []
    assert door.call(body).status == 201


# --- who may ask -------------------------------------------------------------------------------------------------

def test_without_the_configuration_there_is_no_such_route(stack):
    answer = Cgi(stack).call("POST", PATH, json.dumps(order()).encode(), {"Content-Type": "application/json"})
    unknown = Cgi(stack).call("POST", "/api/v1/unknown", b"{}", {"Content-Type": "application/json"})
    assert answer.status == unknown.status == 404 and answer.json() == unknown.json()
    assert Cgi(stack).call("GET", PATH).status == 404


def test_another_address_than_loopback_is_refused_as_on_the_other_routes(stack):
    config = stack.write_config(submitter.CONFIG, "submitter.yaml")
    answer = Cgi(stack, config, "192.0.2.7").call("POST", PATH, json.dumps(order()).encode(),
                                                   {"Content-Type": "application/json"})
    check(answer, "POST", PATH)
    assert_error(answer, 403, "FORBIDDEN", "auth: none")


# --- through nginx -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("body", [
    b"[" * 1_000_000, b'{"a":' * 100_000, b"\xff" * 1000, b'{"submission_id": "' + b"x" * (10 * 1024 * 1024) + b'"}',
], ids=["lists", "objects", "no-utf8", "10-mb"])
def test_no_body_ends_a_worker(stack, submitter_workers, body):
    pids = stack.worker_pids()
    answer = stack.everything.call("POST", PATH, body)
    assert answer.status == 400 and json.loads(answer.body)["error_code"] == "BAD_REQUEST"
    assert stack.everything.get(PATH).status == 405
    assert stack.worker_pids() == pids
