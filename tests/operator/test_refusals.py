# SPDX-License-Identifier: Apache-2.0
"""What cannot be submitted says why, and leaves nothing that could run."""
import contextlib

import pytest
from kubernetes import MERGE, NAMESPACE
from waiting import LIMIT_S, stays, wait_for

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture
def full(kube):
    """The namespace takes no more of something, until empty() is called."""
    with contextlib.ExitStack() as quotas:
        yield lambda kind: quotas.enter_context(kube.full(kind)), quotas.close


@pytest.fixture
def right(kube):
    """Takes the operator's right to create something away, until it is given back."""
    roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
    before = kube.call("GET", f"{roles}/roles/sparkgate-operator")["rules"]
    user = kube.call("GET", f"{roles}/rolebindings/sparkgate-operator")["subjects"][0]["name"]

    def put(rules):
        kube.call("PATCH", f"{roles}/roles/sparkgate-operator", {"rules": rules}, **MERGE)

    def take(kind):
        put([{**rule, "verbs": [verb for verb in rule["verbs"] if verb != "create"]}
             if kind in rule["resources"] else rule for rule in before])
        wait_for("the right to be gone", lambda: not kube.may(user, "create", kind))

    yield take, lambda: put(before)
    put(before)
    for kind in ("pods", "configmaps"):
        wait_for("the right to be back", lambda kind=kind: kube.may(user, "create", kind))


@pytest.mark.parametrize("kind", ["pods", "configmaps"])
def test_a_right_that_the_operator_lacks_is_told_in_its_log_and_waited_for(node, operator, right, kind):
    take, give_back = right
    take(kind)
    node.apply("pi")
    wait_for("the log to tell", lambda: f'cannot create resource \\"{kind}\\"' in operator.log_text())
    assert "submission_put_off" in operator.log_text()
    assert node.state("pi") == "", "no application's fault"
    assert all(pod["spec"]["schedulingGates"] for pod in node.pods("spark-role=driver"))
    give_back()
    node.wait_driver("pi")
    assert node.wait("pi", "SUBMITTED")["submissionAttempts"] == 1


@pytest.fixture
def restricted(kube):
    """Kubernetes' own admission control takes no pod that does not renounce all privileges."""
    namespace, label = f"/api/v1/namespaces/{NAMESPACE}", "pod-security.kubernetes.io/enforce"
    probe = {"metadata": {"name": "probe"}, "spec": {"containers": [{"name": "a", "image": "a"}]}}
    kube.call("PATCH", namespace, {"metadata": {"labels": {label: "restricted"}}}, **MERGE)
    wait_for("pod security to be in force", lambda: kube.session.post(
        f"{kube.url}{namespace}/pods", timeout=LIMIT_S, params={"dryRun": "All"}, json=probe).status_code == 403)
    yield
    kube.call("PATCH", namespace, {"metadata": {"labels": {label: None}}}, **MERGE)
    wait_for("pod security to be off", lambda: kube.session.post(
        f"{kube.url}{namespace}/pods", timeout=LIMIT_S, params={"dryRun": "All"}, json=probe).status_code == 201)


@pytest.mark.usefixtures("restricted")
def test_a_pod_that_admission_refuses_is_the_applications_fault_and_told(node):
    node.apply("pi")
    status = node.wait("pi", "FAILED")
    assert 'violates PodSecurity "restricted' in node.message("pi")
    assert status["submissionAttempts"] == 1 and "executionAttempts" not in status


def test_a_field_that_is_not_supported_is_named_and_nothing_is_made(node):
    node.apply("pi", batchScheduler="volcano", restartPolicy={
        "type": "OnFailure", "onSubmissionFailureRetries": 5, "onSubmissionFailureRetryInterval": 1})
    status = node.wait("pi", "FAILED")
    assert "failed to submit spark application" in node.message("pi") and "batchScheduler" in node.message("pi")
    assert status["terminationTime"] and status["submissionAttempts"] == 1, "repeating it would not help"
    assert node.driver("pi") is None


