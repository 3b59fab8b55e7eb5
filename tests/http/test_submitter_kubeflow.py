# SPDX-License-Identifier: Apache-2.0
"""The real Kubeflow operator hands its submissions over, through nginx: no JVM, and nothing else is different to it."""
import os
import shutil
import subprocess

import kubeflow
import pytest
import requests
from kubernetes import CLONE, NAMESPACE, own_port
from polls import remove_polls
from process import Process
from submitter import PATH
from waiting import LIMIT_S, wait_for

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
APPLICATIONS = 12

pytestmark = pytest.mark.skipif(kubeflow.missing() is not None, reason=str(kubeflow.missing()))


@pytest.fixture
def start_operator(stack, kube, submitter_workers):
    started = []

    def empty():
        kube.delete_applications()
        kube.call("DELETE", PODS, {"gracePeriodSeconds": 0})

    def start(url, *options):
        started.append(kubeflow.controller(
            stack.dir, "--enable-ui-service=false", "--feature-gates=RestSubmitter=true", f"--submitter-service-url={url}{PATH}",
            "--submitter-initial-backoff=100ms", "--submitter-max-retries=30", *options).start())

    empty()
    yield start
    for operator in started:
        operator.stop()
    empty()


@pytest.fixture
def operator(stack, start_operator):
    start_operator(stack.everything.url)


def apply(kube, name, **spec):
    return kube.create_application({
        "apiVersion": "sparkoperator.k8s.io/v1beta2", "kind": "SparkApplication", "metadata": {"name": name},
        "spec": {"type": "Python", "mode": "cluster", "sparkVersion": "4.3.0", "image": "spark:4.3.0",
                 "mainApplicationFile": "local:///opt/spark/examples/src/main/python/pi.py", "arguments": ["10"],
                 "restartPolicy": {"type": "Never"}, "driver": {"cores": 1, "memory": "512m"},
                 "executor": {"cores": 1, "memory": "512m", "instances": 1}, **spec}})


def status(kube, name):
    return kube.application(name).get("status", {})


def wait_state(kube, name, state):
    wait_for(f"{name} to be {state}", lambda: status(kube, name).get("applicationState", {}).get("state") == state)
    return status(kube, name)


def drivers(kube):
    return kube.call("GET", PODS, params={"labelSelector": "spark-role=driver"})["items"]


def test_an_application_goes_its_way_with_the_operators_own_status(kube, operator):
    uid = apply(kube, "pi")["metadata"]["uid"]
    wait_state(kube, "pi", "SUBMITTED")
    (pod,) = drivers(kube)
    labels = pod["metadata"]["labels"]
    assert pod["metadata"]["ownerReferences"][0]["uid"] == uid and pod["metadata"]["name"] == "pi-driver"
    assert "schedulingGates" not in pod["spec"]
    kube.report_driver("pi", "Running", containerStatuses=[container(running={})])
    said = wait_state(kube, "pi", "RUNNING")
    assert said["submissionID"] == labels["sparkoperator.k8s.io/submission-id"]
    assert said["sparkApplicationId"] == labels["spark-app-selector"]
    assert said["driverInfo"]["podName"] == "pi-driver" and said["submissionAttempts"] == 1
    kube.report_driver("pi", "Succeeded", containerStatuses=[container(terminated={"exitCode": 0})])
    wait_state(kube, "pi", "COMPLETED")


def container(**state):
    return {"name": "spark-kubernetes-driver", "image": "x", "imageID": "x", "ready": False, "restartCount": 0,
            "state": state}


def test_what_is_refused_stands_in_the_applications_status(kube, operator):
    apply(kube, "local-file", mainApplicationFile="/tmp/a.py")
    said = wait_state(kube, "local-file", "FAILED")
    message = said["applicationState"]["errorMessage"]
    assert "INVALID_SPARK_SUBMIT_ARGS" in message and "/tmp/a.py" in message and said["submissionAttempts"] == 1


