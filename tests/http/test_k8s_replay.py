# SPDX-License-Identifier: Apache-2.0
"""What real spark-submits were recorded to send with --master k8s://, sent again as it was."""
import json

import pytest
from k8s_client import FIXTURES, recorded, recordings
from kubernetes import NAMESPACE
from waiting import wait_for

RUNS = recordings("client-*-cluster-*")
KEPT_HEADERS = ("user-agent", "content-type", "accept-encoding", "origin")


def allowed_here(body):
    """What this cluster's configuration has otherwise than the recorded one's: the account, the cluster, who may act as whom."""
    text = json.dumps(body).replace('"--proxy-user", "bob", ', "").replace("spark.ilum.cluster=c1\\n", "")
    return json.loads(text.replace("spark-sa", "spark"))


def requests_of(run):
    """Each request once, until the driver is followed; a run that was told to fail repeats some."""
    seen = []
    for exchange in run["exchanges"]:
        if exchange["method"] == "GET":
            return
        if exchange["method"] in ("POST", "PATCH") and (exchange["method"], exchange["path"]) not in seen:
            seen.append((exchange["method"], exchange["path"]))
            yield exchange


@pytest.mark.parametrize("name", RUNS or [None])
def test_a_recorded_submission_is_taken(stack, kube, k8s, name):
    if name is None:
        pytest.skip(f"no recorded requests: {FIXTURES}")
    uid = pod = None
    for exchange in requests_of(recorded(name)):
        body = allowed_here(exchange["body"])
        for owner in body["metadata"].get("ownerReferences", []):
            owner["uid"] = uid
        headers = {key: value for key, value in exchange["headers"] if key.lower() in KEPT_HEADERS}
        # some were recorded without a namespace
        path = exchange["path"].replace("/namespaces/default/", f"/namespaces/{NAMESPACE}/")
        target = path + ("?" + exchange["query"] if exchange["query"] else "")
        answer = k8s.call(exchange["method"], target, body, headers)
        assert answer.status == 201, f"{exchange['method']} {target}: {answer}"
        if body["kind"] == "Pod":
            uid, pod = answer.json()["metadata"]["uid"], body
    row = stack.postgres.row("SELECT * FROM batch WHERE uid = %s", (uid,))
    stack.wait_state(row["id"], "starting")
    assert row["app_id"] == pod["metadata"]["labels"]["spark-app-selector"] and row["name"]
    made = kube.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}")
    args = [container["args"] for container in made["spec"]["containers"] if container.get("args", [""])[0] == "driver"]
    assert args == [container["args"] for container in pod["spec"]["containers"] if container.get("args", [""])[0] == "driver"]
    wait_for("nothing to be owed", lambda: not stack.postgres.rows("SELECT 1 FROM batch_push WHERE batch_id = %s", (row["id"],)))
    assert k8s.delete_pod(pod["metadata"]["name"]).status == 200