@pytest.mark.parametrize("role", ["driver", "executor"])
def test_a_misspelt_field_of_a_template_is_named(node, role):
    node.apply("pi", **{role: {"template": {"spec": {"nodeSelektor": {"disk": "fast"}}}}})
    node.wait("pi", "FAILED")
    assert 'unknown field "spec.nodeSelektor"' in node.message("pi") and node.driver("pi") is None


def test_a_template_that_is_no_whole_pod_is_good(node):
    node.apply("pi", executor={"template": {"spec": {"nodeSelector": {"disk": "fast"}}}})
    node.wait("pi", "SUBMITTED")


def test_no_room_for_a_pod_is_told_and_tried_again_as_the_policy_says(node, full):
    fill, empty = full
    fill("pods")
    node.apply("never")
    node.wait("never", "FAILED")
    assert "quota" in node.message("never")
    node.apply("pi", restartPolicy={"type": "OnFailure", "onSubmissionFailureRetries": 9,
                                    "onSubmissionFailureRetryInterval": 1})
    node.wait("pi", "SUBMISSION_FAILED")
    empty()
    node.wait_driver("pi")
    status = node.wait("pi", "SUBMITTED")
    assert status["executionAttempts"] == 1 < status["submissionAttempts"]


def test_no_room_for_the_config_map_leaves_no_driver(node, full):
    fill, _ = full
    fill("configmaps")
    node.apply("pi")
    node.wait("pi", "FAILED")
    assert "quota" in node.message("pi")
    stays("no driver", lambda: node.driver("pi") is None, 1)


# --- what is forbidden: a right that the operator lacks is no application's fault, what admission refuses is ---------

ROLE = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}/roles/sparkgate-operator"


def without_create(role, resource):
    return {**role, "rules": [
        {**rule, "verbs": [verb for verb in rule["verbs"] if verb != "create" or resource not in rule["resources"]]}
        for rule in role["rules"]]}


@pytest.fixture
def role(kube):
    """The operator's, as shipped; changed by its caller, and whole again afterwards."""
    shipped = kube.call("GET", ROLE)
    shipped["metadata"].pop("resourceVersion")
    yield shipped
    kube.call("PUT", ROLE, shipped)


@pytest.mark.parametrize("resource", ["pods", "configmaps"])
def test_a_right_that_is_missing_keeps_the_application_waiting_until_it_is_given(kube, node, role, resource):
    kube.call("PUT", ROLE, without_create(role, resource))
    wait_for("the server to refuse", lambda: not kube.may("sparkgate-operator", "create", resource))
    node.apply("pi")
    stays("no state", lambda: node.state("pi") == "", 2)
    kube.call("PUT", ROLE, role)
    status = node.wait("pi", "SUBMITTED")
    assert status["submissionAttempts"] == 1


def test_what_pod_security_refuses_fails_the_application_in_the_server_s_words(kube, node):
    namespace = f"/api/v1/namespaces/{NAMESPACE}"
    label = "pod-security.kubernetes.io/enforce"

    def enforce(level):
        kube.call("PATCH", namespace, {"metadata": {"labels": {label: level}}}, **MERGE)

    enforce("restricted")
    try:
        wait_for("it to be enforced", lambda: kube.session.post(
            f"{kube.url}{namespace}/pods", timeout=LIMIT_S, params={"dryRun": "All"}, json={
                "metadata": {"name": "probe"}, "spec": {"containers": [{"name": "a", "image": "a"}]}},
        ).status_code == 403)
        node.apply("pi")
        status = node.wait("pi", "FAILED")
        message = node.message("pi")
        assert 'violates PodSecurity "restricted:latest"' in message and "runAsNonRoot" in message, message
        assert status["terminationTime"] and node.driver("pi") is None
    finally:
        enforce(None)