def test_workers_that_die_half_way_cost_no_application_and_double_none(stack, kube, operator, submitter_workers):
    failpoints = stack.run / "submitter-failpoints"
    failpoints.unlink(missing_ok=True)
    submitter_workers(SPARKGATE_FAILPOINTS="launch.*=0.2", SPARKGATE_FAILPOINTS_LOG=str(failpoints))
    names = [f"pi-{number}" for number in range(APPLICATIONS)]
    uids = {apply(kube, name)["metadata"]["uid"] for name in names}
    for name in names:
        assert wait_state(kube, name, "SUBMITTED")["submissionAttempts"] == 1
    pods = drivers(kube)
    assert sorted(pod["metadata"]["name"] for pod in pods) == sorted(f"{name}-driver" for name in names)
    assert {pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods} == uids
    assert all("schedulingGates" not in pod["spec"] for pod in pods)
    assert failpoints.read_text().splitlines(), "none was killed"


# --- from another host, by client certificates -------------------------------------------------------------------

def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=LIMIT_S)


def certificate(directory, name, *options):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", f"/CN={name}", "-keyout", directory / f"{name}.key", "-out", directory / f"{name}.crt", *options)


@pytest.fixture
def front(stack, submitter_workers):
    """nginx with the shipped nginx/submitter.conf; its address, and the directory with the certificates."""
    out = stack.dir / "submitter-nginx"
    out.mkdir(exist_ok=True)
    (out / "nginx.pid").unlink(missing_ok=True)
    certificate(out, "operator-ca")
    signed_by_it = ("-CA", out / "operator-ca.crt", "-CAkey", out / "operator-ca.key")
    certificate(out, "server", "-addext", "subjectAltName=IP:127.0.0.1", *signed_by_it)
    certificate(out, "operator", *signed_by_it)
    certificate(out, "stranger")
    ports = [str(own_port(stack.slot, number)) for number in range(4)]
    subprocess.run(["sh", CLONE / "nginx/render", "--out", out, "--socket", stack.socket, "--run", out, "--log", stack.log,
                    "--livy-port", ports[0], "--all-port", ports[1], "--spark-port", ports[2]], check=True)
    main = (out / "sparkgate.conf").read_text()
    (out / "sparkgate.conf").write_text(main[:main.rindex("}")] + "include submitter.conf;\n}\n")
    text = (CLONE / "nginx/submitter.conf").read_text()
    (out / "submitter.conf").write_text(text.replace("/etc/sparkgate/tls", str(out)).replace(
        "listen 8443 ", f"listen 127.0.0.1:{ports[3]} "))
    nginx = Process(stack.dir, "submitter-nginx", [
        shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-p", out, "-c", out / "sparkgate.conf", "-g",
        "daemon off;" + (" user root;" if os.geteuid() == 0 else "")]).start()
    nginx.wait_ready((out / "nginx.pid").exists)
    yield f"https://127.0.0.1:{ports[3]}", out
    nginx.stop()
    remove_polls(out)


def test_a_certificate_opens_this_one_route(front):
    url, tls = front
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(tls / "operator-ca.crt")
        assert session.get(url + PATH, timeout=LIMIT_S).status_code == 400, "no certificate"
        session.cert = (str(tls / "stranger.crt"), str(tls / "stranger.key"))
        assert session.get(url + PATH, timeout=LIMIT_S).status_code == 400, "somebody else's"
        session.cert = (str(tls / "operator.crt"), str(tls / "operator.key"))
        assert session.get(url + PATH, timeout=LIMIT_S).json()["error_code"] == "METHOD_NOT_ALLOWED"
        assert session.get(url + "/batches", timeout=LIMIT_S).status_code == 404


def test_the_operator_submits_with_its_certificate(kube, front, start_operator):
    url, tls = front
    start_operator(url, "--submitter-tls-enabled", f"--submitter-tls-cert-file={tls / 'operator.crt'}",
                   f"--submitter-tls-key-file={tls / 'operator.key'}", f"--submitter-tls-ca-file={tls / 'operator-ca.crt'}")
    apply(kube, "pi")
    wait_state(kube, "pi", "SUBMITTED")
    assert len(drivers(kube)) == 1
