# SPDX-License-Identifier: Apache-2.0
"""What the gateway makes of the real Kubeflow operator's REST submissions, beside what spark-submit was recorded to make.

The operator's webhook fills in each manifest, the operator makes the submission of it, the gateway makes the objects, sent
to a server that only answers and remembers, and the webhook patches them: as the recording went, without spark-submit.
"""
import functools
import http.server
import json
import queue
import threading

import kubeflow
import pytest
from cgi_client import Cgi
from differences import OF_SUBMITTER, REFUSED
from record_spark_submit import Recorder
from submitter import PATH
from test_equality import RECORDED, told, unwanted
from waiting import LIMIT_S

import recorded

pytestmark = pytest.mark.skipif(kubeflow.missing() is not None, reason=str(kubeflow.missing()))
MASTER = "k8s://https://127.0.0.1:443"
# What the gateway alone refuses, as everywhere: a word that its reason must have.
REFUSED_BY_US = {"credentials": "spark.kubernetes.authenticate.driver.oauthToken"}


class Taker(http.server.BaseHTTPRequestHandler):
    """Takes every submission."""

    bodies = queue.Queue()

    def do_GET(self):
        self.answer(405, {})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.bodies.put(body)
        self.answer(201, {"submission_id": body["submission_id"]})

    answer = Recorder.answer

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def serve():
    servers = []

    def start(handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()


@pytest.fixture(scope="module")
def webhook(stack):
    with stack.kubernetes.kubeflow_definitions():
        webhook = kubeflow.Webhook(stack.dir, stack.kubernetes).start()
        yield webhook
        webhook.stop()


@pytest.fixture(scope="module")
def submission(stack, serve, webhook):
    """What the operator sends for a case."""
    controller = kubeflow.controller(stack.dir, "--enable-ui-service=false", "--feature-gates=RestSubmitter=true",
                                     f"--submitter-service-url={serve(Taker)}{PATH}").start()
    stack.kubernetes.delete_applications()

    @functools.cache
    def of(case):
        application = webhook.admitted("SparkApplication", recorded.manifest(recorded.VERSIONS[-1], case))
        name = stack.kubernetes.create_application(application)["metadata"]["name"]
        while True:
            body = Taker.bodies.get(timeout=LIMIT_S)
            # Another's may come twice: who hears no answer in time asks again.
            if any(word.endswith(f"sparkoperator.k8s.io/app-name={name}") for word in body["spark_submit_args"]):
                return body

    yield of
    controller.stop()
    stack.kubernetes.delete_applications()


@pytest.fixture(scope="module")
def made(stack, serve, webhook, submission):
    """(objects, None) or (None, why not) for a case, by a gateway that is told this version."""
    url = serve(Recorder)

    def config_of(version, case):
        kubeconfig = stack.dir / "recorder.kubeconfig"
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"{url}/{version}/{case}"}}],
            "users": [{"name": "u", "user": {}}], "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}))
        return stack.write_config({"submitter": {"cluster": "default"}, "database": {"conninfo": "host=/nowhere"},
                                   "clusters": {"default": {"kubeconfig": str(kubeconfig), "spark_version": version}}},
                                  "submitter.yaml")

    @functools.cache
    def of(version, case):
        body = submission(case)
        answer = Cgi(stack, config_of(version, case)).call("POST", PATH, json.dumps(body).encode(),
                                                            {"Content-Type": "application/json"})
        sent = Recorder.runs.pop((version, case), [])
        if answer.status != 201:
            assert not sent, "refused before anything was made"
            return None, answer.json()
        objects = [each for each in sent if "kind" in each]
        assert sent[-1]["spec"] == {"schedulingGates": None} and len(sent) == len(objects) + 1, "the gate comes last"
        name = recorded.manifest(version, case)["metadata"]["name"]
        objects = [webhook.let_through(name, each, recorded.TEMPLATE) for each in objects]
        return recorded.normalised(objects, [(MASTER, "MASTER"), (MASTER.replace(":", r"\\:"), "MASTER")]), None

    return of


def compared(made, version, case):
    theirs = recorded.recorded(version, case)
    theirs.pop("UiService", None)  # the operator's own work, whoever makes the driver pod
    ours, refusal = made(version, case)
    word = REFUSED[case] if "Refusal" in theirs else REFUSED_BY_US.get(case)
    if word is not None or refusal is not None:
        good = word is not None and refusal is not None and word in refusal["message"]
        good = good and refusal["error_code"] == "INVALID_SPARK_SUBMIT_ARGS"
        return ([] if good else [("", "refused, or not", theirs.get("Refusal"), refusal)]), set()
    return unwanted(theirs, ours, OF_SUBMITTER)


@pytest.mark.parametrize(("version", "case"), RECORDED)
def test_the_same_objects_as_spark_submit(made, version, case):
    left, _ = compared(made, version, case)
    assert not left, told(left)


def test_every_wanted_difference_is_needed(made):
    needed = set().union(*(compared(made, version, case)[1] for version, case in RECORDED))
    assert [row for number, row in enumerate(OF_SUBMITTER) if number not in needed] == []
